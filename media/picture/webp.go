package picture

import (
	"encoding/binary"
	"fmt"
	"time"
)

// walkWebP follows the chunks (RFC 9649, section 2). The decoder knows no animations: each frame is cut out as a file of its own.
func walkWebP(data []byte, maxFrames int) (layout, error) {
	var l layout
	size := int(binary.LittleEndian.Uint32(data[4:]))
	if size < 4 || size+8 > len(data) {
		return l, cutOff("its chunks")
	}
	l.end = size + 8
	var still part
	var frameErr error
	err := chunks(data[12:l.end], func(kind string, body []byte) {
		switch kind {
		case "VP8X":
			if len(body) >= 10 {
				l.w, l.h = u24(body[4:])+1, u24(body[7:])+1
			}
		case "EXIF":
			l.orientation = orientation(body)
		case "VP8 ", "VP8L":
			still.w, still.h = frameSize(kind, body)
		case "ANMF":
			if frameErr != nil {
				return
			}
			if len(l.frames) == maxFrames {
				frameErr = tooManyFrames(maxFrames)
				return
			}
			f, err := webpFrame(body)
			if err != nil {
				frameErr = fmt.Errorf("frame %d: %w", len(l.frames), err)
			}
			l.frames = append(l.frames, f)
		}
	})
	if err != nil {
		return l, err
	}
	if frameErr != nil {
		return l, frameErr
	}
	if len(l.frames) == 0 {
		if l.w != 0 && (l.w != still.w || l.h != still.h) {
			return l, fmt.Errorf("%w: it is %d x %d, not %d x %d as announced", ErrMalformed, still.w, still.h, l.w, l.h)
		}
		l.w, l.h = still.w, still.h
	}
	for i, f := range l.frames {
		if f.x+f.w > l.w || f.y+f.h > l.h {
			return l, fmt.Errorf("%w: frame %d reaches out of the picture", ErrMalformed, i)
		}
	}
	return l, nil
}

// webpFrame reads an ANMF chunk.
func webpFrame(body []byte) (part, error) {
	if len(body) < 16 {
		return part{}, cutOff("its header")
	}
	f := part{x: 2 * u24(body), y: 2 * u24(body[3:]), w: u24(body[6:]) + 1, h: u24(body[9:]) + 1,
		show: time.Duration(u24(body[12:])) * time.Millisecond, over: body[15]&2 == 0}
	if body[15]&1 != 0 {
		f.after = clearArea
	}
	var alpha, pixels []byte
	var w, h int
	if err := chunks(body[16:], func(kind string, body []byte) {
		switch kind {
		case "ALPH":
			alpha = chunk(kind, body)
		case "VP8 ", "VP8L":
			w, h = frameSize(kind, body)
			pixels = chunk(kind, body)
		}
	}); err != nil {
		return f, err
	}
	if w != f.w || h != f.h {
		return f, fmt.Errorf("%w: it is %d x %d, not %d x %d as announced", ErrMalformed, w, h, f.w, f.h)
	}
	file := []byte("RIFF\x00\x00\x00\x00WEBP")
	if alpha != nil && pixels[3] == ' ' {
		extended := make([]byte, 10)
		extended[0] = 1 << 4 // alpha
		put24(extended[4:], w-1)
		put24(extended[7:], h-1)
		file = append(append(file, chunk("VP8X", extended)...), alpha...)
	}
	file = append(file, pixels...)
	binary.LittleEndian.PutUint32(file[4:], uint32(len(file)-8))
	f.file = file
	return f, nil
}

// frameSize is the size of a frame by its own header (RFC 6386, section 9.1; RFC 9649, section 3.4); zeros if it has none.
func frameSize(kind string, body []byte) (w, h int) {
	switch {
	case kind == "VP8 " && len(body) >= 10 && body[3] == 0x9d && body[4] == 0x01 && body[5] == 0x2a:
		return int(binary.LittleEndian.Uint16(body[6:]) & 0x3fff), int(binary.LittleEndian.Uint16(body[8:]) & 0x3fff)
	case kind == "VP8L" && len(body) >= 5 && body[0] == 0x2f:
		bits := binary.LittleEndian.Uint32(body[1:])
		return int(bits&0x3fff) + 1, int(bits>>14&0x3fff) + 1
	}
	return 0, 0
}

// chunks calls do for each chunk of RIFF data.
func chunks(data []byte, do func(kind string, body []byte)) error {
	for len(data) >= 8 {
		size := int(binary.LittleEndian.Uint32(data[4:]))
		if size > len(data)-8 {
			return cutOff(fmt.Sprintf("chunk %q", data[:4]))
		}
		do(string(data[:4]), data[8:8+size])
		data = data[min(8+size+size%2, len(data)):]
	}
	return nil
}

// chunk writes a RIFF chunk.
func chunk(kind string, body []byte) []byte {
	out := binary.LittleEndian.AppendUint32([]byte(kind), uint32(len(body)))
	out = append(out, body...)
	return append(out, make([]byte, len(body)%2)...)
}

func u24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }

func put24(b []byte, v int) { b[0], b[1], b[2] = byte(v), byte(v>>8), byte(v>>16) }
