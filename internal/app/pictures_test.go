package app_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/media/pdq"
)

// pictureRules fire on a known picture, on one that many accounts post, and on one that cannot be had.
const pictureRules = `rules:
  - id: by-text
    on: [post]
    when: text.contains("look")
    because: "it says look"
    then: [{label: says-look}]
  - id: known-picture
    on: [post]
    policy: gore
    when: size(matched("known")) > 0 && media.severity >= 4
    because: "{media.entries} by {media.distance} bits"
    then: [{label: posted-known, on: actor}]
  - id: picture-wave
    on: [post]
    when: countDistinct(actor, by(media.family), "1h") >= 3
    because: "{countDistinct(actor, by(media.family), \"1h\")} accounts post one picture"
    then: [{label: wave, on: media.family}]
  - id: unseen
    on: [post]
    when: media.failures.exists(f, f == "refused")
    because: "not to be had: {media.failures}"
    then: [{label: unseen}]
`

// painting is a picture with structure; others of the same seed are near-copies, told apart by noise.
func painting(seed, noise int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, 240, 180))
	for y := range 180 {
		for x := range 240 {
			v := 128 + 60*((x*(seed+3)/70+y*(seed%5+2)/50)%3-1) + (x*y*noise)%7
			m.Set(x, y, color.RGBA{uint8(v), uint8(v / 2 * (1 + seed%2)), uint8(255 - v), 255})
		}
	}
	return m
}

func hashOf(m *image.RGBA) string {
	b := m.Bounds()
	pix := make([]byte, 0, 3*b.Dx()*b.Dy())
	for i := 0; i < len(m.Pix); i += 4 {
		pix = append(pix, m.Pix[i:i+3]...)
	}
	s := pdq.NewHasher().Full(pix, b.Dx(), b.Dy())
	return s.Hash().String()
}

// gallery serves /SEED-NOISE.png and .jpg. What is asked of it before it opens gets no answer. It calls asked for every request.
func gallery(t *testing.T, asked func()) (at func(format string, args ...any) string, open func()) {
	var opened atomic.Bool
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked()
		if !opened.Load() {
			<-r.Context().Done()
			return
		}
		name, kind, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), ".")
		first, second, _ := strings.Cut(name, "-")
		seed, err := strconv.Atoi(first)
		if err != nil {
			http.Redirect(w, r, "http://10.0.0.1/inside.png", http.StatusFound)
			return
		}
		noise, _ := strconv.Atoi(second)
		if kind == "jpg" {
			_ = jpeg.Encode(w, painting(seed, noise), &jpeg.Options{Quality: 60})
		} else {
			_ = png.Encode(w, painting(seed, noise))
		}
	}))
	t.Cleanup(s.Close)
	return func(format string, args ...any) string { return s.URL + "/" + fmt.Sprintf(format, args...) }, func() { opened.Store(true) }
}

// shows is a post of a picture.
func shows(id, actor, medium string) string {
	return strings.TrimSuffix(says(id, actor, "look", 1), "}") + `,"media":[` + medium + `]}`
}

// firings are the rules that fired, with their reasons, by event.
func firings(t *testing.T, decisions []byte) (list []string) {
	for l := range bytes.Lines(decisions) {
		var d struct {
			Event   string
			Reasons []struct{ Rule, Text string }
		}
		must(t, json.Unmarshal(l, &d))
		for _, r := range d.Reasons {
			if r.Rule != "by-text" {
				list = append(list, d.Event+" "+r.Rule+": "+r.Text)
			}
		}
	}
	slices.Sort(list)
	return list
}

// TestPictures takes pictures the whole way, hashed by the source and fetched, through a restart while they are fetched, and holds that
// a replay decides the same from what was found then, with nothing to fetch from.
func TestPictures(t *testing.T) {
	at, open := gallery(t, func() {})
	rules := folderOf(t, pictureRules)
	dir := dataDir(t)
	opts := options(dir, "", clock{})
	opts.Config.Rules.Dir = rules
	opts.Config.Media.Fetch, opts.Config.Media.AllowPrivate = true, []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	start := func() *product { return startProduct(t, opts) }
	p := start()

	known := hashOf(painting(1, 0))
	do[any](t, p.client, http.MethodPut, "/v1/banks/known", `{"kind":"hashes","policy":"gore","severity":4,"reason":"test","entries":[{"value":"`+known+`"}]}`)
	eventually(t, "the bank is active", func() bool {
		banks := do[struct{ Items []struct{ Active int } }](t, p.client, http.MethodGet, "/v1/banks", "")
		return len(banks.Items) == 1 && banks.Items[0].Active == 1
	})
	url := func(format string, args ...any) string { return fmt.Sprintf(`{"url":%q}`, at(format, args...)) }
	p.send(
		t,
		shows("hashed", "a0", `{"pdq":"`+known+`"}`),
		shows("fetched", "a1", url("1-3.jpg")),
		shows("other", "a2", url("4-0.png")),
		shows("refused", "a3", url("inside")),
		shows("wave-1", "b1", url("9-1.png")),
		shows("wave-2", "b2", url("9-2.jpg")),
		shows("wave-3", "b3", url("9-3.png")),
		shows("wave-3", "b3", url("9-3.png")), // twice
	)
	p.settle(t)
	if got := firings(t, p.decisions(t)); len(got) != 1 || !strings.HasPrefix(got[0], "hashed known-picture: ") {
		t.Errorf("before any picture was fetched: %q", got)
	}
	if n := bytes.Count(p.decisions(t), []byte(`{"rule":"by-text","text"`)); n != 7 {
		t.Errorf("rules that read no picture waited for them: %d", n)
	}
	p.stop(t) // while all are asked for
	open()
	p = start()
	eventually(t, "all pictures are fetched and decided on", func() bool { return len(firings(t, p.decisions(t))) >= 4 })
	p.settle(t)
	live := p.decisions(t)
	var got []string
	for _, f := range firings(t, live) {
		event, why, _ := strings.Cut(f, ": ")
		if strings.HasSuffix(event, "known-picture") {
			why, _, _ = strings.Cut(why, " by ")
			why = strings.Replace(why, known, "K", 1)
		}
		if strings.HasPrefix(event, "wave-") {
			event = "wave"
		}
		got = append(got, event+": "+why)
	}
	want := []string{"fetched known-picture: K", "hashed known-picture: K", "refused unseen: not to be had: refused", "wave: 3 accounts post one picture"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want- got+\n%s", diff)
	}
	if n := bytes.Count(live, []byte(`{"rule":"by-text","text"`)); n != 7 {
		t.Errorf("rules that read no picture were evaluated again: %d", n)
	}
	for path, want := range map[string]string{"1-3.jpg": "preview", "4-0.png": ""} {
		if got := keptOf(t, p, at("%s", path)); got != want {
			t.Errorf("of %s %q is kept, want %q", path, got, want)
		}
	}
	p.stop(t)
	for _, workers := range []int{1, 4} {
		same(t, fmt.Sprintf("a replay with %d workers", workers), live, replayFolder(t, dir, workers, nil))
	}
}

