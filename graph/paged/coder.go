package paged

import (
	"encoding/binary"
	"math"
)

// Coder writes values to a record, or reads them back in the same order: one function of a type does both, so that they cannot differ. What is read from a damaged
// record is zero.
type Coder struct {
	buf     []byte
	reading bool
	bad     bool
}

// Reading says whether values are read.
func (c *Coder) Reading() bool { return c.reading }

// Fail marks the record as damaged, for what the values alone do not show.
func (c *Coder) Fail() { c.bad = true }

// done says whether all of a record was read, and it was sound.
func (c *Coder) done() bool { return !c.bad && len(c.buf) == 0 }

// take takes n bytes of a record that is read; nil if there are not so many.
func (c *Coder) take(n uint64) []byte {
	if c.bad || n > uint64(len(c.buf)) {
		c.bad = true
		return nil
	}
	b := c.buf[:n]
	c.buf = c.buf[n:]
	return b
}

func (c *Coder) byte() byte {
	if b := c.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (c *Coder) uvarint(v uint64) uint64 {
	if !c.reading {
		c.buf = binary.AppendUvarint(c.buf, v)
		return v
	}
	v, n := binary.Uvarint(c.buf)
	if n <= 0 {
		c.bad = true
		return 0
	}
	c.buf = c.buf[n:]
	return v
}

// Int codes a signed integer, in less room if it is near 0.
func Int[T ~int | ~int8 | ~int16 | ~int32 | ~int64](c *Coder, v *T) {
	u := c.uvarint(uint64(*v)<<1 ^ uint64(int64(*v)>>63))
	if c.reading {
		x := int64(u>>1) ^ -int64(u&1)
		if *v = T(x); int64(*v) != x {
			c.bad = true
		}
	}
}

// Uint codes an unsigned integer, in less room if it is small.
func Uint[T ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64](c *Coder, v *T) {
	u := c.uvarint(uint64(*v))
	if c.reading {
		if *v = T(u); uint64(*v) != u {
			c.bad = true
		}
	}
}

// Hash codes an integer whose bits are spread evenly.
func (c *Coder) Hash(v *uint64) {
	if !c.reading {
		c.buf = binary.LittleEndian.AppendUint64(c.buf, *v)
	} else if b := c.take(8); b != nil {
		*v = binary.LittleEndian.Uint64(b)
	}
}

// Float codes a number, bit for bit.
func (c *Coder) Float(v *float64) {
	bits := math.Float64bits(*v)
	c.Hash(&bits)
	*v = math.Float64frombits(bits)
}

// Float32 codes a number, bit for bit.
func (c *Coder) Float32(v *float32) {
	if !c.reading {
		c.buf = binary.LittleEndian.AppendUint32(c.buf, math.Float32bits(*v))
	} else if b := c.take(4); b != nil {
		*v = math.Float32frombits(binary.LittleEndian.Uint32(b))
	}
}

// Bool codes a truth.
func (c *Coder) Bool(v *bool) {
	u := uint8(0)
	if *v {
		u = 1
	}
	Uint(c, &u)
	*v = u == 1
}

// String codes a string. What is read shares no memory with the record.
func (c *Coder) String(v *string) {
	n := c.uvarint(uint64(len(*v)))
	if !c.reading {
		c.buf = append(c.buf, *v...)
	} else if b := c.take(n); b != nil {
		*v = string(b)
	}
}

// Slice codes a slice, of which an item takes at least one byte.
func Slice[T any](c *Coder, v *[]T, code func(*T, *Coder)) {
	n := c.uvarint(uint64(len(*v)))
	if c.reading {
		if *v = nil; c.bad || n > uint64(len(c.buf)) {
			c.bad = true
			return
		}
		if n > 0 {
			*v = make([]T, n)
		}
	}
	for i := range *v {
		code(&(*v)[i], c)
	}
}

// Strings codes a list of strings.
func (c *Coder) Strings(v *[]string) { Slice(c, v, func(s *string, c *Coder) { c.String(s) }) }
