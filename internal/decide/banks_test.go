package decide

import (
	"fmt"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/state"
)

const banked = `
rules:
  - id: words
    on: [post]
    when: size(matched("words")) > 0
    because: "{matched('words')}"
    then: [{label: seen}]
`

// TestBanksOutliveRestarts holds that a loop that goes on from an image finds of the banks what it would have found without the
// restart, also in the middle of an edit that comes in parts.
func TestBanksOutliveRestarts(t *testing.T) {
	words := []string{"viagra", "casino", "crypto"}
	rapid.Check(t, func(rt *rapid.T) {
		var recs []journal.Record
		version := 0
		in := map[string]bool{}
		for i := range rapid.IntRange(2, 30).Draw(rt, "records") {
			id := fmt.Sprint(i)
			if rapid.Bool().Draw(rt, "event") {
				text := rapid.SampledFrom(words).Draw(rt, "text")
				body := fmt.Sprintf(`{"id":%q,"time":%q,"kind":"post","actor":%q,"text":%q}`, id, start.Add(time.Duration(i)*time.Second).Format(time.RFC3339Nano), "a"+id, text)
				recs = append(recs, journal.Record{Kind: journal.Event, Source: "test", ID: id, Body: []byte(body)})
				continue
			}
			version++
			e := &bank.Edit{Bank: "words", Version: version, More: rapid.Bool().Draw(rt, "more")}
			switch word := rapid.SampledFrom(words).Draw(rt, "word"); {
			case len(in) == 0 || rapid.IntRange(0, 9).Draw(rt, "header") == 0:
				e.Header, e.Add = &bank.Header{Kind: bank.Terms}, []bank.Entry{{Value: word}}
				in[word] = true
			case rapid.IntRange(0, 9).Draw(rt, "drop") == 0:
				e.Drop, e.More, in = true, false, map[string]bool{}
			case in[word]:
				e.Remove = []string{word}
				delete(in, word)
				in[""] = true
			default:
				e.Add = []bank.Entry{{Value: word}}
				in[word] = true
			}
			c := change.Change{ID: "c" + id, By: "person:ada", Bank: e}
			body, err := c.Encode()
			if err != nil {
				rt.Fatal(err)
			}
			recs = append(recs, journal.Record{Kind: journal.Change, ID: c.ID, Body: body})
		}
		run := func(restart int) (lines []string) {
			db, err := pebble.Open("", &pebble.Options{FS: vfs.NewMem(), Logger: quiet{}})
			if err != nil {
				rt.Fatal(err)
			}
			defer db.Close()
			b := newBench(t, banked, Options{Every: true})
			s, err := state.New(state.Options{DB: db})
			if err != nil {
				rt.Fatal(err)
			}
			set := b.loop.Set()
			b.loop = New(s, Options{Every: true})
			if err := b.loop.Use(set); err != nil {
				rt.Fatal(err)
			}
			for i, rec := range recs {
				if i == restart {
					if err := b.loop.BeginImage(b.pos); err != nil {
						rt.Fatal(err)
					}
					if err := s.FinishImage().Commit(); err != nil {
						rt.Fatal(err)
					}
					if s, err = state.New(state.Options{DB: db}); err != nil {
						rt.Fatal(err)
					}
					b.loop = New(s, Options{Every: true})
					if _, err := s.Restore(); err != nil {
						rt.Fatal(err)
					}
					if err := b.loop.Resume(); err != nil {
						rt.Fatal(err)
					}
					if err := b.loop.Use(set); err != nil {
						rt.Fatal(err)
					}
					b.pins = extract.NewPins(b.loop.Banks(), nil, true)
				}
				out := b.record(rec)
				lines = append(lines, fmt.Sprint(out.Outcome, " ", string(out.Decision.Line)))
			}
			return lines
		}
		want := run(-1)
		if diff := cmp.Diff(want, run(rapid.IntRange(1, len(recs)-1).Draw(rt, "restart"))); diff != "" {
			rt.Fatalf("a restart changes decisions (-without +with):\n%s", diff)
		}
	})
}

// quiet is a logger of Pebble's that says nothing.
type quiet struct{}

func (quiet) Infof(string, ...any)           {}
func (quiet) Errorf(string, ...any)          {}
func (quiet) Fatalf(format string, a ...any) { panic(fmt.Sprintf(format, a...)) }
