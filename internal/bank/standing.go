package bank

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
)

// Feedback is what a person said of one match of an entry.
type Feedback struct {
	Value   string `json:"value"` // the entry's
	By      string `json:"by"`
	Dispute bool   `json:"dispute,omitempty"` // the match was wrong; right otherwise
	Event   string `json:"event,omitempty"`   // what was matched; a person has one word on each
	Far     *int   `json:"far,omitempty"`     // how far the match was from the entry: bits of a PDQ hash, hundredths of a term's disguise
}

// Standing is what people made of an entry beside listing it.
type Standing struct {
	Value       string
	Words       []Feedback `json:",omitempty"` // the last maxWordsKept, the oldest first
	Limit       *int       `json:",omitempty"` // learned from disputes: matches farther than this do not count, whatever the entry allows
	Quarantined string     `json:",omitempty"` // why it is found in nothing for now; empty if it is not
}

// What disputes do.
const (
	minDisputers = 2  // people, so that nobody takes an entry out alone
	minDisputes  = 3  // disputed matches, and more than were confirmed, put an entry into quarantine
	maxWordsKept = 64 // of an entry; older ones are forgotten, what they did stays
	maxEventName = 1024
	maxFar       = 1_000_000
)

func (f *Feedback) check() error {
	switch {
	case f.By == "" || len(f.By) > maxWords:
		return fmt.Errorf("it must say by whom, in up to %d bytes", maxWords)
	case len(f.Event) > maxEventName:
		return fmt.Errorf("the event's name is longer than %d bytes", maxEventName)
	case f.Far != nil && (*f.Far < 0 || *f.Far > maxFar):
		return fmt.Errorf("the match was %d away; that goes from 0 to %d", *f.Far, maxFar)
	}
	return nil
}

// Counts are how many of the last words confirm a match, and how many dispute one.
func (s *Standing) Counts() (confirmed, disputed int) {
	for i := range s.Words {
		if s.Words[i].Dispute {
			disputed++
		} else {
			confirmed++
		}
	}
	return confirmed, disputed
}

// disputers is how many people disputed matches.
func (s *Standing) disputers() int {
	people := map[string]bool{}
	for i := range s.Words {
		if s.Words[i].Dispute {
			people[s.Words[i].By] = true
		}
	}
	return len(people)
}

// hear takes in a word. A dispute tightens the limit to just below the disputed match, but not below the farthest that was confirmed:
//
//	limit = min(limit, max(farthest confirmed, disputed - 1))
//
// It never grows by itself: an edit that changes the entry's own threshold takes it off.
func (s *Standing) hear(f Feedback) {
	s.Words = slices.DeleteFunc(slices.Clone(s.Words), func(w Feedback) bool { return w.By == f.By && w.Event == f.Event && f.Event != "" })
	if s.Words = append(s.Words, f); len(s.Words) > maxWordsKept {
		s.Words = s.Words[len(s.Words)-maxWordsKept:]
	}
	if !f.Dispute {
		return
	}
	if f.Far != nil {
		limit := max(0, *f.Far-1)
		for _, w := range s.Words {
			if !w.Dispute && w.Far != nil {
				limit = max(limit, *w.Far)
			}
		}
		if s.Limit == nil || limit < *s.Limit {
			s.Limit = &limit
		}
	}
	if confirmed, disputed := s.Counts(); s.Quarantined == "" && disputed >= minDisputes && disputed > confirmed && s.disputers() >= minDisputers {
		s.Quarantined = fmt.Sprintf("%d of the last %d matches that people looked at were disputed", disputed, confirmed+disputed)
	}
}

// release lets an entry be found again. The disputes that were heard have had their say; the limit they left stays.
func (s *Standing) release() {
	s.Quarantined = ""
	s.Words = slices.DeleteFunc(slices.Clone(s.Words), func(w Feedback) bool { return w.Dispute })
}

