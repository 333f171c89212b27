package extract

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/signals"
	"github.com/ringfence/ringfence/media/pdq"
)

func known(t *testing.T, values ...string) Pin {
	t.Helper()
	f := bank.File{Name: "bad", Header: bank.Header{Kind: bank.Hashes}}
	for _, v := range values {
		f.Entries = append(f.Entries, bank.Entry{Value: v})
	}
	set, err := bank.NewSet(&bank.Compiler{}, []bank.Stored{f.Stored()})
	if err != nil {
		t.Fatal(err)
	}
	return Pin{Banks: set, wants: wantAll}
}

func sightOf(b byte) (h pdq.Hash) {
	for i := range h {
		h[i] = b ^ byte(i)
	}
	return h
}

func found(it *Item) string {
	var list []string
	for _, f := range it.Signals.Found {
		list = append(list, fmt.Sprintf("%s@%d in %s", f.Entry[:4], f.Distance, f.Surface))
	}
	return strings.Join(list, ", ")
}

// TestPictures reads events with hashes, and records of what was fetched.
func TestPictures(t *testing.T) {
	md5 := strings.Repeat("ab", 16)
	pin := known(t, sightOf(1).String(), md5)
	x := New(nil)
	var it Item
	event := head + `"text":"t","media":[{"id":"m1","pdq":"` + strings.ToUpper(sightOf(1).String()) + `"},{"url":"u"},{"url":"v"}]}`
	x.Into(&it, record(event), pin)
	if got := found(&it); got != "0100@0 in m1" || !it.Signals.HasHashes || len(it.Pictures) != 1 || it.Pictures[0].N != 1 || it.Of != (Reference{}) {
		t.Errorf("hashed by the source: %q, %+v", got, it.Pictures)
	}
	of, content := it.Identity, it.Content
	x.Into(&it, record(" "+event+"\n"), pin)
	if it.Content != content {
		t.Error("spaces around an event make it another")
	}
	fetched := func(body string, pictures ...signals.Picture) {
		t.Helper()
		r := signals.Record{Extractor: signals.Extractor, Version: signals.Version, Pictures: pictures, Event: []byte(body)}
		text, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		x.Into(&it, journal.Record{Kind: journal.Signals, Source: "s", ID: "e1", Body: text}, pin)
	}
	turned := make([]pdq.Hash, 8)
	for i := range turned {
		turned[i] = sightOf(byte(100 + i))
	}
	turned[5] = sightOf(1) // it is mirrored
	fetched(event, signals.Picture{At: 1, Quality: 90, PDQ: turned, Parts: []signals.Part{{PDQ: sightOf(200)}}}, signals.Picture{At: 2, Failure: "malformed", SHA256: "x", MD5: md5})
	if got := found(&it); it.Err != nil || got != "0100@0 in u, abab@0 in v" {
		t.Errorf("fetched: %v %q", it.Err, got)
	}
	if it.Of != (Reference{Identity: of, Content: content}) || it.Identity == of || !slices.Equal(it.Signals.Failures, []string{"malformed"}) || it.Signals.TextLength != 1 {
		t.Errorf("of %+v, failures %q", it.Of, it.Signals.Failures)
	}
	if len(it.Pictures) != 1 || it.Pictures[0].N != 8 || it.Event.Media[1].PDQ != turned[0].String() {
		t.Errorf("pictures %+v", it.Pictures)
	}
	fetched(event, signals.Picture{At: 1, Quality: pdq.MinQuality - 1, PDQ: []pdq.Hash{sightOf(1)}})
	if got := found(&it); got != "" || len(it.Pictures) != 0 || !it.Signals.HasHashes {
		t.Errorf("nearly flat: %q", got)
	}
	fetched(strings.Replace(event, `"post"`, `"like"`, 1), signals.Picture{At: 1, Quality: 90, PDQ: turned})
	if got := found(&it); got != "0100@0 in u" || len(it.Pictures) != 0 {
		t.Errorf("another's picture: %q and %d families", got, len(it.Pictures))
	}
	for _, bad := range []string{"", "7", head + `"media":[{"url":"u"}]}`} { // of the last, there is no picture 1
		r := signals.Record{Extractor: signals.Extractor, Version: signals.Version, Pictures: []signals.Picture{{At: 1}}}
		if bad != "" {
			r.Event = []byte(bad)
		}
		text, err := r.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if x.Into(&it, journal.Record{Kind: journal.Signals, Source: "s", ID: "e1", Body: text}, pin); it.Err == nil {
			t.Errorf("%s is read", text)
		}
	}
	x.Into(&it, record(head+`"text":"t"}`), pin)
	if it.Signals.HasHashes || len(it.Signals.Failures)+len(it.Pictures)+len(it.Signals.Found) > 0 || it.Of != (Reference{}) {
		t.Errorf("something of the event before stayed: %+v", it.Signals)
	}
}

// An event with a hashed picture, that no bank holds, costs no allocation.
func TestHashedDoesNotAllocate(t *testing.T) {
	pin := known(t, sightOf(1).String())
	x := New(nil)
	rec := record(head + `"media":[{"id":"m1","pdq":"` + sightOf(90).String() + `"}]}`)
	var it Item
	x.Into(&it, rec, pin)
	if got := testing.AllocsPerRun(100, func() { x.Into(&it, rec, pin) }); got != 0 {
		t.Errorf("%v allocations an event, want 0", got)
	}
}
