package pdq

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	const text = "d8f8f0cee0f4a84f0637022a078f67f0b36e2ed596621e1d33e6339c4e9c9b22"
	h, err := Parse(strings.ToUpper(text))
	if err != nil || h.String() != text {
		t.Errorf("got %v, %v: want %s", h, err, text)
	}
	// The reference writes its word 15 first; bit 0 is the lowest of word 0.
	if h[0] != 0xd8 || h[31] != 0x22 {
		t.Errorf("got bytes %x … %x, want d8 … 22", h[0], h[31])
	}
	for _, bad := range []string{"", "00", text + "0", text[:63], text[:63] + "g", strings.Repeat("é", 32)} {
		if _, err := Parse(bad); !errors.Is(err, ErrSyntax) {
			t.Errorf("Parse(%q): got error %v, want ErrSyntax", bad, err)
		}
	}
}

func TestHashIsTextInJSON(t *testing.T) {
	want := map[string]Hash{"pdq": {1, 2, 31: 255}}
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]Hash
	if err := json.Unmarshal(data, &got); err != nil || got["pdq"] != want["pdq"] {
		t.Errorf("%s: got %v, %v: want %v", data, got, err, want)
	}
}

func anyHash(t *rapid.T, name string) Hash {
	return Hash(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, name))
}

func TestDistanceCountsBits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := anyHash(t, "a"), anyHash(t, "b")
		want := 0
		for i := range a {
			for x := a[i] ^ b[i]; x != 0; x &= x - 1 {
				want++
			}
		}
		if got := a.Distance(b); got != want {
			t.Errorf("got %d, want %d", got, want)
		}
		if got := a.Complement().Distance(b); got != 256-want {
			t.Errorf("from the complement: got %d, want %d", got, 256-want)
		}
		if p, err := Parse(a.String()); err != nil || p != a {
			t.Errorf("text and back: got %v, %v: want %v", p, err, a)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("d8f8f0cee0f4a84f0637022a078f67f0b36e2ed596621e1d33e6339c4e9c9b22")
	f.Add("0x")
	f.Fuzz(func(t *testing.T, s string) {
		if h, err := Parse(s); err == nil && h.String() != strings.ToLower(s) {
			t.Errorf("Parse(%q) prints as %q", s, h)
		}
	})
}
