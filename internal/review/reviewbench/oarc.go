package reviewbench

import "math"

// opportunity learns how the pace of views changes from hour to hour, and from it the index of OaRC (Uncertain Holding Costs,
// arXiv:2505.21331, known to us from its abstract): the highest price of capacity at which a case of a pace is still worth serving now instead of later,
// G = sup{γ : c + Σ P·V(γ) ≥ γ} with V(γ) = min{γ, c + Σ P·V(γ)}, for a cost of waiting of its views.
type opportunity struct {
	moves [paces][paces]float64
	index [paces]float64
}

// paces are levels of log2(1+views an hour).
const paces = 20

func pace(perHour float64) int { return min(int(math.Log2(1+perHour)), paces-1) }

func newOpportunity() *opportunity {
	o := new(opportunity)
	for i := range paces { // before anything was seen: stay, or fall a level within some hours
		o.moves[i][i] += 8
		o.moves[i][max(0, i-1)] += 2
	}
	o.solve()
	return o
}

func (o *opportunity) learn(from, to float64) { o.moves[pace(from)][pace(to)]++ }

// solve computes the index of each pace over a grid of prices γ, with V by value iteration over two days.
func (o *opportunity) solve() {
	var chance [paces][paces]float64
	for i := range paces {
		sum := 0.0
		for _, n := range o.moves[i] {
			sum += n
		}
		for j := range paces {
			chance[i][j] = o.moves[i][j] / sum
		}
	}
	cost := func(i int) float64 { return math.Exp2(float64(i)) - 1 + .1 }
	// wait is what not serving now costs at a price, from each pace.
	wait := func(price float64) (w [paces]float64) {
		var v [paces]float64
		for range 48 {
			for i := range paces {
				w[i] = cost(i)
				for j, p := range chance[i] {
					w[i] += .997 * p * v[j]
				}
			}
			for i := range paces {
				v[i] = min(price, w[i])
			}
		}
		return w
	}
	o.index = [paces]float64{}
	for level := range 41 { // ascending, so that the highest price stays
		price := math.Exp2(float64(level) * .6)
		for i, w := range wait(price) {
			if w >= price {
				o.index[i] = price
			}
		}
	}
}

// of is the index at a pace, between levels on a line of logarithms.
func (o *opportunity) of(perHour float64) float64 {
	at := math.Log2(1 + perHour)
	i := min(int(at), paces-2)
	share := min(at-float64(i), 1)
	a, b := max(o.index[i], .1), max(o.index[i+1], .1)
	return math.Exp((1-share)*math.Log(a) + share*math.Log(b))
}
