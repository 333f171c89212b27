package lang

// gram is up to three letters that follow one another in a word: 20 bits each, the last lowest, and their number in the two
// highest bits.
type gram uint64

const (
	nothing gram = 0
	edge    rune = ' ' // stands for both ends of a word

	letterBits = 20
	lengthAt   = 62
	longest    = 3
)

func (g gram) length() int { return int(g >> lengthAt) }

func grams(letters gram, n int) gram { return letters&(1<<(letterBits*n)-1) | gram(n)<<lengthAt }

// add is the gram with another letter at its end, without its first if it would get too long.
func (g gram) add(r rune) gram {
	return grams(g<<letterBits|gram(r)&(1<<letterBits-1), min(g.length()+1, longest))
}

func (g gram) withoutFirst() gram { return grams(g, g.length()-1) }
func (g gram) withoutLast() gram  { return grams(g&(1<<lengthAt-1)>>letterBits, g.length()-1) }

// spelling counts how a language's words are spelt.
type spelling struct {
	counts map[gram]int
	after  map[gram]continuation // by what comes before a letter
}

// continuation is what followed a gram: how many letters, and how many different ones.
type continuation struct{ total, kinds int }

func newSpelling(words []string) *spelling {
	s := &spelling{counts: map[gram]int{}, after: map[gram]continuation{}}
	for _, w := range words {
		g := nothing.add(edge)
		for _, r := range w + string(edge) {
			g = g.add(r)
			for tail := g; tail != nothing; tail = tail.withoutFirst() {
				c := s.after[tail.withoutLast()]
				c.total++
				if s.counts[tail] == 0 {
					c.kinds++
				}
				s.after[tail.withoutLast()] = c
				s.counts[tail]++
			}
		}
	}
	return s
}

// probability of a gram's last letter after those before it: the share it has there, mixed with its probability after fewer letters
// by how often something new came (Witten and Bell 1991). unseen is that of any letter, knowing nothing.
func (s *spelling) probability(g gram, unseen float64) float64 {
	if g == nothing {
		return unseen
	}
	fewer := s.probability(g.withoutFirst(), unseen)
	c := s.after[g.withoutLast()]
	if c.total == 0 {
		return fewer
	}
	return (float64(s.counts[g]) + float64(c.kinds)*fewer) / float64(c.total+c.kinds)
}

// anew is the probability that what follows a gram is new there.
func (s *spelling) anew(g gram) float64 {
	c := s.after[g]
	return float64(c.kinds) / float64(c.total+c.kinds)
}
