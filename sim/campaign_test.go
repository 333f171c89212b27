package sim

import (
	"slices"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/event"
)

// alone is the staged groups without a crowd: what members do as anybody would is then to post.
var alone = Scale{Accounts: 20_000, Days: 7, Campaigns: 1}

// cast is one group and what its members do.
type cast struct {
	t       *testing.T
	dials   Dials
	members map[string]bool
	acts    []event.Event
}

// casts are the groups of a seed, by archetype or class.
func casts(t *testing.T, seed uint64) map[string]*cast {
	t.Helper()
	r := Round{Seed: seed, Scale: alone}
	w, err := r.stage()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]*cast{}
	of := map[string][]*cast{}
	for _, tr := range w.truths() {
		if tr.Group == "" {
			continue
		}
		what := tr.Archetype + tr.Class
		if strings.HasSuffix(tr.Group, "b") { // the other half of a bridge
			what += "b"
		}
		if all[what] == nil {
			all[what] = &cast{t: t, members: map[string]bool{}}
		}
		all[what].members[tr.Account] = true
		of[tr.Account] = append(of[tr.Account], all[what])
	}
	for _, d := range w.drawn {
		all[d.Archetype].dials = d.Dials
	}
	events, _ := run(t, seed, alone)
	for _, e := range events {
		for _, c := range of[e.Actor] {
			c.acts = append(c.acts, e)
		}
	}
	return all
}

// by groups the acts that have a key.
func (c *cast) by(key func(*event.Event) string) map[string][]event.Event {
	groups := map[string][]event.Event{}
	for i := range c.acts {
		if k := key(&c.acts[i]); k != "" {
			groups[k] = append(groups[k], c.acts[i])
		}
	}
	return groups
}

func link(e *event.Event) string {
	if len(e.URLs) == 0 {
		return ""
	}
	return e.URLs[0]
}

func ofKind(kind string, key func(*event.Event) string) func(*event.Event) string {
	return func(e *event.Event) string {
		if e.Kind != kind {
			return ""
		}
		return key(e)
	}
}

func target(e *event.Event) string { return e.Target }
func actor(e *event.Event) string  { return e.Actor }

// spread is how long the acts take.
func spread(acts []event.Event) int64 { return acts[len(acts)-1].Time - acts[0].Time }

// together checks that links are shared by their part of the members within the jitter.
func (c *cast) together() {
	links := c.by(link)
	if len(links) != c.dials.Objects && c.dials.Reuse == 0 {
		c.t.Errorf("%d links, want %d", len(links), c.dials.Objects)
	}
	shares, close := 0, 0
	for _, acts := range links {
		shares += len(acts)
		for i := 1; i < len(acts); i++ {
			if acts[i].Time-acts[i-1].Time <= int64(c.dials.Jitter)*second {
				close++
			}
		}
	}
	if want := len(c.members) * c.dials.Objects * c.dials.Participation / 100; shares < want*8/10 || shares > want*12/10 {
		c.t.Errorf("%d shares, want about %d", shares, want)
	}
	if close < shares*6/10 {
		c.t.Errorf("%d of %d shares follow within %d s", close, shares, c.dials.Jitter)
	}
}

