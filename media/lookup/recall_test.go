package lookup_test

import (
	"context"
	"fmt"
	"image"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/image/draw"

	"github.com/ringfence/ringfence/media/lookup"
	"github.com/ringfence/ringfence/media/pdq"
	"github.com/ringfence/ringfence/media/picture"
	"github.com/ringfence/ringfence/media/transform"
)

// photos loads the pictures of a folder, at 800 pixels the longer side if that is less. Of pictures that PDQ calls about the same the
// first stays.
func photos(t *testing.T, folder string) (names []string, out []*image.RGBA) {
	var known []pdq.Hash
	hasher := pdq.NewHasher()
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		p, err := picture.Decoder{}.Decode(context.Background(), data)
		if err != nil {
			return nil //nolint:nilerr // not a picture
		}
		img := shrunk(rgba(p.Over(255, 255, 255)), 800)
		small := rgb(img)
		s := hasher.Full(small.Pix, small.W, small.H)
		for _, twin := range s.Dihedral() {
			if slices.ContainsFunc(known, func(k pdq.Hash) bool { return k.Distance(twin) <= 2*pdq.MatchDistance }) {
				return nil
			}
		}
		known = append(known, s.Hash())
		names, out = append(names, filepath.Base(path)), append(out, img)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names, out
}

func rgba(p *picture.Picture) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, p.W, p.H))
	for i := range p.W * p.H {
		copy(img.Pix[4*i:4*i+3], p.Pix[3*i:])
		img.Pix[4*i+3] = 255
	}
	return img
}

func shrunk(img *image.RGBA, side int) *image.RGBA {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	by := min(float64(side)/float64(max(w, h)), 1)
	out := image.NewRGBA(image.Rect(0, 0, int(by*float64(w)), int(by*float64(h))))
	draw.CatmullRom.Scale(out, out.Rect, img, img.Rect, draw.Src, nil)
	return out
}

func rgb(img *image.RGBA) *picture.Picture {
	p := &picture.Picture{W: img.Rect.Dx(), H: img.Rect.Dy()}
	p.Pix = make([]byte, 3*p.W*p.H)
	for i := range p.W * p.H {
		copy(p.Pix[3*i:3*i+3], img.Pix[4*i:])
	}
	return p
}

