package picture

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/color/palette"
	"image/gif"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/image/bmp"
	"golang.org/x/image/draw"
	"golang.org/x/image/tiff"
)

// corner is the picture that most tests decode: 96 by 64, a gradient with a red square at the top left. The files in testdata show it,
// too.
func corner() *image.NRGBA {
	p := image.NewNRGBA(image.Rect(0, 0, 96, 64))
	for y := range 64 {
		for x := range 96 {
			c := color.NRGBA{byte(x * 2), byte(y * 3), 120, 255}
			if x < 32 && y < 32 {
				c = color.NRGBA{230, 20, 20, 255}
			}
			p.SetNRGBA(x, y, c)
		}
	}
	return p
}

func encoded(t testing.TB, encode func(*bytes.Buffer) error) []byte {
	t.Helper()
	var buf bytes.Buffer
	if err := encode(&buf); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func pngOf(t testing.TB, img image.Image) []byte {
	return encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, img) })
}

func jpegOf(t testing.TB, img image.Image) []byte {
	return encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, img, nil) })
}

func testdata(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// as draws a picture into another kind of image.
func as(to draw.Image, from image.Image) image.Image {
	draw.Draw(to, to.Bounds(), from, image.Point{}, draw.Src)
	return to
}

// files are pictures of every kind that this process decodes, all showing corner.
func files(t testing.TB) map[string][]byte {
	p := corner()
	r := p.Rect
	return map[string][]byte{
		"JPEG":            jpegOf(t, p),
		"JPEG grey":       jpegOf(t, as(image.NewGray(r), p)),
		"PNG":             pngOf(t, p),
		"PNG palette":     pngOf(t, as(image.NewPaletted(r, palette.WebSafe), p)),
		"PNG grey":        pngOf(t, as(image.NewGray(r), p)),
		"PNG grey 16-bit": pngOf(t, as(image.NewGray16(r), p)),
		"PNG 16-bit":      pngOf(t, as(image.NewNRGBA64(r), p)),
		"GIF":             encoded(t, func(b *bytes.Buffer) error { return gif.Encode(b, p, nil) }),
		"BMP":             encoded(t, func(b *bytes.Buffer) error { return bmp.Encode(b, p) }),
		"TIFF": encoded(t, func(b *bytes.Buffer) error {
			return tiff.Encode(b, p, &tiff.Options{Compression: tiff.Deflate, Predictor: true})
		}),
		"WebP lossy":       testdata(t, "lossy.webp"),
		"WebP lossy alpha": testdata(t, "lossy-alpha.webp"),
	}
}

func decodeOK(t testing.TB, data []byte) *Picture {
	t.Helper()
	p, err := Decoder{}.Decode(context.Background(), data)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// at is the colour of a pixel.
func (p *Picture) at(x, y int) [3]int {
	q := p.Pix[3*(y*p.W+x):]
	return [3]int{int(q[0]), int(q[1]), int(q[2])}
}

func near(a, b [3]int, tolerance int) bool {
	for i := range a {
		if d := a[i] - b[i]; d > tolerance || d < -tolerance {
			return false
		}
	}
	return true
}

func TestDecodesEveryFormat(t *testing.T) {
	want := convert(corner(), PNG)
	for name, data := range files(t) {
		t.Run(name, func(t *testing.T) {
			got := decodeOK(t, data)
			if got.W != 96 || got.H != 64 || len(got.Pix) != 3*96*64 {
				t.Fatalf("got %d x %d, %d bytes: want 96 x 64", got.W, got.H, len(got.Pix))
			}
			tolerance := map[bool]int{true: 0, false: 12}[name == "PNG" || name == "PNG 16-bit" || name == "BMP" || name == "TIFF"]
			if strings.Contains(name, "palette") || name == "GIF" {
				tolerance = 60
			}
			for _, at := range []image.Point{{8, 8}, {50, 50}, {90, 4}, {4, 60}} {
				w := want.at(at.X, at.Y)
				if strings.Contains(name, "grey") {
					l := (299*w[0] + 587*w[1] + 114*w[2]) / 1000
					w = [3]int{l, l, l}
				}
				if g := got.at(at.X, at.Y); !near(g, w, tolerance) {
					t.Errorf("at %v: got %v, want %v within %d", at, g, w, tolerance)
				}
			}
			if hasAlpha := name == "WebP lossy alpha"; (got.Alpha != nil) != hasAlpha {
				t.Errorf("alpha: got %t, want %t", got.Alpha != nil, hasAlpha)
			}
		})
	}
}

func TestColoursUnderAlphaStayAsStored(t *testing.T) {
	src := corner()
	for i := 3; i < len(src.Pix); i += 4 {
		src.Pix[i] = byte(i / 4 % 3) // nearly invisible
	}
	got := decodeOK(t, pngOf(t, src))
	if want := (corner()); !bytes.Equal(got.Pix, convert(want, PNG).Pix) {
		t.Error("the colours of a transparent picture are not those stored")
	}
	seen := got.Over(255, 255, 255)
	if g := seen.at(8, 8); !near(g, [3]int{255, 253, 253}, 2) || seen.Alpha != nil {
		t.Errorf("over white: got %v, want nearly white and opaque", g)
	}
	if opaque := decodeOK(t, pngOf(t, corner())); opaque.Over(1, 2, 3) != opaque {
		t.Error("an opaque picture is not itself over a ground")
	}
}

// withEXIF puts an orientation into a JPEG.
func withEXIF(data []byte, orientation byte, order string) []byte {
	exif := "Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00" + string([]byte{orientation, 0, 0, 0}) + "\x00\x00\x00\x00"
	if order == "MM" {
		exif = "Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01" + string([]byte{0, orientation, 0, 0}) + "\x00\x00\x00\x00"
	}
	head := []byte{0xff, 0xd8, 0xff, 0xe1, 0, byte(len(exif) + 2)}
	return append(append(head, exif...), data[2:]...)
}

func TestOrientationIsApplied(t *testing.T) {
	data := jpegOf(t, corner())
	// Where the red corner is seen, as EXIF 2.32 table 6 says: 1 top left, 2 mirrored, 3 upside down, and so on.
	for o, want := range map[byte][2]string{1: {"left", "top"}, 2: {"right", "top"}, 3: {"right", "bottom"}, 4: {"left", "bottom"},
		5: {"left", "top"}, 6: {"right", "top"}, 7: {"right", "bottom"}, 8: {"left", "bottom"}} {
		for _, order := range []string{"II", "MM"} {
			file := withEXIF(data, o, order)
			p := decodeOK(t, file)
			info, err := Decoder{}.Inspect(file)
			if err != nil || info.W != p.W || info.H != p.H {
				t.Errorf("orientation %d: header says %+v, %v: the picture is %d x %d", o, info, err, p.W, p.H)
			}
			if turned := p.W < p.H; turned != (o >= 5) {
				t.Errorf("orientation %d: got %d x %d", o, p.W, p.H)
			}
			x, y := 8, 8
			if want[0] == "right" {
				x = p.W - 9
			}
			if want[1] == "bottom" {
				y = p.H - 9
			}
			if got := p.at(x, y); !near(got, [3]int{230, 20, 20}, 12) {
				t.Errorf("orientation %d %s: got %v at the %s %s, want red", o, order, got, want[1], want[0])
			}
		}
	}
	if got := decodeOK(t, withEXIF(data, 9, "II")); got.W != 96 {
		t.Errorf("orientation 9, which is none, was applied: got %d x %d", got.W, got.H)
	}
}

func animatedGIF(t testing.TB) []byte {
	red, green, clear := color.RGBA{255, 0, 0, 255}, color.RGBA{0, 255, 0, 255}, color.RGBA{}
	pal := color.Palette{clear, red, green}
	whole := image.NewPaletted(image.Rect(0, 0, 40, 30), pal)
	for i := range whole.Pix {
		whole.Pix[i] = 1
	}
	patch := image.NewPaletted(image.Rect(10, 10, 20, 20), pal)
	for i := range patch.Pix {
		patch.Pix[i] = byte(2 * (i % 2)) // every other column is transparent
	}
	return encoded(t, func(b *bytes.Buffer) error {
		return gif.EncodeAll(b, &gif.GIF{Image: []*image.Paletted{whole, patch, patch}, Delay: []int{10, 25, 5},
			Disposal: []byte{gif.DisposalNone, gif.DisposalBackground, gif.DisposalNone}, Config: image.Config{Width: 40, Height: 30, ColorModel: pal}})
	})
}

func TestAnimatedGIF(t *testing.T) {
	data := animatedGIF(t)
	type look struct {
		Start                      time.Duration
		At10, At11, At30           [3]int
		Opaque10, Opaque11Repeated bool
	}
	var got []look
	for f, err := range (Decoder{}).Frames(context.Background(), data) {
		if err != nil {
			t.Fatal(err)
		}
		opaque := func(x, y int) bool { return f.Alpha == nil || f.Alpha[y*f.W+x] == 255 }
		got = append(got, look{f.Start, f.at(10, 10), f.at(11, 10), f.at(30, 20), opaque(10, 10), opaque(11, 10)})
	}
	red, green := [3]int{255, 0, 0}, [3]int{0, 255, 0}
	want := []look{
		{0, red, red, red, true, true},
		{100 * time.Millisecond, red, green, red, true, true},
		{350 * time.Millisecond, [3]int{}, green, red, false, true}, // the second frame's place was cleared
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("frames (-want +got):\n%s", diff)
	}
	if first := decodeOK(t, data); first.at(11, 10) != red {
		t.Errorf("Decode gives not the first frame: got %v, want red", first.at(11, 10))
	}
	if info, err := (Decoder{}).Inspect(data); err != nil || info != (Info{GIF, 40, 30, 3}) {
		t.Errorf("Inspect: got %+v, %v", info, err)
	}
}

// vp8l is a lossless WebP bitstream of one colour: five prefix codes of one symbol each, so that pixels take no bits.
func vp8l(w, h int, c color.NRGBA) []byte {
	out := []byte{0x2f}
	var acc uint64
	var n int
	put := func(v uint64, bits int) {
		for acc |= v << n; bits > 0; bits-- {
			if n++; n == 8 {
				out, acc, n = append(out, byte(acc)), acc>>8, 0
			}
		}
	}
	put(uint64(w-1), 14)
	put(uint64(h-1), 14)
	put(1, 1) // alpha is used
	put(0, 3)
	put(0, 3) // no transform, no colour cache, no groups of codes
	for _, v := range []byte{c.G, c.R, c.B, c.A, 0} {
		put(0b101, 3) // a simple code, of one symbol, of 8 bits
		put(uint64(v), 8)
	}
	return append(out, byte(acc), 0)
}

func animatedWebP() []byte {
	frame := func(x, y, w, h, ms int, flags byte, c color.NRGBA) []byte {
		head := make([]byte, 16)
		put24(head, x/2)
		put24(head[3:], y/2)
		put24(head[6:], w-1)
		put24(head[9:], h-1)
		put24(head[12:], ms)
		head[15] = flags
		return chunk("ANMF", slices.Concat(head, chunk("VP8L", vp8l(w, h, c))))
	}
	extended := make([]byte, 10)
	extended[0] = 2 | 16
	put24(extended[4:], 39)
	put24(extended[7:], 29)
	body := bytes.Join([][]byte{[]byte("WEBP"), chunk("VP8X", extended), chunk("ANIM", make([]byte, 6)),
		frame(0, 0, 40, 30, 100, 2, color.NRGBA{200, 0, 0, 255}),
		frame(10, 10, 10, 10, 200, 1, color.NRGBA{0, 0, 200, 128}), // laid over, then cleared
		frame(20, 10, 10, 10, 50, 2, color.NRGBA{0, 200, 0, 255})}, nil)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

func TestAnimatedWebP(t *testing.T) {
	var got []string
	for f, err := range (Decoder{}).Frames(context.Background(), animatedWebP()) {
		if err != nil {
			t.Fatal(err)
		}
		a := byte(255)
		if f.Alpha != nil {
			a = f.Alpha[12*40+12]
		}
		got = append(got, fmt.Sprint(f.Start, f.at(0, 0), f.at(12, 12), a, f.at(22, 12)))
	}
	want := []string{
		"0s [200 0 0] [200 0 0] 255 [200 0 0]",
		"100ms [200 0 0] [100 0 100] 255 [200 0 0]",
		"300ms [200 0 0] [0 0 0] 0 [0 200 0]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("frames (-want +got):\n%s", diff)
	}
}

func TestHEIF(t *testing.T) {
	for _, name := range []string{"corner.heic", "corner.avif"} {
		data := testdata(t, name)
		if info, err := (Decoder{}).Inspect(data); err != nil || info.W != 96 || info.H != 64 || string(info.Format) != filepath.Ext(name)[1:] {
			t.Errorf("%s: header: got %+v, %v", name, info, err)
		}
		if _, err := (Decoder{}).Decode(context.Background(), data); !errors.Is(err, ErrNoDecoder) {
			t.Errorf("%s without a program: got error %v, want ErrNoDecoder", name, err)
		}
		if _, err := (Decoder{MaxPixels: 1000, HEIF: "/nonexistent"}).Decode(context.Background(), data); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s over the limit: got error %v, want ErrTooLarge before any program runs", name, err)
		}
		program := FindHEIF()
		if program == "" {
			t.Log("neither heif-dec nor heif-convert is on the PATH: decoding was not tested")
			continue
		}
		d := Decoder{HEIF: program}
		p, err := d.Decode(context.Background(), data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got := p.at(8, 8); p.W != 96 || p.H != 64 || !near(got, [3]int{230, 20, 20}, 16) {
			t.Errorf("%s: got %d x %d with %v at the top left, want red", name, p.W, p.H, got)
		}
		broken := bytes.Clone(data)
		clear(broken[len(broken)-100:])
		if _, err := d.Decode(context.Background(), broken); !errors.Is(err, ErrMalformed) && err != nil {
			t.Errorf("%s with a broken end: got error %v, want ErrMalformed", name, err)
		}
	}
}

// pngHeader is a PNG of any size that has no pixels.
func pngHeader(w, h uint32) []byte {
	out := []byte("\x89PNG\r\n\x1a\n")
	add := func(kind string, body []byte) {
		out = binary.BigEndian.AppendUint32(out, uint32(len(body)))
		out = append(append(out, kind...), body...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(append([]byte(kind), body...)))
	}
	ihdr := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	add("IHDR", append(ihdr, 8, 2, 0, 0, 0))
	add("IDAT", []byte{0x78, 0x9c, 1, 0, 0, 0xff, 0xff, 0, 0, 0, 1})
	add("IEND", nil)
	return out
}

// resizedJPEG writes other sides into a JPEG's header.
func resizedJPEG(data []byte, w, h uint16) []byte {
	out := bytes.Clone(data)
	at := bytes.Index(out, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(out[at+5:], h)
	binary.BigEndian.PutUint16(out[at+7:], w)
	return out
}

func zip() []byte { return append([]byte("PK\x03\x04 … PK\x05\x06"), make([]byte, 18)...) }

func TestRefusesBadFiles(t *testing.T) {
	good := files(t)
	scans := bytes.Clone(good["JPEG"])
	sos := bytes.LastIndex(scans, []byte{0xff, 0xda})
	scans = append(scans[:len(scans)-2], bytes.Repeat(scans[sos:sos+14], 200)...)
	scans = append(scans, 0xff, 0xd9)
	lie := animatedWebP()
	at := bytes.Index(lie, []byte("VP8L"))
	binary.LittleEndian.PutUint32(lie[at+9:], 0xfffffff)                       // a frame of 16384 by 16384 in a place of 40 by 30
	gifFrame := "\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00" // a frame of one pixel
	stray := bytes.Replace(good["JPEG"], []byte{0xff, 0xc0}, []byte{1, 2, 3, 0xff, 0xc0}, 1)
	if _, err := (Decoder{}).Decode(context.Background(), stray); err != nil {
		t.Errorf("JPEG with bytes between segments: %v", err)
	}
	for name, test := range map[string]struct {
		data []byte
		want error
	}{
		"GIF of 100,000 frames":       {[]byte("GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff" + strings.Repeat(gifFrame, 100_000) + ";"), ErrTooLarge},
		"nothing":                     {nil, ErrFormat},
		"text":                        {[]byte("<svg xmlns='http://www.w3.org/2000/svg'/>"), ErrFormat},
		"PNG behind a line":           {append([]byte("\n"), good["PNG"]...), ErrFormat},
		"PNG of 10 gigapixels":        {pngHeader(100_000, 100_000), ErrTooLarge},
		"PNG of 4 gigapixels a side":  {pngHeader(1<<32-1, 1<<32-1), ErrMalformed},
		"PNG of 0 pixels":             {pngHeader(0, 5), ErrMalformed},
		"PNG without its pixels":      {pngHeader(7000, 7000), ErrMalformed},
		"JPEG of 4 gigapixels":        {resizedJPEG(good["JPEG"], 65535, 65535), ErrTooLarge},
		"JPEG without its pixels":     {resizedJPEG(good["JPEG"], 7000, 7000), ErrMalformed},
		"JPEG of 200 scans":           {scans, ErrTooLarge},
		"WebP frame over its place":   {lie, ErrMalformed},
		"PNG with a ZIP archive":      {append(bytes.Clone(good["PNG"]), zip()...), ErrPolyglot},
		"JPEG with a ZIP archive":     {append(bytes.Clone(good["JPEG"]), zip()...), ErrPolyglot},
		"GIF with a page":             {append(bytes.Clone(good["GIF"]), "  <HTML><script>"...), ErrPolyglot},
		"WebP with a document":        {append(bytes.Clone(good["WebP lossy"]), "%PDF-1.7"...), ErrPolyglot},
		"TIFF whose strips are cut":   {good["TIFF"][:len(good["TIFF"])/2], ErrMalformed},
		"GIF without a frame":         {[]byte("GIF89a\x10\x00\x10\x00\x00\x00\x00;"), ErrMalformed},
		"WebP of nothing":             {[]byte("RIFF\x04\x00\x00\x00WEBP"), ErrMalformed},
		"HEIF that is all type":       {[]byte("\x00\x00\x00\x14ftypheic\x00\x00\x00\x00heic"), ErrMalformed},
		"JPEG that is only a promise": {[]byte("\xff\xd8\xff\xe0"), ErrMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Decoder{}.Decode(context.Background(), test.data)
			if !errors.Is(err, test.want) || p != nil {
				t.Errorf("got %v, %v: want error %v", p, err, test.want)
			}
			for f, err := range (Decoder{}).Frames(context.Background(), test.data) {
				if !errors.Is(err, test.want) {
					t.Errorf("Frames: got %v, %v: want error %v", f.Picture, err, test.want)
				}
			}
		})
	}
}

func TestRefusesFilesCutOffAnywhere(t *testing.T) {
	for name, data := range files(t) {
		if name == "BMP" {
			continue // checked below: rows may be missing only
		}
		for _, share := range []int{10, 30, 50, 70, 90} {
			cut := data[:len(data)*share/100]
			if _, err := (Decoder{}).Decode(context.Background(), cut); !errors.Is(err, ErrMalformed) && !errors.Is(err, ErrFormat) {
				t.Errorf("%s cut to %d%%: got error %v, want ErrMalformed", name, share, err)
			}
		}
	}
	if _, err := (Decoder{}).Decode(context.Background(), files(t)["BMP"][:500]); !errors.Is(err, ErrMalformed) {
		t.Errorf("BMP cut off: got error %v, want ErrMalformed", err)
	}
}

func TestLetsBeWhatCamerasAppend(t *testing.T) {
	video := append(jpegOf(t, corner()), "\x00\x00\x00\x18ftypmp42 … PK\x05\x06 by chance, and far from the end"...)
	if _, err := (Decoder{}).Decode(context.Background(), append(video, make([]byte, 100)...)); err != nil {
		t.Errorf("a JPEG with a video behind it: %v", err)
	}
}

func TestLimitsAreWhatTheyAreSetTo(t *testing.T) {
	data := pngOf(t, corner())
	for name, test := range map[string]struct {
		d    Decoder
		data []byte
		want error
	}{
		"as many bytes as allowed":  {Decoder{MaxBytes: len(data)}, data, nil},
		"a byte too many":           {Decoder{MaxBytes: len(data) - 1}, data, ErrTooLarge},
		"as many pixels as allowed": {Decoder{MaxPixels: 96 * 64}, data, nil},
		"a pixel too many":          {Decoder{MaxPixels: 96*64 - 1}, data, ErrTooLarge},
		"as many frames as allowed": {Decoder{MaxFrames: 3}, animatedGIF(t), nil},
		"a frame too many":          {Decoder{MaxFrames: 2}, animatedGIF(t), ErrTooLarge},
	} {
		if _, err := test.d.Decode(context.Background(), test.data); !errors.Is(err, test.want) {
			t.Errorf("%s: got error %v, want %v", name, err, test.want)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for name, data := range files(t) {
		if _, err := (Decoder{}).Decode(ctx, data); !errors.Is(err, context.Canceled) {
			t.Errorf("%s after the context's end: got error %v", name, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	for _, data := range files(f) {
		f.Add(data)
	}
	f.Add(animatedGIF(f))
	f.Add(animatedWebP())
	f.Add(testdata(f, "corner.heic"))
	f.Add(testdata(f, "corner.avif"))
	f.Add(withEXIF(jpegOf(f, corner()), 6, "MM"))
	f.Add(pngHeader(1<<20, 1<<20))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := Decoder{MaxPixels: 1 << 16, MaxFrames: 8}
		info, infoErr := d.Inspect(data)
		p, err := d.Decode(context.Background(), data)
		if infoErr != nil && err == nil {
			t.Fatalf("Inspect refuses what Decode takes: %v", infoErr)
		}
		if err == nil {
			if p.W != info.W || p.H != info.H || len(p.Pix) != 3*p.W*p.H || p.Alpha != nil && len(p.Alpha) != p.W*p.H {
				t.Fatalf("%+v became %d x %d with %d bytes and %d of alpha", info, p.W, p.H, len(p.Pix), len(p.Alpha))
			}
		}
		n := 0
		for f, err := range d.Frames(context.Background(), data) {
			if n++; err == nil && (f.W != info.W || f.H != info.H) {
				t.Fatalf("frame %d of %+v is %d x %d", n, info, f.W, f.H)
			}
		}
		if infoErr == nil && n > info.Frames {
			t.Fatalf("%d frames of %d", n, info.Frames)
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	big := image.NewNRGBA(image.Rect(0, 0, 512, 391))
	draw.CatmullRom.Scale(big, big.Rect, corner(), corner().Rect, draw.Src, nil)
	for name, data := range map[string][]byte{"jpeg": jpegOf(b, big), "png": pngOf(b, big)} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := (Decoder{}).Decode(context.Background(), data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestHEIFOfMany: a program that writes one file after the other is stopped long before its time, and what it wrote is removed.
func TestHEIFOfMany(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	program := filepath.Join(t.TempDir(), "heif-dec")
	script := "#!/bin/sh\ni=0\nwhile :; do head -c 20000 /dev/zero > out-$i.png; i=$((i+1)); done\n"
	if err := os.WriteFile(program, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := Decoder{MaxPixels: 96 * 64, HEIF: program}.Decode(t.Context(), testdata(t, "corner.heic"))
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want %v", err, ErrTooLarge)
	}
	if left, err := os.ReadDir(temporary); err != nil || len(left) > 0 {
		t.Errorf("%d files are left, %v", len(left), err)
	}
}
