package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// upload is a form with files under the names of fields, as HMA's clients send it.
func upload(t *testing.T, r *rig, path string, fields ...string) *httptest.ResponseRecorder {
	t.Helper()
	m := image.NewGray(image.Rect(0, 0, 128, 128))
	for i := range m.Pix {
		x, y := i%128, i/128
		m.SetGray(x, y, color.Gray{uint8(x*x/40 + y*(x%17)*3)})
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, f := range fields {
		w, err := form.CreateFormFile(f, "a.png")
		r.must(err)
		if f == "photo" {
			r.must(png.Encode(w, m))
		}
	}
	r.must(form.Close())
	return r.do("POST", path, body.String(), "Content-Type: "+form.FormDataContentType())
}

// TestHMA compares what the calls of HMA's clients get with the shapes that HMA 2 answers in.
func TestHMA(t *testing.T) {
	r := newRig(t)
	zero, md5 := strings.Repeat("0", 64), "900150983cd24fb0d6963f7d28e17f72"
	get[BankMade](r, "PUT", "/v1/banks/my-bank", `{"kind":"hashes","entries":[{"value":"`+zero+`"},{"value":"`+md5+`"}],"reason":"r"}`)
	get[BankMade](r, "PUT", "/v1/banks/half", `{"kind":"hashes","enabled":50,"entries":[{"value":"`+zero+`"}],"reason":"r"}`)
	get[BankMade](r, "PUT", "/v1/banks/off", `{"kind":"hashes","enabled":0,"entries":[{"value":"`+zero+`"}],"reason":"r"}`)
	get[BankMade](r, "PUT", "/v1/banks/words", `{"kind":"terms","entries":[],"reason":"r"}`)
	r.settle()
	mine, half, file := contentID("my-bank", zero), contentID("half", zero), contentID("my-bank", md5)
	near := strings.Repeat("0", 62) + "0f"
	lookup := "?signal_type=pdq&signal=" + near
	in, out := "", "" // seeds within the half, and outside
	for i := 0; in == "" || out == ""; i++ {
		seed := fmt.Sprint("seed", i)
		if strings.Contains(r.do("GET", "/m/lookup"+lookup+"&seed="+seed, "").Body.String(), `"half"`) {
			in = seed
		} else {
			out = seed
		}
	}
	mineJSON := fmt.Sprintf(`{"bank_content_id":%d,"distance":"4"}`, mine)
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"by bank", "GET", "/m/lookup" + lookup + "&seed=" + out, "", 200, `{"my-bank":[` + mineJSON + `]}`},
		{"of a share", "GET", "/m/lookup" + lookup + "&banks=HALF&seed=" + in, "", 200, fmt.Sprintf(`{"half":[{"bank_content_id":%d,"distance":"4"}]}`, half)},
		{"named banks", "GET", "/m/lookup" + lookup + "&banks=MY_BANK,other", "", 200, `{"my-bank":[` + mineJSON + `]}`},
		{"nothing", "GET", "/m/lookup?signal_type=pdq&signal=" + strings.Repeat("a5", 32), "", 200, `{}`},
		{"a file's digest", "GET", "/m/lookup?signal_type=md5&signal=" + strings.ToUpper(md5), "", 200, fmt.Sprintf(`{"my-bank":[{"bank_content_id":%d,"distance":"0"}]}`, file)},
		{"raw", "GET", "/m/raw_lookup" + lookup + "&banks=my-bank", "", 200, fmt.Sprintf(`{"matches":[%d]}`, mine)},
		{"raw with distances", "GET", "/m/raw_lookup" + lookup + "&banks=my-bank&include_distance=true", "", 200, `{"matches":[` + mineJSON + `]}`},
		{"raw, nothing", "GET", "/m/raw_lookup?signal_type=sha1&signal=" + strings.Repeat("a", 40), "", 200, `{"matches":[]}`},
		{"another kind", "GET", "/m/raw_lookup?signal_type=tlsh&signal=x", "", 400, `{"code":400,"description":"No such SignalType 'tlsh'","message":"No such SignalType 'tlsh'","name":"Bad Request"}`},
		{"no hash", "GET", "/m/lookup?signal_type=pdq&signal=" + md5, "", 400, `"description":"invalid signal`},
		{"a SHA-256 is none of PDQ", "GET", "/m/raw_lookup?signal_type=sha256&signal=" + zero, "", 200, `{"matches":[]}`},
		{"nothing asked", "GET", "/m/lookup", "", 400, `Either url or both signal and signal_type are required`},
		{"an address", "GET", "/m/lookup?url=http://x.example", "", 400, `not fetched`},
		{"banks", "GET", "/c/banks", "", 200, `[{"name":"half","matching_enabled_ratio":0.5},{"name":"my-bank","matching_enabled_ratio":1},{"name":"off","matching_enabled_ratio":0}]`},
		{"a bank", "GET", "/c/bank/MY_BANK", "", 200, `{"name":"my-bank","matching_enabled_ratio":1}`},
		{"a bank of words", "GET", "/c/bank/words", "", 404, `"description":"bank 'words' not found"`},
		{"an entry", "GET", fmt.Sprintf("/c/bank/MY_BANK/content/%d?include_signals=true", file), "", 200,
			fmt.Sprintf(`{"bank":{"name":"my-bank","matching_enabled_ratio":1},"collab_metadata":{},"disable_until_ts":1,"id":%d,"original_media_uri":null,"signals":{"md5":"%s"}}`, file, md5)},
		{"no entry", "GET", "/c/bank/MY_BANK/content/7", "", 404, `not found`},
		{"kinds", "GET", "/c/signal_type", "", 200, `[{"name":"pdq","enabled_ratio":1},{"name":"md5","enabled_ratio":1},{"name":"sha1","enabled_ratio":1},{"name":"sha256","enabled_ratio":1}]`},
		{"index", "GET", "/m/index/status?signal_type=pdq", "", 200, `{"pdq":{"built_to":1795402800,"present":true,"size":3}}`},
		{"no such index", "GET", "/m/index/status?signal_type=x", "", 400, `No such signal type`},
		{"add", "POST", "/c/bank/MY_BANK/signal", `{"sha1":"` + strings.Repeat("A", 40) + `"}`, 200,
			fmt.Sprintf(`{"id":%d,"signals":{"sha1":"%s"}}`, contentID("my-bank", strings.Repeat("a", 40)), strings.Repeat("a", 40))},
		{"add what is none", "POST", "/c/bank/MY_BANK/signal", `{"pdq":"x"}`, 400, `invalid signal`},
		{"add another kind", "POST", "/c/bank/MY_BANK/signal", `{"tlsh":"x"}`, 400, `No such signal type tlsh`},
		{"add nothing", "POST", "/c/bank/MY_BANK/signal", `{}`, 400, `No signals given`},
	} {
		got := r.do(c.method, c.path, c.body)
		body := strings.TrimSpace(got.Body.String())
		if whole := strings.HasPrefix(c.want, "{") || strings.HasPrefix(c.want, "["); got.Code != c.status || whole && body != c.want || !strings.Contains(body, c.want) {
			t.Errorf("%s: %d %s\nwant %d %s", c.name, got.Code, body, c.status, c.want)
		}
	}
	r.settle()
	if got := r.do("GET", "/m/raw_lookup?signal_type=sha1&signal="+strings.Repeat("a", 40), ""); !strings.Contains(got.Body.String(), fmt.Sprint(contentID("my-bank", strings.Repeat("a", 40)))) {
		t.Errorf("what was added is not found: %s", got.Body)
	}
}

