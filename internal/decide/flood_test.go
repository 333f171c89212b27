package decide

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/state"
)

const floodRules = `
rules:
  - {id: known, on: ["*"], share: 100, when: 'size(matched("bad")) > 0', because: "{media.distance}", then: [{label: bad}]}
`

// crowdBench decides posts of one banked picture by many accounts.
type crowdBench struct {
	*bench
	n int // accounts so far
}

func newCrowdBench(t *testing.T, h bank.Header) *crowdBench {
	b := &crowdBench{bench: newBench(t, floodRules, Options{})}
	h.Kind, h.Policy, h.Severity = bank.Hashes, "gore", 4
	b.change(change.Change{ID: "c0", Bank: &bank.Edit{Bank: "bad", Version: 1, Header: &h, Add: []bank.Entry{{Value: sight(1, 0).String()}}}})
	return b
}

// posts lets so many new accounts post the picture within an hour, and gives how often it was found, and the cases that it opened.
func (b *crowdBench) posts(hour, n int) (found int, cases []effect.Effect) {
	for i := range n {
		b.n++
		id := fmt.Sprint("p", b.n)
		out := b.event(id, time.Duration(hour)*time.Hour+time.Duration(i)*time.Second, "post", fmt.Sprint("a", b.n), `,"object":"o`+id+`"`+hashed(1, 2))
		found += len(out.Rules)
		for _, e := range out.Effects {
			if e.Kind == effect.Review {
				cases = append(cases, e)
			}
		}
	}
	return found, cases
}

func TestFlood(t *testing.T) {
	b := newCrowdBench(t, bank.Header{Flood: new(100)})
	found, cases := b.posts(0, 300)
	if found < 95 || found > 110 {
		t.Errorf("found for %d of 300 accounts, want about 100", found)
	}
	if len(cases) != 1 || cases[0].Policy != "gore" || cases[0].Severity != 4 || !strings.Contains(cases[0].Reason, "in quarantine") || cases[0].State != effect.Queued {
		t.Fatalf("cases %+v", cases)
	}
	want := []Quarantine{{Bank: "bad", Value: sight(1, 0).String(), Since: cases[0].Time, Accounts: 100}}
	if diff := cmp.Diff(want, b.loop.Quarantines(), cmpopts.IgnoreFields(Quarantine{}, "Accounts")); diff != "" {
		t.Errorf("quarantines (-want +got):\n%s", diff)
	}
	if found, _ := b.posts(30, 5); found != 0 {
		t.Errorf("a day later found %d times", found)
	}
	b.change(change.Change{ID: "c1", Bank: &bank.Edit{Bank: "bad", Version: 2, Release: []string{sight(1, 0).String()}}})
	if found, cases := b.posts(31, 300); found != 300 || len(cases) != 0 || len(b.loop.Quarantines()) != 0 {
		t.Errorf("released: found %d of 300, cases %+v", found, cases)
	}
	if found, _ := b.posts(31+8*24, 300); found > 110 {
		t.Errorf("a week later: found %d of 300", found)
	}
	b.change(change.Change{ID: "c2", Bank: &bank.Edit{Bank: "bad", Version: 3, Drop: true}})
	if got := b.loop.Quarantines(); len(got) != 0 {
		t.Errorf("dropped: %+v", got)
	}
}

