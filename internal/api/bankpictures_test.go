package api

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/known"
	"github.com/ringfence/ringfence/media/pdq"
	"github.com/ringfence/ringfence/media/picture"
)

// keeper keeps what it is told to.
type keeper struct {
	kept known.Kept
	err  error
}

func (k *keeper) Keep(context.Context, *picture.Picture) (known.Kept, error) { return k.kept, k.err }

// TestBankPictures: a picture becomes an entry by its hash, or its file's where that means nothing; what is no picture, or too flat, is refused.
func TestBankPictures(t *testing.T) {
	k := &keeper{kept: known.Kept{Features: strings.Repeat("f", 64), Count: 99, PDQ: pdq.Hash{1}, Quality: 90}}
	r := newRig(t, func(d *Deps) { d.Known = k })
	for name, kind := range map[string]string{"gore": "hashes", "words": "terms"} {
		if w := r.do("PUT", "/v1/banks/"+name, `{"kind":"`+kind+`","reason":"x","entries":[]}`); w.Code != http.StatusOK {
			t.Fatal(w.Code, w.Body)
		}
	}
	var b bytes.Buffer
	r.must(png.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8))))
	file := b.String()
	const binary = "Content-Type: application/octet-stream"
	add := func(query, body string) (int, string) {
		w := r.do("POST", "/v1/banks/"+query, body, binary)
		return w.Code, w.Body.String()
	}
	if code, body := add("gore/pictures?reason=x&policy=p&severity=4", file); code != http.StatusOK || !strings.Contains(body, `"value":"01000000`) || !strings.Contains(body, `"version":2`) {
		t.Errorf("%d %s", code, body)
	}
	k.kept.Quality = pdq.MinQuality - 1
	if code, body := add("gore/pictures?reason=x", file); code != http.StatusOK || !strings.Contains(body, `"value":"sha256:`) {
		t.Errorf("a hash that means nothing: %d %s", code, body)
	}
	entries := r.do("GET", "/v1/banks/gore/entries", "").Body.String()
	if want := `"policy":"p","severity":4,"features":"` + k.kept.Features; !strings.Contains(entries, want) {
		t.Errorf("the entries are %s, want %s", entries, want)
	}
	for _, tt := range []struct {
		query, body string
		err         error
		code        int
		says        string
	}{
		{"gore/pictures", file, nil, 422, "reason"},
		{"none/pictures?reason=x", file, nil, 404, "none"},
		{"words/pictures?reason=x", file, nil, 422, "bank of hashes"},
		{"gore/pictures?reason=x", "tree", nil, 422, "decoded"},
		{"gore/pictures?reason=x&policy=No+Policy", file, nil, 422, "policy"},
		{"gore/pictures?reason=x", file, fmt.Errorf("%w: it has 3", known.ErrFlat), 422, "add its hash"},
		{"gore/pictures?reason=x", strings.Repeat("x", hmaFile+1), nil, 413, ""},
	} {
		k.err = tt.err
		if code, body := add(tt.query, tt.body); code != tt.code || !strings.Contains(body, tt.says) {
			t.Errorf("%s: %d %.200s, want %d, %q", tt.query, code, body, tt.code, tt.says)
		}
	}
	off := newRig(t)
	if w := off.do("POST", "/v1/banks/gore/pictures?reason=x", file, binary); w.Code != 409 || !strings.Contains(w.Body.String(), "media.fetch") {
		t.Errorf("where no pictures are fetched: %d %s", w.Code, w.Body)
	}
}
