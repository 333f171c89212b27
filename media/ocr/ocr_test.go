package ocr

import (
	"context"
	"errors"
	"image"
	"image/color"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/media/picture"
)

// tesseract is the program; without it a test of what it reads is skipped.
func tesseract(t *testing.T) string {
	t.Helper()
	path := FindTesseract()
	if path == "" {
		t.Skip("tesseract is not on the PATH: reading pictures is not tested")
	}
	return path
}

// landscape is a photo as tests need one: a sky that is nearly white, hills, and grain.
func landscape(w, h int) *image.RGBA {
	r := rand.New(rand.NewPCG(1, 2))
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{230, 240, 250, 255}
			if hill := h/2 + (x*x/(3*w)+y)%17; y > hill {
				c = color.RGBA{60, byte(90 + 60*y/h), 50, 255}
			}
			n := byte(r.IntN(20))
			img.SetRGBA(x, y, color.RGBA{c.R - n, c.G - n, c.B - n, 255})
		}
	}
	return img
}

func TestReadsMemes(t *testing.T) {
	r := Reader{Tesseract: tesseract(t)}
	for _, s := range []style{{size: 0.1, stroke: true, ink: color.White}, {size: 0.08, bar: color.White, ink: color.Black}} {
		img := meme(t, landscape(600, 450), s, "NEVER SHARE THIS", "WITH YOUR MOTHER")
		got, err := r.Read(t.Context(), toPicture(img))
		if err != nil {
			t.Fatal(err)
		}
		if want := "NEVER SHARE THIS WITH YOUR MOTHER"; strings.Join(strings.Fields(got.String()), " ") != want {
			t.Errorf("outlined %t: got %q, want %q", s.stroke, got, want)
		}
		for i, w := range got.Words {
			if !w.Box.In(img.Rect) || w.Box.Dy() < 25 || w.Box.Dy() > 60 {
				t.Errorf("%q lies at %v", w.Text, w.Box)
			}
			if s.stroke && (i < 3) != (w.Box.Max.Y < 225) {
				t.Errorf("%q lies at %v, in the wrong half", w.Text, w.Box)
			}
		}
	}
}