// TestNoFlood: what a crowd may do without being called a flood.
func TestNoFlood(t *testing.T) {
	v := sight(1, 0).String()
	all := func(t *testing.T, b *crowdBench, hour, n int) {
		t.Helper()
		if found, cases := b.posts(hour, n); found != n || len(cases) > 0 {
			t.Errorf("hour %d: found for %d of %d accounts, cases %+v", hour, found, n, cases)
		}
	}
	t.Run("never", func(t *testing.T) { all(t, newCrowdBench(t, bank.Header{Flood: new(0)}), 0, 300) })
	t.Run("fewer", func(t *testing.T) { all(t, newCrowdBench(t, bank.Header{}), 0, 300) })
	t.Run("grown slowly", func(t *testing.T) {
		b := newCrowdBench(t, bank.Header{Flood: new(100)})
		for hour, n := range []int{40, 60, 80, 120, 160, 240} {
			all(t, b, hour, n)
		}
	})
	t.Run("confirmed", func(t *testing.T) {
		b := newCrowdBench(t, bank.Header{Flood: new(100)})
		e := &bank.Edit{Bank: "bad", Version: 2}
		for _, event := range []string{"1", "2", "3"} {
			e.Feedback = append(e.Feedback, bank.Feedback{Value: v, By: "person:ada", Event: event})
		}
		b.change(change.Change{ID: "c1", Bank: e})
		all(t, b, 0, 300)
	})
	t.Run("one account", func(t *testing.T) {
		b := newCrowdBench(t, bank.Header{Flood: new(2)})
		for i := range 300 {
			if out := b.event(fmt.Sprint("p", i), time.Duration(i)*time.Second, "post", "a", hashed(1, 2)); len(out.Rules) != 1 {
				t.Fatalf("post %d is not found", i)
			}
		}
	})
	t.Run("known good", func(t *testing.T) { all(t, newCrowdBench(t, bank.Header{Flood: new(100), Good: true}), 0, 300) })
}

// TestQuarantineOutlivesRestarts holds that a loop that goes on from an image decides as one that never stopped, whatever people said of an
// entry before, and however many accounts matched it.
func TestQuarantineOutlivesRestarts(t *testing.T) {
	v := sight(1, 0).String()
	rapid.Check(t, func(rt *rapid.T) {
		var recs []journal.Record
		version := 1
		at := time.Duration(0)
		edit := func(e bank.Edit) {
			e.Bank, e.Version = "bad", version
			version++
			c := change.Change{ID: fmt.Sprint("c", version), By: "person:ada", Bank: &e}
			body, err := c.Encode()
			if err != nil {
				rt.Fatal(err)
			}
			recs = append(recs, journal.Record{Kind: journal.Change, ID: c.ID, Body: body})
		}
		edit(bank.Edit{Header: &bank.Header{Kind: bank.Hashes, Flood: new(4)}, Add: []bank.Entry{{Value: v}}})
		for i := range rapid.IntRange(5, 60).Draw(rt, "records") {
			switch rapid.IntRange(0, 11).Draw(rt, "what") {
			case 0:
				far := rapid.IntRange(0, 31).Draw(rt, "far")
				edit(bank.Edit{Feedback: []bank.Feedback{{Value: v, By: "person:ada", Event: fmt.Sprint(i), Far: &far, Dispute: rapid.Bool().Draw(rt, "dispute")}}})
			case 1:
				edit(bank.Edit{Release: []string{v}})
			case 2:
				at += time.Duration(rapid.IntRange(1, 200).Draw(rt, "hours")) * time.Hour
			default:
				recs = append(recs, eventRecord(fmt.Sprint("e", i), at, fmt.Sprint("a", i), hashed(1, rapid.IntRange(0, 31).Draw(rt, "bits"))))
			}
		}
		run := func(restart int) (lines []string) {
			db, err := pebble.Open("", &pebble.Options{FS: vfs.NewMem(), Logger: quiet{}})
			if err != nil {
				rt.Fatal(err)
			}
			defer db.Close()
			b := newBench(t, floodRules, Options{Every: true})
			set := b.loop.Set()
			s, err := state.New(state.Options{DB: db})
			if err != nil {
				rt.Fatal(err)
			}
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
				lines = append(lines, fmt.Sprint(out.Outcome, " ", string(out.Decision.Line), len(out.Effects), b.loop.Quarantines()))
			}
			return lines
		}
		want := run(-1)
		if diff := cmp.Diff(want, run(rapid.IntRange(1, len(recs)-1).Draw(rt, "restart"))); diff != "" {
			rt.Fatalf("a restart changes decisions (-without +with):\n%s", diff)
		}
	})
}
