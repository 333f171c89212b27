package discover

import "math"

// dimensions of the space that the words beside a term are projected into (random indexing: Kanerva, Kristofersson and Holst, 2000).
// Two terms with nothing in common come out within 0.1 of 0.
const (
	dimensions = 128
	reach      = 3 // words on either side
	nonzero    = 4 // dimensions that a word moves
)

// company is the words beside a term, left and right ones apart, rare ones weighing more.
type company struct {
	uses float64
	at   [dimensions]float32
}

// learn adds the company of tokens i to j. A term's first post does not count: most have no second.
func (t *term) learn(m *Miner, i, j int) {
	if t.posts < 2 {
		return
	}
	if t.company == nil {
		t.company = &company{}
	}
	t.company.add(m, i, j)
}

// learnCompany adds the company of the listed terms of the post, and of all its words.
func (m *Miner) learnCompany() {
	for i := 0; i < len(m.tokens); {
		j := i + 1
		for m.tokens[i].listed && j < len(m.tokens) && m.tokens[j].listed {
			j++
		}
		if m.tokens[i].listed {
			m.listed.add(m, i, j)
		} else {
			m.all.add(m, i, j)
		}
		i = j
	}
}

// add adds the tokens beside i to j.
func (c *company) add(m *Miner, i, j int) {
	c.uses++
	for k := max(0, i-reach); k < min(len(m.tokens), j+reach); k++ {
		if k >= i && k < j || m.tokens[k].listed {
			continue
		}
		side := uint64(0)
		near := float64(i - k)
		if k >= j {
			side, near = 0x9E3779B97F4A7C15, float64(k-j+1)
		}
		weight := m.weight(m.tokens[k].text) / near
		h := (hash(m.tokens[k].text) ^ side) * 0xD6E8FEB86659FD93
		for range nonzero {
			h ^= h >> 32
			h *= 0xD6E8FEB86659FD93
			sign := float32(weight)
			if h&1 != 0 {
				sign = -sign
			}
			c.at[h>>57] += sign
		}
	}
}

// weight is how much it says that a word is near: more for rare ones.
func (m *Miner) weight(word string) float64 {
	posts := float64(m.posts[0] + m.posts[1])
	uses := float64(m.background.count(word))
	if t := m.terms[word]; t != nil {
		uses += float64(t.posts)
	}
	return max(0.3, min(math.Log(posts/(uses+1)), 6))
}

// likeness is the cosine of two companies, from −1 to 1, without what is usual company for all words; 0 for too few uses.
func likeness(a, b, all *company) float64 {
	if a == nil || a.uses == 0 || b.uses == 0 || all.uses == 0 {
		return 0
	}
	var ab, aa, bb float64
	for i := range a.at {
		usual := float64(all.at[i]) / all.uses
		x := float64(a.at[i])/a.uses - usual
		y := float64(b.at[i])/b.uses - usual
		ab, aa, bb = ab+x*y, aa+x*x, bb+y*y
	}
	if aa == 0 || bb == 0 {
		return 0
	}
	const few = 4 // uses at which half of it is believed
	return ab / math.Sqrt(aa*bb) * a.uses / (a.uses + few)
}
