package rule

import (
	"testing"

	"github.com/ringfence/ringfence/event"
)

// TestCut: what is left of a list that was cut counts; what may have been in it is unknown.
func TestCut(t *testing.T) {
	links, good := CutOf("links", false), CutOf("links", true)
	evil, fine := Found{Kind: "links", Bank: "evil", Entry: "e"}, Found{Kind: "links", Bank: "fine", Entry: "f", Good: true}
	for _, c := range []struct {
		when  string
		cut   Cut
		found []Found
		want  string
	}{
		{`size(matched("evil")) > 0`, 0, nil, "no"},
		{`size(matched("evil")) > 0`, links, []Found{evil}, "yes"},
		{`size(matched("evil")) == 0`, links, nil, "bank evil cut: more was found than is kept"},
		{`size(matched("evil")) > 0`, good, []Found{evil, fine}, "yes"},
		{`!("g" in matched("fine"))`, good, []Found{fine}, "bank fine cut: more was found than is kept"},
		{`size(matched("evil")) == 0`, CutOf("hashes", false), nil, "yes"},
		{`size(media.banks) == 0`, CutOf("hashes", false), nil, "media.banks cut: more was found than is kept"},
		{`media.severity > 2`, CutOf("hashes", false), []Found{{Kind: "hashes", Bank: "gore", Entry: "g", Severity: 3}}, "yes"},
		{`media.distance > 9`, CutOf("hashes", false), []Found{{Kind: "hashes", Bank: "gore", Entry: "g", Distance: 10}}, "media.distance cut: more was found than is kept"},
		{`text.disguise < 1.0`, CutOf("terms", false), nil, "text.disguise cut: more was found than is kept"},
	} {
		set, problems := Compile([]File{{Name: "m.yaml", Data: []byte("rules:\n- {id: x, on: [post], when: '" + c.when + "', because: x, then: [{label: y}]}\n")}})
		if set == nil {
			t.Fatal(c.when, problems)
		}
		ev := set.NewEvaluation(noLabels{})
		ev.Begin(&Input{Event: &event.Event{Kind: "post", Actor: "a", Text: "t", Fields: 1 << event.FieldText},
			Signals: &Signals{HasLinks: true, HasHashes: true, Found: c.found, Cut: c.cut,
				Banks: testBanks{"evil": "links", "fine": "links", "gore": "hashes", "scam": "terms"}}})
		got := "no"
		for _, res := range ev.Rules() {
			switch {
			case res.Fired:
				got = "yes"
			case res.Unevaluated != "":
				got = res.Unevaluated
			}
		}
		if got != c.want {
			t.Errorf("%s, %b left out: %q, want %q", c.when, c.cut, got, c.want)
		}
	}
}
