package layout_test

import (
	"context"
	"flag"
	"fmt"
	"image"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/image/draw"

	"github.com/ringfence/ringfence/media/layout"
	"github.com/ringfence/ringfence/media/pdq"
	"github.com/ringfence/ringfence/media/picture"
	"github.com/ringfence/ringfence/media/transform"
)

var only = flag.String("transforms", "", "measure the transforms whose names match this expression, and log what is missed")

// photos loads the pictures of the folder that RINGFENCE_PHOTOS names, at 800 pixels the longer side. Of pictures that PDQ calls the same, or
// whose hash means little, the first stays.
func photos(t *testing.T) []*image.RGBA {
	dir := os.Getenv("RINGFENCE_PHOTOS")
	if dir == "" {
		t.Skip("RINGFENCE_PHOTOS is not set: it names a folder of photos to measure recall on, for instance of Debian's mate-backgrounds unpacked")
	}
	var out []*image.RGBA
	var known []pdq.Hash
	hasher := pdq.NewHasher()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
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
		img := shrink(p.Over(255, 255, 255), 800)
		s := spectrum(hasher, img)
		for _, twin := range s.Dihedral() {
			for _, k := range known {
				if k.Distance(twin) <= 2*pdq.MatchDistance {
					return nil
				}
			}
		}
		if s.Quality < pdq.MinQuality {
			return nil
		}
		known = append(known, s.Hash())
		out = append(out, img)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func shrink(p *picture.Picture, side int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, p.W, p.H))
	for i := range p.W * p.H {
		copy(img.Pix[4*i:4*i+3], p.Pix[3*i:])
		img.Pix[4*i+3] = 255
	}
	by := min(float64(side)/float64(max(p.W, p.H)), 1)
	out := image.NewRGBA(image.Rect(0, 0, int(by*float64(p.W)), int(by*float64(p.H))))
	draw.CatmullRom.Scale(out, out.Rect, img, img.Rect, draw.Src, nil)
	return out
}

// rgb is a part of a picture.
func rgb(img *image.RGBA, r image.Rectangle) []byte {
	out := make([]byte, 0, 3*r.Dx()*r.Dy())
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			q := img.Pix[img.PixOffset(x, y):]
			out = append(out, q[0], q[1], q[2])
		}
	}
	return out
}

func spectrum(h *pdq.Hasher, img *image.RGBA) pdq.Spectrum {
	return h.Full(rgb(img, img.Rect), img.Rect.Dx(), img.Rect.Dy())
}

// TestRecall prints, for each transform, the share of photos whose altered copy is found by the hash alone, by its dihedral hashes and
// complement, and by those of the located regions as well; and how many matched another photo. It fails where what the package is for
// falls well below what was measured when it was written.
func TestRecall(t *testing.T) {
	originals := photos(t)
	hasher := pdq.NewHasher()
	var locator layout.Locator
	bank := make([]pdq.Hash, len(originals))
	for i, img := range originals {
		s := spectrum(hasher, img)
		bank[i] = s.Hash()
	}
	measured := regexp.MustCompile(*only)
	recall := map[string]float64{}
	var table strings.Builder
	fmt.Fprintf(&table, "%d photos\n%-32s %6s %6s %6s %6s\n", len(originals), "transform", "hash", "turned", "layout", "false")
	falseMatches, queries := 0, 0
	for k, tr := range transform.All() {
		if !measured.MatchString(tr.Name) {
			continue
		}
		var hash, turned, located, wrong int
		for i, img := range originals {
			otherIndex := (i + 1 + k) % len(originals)
			if otherIndex == i {
				otherIndex = (i + 1) % len(originals)
			}
			out := tr.Apply(img, originals[otherIndex], rand.New(rand.NewPCG(uint64(i), uint64(k))))
			s := spectrum(hasher, out)
			near := func(h pdq.Hash) bool {
				for j, b := range bank {
					if j != i && j != otherIndex && b.Distance(h) <= pdq.MatchDistance {
						wrong++
					}
				}
				return bank[i].Distance(h) <= pdq.MatchDistance
			}
			any := func(s pdq.Spectrum) bool {
				found := false
				if s.Quality < pdq.MinQuality {
					return false
				}
				for _, h := range s.Dihedral() {
					found = near(h) || near(h.Complement()) || found
				}
				return found
			}
			if bank[i].Distance(s.Hash()) <= pdq.MatchDistance {
				hash++
			}
			found := any(s)
			if found {
				turned++
			}
			queries++
			regions := locator.Find(rgb(out, out.Rect), out.Rect.Dx(), out.Rect.Dy())
			for _, r := range regions {
				part := hasher.Full(rgb(out, r.Rectangle), r.Dx(), r.Dy())
				found = any(part) || found
				queries++
			}
			if found {
				located++
			} else if *only != "" {
				t.Logf("%s: photo %d missed: %v %v", tr.Name, i, out.Rect.Max, regions)
			}
		}
		share := func(n int) float64 { return 100 * float64(n) / float64(len(originals)) }
		fmt.Fprintf(&table, "%-32s %6.1f %6.1f %6.1f %6d\n", tr.Name, share(hash), share(turned), share(located), wrong)
		recall[tr.Name] = share(located)
		falseMatches += wrong
	}
	// No false match among n photos leaves a rate below 3/n at 95%, since the queries of one photo are not independent.
	fmt.Fprintf(&table, "%d false matches in %d hashed rectangles; if none: below %.2f of photos at 95%%\n", falseMatches, queries,
		1-math.Pow(0.05, 1/float64(len(originals))))
	t.Log("\n" + table.String())
	for name, floor := range map[string]float64{"identity": 100, "border white 5%": 85, "letterbox 1:1 black": 85, "letterbox 9:16 black": 85,
		"caption above 20%": 85, "collage half": 80, "desktop screenshot": 75, "pasted 60%": 75} {
		if got, ok := recall[name]; ok && got < floor {
			t.Errorf("%s: recall %.1f%%, want %.0f%% or more", name, got, floor)
		}
	}
	if falseMatches > 0 {
		t.Errorf("%d false matches, want none", falseMatches)
	}
}