func TestHMAFiles(t *testing.T) {
	r := newRig(t)
	first := upload(t, r, "/h/hash", "photo").Body.String()
	if !strings.HasPrefix(first, `{"md5":"`) || !strings.Contains(first, `"sha1":"`) || !strings.Contains(first, `"sha256":"`) || !strings.Contains(first, `"pdq":"`) || strings.Contains(first, `"pdq":""`) {
		t.Fatalf("hashed: %s", first)
	}
	_, rest, _ := strings.Cut(first, `"pdq":"`)
	hash := rest[:64]
	get[BankMade](r, "PUT", "/v1/banks/b", `{"kind":"hashes","entries":[{"value":"`+hash+`"}],"reason":"r"}`)
	r.settle()
	if got, want := strings.TrimSpace(upload(t, r, "/m/lookup", "photo").Body.String()), fmt.Sprintf(`{"md5":{},"pdq":{"b":[{"bank_content_id":%d,"distance":"0"}]},"sha1":{},"sha256":{}}`, contentID("b", hash)); got != want {
		t.Errorf("looked up: %s, want %s", got, want)
	}
	if got := strings.TrimSpace(upload(t, r, "/h/hash?types=pdq", "photo").Body.String()); got != `{"pdq":"`+hash+`"}` {
		t.Errorf("one kind: %s", got)
	}
	for name, got := range map[string]*httptest.ResponseRecorder{
		"no file": r.do("POST", "/h/hash", ""), "two files": upload(t, r, "/h/hash", "photo", "photo"), "a video": upload(t, r, "/h/hash", "video"),
		"no field": upload(t, r, "/h/hash"), "another kind": upload(t, r, "/h/hash?types=tlsh", "photo"),
	} {
		if got.Code != 400 {
			t.Errorf("%s: %d %s", name, got.Code, got.Body)
		}
	}
}

