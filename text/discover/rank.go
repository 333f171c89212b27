package discover

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// A Candidate is a term to look at, with what speaks for it.
type Candidate struct {
	Term  string // folded
	Kind  Kind
	Score float64 // the higher the better; what orders candidates

	LogOdds    float64 // natural logarithm of how much more often suspect accounts write it, after the prior
	Z          float64 // and by how many standard errors that is above 0
	Company    float64 // from −1 to 1: how alike the words beside it are to those beside listed terms
	Rise       float64 // by how many standard errors its uses are later than suspect posts are; 0 without times
	Suspect    int     // suspect posts with it, at least
	Background int     // other posts with it, at most
	Accounts   int     // suspect accounts that used it: estimated, within a tenth or so; 1,420 at most
	First      int64   // when a suspect account first used it

	Like     string    // the listed term that a word of it resembles in writing, if any
	Beside   []string  // listed terms in the same posts, most frequent first, at most 4
	Examples []Example // of different accounts, as far as there are
}

// An Example is a post with a candidate, its text cut to 200 bytes.
type Example struct {
	ID   string `json:"id"`
	Text string `json:"text"`
}

// What a candidate needs.
const (
	minAccounts = 3
	certainty   = 1.64 // standard errors that its log-odds are above 0, and that the score takes off
	minCohesion = 0.65 // of a phrase
)

// priorGrams is the strength of the prior: as many terms as it takes for the prior of a usual word to weigh as much as what is
// seen of a rare one.
const priorGrams = 1000

// Candidates are the n best candidates, best first. It takes time linear in the terms held, and n log n.
func (m *Miner) Candidates(n int) []Candidate {
	var all []Candidate
	for key, t := range m.terms {
		if c, ok := m.candidate(key, t); ok {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), strings.Compare(a.Term, b.Term))
	})
	all = m.withoutFragments(all, n)
	near := newNear(m.bank)
	for i := range all {
		c := &all[i]
		t := m.terms[c.Term]
		for word := range strings.FieldsSeq(c.Term) {
			if c.Like == "" {
				c.Like = near.like(word)
			}
		}
		c.Examples = t.examples
		slices.SortStableFunc(t.beside, func(a, b neighbour) int { return b.posts - a.posts })
		for _, b := range t.beside {
			c.Beside = append(c.Beside, m.bank.Terms()[b.term].Text)
		}
	}
	return all
}

// candidate rates a term.
func (m *Miner) candidate(key string, t *term) (Candidate, bool) {
	c := Candidate{Term: key, Kind: t.kind, Suspect: t.posts, First: t.first, Accounts: t.accounts.count()}
	c.Accounts = min(c.Accounts, t.posts)
	if c.Accounts < minAccounts {
		return c, false
	}
	c.Background = m.background.count(key)
	c.LogOdds, c.Z = logOdds(float64(c.Accounts), m.grams[1], float64(c.Background), m.grams[0])
	if c.Z <= certainty || m.cohesion(key, t, c.Background) < minCohesion {
		return c, false
	}
	c.Company = likeness(t.company, &m.listed, &m.all)
	if d := m.times.deviation(); d > 0 {
		c.Rise = (t.times/float64(t.posts) - m.times.mean) / d * math.Sqrt(float64(t.posts))
	}
	c.Score = c.LogOdds * (1 - certainty/c.Z) * (1 + companyWeight*max(c.Company, 0)) * (1 + riseWeight*min(max(c.Rise, 0), 5))
	if t.kind != Word && t.kind != Phrase {
		c.Score *= oddWeight
	}
	return c, true
}

// cohesion is how firmly the words of a phrase belong together, at the place where it falls apart most easily: normalised pointwise
// mutual information (Bouma, 2009), 1 for words that are never apart, 0 for words that meet by chance; 1 for one word.
func (m *Miner) cohesion(key string, t *term, background int) float64 {
	least := 1.0
	if t.kind != Phrase {
		return least
	}
	posts := float64(m.posts[0] + m.posts[1])
	together := float64(t.posts + t.missed + background)
	for i := range len(key) {
		if key[i] == ' ' {
			information := math.Log(together * posts / (m.uses(key[:i]) * m.uses(key[i+1:])))
			least = min(least, information/max(math.Log(posts/together), 1e-9))
		}
	}
	return least
}

// uses is how many posts a term was in.
func (m *Miner) uses(key string) float64 {
	n := m.background.count(key)
	if t := m.terms[key]; t != nil {
		n += t.posts + t.missed
	}
	return float64(max(n, 1))
}

// How much else counts beside the lower bound of a candidate's log-odds. The numbers were chosen on drawn worlds other than those
// that docs/discovery.md reports.
const (
	companyWeight = 1
	riseWeight    = 0.4 // a standard error
	oddWeight     = 1.5 // emoji, hashtags and odd spellings, which more of the codes are than of other words
)

// logOdds compares y of n terms in one part with z of k in the other: the logarithm of the ratio of their odds, and that in
// standard errors. The prior is what both parts have together.
func logOdds(y, n, z, k float64) (delta, errors float64) {
	prior := priorGrams * (y + z) / max(n+k, 1)
	odds := func(y, n float64) float64 { return math.Log((y + prior) / max(n+priorGrams-y-prior, 1)) }
	delta = odds(y, n) - odds(z, k)
	return delta, delta / math.Sqrt(1/(y+prior)+1/(z+prior))
}

// withoutFragments takes the n best, one of those that are parts of one another: the phrase if most of what has its part has all
// of it, else the better one.
func (m *Miner) withoutFragments(all []Candidate, n int) []Candidate {
	kept := all[:0]
	for _, c := range all {
		i := slices.IndexFunc(kept, func(k Candidate) bool { return overlap(k.Term, c.Term) })
		switch {
		case i < 0 && len(kept) < n:
			kept = append(kept, c)
		case i >= 0 && len(c.Term) > len(kept[i].Term) && 10*(c.Suspect+m.terms[c.Term].missed) >= 8*kept[i].Suspect:
			c.Score = kept[i].Score
			kept[i] = c
			rest := slices.DeleteFunc(kept[i+1:], func(k Candidate) bool { return overlap(k.Term, c.Term) })
			kept = kept[:i+1+len(rest)]
		}
	}
	return kept
}

// overlap reports whether one term is a part of the other, on the borders of words.
func overlap(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	i := strings.Index(b, a)
	if i < 0 {
		return false
	}
	ascii := func(s string) bool { return s != "" && s[0] < 0x80 && s[0] != ' ' }
	return (i == 0 || b[i-1] == ' ' || !ascii(a)) && (i+len(a) == len(b) || b[i+len(a)] == ' ' || !ascii(b[i+len(a):]))
}
