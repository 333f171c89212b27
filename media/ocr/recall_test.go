package ocr

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/image/draw"

	"github.com/ringfence/ringfence/media/picture"
)

// captions are what the memes say, at the top and at the bottom.
var captions = [][2]string{
	{"WHEN YOU FINALLY FIND", "THE MISSING SOCK"}, {"ONE DOES NOT SIMPLY", "WALK INTO THE MEETING"},
	{"They told me it was easy", "they were lying to me"}, {"NOBODY IS COMING", "TO SAVE YOUR MONDAY"},
	{"Buy two and get three", "only this week at the market"}, {"EVERY SINGLE MORNING", "THE SAME OLD STORY"},
	{"I asked for a raise", "and got a warm handshake"}, {"SEND THIS TO TEN PEOPLE", "OR LOSE YOUR LUCK"},
	{"this is the last warning", "we know where you live"}, {"FREE MONEY FOR ALL", "JUST CLICK THE LINK"},
}

// TestRecall measures how much of the text of memes is read, and how much by Tesseract alone, over the photos in the folder that RINGFENCE_PHOTOS names.
func TestRecall(t *testing.T) {
	folder := os.Getenv("RINGFENCE_PHOTOS")
	if folder == "" {
		t.Skip("RINGFENCE_PHOTOS names no folder with photos to write on")
	}
	r := Reader{Tesseract: tesseract(t), Languages: "eng"}
	photos := photos(t, folder)
	for _, s := range styles {
		var all, alone score
		for i, photo := range photos {
			caption := captions[i%len(captions)]
			img := meme(t, photo, s, caption[0], caption[1])
			if s.half {
				img = halved(t, img)
			}
			var found []Word
			for _, sheet := range prepare(toPicture(img)) {
				words, err := r.read(t.Context(), sheet)
				if err != nil {
					t.Fatal(err)
				}
				if sheet.by == Plain {
					alone.count(merge(slices.Clone(words)), caption)
				}
				found = append(found, words...)
			}
			all.count(merge(found), caption)
		}
		t.Logf("%-40s %v; Tesseract alone %v", s.name, all, alone)
	}
}

// score counts what was read, without regard to case and marks.
type score struct{ words, read, captions, whole int }

func (s *score) count(got Text, caption [2]string) {
	said := " " + strings.Join(strings.Fields(strings.ToLower(plain(got.String()))), " ") + " "
	whole := true
	for _, part := range caption {
		whole = whole && strings.Contains(said, " "+strings.ToLower(part)+" ")
		for word := range strings.FieldsSeq(strings.ToLower(part)) {
			s.words++
			if strings.Contains(said, " "+word+" ") {
				s.read++
			}
		}
	}
	s.captions++
	if whole {
		s.whole++
	}
}

func (s score) String() string {
	return fmt.Sprintf("%d of %d words (%d%%), %d of %d captions whole", s.read, s.words, 100*s.read/s.words, s.whole, s.captions)
}

// plain is a text without the marks that Tesseract makes of edges.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(".,:;!?'\"|-_", r) {
			return -1
		}
		return r
	}, s)
}

func halved(t *testing.T, img *image.RGBA) *image.RGBA {
	t.Helper()
	half := image.NewRGBA(image.Rect(0, 0, img.Rect.Dx()/2, img.Rect.Dy()/2))
	draw.CatmullRom.Scale(half, half.Rect, img, img.Rect, draw.Src, nil)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, half, &jpeg.Options{Quality: 50}); err != nil {
		t.Fatal(err)
	}
	again, err := jpeg.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	draw.Draw(half, half.Rect, again, image.Point{}, draw.Src)
	return half
}

// photos are those of a folder, at 800 pixels the longer side; where RINGFENCE_PHOTOS_EACH is n, every nth of them.
func photos(t *testing.T, folder string) (out []*image.RGBA) {
	t.Helper()
	each, _ := strconv.Atoi(os.Getenv("RINGFENCE_PHOTOS_EACH"))
	n := 0
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !slices.Contains([]string{".jpg", ".jpeg", ".png"}, filepath.Ext(path)) {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		p, err := picture.Decoder{}.Decode(t.Context(), data)
		if err != nil {
			return nil //nolint:nilerr // it is named like a picture, and is none that can be written on
		}
		if n++; n%max(each, 1) > 0 {
			return nil
		}
		from := image.NewRGBA(image.Rect(0, 0, p.W, p.H))
		for i := range p.W * p.H {
			copy(from.Pix[4*i:], p.Pix[3*i:3*i+3])
			from.Pix[4*i+3] = 255
		}
		scale := 800 / float64(max(p.W, p.H))
		to := image.NewRGBA(image.Rect(0, 0, int(float64(p.W)*scale), int(float64(p.H)*scale)))
		draw.CatmullRom.Scale(to, to.Rect, from, from.Rect, draw.Src, nil)
		out = append(out, to)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}
