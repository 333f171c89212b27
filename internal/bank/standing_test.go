package bank

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/ringfence/ringfence/media/hamming"
)

// edited applies edits to a set, which count on from its versions.
func edited(t interface {
	Helper()
	Fatal(...any)
}, s *Set, edits ...Edit,
) *Set {
	t.Helper()
	for _, e := range edits {
		e.Version = s.Version(e.Bank) + 1
		next, err := s.Apply(&e)
		if err != nil {
			t.Fatal(err)
		}
		s = next
	}
	return s
}

func word(value, event string, dispute bool, far int) Edit {
	return Edit{Bank: "gore", Feedback: []Feedback{{Value: value, By: "person:" + event, Event: event, Dispute: dispute, Far: &far}}}
}

func TestFeedback(t *testing.T) {
	v := apart(0).String()
	yes := func(event string, far int) Edit { return word(v, event, false, far) }
	no := func(event string, far int) Edit { return word(v, event, true, far) }
	stated := func(distance int) Edit {
		return Edit{Bank: "gore", Add: []Entry{{Value: v, Distance: &distance}}}
	}
	for _, c := range []struct {
		name  string
		edits []Edit
		found string // distances from 0 to 50 at which the entry is found, the farthest; - for none
	}{
		{"none", nil, "31"},
		{"confirmed", []Edit{yes("a", 31)}, "31"},
		{"disputed at 20", []Edit{no("a", 20)}, "19"},
		{"not below what was confirmed", []Edit{yes("a", 22), no("b", 20)}, "22"},
		{"farther disputes do nothing more", []Edit{no("a", 20), no("b", 25)}, "19"},
		{"what is confirmed later does not loosen it", []Edit{no("a", 20), yes("b", 30)}, "19"},
		{"one person's last word on a match counts", []Edit{no("a", 20), no("a", 20), no("a", 20)}, "19"},
		{"as it is", []Edit{no("a", 0)}, "0"},
		{"three disputes", []Edit{no("a", 20), no("b", 20), no("c", 20)}, "-"},
		{"as many confirmed", []Edit{yes("a", 1), yes("b", 1), yes("c", 1), no("d", 20), no("e", 20), no("f", 20)}, "19"},
		{"released", []Edit{no("a", 20), no("b", 20), no("c", 20), {Bank: "gore", Release: []string{v}}}, "19"},
		{"and disputed again", []Edit{no("a", 20), no("b", 20), no("c", 20), {Bank: "gore", Release: []string{v}}, no("d", 10)}, "9"},
		{"a person states a threshold", []Edit{no("a", 20), stated(25)}, "25"},
		{"the same entry comes again", []Edit{stated(25), no("a", 20), stated(25)}, "19"},
		{"removed and listed anew", []Edit{no("a", 20), {Bank: "gore", Remove: []string{v}}, stated(31)}, "31"},
		{"a person puts it into quarantine", []Edit{{Bank: "gore", Quarantine: []string{v}}}, "-"},
		{"dropped and made anew", []Edit{{Bank: "gore", Quarantine: []string{v}}, {Bank: "gore", Drop: true}, {Bank: "gore", Header: &Header{Kind: Hashes}, Add: []Entry{{Value: v}}}}, "31"},
	} {
		s := edited(t, set(t, &File{Name: "gore", Header: Header{Kind: Hashes}, Entries: []Entry{{Value: v}}}), c.edits...)
		got := "-"
		for far := range 51 {
			if seen(s, &Picture{PDQ: []hamming.Hash{apart(far)}}) != "" {
				got = fmt.Sprint(far)
			}
		}
		if got != c.found {
			t.Errorf("%s: found up to %s bits, want %s", c.name, got, c.found)
		}
	}
	if _, err := set(t, &File{Name: "gore", Header: Header{Kind: Hashes}}).Apply(&Edit{Bank: "gore", Version: 2, Release: []string{v}}); !errors.Is(err, ErrInvalid) {
		t.Errorf("released what is not there: %v", err)
	}
}

// banksOf are the banks in what look gives.
func banksOf(found string) string {
	var list []string
	for f := range strings.FieldsSeq(found) {
		name, _, _ := strings.Cut(f, ":")
		list = append(list, name)
	}
	return strings.Join(list, " ")
}