func TestRefusesToRead(t *testing.T) {
	p := toPicture(landscape(64, 48))
	if _, err := (Reader{}).Read(t.Context(), p); !errors.Is(err, ErrNoTesseract) || !strings.Contains(err.Error(), "apt-get install tesseract-ocr") {
		t.Errorf("without the program: got error %v, want ErrNoTesseract and what to do", err)
	}
	for _, languages := range []string{"../eng", "eng deu", "eng+", "-c", strings.Repeat("eng+", 20) + "eng"} {
		if _, err := (Reader{Tesseract: "/nonexistent", Languages: languages}).Read(t.Context(), p); err == nil || errors.Is(err, ErrFailed) {
			t.Errorf("languages %q: got error %v, want them refused", languages, err)
		}
	}
	if got, err := (Reader{Tesseract: "/nonexistent"}).Read(t.Context(), &picture.Picture{W: 2, H: 2, Pix: make([]byte, 12)}); err != nil || len(got.Words) > 0 {
		t.Errorf("a picture of 2 x 2: got %v, %v: want nothing", got, err)
	}
	if _, err := (Reader{Tesseract: tesseract(t), Languages: "xyz"}).Read(t.Context(), p); !errors.Is(err, ErrFailed) || !strings.Contains(err.Error(), "xyz") {
		t.Errorf("a language without data: got error %v, want ErrFailed and its name", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := (Reader{Tesseract: tesseract(t)}).Read(ctx, p); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got error %v, want Canceled", err)
	}
}

// TestOutlined: of a sky and letters that are as bright, only the letters are left.
func TestOutlined(t *testing.T) {
	for _, negative := range []bool{false, true} {
		plain := landscape(800, 600)
		written := meme(t, plain, style{size: 0.1, stroke: true, ink: color.White}, "ABC", "DEF")
		if negative {
			for _, img := range []*image.RGBA{plain, written} {
				for i := range img.Pix {
					if i%4 < 3 {
						img.Pix[i] = 255 - img.Pix[i]
					}
				}
			}
		}
		if _, ok := outlined(plain, negative); ok {
			t.Errorf("negative %t: letters were seen in a landscape", negative)
		}
		sheet, ok := outlined(written, negative)
		if !ok {
			t.Fatalf("negative %t: no letters were seen", negative)
		}
		black := 0
		for i, v := range sheet.Pix {
			switch y := i / 800; {
			case v == 0 && y > 90 && y < 510:
				t.Fatalf("negative %t: a piece of the landscape at %d, %d is left", negative, i%800, y)
			case v == 0:
				black++
			}
		}
		if black < 2000 || black > 20_000 {
			t.Errorf("negative %t: the letters have %d pixels", negative, black)
		}
	}
}

func TestSheetsAreOfASize(t *testing.T) {
	for _, tc := range []struct{ w, h, wantW, wantH int }{
		{800, 600, 1200, 900}, {1600, 900, 1600, 900}, {4800, 100, 2400, 50}, {100, 50, 400, 200}, {20, 5000, 9, 2400},
	} {
		got, scale := resized(&picture.Picture{W: tc.w, H: tc.h, Pix: make([]byte, 3*tc.w*tc.h)})
		if got.Rect.Dx() != tc.wantW || got.Rect.Dy() != tc.wantH {
			t.Errorf("%d x %d: got %v at scale %v, want %d x %d", tc.w, tc.h, got.Rect.Size(), scale, tc.wantW, tc.wantH)
		}
	}
}

const table = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n" +
	"1\t1\t0\t0\t0\t0\t0\t0\t200\t100\t-1\t\n" +
	"5\t1\t1\t1\t1\t1\t20\t10\t60\t20\t96.5\tFree\n" +
	"5\t1\t1\t1\t1\t2\t90\t12\t80\t20\t50\tmoney\n" +
	"5\t1\t1\t1\t1\t3\t90\t12\t80\t20\t44\tweak\n" + // read less surely than is believed
	"5\t1\t1\t1\t1\t3\t0\t0\t5\t5\t84\tl\n" +
	"5\t1\t1\t1\t1\t3\t0\t0\t5\t5\t99\t~|\n" +
	"5\t1\t1\t1\t1\t3\t500\t0\t5\t5\t99\toutside\n" +
	"5\t1\t1\t1\t1\t3\tx\t0\t5\t5\t99\tbroken\n" +
	"5\t1\t1\t1\t1\t3\t1\t1\t5\t5\tNaN\tbroken\n" +
	"5\t1\t1\n"

func TestParse(t *testing.T) {
	got := parse([]byte(table), sheet{image.NewGray(image.Rect(0, 0, 200, 100)), Light, 2})
	want := []Word{{"Free", image.Rect(10, 5, 40, 15), 96.5, Light}, {"money", image.Rect(45, 6, 85, 16), 50, Light}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestMerge(t *testing.T) {
	at := func(x, y int, text string, confidence float64, by Preparation) Word {
		return Word{text, image.Rect(x, y, x+12*len(text), y+20), confidence, by}
	}
	got := merge([]Word{
		at(10, 10, "Buy", 90, Plain), at(100, 14, "now", 60, Plain), // read again, better, in another preparation
		at(101, 12, "NOW", 95, Light), at(10, 50, "below", 80, Light),
		at(11, 11, "B", 99, Light),             // a part of a word that was read whole
		at(600, 16, "elsewhere", 80, Inverted), // too far to be the same line
	})
	if want := "Buy NOW\nelsewhere\nbelow"; got.String() != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := merge(nil).String(); got != "" {
		t.Errorf("nothing gives %q", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(table))
	f.Add([]byte("5\t1\t1\t1\t1\t1\t0\t0\t1048576\t1048576\t1e2\t\xff\xfeab\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s := sheet{image.NewGray(image.Rect(0, 0, 300, 200)), Plain, 1.5}
		words := parse(data, s)
		text := merge(words)
		if len(text.Words) > len(words) {
			t.Fatalf("%d words of %d", len(text.Words), len(words))
		}
		for i, w := range text.Words {
			if w.Text == "" || !w.Box.In(image.Rect(0, 0, 201, 135)) || w.Box.Empty() || !(w.Confidence >= 0 && w.Confidence <= 100) {
				t.Fatalf("%+v", w)
			}
			for _, o := range text.Words[:i] {
				if overlap(o.Box, w.Box) {
					t.Fatalf("%+v lies on %+v", w, o)
				}
			}
		}
		if n := len(strings.Fields(text.String())); n < len(text.Words) {
			t.Fatalf("%d words are %d in the text", len(text.Words), n)
		}
	})
}
