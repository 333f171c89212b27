package bank

import "testing"

func TestBadAndLists(t *testing.T) {
	exact := 0
	set := func(good bool) *Set {
		t.Helper()
		s, err := NewSet(&Compiler{}, []Stored{
			{Name: "bad", Version: 1, Header: Header{Kind: Terms}, Entries: []Entry{{Value: "zesty corn"}, {Value: "lemonade", MaxCost: &exact}}},
			{Name: "other", Version: 1, Header: Header{Kind: Terms, Good: good}, Entries: []Entry{{Value: "cornflakes"}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for _, c := range []struct {
		name string
		set  *Set
		want int
	}{{"no banks", nil, 0}, {"bad ones", set(false), 3}, {"a good one", set(true), 2}} {
		b, err := c.set.Bad()
		if err != nil {
			t.Fatal(err)
		}
		if got := len(b.Terms()); got != c.want {
			t.Errorf("%s: got %d bad terms, want %d", c.name, got, c.want)
		}
	}
	var r Reader
	for text, want := range map[string]bool{
		"zesty corn": true, "Z3sty c0rn": true, "#cornflakes": true, "lemonade": true,
		"l3monade": false, "zesty": false, "my zesty corn": false, "": false,
	} {
		if got := r.Lists(set(true), text); got != want {
			t.Errorf("Lists(%q) = %t, want %t", text, got, want)
		}
	}
	if r.Lists(nil, "zesty corn") {
		t.Error("no banks list a text")
	}
}
