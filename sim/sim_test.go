package sim

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/event"
)

// small is the smallest scale, for tests that need not see a whole week.
var small = Scale{Accounts: 1_000, Events: 10_000, Days: 6, Campaigns: 1}

// run generates and keeps everything.
func run(t *testing.T, seed uint64, scale Scale) ([]event.Event, []Truth) {
	t.Helper()
	var events []event.Event
	truth, err := Generate(seed, scale, func(e *event.Event) error {
		events = append(events, e.Clone())
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return events, truth
}

func TestGenerateGivesTheSameBytesForASeed(t *testing.T) {
	sum := func(seed uint64) uint64 {
		h := xxh3.New()
		var line []byte
		truth, err := Generate(seed, small, func(e *event.Event) error {
			line = append(e.AppendNative(line[:0]), '\n')
			_, err := h.Write(line)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, tr := range truth {
			_, _ = h.WriteString(tr.Account + tr.Group + tr.Archetype + tr.Class)
		}
		return h.Sum64()
	}
	const want = 0xd660a5093852c788
	if got := sum(1); got != want {
		t.Errorf("hash of seed 1 = %#x, want %#x: if the simulation was changed on purpose, set the new hash", got, uint64(want))
	}
	if sum(2) == sum(1) {
		t.Error("seeds 1 and 2 give the same stream")
	}
}

func TestEventsAreValidAndInOrder(t *testing.T) {
	decoder := event.NewDecoder(event.DefaultLimits())
	var line []byte
	var decoded event.Event
	last := Start
	ids := map[string]bool{}
	_, err := Generate(3, small, func(e *event.Event) error {
		line = e.AppendNative(nil)
		if err := decoder.Decode(line, &decoded); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if again := decoded.AppendNative(nil); string(again) != string(line) {
			t.Fatalf("decoded and encoded again:\ngot  %s\nwant %s", again, line)
		}
		if e.Time < last || e.Time >= Start+int64(small.Days)*day || e.Time%millisecond != 0 {
			t.Fatalf("time %s is out of order, out of the span or not on a millisecond", event.FormatTime(e.Time))
		}
		if ids[e.ID] {
			t.Fatalf("id %s comes twice", e.ID)
		}
		if strings.ContainsAny(e.Text, "{}") {
			t.Fatalf("text has an unfilled slot: %s", e.Text)
		}
		if e.Account.Created > e.Time {
			t.Fatalf("%s acts at %s, before its account was made", e.Actor, event.FormatTime(e.Time))
		}
		ids[e.ID], last = true, e.Time
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTruthNamesEveryActor(t *testing.T) {
	events, truth := run(t, 4, small)
	known := map[string]bool{}
	type membership struct{ account, group string }
	seen := map[membership]bool{}
	for _, tr := range truth {
		known[tr.Account] = true
		if seen[membership{tr.Account, tr.Group}] {
			t.Errorf("%s is in group %q twice", tr.Account, tr.Group)
		}
		seen[membership{tr.Account, tr.Group}] = true
		if tr.Harmful != (tr.Archetype != "") || tr.Harmful == (tr.Class != "") {
			t.Errorf("%+v: exactly the harmful have an archetype, exactly the others a class", tr)
		}
	}
	for _, e := range events {
		if !known[e.Actor] {
			t.Fatalf("%s acts and is not in the truth", e.Actor)
		}
	}
}

func TestSleeperBatchIsTheIncident(t *testing.T) {
	scale := small
	scale.Incident = true
	events, truth := run(t, 6, scale)
	var members = map[string]bool{}
	for _, tr := range truth {
		if tr.Archetype == "sleeper-batch" {
			members[tr.Account] = true
		}
	}
	var signups, fillers, links []event.Event
	onHost := map[string]bool{}
	for _, e := range events {
		if e.Kind != "metrics" && e.Attrs[0].Value.Str == smallHost {
			onHost[e.Actor] = true
		}
		switch {
		case !members[e.Actor]:
		case e.Kind == "signup":
			signups = append(signups, e)
		case len(e.URLs) == 0:
			fillers = append(fillers, e)
		default:
			links = append(links, e)
		}
	}
	if got := len(signups); got != 693 {
		t.Fatalf("%d sign-ups, want 693", got)
	}
	if got := signups[692].Time - signups[0].Time; got > 14*hour || got < 13*hour {
		t.Errorf("sign-ups take %d h, want 14", got/hour)
	}
	for _, e := range signups {
		if e.Account.Email != e.Account.Handle+"@gmail.com" || e.Account.Confirmed || e.Attrs[0].Value.Str != smallHost {
			t.Fatalf("sign-up without the batch's pattern: %s", e.AppendNative(nil))
		}
	}
	for _, e := range fillers {
		if e.Text != "gm 🌸" || e.Time >= links[0].Time {
			t.Errorf("filler %q at %s", e.Text, event.FormatTime(e.Time))
		}
	}
	if got := len(links); got != 116 {
		t.Fatalf("%d records with a link, want 116", got)
	}
	actors := map[string]bool{}
	for i, e := range links {
		actors[e.Actor] = true
		if e.URLs[0] != links[0].URLs[0] {
			t.Errorf("link %s, want one for all", e.URLs[0])
		}
		if i > 0 && (e.Time-links[i-1].Time > 10*second || e.Actor == links[i-1].Actor) {
			t.Errorf("record %d is %d s after the one before, by %s after %s", i, (e.Time-links[i-1].Time)/second, e.Actor, links[i-1].Actor)
		}
	}
	if len(actors) != 18 {
		t.Errorf("%d accounts post the link, want 18", len(actors))
	}
	for a := range onHost {
		delete(members, a)
	}
	if len(members) != 0 || len(onHost) > 858 {
		t.Errorf("%d of the batch are elsewhere; %d accounts act on the host, want at most 858", len(members), len(onHost))
	}
}

func TestScaleS(t *testing.T) {
	scale, err := ScaleOf("S")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	kinds := map[string]int{}
	truth, err := Generate(1, scale, func(e *event.Event) error { n++; kinds[e.Kind]++; return nil })
	if err != nil {
		t.Fatal(err)
	}
	if n < 450_000 || n > 550_000 {
		t.Errorf("%d events, want about 500,000: %v", n, kinds)
	}
	for _, kind := range []string{"post", "reply", "like", "repost", "follow", "unfollow", "signup", "login", "profile", "edit", "delete", "report", "metrics"} {
		if kinds[kind] == 0 {
			t.Errorf("no event of kind %s", kind)
		}
	}
	harmful, alike, all := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, tr := range truth {
		all[tr.Account] = true
		if tr.Harmful {
			harmful[tr.Account] = true
		} else if tr.Group != "" {
			alike[tr.Account] = true
		}
	}
	if share := float64(len(harmful)) / float64(len(all)); share < .005 || share > .04 {
		t.Errorf("%d of %d accounts are harmful, want .5%% to 4%%", len(harmful), len(all))
	}
	if len(alike) < len(harmful) {
		t.Errorf("%d accounts are look-alikes and %d harmful, want more", len(alike), len(harmful))
	}
}

func TestPeopleFollowTheirHours(t *testing.T) {
	events, _ := run(t, 7, Scale{Accounts: 1_000, Events: 50_000, Days: 6, Campaigns: 0})
	var hours [24]int
	acts := map[string]int{}
	for _, e := range events {
		hours[e.Time%day/hour]++
		acts[e.Actor]++
	}
	if low, high := slices.Min(hours[:]), slices.Max(hours[:]); high < 3*low/2 {
		t.Errorf("busiest hour %d, quietest %d: want a rhythm of the day", high, low)
	}
	counts := make([]int, 0, len(acts))
	for _, n := range acts {
		counts = append(counts, n)
	}
	slices.Sort(counts)
	if median, top := counts[len(counts)/2], counts[len(counts)-1]; top < 5*median {
		t.Errorf("most active account has %d acts, median %d: want a heavy tail", top, median)
	}
}

func TestEmitStopsTheSimulation(t *testing.T) {
	stop := errors.New("enough")
	n := 0
	_, err := Generate(1, small, func(*event.Event) error {
		if n++; n == 10 {
			return stop
		}
		return nil
	})
	if !errors.Is(err, stop) || n != 10 {
		t.Errorf("error %v after %d events, want %v after 10", err, n, stop)
	}
}

func TestScaleIsChecked(t *testing.T) {
	for _, bad := range []Scale{
		{}, {Accounts: 999, Days: 7}, {Accounts: 1_000, Days: 5}, {Accounts: 1_000, Days: 7, Events: -1}, {Accounts: 1_000, Days: 7, Campaigns: -1},
	} {
		if _, err := Generate(1, bad, func(*event.Event) error { return nil }); err == nil {
			t.Errorf("Generate takes %+v", bad)
		}
	}
	if _, err := ScaleOf("XL"); err == nil {
		t.Error("ScaleOf takes XL")
	}
}

func BenchmarkGenerate(b *testing.B) {
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if _, err := Generate(1, small, func(*event.Event) error { n++; return nil }); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "events/s")
}
