package state

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/internal/state/ids"
	"github.com/ringfence/ringfence/internal/window"
)

func intKey(i int) (key window.Key) {
	binary.BigEndian.PutUint32(key[:], uint32(i))
	return key
}

// TestEviction: above the budget the keys that were seen longest ago go, by (last sighting, key), whatever window they are in; tables
// do not, and leave windows a quarter of the budget.
func TestEviction(t *testing.T) {
	s, err := New(Options{Budget: minBudget})
	if err != nil {
		t.Fatal(err)
	}
	slots, err := s.SetWindows([]window.Spec{
		{ID: "short", Func: window.Count, Duration: 60 * second},
		{ID: "long", Func: window.Count, Duration: 86400 * second},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Advance(start)
	for i := range 2000 {
		s.Advance(start + int64(i)*second/100)
		s.Update(slots[i%2], intKey(i), s.Clock(), window.Arg{})
		s.Update(slots[1], intKey(9999), s.Clock(), window.Arg{}) // always in use
		if got := s.Stats().Bytes; got > minBudget {
			t.Fatalf("after %d keys: %d bytes, budget %d", i, got, minBudget)
		}
	}
	st := s.Stats()
	kept := st.Windows[0].Keys + st.Windows[1].Keys - 1
	if got := int(st.Windows[0].Evicted + st.Windows[1].Evicted); got != 2000-kept || kept < 400 {
		t.Errorf("%d keys are kept, %d were evicted, of 2000", kept, got)
	}
	for i := range 2000 {
		want := int64(0)
		if i >= 2000-kept {
			want = 1
		}
		if got := s.Read(slots[i%2], intKey(i), s.Clock()); got.V != want {
			t.Fatalf("key %d of 2000, of which %d are kept: got %d", i, kept, got.V)
		}
	}
	if got := s.Read(slots[1], intKey(9999), s.Clock()); got.V != 2000 {
		t.Errorf("the key in use: got %d, want 2000", got.V)
	}

	table := NewTable(s, "facts", words)
	for i := range 1000 {
		table.Put(strings.Repeat("k", i), "v", 0)
	}
	st = s.Stats()
	cells := st.Bytes - st.TableBytes
	if table.Len() != 1000 || cells > minBudget/4 || cells < minBudget/8 || st.OverBudget != st.Bytes-minBudget {
		t.Errorf("with tables above the budget: %d entries, %d bytes of cells, %+v", table.Len(), cells, st)
	}
	s.SetBudget(1 << 20)
	if got := s.Stats().OverBudget; got != 0 {
		t.Errorf("with a larger budget: %d bytes over", got)
	}
}

// TestTimes: what is outside the lateness changes nothing and has no result.
func TestTimes(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	slots, err := s.SetWindows([]window.Spec{{ID: "a", Func: window.Count, Duration: 3600 * second}})
	if err != nil {
		t.Fatal(err)
	}
	s.Advance(start)
	s.Advance(start - second)
	if got := s.Clock(); got != start {
		t.Errorf("the clock went back by %d", start-got)
	}
	for _, test := range []struct {
		at   int64
		want window.Result
	}{
		{start, window.Result{V: 1, OK: true}},
		{start - DefaultLateness, window.Result{V: 1, OK: true}},
		{start - DefaultLateness - 1, window.Result{}},
		{start + 1, window.Result{}},
		{-1, window.Result{}},
		{start, window.Result{V: 3, OK: true}},
	} {
		if got := s.Update(slots[0], window.Key{}, test.at, window.Arg{}); got != test.want {
			t.Errorf("update at %d: got %v, want %v", test.at-start, got, test.want)
		}
	}
	if got := s.Read(slots[0], window.Key{}, start+1); got.OK {
		t.Errorf("read ahead of the clock: got %v", got)
	}
}

func TestSetWindows(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	a := window.Spec{ID: "a", Func: window.Count, Duration: 60 * second}
	b := window.Spec{ID: "b", Func: window.Count, Duration: 60 * second}
	set := func(specs ...window.Spec) []Slot {
		t.Helper()
		slots, err := s.SetWindows(specs)
		if err != nil {
			t.Fatal(err)
		}
		return slots
	}
	s.Advance(start)
	slots := set(a, b)
	s.Update(slots[0], window.Key{}, start, window.Arg{})
	s.Update(slots[1], window.Key{}, start, window.Arg{})
	again := set(b)
	if diff := cmp.Diff(slots[1:], again); diff != "" {
		t.Errorf("the slot of a window that stays: %s", diff)
	}
	longer := a
	longer.Duration *= 2
	for _, spec := range []window.Spec{longer, a} {
		if got := s.Read(set(b, spec)[1], window.Key{}, start); got.V != 0 {
			t.Errorf("%+v, which was dropped or never there: got %d, want 0", spec, got.V)
		}
	}
	if got := s.Read(again[0], window.Key{}, start); got.V != 1 {
		t.Errorf("the window that stayed: got %d, want 1", got.V)
	}
}

func TestSetWindowsRefuses(t *testing.T) {
	s, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	a := window.Spec{ID: "a", Func: window.Count, Duration: 60 * second}
	for _, specs := range [][]window.Spec{{a, a}, {{ID: "b"}}, make([]window.Spec, maxWindows+1)} {
		if _, err := s.SetWindows(specs); err == nil {
			t.Errorf("%d windows: got no error", len(specs))
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for _, o := range []Options{{Lateness: -1}, {Lateness: window.MaxLateness + 1}, {Budget: 1}, {Horizon: 1}, {MaxIDs: -1}} {
		if _, err := New(o); err == nil {
			t.Errorf("%+v: got no error", o)
		}
	}
}

// TestVersions: an image of an older format is upgraded step by step, once, and one of a newer format is refused.
func TestVersions(t *testing.T) {
	db := openMem(t, false, vfs.NewMem())
	w := newWorld(t, db)
	w.Advance(start)
	w.labels.Put("old", "v", 0)
	if err := w.BeginImage(7); err != nil {
		t.Fatal(err)
	}
	if err := w.FinishImage().Commit(); err != nil {
		t.Fatal(err)
	}
	steps := 0
	rename := func(_ pebble.Reader, b *pebble.Batch) error {
		steps++
		return errors.Join(
			b.Set(appendTableKey(nil, "labels", "new"), []byte{0, 'v'}, nil),
			b.Delete(appendTableKey(nil, "labels", "old"), nil))
	}
	nothing := func(pebble.Reader, *pebble.Batch) error { steps++; return nil }
	if err := (upgrades{}).run(db, Version); err != nil {
		t.Errorf("the same version: %v", err)
	}
	if err := (upgrades{Version: rename}).run(db, Version+2); !errors.Is(err, ErrVersion) {
		t.Errorf("without the second upgrade: got %v, want ErrVersion", err)
	}
	if steps != 0 {
		t.Error("an upgrade was begun that cannot be finished")
	}
	if err := (upgrades{Version: rename, Version + 1: nothing}).run(db, Version+2); err != nil || steps != 2 {
		t.Fatalf("upgrade: %d steps, %v", steps, err)
	}
	if _, err := newWorld(t, db).Restore(); !errors.Is(err, ErrVersion) {
		t.Errorf("a newer version: got %v, want ErrVersion", err)
	}
	b, closer, err := db.Get(metaKey)
	if err != nil {
		t.Fatal(err)
	}
	meta := append([]byte{Version}, b[1:]...)
	_ = closer.Close()
	if err := db.Set(metaKey, meta, pebble.Sync); err != nil {
		t.Fatal(err)
	}
	again := newWorld(t, db)
	if pos, err := again.Restore(); err != nil || pos != 7 {
		t.Fatalf("restore: position %d, %v", pos, err)
	}
	if v, ok := again.labels.Get("new"); !ok || v != "v" || again.labels.Len() != 1 {
		t.Error("the upgrade did not reach the entries")
	}
}

// TestRestoreDamaged: whatever single key of an image is cut short or lost its meaning, Restore says so and does not panic.
func TestRestoreDamaged(t *testing.T) {
	fill := func() *pebble.DB {
		db := openMem(t, false, vfs.NewMem())
		w := newWorld(t, db)
		w.Advance(start)
		w.run(operation{kind: 8})
		w.run(operation{kind: 1, n: len(specs)})
		w.run(operation{kind: 6, n: 3, b: 1})
		w.run(operation{kind: 5, n: 11})
		if err := w.BeginImage(1); err != nil {
			t.Fatal(err)
		}
		if err := w.FinishImage().Commit(); err != nil {
			t.Fatal(err)
		}
		return db
	}
	var keys [][]byte
	if err := scan(fill(), []byte{0x20}, []byte{prefixID}, func(key, _ []byte) error {
		keys = append(keys, append([]byte(nil), key...))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if len(keys) < 10 {
		t.Fatalf("the image has only %d keys", len(keys))
	}
	for _, key := range keys {
		db := fill()
		if err := db.Set(key, []byte{Version, 0xff}, nil); err != nil {
			t.Fatal(err)
		}
		if _, err := newWorld(t, db).Restore(); err == nil && key[0] != prefixTable {
			t.Errorf("key %x with a damaged value: got no error", key)
		}
		if err := errors.Join(db.Set(key, nil, nil), db.Set(append([]byte{key[0]}, "\x05strange"...), nil, nil)); err != nil {
			t.Fatal(err)
		}
		if _, err := newWorld(t, db).Restore(); err == nil {
			t.Errorf("key %x without a value: got no error", key)
		}
	}
}

// TestRestoreKeepsBounds: the bounds of the image win, since what was decided depends on them.
func TestRestoreKeepsBounds(t *testing.T) {
	db := openMem(t, false, vfs.NewMem())
	s, err := New(Options{DB: db, Lateness: 5 * second, Budget: 1 << 20, MaxIDs: 100, Horizon: 60 * second})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.BeginImage(1); err != nil {
		t.Fatal(err)
	}
	if err := s.FinishImage().Commit(); err != nil {
		t.Fatal(err)
	}
	again, err := New(Options{DB: db})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := again.Restore(); err != nil {
		t.Fatal(err)
	}
	want, got := s.opts, again.opts
	want.DB, got.DB = nil, nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if v, err := again.Admit([16]byte{1}, 1, 100*second); v != ids.New || err != nil {
		t.Errorf("admit within the horizon of a clock at 0: got %v, %v", v, err)
	}
}

// TestClasses: the class of a block is the smallest that holds the words.
func TestClasses(t *testing.T) {
	for n := 1; n <= sizeOf(classCount-1); n++ {
		c := classOf(n)
		if sizeOf(c) < n || c > 0 && sizeOf(c-1) >= n {
			t.Fatalf("%d words: class %d of %d words", n, c, sizeOf(c))
		}
	}
}

func TestNoAllocations(t *testing.T) {
	s, slot := newCounting(t, nil)
	i := uint64(0)
	step := func() {
		i++
		s.Advance(start + int64(i)*second/100)
		s.Update(slot, mixed(i, 1000), s.Clock(), window.Arg{})
		s.Read(slot, mixed(i+1, 1000), s.Clock())
	}
	for range 1_000_000 {
		step()
	}
	if n := testing.AllocsPerRun(10_000, step); n != 0 {
		t.Errorf("%v allocations in an update and a read", n)
	}
}
