package lookup_test

import (
	"errors"
	"fmt"
	"image"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ringfence/ringfence/media/lookup"
	"github.com/ringfence/ringfence/media/pdq"
	"github.com/ringfence/ringfence/media/picture"
	"github.com/ringfence/ringfence/media/transform"
)

// drawing is a picture of boxes on a slope of grey. Those of different seeds share nothing.
func drawing(seed uint64, w, h int) *picture.Picture {
	r := rand.New(rand.NewPCG(seed, 1))
	p := &picture.Picture{W: w, H: h, Pix: make([]byte, 3*w*h)}
	for i := range w * h {
		for c := range 3 {
			p.Pix[3*i+c] = byte(40 + 150*(i%w)/w)
		}
	}
	for range 140 {
		x0, y0, bw, bh := r.IntN(w), r.IntN(h), 8+r.IntN(w/5), 8+r.IntN(h/5)
		colour := [3]byte{byte(r.IntN(256)), byte(r.IntN(256)), byte(r.IntN(256))}
		for y := y0; y < min(y0+bh, h); y++ {
			for x := x0; x < min(x0+bw, w); x++ {
				copy(p.Pix[3*(y*w+x):], colour[:])
			}
		}
	}
	return p
}

// altered is a picture after one of package transform's alterations.
func altered(t testing.TB, p *picture.Picture, name string) *picture.Picture {
	t.Helper()
	all := transform.All()
	i := slices.IndexFunc(all, func(tr transform.Transform) bool { return tr.Name == name })
	if i < 0 {
		t.Fatalf("package transform has no %q", name)
	}
	return rgb(all[i].Apply(rgba(p), rgba(drawing(999, 300, 200)), rand.New(rand.NewPCG(1, 2))))
}

func item(t testing.TB, id string, p *picture.Picture) lookup.Item {
	t.Helper()
	it, err := lookup.NewFinder().Item(id, []byte(id), p)
	if err != nil {
		t.Fatal(err)
	}
	return it
}

