package bank

import (
	"strings"

	"github.com/ringfence/ringfence/text/match"
)

// Bad is the terms of the banks that are not known-good, for who looks beyond what is listed. It costs a compilation where there are
// known-good terms, and nothing else.
func (s *Set) Bad() (*match.Bank, error) {
	if s != nil && s.terms != nil && !s.anyGood {
		return s.terms, nil
	}
	var terms []match.Term
	if s != nil {
		for i := range s.termOf {
			if !s.termOf[i].bank.Header.Good {
				terms = append(terms, s.termOf[i].entry.term())
			}
		}
	}
	return match.Compile(terms)
}

// Lists says whether banks of terms, bad or good ones, find a text as a whole: not only a part of it.
func (r *Reader) Lists(s *Set, text string) bool {
	if s == nil || s.terms == nil {
		return false
	}
	for _, m := range r.finder.Find(s.terms, text) {
		limit := s.termOf[m.Term].entry.limit(Terms)
		if rest := text[:m.Start] + text[m.End:]; m.Cost <= limit && strings.Trim(rest, "# ") == "" {
			return true
		}
	}
	return false
}
