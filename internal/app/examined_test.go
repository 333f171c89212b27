package app_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image/jpeg"
	"image/png"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/media/ocr"
	"github.com/ringfence/ringfence/media/vpdq"
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

// examineRules fire on what a picture says and on what a video shows.
const examineRules = `rules:
  - id: says
    on: [post]
    when: size(media.text.terms) > 0
    because: "{media.text.terms}"
    then: [{label: says, on: actor}]
  - id: shows
    on: [post]
    when: media.video.share > 0.9 && media.video.severity >= 4
    because: "{media.video.entries} {media.video.segments}"
    then: [{label: shows, on: actor}]
`

// TestExamined takes a picture with writing and a video the whole way, by the programs that read them, and holds that a replay decides
// the same without them.
func TestExamined(t *testing.T) {
	ffmpeg := vpdq.FindFFmpeg()
	if ocr.FindTesseract() == "" || ffmpeg == "" {
		t.Skip("it takes tesseract and ffmpeg")
	}
	files := t.TempDir()
	still, film := filepath.Join(files, "still.png"), filepath.Join(files, "film.mp4")
	f, err := os.Create(still)
	must(t, err)
	must(t, errors.Join(png.Encode(f, painting(1, 0)), f.Close()))
	if out, err := exec.Command(ffmpeg, "-v", "error", "-loop", "1", "-i", still, "-t", "3", "-r", "5", "-pix_fmt", "yuv420p", film).CombinedOutput(); err != nil {
		t.Skipf("this ffmpeg cannot make a video: %v %s", err, out)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/film.mp4", func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, film) })
	mux.HandleFunc("/meme.jpg", func(w http.ResponseWriter, r *http.Request) {
		http.ServeFile(w, r, "../../cmd/ringfence/testdata/pictures/meme.jpg")
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	dir := dataDir(t)
	opts := options(dir, "", clock{})
	opts.Config.Rules.Dir = folderOf(t, examineRules)
	opts.Config.Media.Fetch, opts.Config.Media.AllowPrivate = true, []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	p := startProduct(t, opts)
	known := hashOf(painting(1, 0))
	do[any](t, p.client, http.MethodPut, "/v1/banks/known", `{"kind":"hashes","severity":4,"reason":"test","entries":[{"value":"`+known+`"}]}`)
	do[any](t, p.client, http.MethodPut, "/v1/banks/words", `{"kind":"terms","reason":"test","entries":[{"value":"free money"}]}`)
	eventually(t, "the banks are active", func() bool {
		banks := do[struct{ Items []struct{ Active int } }](t, p.client, http.MethodGet, "/v1/banks", "")
		return len(banks.Items) == 2 && banks.Items[0].Active == 1 && banks.Items[1].Active == 1
	})
	p.send(t, shows("meme", "a1", `{"url":"`+server.URL+`/meme.jpg"}`), shows("film", "a2", `{"url":"`+server.URL+`/film.mp4","type":"video/mp4"}`))
	eventually(t, "both are examined", func() bool { return len(firings(t, p.decisions(t))) >= 2 })
	p.settle(t)
	live := p.decisions(t)
	if diff := cmp.Diff([]string{"film shows: " + known + " 0-2s", "meme says: free money"}, firings(t, live)); diff != "" {
		t.Errorf("want- got+\n%s", diff)
	}
	p.stop(t)
	same(t, "a replay", live, replayFolder(t, dir, 2, nil))
}
