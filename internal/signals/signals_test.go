package signals

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/media/hamming"
	"github.com/ringfence/ringfence/media/pdq"
)

func full() *Record {
	other := pdq.Hash{9}
	return &Record{Extractor: Extractor, Version: Version, Event: json.RawMessage(`{"id":"e1",  "text":"<&> \u00e4"}`), Pictures: []Picture{
		{At: 0, MD5: "m", SHA1: "s", SHA256: "t", Width: 3, Height: 4, Quality: 100, PDQ: []pdq.Hash{{1}, {2}}, PDQ512: &other,
			Parts: []Part{{Box: [4]int{0, 0, 2, 2}, PDQ: pdq.Hash{7}}}},
		{At: 2, Failure: "too_large"},
	}}
}

func TestRoundTrip(t *testing.T) {
	want := full()
	body, err := want.Encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(body)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want- got+\n%s", diff)
	}
	if !json.Valid(body) {
		t.Errorf("%s is no JSON", body)
	}
}

// TestHashes: what banks look up of a picture, and that hashes are the same in every form.
func TestHashes(t *testing.T) {
	other, p := pdq.Hash{9}, full().Pictures[0]
	got, whole := p.Hashes(make([]hamming.Hash, 3))
	want := []string{pdq.Hash{1}.String(), pdq.Hash{2}.String(), other.String(), pdq.Hash{7}.String()}
	var have []string
	for _, h := range got.PDQ {
		have = append(have, h.String())
	}
	if diff := cmp.Diff(want, have); diff != "" || whole != 2 || got.MD5 != "m" || got.SHA1 != "s" || got.SHA256 != "t" {
		t.Errorf("%+v, %d of the whole; want- got+\n%s", got, whole, diff)
	}
	p.Quality = pdq.MinQuality - 1
	if got, whole := p.Hashes(nil); whole != 0 || len(got.PDQ) != 1 {
		t.Errorf("nearly flat: %d hashes, %d of the whole; only those of parts count", len(got.PDQ), whole)
	}
}

func TestRefused(t *testing.T) {
	many := strings.Repeat(`{"at":1},`, MaxPictures) + `{"at":1}`
	for _, body := range []string{
		``, `7`, `{}`, `{"extractor":"media","version":4}`, `{"extractor":"media"}`, `{"extractor":"ocr","version":1}`,
		`{"extractor":"media","version":1,"pictures":[{"at":-1}]}`,
		`{"extractor":"media","version":1,"pictures":[{"at":0,"pdq":["f"]}]}`,
		`{"extractor":"media","version":1,"pictures":[{"at":0,"failure":"` + strings.Repeat("x", maxFailure+1) + `"}]}`,
		fmt.Sprintf(`{"extractor":"media","version":1,"pictures":[%s]}`, many),
		`{"extractor":"media.examined","version":2,"videos":[{"at":-1}]}`, `{"extractor":"media.examined","version":2,"videos":[{},{},{},{},{}]}`,
		`{"extractor":"media.examined","version":2,"videos":[{"frames":[{"t":2},{"t":1}]}]}`,
		`{"extractor":"media.examined","version":3,"pictures":[{"known":{"shown":[{"box":[0,0,-1,5]}]}}]}`,
		`{"extractor":"media.examined","version":3,"pictures":[{"known":{"shown":[{"known":[0,0,99999999,5]}]}}]}`,
		`{"extractor":"media.examined","version":3,"pictures":[{"known":{"shown":[{"distance":257}]}}]}`,
		`{"extractor":"media.examined","version":3,"pictures":[{"known":{"shown":[{"features":"` + strings.Repeat("f", maxName+1) + `"}]}}]}`,
		`{"extractor":"media.examined","version":3,"pictures":[{"known":{"shown":[` + strings.Repeat(`{},`, MaxShown) + `{}]}}]}`,
		`{"extractor":"media.examined","version":2,"pictures":[{"read":{"text":"` + strings.Repeat("x", MaxText+1) + `"}}]}`,
		`{"extractor":"media.examined","version":2,"pictures":[{"at":0,"scores":[{"policies":[{"policy":"x","p":1.1}]}]}]}`,
		`{"extractor":"media.examined","version":2,"pictures":[{"at":0,"scores":[` + strings.Repeat(`{},`, MaxScorers) + `{}]}]}`,
	} {
		if _, err := Decode([]byte(body)); !errors.Is(err, ErrRecord) {
			t.Errorf("%.80s: got %v, want %v", body, err, ErrRecord)
		}
	}
}

func FuzzDecode(f *testing.F) {
	body, err := full().Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	f.Add([]byte(`{"extractor":"media","version":1,"pictures":null,"event":null}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r, err := Decode(body)
		if err != nil {
			return
		}
		again, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := Decode(again)
		if err != nil {
			t.Fatalf("%s: %v", again, err)
		}
		if diff := cmp.Diff(r, back); diff != "" {
			t.Errorf("want- got+\n%s", diff)
		}
	})
}
