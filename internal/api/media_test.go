package api

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/internal/gallery"
)

// shelf is a gallery with one picture of which the original is kept, and one of which nothing is.
type shelf struct{ erased string }

var openly, never = strings.Repeat("a", 64), strings.Repeat("b", 64)

func (s *shelf) Find(digest string) (gallery.Picture, error) {
	switch digest {
	case openly:
		return gallery.Picture{Digest: openly, Keep: gallery.Original, Policies: []string{"spam"}, Accounts: []string{"a1"}, First: start, Last: start}, nil
	case never:
		return gallery.Picture{Digest: never, Policies: []string{"child-safety"}, Accounts: []string{"a1"}}, nil
	}
	return gallery.Picture{}, fmt.Errorf("%w: %s", gallery.ErrNone, digest)
}

func (s *shelf) Preview(_ context.Context, digest string) ([]byte, error) {
	if digest != openly {
		return nil, gallery.ErrNone
	}
	return []byte("blurred"), nil
}

func (s *shelf) Original(_ context.Context, digest string) ([]byte, string, error) {
	if digest != openly {
		return nil, "", gallery.ErrNone
	}
	return []byte("file"), "image/png", nil
}

func (s *shelf) Erase(_ context.Context, account string) (int, error) {
	s.erased = account
	return 3, nil
}

// TestMedia: a preview is there for who may read, an original leaves a trace first, and nothing is told of where nothing is kept.
func TestMedia(t *testing.T) {
	s := &shelf{}
	r := newRig(t, func(d *Deps) { d.Gallery = s })
	want := KeptPicture{Digest: openly, Keep: "original", Policies: []string{"spam"}, Accounts: []string{"a1"}, First: Time(start), Last: Time(start)}
	if diff := cmp.Diff(want, get[KeptPicture](r, "GET", "/v1/media/"+openly, "")); diff != "" {
		t.Errorf("want- got+\n%s", diff)
	}
	if got := get[KeptPicture](r, "GET", "/v1/media/"+never, ""); got.Keep != "nothing" {
		t.Errorf("got %+v", got)
	}
	audited := func() int { return len(get[List[AuditEntry]](r, "GET", "/v1/audit", "").Items) }
	before := audited()
	for _, tt := range []struct {
		path string
		code int
		body string
	}{
		{openly + "/preview", 200, "blurred"},
		{never + "/preview", 404, ""},
		{never + "/original?reason=x", 404, ""},
		{strings.Repeat("c", 64), 404, ""},
		{"..%2f..%2fetc", 422, ""},
		{"..%2f..%2fetc/preview", 404, ""},
		{openly + "/original", 422, ""},
		{openly + "/original?reason=" + strings.Repeat("x", maxReason+1), 422, ""},
	} {
		w := r.do("GET", "/v1/media/"+tt.path, "")
		if w.Code != tt.code || tt.body != "" && w.Body.String() != tt.body {
			t.Errorf("%.80s: %d %s, want %d", tt.path, w.Code, w.Body, tt.code)
		}
	}
	if n := audited(); n != before {
		t.Errorf("%d entries in the audit trail though nobody saw an original", n-before)
	}
	w := r.do("GET", "/v1/media/"+openly+"/original?reason=case+7", "")
	if w.Code != 200 || w.Body.String() != "file" || w.Header().Get("Content-Type") != "image/png" || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") {
		t.Errorf("original: %d %s %v", w.Code, w.Body, w.Header())
	}
	trail := get[List[AuditEntry]](r, "GET", "/v1/audit", "").Items
	if len(trail) != before+1 || trail[0].Action != "media.original" || trail[0].Subject != openly || trail[0].Reason != "case 7" || trail[0].By != "key:tester" {
		t.Errorf("audit trail: %+v", trail)
	}
	if got := get[Erased](r, "POST", "/v1/media/erase", `{"account":"a1","reason":"asked to"}`); got.Pictures != 3 || s.erased != "a1" {
		t.Errorf("erased %+v of %q", got, s.erased)
	}
	off := newRig(t)
	for _, path := range []string{openly, openly + "/preview", openly + "/original?reason=x"} {
		if w := off.do("GET", "/v1/media/"+path, ""); w.Code != 404 || !strings.Contains(w.Body.String(), "media.fetch") {
			t.Errorf("without pictures: %d %s", w.Code, w.Body)
		}
	}
}
