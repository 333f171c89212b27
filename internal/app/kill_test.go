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
)

// full asks for many more deaths than the gate has time for.
func full() bool { return os.Getenv("RINGFENCE_FULL") == "1" }

// reference is a run that nothing disturbed, and what everybody must come to in the end.
type reference struct {
	steps     []step
	decisions []byte
	effects   []sent
	cases     []reviewed
	known     map[string]string   // by entity
	order     map[string][]string // as the receiver has it
}

// runReference takes a seed's stream through a product in this process, with a receiver that never fails.
func runReference(t *testing.T, seed uint64) *reference {
	t.Helper()
	c := fastClock()
	to := startReceiver(t, c, seed, false)
	p := startProduct(t, options(dataDir(t), to.URL, c))
	ref := &reference{}
	ref.steps = direct(t, p, stream(t, seed))
	ref.look(t, p.client)
	ref.order = to.order
	p.stop(t)
	counts := map[string]int{}
	for _, l := range parseLines(t, ref.decisions) {
		for _, e := range l.Effects {
			counts[e.Do+" "+e.State]++
		}
	}
	t.Logf("%d requests and changes, %d decisions, %v", len(ref.steps), bytes.Count(ref.decisions, []byte("\n")), counts)
	for _, must := range []string{"label queued", "label absorbed", "review queued", "review absorbed", "review shadow", "enforce queued", "enforce waiting",
		"enforce absorbed", "notify queued", "label suppressed"} {
		if counts[must] == 0 {
			t.Fatalf("the stream leads to no effect %q: the test would not test it", must)
		}
	}
	return ref
}

// look takes down what a product has come to.
func (ref *reference) look(t *testing.T, c client) {
	t.Helper()
	ref.decisions, ref.effects, ref.known = c.decisions(t), c.effects(t, ""), map[string]string{}
	for _, state := range []string{"open", "closed"} {
		some, err := pages[reviewed](c, "/v1/cases?limit=500&state="+state)
		must(t, err)
		ref.cases = append(ref.cases, some...)
	}
	slices.SortFunc(ref.cases, func(a, b reviewed) int { return bytes.Compare([]byte(a.ID), []byte(b.ID)) })
	for _, e := range ref.effects {
		if len(ref.known) < 200 && ref.known[e.On] == "" {
			ref.known[e.On] = c.known(t, e.On)
		}
	}
}

// dataDir is a data folder with a key that all tests share, since the key can show in decisions.
func dataDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "email.key"), bytes.Repeat([]byte("k"), 32), 0o600))
	return dir
}

// fate is how a life of the product ends: at the nth passage of a crash point, or some time after it began, or by itself.
type fate struct {
	point string
	n     int64
	after time.Duration
}

// lives is the product in one data folder, through one process after another.
type lives struct {
	t     *testing.T
	order order
	fates []fate // of the next lives; then there is one that lasts
	now   *process
	dead  int
}

// next begins a life, unless the present one goes on.
func (l *lives) next() *process {
	l.t.Helper()
	for l.now == nil || l.now.base == "" || ended(l.now) {
		if l.now != nil {
			if !l.now.killed() {
				l.t.Fatalf("a process ended, but was not killed: %v\n%s", l.now.err, l.now.stderr.String())
			}
			l.dead++
		}
		o, f := l.order, fate{}
		if len(l.fates) > 0 {
			f, l.fates = l.fates[0], l.fates[1:]
		}
		o.Point, o.N = f.point, f.n
		l.begin(o, f.after)
	}
	return l.now
}

func (l *lives) begin(o order, after time.Duration) {
	p := launch(l.t, o)
	l.now = p
	if after > 0 {
		time.AfterFunc(after, func() { _ = p.cmd.Process.Kill() })
	}
	p.listen()
}

func ended(p *process) bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// through does something with a living product, again and again, until it worked. A failure must be the process's death.
func (l *lives) through(what string, try func(c client) error) {
	l.t.Helper()
	for end := time.Now().Add(3 * patience); ; {
		p := l.next()
		err := try(p.client)
		if err == nil {
			return
		}
		if !p.killed() {
			l.t.Fatalf("%s: %v, and the process lives\n%s", what, err, p.stderr.String())
		}
		if time.Now().After(end) {
			l.t.Fatalf("%s: not within %s", what, 3*patience)
		}
	}
}