func build(t testing.TB, items ...lookup.Item) *lookup.Bank {
	t.Helper()
	b, err := lookup.Build(items)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestTiers alters a known picture and checks by what it is recognised, and where.
func TestTiers(t *testing.T) {
	known := drawing(1, 640, 480)
	b := build(t, item(t, "other", drawing(2, 600, 500)), item(t, "known", known), item(t, "third", drawing(3, 480, 640)))
	finder := lookup.NewFinder()
	for _, c := range []struct {
		transform     string
		method        lookup.Method
		query, banked image.Rectangle
	}{
		{"identity", lookup.PDQ, image.Rect(0, 0, 640, 480), image.Rect(0, 0, 640, 480)},
		{"jpeg q20", lookup.PDQ512, image.Rect(0, 0, 640, 480), image.Rect(0, 0, 640, 480)},
		{"rotate 90", lookup.PDQRotated, image.Rect(0, 0, 480, 640), image.Rect(0, 0, 640, 480)},
		{"rotate 180", lookup.PDQRotated, image.Rect(0, 0, 640, 480), image.Rect(0, 0, 640, 480)},
		{"flip", lookup.PDQMirrored, image.Rect(0, 0, 640, 480), image.Rect(0, 0, 640, 480)},
		{"invert", lookup.PDQInverted, image.Rect(0, 0, 640, 480), image.Rect(0, 0, 640, 480)},
		{"caption above 20%", lookup.Layout, image.Rect(0, 120, 640, 600), image.Rect(0, 0, 640, 480)},
		{"letterbox 1:1 black", lookup.Layout, image.Rect(0, 80, 640, 560), image.Rect(0, 0, 640, 480)},
		{"crop to half", lookup.Features, image.Rect(0, 0, 320, 240), image.Rect(160, 120, 480, 360)},
		{"rotate 5", lookup.Features, image.Rect(0, 0, 575, 431), image.Rect(15, 0, 625, 480)},
	} {
		query := altered(t, known, c.transform)
		got := finder.Find(b, nil, query)
		if len(got) != 1 || got[0].ID != "known" || got[0].Method != c.method {
			t.Errorf("%s: got %+v, want known by %s", c.transform, got, c.method)
			continue
		}
		m := got[0]
		if far(m.Query, c.query) > 40 || far(m.Banked, c.banked) > 40 {
			t.Errorf("%s: %v lies on %v, want about %v on %v", c.transform, m.Query, m.Banked, c.query, c.banked)
		}
		if m.Score < 0.5 || m.Score > 1 || (m.Inliers > 0) != (m.Method == lookup.Features) || m.Distance > pdq.MatchDistance {
			t.Errorf("%s: got %+v", c.transform, m)
		}
	}
	mirroredPart := altered(t, altered(t, known, "crop to half"), "flip")
	got := finder.Find(b, nil, mirroredPart)
	if len(got) != 1 || got[0].ID != "known" || got[0].Method != lookup.FeaturesMirrored || far(got[0].Banked, image.Rect(160, 120, 480, 360)) > 40 {
		t.Errorf("a mirrored part: got %+v, want known by %s", got, lookup.FeaturesMirrored)
	}
	if got := finder.Find(b, nil, drawing(4, 500, 500)); len(got) != 0 {
		t.Errorf("an unknown picture: got %+v, want nothing", got)
	}
}

// far is the largest distance of two rectangles' sides.
func far(a, b image.Rectangle) int {
	out := 0
	for _, d := range []int{a.Min.X - b.Min.X, a.Min.Y - b.Min.Y, a.Max.X - b.Max.X, a.Max.Y - b.Max.Y} {
		out = max(out, d, -d)
	}
	return out
}

func TestDigestsComeFirst(t *testing.T) {
	p := drawing(1, 300, 200)
	items, err := lookup.ReadList(strings.NewReader("5d41402abc4b2a76b9719d911017c592,greeting\n"), 1) // MD5 of hello
	if err != nil {
		t.Fatal(err)
	}
	b := build(t, append(items, item(t, "picture", p))...)
	got := lookup.NewFinder().Find(b, []byte("hello"), p)
	want := []lookup.Match{
		{ID: "greeting", Method: lookup.MD5, Score: 1, Query: image.Rect(0, 0, 300, 200)},
		{ID: "picture", Method: lookup.PDQ, Score: 1, Query: image.Rect(0, 0, 300, 200), Banked: image.Rect(0, 0, 300, 200)},
	}
	slices.SortFunc(got, func(a, b lookup.Match) int { return strings.Compare(a.ID, b.ID) })
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	got = lookup.NewFinder().Find(b, []byte("picture"), nil)
	if len(got) != 1 || got[0].Method != lookup.SHA256 || got[0].ID != "picture" {
		t.Errorf("a file without its picture: got %+v, want sha256 of picture", got)
	}
}

// TestHiddenByAlpha looks up a picture that is seen on a white ground only: what is stored is something else.
func TestHiddenByAlpha(t *testing.T) {
	known := drawing(1, 320, 240)
	hidden := &picture.Picture{W: known.W, H: known.H, Pix: make([]byte, len(known.Pix)), Alpha: make([]byte, known.W*known.H)}
	for i := range hidden.Alpha { // black ink, as thick as the picture is dark
		q := known.Pix[3*i:]
		hidden.Alpha[i] = byte(255 - (299*int(q[0])+587*int(q[1])+114*int(q[2]))/1000)
	}
	b := build(t, item(t, "known", known))
	if got := lookup.NewFinder().Find(b, nil, hidden); len(got) != 1 || got[0].ID != "known" {
		t.Errorf("got %+v, want known", got)
	}
}

// TestHostilePictures holds that no size of picture is too much or too little.
func TestHostilePictures(t *testing.T) {
	b := build(t, item(t, "known", drawing(1, 320, 240)))
	finder := lookup.NewFinder()
	for _, size := range []image.Point{{0, 0}, {1, 1}, {4, 4}, {5, 5}, {1, 40_000}, {40_000, 1}, {3, 9000}, {6000, 30}, {1601, 1601}} {
		p := &picture.Picture{W: size.X, H: size.Y, Pix: make([]byte, 3*size.X*size.Y)}
		r := rand.New(rand.NewPCG(1, 1))
		for i := range p.Pix {
			p.Pix[i] = byte(r.Uint32())
		}
		if got := finder.Find(b, nil, p); len(got) != 0 {
			t.Errorf("%v: got %+v, want nothing", size, got)
		}
		if it, err := finder.Item("x", nil, p); err == nil {
			build(t, it)
		}
	}
}

// TestLargePictures looks for parts in a reduced copy; the rectangles are those of the picture itself.
func TestLargePictures(t *testing.T) {
	known := drawing(1, 640, 480)
	b := build(t, item(t, "known", known))
	captioned := rgba(altered(t, known, "caption above 20%"))
	large := image.NewRGBA(image.Rect(0, 0, 4*captioned.Rect.Dx(), 4*captioned.Rect.Dy()))
	for y := range large.Rect.Dy() {
		for x := range large.Rect.Dx() {
			large.SetRGBA(x, y, captioned.RGBAAt(x/4, y/4))
		}
	}
	got := lookup.NewFinder().Find(b, nil, rgb(large))
	if len(got) != 1 || got[0].Method != lookup.Layout || far(got[0].Query, image.Rect(0, 480, 2560, 2400)) > 16 {
		t.Errorf("got %+v, want (0,480)-(2560,2400) by layout", got)
	}
}

// TestFlood holds that a bank full of one picture gives no more than MaxMatches.
func TestFlood(t *testing.T) {
	p := drawing(1, 320, 240)
	it := item(t, "0", p)
	it.Features = nil
	var items []lookup.Item
	for i := range 300 {
		it.ID = fmt.Sprintf("%03d", i)
		items = append(items, it)
	}
	b := build(t, items...)
	for _, file := range [][]byte{nil, []byte("0")} {
		if got := lookup.NewFinder().Find(b, file, p); len(got) != lookup.MaxMatches || got[0].Score != 1 {
			t.Errorf("got %d matches, want %d", len(got), lookup.MaxMatches)
		}
	}
}

// TestBankAsASet changes a bank and a list alike, and looks up all.
func TestBankAsASet(t *testing.T) {
	const n = 4
	var pictures []*picture.Picture
	var items []lookup.Item
	for i := range n {
		pictures = append(pictures, drawing(uint64(10+i), 160, 120))
		items = append(items, item(t, fmt.Sprint(i), pictures[i]))
	}
	rapid.Check(t, func(t *rapid.T) {
		var want [n]bool
		var first []lookup.Item
		for i := range rapid.IntRange(0, n).Draw(t, "built") {
			first, want[i] = append(first, items[i]), true
		}
		b, err := lookup.Build(first)
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range rapid.SliceOfN(rapid.IntRange(0, 2*n), 0, 12).Draw(t, "steps") {
			switch i := step % n; {
			case step < n:
				if err := b.Add(items[i]); (err == nil) == want[i] || err != nil && !errors.Is(err, lookup.ErrItem) {
					t.Fatalf("Add of %d, there: %t, gives %v", i, want[i], err)
				}
				want[i] = true
			case step < 2*n:
				if got := b.Remove(fmt.Sprint(i)); got != want[i] {
					t.Fatalf("Remove of %d = %t, want %t", i, got, want[i])
				}
				want[i] = false
			default:
				b.Compact()
			}
		}
		count := 0
		finder := lookup.NewFinder()
		for i := range n {
			byFile, byPicture := finder.Find(b, []byte(fmt.Sprint(i)), nil), finder.Find(b, nil, pictures[i])
			if !want[i] {
				if len(byFile)+len(byPicture) > 0 {
					t.Fatalf("%d is found by %v and %v, want by nothing", i, byFile, byPicture)
				}
				continue
			}
			count++
			if len(byFile) != 1 || len(byPicture) != 1 || byFile[0].ID != fmt.Sprint(i) || byPicture[0].ID != fmt.Sprint(i) {
				t.Fatalf("%d is found by %v and %v, want by both", i, byFile, byPicture)
			}
		}
		if b.Len() != count {
			t.Fatalf("Len = %d, want %d", b.Len(), count)
		}
	})
}

// TestBankAmongChanges looks up while items come and go: what stays is always found.
func TestBankAmongChanges(t *testing.T) {
	stays := drawing(1, 200, 150)
	comes := item(t, "comes", drawing(2, 200, 150))
	b := build(t, item(t, "stays", stays))
	done := make(chan struct{})
	var readers sync.WaitGroup
	for _, query := range []*picture.Picture{stays, altered(t, stays, "crop to half")} {
		readers.Go(func() {
			finder := lookup.NewFinder()
			for {
				select {
				case <-done:
					return
				default:
				}
				if got := finder.Find(b, nil, query); len(got) != 1 || got[0].ID != "stays" {
					t.Errorf("got %+v, want stays", got)
				}
			}
		})
	}
	for range 20 {
		if err := b.Add(comes); err != nil {
			t.Error(err)
		}
		if got := lookup.NewFinder().Find(b, []byte("comes"), nil); len(got) != 1 {
			t.Errorf("got %v right after Add, want one", got)
		}
		b.Remove("comes")
		if got := lookup.NewFinder().Find(b, []byte("comes"), nil); len(got) != 0 {
			t.Errorf("got %v right after Remove, want nothing", got)
		}
		b.Compact()
	}
	close(done)
	readers.Wait()
}

func TestItemsThatAreRefused(t *testing.T) {
	for name, it := range map[string]lookup.Item{
		"no id":      {},
		"long id":    {ID: strings.Repeat("x", lookup.MaxID+1)},
		"sides":      {ID: "x", W: -1},
		"digests":    {ID: "x", Digests: make([]lookup.Digest, 1)},
		"quality":    {ID: "x", Hashes: []lookup.Hash{{Quality: 101}}},
		"variant":    {ID: "x", Hashes: []lookup.Hash{{Variant: 2}}},
		"too many":   {ID: "x", Hashes: make([]lookup.Hash, lookup.MaxHashes+1)},
		"known id":   {ID: "known"},
		"many files": {ID: "x", Digests: make([]lookup.Digest, lookup.MaxHashes+1)},
	} {
		b := build(t, lookup.Item{ID: "known"})
		if err := b.Add(it); !errors.Is(err, lookup.ErrItem) {
			t.Errorf("%s: Add gives %v, want ErrItem", name, err)
		}
		if _, err := lookup.Build([]lookup.Item{{ID: "known"}, it}); !errors.Is(err, lookup.ErrItem) {
			t.Errorf("%s: Build gives %v, want ErrItem", name, err)
		}
	}
}

// TestSharedFrame holds that two screenshots of one program, or two pictures with one caption, are not the same for what they share.
func TestSharedFrame(t *testing.T) {
	for _, name := range []string{"phone screenshot light", "phone screenshot dark", "caption both 35%"} {
		known, other := drawing(1, 640, 480), drawing(2, 640, 480)
		b := build(t, item(t, "known", altered(t, known, name)))
		finder := lookup.NewFinder()
		if got := finder.Find(b, nil, altered(t, other, name)); len(got) != 0 {
			t.Errorf("%s of another picture: got %+v, want nothing", name, got)
		}
		if got := finder.Find(b, nil, altered(t, altered(t, known, "crop 5%"), name)); len(got) != 1 {
			t.Errorf("%s of the same picture, cropped: got %+v, want known", name, got)
		}
		if got := finder.Find(b, nil, known); len(got) != 1 {
			t.Errorf("the picture that is known from a %s: got %+v, want known", name, got)
		}
	}
}

// TestLowQualityIsNotLookedUp holds that a nearly flat picture is known by its file alone.
func TestLowQualityIsNotLookedUp(t *testing.T) {
	flat := &picture.Picture{W: 100, H: 100, Pix: make([]byte, 30_000)}
	for i := range flat.Pix {
		flat.Pix[i] = byte(100 + i/3%100/10)
	}
	b := build(t, item(t, "flat", flat))
	if got := lookup.NewFinder().Find(b, nil, flat); len(got) != 0 {
		t.Errorf("got %+v, want nothing", got)
	}
	if got := lookup.NewFinder().Find(b, []byte("flat"), flat); len(got) != 1 {
		t.Errorf("got %+v by its file, want one", got)
	}
}

func BenchmarkFind(b *testing.B) {
	var items []lookup.Item
	for i := range 64 {
		items = append(items, item(b, fmt.Sprint(i), drawing(uint64(i), 800, 600)))
	}
	bank := build(b, items...)
	var hashes []lookup.Item
	for _, it := range items {
		it.Features = nil
		hashes = append(hashes, it)
	}
	known := drawing(1, 800, 600)
	for _, c := range []struct {
		name  string
		bank  *lookup.Bank
		query *picture.Picture
	}{
		{"whole", bank, known},
		{"captioned", build(b, hashes...), altered(b, known, "caption above 20%")},
		{"cropped", bank, altered(b, known, "crop to half")},
		{"unknown, hashes only", build(b, hashes...), drawing(1000, 800, 600)},
		{"unknown", bank, drawing(1000, 800, 600)},
	} {
		b.Run(c.name, func(b *testing.B) {
			finder := lookup.NewFinder()
			b.ReportAllocs()
			for b.Loop() {
				finder.Find(c.bank, nil, c.query)
			}
		})
	}
}
