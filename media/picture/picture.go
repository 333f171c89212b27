// Package picture decodes the pictures that strangers upload: JPEG, PNG, GIF, WebP, BMP and TIFF in this process, HEIC and AVIF in another
// one. What comes out is plain RGB for perceptual hashes and geometry, with the orientation of its EXIF data applied.
//
// A picture is judged by its first bytes alone, never by a name or a declared type, and refused before any of its pixels is decoded if its
// header promises more than the limits, if the file is too short to hold what it promises, or if it is a second kind of file as
// well. Whatever bytes it is given, a decoder does not panic. Beyond the file it takes up to 12 bytes of memory a pixel, up to about 30 for
// a progressive JPEG, whose decoder keeps all coefficients: lower MaxPixels where several run side by side in little memory.
//
// # Alpha
//
// Colours are kept as they are stored: not multiplied by alpha and not laid over a ground, which is what PDQ's references hash. A
// picture can hide another one that way, visible only on a ground of some colour; [Picture.Over] gives what a person sees.
//
// # HEIC and AVIF
//
// No decoder of HEVC in Go was found under a licence that this one allows to embed: the usual one is LGPL code inside a WebAssembly
// module. The decoders of AV1 load a shared library into the process where they find one, which costs the static binary and the isolation. So both
// are left to libheif's command line program ([Decoder.HEIF]; Debian: apt-get install libheif-examples), which runs with limits on
// memory, time and output. Without it these pictures are refused with [ErrNoDecoder].
//
// # What it does not do
//
// Colour profiles are not applied, 16-bit channels are cut to 8, APNG shows its default image only, and TIFF its first page.
package picture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
	"golang.org/x/image/webp"
)

// Picture is a picture in 8-bit RGB.
type Picture struct {
	W, H int
	// Pix holds red, green and blue of each pixel, rows from the top, without padding: 3·W·H bytes.
	Pix []byte
	// Alpha holds the opacity of each pixel, W·H bytes; nil if all are opaque.
	Alpha []byte
}

// Over is the picture as seen on a ground of one colour: the same picture if it is opaque.
func (p *Picture) Over(r, g, b byte) *Picture {
	if p.Alpha == nil {
		return p
	}
	out := &Picture{W: p.W, H: p.H, Pix: make([]byte, len(p.Pix))}
	ground := [3]byte{r, g, b}
	for i, a := range p.Alpha {
		for c, under := range ground {
			out.Pix[3*i+c] = blend(p.Pix[3*i+c], under, a)
		}
	}
	return out
}

// blend is a colour of opacity a over another.
func blend(over, under, a byte) byte {
	return byte((int(over)*int(a) + int(under)*(255-int(a)) + 127) / 255)
}

// Format names a kind of file.
type Format string

// The formats that are known.
const (
	JPEG Format = "jpeg"
	PNG  Format = "png"
	GIF  Format = "gif"
	WebP Format = "webp"
	BMP  Format = "bmp"
	TIFF Format = "tiff"
	HEIC Format = "heic"
	AVIF Format = "avif"
)

// Errors that say why a file is refused; those returned wrap one of them, unless the context's end or a failing program was the cause.
var (
	ErrFormat    = errors.New("not a picture of a known format")
	ErrMalformed = errors.New("malformed picture")
	ErrTooLarge  = errors.New("picture over the limits")
	ErrPolyglot  = errors.New("picture that is another kind of file as well")
	ErrNoDecoder = errors.New("no decoder for this format is installed")
)

// What a [Decoder] allows where its fields are 0.
const (
	DefaultMaxBytes  = 64 << 20
	DefaultMaxPixels = 50_000_000
	DefaultMaxFrames = 1000
)

// animationPixels is how many times MaxPixels the frames of an animation may have together.
const animationPixels = 20

// Decoder decodes pictures. The zero value is ready for use; it is safe for concurrent use as long as its fields do not change.
type Decoder struct {
	MaxBytes  int    // of the file
	MaxPixels int    // of a picture or of each frame
	MaxFrames int    // of an animation
	HEIF      string // the path of libheif's heif-dec or heif-convert; empty if there is none. See [FindHEIF].
}

// Info is what a file's header says.
type Info struct {
	Format Format
	// W and H are the sides in pixels once the orientation is applied.
	W, H int
	// Frames is 1, or more for animated GIF and WebP.
	Frames int
}

// layout is what a walk over a file's structure found, without decoding pixels.
type layout struct {
	w, h        int
	orientation int    // as EXIF numbers it, 1 to 8; 0 if unknown
	end         int    // the length of the picture within the file; 0 if it cannot be told
	frames      []part // of GIF and WebP
}