// Standing is what people made of an entry; the zero Standing if nothing.
func (b *Bank) Standing(value string) (Standing, bool) {
	s, ok := b.standings[value]
	return s, ok
}

// Standings are all of them, by value.
func (b *Bank) Standings() []Standing {
	return slices.SortedFunc(maps.Values(b.standings), func(a, b Standing) int { return cmp.Compare(a.Value, b.Value) })
}

// restated are the values of entries with a learned limit whose own threshold an edit is about to change.
func (b *Bank) restated(e *Edit) (values []string) {
	for i := range e.Add {
		if s, ok := b.standings[e.Add[i].Value]; ok && s.Limit != nil {
			old, _ := b.entries.get(s.Value)
			if !same(old.Distance, e.Add[i].Distance) || !same(old.MaxCost, e.Add[i].MaxCost) {
				values = append(values, s.Value)
			}
		}
	}
	return values
}

// stand does to the standings what an edit says, after it was done to the entries. restated were found before that.
func (b *Bank) stand(e *Edit, restated []string) error {
	if e.Drop {
		b.standings = nil
		return nil
	}
	b.standings = maps.Clone(b.standings)
	for _, value := range e.Remove {
		delete(b.standings, value)
	}
	change := func(value string, how func(*Standing)) error {
		if _, ok := b.entries.get(value); !ok {
			return invalid("bank %s has no entry %.80q", b.Name, value)
		}
		if b.standings == nil {
			b.standings = map[string]Standing{}
		}
		s := b.standings[value]
		s.Value = value
		how(&s)
		if b.standings[value] = s; len(s.Words) == 0 && s.Limit == nil && s.Quarantined == "" {
			delete(b.standings, value)
		}
		return nil
	}
	for _, value := range restated {
		if err := change(value, func(s *Standing) { s.Limit = nil }); err != nil {
			return err
		}
	}
	for _, f := range e.Feedback {
		if _, pdq := pdqOf(f.Value); b.Header.Kind == Hashes && !pdq || b.Header.Kind == Links || b.Header.Kind == Devices {
			f.Far = nil // such entries are found exactly or not at all
		}
		if err := change(f.Value, func(s *Standing) { s.hear(f) }); err != nil {
			return err
		}
	}
	for _, value := range e.Quarantine {
		if err := change(value, func(s *Standing) { s.Quarantined = "a person put it there" }); err != nil {
			return err
		}
	}
	for _, value := range e.Release {
		if err := change(value, (*Standing).release); err != nil {
			return err
		}
	}
	return nil
}

func same(a, b *int) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

// Touched are the values of which an edit may change the entry or the standing, but for a drop, which changes all. A value may come twice.
func (e *Edit) Touched() []string {
	list := slices.Concat(e.Remove, e.Quarantine, e.Release)
	for i := range e.Add {
		list = append(list, e.Add[i].Value)
	}
	for i := range e.Feedback {
		list = append(list, e.Feedback[i].Value)
	}
	return list
}

// restands says that an edit changes standings, and nothing that is looked up.
func (e *Edit) restands() bool {
	return e.Header == nil && !e.Drop && len(e.Add) == 0 && len(e.Remove) == 0
}

// Occasion is whom and when something is looked up for: what an entry's share and its expiry go by.
type Occasion struct {
	Actor string
	Time  int64 // event time, nanoseconds since 1970
}

// refuses says that an entry does not count for a match this far from it, on this occasion. f is in s.
func (s *Set) refuses(f *found, far int, at Occasion) bool {
	e := &f.entry
	if e.Expires != nil && at.Time >= e.Expires.UnixNano() {
		return true
	}
	if e.Enabled != nil && !takesIn(f.bank.Name, e.Value, at.Actor, *e.Enabled) {
		return true
	}
	if st, ok := s.banks[f.bank.Name].standings[e.Value]; ok && (st.Quarantined != "" || st.Limit != nil && far > *st.Limit) {
		return true
	}
	return far > e.limit(f.bank.Header.Kind)
}
