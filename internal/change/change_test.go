package change

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/rule"
)

func TestRoundTrip(t *testing.T) {
	for _, c := range []Change{
		{ID: "1", By: "a", Reason: "r", Rules: &Rules{Version: 3, Files: []rule.File{{Name: "x.yaml", Data: []byte("rules: []\n")}}}},
		{ID: "1", By: "a", Label: &Label{Entity: "account:a1", Name: "x", Remove: true, Expires: 9}},
		{ID: "1", By: "a", Allow: &Allow{Entity: "ip:203.0.113.9", Policy: "spam"}},
		{ID: "1", By: "a", Approve: &Approve{Effects: []string{"e1", "e2"}, Refuse: true}},
		{ID: "1", By: "a", Lift: &Lift{Entity: "account:a1"}},
		{ID: "1", By: "a", Close: &Close{Policy: "spam", Entity: "content:p:1"}},
		{ID: "1", By: "a", Breaker: &Breaker{Rule: "r"}},
		{ID: "1", By: "a", Act: &Act{Action: "x", Group: "g1", Version: 3, Step: "suspend", Policy: "spam", Label: "ring", Lasts: 9, Members: []string{"a", "b"}}},
		{ID: "1", By: "a", Act: &Act{Action: "x", Group: "g1", Version: 3, Step: "suspend", Policy: "spam", Undo: true, Last: true}},
	} {
		t.Run(c.Kind(), func(t *testing.T) {
			body, err := c.Encode()
			if err != nil {
				t.Fatal(err)
			}
			got, err := Decode(body)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(&c, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestRefused(t *testing.T) {
	for _, c := range []struct{ body, want string }{
		{`{"id":"1","by":"a"}`, "names 0"},
		{`{"id":"1","by":"a","lift":{"entity":"account:a"},"breaker":{"rule":"r"}}`, "names 2"},
		{`{"id":"","by":"a","lift":{"entity":"account:a"}}`, "needs an id"},
		{`{"id":"1","by":"a","lift":{"entity":"person:a"}}`, "write kind:id"},
		{`{"id":"1","by":"a","label":{"entity":"account:a"}}`, "no name"},
		{`{"id":"1","by":"a","approve":{"effects":[]}}`, "names no effect"},
		{`{"id":"1","by":"a","breaker":{"rule":""}}`, "names no rule"},
		{`{"id":"1","by":"a","redo":{}}`, "unknown field"},
		{`{"id":"1","by":"a","undo":{"change":"","verdict":{"case":"c","entity":"account:a","decision":"benign"}}}`, "names no verdict"},
		{`{"id":"1","by":"a","undo":{"change":"v","verdict":{"case":"c","entity":"a","decision":"benign"}}}`, "write kind:id"},
		{`{"id":"1","by":"a","verdict":{"case":"c","entity":"account:a","decision":"maybe"}}`, "is none"},
		{`{"id":"1","by":"a","verdict":{"case":"c","entity":"account:a","decision":"benign","closes":[{"policy":"p","entity":"a"}]}}`, "write kind:id"},
		{`{"id":"1","by":"a","lift":{"entity":"account:a"}}{}`, "more than one"},
		{`[]`, "change:"},
		{`{"id":"1","by":"a","act":{"action":"","group":"g","step":"lock","policy":"p","members":["a"]}}`, "needs an action"},
		{`{"id":"1","by":"a","act":{"action":"x","group":"g","step":"ban","policy":"p","members":["a"]}}`, "no step"},
		{`{"id":"1","by":"a","act":{"action":"x","group":"g","step":"lock","policy":"p","members":[]}}`, "0 members"},
		{`{"id":"1","by":"a","act":{"action":"x","group":"g","step":"lock","policy":"p","members":["a",""]}}`, "without an id"},
		{`{"id":"1","by":"a","act":{"action":"x","group":"g","step":"lock","policy":"p","members":["a"],"last":true}}`, "the last of an action"},
		{`{"id":"1","by":"a","act":{"action":"x","group":"g","step":"lock","policy":"p","members":["a"],"lasts":-1}}`, "10 years"},
	} {
		if _, err := Decode([]byte(c.body)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.body, err, c.want)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"id":"1","by":"a","lift":{"entity":"account:a"}}`))
	f.Add([]byte(`{"id":"1","by":"a","rules":{"version":1,"files":[{"name":"x","data":"eA=="}]}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := Decode(body)
		if err != nil {
			return
		}
		again, err := c.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if d, err := Decode(again); err != nil || !cmp.Equal(c, d) {
			t.Errorf("%s came back as %s, %v", body, again, err)
		}
	})
}
