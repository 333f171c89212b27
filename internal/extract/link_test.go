package extract

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestPlainLinksAreCanonical holds that what plainLink lets through is what parsing would have made of it.
func TestPlainLinksAreCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.SampledFrom([]string{"http://", "https://", "ftp://", "HTTP://", ""}).Draw(t, "scheme") +
			rapid.StringOf(rapid.SampledFrom([]rune("ab0.-/A_~:@?#%é "))).Draw(t, "rest")
		host, ok := plainLink(raw)
		if !ok {
			return
		}
		if canonical, want := parsedLink(raw); canonical != raw || host != want {
			t.Fatalf("plainLink(%q) lets it through with host %q, but its canonical form is %q with host %q", raw, host, canonical, want)
		}
	})
	for _, raw := range []string{"https://news.example.co.uk/A/b-1_2~.html", "http://a.example"} {
		if _, ok := plainLink(raw); !ok {
			t.Errorf("plainLink(%q) does not know it", raw)
		}
	}
}

func TestPortsAndAddresses(t *testing.T) {
	for raw, want := range map[string]string{
		"http://A.example:80/": "http://a.example", "http://a.example:443/x": "http://a.example:443/x", "https://a.example:8080": "https://a.example:8080",
		"https://[2001:DB8::1]:443/": "https://[2001:db8::1]", "http://[::1]:8080/x": "http://[::1]:8080/x",
	} {
		if got, _ := canonicalLink(raw); got != want {
			t.Errorf("canonicalLink(%q) = %q, want %q", raw, got, want)
		}
	}
}

func TestDomains(t *testing.T) {
	d := domains{}
	for host, want := range map[string]string{
		"a.b.example.co.uk": "example.co.uk", "example.com": "example.com", "co.uk": "", "localhost": "", "10.0.0.1": "", "": "", "a..b": "",
		strings.Repeat("a", 300) + ".example": strings.Repeat("a", 300) + ".example",
	} {
		for range 2 {
			if got := d.of(host); got != want {
				t.Errorf("of(%q) = %q, want %q", host, got, want)
			}
		}
	}
	for i := range 2 * maxDomains {
		host := fmt.Sprintf("x.n%d.example", i)
		if got, want := d.of(host), host[2:]; got != want {
			t.Errorf("of(%q) = %q, want %q", host, got, want)
		}
	}
	if len(d) > maxDomains {
		t.Errorf("%d domains are kept, want %d at most", len(d), maxDomains)
	}
}

// An event whose text is folded already and whose links are canonical costs no allocation.
func TestIntoDoesNotAllocate(t *testing.T) {
	x := New(nil)
	rec := record(head + `"text":"good morning","urls":["https://link.example/p","https://www.link.example/q"],"ip":"10.0.0.1"}`)
	var it Item
	x.Into(&it, rec)
	if got := testing.AllocsPerRun(100, func() { x.Into(&it, rec) }); got != 0 {
		t.Errorf("%v allocations an event, want 0", got)
	}
}
