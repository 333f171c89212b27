package sim

import (
	"flag"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/event"
)

var update = flag.Bool("update", false, "write the golden files anew")

// membersOf are the accounts of one archetype.
func membersOf(truth []Truth, archetype string) map[string]bool {
	of := map[string]bool{}
	for _, tr := range truth {
		if tr.Archetype == archetype {
			of[tr.Account] = true
		}
	}
	return of
}

func TestCampaignsAdaptToEnforcement(t *testing.T) {
	scale := Scale{Accounts: 5_000, Days: 6, Campaigns: 1}
	generate := func(number int, suspended []string) ([]event.Event, []Truth, []Drawn) {
		t.Helper()
		r := Round{Seed: 3, Scale: scale, Number: number, Suspended: suspended}
		w, err := r.stage()
		if err != nil {
			t.Fatal(err)
		}
		var events []event.Event
		truth, err := r.Generate(func(e *event.Event) error { events = append(events, e.Clone()); return nil })
		if err != nil {
			t.Fatal(err)
		}
		return events, truth, w.drawn
	}
	_, truth, drawn := generate(0, nil)
	for _, archetype := range []string{"co-share", "copypasta", "sleeper-cell", "signup-batch"} {
		t.Run(archetype, func(t *testing.T) {
			before := membersOf(truth, archetype)
			var suspended []string
			silent := map[string]bool{}
			for _, tr := range truth {
				if tr.Archetype == archetype && len(suspended) < len(before)/2 {
					suspended = append(suspended, tr.Account)
					silent[tr.Account] = true
				}
			}
			events, truth, again := generate(1, suspended)
			after, kept := membersOf(truth, archetype), 0
			for account := range after {
				if before[account] {
					kept++
				}
			}
			if len(after) != len(before) || kept != len(before)-len(suspended) {
				t.Errorf("%d members of which %d were there, want %d and %d", len(after), kept, len(before), len(before)-len(suspended))
			}
			for _, e := range events {
				if silent[e.Actor] {
					t.Fatalf("%s acts and is suspended", e.Actor)
				}
				if e.Time < Start+6*day || e.Time >= Start+12*day {
					t.Fatalf("%s is not in the second round", event.FormatTime(e.Time))
				}
			}
			for i, d := range again {
				if d.Dials != drawn[i].Dials || d.Round != 1 {
					t.Errorf("%s has other dials in the second round", d.Group)
				}
				if lost := d.Archetype == archetype; lost != (d.Lost == 1) {
					t.Errorf("%s adapted %d times", d.Group, d.Lost)
				}
			}
		})
	}
}

// TestAdaptingIsHarderOrElsewhere: what is lost doubles the jitter or moves everybody.
func TestAdaptingIsHarderOrElsewhere(t *testing.T) {
	slower, moved := 0, 0
	for i := range 40 {
		w := newWorld(Round{Seed: uint64(i), Scale: alone})
		c := w.campaign("co-share", true, 0, 0)
		c.Jitter, c.lost = 60, 1
		link := c.link(1)
		c.adapt()
		switch {
		case c.Jitter == 120 && c.link(1) == link:
			slower++
		case c.Jitter == 60 && c.link(1) != link:
			moved++
		default:
			t.Fatalf("jitter %d, link %s", c.Jitter, c.link(1))
		}
	}
	if slower < 8 || moved < 8 {
		t.Errorf("%d are slower and %d moved", slower, moved)
	}
}

func TestDelivery(t *testing.T) {
	perfect, _ := run(t, 8, small)
	at := map[string]int64{}
	for _, e := range perfect {
		at[e.ID] = e.Time
	}
	r := Round{Seed: 8, Scale: small, Delivery: Delivery{Lost: 50, Late: 2 * time.Minute, Skew: time.Minute}}
	seen, skewed, late, newest := map[string]bool{}, 0, 0, int64(0)
	_, err := r.Generate(func(e *event.Event) error {
		was, ok := at[e.ID]
		if !ok || seen[e.ID] {
			t.Fatalf("%s was not there, or comes twice", e.ID)
		}
		seen[e.ID] = true
		if e.Time != was {
			skewed++
		}
		if off := e.Time - was; off > minute || off < -minute {
			t.Fatalf("a clock is off by %d s", off/second)
		}
		if was < newest {
			late++
		}
		if newest-was > 2*minute {
			t.Fatalf("%s arrives %d s late", e.ID, (newest-was)/second)
		}
		newest = max(newest, was)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	n := len(perfect)
	if lost := n - len(seen); lost < n*4/100 || lost > n*6/100 {
		t.Errorf("%d of %d events are lost, want 5%%", lost, n)
	}
	if skewed < n*2/100 || skewed > n*25/100 || late < n/4 {
		t.Errorf("of %d events %d have another time and %d are out of order", n, skewed, late)
	}
}

func TestRoundIsChecked(t *testing.T) {
	for _, bad := range []Round{
		{Scale: small, Number: -1}, {Scale: small, Number: 100}, {Scale: small, Delivery: Delivery{Lost: 501}},
		{Scale: small, Delivery: Delivery{Late: -1}}, {Scale: small, Delivery: Delivery{Skew: 2 * time.Hour}},
	} {
		if _, err := bad.Generate(func(*event.Event) error { return nil }); err == nil {
			t.Errorf("Generate takes %+v", bad)
		}
	}
}

// TestGolden shows an event of each kind of group at the smallest scale: the first that the group's first member makes for it.
func TestGolden(t *testing.T) {
	scale, err := ScaleOf("tiny")
	if err != nil {
		t.Fatal(err)
	}
	events, truth := run(t, 1, scale)
	var got []byte
	for i, tr := range truth {
		if tr.Group == "" || i > 0 && truth[i-1].Group == tr.Group {
			continue
		}
		for _, e := range events {
			if e.Actor == tr.Account && (tr.Joined == "" || event.FormatTime(e.Time) == tr.Joined) {
				got = append(append(got, tr.Group+" "...), e.AppendNative(nil)...)
				got = append(got, '\n')
				break
			}
		}
	}
	const path = "testdata/tiny.txt"
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("run with -update and look at the difference (-want +got):\n%s", diff)
	}
}
