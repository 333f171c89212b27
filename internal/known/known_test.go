package known

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/blob"
	"github.com/ringfence/ringfence/internal/blob/folder"
	"github.com/ringfence/ringfence/media/lookup"
	"github.com/ringfence/ringfence/media/picture"
)

// scene is a picture with corners, of rectangles that a seed throws; those of different seeds share nothing.
func scene(seed uint64, w, h int) *picture.Picture {
	r := rand.New(rand.NewPCG(seed, 1))
	p := &picture.Picture{W: w, H: h, Pix: bytes.Repeat([]byte{128}, 3*w*h)}
	for range 600 {
		x0, y0, bw, bh := r.IntN(w), r.IntN(h), 5+r.IntN(w/10), 5+r.IntN(h/10)
		colour := [3]byte{byte(r.IntN(256)), byte(r.IntN(256)), byte(r.IntN(256))}
		for y := y0; y < min(y0+bh, h); y++ {
			for x := x0; x < min(x0+bw, w); x++ {
				copy(p.Pix[3*(y*w+x):], colour[:])
			}
		}
	}
	return p
}

// cropped is a part of a picture.
func cropped(p *picture.Picture, x0, y0, w, h int) *picture.Picture {
	out := &picture.Picture{W: w, H: h}
	for y := y0; y < y0+h; y++ {
		out.Pix = append(out.Pix, p.Pix[3*(y*p.W+x0):][:3*w]...)
	}
	return out
}

// shelf is Pictures over a folder, with banks that a test changes.
type shelf struct {
	*Pictures
	t     testing.TB
	store blob.Store
	set   atomic.Pointer[bank.Set]
}

func newShelf(t testing.TB) *shelf {
	t.Helper()
	store, err := folder.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { store.Close() })
	s := &shelf{t: t, store: store}
	s.Pictures = New(store, s.set.Load, slog.New(slog.DiscardHandler))
	return s
}

// list makes a bank whose entries name features.
func (s *shelf) list(names ...string) {
	s.t.Helper()
	f := bank.File{Name: "known", Header: bank.Header{Kind: bank.Hashes}}
	for i, name := range names {
		f.Entries = append(f.Entries, bank.Entry{Value: fmt.Sprintf("%064x", i+1), Features: name})
	}
	set, err := bank.NewSet(&bank.Compiler{}, []bank.Stored{f.Stored()})
	if err != nil {
		s.t.Fatal(err)
	}
	s.set.Store(set)
}

func (s *shelf) keep(p *picture.Picture) string {
	s.t.Helper()
	k, err := s.Keep(s.t.Context(), p)
	if err != nil {
		s.t.Fatal(err)
	}
	return k.Features
}

// shows gives the names of the known pictures that a picture shows.
func (s *shelf) shows(p *picture.Picture) string {
	s.t.Helper()
	found, err := s.Find(s.t.Context(), p)
	if err != nil {
		s.t.Fatal(err)
	}
	names := ""
	for _, f := range found {
		names += f.Features
	}
	return names
}

// TestFind follows the banks: a picture is found while an entry names its features, also after a restart, by where it lies.
func TestFind(t *testing.T) {
	s := newShelf(t)
	a, b := scene(1, 640, 480), scene(2, 640, 480)
	part := cropped(a, 160, 100, 400, 300)
	if got := s.shows(part); got != "" {
		t.Errorf("without banks: %q", got)
	}
	nameA, nameB := s.keep(a), s.keep(b)
	if again := s.keep(a); again != nameA || nameA == nameB {
		t.Errorf("the same picture has the names %s and %s, another %s", nameA, again, nameB)
	}
	for i, step := range []struct {
		names []string
		want  string
	}{{nil, ""}, {[]string{nameB}, ""}, {[]string{nameB, nameA}, nameA}, {[]string{nameA}, nameA}, {[]string{nameB}, ""}, {[]string{nameA, nameB}, nameA}} {
		s.list(step.names...)
		if got := s.shows(part); got != step.want {
			t.Errorf("step %d: got %q, want %q", i, got, step.want)
		}
	}
	s.Pictures = New(s.store, s.set.Load, slog.New(slog.DiscardHandler))
	found, err := s.Find(t.Context(), part)
	if err != nil || len(found) != 1 {
		t.Fatalf("after a restart: %v, %v", found, err)
	}
	f := found[0]
	if f.Method != string(lookup.Features) || f.Inliers < 8 || near(f.Box, [4]int{0, 0, 400, 300}) > 40 || near(f.Known, [4]int{160, 100, 560, 400}) > 40 {
		t.Errorf("got %+v", f)
	}
}

