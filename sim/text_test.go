package sim_test

import (
	"strings"
	"testing"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/sim"
	"github.com/ringfence/ringfence/text/family"
)

// TestFamiliesOfTexts: what people write of their own is in small families of near-copies; copypasta and texts that sites offer make large ones.
func TestFamiliesOfTexts(t *testing.T) {
	index := family.NewIndex(64 << 20)
	var sketcher family.Sketcher
	var sketch family.Sketch
	own := map[family.ID]bool{} // families with texts that pass on no link
	wrote := map[family.ID]map[string]bool{}
	scale := sim.Scale{Accounts: 5_000, Events: 40_000, Days: 6, Campaigns: 1}
	truth, err := sim.Generate(1, scale, func(e *event.Event) error {
		if text, _, _ := strings.Cut(e.Text, " https://"); len(text) >= 24 {
			sketcher.Into(&sketch, text)
			id := index.Assign(&sketch, e.Actor, e.Time)
			if wrote[id] == nil {
				wrote[id] = map[string]bool{}
			}
			wrote[id][e.Actor] = true
			if len(e.URLs) == 0 {
				own[id] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	what, members := map[string]string{}, map[string]int{}
	for _, tr := range truth {
		if what[tr.Account] == "" || tr.Harmful {
			what[tr.Account] = tr.Archetype + tr.Class
		}
		members[tr.Archetype+tr.Class]++
	}
	largest := map[string]int{}
	for id, accounts := range wrote {
		of := map[string]int{}
		for account := range accounts {
			of[what[account]]++
		}
		for kind, n := range of {
			if kind != "organic" || own[id] {
				largest[kind] = max(largest[kind], n)
			}
		}
	}
	t.Log(largest)
	if largest["organic"] > members["organic"]/50 {
		t.Errorf("%d of %d organic accounts write near-copies of one text", largest["organic"], members["organic"])
	}
	for _, kind := range []string{"copypasta", "default-share-text", "breaking-news"} {
		if largest[kind]*3 < members[kind] {
			t.Errorf("%d of %d accounts of %s write near-copies of one text, want a third", largest[kind], members[kind], kind)
		}
	}
}
