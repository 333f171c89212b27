package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shownRules fire on what a picture shows of known ones, on what its hash says, and whenever it was looked at.
const shownRules = `rules:
  - id: shows-known
    on: [post]
    policy: gore
    when: media.shown.severity >= 4
    because: "{media.shown.banks}: {media.shown.evidence}"
    then: [{label: posted-known, on: actor}]
  - id: by-hash
    on: [post]
    when: size(media.banks) > 0
    because: "{media.entries}"
    then: [{label: posted-known, on: actor}]
  - id: looked
    on: [post]
    when: size(media.shown.entries) >= 0
    because: "looked"
    then: [{label: looked}]
`

// scene is a picture with corners, of rectangles that a seed throws.
func scene(seed uint64) *image.RGBA {
	r := rand.New(rand.NewPCG(seed, 1))
	m := image.NewRGBA(image.Rect(0, 0, 800, 600))
	draw.Draw(m, m.Rect, image.NewUniform(color.Gray{128}), image.Point{}, draw.Src)
	for range 400 {
		x, y := r.IntN(800), r.IntN(600)
		c := color.RGBA{uint8(r.IntN(256)), uint8(r.IntN(256)), uint8(r.IntN(256)), 255}
		draw.Draw(m, image.Rect(x, y, x+5+r.IntN(60), y+5+r.IntN(60)), image.NewUniform(c), image.Point{}, draw.Src)
	}
	return m
}

func asPNG(t *testing.T, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	must(t, png.Encode(&b, m))
	return b.Bytes()
}

// TestShown adds a picture to a bank, by its file, and holds that a crop of it which its hash does not find is found by its features, with
// the place of it as evidence; that a known-good picture in the same place, a quarantine and another picture are as they should be; and that a
// replay says the same with nothing to look at.
func TestShown(t *testing.T) {
	bad, ours := scene(1), scene(2)
	crop := bad.SubImage(image.Rect(100, 50, 600, 450))
	collage := image.NewRGBA(image.Rect(0, 0, 1600, 600))
	draw.Draw(collage, image.Rect(0, 0, 800, 600), ours, image.Point{}, draw.Src)
	draw.Draw(collage, image.Rect(800, 0, 1600, 600), bad, image.Point{}, draw.Src)
	pictures := map[string]image.Image{"/crop.jpg": crop, "/other.jpg": scene(3), "/ours.jpg": ours.SubImage(image.Rect(0, 0, 500, 500)), "/collage.jpg": collage}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = jpeg.Encode(w, pictures[r.URL.Path], nil)
	}))
	defer server.Close()
	dir := dataDir(t)
	opts := options(dir, "", clock{})
	opts.Config.Rules.Dir = folderOf(t, shownRules)
	opts.Config.Media.Fetch, opts.Config.Media.AllowPrivate = true, []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	p := startProduct(t, opts)
	do[any](t, p.client, http.MethodPut, "/v1/banks/known", `{"kind":"hashes","severity":4,"policy":"gore","reason":"test","entries":[]}`)
	do[any](t, p.client, http.MethodPut, "/v1/banks/ours", `{"kind":"hashes","good":true,"reason":"test","entries":[]}`)
	add := func(bank string, m image.Image) (entry string) {
		t.Helper()
		var made struct{ Value, Features string }
		a, err := p.client.call(http.MethodPost, "/v1/banks/"+bank+"/pictures?reason="+url.QueryEscape("a test"), string(asPNG(t, m)), "Content-Type: application/octet-stream")
		must(t, err)
		must(t, json.Unmarshal(a.body, &made))
		if a.status != http.StatusOK || len(made.Value) != 64 || len(made.Features) != 64 {
			t.Fatalf("adding a picture: %d %s", a.status, a.body)
		}
		return made.Value
	}
	entry := add("known", bad)
	add("ours", ours)
	if hashOf(bad) != entry {
		t.Errorf("the entry is %s, want the picture's hash", entry)
	}
	active := func(version int) {
		t.Helper()
		eventually(t, "the banks are active", func() bool {
			banks := do[struct{ Items []struct{ Active int } }](t, p.client, http.MethodGet, "/v1/banks", "")
			return banks.Items[0].Active == version && banks.Items[1].Active == 2
		})
	}
	active(2)
	show := func(id, name string) {
		p.send(t, shows(id, "a-"+id, `{"id":"`+name+`","url":"`+server.URL+`/`+name+`"}`))
	}
	show("crop", "crop.jpg")
	show("other", "other.jpg")
	show("good", "ours.jpg")
	show("both", "collage.jpg")
	examined := func() int { return bytes.Count(p.decisions(t), []byte(`{"rule":"looked","text"`)) }
	eventually(t, "all are examined", func() bool { return examined() == 4 })
	do[any](t, p.client, http.MethodPost, "/v1/banks/known/quarantine", `{"values":["`+entry+`"],"reason":"test"}`)
	active(3)
	show("apart", "crop.jpg")
	eventually(t, "the last is examined", func() bool { return examined() == 5 })
	p.settle(t)
	live := p.decisions(t)
	var got []string
	for _, f := range firings(t, live) {
		if strings.HasSuffix(f, "looked: looked") {
			continue
		}
		got = append(got, regexp.MustCompile(`\d+ agree`).ReplaceAllString(f, "N agree"))
	}
	want := []string{
		"both shows-known: known: collage.jpg shows " + entry[:16] + "… of known: features, N agree, at 800,0-1600,600, of it 0,0-800,600",
		"crop shows-known: known: crop.jpg shows " + entry[:16] + "… of known: features, N agree, at 0,0-500,400, of it 100,50-600,450",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want- got+\n%s", diff)
	}
	p.stop(t)
	for _, workers := range []int{1, 4} {
		same(t, fmt.Sprintf("a replay with %d workers", workers), live, replayFolder(t, dir, workers, nil))
	}
}
