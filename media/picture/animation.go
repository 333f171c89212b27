package picture

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"iter"
	"time"
)

// Frame is one picture of an animation, as it is seen: laid over the frames before it.
type Frame struct {
	*Picture
	// Start is when it appears, counted from the first.
	Start time.Duration
}

// part is where one frame of an animation stands in its file.
type part struct {
	file       []byte // this frame alone, as a file of its own
	x, y, w, h int    // its place on the canvas
	show       time.Duration
	over       bool // it is laid over what was there; otherwise it replaces it
	after      disposal
}

// disposal is what happens to a frame's place once its time is over.
type disposal int

const (
	keep disposal = iota
	clearArea
	restore
)

// Frames decodes the frames of an animated GIF or WebP one after the other, of other files the one picture. After an error there are no more. A
// frame's Picture is new: it may be kept. An animation whose frames have more than 20 times MaxPixels together is refused before
// the first.
func (d Decoder) Frames(ctx context.Context, data []byte) iter.Seq2[Frame, error] {
	return func(yield func(Frame, error) bool) {
		format, l, err := d.inspect(data)
		if err == nil && len(l.frames) > 0 && l.w*l.h > animationPixels*or(d.MaxPixels, DefaultMaxPixels)/len(l.frames) {
			err = fmt.Errorf("%s: %w: %d frames of %d x %d pixels", format, ErrTooLarge, len(l.frames), l.w, l.h)
		}
		if err != nil {
			yield(Frame{}, err)
			return
		}
		if len(l.frames) == 0 {
			p, err := d.Decode(ctx, data)
			yield(Frame{Picture: p}, err)
			return
		}
		for f, err := range frames(ctx, format, l) {
			if err == nil {
				f.Picture = oriented(f.Picture, l.orientation)
			}
			if !yield(f, err) || err != nil {
				return
			}
		}
	}
}

// frames lays the parts of an animation on its canvas.
func frames(ctx context.Context, format Format, l layout) iter.Seq2[Frame, error] {
	return func(yield func(Frame, error) bool) {
		canvas := &Picture{W: l.w, H: l.h, Pix: make([]byte, 3*l.w*l.h), Alpha: make([]byte, l.w*l.h)}
		var start time.Duration
		for i, f := range l.frames {
			p, err := decode(ctx, format, f.file)
			if err == nil && (p.W != f.w || p.H != f.h) {
				err = fmt.Errorf("%s: %w: it is %d x %d, not %d x %d as announced", format, ErrMalformed, p.W, p.H, f.w, f.h)
			}
			if err != nil {
				yield(Frame{}, fmt.Errorf("frame %d: %w", i, err))
				return
			}
			var before *Picture
			if f.after == restore {
				before = canvas.copy()
			}
			canvas.lay(p, f)
			if !yield(Frame{canvas.copy().opaque(), start}, nil) {
				return
			}
			start += f.show
			switch f.after {
			case clearArea:
				for y := f.y; y < f.y+f.h; y++ {
					clear(canvas.Pix[3*(y*l.w+f.x):][:3*f.w])
					clear(canvas.Alpha[y*l.w+f.x:][:f.w])
				}
			case restore:
				canvas = before
			}
		}
	}
}

func (p *Picture) copy() *Picture {
	return &Picture{p.W, p.H, bytes.Clone(p.Pix), bytes.Clone(p.Alpha)}
}

// opaque is p without its alpha if that says nothing.
func (p *Picture) opaque() *Picture {
	for _, a := range p.Alpha {
		if a != 255 {
			return p
		}
	}
	p.Alpha = nil
	return p
}

// lay puts a frame on the canvas, which has an alpha. Where both are partly transparent, colours mix by what each contributes.
func (p *Picture) lay(f *Picture, at part) {
	for y := range f.H {
		for x := range f.W {
			from, to := y*f.W+x, (at.y+y)*p.W+at.x+x
			a := 255
			if f.Alpha != nil {
				a = int(f.Alpha[from])
			}
			src, dst := f.Pix[3*from:3*from+3], p.Pix[3*to:3*to+3]
			switch under := int(p.Alpha[to]); {
			case a == 255 || under == 0 || !at.over:
				if a == 0 && at.over {
					continue
				}
				copy(dst, src)
				p.Alpha[to] = byte(a)
			case a > 0:
				total := 255*a + under*(255-a)
				for c := range dst {
					dst[c] = byte((int(src[c])*255*a + int(dst[c])*under*(255-a) + total/2) / total)
				}
				p.Alpha[to] = byte((total + 127) / 255)
			}
		}
	}
}

// walkGIF follows the blocks (GIF89a specification) and cuts out each frame as a file of its own.
func walkGIF(data []byte, maxFrames int) (layout, error) {
	var l layout
	if len(data) < 13 {
		return l, cutOff("its header")
	}
	l.w, l.h = int(binary.LittleEndian.Uint16(data[6:])), int(binary.LittleEndian.Uint16(data[8:]))
	at := 13 + colours(data[10])
	if at > len(data) {
		return l, cutOff("its colours")
	}
	head := data[:at]
	var control []byte // the extension that belongs to the next frame
	for {
		if at >= len(data) {
			return l, cutOff("its blocks")
		}
		begin := at
		switch data[at] {
		case 0x3b: // trailer
			l.end = at + 1
			if len(l.frames) == 0 {
				return l, fmt.Errorf("%w: it has no picture", ErrMalformed)
			}
			return l, nil
		case 0x21: // extension
			if at = blocks(data, at+2); at < 0 {
				return l, cutOff("an extension")
			}
			if data[begin+1] == 0xf9 && data[begin+2] == 4 && at == begin+8 {
				control = data[begin:at]
			}
		case 0x2c: // image
			if len(l.frames) == maxFrames {
				return l, tooManyFrames(maxFrames)
			}
			if at+10 > len(data) {
				return l, cutOff("a frame")
			}
			u16 := func(i int) int { return int(binary.LittleEndian.Uint16(data[begin+i:])) }
			f := part{x: u16(1), y: u16(3), w: u16(5), h: u16(7), over: true}
			if at = blocks(data, at+10+colours(data[at+9])+1); at < 0 {
				return l, cutOff("a frame")
			}
			if f.x+f.w > l.w || f.y+f.h > l.h {
				return l, fmt.Errorf("%w: frame %d reaches out of the picture", ErrMalformed, len(l.frames))
			}
			if control != nil {
				f.show = time.Duration(binary.LittleEndian.Uint16(control[4:])) * 10 * time.Millisecond
				f.after = [8]disposal{2: clearArea, 3: restore}[control[3]>>2&7]
			}
			f.file = bytes.Join([][]byte{head, control, data[begin:at], {0x3b}}, nil)
			l.frames = append(l.frames, f)
			control = nil
		default:
			return l, fmt.Errorf("%w: no block at byte %d", ErrMalformed, at)
		}
	}
}

// colours is the length of the colour table that a GIF's flags announce.
func colours(flags byte) int {
	if flags&0x80 == 0 {
		return 0
	}
	return 3 << (flags&7 + 1)
}

// blocks skips a chain of GIF's data blocks; negative if it does not end.
func blocks(data []byte, at int) int {
	for at < len(data) {
		size := int(data[at])
		at += 1 + size
		if size == 0 {
			return at
		}
	}
	return -1
}