// TestHMAKinds: all kinds that are listed are hashed and looked up, and a file that a known-good bank holds by one of them is found by none.
func TestHMAKinds(t *testing.T) {
	r := newRig(t)
	var hashes map[string]string
	r.must(json.Unmarshal(upload(t, r, "/h/hash", "photo").Body.Bytes(), &hashes))
	for _, s := range hmaSignals {
		value := s.prefix + hashes[s.name]
		get[BankMade](r, "PUT", "/v1/banks/"+s.name, `{"kind":"hashes","entries":[{"value":"`+value+`"}],"reason":"r"}`)
		r.settle()
		want := fmt.Sprintf(`{"%s":{"%s":[{"bank_content_id":%d,"distance":"0"}]}}`, s.name, s.name, contentID(s.name, value))
		if got := strings.TrimSpace(upload(t, r, "/m/lookup?types="+s.name, "photo").Body.String()); got != want {
			t.Errorf("%s: got %s, want %s", s.name, got, want)
		}
	}
	get[BankMade](r, "PUT", "/v1/banks/fine", `{"kind":"hashes","good":true,"entries":[{"value":"`+hashes["md5"]+`"}],"reason":"r"}`)
	r.settle()
	if got, want := strings.TrimSpace(upload(t, r, "/m/lookup", "photo").Body.String()), `{"md5":{},"pdq":{},"sha1":{},"sha256":{}}`; got != want {
		t.Errorf("known good: got %s, want %s", got, want)
	}
}

// TestHMAKeepsEntries: what was added just now, and is not active yet, is not added a second time without what it states.
func TestHMAKeepsEntries(t *testing.T) {
	r := newRig(t)
	md5 := strings.Repeat("ab", 16)
	get[BankMade](r, "PUT", "/v1/banks/b", `{"kind":"hashes","entries":[],"reason":"r"}`)
	r.settle()
	get[BankMade](r, "PATCH", "/v1/banks/b", `{"add":[{"value":"`+md5+`","policy":"gore","severity":4}],"reason":"r"}`)
	if got := r.do("POST", "/c/bank/B/signal", `{"md5":"`+md5+`"}`); got.Code != http.StatusOK {
		t.Fatalf("%d %s", got.Code, got.Body)
	}
	r.settle()
	if got := r.do("GET", "/v1/banks/b/entries", "").Body.String(); !strings.Contains(got, `"policy":"gore"`) {
		t.Errorf("the entry became %s", got)
	}
}

// unread is a body of which nothing must be read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("it is read")
	return 0, io.EOF
}

// TestHMAFull: a file for which there is no room is refused before any of it is in memory.
func TestHMAFull(t *testing.T) {
	a := API{files: make(chan struct{}, 1)}
	a.files <- struct{}{}
	req := httptest.NewRequest(http.MethodPost, "/h/hash", unread{t})
	req.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	var p hmaProblem
	if _, _, err := a.hmaHashes(req); !errors.As(err, &p) || p.status != http.StatusServiceUnavailable {
		t.Errorf("got %v, want 503", err)
	}
}

// TestHMAStalled: a sender that pauses in the middle of its file is cut off, and gives its place back.
func TestHMAStalled(t *testing.T) {
	r := newRig(t, func(d *Deps) { d.Limits.Stall = 20 * time.Millisecond })
	server := httptest.NewServer(r)
	defer server.Close()
	body, pause := io.Pipe()
	defer body.Close()
	go func() {
		_, _ = io.WriteString(pause, "--x\r\nContent-Disposition: form-data; name=\"photo\"; filename=\"a\"\r\n\r\nhalf")
	}()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/h/hash", body)
	r.must(err)
	req.Header.Set("Authorization", "Bearer "+r.token)
	req.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	resp, err := server.Client().Do(req)
	r.must(err)
	defer resp.Body.Close()
	if got := bodyOf(t, resp.Body); resp.StatusCode != http.StatusBadRequest || !strings.Contains(got, "cut off") {
		t.Errorf("got %d %s", resp.StatusCode, got)
	}
}
