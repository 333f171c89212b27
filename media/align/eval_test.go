package align

import (
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/media/transform"
)

// luma is the brightness of a picture.
func luma(m *image.RGBA) Plane {
	p := Plane{m.Rect.Dx(), m.Rect.Dy(), make([]uint8, m.Rect.Dx()*m.Rect.Dy())}
	for i := range p.Pix {
		x, y := i%p.W, i/p.W
		c := m.Pix[y*m.Stride+4*x:]
		p.Pix[i] = uint8((299*int(c[0]) + 587*int(c[1]) + 114*int(c[2]) + 500) / 1000)
	}
	return p
}

func extract(t testing.TB, m *image.RGBA) *Features {
	t.Helper()
	f, err := Extract(luma(m))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// photos are the JPEG files of a folder.
func photos(t *testing.T, folder string) (names []string, list []*image.RGBA) {
	files, err := filepath.Glob(filepath.Join(folder, "*.jpg"))
	if err != nil || len(files) < 20 {
		t.Fatalf("%s has %d JPEG files, want 20 or more: %v", folder, len(files), err)
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		m, err := jpeg.Decode(f)
		f.Close()
		if err != nil {
			t.Fatal(name, err)
		}
		rgba := image.NewRGBA(image.Rect(0, 0, m.Bounds().Dx(), m.Bounds().Dy()))
		draw.Draw(rgba, rgba.Rect, m, m.Bounds().Min, draw.Src)
		names = append(names, strings.TrimSuffix(filepath.Base(name), ".jpg"))
		list = append(list, rgba)
	}
	return names, list
}

// TestRecallOnPhotos measures how many altered photos are recognised, by Verify and by a bank of 10,000 other pictures, and how many
// features agree at most between a query and pictures that are not in it. It logs a table. RINGFENCE_PHOTOS names a folder of
// photos with a long side of some 1000 pixels and, after a colon, one of other pictures that share nothing with them; RINGFENCE_TRANSFORM is a
// regular expression of the transforms that are wanted.
func TestRecallOnPhotos(t *testing.T) {
	folders := filepath.SplitList(os.Getenv("RINGFENCE_PHOTOS"))
	if len(folders) != 2 {
		t.Skip("RINGFENCE_PHOTOS does not name two folders of JPEG files, photos and others")
	}
	names, originals := photos(t, folders[0])
	_, others := photos(t, folders[1])
	var banked, unlike []*Features
	b := NewBank()
	for _, m := range others {
		unlike = append(unlike, extract(t, m))
	}
	crowd(b, unlike, 10_000)
	for i, m := range originals {
		f := extract(t, m)
		banked = append(banked, f)
		if f.Len() < MaxFeatures/2 {
			t.Logf("%s has %d features", names[i], f.Len())
		}
		if err := b.Add(uint64(i), f); err != nil {
			t.Fatal(err)
		}
	}
	all := append(slices.Clone(banked), unlike...)
	chosen := regexp.MustCompile(os.Getenv("RINGFENCE_TRANSFORM"))
	unrelated := map[int]int{} // pairs by inliers
	pairs, strangers := 0, 0
	for _, tr := range transform.All() {
		if !chosen.MatchString(tr.Name) {
			continue
		}
		rng := rand.New(rand.NewPCG(1, 1))
		verified, searched, missed := 0, 0, ""
		var inliers []int
		for i, m := range originals {
			beside := (i + 7) % len(originals)
			altered := tr.Apply(m, originals[beside], rng)
			query := extract(t, altered)
			a, ok := Verify(query, banked[i])
			mirrored := features(t, luma(altered).Mirrored())
			if b, found := Verify(mirrored, banked[i]); b.Inliers > a.Inliers {
				a, ok, query = b, found, mirrored
			}
			inliers = append(inliers, a.Inliers)
			if ok {
				verified++
			} else {
				missed += fmt.Sprintf(" %s: %d", names[i], a.Inliers)
			}
			for _, f := range b.Search(nil, query, 12) {
				switch f.ID {
				case uint64(i):
					searched++
				case uint64(beside):
				default:
					strangers++
				}
			}
			for k := range 4 {
				if j := (i + 11 + 17*k) % len(all); j != i && j != beside {
					a, _ := Verify(query, all[j])
					unrelated[a.Inliers]++
					pairs++
				}
			}
		}
		slices.Sort(inliers)
		t.Logf("%-32s verified %5.1f%% searched %5.1f%% inliers: least %3d, tenth %3d, median %3d;%s", tr.Name, 100*float64(verified)/float64(len(originals)),
			100*float64(searched)/float64(len(originals)), inliers[0], inliers[len(inliers)/10], inliers[len(inliers)/2], missed)
	}
	t.Logf("%d unrelated pairs by inliers: %v; %d found that are not in the query", pairs, unrelated, strangers)
}
