package group

import (
	"errors"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/sim"
)

// TestIncident repeats a real one (bluesky-social/pds#359): 693 of 858 accounts of a host signed up within 14 hours, and on the next day but one 18 of them post one short link. By
// the fifth of these posts the 693 are one group, the 675 that never acted among them, and hardly anyone of the other 165 is in it.
func TestIncident(t *testing.T) {
	f := finder(t)
	members, others := map[string]bool{}, map[string]bool{}
	scale := sim.Scale{Accounts: 1_000, Events: 12_000, Days: 6, Incident: true}
	truth, err := sim.Generate(4, scale, func(*event.Event) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range truth {
		if x.Archetype == "sleeper-batch" {
			members[x.Account] = true
		}
	}
	enough := errors.New("enough")
	links := 0
	_, err = sim.Generate(4, scale, func(e *event.Event) error {
		if !members[e.Actor] {
			for _, a := range e.Attrs {
				if strings.Contains(a.Value.Str, "smallhost") {
					others[e.Actor] = true
				}
			}
		} else if len(e.URLs) > 0 {
			links++
		}
		if err := f.Add(e); err != nil {
			return err
		}
		if links == 5 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Fatalf("%v, and %d links", err, links)
	}
	groups, err := f.Groups()
	if err != nil {
		t.Fatal(err)
	}
	most, wrong := 0, 0
	for _, g := range groups {
		in, out := 0, 0
		for _, a := range g.Accounts {
			if members[a] {
				in++
			} else if others[a] {
				out++
			}
		}
		if in > most {
			most, wrong = in, out
		}
	}
	t.Logf("%d of %d accounts in one group, and %d of %d others of the host", most, len(members), wrong, len(others))
	if most < 680 || wrong > 8 {
		t.Errorf("%d of %d accounts in one group, want 680; %d of %d others of the host, want at most 8", most, len(members), wrong, len(others))
	}
	if len(members) != 693 || len(others) < 100 {
		t.Errorf("%d members and %d others: the fixture is not the incident", len(members), len(others))
	}
}
