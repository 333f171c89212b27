package extract

import (
	"fmt"
	"strings"
	"testing"
)

func TestLinksAreRemembered(t *testing.T) {
	m := links{}
	for i := range 2 * maxLinks {
		raw := fmt.Sprintf("http://x.n%d.example/", i)
		for range 2 {
			if got, want := m.of(raw), fmt.Sprintf("https://x.n%d.example", i); got.Canonical != want || got.Domain != fmt.Sprintf("n%d.example", i) {
				t.Fatalf("of(%q) = %+v", raw, got)
			}
		}
	}
	long := "https://a.example/" + strings.Repeat("a", maxURL)
	if got := m.of(long); got.Canonical != long {
		t.Errorf("of(%q) = %+v", long, got)
	}
	if _, kept := m[long]; kept || len(m) > maxLinks {
		t.Errorf("%d links are kept, want %d at most and no long one", len(m), maxLinks)
	}
}

// A link that is remembered does not change with the record that it was first read from.
func TestLinksOutliveRecords(t *testing.T) {
	x := New(nil)
	body := []byte(head + `"urls":["https://one.example/a","no link one"]}`)
	var it Item
	rec := record("")
	rec.Body = body
	x.Into(&it, rec, everything)
	copy(body, strings.ReplaceAll(string(body), "one", "two"))
	if got := x.links.of("https://one.example/a").Canonical + x.links.of("no link one").Canonical; got != "https://one.example/ano link one" {
		t.Errorf("got %q", got)
	}
}

// An event whose text is folded already and whose links are known costs no allocation.
func TestIntoDoesNotAllocate(t *testing.T) {
	x := New(nil)
	rec := record(head + `"text":"good morning","urls":["https://link.example/p","https://www.link.example/q"],"ip":"10.0.0.1"}`)
	var it Item
	pin := Pin{wants: wantAll &^ wantLang} // whose scratch is in a pool, which the race detector empties at times
	x.Into(&it, rec, pin)
	if got := testing.AllocsPerRun(100, func() { x.Into(&it, rec, pin) }); got != 0 {
		t.Errorf("%v allocations an event, want 0", got)
	}
}
