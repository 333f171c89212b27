package leiden

import "math"

// tolerance is the least gain for which a node moves, in parts of its edges' weight. Less is noise of the arithmetic, and would let two nodes
// swap places for ever.
const tolerance = 1e-10

// patience is how often a node is visited on average before a level is left as it is.
const patience = 64

// move moves nodes to the neighbouring community that gains most, or out into one of their own, until none that was visited would gain.
// It visits the nodes in queue, and the neighbours of those that move unless they are fixed. touched, if there is one, gets a mark for
// each community that a node left or joined.
func (s *search) move(l *level, mass []float64, fixed []bool, community, queue []uint32, touched []bool) (moved bool) {
	n := len(community)
	total := make([]float64, n)
	size := make([]uint32, n)
	for v, c := range community {
		total[c] += mass[v]
		size[c]++
	}
	var empty []uint32 // communities without a node; at the end the one to be taken next
	for c := n; c > 0; c-- {
		if size[c-1] == 0 {
			empty = append(empty, uint32(c-1))
		}
	}
	ring := newRing(queue, n)
	weight := newTally(n)
	for limit := patience*n + len(queue); ring.len > 0 && limit > 0; limit-- {
		v := ring.pop()
		s.visited++
		own := community[v]
		degree := 0.0
		for _, a := range l.of(v) {
			degree += a.weight
			weight.add(community[a.to], a.weight)
		}
		x := mass[v]
		drag := s.gamma * x
		stay := weight.sum[own] - drag*(total[own]-x)
		best, gain := own, stay+tolerance*degree
		for _, c := range weight.keys {
			if g := weight.sum[c] - drag*total[c]; c != own && g > gain {
				best, gain = c, g
			}
		}
		weight.clear()
		if gain < 0 && size[own] > 1 {
			best = empty[len(empty)-1]
			empty = empty[:len(empty)-1]
		}
		if best == own {
			continue
		}
		moved = true
		total[own] -= x
		total[best] += x
		size[best]++
		if size[own]--; size[own] == 0 {
			total[own] = 0 // exactly
			empty = append(empty, own)
		}
		community[v] = best
		if touched != nil {
			touched[own], touched[best] = true, true
		}
		for _, a := range l.of(v) {
			if community[a.to] != best && !ring.in[a.to] && (fixed == nil || !fixed[a.to]) {
				ring.push(a.to)
			}
		}
	}
	return moved
}

// ring is a queue in which each node stands at most once.
type ring struct {
	nodes []uint32
	in    []bool
	head  int
	len   int
}

func newRing(queue []uint32, nodes int) *ring {
	r := &ring{nodes: make([]uint32, nodes), in: make([]bool, nodes)}
	for _, v := range queue {
		if !r.in[v] {
			r.push(v)
		}
	}
	return r
}

func (r *ring) push(v uint32) {
	at := r.head + r.len
	if at >= len(r.nodes) {
		at -= len(r.nodes)
	}
	r.nodes[at] = v
	r.in[v] = true
	r.len++
}

func (r *ring) pop() uint32 {
	v := r.nodes[r.head]
	if r.head++; r.head == len(r.nodes) {
		r.head = 0
	}
	r.in[v] = false
	r.len--
	return v
}

// theta is how much worse a choice may be to be taken in a refinement at times: one of gain g is taken with a weight of exp(g/θ). It is the
// paper's.
const theta = 0.01

// refine cuts communities into parts that hold together. In each, nodes start alone; one that is well connected to the rest of its
// community joins a part that is, too, and where it loses nothing, by chance in favour of the best. Parts are therefore connected.
// The numbers of the parts are nodes.
func (s *search) refine(l *level, mass []float64, community []uint32) []uint32 {
	n := len(community)
	part := make([]uint32, n)
	total := make([]float64, n)  // mass of the community
	within := make([]float64, n) // mass of the part
	out := make([]float64, n)    // weight from the part to the rest of its community
	joined := make([]bool, n)    // the part has more than one node
	for v, c := range community {
		part[v] = uint32(v)
		within[v] = mass[v]
		total[c] += mass[v]
	}
	for v, c := range community {
		for _, a := range l.of(uint32(v)) {
			if community[a.to] == c {
				out[v] += a.weight
			}
		}
	}
	linked := func(p uint32, all float64) bool { return out[p] >= s.gamma*within[p]*(all-within[p]) }
	weight := newTally(n)
	var choice []uint32
	var gains []float64
	for _, v := range s.order(nil, n) {
		c := community[v]
		if joined[v] || out[v] == 0 || !linked(v, total[c]) {
			continue
		}
		for _, a := range l.of(v) {
			if community[a.to] == c {
				weight.add(part[a.to], a.weight)
			}
		}
		choice, gains = choice[:0], gains[:0]
		best := 0.0 // to stay alone
		for _, p := range weight.keys {
			gain := weight.sum[p] - s.gamma*mass[v]*within[p]
			if gain >= 0 && linked(p, total[c]) {
				choice, gains = append(choice, p), append(gains, gain)
				best = max(best, gain)
			}
		}
		if len(choice) > 0 {
			if p := choice[s.draw(gains, best)]; p != v {
				part[v] = p
				joined[p] = true
				within[p] += mass[v]
				out[p] += out[v] - 2*weight.sum[p]
			}
		}
		weight.clear()
	}
	return part
}

// draw picks one of the gains by chance, with a weight of exp(gain/θ).
func (s *search) draw(gains []float64, best float64) int {
	sum, top := 0.0, 0
	for i, g := range gains {
		if g == best {
			top = i
		}
		sum += odds(g, best)
	}
	if sum == 1 {
		return top // no other has a chance
	}
	at := s.chance.Float64() * sum
	for i, g := range gains {
		if at -= odds(g, best); at < 0 {
			return i
		}
	}
	return top
}

func odds(gain, best float64) float64 {
	switch d := (gain - best) / theta; {
	case d == 0:
		return 1
	case d < -40: // too little to change a sum
		return 0
	default:
		return math.Exp(d)
	}
}
