package learn

import (
	"bytes"
	"errors"
	"math"
	"testing"
)

func TestModelsSurviveTheirEncoding(t *testing.T) {
	xs, ys, _ := world(5, 2000)
	m := train(t, testOptions, xs, ys).Model()
	encoded := m.Append([]byte("before"))[len("before"):]
	got, rest, err := DecodeLogistic(append(encoded, "after"...))
	if err != nil || string(rest) != "after" {
		t.Fatalf("DecodeLogistic: rest %q, error %v", rest, err)
	}
	if got.Bits() != testOptions.Bits || got.Intercept() != m.Intercept() || got.Intercept() == 0 || got.Weight(1<<testOptions.Bits) != 0 {
		t.Errorf("%d bits, intercept %g, want %d and %g", got.Bits(), got.Intercept(), testOptions.Bits, m.Intercept())
	}
	for _, x := range xs {
		if got.Logit(x) != m.Logit(x) {
			t.Fatal("the decoded model scores differently")
		}
	}
	for cut := range encoded {
		if _, _, err := DecodeLogistic(encoded[:cut]); !errors.Is(err, ErrFormat) {
			t.Fatalf("cut at %d: error %v, want ErrFormat", cut, err)
		}
	}
}

func TestBothZerosAreOne(t *testing.T) {
	zero := math.Copysign(0, -1)
	for _, c := range []Calibration{Platt{1, zero}, Isotonic{[]knot{{zero, 0.5}}}} {
		if _, _, err := DecodeCalibration(c.Append(nil)); err != nil {
			t.Errorf("%v: %v", c, err)
		}
	}
	m := &Logistic{bits: 1, intercept: float32(zero), weights: []float32{float32(zero), 1}}
	if _, _, err := DecodeLogistic(m.Append(nil)); err != nil {
		t.Error(err)
	}
}

func TestHostileModelsAreRefused(t *testing.T) {
	for name, b := range map[string]string{
		"empty":                 "",
		"another tag":           "\x12\x04\x00\x00\x00\x00\x00",
		"too many bits":         "\x11\x40\x00\x00\x00\x00\x00",
		"more than fits":        "\x11\x04\x00\x00\x00\x00\xff\xff\xff\xff\x0f",
		"beyond the table":      "\x11\x01\x00\x00\x00\x00\x01\x02\x00\x00\x80\x3f",
		"a long gap":            "\x11\x01\x00\x00\x00\x00\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00\x00\x80\x3f",
		"a zero weight":         "\x11\x01\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00",
		"not a number":          "\x11\x01\x00\x00\x00\x00\x01\x00\x00\x00\xc0\x7f",
		"a padded number":       "\x11\x01\x00\x00\x00\x00\x81\x00\x00\x00\x00\x80\x3f",
		"negative zero":         "\x11\x01\x00\x00\x00\x80\x00",
		"number without an end": "\x11\x01\x00\x00\x00\x00\xff",
	} {
		if _, _, err := DecodeLogistic([]byte(b)); !errors.Is(err, ErrFormat) {
			t.Errorf("%s: error %v, want ErrFormat", name, err)
		}
	}
	falls := Isotonic{[]knot{{0, 0.5}, {1, 0.4}}}.Append(nil)
	repeats := Isotonic{[]knot{{0, 0.5}, {0, 0.6}}}.Append(nil)
	for name, b := range map[string][]byte{
		"empty": nil, "another tag": {0x11}, "falling": falls, "repeated": repeats, "no steps": {tagIsotonic, 0},
		"cut": falls[:9], "turned round": Platt{-1, 0}.Append(nil), "above 1": Isotonic{[]knot{{0, 1.5}}}.Append(nil),
	} {
		if _, _, err := DecodeCalibration(b); !errors.Is(err, ErrFormat) {
			t.Errorf("calibration %s: error %v, want ErrFormat", name, err)
		}
	}
}

func FuzzDecodeLogistic(f *testing.F) {
	xs, ys, _ := world(5, 50)
	f.Add(train(f, Options{Bits: 6, Alpha: 0.1, Beta: 1}, xs[:0], ys).Model().Append(nil))
	f.Add([]byte("\x11\x04\x00\x00\x00\x3f\x02\x00\x00\x00\x80\x3f\x03\x00\x00\x80\xbf"))
	f.Add([]byte("\x11\x16\x00\x00\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, rest, err := DecodeLogistic(b)
		if err != nil {
			if !errors.Is(err, ErrFormat) {
				t.Fatalf("error %v is not ErrFormat", err)
			}
			return
		}
		if again := m.Append(nil); !bytes.Equal(again, b[:len(b)-len(rest)]) {
			t.Fatalf("%x was read as a model that is written %x", b, again)
		}
	})
}

func FuzzDecodeCalibration(f *testing.F) {
	f.Add(Platt{1, -2}.Append(nil))
	f.Add(Isotonic{[]knot{{-1, 0.25}, {2, 0.75}}}.Append(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, rest, err := DecodeCalibration(b)
		if err != nil {
			return
		}
		if again := c.Append(nil); !bytes.Equal(again, b[:len(b)-len(rest)]) {
			t.Fatalf("%x was read as a calibration that is written %x", b, again)
		}
		last := 0.0
		for _, score := range []float64{-1e300, -10, -1, -0.1, 0, 0.1, 1, 10, 1e300} {
			p := c.Probability(score)
			if !(p >= last && p <= 1) {
				t.Fatalf("%x gives %g for %g, after %g", b, p, score, last)
			}
			last = p
		}
	})
}