func TestCampaignsDoWhatTheirNamesSay(t *testing.T) {
	checks := map[string]func(*cast){
		"co-share":   (*cast).together,
		"camouflage": func(c *cast) { c.together(); c.mostly(func(e *event.Event) bool { return len(e.URLs) == 0 }, 75) },
		"hijacked": func(c *cast) {
			c.together()
			for _, acts := range c.by(actor) {
				for _, e := range acts {
					if e.Account.Created >= Start {
						c.t.Errorf("%s is young", e.Actor)
					}
				}
			}
			c.mostly(func(e *event.Event) bool { return e.ASN >= 65_100 }, 60)
		},
		"sleeper-cell": func(c *cast) {
			c.together()
			for _, e := range c.acts {
				if e.Kind == "signup" && e.Time >= Start+day || len(e.URLs) > 0 && e.Time < Start+6*day {
					c.t.Errorf("%s at %s", e.Kind, event.FormatTime(e.Time))
				}
			}
		},
		"boost": func(c *cast) {
			boosted, all := []int{}, 0
			for _, acts := range c.by(ofKind("repost", target)) {
				boosted, all = append(boosted, len(acts)), all+len(acts)
			}
			slices.Sort(boosted)
			if n := len(boosted); n < 3 || 10*(boosted[n-1]+boosted[n-2]+boosted[n-3]) < 5*all {
				c.t.Errorf("reposts by account %v, want most of three", boosted)
			}
		},
		"slow-drip": func(c *cast) {
			slow, all := 0, 0
			for _, acts := range c.by(link) {
				for i := 1; i < len(acts); i++ {
					all++
					if acts[i].Time-acts[i-1].Time > 10*minute {
						slow++
					}
				}
			}
			if slow*10 < all*6 {
				c.t.Errorf("%d of %d shares come more than 10 min after the last", slow, all)
			}
		},
		"rotating-squads": func(c *cast) {
			pairs, repeated := map[[2]string]int{}, 0
			for _, acts := range c.by(link) {
				if len(acts)%5 != 0 {
					c.t.Errorf("%d share a link, want squads of 5", len(acts))
				}
				for i, a := range acts {
					for _, b := range acts[:i] {
						pairs[[2]string{min(a.Actor, b.Actor), max(a.Actor, b.Actor)}]++
					}
				}
			}
			for _, n := range pairs {
				if n >= 5 {
					repeated++
				}
			}
			if 10*repeated > len(pairs) {
				c.t.Errorf("%d of %d pairs meet five times", repeated, len(pairs))
			}
		},
		"relay": func(c *cast) {
			posts, replies, reposts := c.by(ofKind("post", link)), c.by(ofKind("reply", actor)), c.by(ofKind("repost", actor))
			for _, acts := range posts {
				for _, e := range acts {
					if replies[e.Actor] != nil {
						c.t.Errorf("%s posts, and answers as well", e.Actor)
					}
				}
			}
			if len(replies) < 4 || len(reposts) < 4 {
				c.t.Errorf("%d answer and %d boost", len(replies), len(reposts))
			}
		},
		"bridge":  (*cast).sharesLinks,
		"bridgeb": (*cast).sharesLinks,
		"follow-train": func(c *cast) {
			follows := len(slices.DeleteFunc(slices.Clone(c.acts), func(e event.Event) bool { return e.Kind != "follow" || !c.members[e.Target] }))
			n := len(c.members)
			if density := 100 * follows / (n * (n - 1)); density < c.dials.Participation-8 || density > c.dials.Participation+8 {
				c.t.Errorf("%d%% of pairs follow, want %d%%", density, c.dials.Participation)
			}
		},
		"follow-ring": func(c *cast) {
			follows, back := map[[2]string]bool{}, 0
			for _, e := range c.acts {
				if e.Kind == "follow" {
					follows[[2]string{e.Actor, e.Target}] = true
				}
			}
			for f := range follows {
				if follows[[2]string{f[1], f[0]}] {
					back++
				}
			}
			if 10*back < 8*len(follows) {
				c.t.Errorf("%d of %d follows are returned", back, len(follows))
			}
		},
		"customers": func(c *cast) {
			if n := len(c.by(ofKind("follow", target))); n != 12 {
				c.t.Errorf("%d are followed, want 12 customers", n)
			}
		},
		"paraphrase": func(c *cast) {
			langs, texts := map[string]bool{}, map[string]int{}
			for _, e := range c.acts {
				langs[e.Lang] = true
				texts[e.Text]++
				if len(e.URLs) > 0 {
					c.t.Error("it shares a link")
				}
			}
			if !langs["de"] || !langs["es"] {
				c.t.Errorf("languages %v", langs)
			}
			if 5*len(texts) < 2*len(c.acts) && c.dials.Paraphrase > 40 {
				c.t.Errorf("%d texts in %d acts", len(texts), len(c.acts))
			}
		},
		"copypasta": func(c *cast) {
			if n := len(c.by(link)); n > 3 {
				c.t.Errorf("%d links, want at most 3", n)
			}
			c.mostly(func(e *event.Event) bool { return e.ASN >= 65_100 }, 70)
		},
		"reply-brigade": func(c *cast) {
			if n := len(c.by(ofKind("reply", target))); n != 1 {
				c.t.Errorf("%d victims, want 1", n)
			}
			if len(c.by(ofKind("report", target))) != 1 {
				c.t.Error("the victim is not reported")
			}
		},
		"trend-attack": func(c *cast) {
			posted, deleted := map[string]int64{}, 0
			for _, e := range c.acts {
				if len(e.Hashtags) > 0 && strings.HasSuffix(e.Hashtags[0], "now") {
					posted[e.Object] = e.Time
				}
				if at := posted[e.Object]; e.Kind == "delete" && at != 0 && e.Time-at <= 20*second {
					deleted++
				}
			}
			if deleted != len(posted) || deleted == 0 {
				c.t.Errorf("%d of %d posts are deleted within seconds", deleted, len(posted))
			}
		},
		"shared-infrastructure": func(c *cast) {
			c.mostly(func(e *event.Event) bool { return e.ASN >= 65_100 }, 60)
			if n := len(c.by(func(e *event.Event) string { return e.Device })); n > 3+len(c.members) {
				c.t.Errorf("%d devices", n)
			}
		},
		"signup-batch": func(c *cast) {
			signups := c.by(ofKind("signup", func(*event.Event) string { return "signup" }))["signup"]
			if len(signups) != len(c.members) || spread(signups) > 4*hour {
				c.t.Fatalf("%d of %d sign up in %d min", len(signups), len(c.members), spread(signups)/minute)
			}
			for _, e := range signups {
				if e.Account.Email != e.Account.Handle+"@gmail.com" || e.Account.Confirmed {
					c.t.Errorf("without the pattern: %+v", e.Account)
				}
			}
		},
	}
	for seed := range uint64(3) {
		all := casts(t, seed+100)
		for _, a := range Archetypes() {
			c, check := all[a.Name], checks[a.Name]
			if c == nil || check == nil {
				t.Errorf("no %s, or no check of it", a.Name)
				continue
			}
			t.Run(a.Name, func(t *testing.T) {
				c.t = t
				if a.Name != "bridge" && len(c.members) != c.dials.Size {
					t.Errorf("%d members, want %d", len(c.members), c.dials.Size)
				}
				check(c)
			})
		}
		common := 0
		for account := range all["bridge"].members {
			if all["bridgeb"].members[account] {
				common++
			}
		}
		if common != 4 {
			t.Errorf("the halves of a bridge have %d accounts in common, want 4", common)
		}
		for _, l := range LookAlikes() {
			if c := all[l.Class]; c == nil || len(c.members) < l.Size*8/10 || len(c.members) > l.Size*12/10+8 {
				t.Errorf("%s: want about %d accounts, got %+v", l.Class, l.Size, c != nil)
			}
		}
	}
}

// sharesLinks checks that there are links; half of a bridge has no dials of its own.
func (c *cast) sharesLinks() {
	if len(c.by(link)) == 0 {
		c.t.Error("nothing is shared")
	}
}

// mostly checks that something is so of that many percent of the acts at least.
func (c *cast) mostly(so func(*event.Event) bool, percent int) {
	n := 0
	for i := range c.acts {
		if so(&c.acts[i]) {
			n++
		}
	}
	if 100*n < percent*len(c.acts) {
		c.t.Errorf("%d of %d acts, want %d%%", n, len(c.acts), percent)
	}
}
