package window

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

var everyFunc = append(slices.Clone(modelled), Spec{Func: RateLimit, Max: 5, Refill: 2, Take: 1, Every: 7 * second, Strict: true})

// TestEncode: what Decode makes of an encoding has as many words, encodes to the same bytes, and goes on in the same way.
func TestEncode(t *testing.T) {
	for _, spec := range everyFunc {
		w := must(t, spec)
		rapid.Check(t, func(t *rapid.T) {
			seen := drawSightings(t, w)
			var a, b []uint64
			clock := int64(0)
			for i, s := range seen {
				clock = max(clock, s.at)
				var ra, rb Result
				a, ra = w.Update(a, clock, s.at, s.arg)
				_, rb = w.Update(b, clock, s.at, s.arg)
				if ra != rb {
					t.Fatalf("%+v: update %d: %v, after a decode %v", spec, i, ra, rb)
				}
				bytesOf := w.Encode(nil, a)
				decoded, err := w.Decode(bytesOf)
				if err != nil || len(decoded) != len(a) || !bytes.Equal(w.Encode(nil, decoded), bytesOf) {
					t.Fatalf("%+v: decoded %d words of %d, error %v", spec, len(decoded), len(a), err)
				}
				b = decoded
			}
		})
	}
}

// FuzzDecode: bytes are refused, or give words that every operation can work with.
func FuzzDecode(f *testing.F) {
	var windows []*Window
	for i, spec := range everyFunc {
		w := must(f, spec)
		windows = append(windows, w)
		var words []uint64
		for j := range int64(5) {
			words, _ = w.Update(words, start+j*w.width, start+j*w.width, Arg{Hash: uint64(j), Num: -j})
		}
		f.Add(uint8(i), w.Encode(nil, words), start+second)
	}
	w := must(f, Spec{Func: Distinct, Duration: second})
	sketch := newSketch(nil, start/w.width)
	f.Add(uint8(4), w.Encode(nil, sketch), start)
	f.Add(uint8(4), w.Encode(nil, w.addSketch(sketch, start/w.width, 9)), start)
	f.Add(uint8(0), []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 1}, int64(0))
	f.Fuzz(func(t *testing.T, which uint8, b []byte, at int64) {
		w := windows[int(which)%len(windows)]
		words, err := w.Decode(b)
		if err != nil {
			if !errors.Is(err, ErrCorrupt) {
				t.Fatalf("got %v, want ErrCorrupt", err)
			}
			return
		}
		again, err := w.Decode(w.Encode(nil, words))
		if err != nil || len(again) != len(words) {
			t.Fatalf("decoding what was encoded: %v", err)
		}
		at = max(at, -(at + 1))
		clock := at
		for i := range int64(3) {
			w.Read(words, at)
			words, _ = w.Update(words, clock, at, Arg{Hash: uint64(i), Num: at})
			clock += min(w.Duration/2, 1<<62-clock/2)
			at = max(0, clock-i*lateness/3)
		}
	})
}

func ExampleWindow() {
	w, err := New(Spec{ID: "posts", Func: Count, Duration: 60 * second}, lateness)
	if err != nil {
		fmt.Println(err)
		return
	}
	var words []uint64
	for _, at := range []int64{0, 10, 20, 65} {
		var r Result
		words, r = w.Update(words, start+at*second, start+at*second, Arg{})
		fmt.Println(r.V)
	}
	// Output:
	// 1
	// 2
	// 3
	// 3
}