// keptOf says what the product keeps of the picture at an address.
func keptOf(t *testing.T, p *product, url string) string {
	t.Helper()
	resp, err := http.Get(url) //nolint:noctx // of a server of the test
	must(t, err)
	defer resp.Body.Close()
	file, err := io.ReadAll(resp.Body)
	must(t, err)
	path := fmt.Sprintf("/v1/media/%x", sha256.Sum256(file))
	a, err := p.client.call(http.MethodGet, path, "")
	must(t, err)
	var kept struct{ Keep string }
	if a.status == http.StatusNotFound {
		return ""
	}
	must(t, json.Unmarshal(a.body, &kept))
	if a, err = p.client.call(http.MethodGet, path+"/preview", ""); err != nil || a.status != http.StatusOK || !bytes.HasPrefix(a.body, []byte("\xff\xd8")) {
		t.Errorf("the preview: %d, %v", a.status, err)
	}
	return kept.Keep
}

// TestKillWhilePicturesAreFetched kills the product again and again while it fetches, and holds that each event is decided on once by what
// was fetched, though nobody sends again what was acknowledged; also where a life begins without an image and must find out from the
// journal that rules read of pictures.
func TestKillWhilePicturesAreFetched(t *testing.T) {
	for _, c := range []struct {
		name   string
		images time.Duration
	}{{"images", 0}, {"no image", time.Hour}} {
		t.Run(c.name, func(t *testing.T) { killWhileFetching(t, c.images) })
	}
}

func killWhileFetching(t *testing.T, images time.Duration) {
	const posts = 40
	var count atomic.Int64
	var life atomic.Pointer[process]
	at, open := gallery(t, func() {
		if n := count.Add(1); n == 5 || n == 21 || n == 38 {
			_ = life.Load().cmd.Process.Kill()
		}
	})
	open()
	dir := dataDir(t)
	o := order{Dir: dir, Rules: folderOf(t, pictureRules), Images: images}
	begin := func() *process {
		p := launch(t, o)
		life.Store(p)
		p.listen()
		return p
	}
	p := begin()
	do[any](t, p.client, http.MethodPut, "/v1/banks/known", `{"kind":"hashes","policy":"gore","severity":4,"reason":"test","entries":[{"value":"`+hashOf(painting(1, 0))+`"}]}`)
	eventually(t, "the bank is active", func() bool {
		banks := do[struct{ Items []struct{ Active int } }](t, p.client, http.MethodGet, "/v1/banks", "")
		return len(banks.Items) == 1 && banks.Items[0].Active == 1
	})
	var lines []string
	for i := range posts {
		lines = append(lines, shows(fmt.Sprint("e", i), fmt.Sprint("a", i), fmt.Sprintf(`{"url":%q}`, at("1-%d.png?of=%d", i%7, i))))
	}
	acknowledged := false
	post := func() {
		if a, err := p.call(http.MethodPost, "/v1/events", strings.Join(lines, "\n")); err == nil && a.status == http.StatusOK {
			acknowledged = true // else it died before it answered
		}
	}
	post()
	known := func(decisions []byte) map[string]int {
		events := map[string]int{}
		for _, l := range parseLines(t, decisions) {
			if slices.ContainsFunc(l.Rules, func(r struct{ ID, Version, Mode string }) bool { return r.ID == "known-picture" }) {
				events[l.Event]++
			}
		}
		return events
	}
	for deaths, end := 0, time.Now().Add(patience); ; {
		if time.Now().After(end) {
			t.Fatalf("not all pictures are fetched and decided on within %s, after %d deaths", patience, deaths)
		}
		for ended(p) || p.base == "" {
			if !p.killed() {
				t.Fatalf("the process ended by itself: %v\n%s", p.err, p.stderr.String())
			}
			deaths++
			p = begin()
			if !acknowledged {
				post()
			}
		}
		a, err := p.call(http.MethodGet, "/v1/decisions", "", "Accept: application/x-ndjson")
		if err == nil && a.status == http.StatusOK && deaths == 3 && len(known(a.body)) == posts {
			break
		}
		<-time.After(10 * time.Millisecond)
	}
	live := p.decisions(t)
	for event, n := range known(live) {
		if n != 1 {
			t.Errorf("%s was decided on %d times", event, n)
		}
	}
	p.stop(t)
	same(t, "a replay", live, replayFolder(t, dir, 2, nil))
}