// Inspect reads the header and checks all that can be checked before decoding. Its time is linear in the file's length.
func (d Decoder) Inspect(data []byte) (Info, error) {
	format, l, err := d.inspect(data)
	if err != nil {
		return Info{}, err
	}
	info := Info{Format: format, W: l.w, H: l.h, Frames: max(len(l.frames), 1)}
	if l.orientation >= 5 {
		info.W, info.H = info.H, info.W
	}
	return info, nil
}

func (d Decoder) inspect(data []byte) (Format, layout, error) {
	format := sniff(data)
	if format == "" {
		return "", layout{}, fmt.Errorf("%w: it starts with % x", ErrFormat, data[:min(len(data), 12)])
	}
	if most := or(d.MaxBytes, DefaultMaxBytes); len(data) > most {
		return "", layout{}, fmt.Errorf("%w: %d bytes: at most %d are allowed", ErrTooLarge, len(data), most)
	}
	l, err := walk(format, data, or(d.MaxFrames, DefaultMaxFrames))
	if err != nil {
		return "", layout{}, fmt.Errorf("%s: %w", format, err)
	}
	if err := d.check(format, l, data); err != nil {
		return "", layout{}, fmt.Errorf("%s: %w", format, err)
	}
	return format, l, nil
}

func (d Decoder) check(format Format, l layout, data []byte) error {
	if l.w < 1 || l.h < 1 {
		return fmt.Errorf("%w: its sides are %d and %d", ErrMalformed, l.w, l.h)
	}
	pixels := or(d.MaxPixels, DefaultMaxPixels)
	if l.w > pixels/l.h {
		return fmt.Errorf("%w: %d x %d pixels: at most %d are allowed", ErrTooLarge, l.w, l.h, pixels)
	}
	// No encoding can say this much in so few bytes: the rest of the file is missing, or never was there.
	if most, ok := density[format]; ok && l.w*l.h/most > len(data) {
		return fmt.Errorf("%w: %d bytes cannot hold %d x %d pixels", ErrMalformed, len(data), l.w, l.h)
	}
	if l.end > 0 {
		return polyglot(data, min(l.end, len(data)))
	}
	return nil
}

// density is how many pixels a byte can hold at most: a PNG of 1 bit a pixel that is all equal compresses by 1032; a JPEG in
// progressive mode spends at least a bit on each block of 64.
var density = map[Format]int{PNG: 8 * 1032, JPEG: 8 * 64, BMP: 8}

// Decode decodes a picture, or the first frame of an animation. It ends early with the context's error when that is done.
func (d Decoder) Decode(ctx context.Context, data []byte) (*Picture, error) {
	format, l, err := d.inspect(data)
	if err != nil {
		return nil, err
	}
	if len(l.frames) > 0 {
		for frame, err := range frames(ctx, format, l) {
			if err != nil {
				return nil, err
			}
			return oriented(frame.Picture, l.orientation), nil
		}
	}
	if format == HEIC || format == AVIF {
		return d.decodeHEIF(ctx, format, data)
	}
	p, err := decode(ctx, format, data)
	if err != nil {
		return nil, err
	}
	return oriented(p, l.orientation), nil
}

// decode runs the decoder of a format. What it does with hostile files beyond the header is the decoder's business; should one panic,
// the file is malformed.
func decode(ctx context.Context, format Format, data []byte) (p *Picture, err error) {
	defer func() {
		if r := recover(); r != nil {
			p, err = nil, fmt.Errorf("%s: %w: the decoder gave up: %v", format, ErrMalformed, r)
		}
	}()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var img image.Image
	in := &reader{ctx: ctx, Reader: bytes.NewReader(data)}
	switch format {
	case JPEG:
		img, err = jpeg.Decode(in)
	case PNG:
		img, err = png.Decode(in)
	case GIF:
		img, err = gif.Decode(in)
	case WebP:
		img, err = webp.Decode(in)
	case BMP:
		img, err = bmp.Decode(in)
	case TIFF:
		img, err = tiff.Decode(in)
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s: %w: it is cut off: %w", format, ErrMalformed, err)
		}
		return nil, fmt.Errorf("%s: %w: %w", format, ErrMalformed, err)
	}
	return convert(img, format), nil
}

// reader fails once the context is done, so that a decoder stops where it reads next.
type reader struct {
	ctx context.Context
	*bytes.Reader
}

func (r *reader) Read(p []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

func or(n, fallback int) int {
	if n <= 0 {
		return fallback
	}
	return n
}
