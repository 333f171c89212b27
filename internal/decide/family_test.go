package decide

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/journal"
)

const familyRules = `
rules:
  - id: family
    on: ["*"]
    share: 100
    when: has(text.family)
    because: "{text.family.posts} of {text.family.accounts}: {text.template}"
  - id: wave
    on: ["*"]
    share: 100
    when: countDistinct(actor, by(text.family), "1h") > 2
    because: wave
    then: [{label: wave, on: text.family}]
  - id: known
    on: ["*"]
    share: 100
    when: hasLabel(text.family, "wave")
    because: of {text.family}
`

func text(format string, args ...any) string {
	b, err := json.Marshal(fmt.Sprintf(format, args...))
	if err != nil {
		panic(err)
	}
	return `,"text":` + string(b)
}

// TestFamily decides copies of a text and looks at what rules are told of its family.
func TestFamily(t *testing.T) {
	const parcel = "Your parcel from %s could not be delivered, pay the fee at https://a.example/%d"
	const template = "Your parcel from {…} could not be delivered, pay the fee at {link}"
	b := newBench(t, familyRules, Options{Every: true})
	for _, step := range []struct {
		name    string
		id      string
		at      time.Duration
		kind    string
		actor   string
		more    string
		outcome Outcome
		rules   string
		reason  string // of the rule family
	}{
		{"the first", "1", 0, "post", "ann", text(parcel, "Acme", 1), Decided, "family", "1 of 1: unknown"},
		{"a copy", "2", time.Second, "reply", "bob", text(parcel, "DHX", 2), Decided, "family", "2 of 2: " + template},
		{"it again", "2", time.Second, "reply", "bob", text(parcel, "DHX", 2), Duplicate, "", ""},
		{"another under its id", "2", time.Second, "reply", "eve", text(parcel, "DHX", 3), Conflict, "", ""},
		{"a like of it", "3", time.Second, "like", "cyd", text(parcel, "DHX", 2), Decided, "", ""},
		{"by one who posted it already", "4", 2 * time.Second, "post", "bob", text(parcel, "UPX", 2), Decided, "family", "3 of 2: " + template},
		{"by a third", "5", 3 * time.Second, "message", "cyd", text(parcel, "FedUp", 5), Decided, "family wave", "4 of 3: " + template},
		{"labels are visible from the next record", "6", 3 * time.Second, "post", "cyd", text(parcel, "FedUp", 5), Decided, "family known wave", "5 of 3: " + template},
		{"another text", "7", 3 * time.Second, "post", "cyd", text("What a lovely morning for a walk by the river"), Decided, "family", "1 of 1: unknown"},
		{"no letters", "8", 3 * time.Second, "post", "cyd", text("🔥🔥"), Decided, "", ""},
		{"no text", "9", 10 * time.Minute, "post", "cyd", "", Decided, "", ""},
		{"late, of a family", "10", time.Minute, "post", "dan", text(parcel, "Acme", 9), Late, "family known", "5 of 3: " + template},
		{"late, of none", "11", time.Minute, "post", "dan", text("The museum is closed on Mondays, but the garden is open"), Late, "", ""},
		{"not late, after both", "12", 10 * time.Minute, "post", "dan", text(parcel, "Acme", 9), Decided, "family known wave", "6 of 4: " + template},
		{"and the other", "13", 10 * time.Minute, "post", "dan", text("The museum is closed on Mondays, but the garden is open"), Decided, "family", "1 of 1: unknown"},
	} {
		t.Run(step.name, func(t *testing.T) {
			out := b.event(step.id, step.at, step.kind, step.actor, step.more)
			if got := strings.Join(out.Rules, " "); out.Outcome != step.outcome || got != step.rules {
				t.Errorf("%s, rules %q fired, want %s and %q", out.Outcome, got, step.outcome, step.rules)
			}
			if step.reason != "" && !strings.Contains(string(out.Decision.Line), `{"rule":"family","text":"`+step.reason+`"}`) {
				t.Errorf("decision %s, want the reason %q", out.Decision.Line, step.reason)
			}
		})
	}
}

// TestHistoryWarmsFamilies: what came before counts, and decides nothing.
func TestHistoryWarmsFamilies(t *testing.T) {
	b := newBench(t, familyRules, Options{})
	for i := range 3 {
		body := fmt.Sprintf(`{"id":"%d","time":%q,"kind":"post","actor":"a%d","text":"the same old song that they all sing"}`, i, start.Format(time.RFC3339Nano), i)
		if out := b.record(journal.Record{Kind: journal.Import, Source: "test", ID: fmt.Sprint(i), Body: []byte(body)}); out.Outcome != Imported || out.Rules != nil {
			t.Errorf("history is %s, %v", out.Outcome, out.Rules)
		}
	}
	out := b.event("now", time.Second, "post", "a4", text("The same old song that they all sing!"))
	if want := `"text":"4 of 4: `; !strings.Contains(string(out.Decision.Line), want) {
		t.Errorf("decision %s, want %s", out.Decision.Line, want)
	}
}

// TestFamilyOfACrowd: the window counts the accounts of a family, however each writes the text.
func TestFamilyOfACrowd(t *testing.T) {
	b := newBench(t, `
rules:
  - id: crowd
    on: [post]
    when: countDistinct(actor, by(text.family), "1h") > 8
    because: "{countDistinct(actor, by(text.family), '1h')}"
`, Options{})
	fired := 0
	for i := range 30 {
		account := fmt.Sprint("a", i%10)
		out := b.event(fmt.Sprint(i), time.Duration(i)*time.Second, "post", account,
			text("@u%d Win a phone worth %d dollars today%s https://ex.example/%d", i, 100*i, strings.Repeat("!", i%3), i))
		if len(out.Rules) > 0 {
			fired++
		}
	}
	if want := 30 - 8; fired != want {
		t.Errorf("the rule fired on %d posts, want %d", fired, want)
	}
}
