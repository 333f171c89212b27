package link

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// found is what Find gives, in short: the surface and the canonical form of each link.
func found(text string) []string {
	var got []string
	for _, l := range Find(nil, text) {
		got = append(got, text[l.Start:l.End]+" → "+l.Canonical)
	}
	return got
}

func TestFind(t *testing.T) {
	for text, want := range map[string][]string{
		"see https://example.com/a.":                  {"https://example.com/a → https://example.com/a"},
		"(see http://example.com/a_(b))":              {"http://example.com/a_(b) → https://example.com/a_%28b%29"},
		"[a](https://example.com/x) b":                {"https://example.com/x → https://example.com/x"},
		"two: example.com, and www.example.site!":     {"example.com → https://example.com", "www.example.site → https://www.example.site"},
		"t.co/AbC https://t.co/xYz…":                  {"t.co/AbC → https://t.co/AbC", "https://t.co/xYz → https://t.co/xYz"},
		"https://t.co/abcを見て example.comを":            {"https://t.co/abc → https://t.co/abc", "example.com → https://example.com"},
		"見てexample.com":                               {"example.com → https://example.com"},
		"http://例え.jp/あ":                              {"http://例え.jp/ → https://xn--r8jz45g.jp"},
		"пример.рф и https://пример.рф/путь?а=б":      {"пример.рф → https://xn--e1afmkfd.xn--p1ai", "https://пример.рф/путь?а=б → https://xn--e1afmkfd.xn--p1ai/%D0%BF%D1%83%D1%82%D1%8C?%D0%B0=%D0%B1"},
		"hxxps://ex[.]ample[.]com/a":                  {"hxxps://ex[.]ample[.]com/a → https://ex.ample.com/a"},
		"hXXp[:]//example(dot)com":                    {"hXXp[:]//example(dot)com → https://example.com"},
		"h**p://example.com":                          {"h**p://example.com → https://example.com"},
		"hxxps[://]example[.com/a":                    {"hxxps[://]example[.com/a → https://example.com/a"},
		"go to example [.] com now":                   {"example [.] com → https://example.com"},
		"example { DOT } com":                         {"example { DOT } com → https://example.com"},
		"https://example . com/x":                     {"https://example . com/x → https://example.com/x"},
		"example dot com/promo":                       {"example dot com/promo → https://example.com/promo"},
		"pay . log . example . com/x":                 {"example . com/x → https://example.com/x"},
		"http://example.com . Then":                   {"http://example.com → https://example.com"},
		`http:\\example.com\a`:                        {`http:\\example.com\a → https://example.com/a`},
		`example\.com/a`:                              {`example\.com/a → https://example.com/a`},
		"ｈｔｔｐｓ：／／ｅｘａｍｐｌｅ．ｃｏｍ／ａ":                       {"ｈｔｔｐｓ：／／ｅｘａｍｐｌｅ．ｃｏｍ／ａ → https://example.com/a"},
		"example。com/a":                               {"example。com/a → https://example.com/a"},
		"exa\u200bmple.c\u00adom/\u2060a\u200d":       {"exa\u200bmple.c\u00adom/\u2060a → https://example.com/a"},
		"ⓔⓧⓐⓜⓟⓛⓔ.com":                                 {"ⓔⓧⓐⓜⓟⓛⓔ.com → https://example.com"},
		"http://user:pw@evil.example/a@b":             {"http://user:pw@evil.example/a@b → https://evil.example/a@b"},
		"https://paypal.com@evil.example":             {"https://paypal.com@evil.example → https://evil.example"},
		"http://3232235777/x http://0x7f.1/":          {"http://3232235777/x → https://192.168.1.1/x", "http://0x7f.1/ → https://127.0.0.1"},
		"http://[2001:DB8::1]:8080/ 10.0.0.1/login":   {"http://[2001:DB8::1]:8080/ → https://[2001:db8::1]:8080", "10.0.0.1/login → https://10.0.0.1/login"},
		"HTTPS://EXAMPLE.COM:443/A EXAMPLE.COM":       {"HTTPS://EXAMPLE.COM:443/A → https://example.com/A", "EXAMPLE.COM → https://example.com"},
		"seehttp://example.com/http://example.org":    {"http://example.com/http://example.org → https://example.com/http://example.org"},
		"https://b%61d.com/x%61":                      {"https://b%61d.com/x%61 → https://bad.com/xa"},
		"https://%62%61%64%2E%63%6F%6D:8080. So":      {"https://%62%61%64%2E%63%6F%6D:8080 → https://bad.com:8080"},
		"http://%E4%BE%8B%E3%81%88%E3%80%82jp/":       {"http://%E4%BE%8B%E3%81%88%E3%80%82jp/ → https://xn--r8jz45g.jp"},
		"http://ann@b%61d.com口":                       {"http://ann@b%61d.com → https://bad.com"},
		"http://0x7f%2e1/":                            {"http://0x7f%2e1/ → https://127.0.0.1"},
		"http://b%zz.61d.com/ http://a%2Fb.c.com":     nil,
		"http://a.com%5F/ http://%ff.com http://%/":   nil,
		"https://a.com% off":                          {"https://a.com → https://a.com"},
		"https://bad.com_口 https://bad.com-口":         {"https://bad.com → https://bad.com", "https://bad.com → https://bad.com"},
		"ftp://example.com/f":                         {"ftp://example.com/f → ftp://example.com/f"},
		"instagr.am/p/1 example.co.uk bbc.co.uk/news": {"instagr.am/p/1 → https://instagr.am/p/1", "example.co.uk → https://example.co.uk", "bbc.co.uk/news → https://bbc.co.uk/news"},
		"😂https://example.com/😂":                      {"https://example.com/ → https://example.com"},

		"http：⁄∕example﹒com∶8080 x":             {"http：⁄∕example﹒com∶8080 → https://example.com:8080"},
		"\u115fexample\u034f.com. Ünï.com/a":    {"example\u034f.com → https://example.com", "Ünï.com/a → https://xn--n-nga1b.com/a"},
		"ann at example.com, bob[@]example.com": {"example.com → https://example.com"},

		// What is no link.
		"the day.It was":                                 nil,
		"the end.But then. And…":                         nil,
		"day.it was, yes.no, ok.so me.you":               nil,
		"the dot com bubble, polka dot . com":            nil,
		"I said . nothing . at . all":                    nil,
		"ann@example.com, ann [at] example [dot] com":    nil,
		"@example.com #example.com $example.com":         nil,
		"readme.md main.py a.zip 3.14 1.2.3.4 e.g. i.e.": nil,
		"and/or.com /usr/lib.so":                         nil,
		"http:// https://localhost/x http://-a":          nil,
		"http://999.1.1.1/ http://a..b http://1.2.3.4.5": nil,
		"mailto:x at://did:plc:abc javascript://":        nil,
		"example.com:99999/x":                            nil,
		strings.Repeat("a.", 200) + "com":                nil,
		"":                                               nil,
	} {
		if diff := cmp.Diff(want, found(text)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestFields(t *testing.T) {
	for text, want := range map[string]Link{
		"https://www.example.co.uk/":   {Host: "www.example.co.uk", Domain: "example.co.uk"},
		"https://user.github.io":       {Host: "user.github.io", Domain: "user.github.io"},
		"https://github.io":            {Host: "github.io"},
		"http://10.1.2.3":              {Host: "10.1.2.3"},
		"https://bit.ly/x":             {Host: "bit.ly", Domain: "bit.ly", Shortener: true},
		"https://shop.page.link/x":     {Host: "shop.page.link", Domain: "page.link", Shortener: true},
		"https://notbit.ly":            {Host: "notbit.ly", Domain: "notbit.ly"},
		"https://раураl.com/login":     {Host: "xn--l-7sba6dbr.com", Domain: "xn--l-7sba6dbr.com", Looks: "paypal.com", Homograph: true},
		"https://login.аррӏе.com":      {Host: "login.xn--80ak6aa92e.com", Domain: "xn--80ak6aa92e.com", Looks: "apple.com", Homograph: true},
		"https://xn--80ak6aa92e.com":   {Host: "xn--80ak6aa92e.com", Domain: "xn--80ak6aa92e.com", Looks: "apple.com", Homograph: true},
		"https://münchen.de":           {Host: "xn--mnchen-3ya.de", Domain: "xn--mnchen-3ya.de", Looks: "munchen.de"},
		"https://дом.рф":               {Host: "xn--d1aqf.xn--p1ai", Domain: "xn--d1aqf.xn--p1ai"},
		"https://cᴏffee.com":           {Host: "xn--cffee-m29a.com", Domain: "xn--cffee-m29a.com", Looks: "coffee.com", Homograph: true},
		"https://example.com/?utm_x=1": {Host: "example.com", Domain: "example.com", Tracked: true},
		"https://example.com/?a=utm_x": {Host: "example.com", Domain: "example.com"},
		"hxxps://example.com":          {Host: "example.com", Domain: "example.com", Disguised: true},
		"https://example[.]com":        {Host: "example.com", Domain: "example.com", Disguised: true},
		"https://exam\u200bple.com":    {Host: "example.com", Domain: "example.com", Disguised: true},
		"https://example.com/a\u200bb": {Host: "example.com", Domain: "example.com", Disguised: true},
		"❤️https://example.com":        {Host: "example.com", Domain: "example.com"},
	} {
		links := Find(nil, text)
		if len(links) != 1 {
			t.Errorf("%q: %d links, want 1", text, len(links))
			continue
		}
		got := links[0]
		got.Start, got.End, got.Canonical = 0, 0, ""
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
}

func TestParse(t *testing.T) {
	for raw, want := range map[string]string{
		"HTTP://Example.COM":                                     "https://example.com",
		" https://example.com/ ":                                 "https://example.com",
		"https://example.com.":                                   "",
		"https://example.com./a":                                 "",
		"http://example.com:0080/a/./b/../c/":                    "https://example.com/a/c/",
		"https://example.com/a/..":                               "https://example.com",
		"https://example.com/../../a":                            "https://example.com/a",
		"https://example.com/%7Ea%2fb%zz|^":                      "https://example.com/~a%2Fb%25zz%7C%5E",
		"https://example.com?b=2&a=1&&utm_source=x&UTM_Medium=y": "https://example.com/?b=2&a=1",
		"https://example.com/?%75tm_source=x&fbclid=1#top":       "https://example.com",
		"https://x.com/a/status/1?s=20&t=abc":                    "https://x.com/a/status/1",
		"https://example.com/a?s=20&t=abc":                       "https://example.com/a?s=20&t=abc",
		"https://youtu.be/abc?si=x&t=10":                         "https://youtu.be/abc?t=10",
		"https://example.com/a.":                                 "https://example.com/a.",
		"https://example.com/a?x=(y)":                            "https://example.com/a?x=%28y%29",
		"example.site":                                           "https://example.site",
		"example.nosuchtld":                                      "",
		"https://example.nosuchtld":                              "https://example.nosuchtld",
		"h**ps://example.com":                                    "https://example.com",
		"see https://example.com":                                "",
		"https://example.com b":                                  "",
		"at://did:plc:abc":                                       "",
		"mailto:a@example.com":                                   "",
		"":                                                       "",
	} {
		l, ok := Parse(raw)
		if ok != (want != "") || ok && l.Canonical != want {
			t.Errorf("Parse(%q) = %q, %t, want %q", raw, l.Canonical, ok, want)
		}
	}
}

// check holds what is true of the links of any text.
func check(t *testing.T, text string) {
	t.Helper()
	end := 0
	links := new(finder).find(nil, text)
	if len(links) > 0 && !mayHold(text) {
		t.Fatalf("%q: %+v would be overlooked", text, links)
	}
	for _, l := range links {
		if l.Start < end || l.End <= l.Start || l.End > len(text) {
			t.Fatalf("%q: span %d to %d after %d", text, l.Start, l.End, end)
		}
		end = l.End
		for _, at := range []int{l.Start, l.End} {
			if at < len(text) && utf8.ValidString(text) && !utf8.RuneStart(text[at]) {
				t.Fatalf("%q: a span ends within a character, at %d", text, at)
			}
		}
		if strings.IndexFunc(l.Canonical, func(r rune) bool { return r <= ' ' || r >= 0x7F }) >= 0 {
			t.Fatalf("%q: %q is not printable ASCII", text, l.Canonical)
		}
		again, ok := Parse(l.Canonical)
		if !ok || again.Canonical != l.Canonical || again.Host != l.Host || again.Domain != l.Domain || again.Looks != l.Looks {
			t.Fatalf("%q: %+v is read again as %+v (%t)", text, l, again, ok)
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, text := range []string{
		"https://example.com/a?b=c#d", "hxxps[://]ex[.]ample(dot)com", "a . b . com/x", "見てhttp://例え.jp", "http://[::1]:80/",
		"h**p://0x7f.1", "\xff\u200b.com", "example.com/((.))/%2e%2E/?%75tm_x=1&a", "https://раураl.com", "a@b.com", "http:\\\\a.b\\.c",
		"ß.com/ſ", "http://xn--a.com", "İ.com ＡＢ．ｃｏｍ／", "http://a.b:0/..//..", "x.com/\uE000\uE001[://]",
		"https://b%61d.com/x", "http://%5f%2ecom:1", "https://bad.com_口", "http://%E3%80%82a%E2%80%8B.com",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		check(t, text)
		Parse(text)
	})
}

// TestCostIsLinear gives what is worst: each text eight times as long may cost no more than about eight times as much. The number
// of symbols looked at is not counted; the time of a quadratic search over a megabyte would be minutes.
func TestCostIsLinear(t *testing.T) {
	for _, unit := range []string{
		"a", "a.", ".", "a . ", "http://", "http://a@", "[.]", "[ ", "h**p://a.b:1", "example.com/(", "a@b.", "\u200b", "。", "http://[", "http://a.b/%", "xn--", "é.", " dot ", "https://example.com ", "http://%61%2e", "http://a.b%",
	} {
		text := strings.Repeat(unit, 1<<20/len(unit))
		if n := len(Find(nil, text)); n > maxLinks {
			t.Errorf("%q again and again: %d links", unit, n)
		}
	}
}

// TestRepeatsHideNoLink holds that of many links the different ones are found, in bounded memory.
func TestRepeatsHideNoLink(t *testing.T) {
	numbered := func(from, to int) string {
		var b strings.Builder
		for n := from; n < to; n++ {
			fmt.Fprintf(&b, "https://a.de/%d ", n)
		}
		return b.String()
	}
	for _, tc := range []struct {
		name, text string
		want       int
		last       string
	}{
		{"repeats", strings.Repeat("http://a.de ", 5000) + "https://bad.com", maxLinks + 1, "https://bad.com"},
		{"a few repeats", strings.Repeat("http://a.de ", 999) + "https://bad.com", maxLinks, "https://bad.com"},
		{"another spelling", strings.Repeat("http://a.de ", 1000) + "hxxps://a[.]de", maxLinks, "https://a.de"},
		{"repeats, then different ones", strings.Repeat("https://a.de/0 ", 2000) + numbered(0, 2000), 2*maxLinks - 1, "https://a.de/999"},
		{"different ones", numbered(0, 2000), maxLinks, "https://a.de/999"},
	} {
		links := Find(nil, tc.text)
		if len(links) != tc.want || links[len(links)-1].Canonical != tc.last {
			t.Errorf("%s: %d links up to %s, want %d up to %s", tc.name, len(links), links[len(links)-1].Canonical, tc.want, tc.last)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	for name, text := range map[string]string{
		"none":     "so i told her the bus is late again, and she said: nothing to be done. What a day! Not even a coffee to be had here",
		"plain":    "read this https://www.example.com/news/2024/a-long-title?utm_source=x&id=7 and tell me what you think about it, please",
		"defanged": "careful: hxxps://login[.]exam\u200bple[.]com/verify is not your bank, do not type anything there, ever. Tell them all",
		"bare":     "find us at example.com or at shop.example.co.uk/sale, open today.And tomorrow",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			var links []Link
			for b.Loop() {
				links = Find(links[:0], text)
			}
		})
	}
}

func TestTextsWithoutLinksAllocateNothing(t *testing.T) {
	text := "nothing to see here: e.g. größer, 😂 and 3.14… or https://"
	var f finder // the pool's memory does not last under the race detector
	f.find(nil, text)
	if got := testing.AllocsPerRun(100, func() { f.find(nil, text) }); got != 0 {
		t.Errorf("%g allocations, want 0", got)
	}
}

func Example() {
	for _, l := range Find(nil, "urgent: hxxps://раураl[.]com/login?utm_source=sms") {
		fmt.Println(l.Canonical, l.Looks, l.Disguised)
	}
	// Output: https://xn--l-7sba6dbr.com/login paypal.com true
}
