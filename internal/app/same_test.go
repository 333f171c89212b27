package app_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/app"
	"github.com/ringfence/ringfence/internal/pipeline"
	"github.com/ringfence/ringfence/internal/source"
	"github.com/ringfence/ringfence/internal/state"
	"github.com/ringfence/ringfence/rule"
)

// live sends the lines to a new product with so many workers, and gives its decisions and its data folder, whose product has ended.
func live(t *testing.T, workers int, rules string, lines []string, adjust ...func(*app.Options)) (decisions []byte, dir string) {
	t.Helper()
	dir = dataDir(t)
	opts := options(dir, "", clock{})
	opts.Workers, opts.Config.Rules.Dir = workers, rules
	for _, a := range adjust {
		a(&opts)
	}
	p := startProduct(t, opts)
	for some := range slices.Chunk(lines, perRequest) {
		p.send(t, some...)
	}
	p.settle(t)
	decisions = p.decisions(t)
	p.stop(t)
	return decisions, dir
}

// same fails the test where two runs decided otherwise.
func same(t *testing.T, what string, want, got []byte) {
	t.Helper()
	if bytes.Equal(want, got) {
		return
	}
	if diff := cmp.Diff(parseLines(t, want), parseLines(t, got)); diff != "" {
		t.Fatalf("%s: other decisions (-want +got):\n%s", what, diff)
	}
	t.Fatalf("%s: the same decisions in other bytes", what)
}

// readLines is a reader of events from memory.
func readLines(t *testing.T, lines []string) source.Reader {
	t.Helper()
	path := filepath.Join(t.TempDir(), "events.ndjson")
	must(t, os.WriteFile(path, []byte(strings.Join(lines, "\n")), 0o600))
	r, err := source.Open(path, source.Options{Limits: event.DefaultLimits()})
	must(t, err)
	return r
}

func compile(t testing.TB, dir string) *rule.Set {
	t.Helper()
	files, err := rule.Load(dir)
	must(t, err)
	set, problems := rule.Compile(files)
	if set == nil {
		t.Fatal(problems)
	}
	return set
}

// TestSameDecisions takes one stream through the product in every way that must not matter.
func TestSameDecisions(t *testing.T) {
	lines := stream(t, 3)
	want, dir := live(t, 1, "testdata/rules", lines)
	if n := bytes.Count(want, []byte("\n")); n < 1000 {
		t.Fatalf("%d decisions: too few to compare", n)
	}
	if n := len(fires(t, want)["copies"]); n < 100 {
		t.Fatalf("%d copies of texts: too few to compare", n)
	}
	t.Run("two and four workers", func(t *testing.T) {
		for _, workers := range []int{2, 4} {
			got, _ := live(t, workers, "testdata/rules", lines)
			same(t, fmt.Sprint(workers, " workers"), want, got)
		}
	})
	t.Run("every event twice", func(t *testing.T) {
		var twice []string
		for _, l := range lines {
			twice = append(twice, l, l)
		}
		got, _ := live(t, 2, "testdata/rules", twice)
		same(t, "twice", want, got)
	})
	t.Run("all of it again", func(t *testing.T) {
		got, _ := live(t, 2, "testdata/rules", append(slices.Clone(lines), lines...))
		same(t, "again", want, got)
	})
	t.Run("replay of the data folder", func(t *testing.T) {
		for _, workers := range []int{1, 2, 4} {
			same(t, fmt.Sprint(workers, " workers"), want, replayFolder(t, dir, workers, nil))
		}
	})
	t.Run("replay of the lines", func(t *testing.T) {
		r := readLines(t, lines)
		defer r.Close()
		got := replay(t, pipeline.Events(r, pipeline.Span{}, func(error) {}), bytes.Repeat([]byte("k"), 32), state.Options{}, 2, compile(t, "testdata/rules"))
		same(t, "lines", want, got)
	})
	t.Run("other bounds", func(t *testing.T) {
		narrow := func(o *app.Options) {
			o.Config.Decide.Lateness, o.Config.Decide.DedupeHorizon = 0, o.Config.Decide.DedupeHorizon/12
		}
		narrowed, dir := live(t, 2, "testdata/rules", lines, narrow)
		same(t, "replay of the data folder", narrowed, replayFolder(t, dir, 2, nil))
		if bytes.Equal(want, narrowed) {
			t.Error("the bounds change no decision: the test tests nothing")
		}
	})
}

