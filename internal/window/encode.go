package window

import (
	"encoding/binary"
	"errors"
	"math"
	"math/bits"
	"time"
)

// ErrCorrupt is what Decode gives for bytes that no Encode has written.
var ErrCorrupt = errors.New("window: damaged contents")

// Encode appends the words of a key in a compact form: 4 to 14 bytes for one sighting, then 2 to 4 for each further sub-bucket;
// a value of Distinct takes 8 more, and a sketch 16 KiB for every four ranks. What Decode makes of it has as many words, and means the same.
func (w *Window) Encode(dst []byte, words []uint64) []byte {
	switch w.Func {
	case Count, Trend, Sum:
		return w.encodeRows(dst, words)
	case Distinct:
		if isSketch(words) {
			return encodeSketch(append(dst, formSketch), words)
		}
		return w.encodeRows(append(dst, formExact), words)
	case RateLimit:
		for _, word := range words {
			dst = binary.AppendUvarint(dst, word)
		}
		return dst
	default: // times in order
		before := uint64(0)
		for _, t := range words {
			dst = binary.AppendUvarint(dst, t-before)
			before = t
		}
		return dst
	}
}

// Decode gives the words that Encode was given. It takes any bytes, and gives ErrCorrupt for those that would break what the
// other methods rely on.
func (w *Window) Decode(b []byte) ([]uint64, error) {
	r := reader{b: b}
	var words []uint64
	switch w.Func {
	case Count, Trend, Sum:
		words = w.decodeRows(&r)
	case Distinct:
		switch form := r.byte(); form {
		case formExact:
			words = w.decodeRows(&r)
		case formSketch:
			words = decodeSketch(&r)
		default:
			r.bad = true
		}
	case RateLimit:
		words = []uint64{r.uvarint(), r.uvarint()}
		r.require(words[0] <= uint64(w.Max) && words[1] <= math.MaxInt64)
	default:
		for last := uint64(0); r.more(); {
			step := r.uvarint()
			r.require(step <= math.MaxInt64-last)
			last += step
			words = append(words, last)
		}
		r.require(w.Func != Session || len(words)%2 == 0)
	}
	if r.bad || len(r.b) > 0 || len(words) == 0 {
		return nil, ErrCorrupt
	}
	return words, nil
}

const (
	formExact  = 0
	formSketch = 1
)

// encodeRows writes each row as the step from the sub-bucket before it, and what it adds to the total: the count, the sum's two
// halves, or the value's hash.
func (w *Window) encodeRows(dst []byte, c []uint64) []byte {
	stride := w.stride()
	top, before := newest(c, stride), int64(0)
	for i := stride; i < len(c); i += stride {
		b := bucket(c, i, top)
		dst = binary.AppendUvarint(dst, uint64(b-before))
		before = b
		switch w.Func {
		case Distinct:
			dst = binary.LittleEndian.AppendUint64(dst, c[i+1])
		case Sum:
			total, borrow := bits.Sub64(c[i+1], c[i-1], 0)
			dst = binary.AppendUvarint(dst, total)
			dst = binary.AppendUvarint(dst, uint64(uint32(c[i])-uint32(c[i-2])-uint32(borrow)))
		default:
			dst = binary.AppendUvarint(dst, uint64(uint32(c[i])-uint32(c[i-1])))
		}
	}
	return dst
}

func (w *Window) decodeRows(r *reader) []uint64 {
	stride, most := w.stride(), uint64(math.MaxInt64/w.width)
	var c []uint64
	var b, oldest uint64
	for r.more() {
		step := r.uvarint()
		r.require(step <= most-b && (step > 0 || c == nil || w.Func == Distinct))
		b += step
		if c == nil {
			oldest = b
			c = append(c, make([]uint64, stride)...)
		}
		r.require(b-oldest <= low)
		last := len(c) - stride
		switch w.Func {
		case Distinct:
			hash := r.uint64()
			r.require(step > 0 || last == 0 || hash > c[last+1])
			c = append(c, b<<32, hash)
		case Sum:
			total, carry := bits.Add64(c[last+1], r.uvarint(), 0)
			c = append(c, b<<32|(c[last]+r.uvarint32()+carry)&low, total)
		default:
			c = append(c, b<<32|(c[last]+r.uvarint32())&low)
		}
	}
	if c != nil {
		c[0] = b & high
	}
	return c
}

// stride is the words of a row.
func (w *Window) stride() int {
	if w.Func == Count || w.Func == Trend {
		return 1
	}
	return 2
}

// encodeSketch leaves the cache out.
func encodeSketch(dst []byte, c []uint64) []byte {
	dst = binary.AppendUvarint(dst, c[newestAt])
	dst = binary.AppendUvarint(dst, c[sweptAt])
	for _, marks := range c[marksAt:] {
		dst = binary.LittleEndian.AppendUint64(dst, marks)
	}
	return dst
}

func decodeSketch(r *reader) []uint64 {
	top, swept := r.uvarint(), r.uvarint()
	r.require(top <= uint64(math.MaxInt64/int64(time.Millisecond)) && swept <= top)
	per := len(r.b) / (8 * registers)
	r.require(per*8*registers == len(r.b) && 4*per <= maxRank)
	if r.bad {
		return nil
	}
	c := newSketch(make([]uint64, 0, marksAt+per*registers), int64(top))
	c[sweptAt] = swept
	for r.more() {
		c = append(c, r.uint64())
	}
	return c
}

// reader takes values off the front of bytes. After the first that is damaged it gives zeros and has no more.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) more() bool { return !r.bad && len(r.b) > 0 }

func (r *reader) require(ok bool) { r.bad = r.bad || !ok }

func (r *reader) take(n int) []byte {
	if r.bad || n <= 0 || n > len(r.b) {
		r.bad = true
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if r.take(n) == nil {
		return 0
	}
	return v
}

func (r *reader) uvarint32() uint64 {
	v := r.uvarint()
	r.require(v <= low)
	return v
}

func (r *reader) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}
