package learn

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"
)

const tagTrees = 0x41

// Append writes the model to dst: tag, loss, base, the features with their edges, and the trees from the root, the left child of a
// node before the right. A node is one byte for its feature plus one, or 0 for a leaf. There is one encoding of each model.
func (m *Trees) Append(dst []byte) []byte {
	dst = appendFloat64(append(dst, tagTrees, byte(m.loss)), m.base)
	dst = append(dst, byte(len(m.names)))
	for f, name := range m.names {
		dst = append(append(dst, byte(len(name))), name...)
		dst = append(dst, byte(len(m.edges[f])))
		for _, e := range m.edges[f] {
			dst = appendFloat64(dst, e)
		}
	}
	dst = binary.AppendUvarint(dst, uint64(len(m.roots)))
	for _, at := range m.roots {
		dst = m.appendNode(dst, at)
	}
	return dst
}

func (m *Trees) appendNode(dst []byte, at uint32) []byte {
	n := &m.nodes[at]
	if n.leaf(at) {
		dst = appendFloat32(append(dst, 0), m.facts[at].value)
		return binary.AppendUvarint(dst, uint64(m.facts[at].rows))
	}
	dst = append(dst, byte(n.input%missingLeft+1), n.cut, byte(n.input/missingLeft))
	return m.appendNode(m.appendNode(dst, n.next), n.next+1)
}

// DecodeTrees reads a model from the start of b and returns what follows it. Memory is in proportion to the bytes read.
func DecodeTrees(b []byte) (*Trees, []byte, error) {
	r := reader{b: b}
	tag, loss := r.byte(), Loss(r.byte())
	if r.err == nil && (tag != tagTrees || loss > PoissonLoss) {
		r.fail("tag %#x with loss %d is no trees", tag, loss)
	}
	m := &Trees{loss: loss, base: r.float64()}
	m.names = make([]string, r.byte())
	if len(m.names) == 0 {
		r.fail("trees without features")
	}
	m.edges = make([][]float64, len(m.names))
	for f := range m.names {
		name := string(r.take(int(r.byte())))
		if r.err == nil && (name == "" || len(name) > maxName || !utf8.ValidString(name) || slices.Contains(m.names[:f], name)) {
			r.fail("feature %d is named %.70q", f, name)
		}
		m.names[f] = name
		edges := make([]float64, r.byte())
		for i := range edges {
			edges[i] = r.float64()
			if r.err == nil && i > 0 && edges[i] <= edges[i-1] {
				r.fail("the edges of %s do not rise", name)
			}
		}
		if len(edges) >= maxBins {
			r.fail("%d edges of %s", len(edges), name)
		}
		m.edges[f] = edges
		if r.err != nil {
			return nil, nil, r.err
		}
	}
	trees := r.uvarint()
	if r.err == nil && trees > MaxTrees {
		r.fail("%d trees, more than %d", trees, MaxTrees)
	}
	for ; trees > 0 && r.err == nil; trees-- {
		at := uint32(len(m.nodes))
		m.nodes, m.facts = append(m.nodes, node{}), append(m.facts, fact{})
		m.readNode(&r, at, at)
		m.roots = append(m.roots, at)
	}
	if r.err != nil {
		return nil, nil, r.err
	}
	return m, r.b, nil
}

// readNode reads the node of a tree, which has its place already, and those below it.
func (m *Trees) readNode(r *reader, tree, at uint32) {
	feature := r.byte()
	if r.err == nil && int(feature) > len(m.names) {
		r.fail("a node asks for feature %d of %d", feature, len(m.names))
	}
	if r.err != nil {
		return
	}
	if feature == 0 {
		value, rows := r.float32(), r.uvarint()
		if r.err == nil && (rows == 0 || rows > maxRows) {
			r.fail("a leaf of %d rows", rows)
		}
		m.nodes[at], m.facts[at] = node{cut: missing, next: at}, fact{value, uint32(rows)}
		return
	}
	cut, side := r.byte(), r.byte()
	next := uint32(len(m.nodes))
	if r.err == nil && (int(cut) > len(m.edges[feature-1]) || side > 1 || next-tree >= 2*MaxLeaves-1) {
		r.fail("a node asks for edge %d of %d and side %d, in a tree of %d nodes", cut, len(m.edges[feature-1]), side, next-tree)
	}
	if r.err != nil {
		return
	}
	m.nodes, m.facts = append(m.nodes, node{}, node{}), append(m.facts, fact{}, fact{})
	m.readNode(r, tree, next)
	m.readNode(r, tree, next+1)
	m.nodes[at] = node{input: uint16(feature) - 1 + uint16(side)*missingLeft, cut: cut, next: next}
	m.facts[at].rows = m.facts[next].rows + m.facts[next+1].rows
}
