package learn

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
)

// ErrFormat marks bytes that are not what Append writes: damaged, cut, of another kind or of a later version.
var ErrFormat = errors.New("not a model of a known format")

// ID is the name of a model's bytes: the first 16 bytes of their SHA-256, in hexadecimal. Two models with the same id are the same.
func ID(encoded []byte) string {
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:16])
}

// The first byte of each encoding says what follows and in which version.
const (
	tagLogistic = 0x11
	tagPlatt    = 0x21
	tagIsotonic = 0x31
)

// Append writes the model to dst: tag, bits, intercept, the number of weights that are not 0, and each with its distance from
// the one before. There is one encoding of each model.
func (m *Logistic) Append(dst []byte) []byte {
	dst = append(dst, tagLogistic, m.bits)
	dst = appendFloat32(dst, m.intercept)
	n := 0
	for _, w := range m.weights {
		if w != 0 {
			n++
		}
	}
	dst = binary.AppendUvarint(dst, uint64(n))
	next := 0
	for i, w := range m.weights {
		if w != 0 {
			dst = binary.AppendUvarint(dst, uint64(i-next))
			dst = appendFloat32(dst, w)
			next = i + 1
		}
	}
	return dst
}

// DecodeLogistic reads a model from the start of b and returns what follows it. The table takes 4·2^bits bytes, at most 16 MiB,
// whatever the length of b.
func DecodeLogistic(b []byte) (*Logistic, []byte, error) {
	r := reader{b: b}
	tag, bits := r.byte(), r.byte()
	if r.err == nil && (tag != tagLogistic || bits < 1 || bits > MaxBits) {
		r.fail("tag %#x with %d bits is no logistic model", tag, bits)
	}
	m := &Logistic{bits: bits, intercept: r.float32()}
	size := uint64(1) << min(bits, MaxBits)
	n := r.uvarint()
	if r.err == nil && n > min(size, uint64(len(r.b))/5) {
		r.fail("%d weights are more than there is room for", n)
	}
	if r.err != nil {
		return nil, nil, r.err
	}
	m.weights = make([]float32, size)
	next := uint64(0)
	for ; n > 0 && r.err == nil; n-- {
		gap, w := r.uvarint(), r.float32()
		if r.err == nil && (gap >= size-next || w == 0) {
			r.fail("a weight of %g lies %d after %d in a table of %d", w, gap, next, size)
			break
		}
		if r.err == nil {
			next += gap
			m.weights[next] = w
			next++
		}
	}
	if r.err != nil {
		return nil, nil, r.err
	}
	return m, r.b, nil
}

// Append writes the calibration to dst.
func (c Platt) Append(dst []byte) []byte {
	return appendFloat64(appendFloat64(append(dst, tagPlatt), c.slope), c.offset)
}

// Append writes the calibration to dst.
func (c Isotonic) Append(dst []byte) []byte {
	dst = binary.AppendUvarint(append(dst, tagIsotonic), uint64(len(c.knots)))
	for _, k := range c.knots {
		dst = appendFloat64(appendFloat64(dst, k.score), k.p)
	}
	return dst
}

// DecodeCalibration reads a calibration of any kind from the start of b and returns what follows it.
func DecodeCalibration(b []byte) (Calibration, []byte, error) {
	r := reader{b: b}
	switch tag := r.byte(); tag {
	case tagPlatt:
		c := Platt{slope: r.float64(), offset: r.float64()}
		if r.err == nil && c.slope < 0 {
			r.fail("a slope of %g would turn the order of scores round", c.slope)
		}
		if r.err != nil {
			return nil, nil, r.err
		}
		return c, r.b, nil
	case tagIsotonic:
		n := r.uvarint()
		if r.err == nil && (n == 0 || n > uint64(len(r.b))/16) {
			r.fail("%d steps where there is room for %d", n, len(r.b)/16)
		}
		if r.err != nil {
			return nil, nil, r.err
		}
		c := Isotonic{knots: make([]knot, n)}
		for i := range c.knots {
			k := knot{r.float64(), r.float64()}
			if r.err == nil && (k.p < 0 || k.p > 1 || i > 0 && (k.score <= c.knots[i-1].score || k.p < c.knots[i-1].p)) {
				r.fail("step %d of a calibration does not rise", i)
			}
			c.knots[i] = k
		}
		if r.err != nil {
			return nil, nil, r.err
		}
		return c, r.b, nil
	default:
		if r.err == nil {
			r.fail("tag %#x is no calibration", tag)
		}
		return nil, nil, r.err
	}
}

// appendFloat32 and appendFloat64 write both zeros as the one without a sign: adding zero takes it off.
func appendFloat32(dst []byte, f float32) []byte {
	f += 0
	return binary.LittleEndian.AppendUint32(dst, math.Float32bits(f))
}

func appendFloat64(dst []byte, f float64) []byte {
	f += 0
	return binary.LittleEndian.AppendUint64(dst, math.Float64bits(f))
}

// reader takes values off b. After the first error everything it gives is zero.
type reader struct {
	b   []byte
	err error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("learn: %w: %s", ErrFormat, fmt.Sprintf(format, args...))
	}
}

func (r *reader) take(n int) []byte {
	if len(r.b) < n {
		r.fail("it ends %d bytes early", n-len(r.b))
	}
	if r.err != nil {
		return make([]byte, n)
	}
	taken := r.b[:n]
	r.b = r.b[n:]
	return taken
}

func (r *reader) byte() byte { return r.take(1)[0] }

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 || n > 1 && r.b[n-1] == 0 {
		r.fail("a number is cut or longer than it has to be")
	}
	if r.err != nil {
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) float32() float32 {
	return float32(r.finite(float64(math.Float32frombits(binary.LittleEndian.Uint32(r.take(4))))))
}

func (r *reader) float64() float64 {
	return r.finite(math.Float64frombits(binary.LittleEndian.Uint64(r.take(8))))
}

// finite refuses what is no number, and the zero with a sign, which would be a second encoding of zero.
func (r *reader) finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) || f == 0 && math.Signbit(f) {
		r.fail("%g is no number that is written", f)
	}
	if r.err != nil {
		return 0
	}
	return f
}