// near is the largest difference of two rectangles' sides.
func near(a, b [4]int) (most int) {
	for i := range a {
		most = max(most, a[i]-b[i], b[i]-a[i])
	}
	return most
}

// TestManyChanges: also where the index is made anew it holds what the banks name.
func TestManyChanges(t *testing.T) {
	s := newShelf(t)
	var names []string
	var all []*picture.Picture
	for i := range fewChanges + 2 {
		all = append(all, scene(uint64(100+i), 160, 120))
		names = append(names, s.keep(all[i]))
	}
	s.list(names...)
	for _, i := range []int{0, fewChanges + 1} {
		if got := s.shows(all[i]); got != names[i] {
			t.Errorf("picture %d shows %q", i, got)
		}
	}
	if st := s.Stats(); st != (Stats{Held: len(names)}) {
		t.Errorf("%+v", st)
	}
	s.list(names[1])
	if s.shows(all[0]) != "" || s.shows(all[1]) != names[1] {
		t.Error("after most were removed it does not hold what it should")
	}
}

// TestHostileBlobs: what is not the features that an entry names is passed over, said, and found once it is there.
func TestHostileBlobs(t *testing.T) {
	s := newShelf(t)
	a, good := scene(1, 640, 480), s.keep(scene(2, 640, 480))
	name := s.keep(a)
	data, err := s.store.Get(t.Context(), blobName(name))
	if err != nil {
		t.Fatal(err)
	}
	put := func(data []byte) string {
		sum := sha256.Sum256(data)
		name := hex.EncodeToString(sum[:])
		if err := s.store.Put(t.Context(), blobName(name), data); err != nil {
			t.Fatal(err)
		}
		return name
	}
	empty, err := lookup.Build(nil)
	if err != nil {
		t.Fatal(err)
	}
	var none bytes.Buffer
	if _, err := empty.WriteTo(&none); err != nil {
		t.Fatal(err)
	}
	bad := []string{put(data[:len(data)/2]), put(nil), put(make([]byte, maxBlob+1)), put([]byte(lookup.Magic + "\xff\xff\xff\xff\xff\xff\xff\xff")), put(none.Bytes()),
		fmt.Sprintf("%064x", 7)}
	if err := s.store.Put(t.Context(), blobName(name), bytes.ToUpper(data)); err != nil {
		t.Fatal(err)
	}
	s.list(append(bad, name, good)...)
	if got := s.shows(a); got != "" {
		t.Errorf("damaged features: %q", got)
	}
	if st := s.Stats(); st != (Stats{Held: 1, Unreadable: len(bad) + 1}) {
		t.Errorf("%+v", st)
	}
	s.keep(a)
	if got := s.shows(a); got != name {
		t.Errorf("after the picture was added again: %q", got)
	}
}

func TestFlat(t *testing.T) {
	s := newShelf(t)
	if _, err := s.Keep(t.Context(), &picture.Picture{W: 300, H: 200, Pix: make([]byte, 3*300*200)}); !errors.Is(err, ErrFlat) {
		t.Errorf("got %v, want %v", err, ErrFlat)
	}
}

// TestStopped: whoever has no time left does not wait for the index.
func TestStopped(t *testing.T) {
	s := newShelf(t)
	s.list(s.keep(scene(1, 320, 240)))
	s.turn <- struct{}{} // somebody brings it up to date
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Find(ctx, scene(1, 320, 240)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
}

func FuzzParse(f *testing.F) {
	s := newShelf(f)
	data, err := s.store.Get(f.Context(), blobName(s.keep(scene(1, 160, 120))))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(lookup.Magic))
	f.Fuzz(func(t *testing.T, data []byte) {
		item, err := parse("x", data)
		if err == nil && (item.ID != "x" || item.Features.Len() < minFeatures) {
			t.Errorf("got %+v", item)
		}
	})
}

func BenchmarkFind(b *testing.B) {
	s := newShelf(b)
	var names []string
	for i := range 100 {
		names = append(names, s.keep(scene(uint64(i), 640, 480)))
	}
	s.list(names...)
	for name, p := range map[string]*picture.Picture{"shown": cropped(scene(7, 640, 480), 100, 100, 400, 300), "other": scene(999, 640, 480)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := s.Find(b.Context(), p); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
