package state

import (
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ringfence/ringfence/internal/window"
	"github.com/ringfence/ringfence/text/family"
)

const (
	second = int64(time.Second)
	start  = 1_700_000_000 * second
)

func openMem(t testing.TB, readOnly bool, fs vfs.FS) *pebble.DB {
	t.Helper()
	db, err := pebble.Open("db", &pebble.Options{FS: fs, ReadOnly: readOnly, Logger: quiet{}})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

type quiet struct{}

func (quiet) Infof(string, ...any)         {}
func (quiet) Errorf(string, ...any)        {}
func (quiet) Fatalf(f string, args ...any) { panic(fmt.Sprintf(f, args...)) }

var words = Codec[string]{
	Append: func(dst []byte, v string) []byte { return append(dst, v...) },
	Decode: func(b []byte) (string, error) { return string(b), nil },
}

// world is a state with tables, as a decide loop would have it, and what its expiries said.
type world struct {
	*State
	labels, cases *Table[string]
	slots         []Slot
	log           []string
	families      map[family.ID]bool // that ever were
}

func newWorld(t testing.TB, db *pebble.DB) *world {
	s, err := New(Options{DB: db, Budget: minBudget, MaxIDs: 40, Horizon: 3600 * second, RecentIDs: 1})
	if err != nil {
		t.Fatal(err)
	}
	w := &world{State: s, labels: NewTable(s, "labels", words), cases: NewTable(s, "cases", words), families: map[family.ID]bool{}}
	w.labels.OnExpire(func(key, v string) {
		w.log = append(w.log, "labels "+key+" "+v)
		w.cases.Put("after "+key, v, w.Clock()+100*second)
	})
	w.cases.OnExpire(func(key, v string) { w.log = append(w.log, "cases "+key+" "+v) })
	return w
}

// dump is everything that a later operation could depend on.
func (w *world) dump() string {
	var b strings.Builder
	fmt.Fprintf(&b, "clock %d used %d fixed %d numbers %d ids %x\n", w.clock, w.used, w.fixed, w.numbers, w.ids.Meta(nil))
	for i, k := range w.windows {
		if k == nil {
			continue
		}
		fmt.Fprintf(&b, "slot %d number %d %s bytes %d evicted %d\n", i, k.number, k.win.ID, k.bytes, k.evicted)
		var lines []string
		for key, i := range k.index {
			c := w.cells.at(i)
			if c.key != key || int(c.win) >= len(w.windows) || w.windows[c.win] != k {
				lines = append(lines, "misplaced cell")
			}
			lines = append(lines, fmt.Sprintf("%x last %d cost %d %x", key, c.last, c.cost(), k.win.Encode(nil, w.cells.words(c))))
		}
		slices.Sort(lines)
		b.WriteString(strings.Join(lines, "\n") + "\n")
	}
	for _, id := range slices.Sorted(maps.Keys(w.families)) {
		if f, ok := w.Family(id); ok {
			fmt.Fprintf(&b, "family %+v\n", f)
		}
	}
	fmt.Fprintf(&b, "%d families of %d bytes\n", w.Stats().Families.Families, w.Stats().Families.Bytes)
	for _, t := range []*Table[string]{w.cases, w.labels} {
		for key, v := range t.All() {
			fmt.Fprintf(&b, "%s %q %q %d\n", t.name, key, v, t.Expires(key))
		}
	}
	return b.String()
}

var specs = []window.Spec{
	{ID: "count", Func: window.Count, Duration: 600 * second},
	{ID: "distinct", Func: window.Distinct, Duration: 60 * second},
	{ID: "sum", Func: window.Sum, Duration: 7200 * second},
	{ID: "limit", Func: window.RateLimit, Max: 3, Refill: 1, Take: 1, Every: 60 * second, Strict: true},
	{ID: "session", Func: window.Session, Duration: 300 * second},
	{ID: "trend", Func: window.Trend, Duration: 60 * second, Min: 2},
	{ID: "first", Func: window.FirstSeen, Duration: 86400 * second},
	{ID: "last", Func: window.LastSeen, Duration: 3600 * second},
}

// operation is one step of the loop: a function of its numbers and the state.
type operation struct{ kind, a, b, n int }

// windows is what an operation of kind 8 sets.
func (op operation) windows() (set []window.Spec) {
	for i, s := range specs {
		if op.a>>i&1 == 1 || op.b%2 == 0 {
			set = append(set, s)
		}
	}
	return set
}

func windowsAfter(ops []operation) (set []window.Spec) {
	for _, op := range ops {
		if op.kind == 8 {
			set = op.windows()
		}
	}
	return set
}

// run does the operation and tells all that it gave.
func (w *world) run(op operation) string {
	w.log = w.log[:0]
	key := func(i int) (k window.Key) {
		binary.BigEndian.PutUint32(k[2:], uint32(i))
		return k
	}
	var out []any
	switch op.kind {
	case 0:
		w.Advance(w.clock + []int64{1, second / 10, 10 * second, 200 * second, 2000 * second, 100_000 * second}[op.a%6])
	case 1, 2, 3: // updates of keys next to each other
		if len(w.slots) == 0 {
			break
		}
		for i := range op.n {
			at := w.clock - int64(op.b%3)*int64(i%7)*20*second
			out = append(out, w.Update(w.slots[(op.a+i)%len(w.slots)], key(op.a%50*20+i), at, window.Arg{Hash: uint64(op.b % 9), Num: int64(op.b)}))
		}
	case 4:
		if len(w.slots) > 0 {
			out = append(out, w.Read(w.slots[op.a%len(w.slots)], key(op.b), w.clock-int64(op.n)*second))
		}
	case 5:
		for i := range op.n % 12 {
			v, err := w.Admit([16]byte(key(op.a%60+i)), uint64(op.b%2), w.clock-int64(op.b%5)*1000*second)
			out = append(out, v, err)
		}
	case 6:
		t := []*Table[string]{w.labels, w.cases}[op.a%2]
		expires := int64(0)
		if op.b%3 > 0 {
			expires = w.clock + int64(op.b%400-50)*second
		}
		t.Put(fmt.Sprint(op.a%23), strings.Repeat("v", op.n), expires)
	case 7:
		w.labels.Delete(fmt.Sprint(op.a % 23))
	case 8:
		slots, err := w.SetWindows(op.windows())
		w.slots = slots
		out = append(out, slots, err)
	case 9: // posts of few words, so that many are alike
		for i := range op.n % 6 {
			words := make([]string, 4+op.b%20)
			for j := range words {
				words[j] = []string{"free", "money", "now", "call", "prize", "winner", "claim", "today"}[(op.a+i*j*j)%8]
			}
			sketch := family.Of(strings.Join(words, " "))
			found, id := w.FindText(sketch), w.AssignText(sketch, fmt.Sprint(op.a%5+i), w.clock-int64(op.b%3)*second)
			w.families[id] = true
			out = append(out, found, id)
		}
	}
	return fmt.Sprint(out, w.log, w.used)
}

func drawOperations(t *rapid.T) []operation {
	ops := []operation{{kind: 0, a: 3}, {kind: 8}}
	n := rapid.IntRange(1, 150).Draw(t, "n")
	for range n {
		kind := rapid.SampledFrom([]int{0, 0, 1, 2, 3, 4, 5, 6, 6, 7, 1, 2, 8, 9, 9}).Draw(t, "kind")
		ops = append(ops, operation{kind, rapid.IntRange(0, 1000).Draw(t, "a"), rapid.IntRange(0, 1000).Draw(t, "b"), rapid.IntRange(0, 60).Draw(t, "n")})
	}
	return ops
}

// TestImage is the promise of the package: with images begun, stepped, finished, committed, failed and lost at any points, and
// crashes at any points, what the operations give and what is left is what an undisturbed state in memory gives.
func TestImage(t *testing.T) {
	fs := vfs.NewMem()
	if err := openMem(t, false, fs).Close(); err != nil {
		t.Fatal(err)
	}
	readOnly := openMem(t, true, fs)
	rapid.Check(t, func(rt *rapid.T) {
		ops := drawOperations(rt)
		plain := newWorld(t, nil)
		plain.clock = start
		var want, dumps []string
		for _, op := range ops {
			want = append(want, plain.run(op))
			dumps = append(dumps, plain.dump())
		}

		db := openMem(t, false, vfs.NewMem())
		w := newWorld(t, db)
		w.clock = start
		var img *Image
		begun, pending := false, false
		for i := 0; i < len(ops); i++ {
			if got := w.run(ops[i]); got != want[i] {
				rt.Fatalf("operation %d %+v:\n got %s\nwant %s", i, ops[i], got, want[i])
			}
			if got := w.dump(); got != dumps[i] {
				rt.Fatalf("operation %d %+v: the state differs:\n%s", i, ops[i], cmp.Diff(dumps[i], got))
			}
			switch rapid.IntRange(0, 12).Draw(rt, "image") {
			case 0, 1:
				if !begun {
					if err := w.BeginImage(uint64(i + 1)); err != nil {
						rt.Fatal(err)
					}
					begun = true
				}
			case 2, 3, 4:
				w.ImageStep(rapid.IntRange(1, 40).Draw(rt, "entries"))
			case 5, 6:
				if begun {
					img, begun, pending = w.FinishImage(), false, true
				}
			case 7, 8:
				if pending && !begun {
					if rapid.IntRange(0, 2).Draw(rt, "fails?") == 0 {
						img.db = readOnly
						if err := img.Commit(); !errors.Is(err, pebble.ErrReadOnly) {
							rt.Fatalf("commit to a failing store: got %v", err)
						}
						img.db = db
					} else if err := img.Commit(); err != nil {
						rt.Fatal(err)
					} else {
						pending = false
					}
				}
			case 9: // crash
				families := w.families
				w = newWorld(t, db)
				w.families = families
				pos, err := w.Restore()
				if err != nil {
					rt.Fatal(err)
				}
				begun, pending = false, false
				if i = int(pos) - 1; pos == 0 {
					w.clock = start
					continue
				}
				if w.slots, err = w.SetWindows(windowsAfter(ops[:pos])); err != nil {
					rt.Fatal(err)
				}
				if got := w.dump(); got != dumps[i] {
					rt.Fatalf("restored at operation %d: the state differs:\n%s", i, cmp.Diff(dumps[i], got))
				}
			}
		}
		if w.image == nil {
			if err := w.BeginImage(uint64(len(ops))); err != nil {
				rt.Fatal(err)
			}
			if err := w.FinishImage().Commit(); err != nil {
				rt.Fatal(err)
			}
			if got, want := keysIn(t, db), w.size(); got != want {
				rt.Fatalf("the store holds %d keys of an image that has %d", got, want)
			}
		}
		if err := db.Close(); err != nil {
			rt.Fatal(err)
		}
	})
}

// size is how many keys an image of all of the state has, but for families, of which stale records would be found by a restore.
func (w *world) size() int {
	n := 1 + w.entries
	for _, k := range w.windows {
		if k != nil {
			n += len(k.index)
		}
	}
	st := w.ids.Stats()
	filters := max(0, st.Eras-1)
	return n + st.Memory + st.Disk + filters
}

func keysIn(t *testing.T, db *pebble.DB) (n int) {
	t.Helper()
	if err := scan(db, []byte{0x20}, []byte{prefixEnd}, func(key, _ []byte) error {
		if key[0] != prefixFamily {
			n++
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

// TestDropWindowDuringImage: an image that was begun holds a window that was dropped since.
func TestDropWindowDuringImage(t *testing.T) {
	db := openMem(t, false, vfs.NewMem())
	w := newWorld(t, db)
	w.Advance(start)
	w.run(operation{kind: 8})
	w.run(operation{kind: 1, n: 20})
	want := w.dump()
	if err := w.BeginImage(1); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SetWindows(nil); err != nil {
		t.Fatal(err)
	}
	if err := w.FinishImage().Commit(); err != nil {
		t.Fatal(err)
	}
	again := newWorld(t, db)
	if _, err := again.Restore(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, again.dump()); diff != "" {
		t.Errorf("the image lost what the dropped window held:\n%s", diff)
	}
}

func TestImageOrder(t *testing.T) {
	w := newWorld(t, nil)
	if err := w.BeginImage(1); !errors.Is(err, ErrNoStore) {
		t.Errorf("BeginImage without a store: got %v, want ErrNoStore", err)
	}
	w = newWorld(t, openMem(t, false, vfs.NewMem()))
	if err := w.BeginImage(1); err != nil {
		t.Fatal(err)
	}
	if err := w.BeginImage(2); err == nil {
		t.Error("BeginImage while another is open: got no error")
	}
	first := w.FinishImage()
	if err := w.BeginImage(2); err != nil {
		t.Fatal(err)
	}
	if err := first.Commit(); err == nil {
		t.Error("Commit of an image that a later one contains: got no error")
	}
	if err := w.FinishImage().Commit(); err != nil {
		t.Fatal(err)
	}
}

func TestCrashPoints(t *testing.T) {
	var points []string
	db := openMem(t, false, vfs.NewMem())
	s, err := New(Options{DB: db, Crash: func(p string) { points = append(points, fmt.Sprint(p, " ", keysIn(t, db))) }})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.BeginImage(1); err != nil {
		t.Fatal(err)
	}
	if err := s.FinishImage().Commit(); err != nil {
		t.Fatal(err)
	}
	want := []string{"image.before-commit 0", "image.after-commit 1"}
	if diff := cmp.Diff(want, points); diff != "" {
		t.Error(diff)
	}
}
