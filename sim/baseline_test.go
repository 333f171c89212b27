package sim_test

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/graph/coaction"
	"github.com/ringfence/ringfence/sim"
)

// platform is what other tools see of a simulation.
type platform struct {
	shares  coaction.Shares
	ips     map[string]map[string]bool
	devices map[string]map[string]bool
	acts    map[string]int
	kinds   map[string]int
	truth   []sim.Truth
	what    map[string]string // archetype or class by account; harmful comes first
	harmful map[string]bool
}

func look(t testing.TB, seed uint64, scale sim.Scale) *platform {
	t.Helper()
	p := &platform{ips: map[string]map[string]bool{}, devices: map[string]map[string]bool{}, acts: map[string]int{}, kinds: map[string]int{},
		what: map[string]string{}, harmful: map[string]bool{}}
	row := func(object, account, content string, at int64) {
		if err := p.shares.Add([]byte(object), []byte(account), []byte(content), at/1_000_000_000); err != nil {
			t.Fatal(err)
		}
	}
	note := func(in map[string]map[string]bool, key, account string) {
		if key == "" {
			return
		}
		if in[key] == nil {
			in[key] = map[string]bool{}
		}
		in[key][account] = true
	}
	truth, err := sim.Generate(seed, scale, func(e *event.Event) error {
		p.kinds[e.Kind]++
		p.acts[e.Actor]++
		note(p.ips, e.IP, e.Actor)
		note(p.devices, e.Device, e.Actor)
		switch {
		case e.Kind == "repost":
			row(e.Object, e.Actor, e.Content, e.Time)
		case len(e.URLs) > 0 && e.Object != "":
			row(e.URLs[0], e.Actor, e.Object, e.Time)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	p.truth = truth
	for _, tr := range truth {
		switch {
		case tr.Harmful:
			p.harmful[tr.Account] = true
			p.what[tr.Account] = tr.Archetype
		case p.what[tr.Account] == "":
			p.what[tr.Account] = tr.Class
		}
	}
	return p
}

func (p *platform) coortweet(t testing.TB, q float64) map[string]bool {
	flagged := map[string]bool{}
	c := coaction.CooRTweet{Window: 60, MinParticipation: 2, Threshold: q, Subgraph: true}
	if err := c.Edges(&p.shares, func(e *coaction.Edge) error { flagged[e.From], flagged[e.To] = true, true; return nil }); err != nil {
		t.Fatal(err)
	}
	return flagged
}

func (p *platform) toolkit(t testing.TB, least int) map[string]bool {
	flagged := map[string]bool{}
	c := coaction.Toolkit{Window: 60, MinWeight: least}
	if err := c.Edges(&p.shares, func(e coaction.Arrow) error { flagged[e.From], flagged[e.To] = true, true; return nil }); err != nil {
		t.Fatal(err)
	}
	return flagged
}

func crowded(in map[string]map[string]bool) map[string]bool {
	flagged := map[string]bool{}
	for _, of := range in {
		if len(of) >= 5 {
			for a := range of {
				flagged[a] = true
			}
		}
	}
	return flagged
}

func TestScratch(t *testing.T) {
	if os.Getenv("SCRATCH") == "" {
		t.Skip()
	}
	seed, _ := strconv.ParseUint(cmp.Or(os.Getenv("SEED"), "7"), 10, 64)
	scale, err := sim.ScaleOf(cmp.Or(os.Getenv("SCALE"), "S"))
	if err != nil {
		t.Fatal(err)
	}
	p := look(t, seed, scale)
	fmt.Println(p.kinds, "shares", p.shares.Len(), "accounts", len(p.what), "harmful", len(p.harmful))
	sizes := map[string]int{}
	for _, w := range p.what {
		sizes[w]++
	}
	proto := map[string]bool{"co-share": true, "boost": true, "follow-train": true, "paraphrase": true, "shared-infrastructure": true, "reply-brigade": true, "slow-drip": true, "camouflage": true, "hijacked": true, "sleeper-cell": true, "rotating-squads": true,
		"organic": true, "breaking-news": true, "fan": true, "newsroom": true, "giveaway": true, "nat": true}
	weights := map[int]int{}
	all := 0
	c := coaction.CooRTweet{Window: 60, MinParticipation: 2}
	_ = c.Edges(&p.shares, func(e *coaction.Edge) error { weights[min(e.Weight, 6)]++; all++; return nil })
	fmt.Println("edges", all, weights)
	names := []string{}
	for n := range sizes {
		names = append(names, n)
	}
	slices.Sort(names)
	rules := []struct {
		name    string
		flagged map[string]bool
	}{{"coor.5", p.coortweet(t, .5)}, {"coor.99", p.coortweet(t, .99)}, {"qut5", p.toolkit(t, 5)}, {"ip5", crowded(p.ips)}, {"dev5", crowded(p.devices)}}
	fmt.Printf("%-24s %6s", "", "size")
	for _, r := range rules {
		fmt.Printf(" %8s", r.name)
	}
	fmt.Println()
	for _, n := range names {
		mark := " "
		if !proto[n] {
			mark = "-"
		}
		fmt.Printf("%s%-23s %6d", mark, n, sizes[n])
		for _, r := range rules {
			k := 0
			for a := range r.flagged {
				if p.what[a] == n {
					k++
				}
			}
			fmt.Printf(" %8d", k)
		}
		fmt.Println()
	}
	for _, r := range rules {
		tp, f, h := 0, 0, 0
		for a := range r.flagged {
			if proto[p.what[a]] {
				f++
				if p.harmful[a] {
					tp++
				}
			}
		}
		for a := range p.harmful {
			if proto[p.what[a]] {
				h++
			}
		}
		fmt.Printf("%-10s P %.3f R %.3f (%d of %d, %d harmful)\n", r.name, float64(tp)/float64(f), float64(tp)/float64(h), tp, f, h)
	}
}