// TestLateWithinLateness sends events in other orders, within the lateness. What the windows say afterwards is the same.
func TestLateWithinLateness(t *testing.T) {
	rules := t.TempDir()
	must(t, os.WriteFile(filepath.Join(rules, "probe.yaml"), []byte(`rules:
  - id: probe
    on: [metrics]
    share: 100
    when: count(by(actor), "20m", on("post")) > 0
    because: "{count(by(actor), '20m', on('post'))} posts, {countDistinct(target, by(actor), '20m', on('post'))} targets, {sum(size(text), by(actor), '20m', on('post'))} bytes, first {firstSeen(by(actor), '20m', on('post'))}"
    then: [{label: seen, on: actor}]
`), 0o600))
	start := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	rng := rand.New(rand.NewPCG(4, 4))
	// Ten minutes of posts, whose order may change by two minutes, and then a probe of each actor.
	var posts, probes []string
	for i := range 600 {
		posts = append(posts, fmt.Sprintf(`{"id":"p%d","time":%q,"kind":"post","actor":"a%d","target":"t%d","text":"%0*d"}`,
			i, event.FormatTime(start.Add(time.Duration(i)*time.Second).UnixNano()), rng.IntN(20), rng.IntN(9), 1+rng.IntN(40), i))
	}
	for i := range 20 {
		probes = append(probes, fmt.Sprintf(`{"id":"m%d","time":%q,"kind":"metrics","actor":"a%d"}`, i, event.FormatTime(start.Add(15*time.Minute).UnixNano()), i))
	}
	want, _ := live(t, 2, rules, append(slices.Clone(posts), probes...))
	if n := bytes.Count(want, []byte("\n")); n != len(probes) {
		t.Fatalf("%d probes fired, want %d", n, len(probes))
	}
	for range 2 {
		shuffled := slices.Clone(posts)
		for some := range slices.Chunk(shuffled, 110) { // seconds, less than the lateness
			rng.Shuffle(len(some), func(i, j int) { some[i], some[j] = some[j], some[i] })
		}
		got, _ := live(t, 2, rules, append(shuffled, probes...))
		same(t, "shuffled", want, got)
	}
}

// changedRules is a folder with one threshold of the test's rules changed.
func changedRules(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	data, err := os.ReadFile("testdata/rules/fault.yaml")
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "fault.yaml"), []byte(strings.Replace(string(data), `"1h") >= 3`, `"1h") >= 6`, 1)), 0o600))
	return dir
}

// TestReplayEqualsLive decides again what live decided while people changed labels, allows, approvals, enforcement, cases and
// rules, and backtests what live decided by two sets.
func TestReplayEqualsLive(t *testing.T) {
	t.Run("with people's changes", func(t *testing.T) {
		c := fastClock()
		dir := dataDir(t)
		p := startProduct(t, options(dir, startReceiver(t, c, 0, false).URL, c))
		direct(t, p, stream(t, 5))
		want := p.decisions(t)
		p.stop(t)
		for _, workers := range []int{1, 4} {
			same(t, fmt.Sprint(workers, " workers"), want, replayFolder(t, dir, workers, nil))
		}
	})
	t.Run("backtest", func(t *testing.T) {
		lines := stream(t, 6)
		changed := changedRules(t)
		old, dir := live(t, 2, "testdata/rules", lines)
		new, _ := live(t, 2, changed, lines)
		same(t, "the new rules over the old rules' journal", new, replayFolder(t, dir, 2, compile(t, changed)))

		f, err := app.OpenFolder(t.Context(), dir, "")
		must(t, err)
		defer f.Close()
		got, err := pipeline.Backtest(t.Context(), pipeline.Options{Workers: 2, EmailKey: f.EmailKey}, f.Bounds(),
			compile(t, "testdata/rules"), compile(t, changed), pipeline.Records(f.Next, pipeline.Span{}, pipeline.Keep{Banks: true}), pipeline.Span{}, nil)
		must(t, err)
		oldFires, newFires := fires(t, old), fires(t, new)
		for _, c := range got {
			both := 0
			for event := range oldFires[c.Rule] {
				if newFires[c.Rule][event] {
					both++
				}
			}
			want := [3]int64{int64(len(oldFires[c.Rule])), int64(len(newFires[c.Rule])), int64(both)}
			if got := [3]int64{c.Old.Events, c.New.Events, c.Both}; got != want {
				t.Errorf("rule %s fired on %v events (old, new, both), live on %v", c.Rule, got, want)
			}
			if changes := c.Rule == "crowd"; changes != (c.Change == "changed") || changes == (c.Old.Events == c.New.Events) {
				t.Errorf("rule %s: %s, %d events and %d", c.Rule, c.Change, c.Old.Events, c.New.Events)
			}
		}
	})
}

// fires is the events on which each rule fired.
func fires(t testing.TB, decisions []byte) map[string]map[string]bool {
	all := map[string]map[string]bool{}
	for _, l := range parseLines(t, decisions) {
		for _, r := range l.Rules {
			if all[r.ID] == nil {
				all[r.ID] = map[string]bool{}
			}
			all[r.ID][l.Event] = true
		}
	}
	return all
}
