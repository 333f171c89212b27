package rule

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// mediaRules are rules of which some have to wait for an event's pictures.
const mediaRules = `rules:
- {id: bank, on: [post], when: 'size(matched("known")) > 0', because: x, then: [{label: y}]}
- {id: by-text, on: [post], when: 'text.contains("crypto")', because: x, then: [{label: y}]}
- {id: failed, on: [post], when: '"too_large" in media.failures', because: x, then: [{label: y}]}
- {id: off, on: [post], mode: off, when: 'media.severity > 3', because: x, then: [{label: y}]}
- {id: scored, on: [post], when: 'media.score("gore") > 0.5 && count(by(actor), "2h", where(media.score("gore") > 0.5)) > 1', because: x, then: [{label: y}]}
- {id: scored-or-known, on: [post], when: 'media.severity > 3 || media.score("gore") > 0.5', because: x, then: [{label: y}]}
- {id: severe, on: [post], when: 'media.severity > 3 || text.contains("crypto")', because: x, then: [{label: y}]}
- {id: target, on: [post], when: 'text.contains("crypto")', because: x, then: [{label: y, on: media.family}]}
- {id: terms, on: [post], when: 'size(matched("scam")) > 0', because: x, then: [{label: y}]}
- {id: wave, on: [post], when: 'countDistinct(actor, by(media.family), "1h") > 5 && count(by(actor), "1h") > 1', because: x, then: [{label: y}]}
`

// TestFetched: at the record of what was fetched only the rules run that read of pictures, and only their windows take the event.
func TestFetched(t *testing.T) {
	set, problems := Compile([]File{{Name: "m.yaml", Data: []byte(mediaRules)}})
	if set == nil {
		t.Fatal(problems)
	}
	ev := set.NewEvaluation(noLabels{})
	run := func(in *Input) (rules, fed []string) {
		ev.Begin(in)
		for _, op := range ev.Windows() {
			if op.Update {
				fed = append(fed, string(set.Windows[op.Index].Func))
			}
			if op.Known {
				ev.SetWindow(op.Index, Value{V: 6, Known: true})
			}
		}
		for _, res := range ev.Rules() {
			if res.Fired {
				rules = append(rules, res.Rule.ID)
			} else {
				rules = append(rules, res.Rule.ID+": "+res.Unevaluated)
			}
		}
		slices.Sort(fed)
		return rules, fed
	}
	plain := &Signals{Banks: testBanks{"scam": "terms", "known": "hashes"}}
	full := fullSignals()
	for _, tt := range []struct {
		name       string
		in         Input
		rules, fed []string
	}{
		{"no hash", Input{Signals: plain}, []string{
			"bank: nothing to match with bank known: no hashes of pictures", "by-text", "failed: media.failures absent", "scored: media.score(gore) absent", "scored-or-known: media.severity absent", "severe", "target", "wave: media.family absent",
		}, []string{"count"}},
		{"hashed by the source", Input{Signals: full, MediaFamily: 1}, []string{"bank", "by-text", "failed: media.failures absent", "scored: media.score(gore) absent", "scored-or-known", "severe", "target", "terms", "wave"}, []string{"count", "countDistinct"}},
		{"fetched", Input{Signals: full, MediaFamily: 1, Stage: Fetched}, []string{"bank", "scored-or-known", "severe", "target", "wave"}, []string{"countDistinct"}},
		{"not to be had", Input{Signals: &Signals{Failures: []string{"too_large"}}, Stage: Fetched}, []string{"failed", "scored-or-known: media.severity absent", "severe", "target", "wave: media.family absent"}, nil},
		{"scored", Input{Signals: &Signals{MediaScores: []MediaScore{{"gore", 0.7}, {"gore", 0.2}}}, Stage: Examined}, []string{"scored", "scored-or-known"}, []string{"count"}},
		{"not to be scored", Input{Signals: &Signals{ScoreFailures: []string{"open"}, MediaScores: []MediaScore{{"hate", 0.7}}}, Stage: Examined},
			[]string{"scored: media.score(gore): open", "scored-or-known: media.severity absent"}, nil},
	} {
		tt.in.Event = fullEvent()
		tt.in.Event.Text = "free crypto"
		rules, fed := run(&tt.in)
		if diff := cmp.Diff(tt.rules, rules); diff != "" {
			t.Errorf("%s: rules, want- got+\n%s", tt.name, diff)
		}
		if diff := cmp.Diff(tt.fed, fed); diff != "" {
			t.Errorf("%s: windows that take the event, want- got+\n%s", tt.name, diff)
		}
	}
}

func TestMediaWants(t *testing.T) {
	for when, want := range map[string]bool{
		`media.count > 1`:                                       false,
		`size(media.banks) > 0`:                                 true,
		`has(media.family)`:                                     true,
		`size(matched("known")) > 0`:                            true,
		`size(matched("scam")) > 0`:                             false,
		`size(matched("gone")) > 0`:                             false,
		`count(by(media.family), "1h") > 1`:                     true,
		`count(by(actor), "1h", where(media.severity > 2)) > 1`: true,
	} {
		set, problems := Compile([]File{{Name: "m.yaml", Data: []byte("rules:\n- {id: x, on: [post], when: '" + when + "', because: x, then: [{label: y}]}\n")}})
		if set == nil {
			t.Fatal(when, problems)
		}
		if got := set.MediaWants(testBanks{"scam": "terms", "known": "hashes"}).Fetched; got != want {
			t.Errorf("%s: %v, want %v", when, got, want)
		}
	}
	set, problems := Compile([]File{{Name: "m.yaml", Data: []byte("rules:\n- {id: x, on: [post], when: 'has(media.score(\"gore\")) || score(\"abuse\") > 0.5', because: x, then: [{label: y}]}\n")}})
	if set == nil {
		t.Fatal(problems)
	}
	if diff := cmp.Diff(MediaWants{Fetched: true, Scores: []string{"gore"}}, set.MediaWants(nil)); diff != "" {
		t.Errorf("what is to be scored, want- got+\n%s", diff)
	}
	set, problems = Compile([]File{{Name: "m.yaml", Data: []byte("rules:\n- {id: x, on: [post], when: 'size(media.text.terms) > 0', because: '{media.video.segments}', then: [{label: y}]}\n")}})
	if set == nil {
		t.Fatal(problems)
	}
	if diff := cmp.Diff(MediaWants{Fetched: true, Text: true, Video: true}, set.MediaWants(nil)); diff != "" {
		t.Errorf("what is to be examined, want- got+\n%s", diff)
	}
	set, problems = Compile([]File{{Name: "m.yaml", Data: []byte("rules:\n- {id: x, on: [post], when: 'media.shown.severity > 3', because: x, then: [{label: y}]}\n")}})
	if set == nil {
		t.Fatal(problems)
	}
	if want := set.MediaWants(nil); want.Text || !want.Known || !want.Pictures() || !want.Examined() {
		t.Errorf("a rule that reads what pictures show wants %+v", want)
	}
	var none *Set
	if none.MediaWants(nil).Fetched {
		t.Error("no rules read pictures")
	}
}