// TestStandingsOfAllKinds: terms, links and devices leave quarantine as they came into it, and disputes make a term stricter.
func TestStandingsOfAllKinds(t *testing.T) {
	s := set(
		t,
		&File{Name: "words", Header: Header{Kind: Terms}, Entries: []Entry{{Value: "casino"}}},
		&File{Name: "hosts", Header: Header{Kind: Links}, Entries: []Entry{{Value: "bad.example"}}},
		&File{Name: "farm", Header: Header{Kind: Devices}, Entries: []Entry{{Value: "d1"}}},
	)
	look := func(s *Set, text string) string { return banksOf(look(s, text, "d1", "https://x.bad.example/")) }
	const all = "hosts farm words"
	if got := look(s, "c4s1n0"); got != all {
		t.Fatalf("found %q, want %q", got, all)
	}
	for name, value := range map[string]string{"words": "casino", "hosts": "bad.example", "farm": "d1"} {
		out := edited(t, s, Edit{Bank: name, Quarantine: []string{value}})
		if got := look(out, "c4s1n0"); strings.Contains(got, name) || len(strings.Fields(got)) != 2 {
			t.Errorf("%s in quarantine: found %q", name, got)
		}
		if got := look(edited(t, out, Edit{Bank: name, Release: []string{value}}), "c4s1n0"); got != all {
			t.Errorf("%s released: found %q", name, got)
		}
	}
	one := 1
	strict := edited(t, s, Edit{Bank: "words", Feedback: []Feedback{{Value: "casino", By: "b", Dispute: true, Far: &one}}})
	if got := look(strict, "c4s1n0"); got != "hosts farm" {
		t.Errorf("a disguised term that was disputed: found %q", got)
	}
	if got := look(strict, "casino"); got != all {
		t.Errorf("as it is listed: found %q", got)
	}
}

// TestShareAndExpiry: an entry is found for its share of accounts, the same ones always, and until it expires.
func TestShareAndExpiry(t *testing.T) {
	v, end := apart(0).String(), time.Unix(1000, 0).UTC()
	probe := &Picture{PDQ: []hamming.Hash{apart(0)}}
	finds := func(e Entry, h Header, at Occasion) bool {
		h.Kind, e.Value = Hashes, v
		s := set(t, &File{Name: "gore", Header: h, Entries: []Entry{e}})
		found, _ := new(Reader).LookAt(nil, s, probe, "m", at)
		return len(found) > 0
	}
	for _, c := range []struct {
		percent  int
		from, to int // of 1000 accounts
	}{{0, 0, 0}, {1, 2, 25}, {30, 250, 350}, {100, 1000, 1000}} {
		n := 0
		for i := range 1000 {
			own := finds(Entry{Enabled: &c.percent}, Header{}, Occasion{Actor: fmt.Sprint(i)})
			if inherited := finds(Entry{}, Header{Enabled: &c.percent}, Occasion{Actor: fmt.Sprint(i)}); own != inherited {
				t.Fatalf("account %d: %v by the entry's share, %v by the bank's", i, own, inherited)
			}
			if own {
				n++
			}
			if more := c.percent + 10; own && more <= 100 && !finds(Entry{Enabled: &more}, Header{}, Occasion{Actor: fmt.Sprint(i)}) {
				t.Fatalf("account %d is within %d percent, and not within %d", i, c.percent, more)
			}
		}
		if n < c.from || n > c.to {
			t.Errorf("%d percent: found for %d accounts of 1000", c.percent, n)
		}
	}
	for at, want := range map[int64]bool{999: true, 1000: false, 2000: false} {
		if got := finds(Entry{Expires: &end}, Header{}, Occasion{Time: at * 1e9}); got != want {
			t.Errorf("second %d: found %v, want %v", at, got, want)
		}
	}
}

// TestLimitNeverGrows holds that words, in whatever order, only ever make an entry stricter, and that a set made of what is stored
// finds what the edited one does.
func TestLimitNeverGrows(t *testing.T) {
	v := apart(0).String()
	rapid.Check(t, func(t *rapid.T) {
		s, err := NewSet(&Compiler{}, []Stored{{Name: "gore", Version: 1, Header: Header{Kind: Hashes}, Entries: []Entry{{Value: v}}}})
		if err != nil {
			t.Fatal(err)
		}
		limit := MatchDistance
		for i := range rapid.IntRange(1, 100).Draw(t, "words") {
			far := rapid.IntRange(0, 31).Draw(t, "far")
			s = edited(t, s, word(v, fmt.Sprint(rapid.IntRange(0, i).Draw(t, "event")), rapid.Bool().Draw(t, "dispute"), far))
			b, _ := s.Bank("gore")
			st, _ := b.Standing(v)
			if len(st.Words) > maxWordsKept {
				t.Fatalf("%d words are kept", len(st.Words))
			}
			if st.Limit != nil {
				if *st.Limit > limit || *st.Limit < 0 {
					t.Fatalf("the limit goes from %d to %d", limit, *st.Limit)
				}
				limit = *st.Limit
			}
			stored := s.Stored("gore")
			stored.Entries, stored.Standings = b.Entries(), b.Standings()
			again, err := NewSet(&Compiler{}, []Stored{stored})
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range []int{limit, limit + 1} {
				p := &Picture{PDQ: []hamming.Hash{apart(d)}}
				got, want := seen(again, p), seen(s, p)
				if got != want || (want != "") != (st.Quarantined == "" && d == limit) {
					t.Fatalf("at %d bits of %d (quarantine %q): found %q, after a restart %q", d, limit, st.Quarantined, want, got)
				}
			}
		}
	})
}