// TestRecall prints, for each transform, the share of photos whose altered copy is found by PDQ of the whole, by layout as well, and by
// features as well; and how many matched another picture. RINGFENCE_PHOTOS names a folder of photos and, after a colon, one of other pictures
// that share nothing with them and are banked too. RINGFENCE_TRANSFORM is a regular expression of the transforms that are wanted.
func TestRecall(t *testing.T) {
	folders := filepath.SplitList(os.Getenv("RINGFENCE_PHOTOS"))
	if len(folders) == 0 {
		t.Skip("RINGFENCE_PHOTOS is not set: it names a folder of photos to measure recall on, for instance of Debian's mate-backgrounds unpacked")
	}
	names, originals := photos(t, folders[0])
	finder := lookup.NewFinder()
	var items []lookup.Item
	bank := func(prefix string, list []*image.RGBA) {
		for i, img := range list {
			it, err := finder.Item(fmt.Sprintf("%s%d", prefix, i), nil, rgb(img))
			if err != nil {
				t.Fatal(err)
			}
			items = append(items, it)
		}
	}
	bank("", originals)
	for _, folder := range folders[1:] {
		_, others := photos(t, folder)
		bank("other ", others)
	}
	b, err := lookup.Build(items)
	if err != nil {
		t.Fatal(err)
	}
	wanted := regexp.MustCompile(os.Getenv("RINGFENCE_TRANSFORM"))
	t.Logf("%d photos, %d pictures in the bank\n%-32s %6s %7s %9s %6s  missed", len(originals), b.Len(), "transform", "pdq", "+layout", "+features", "false")
	wrongful := map[int]bool{} // photos of which some copy matched another picture
	queries := 0
	for k, tr := range transform.All() {
		if !wanted.MatchString(tr.Name) {
			continue
		}
		var byTier [3]int
		var missed []string
		wrong := 0
		for i, img := range originals {
			other := (i + 1 + k%(len(originals)-1)) % len(originals)
			copied := tr.Apply(img, originals[other], rand.New(rand.NewPCG(uint64(i), uint64(k))))
			found := false
			for _, m := range finder.Find(b, nil, rgb(copied)) {
				switch m.ID {
				case fmt.Sprint(i):
					found = true
					switch m.Method {
					case lookup.Layout:
						byTier[1]++
					case lookup.Features, lookup.FeaturesMirrored:
						byTier[2]++
					default:
						byTier[0]++
					}
				case fmt.Sprint(other):
				default:
					wrong++
					wrongful[i] = true
					t.Logf("%s of %s matches %s: %+v", tr.Name, names[i], m.ID, m)
				}
			}
			if !found {
				missed = append(missed, names[i])
			}
			queries++
		}
		share := func(n int) float64 { return 100 * float64(n) / float64(len(originals)) }
		t.Logf("%-32s %6.1f %7.1f %9.1f %6d  %s", tr.Name, share(byTier[0]), share(byTier[0]+byTier[1]),
			share(byTier[0]+byTier[1]+byTier[2]), wrong, strings.Join(missed, " "))
	}
	// The copies of one photo are not independent, so that photos are counted: of n without a fault less than 3/n have one, at 95%.
	t.Logf("%d queries; copies of %d of %d photos matched another picture; if none: below %.1f%% of photos at 95%%", queries, len(wrongful),
		len(originals), 100*(1-math.Pow(0.05, 1/float64(len(originals)))))
	if len(wrongful) > 0 {
		t.Errorf("copies of %d photos matched another picture, want none", len(wrongful))
	}
}

// TestSharedInterfaces banks screenshots and captioned pictures of other photos than the queries: what they share is the interface, the
// typeface and often the phrase. It logs what matches all the same. RINGFENCE_PHOTOS names two folders, as for TestRecall.
func TestSharedInterfaces(t *testing.T) {
	folders := filepath.SplitList(os.Getenv("RINGFENCE_PHOTOS"))
	if len(folders) < 2 {
		t.Skip("RINGFENCE_PHOTOS does not name two folders of photos, what is looked up and what is banked")
	}
	names, originals := photos(t, folders[0])
	_, others := photos(t, folders[1])
	framed := regexp.MustCompile(`^(phone screenshot (light|dark)|desktop screenshot|caption both 35%|text band bottom|meme text)$`)
	finder := lookup.NewFinder()
	var items []lookup.Item
	alter := func(name string, seed int, img, other *image.RGBA) *picture.Picture {
		all := transform.All()
		i := slices.IndexFunc(all, func(tr transform.Transform) bool { return tr.Name == name })
		return rgb(all[i].Apply(img, other, rand.New(rand.NewPCG(uint64(seed), 7))))
	}
	for _, tr := range transform.All() {
		for i, img := range others {
			if !framed.MatchString(tr.Name) {
				continue
			}
			it, err := finder.Item(fmt.Sprintf("%s, %d", tr.Name, i), nil, alter(tr.Name, i, img, others[(i+1)%len(others)]))
			if err != nil {
				t.Fatal(err)
			}
			items = append(items, it)
		}
	}
	b, err := lookup.Build(items)
	if err != nil {
		t.Fatal(err)
	}
	for _, tr := range transform.All() {
		if !framed.MatchString(tr.Name) {
			continue
		}
		matched := 0
		for i, img := range originals {
			found := finder.Find(b, nil, alter(tr.Name, 1000+i, img, originals[(i+1)%len(originals)]))
			if len(found) > 0 {
				matched++
				t.Logf("%s of %s matches %+v", tr.Name, names[i], found[0])
			}
		}
		t.Logf("%s: %d of %d match one of %d banked pictures that are framed likewise", tr.Name, matched, len(originals), b.Len())
	}
}
