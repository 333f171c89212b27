package bank

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// named is the n-th name of features.
func named(n int) string { return fmt.Sprintf("%064x", n) }

// shownIn gives what a set finds of known pictures, as bank:entry, entries by their last two digits.
func shownIn(s *Set, actor string, at int64, shown ...Shown) string {
	var r Reader
	var list []string
	for _, f := range r.LookShown(nil, s, shown, "m", Occasion{Actor: actor, Time: at}) {
		list = append(list, fmt.Sprintf("%s:%s", f.Bank, f.Entry[len(f.Entry)-2:]))
	}
	return strings.Join(list, " ")
}

// everything is what a set finds of all features.
func everything(s *Set) string {
	return " and " + shownIn(s, "a", 0, Shown{Features: named(1), Box: [4]int{0, 0, 9, 9}}, Shown{Features: named(2), Box: [4]int{20, 0, 29, 9}})
}

// TestLookShown: what is known of a picture counts where its entry does, and not under a known-good one.
func TestLookShown(t *testing.T) {
	soon := time.Unix(100, 0)
	s := set(
		t,
		&File{Name: "gore", Header: Header{Kind: Hashes, Policy: "violence", Severity: 4}, Entries: []Entry{
			{Value: apart(1).String(), Features: named(1)}, {Value: apart(2).String(), Features: named(2), Enabled: new(0)},
			{Value: apart(3).String(), Features: named(3), Expires: &soon}, {Value: apart(4).String(), Features: named(4), Distance: new(5)},
		}},
		&File{Name: "also", Header: Header{Kind: Hashes}, Entries: []Entry{{Value: apart(1).String(), Features: named(1)}}},
		&File{Name: "memes", Header: Header{Kind: Hashes, Good: true}, Entries: []Entry{{Value: apart(60).String(), Features: named(9)}}},
	)
	at := func(n, x0, x1 int) Shown {
		return Shown{Features: named(n), Method: "features", Inliers: 12, Box: [4]int{x0, 0, x1, 100}}
	}
	for _, c := range []struct {
		name  string
		shown []Shown
		time  int64
		want  string
	}{
		{"two banks", []Shown{at(1, 0, 100)}, 0, "also:01 gore:01"},
		{"not there any more", []Shown{at(7, 0, 100)}, 0, ""},
		{"for no account", []Shown{at(2, 0, 100)}, 0, ""},
		{"not yet expired", []Shown{at(3, 0, 100)}, 0, "gore:07"},
		{"expired", []Shown{at(3, 0, 100)}, 100e9, ""},
		{"features have no distance", []Shown{at(4, 0, 100)}, 0, "gore:0f"},
		{"a hash too far", []Shown{{Features: named(4), Method: "pdq", Distance: 6}}, 0, ""},
		{"good", []Shown{at(9, 0, 100)}, 0, "memes:ff"},
		{"good beside it", []Shown{at(3, 0, 100), at(9, 100, 200)}, 0, "gore:07 memes:ff"},
		{"good over less than half", []Shown{at(3, 0, 100), at(9, 51, 200)}, 0, "gore:07 memes:ff"},
		{"good over half", []Shown{at(3, 0, 100), at(9, 50, 200)}, 0, "memes:ff"},
		{"good around it", []Shown{at(9, 0, 200), at(3, 50, 100)}, 0, "memes:ff"},
	} {
		if got := shownIn(s, "a", c.time, c.shown...); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
	next, err := s.Apply(&Edit{Bank: "gore", Version: 2, Quarantine: []string{apart(1).String()}})
	if err != nil {
		t.Fatal(err)
	}
	if got := shownIn(next, "a", 0, at(1, 0, 100)); got != "also:01" {
		t.Errorf("in quarantine: got %q", got)
	}
	if got := len(next.Features()); got != 5 {
		t.Errorf("the set names %d features, want 5", got)
	}
}

func TestBadFeatures(t *testing.T) {
	for _, name := range []string{"x", strings.Repeat("F", 64), "../../etc/passwd"} {
		e := Edit{Bank: "a", Version: 1, Header: &Header{Kind: Hashes}, Add: []Entry{{Value: apart(1).String(), Features: name}}}
		var none *Set
		if _, err := none.Apply(&e); !errors.Is(err, ErrInvalid) {
			t.Errorf("%q: got %v, want %v", name, err, ErrInvalid)
		}
	}
	many := features{}
	for i := range MaxFeatures + 1 {
		many[fmt.Sprint(i)] = nil
	}
	if err := many.check(); !errors.Is(err, ErrInvalid) {
		t.Errorf("%d pictures: got %v, want %v", len(many), err, ErrInvalid)
	}
}