// disturbed takes a reference's steps through lives that end by the fates, and compares what it has come to.
func disturbed(t *testing.T, ref *reference, seed uint64, fates []fate) {
	c := fastClock()
	to := startReceiver(t, c, seed, true)
	dir := dataDir(t)
	l := &lives{t: t, order: order{Dir: dir, Receiver: to.URL, Clock: c}, fates: fates}
	for i, s := range ref.steps {
		l.through(fmt.Sprintf("step %d", i), func(c client) error { return c.take(s) })
	}
	l.through("delivery", func(c client) error {
		return c.until(func() (bool, error) {
			a, err := c.call("GET", "/v1/decisions", "", "Accept: application/x-ndjson")
			if err != nil || bytes.Count(a.body, []byte("\n")) < bytes.Count(ref.decisions, []byte("\n")) {
				return false, err
			}
			left, err := pages[sent](c, "/v1/effects?state=queued&limit=500") // what a decision leads to is stored before it is shown
			return err == nil && len(left) == 0, err
		})
	})
	for p := l.next(); l.dead < len(fates); p = l.next() {
		if !p.killed() {
			t.Fatalf("all is done and only %d deaths of %d have happened: the test tests nothing", l.dead, len(fates))
		}
	}
	got := &reference{}
	got.look(t, l.now.client)
	l.now.stop(t)

	if diff := cmp.Diff(parseLines(t, ref.decisions), parseLines(t, got.decisions)); diff != "" {
		t.Errorf("decisions (-undisturbed +got):\n%s", diff)
	} else if !bytes.Equal(ref.decisions, got.decisions) {
		t.Error("the decisions differ in their bytes")
	}
	if diff := cmp.Diff(ref.effects, got.effects); diff != "" {
		t.Errorf("effects (-undisturbed +got):\n%s", diff)
	}
	if diff := cmp.Diff(ref.cases, got.cases); diff != "" {
		t.Errorf("cases (-undisturbed +got):\n%s", diff)
	}
	if diff := cmp.Diff(ref.known, got.known); diff != "" {
		t.Errorf("entities (-undisturbed +got):\n%s", diff)
	}
	if replayed := replayFolder(t, dir, 2, nil); !bytes.Equal(replayed, ref.decisions) {
		t.Errorf("a replay of the data folder decides otherwise:\n%s", cmp.Diff(parseLines(t, ref.decisions), parseLines(t, replayed)))
	}
	to.compare(ref)
	t.Logf("%d deaths; of %d messages %d failed and %d came twice", l.dead, total(to.attempts), to.failed, to.doubled)
}

// compare holds what the receiver applied to what the decisions and people asked for.
func (r *receiver) compare(ref *reference) {
	r.mu.Lock()
	defer r.mu.Unlock()
	want := map[string]bool{}
	approved := map[string]bool{} // targets whose effects were let out later, at a moment of its own in every run
	for _, l := range parseLines(r.t, ref.decisions) {
		for _, e := range l.Effects {
			if e.State == "queued" {
				want[e.ID] = true
			}
		}
	}
	for _, e := range ref.effects {
		if e.Why != "" && e.State == "delivered" {
			want[e.ID], approved[e.On] = true, true
		} else if e.Source == "change" {
			want[e.ID] = true
		}
	}
	if diff := cmp.Diff(want, r.applied); diff != "" {
		r.t.Errorf("applied at the receiver (-asked for +applied):\n%s", diff)
	}
	for line, ids := range ref.order {
		_, target, _ := strings.Cut(line, " ")
		if diff := cmp.Diff(ids, r.order[line]); diff != "" && !approved[target] {
			r.t.Errorf("effects at %s came in another order (-undisturbed +got):\n%s", line, diff)
		}
	}
}

func total(counts map[string]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}

// TestKillAtEveryPoint kills the product at every place between two writes that belong together.
func TestKillAtEveryPoint(t *testing.T) {
	ref := runReference(t, 1)
	passages := []int64{3}
	if full() {
		passages = []int64{1, 2, 7, 20}
	}
	for _, point := range []string{"journal.before-sync", "journal.after-sync", "outbox.before-commit", "outbox.after-commit",
		"image.before-commit", "image.after-commit", "send.before", "send.after", "ack.before", "ack.after"} {
		for i, n := range passages {
			t.Run(fmt.Sprint(point, "/", n), func(t *testing.T) {
				t.Parallel()
				// The second life ends at the same point, at its first passage: while it makes up for what the first lost.
				disturbed(t, ref, uint64(i), []fate{{point: point, n: n}, {point: point, n: 1}})
			})
		}
	}
}

// TestKillAtRandomTimes kills the product at any time, also while it starts.
func TestKillAtRandomTimes(t *testing.T) {
	ref := runReference(t, 2)
	runs, deaths := 1, 6
	if full() {
		runs, deaths = 5, 10
	}
	for run := range runs {
		t.Run(fmt.Sprint(run), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(uint64(run), 2))
			fates := make([]fate, deaths)
			for i := range fates {
				fates[i].after = time.Duration(1 + rng.Int64N(int64(900*time.Millisecond)))
			}
			disturbed(t, ref, uint64(run), fates)
		})
	}
}
