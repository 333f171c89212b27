package app_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"image/jpeg"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/internal/config"
)

// scoreRules fire on what a model says of a picture, and on why it says nothing.
const scoreRules = `rules:
  - id: by-text
    on: [post]
    when: text.contains("look")
    because: "it says look"
    then: [{label: says-look}]
  - id: bright
    on: [post]
    when: media.score("bright") > 0.5
    because: "{media.score('bright')}"
    then: [{label: bright, on: actor}]
  - id: bright-wave
    on: [post]
    when: count(by(actor), "1h", where(media.score("bright") > 0.5)) >= 2
    because: "{count(by(actor), '1h', where(media.score('bright') > 0.5))} bright pictures"
    then: [{label: bright-wave, on: actor}]
`

// TestScorer takes pictures through a model behind HTTP, and holds that a replay decides the same without it.
func TestScorer(t *testing.T) {
	at, open := gallery(t, func() {})
	open()
	model := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked struct {
			Pictures []struct{ SHA256, JPEG string }
		}
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || r.Header.Get("Authorization") != "Bearer "+hookSecret {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		var answers []any
		for _, p := range asked.Pictures {
			data, _ := base64.StdEncoding.DecodeString(p.JPEG)
			m, err := jpeg.Decode(bytes.NewReader(data))
			if err != nil {
				answers = append(answers, map[string]string{"error": err.Error()})
				continue
			}
			score := 0.25
			if m.Bounds().Dx() == 240 { // paintings are
				score = 0.75
			}
			answers = append(answers, map[string]any{"scores": map[string]float64{"bright": score}})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"version": "v3", "pictures": answers})
	}))
	defer model.Close()
	dir := dataDir(t)
	opts := options(dir, "", clock{})
	opts.Config.Rules.Dir = folderOf(t, scoreRules)
	loopback := []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	opts.Config.Media.Fetch, opts.Config.Media.AllowPrivate = true, loopback
	opts.Config.Media.Scorers = []config.Scorer{
		{Name: "m", URL: model.URL, Policies: []string{"bright"}, TokenEnv: "SECRET", Timeout: config.Duration(patience), Batch: 4, AllowPrivate: loopback},
	}
	p := startProduct(t, opts)
	url := func(format string, args ...any) string { return fmt.Sprintf(`{"url":%q}`, at(format, args...)) }
	p.send(t, shows("one", "a1", url("1-1.png")), shows("two", "a1", url("2-1.jpg")), shows("two", "a1", url("2-1.jpg")), shows("none", "a2", url("inside")))
	eventually(t, "all pictures are scored", func() bool { return len(firings(t, p.decisions(t))) >= 3 })
	p.settle(t)
	live := p.decisions(t)
	got := firings(t, live)
	for i, f := range got {
		if _, why, _ := bytes.Cut([]byte(f), []byte(" ")); bytes.HasPrefix(why, []byte("bright-wave")) {
			got[i] = string(why) // whichever comes second
		}
	}
	want := []string{"one bright: 0.75", "bright-wave: 2 bright pictures", "two bright: 0.75"}
	if diff := cmp.Diff(slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got))); diff != "" {
		t.Errorf("want- got+\n%s", diff)
	}
	p.stop(t)
	for _, workers := range []int{1, 4} {
		same(t, fmt.Sprintf("a replay with %d workers", workers), live, replayFolder(t, dir, workers, nil))
	}
}
