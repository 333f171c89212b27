package rule

import (
	"cel.dev/cel-go/cel"
	celcost "cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/overloads"
	"cel.dev/cel-go/common/types"
)

// maxCost bounds what one expression may cost on the largest event that the decoders admit, in cel-go's units: about one for each
// operation and one for each ten characters looked at, times a quarter of a pattern's length. It admits a regular expression over the
// longest text or over every link, some 50 ms at the very worst, and refuses loops over long lists within each other.
const maxCost = 2_500_000

// affordable refuses an expression whose worst case is too dear.
func (c *compiler) affordable(checked *cel.Ast, src text) bool {
	estimate, err := c.lang.env.EstimateCost(checked, sizes{c.lang})
	if err != nil {
		c.errorf(src.at, "", "cost cannot be estimated: %v", err)
		return false
	}
	if estimate.Max > maxCost {
		c.errorf(src.at, "look at fewer or shorter lists and texts, or split the rule",
			"the expression may cost %d steps on one event; the limit is %d", estimate.Max, maxCost)
		return false
	}
	return true
}

// sizes tells the cost estimator how large signals may be, and that lifted calls cost one lookup.
type sizes struct{ lang *language }

func (s sizes) EstimateSize(n celcost.AstNode) *celcost.SizeEstimate {
	if n.ComputedSize() != nil {
		return nil
	}
	path := n.Path()
	if len(path) == 0 {
		return nil
	}
	most := nameSize
	if signal, ok := s.lang.signals[path[0]]; ok && len(path) == 1 {
		most = signal.size
	} else if t := n.Type(); t != nil && (t.Kind() == types.ListKind || t.Kind() == types.MapKind) {
		most = listSize
	}
	return &celcost.SizeEstimate{Min: 0, Max: most}
}

// size is how large a node's value may be; nil if nothing is known of it.
func (s sizes) size(n celcost.AstNode) *celcost.SizeEstimate {
	if size := n.ComputedSize(); size != nil {
		return size
	}
	return s.EstimateSize(n)
}

func (s sizes) EstimateCallCost(function, _ string, target *celcost.AstNode, _ []celcost.AstNode) *celcost.CallEstimate {
	if _, ours := windowFuncs[function]; ours {
		return &celcost.CallEstimate{CostEstimate: celcost.FixedCostEstimate(1)}
	}
	switch function {
	case overloads.Contains: // cel-go reckons with the product of both sizes; Go's search is linear and fast
		if target != nil {
			if size := s.size(*target); size != nil {
				return &celcost.CallEstimate{CostEstimate: size.MultiplyByCostFactor(0.05)}
			}
		}
	case fnBy, fnWhere, fnOn, fnTake, fnStrict, fnHas, fnHasLabel, fnList, fnScore, fnMediaScore:
		size := celcost.FixedSizeEstimate(1) // of a list: it is looked up by hash, so that "in" costs one step
		return &celcost.CallEstimate{CostEstimate: celcost.FixedCostEstimate(1), ResultSize: &size}
	case fnMatched:
		size := celcost.SizeEstimate{Max: foundSize}
		return &celcost.CallEstimate{CostEstimate: celcost.FixedCostEstimate(foundSize), ResultSize: &size}
	}
	return nil
}
