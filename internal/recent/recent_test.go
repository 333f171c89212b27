package recent

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"pgregory.net/rapid"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/journal/pebblelog"
	"github.com/ringfence/ringfence/internal/signals"
	"github.com/ringfence/ringfence/media/hamming"
	"github.com/ringfence/ringfence/media/pdq"
)

var start = time.Date(2026, 11, 23, 3, 0, 0, 0, time.UTC).UnixNano()

// bench is a journal, and the banks that its changes make.
type bench struct {
	t     *testing.T
	log   journal.Log
	banks *bank.Set
	saved journal.Position
	n     int
}

func newBench(t *testing.T) *bench {
	store, err := pebblelog.OpenStore("store", vfs.NewMem(), pebblelog.StoreOptions{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	log, err := pebblelog.New(store, pebblelog.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = log.Close(); _ = store.Close() })
	return &bench{t: t, log: log}
}

func (b *bench) append(recs ...journal.Record) {
	b.t.Helper()
	for i := range recs {
		recs[i].Received = start
	}
	if _, err := b.log.Append(b.t.Context(), 0, recs); err != nil {
		b.t.Fatal(err)
	}
}

func (b *bench) edit(e bank.Edit) {
	b.t.Helper()
	e.Version = b.banks.Version(e.Bank) + 1
	next, err := b.banks.Apply(&e)
	if err != nil {
		b.t.Fatal(err)
	}
	b.banks = next
	b.n++
	c := change.Change{ID: fmt.Sprint("c", b.n), By: "person:ada", Bank: &e}
	body, err := c.Encode()
	if err != nil {
		b.t.Fatal(err)
	}
	b.append(journal.Record{Kind: journal.Change, ID: c.ID, Body: body})
}

func (b *bench) post(id string, h hamming.Hash) {
	b.append(journal.Record{Kind: journal.Event, Time: start, Source: "test", ID: id, Actor: "ann",
		Body: fmt.Appendf(nil, ` {"id":%q,"time":%q,"kind":"post","actor":"ann","media":[{"id":"x"},{"pdq":%q}]} `, id, event.FormatTime(start), h)})
}

// follow lets new uploads follow the journal to its end as of now, and stops them.
func (b *bench) follow() *Uploads {
	b.t.Helper()
	_, last := b.log.Bounds(0)
	u := New(Options{
		Journal: b.log, After: b.saved, Now: func() int64 { return start + 1 }, Limits: event.DefaultLimits(), Log: slog.New(slog.DiscardHandler),
		Append: func(ctx context.Context, recs []journal.Record) error {
			_, err := b.log.Append(ctx, 0, recs)
			return err
		},
		Banks: func(context.Context, journal.Position) (*bank.Set, error) { return b.banks, nil },
		Save:  func(pos journal.Position) error { b.saved = pos; return nil },
	})
	ctx, stop := context.WithCancel(b.t.Context())
	ended := make(chan error, 1)
	go func() { ended <- u.Run(ctx) }()
	if err := u.Wait(ctx, last); err != nil {
		b.t.Fatal(err)
	}
	stop()
	if err := <-ended; err != nil {
		b.t.Fatal(err)
	}
	return u
}

// again are the ids of the events that are looked at again, and for which changes.
func (b *bench) again() string {
	b.t.Helper()
	_, last := b.log.Bounds(0)
	var list []string
	for at := journal.Position(1); at <= last; at++ {
		recs, err := b.log.Read(b.t.Context(), 0, at, 1, nil)
		if err != nil {
			b.t.Fatal(err)
		}
		if recs[0].Kind != journal.Signals {
			continue
		}
		r, err := signals.Decode(recs[0].Body)
		if err != nil {
			b.t.Fatal(err)
		}
		if r.Again != "" {
			list = append(list, recs[0].ID+" for "+r.Again)
		}
	}
	return strings.Join(list, ", ")
}

func apart(n int) (h hamming.Hash) {
	for i := range n {
		h[3-i/64] |= 1 << (i % 64)
	}
	return h
}

const md5 = "900150983cd24fb0d6963f7d28e17f72"

func TestLookingBack(t *testing.T) {
	b := newBench(t)
	b.edit(bank.Edit{Bank: "gore", Header: &bank.Header{Kind: bank.Hashes}, Add: []bank.Entry{{Value: apart(200).String()}}})
	b.post("e1", apart(10))
	b.post("e2", apart(80))
	far, err := pdq.Parse(strings.Repeat("a5", 32))
	if err != nil {
		t.Fatal(err)
	}
	fetched := signals.Record{Extractor: signals.Extractor, Version: signals.Version, Event: []byte(`{"id":"e3","time":"2026-11-23T03:00:00Z","kind":"post","actor":"bob","media":[{"url":"u"}]}`),
		Pictures: []signals.Picture{{MD5: md5, Quality: 90, PDQ: []pdq.Hash{far, far.Complement()}}}}
	body, err := fetched.Encode()
	if err != nil {
		t.Fatal(err)
	}
	b.append(journal.Record{Kind: journal.Signals, Time: start, Source: "test", ID: "e3", Actor: "bob", Body: body})
	b.follow()
	if got := b.again(); got != "" {
		t.Fatalf("before a change: %q", got)
	}
	b.edit(bank.Edit{Bank: "gore", Add: []bank.Entry{{Value: apart(0).String()}}})
	b.edit(bank.Edit{Bank: "gore", More: true, Add: []bank.Entry{{Value: md5}}})
	b.edit(bank.Edit{Bank: "gore", Add: []bank.Entry{{Value: apart(75).String(), Distance: new(4)}, {Value: apart(85).String(), Distance: new(5)}}})
	b.edit(bank.Edit{Bank: "fine", Header: &bank.Header{Kind: bank.Hashes, Good: true}, Add: []bank.Entry{{Value: apart(0).String()}}})
	b.edit(bank.Edit{Bank: "words", Header: &bank.Header{Kind: bank.Terms}, Add: []bank.Entry{{Value: apart(0).String()}}})
	u := b.follow()
	const want = "e1 for gore/2, e2 for gore/4, e3 for gore/4"
	if got := b.again(); got != want {
		t.Fatalf("again: %q, want %q", got, want)
	}
	if r := u.Reports("gore"); len(r) != 2 || r[0].Matched != 2 || r[0].Entries != 3 || !slices.Equal(r[0].Events, []string{"e2", "e3"}) || r[1].Matched != 1 {
		t.Errorf("reports %+v", r)
	}
	again := b.follow()
	if got := b.again(); got != want {
		t.Errorf("after a restart: %q, want %q", got, want)
	}
	if got, want := again.Stats(), (Stats{Hashes: 4, Sample: 1}); got != want {
		t.Errorf("after a restart %+v, want %+v", got, want)
	}
	b.post("e4", apart(12))
	b.edit(bank.Edit{Bank: "gore", Add: []bank.Entry{{Value: apart(13).String(), Distance: new(1)}}})
	b.follow()
	if got := b.again(); got != want+", e4 for gore/5" {
		t.Errorf("what came between: %q", got)
	}
}

// TestMatch holds that the ring finds what comparing with everything in it finds, one by one and by an index.
func TestMatch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := New(Options{})
		u.hashes.most = rapid.IntRange(1, 30).Draw(t, "room")
		var all []hamming.Hash
		for i := range rapid.IntRange(0, 60).Draw(t, "pictures") {
			h := apart(rapid.IntRange(0, 256).Draw(t, "bits"))
			all = append(all, h)
			u.hashes.add(h, journal.Position(i+1))
		}
		var entries []bank.Entry
		for i := range rapid.SampledFrom([]int{1, 3, maxScan + 1}).Draw(t, "entries") {
			v := apart(rapid.IntRange(0, 256).Draw(t, "entry"))
			v[0] ^= uint64(i) << 20 // another one each
			entries = append(entries, bank.Entry{Value: v.String(), Distance: new(rapid.IntRange(0, bank.MaxDistance).Draw(t, "radius"))})
		}
		s, err := bank.NewSet(&bank.Compiler{}, []bank.Stored{{Name: "b", Version: 1, Header: bank.Header{Kind: bank.Hashes}, Entries: entries}})
		if err != nil {
			t.Fatal(err)
		}
		b, _ := s.Bank("b")
		var values []string
		var want []journal.Position
		for i, h := range all {
			if i < len(all)-u.hashes.most {
				continue
			}
			for _, e := range b.Entries() {
				if v, radius, _ := e.PDQ(); hamming.Distance(h, v) <= radius {
					want = append(want, journal.Position(i+1))
					break
				}
			}
		}
		for _, e := range b.Entries() {
			values = append(values, e.Value)
		}
		if got := u.match(b, values); !slices.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

// TestSample holds that a sample is the same whatever the order, has nothing twice, and is a part of what came.
func TestSample(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		most := rapid.IntRange(1, 20).Draw(t, "most")
		in := rapid.SliceOfN(rapid.IntRange(0, 40), 0, 60).Draw(t, "pictures")
		draw := func(in []int) []ranked {
			s := newSample(most)
			for _, n := range in {
				s.add(apart(n))
			}
			if len(s.in) != len(s.kept) {
				t.Fatalf("%d are kept and %d are known", len(s.kept), len(s.in))
			}
			slices.SortFunc(s.kept, func(a, b ranked) int { return int(min(1, max(-1, int64(a.rank>>1)-int64(b.rank>>1)))) })
			return s.kept
		}
		a, b := draw(in), draw(rapid.Permutation(in).Draw(t, "order"))
		slices.Sort(in)
		if want := min(most, len(slices.Compact(in))); len(a) != want || !slices.Equal(a, b) {
			t.Fatalf("%d and %d of %d: %v, %v", len(a), len(b), want, a, b)
		}
	})
}

func BenchmarkPreview(b *testing.B) {
	u := New(Options{})
	for i := range maxHashes {
		h := hamming.Hash{uint64(i) * 0x9e3779b97f4a7c15, uint64(i), ^uint64(i), 7}
		u.hashes.add(h, journal.Position(i))
		if i < maxSample {
			u.sample.add(h)
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		u.Preview(hamming.Hash{}, 31)
	}
}
