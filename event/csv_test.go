package event

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestTable(t *testing.T) {
	const german = "account_id,post_id,url_id,hashtag_id,domain_id,phash_id,timestamp"
	for _, tc := range []struct{ name, mapping, header, row, want string }{
		{
			"coshare", "coshare", "object_id,account_id,content_id,timestamp_share", "o1,a1,c1,1623881091",
			`{"id":"<hash>","time":"2021-06-16T22:04:51Z","kind":"share","actor":"a1","object":"o1","content":"c1"}`,
		},
		{
			"coshare-multi", "coshare-multi", german, "fb_1,129,23,,34,,1629589836",
			`{"id":"<hash>","time":"2021-08-21T23:50:36Z","kind":"share","actor":"fb_1","content":"129","urls":["23"],"attrs":{"domain_id":"34"}}`,
		},
		{
			"a preset with another kind", "coshare,kind==like", "object_id,account_id,content_id,timestamp_share", "o1,a1,c1,1623881091",
			`{"id":"<hash>","time":"2021-06-16T22:04:51Z","kind":"like","actor":"a1","object":"o1","content":"c1"}`,
		},
		{
			"byte order mark and quotes", "id=i,actor=a,time=t,kind==k,text=x", "\uFEFFi,a,t,\"x\"", `1,"a,b",2026-01-02T03:04:05+01:00,"say ""hi""` + "\n" + `there"`,
			`{"id":"1","time":"2026-01-02T02:04:05Z","kind":"k","actor":"a,b","text":"say \"hi\"\nthere"}`,
		},
		{
			"every type", "id=i,actor=a,time=t,kind=k,urls=u,views=v,account.verified=b,account.created=c,media.id=m,attrs.x=x",
			"i,a,t,k,u,v,b,c,m,x", "1,a,1623881091500,k,u1  u2,-7,True,1623881091.25,m1,7",
			`{"id":"1","time":"2021-06-16T22:04:51.5Z","kind":"k","actor":"a","urls":["u1","u2"],"media":[{"id":"m1"}],` +
				`"account":{"created":"2021-06-16T22:04:51.25Z","verified":true},"views":-7,"attrs":{"x":"7"}}`,
		},
		{
			"empty cells are absent", "id=i,actor=a,time=t,kind=k,urls=u,views=v,account.verified=b,media.id=m,attrs.x=x",
			"i,a,t,k,u,v,b,m,x", "1,a,0,k,,,,,",
			`{"id":"1","time":"1970-01-01T00:00:00Z","kind":"k","actor":"a"}`,
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m, err := ParseMapping(tc.mapping)
			if err != nil {
				t.Fatal(err)
			}
			table, err := NewTable([]byte(tc.header), m, DefaultLimits())
			if err != nil {
				t.Fatal(err)
			}
			var e Event
			if err := table.Decode([]byte(tc.row), &e); err != nil {
				t.Fatal(err)
			}
			want := strings.Replace(tc.want, "<hash>", e.ID, 1)
			if strings.Contains(tc.want, "<hash>") && len(e.ID) != 32 {
				t.Errorf("id %q is no hash of 128 bits", e.ID)
			}
			if diff := cmp.Diff(want, string(e.AppendNative(nil))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestTableHash pins the ids of rows without one: they are stored, so another build must give the same.
func TestTableHash(t *testing.T) {
	id := func(mapping, header, row string) string {
		m, err := ParseMapping(mapping)
		if err != nil {
			t.Fatal(err)
		}
		table, err := NewTable([]byte(header), m, DefaultLimits())
		if err != nil {
			t.Fatal(err)
		}
		var e Event
		if err := table.Decode([]byte(row), &e); err != nil {
			t.Fatal(err)
		}
		return e.ID
	}
	const header = "object_id,account_id,content_id,timestamp_share"
	base := id("coshare", header, "o1,a1,c1,1623881091")
	if want := "777b26e68b60b2149809aca44173a9b4"; base != want {
		t.Errorf("got id %s, want %s", base, want)
	}
	if got := id("coshare", "x,timestamp_share,content_id,account_id,object_id", "7,1623881091,c1,a1,o1"); got != base {
		t.Errorf("other columns and another order change the id to %s", got)
	}
	for name, got := range map[string]string{
		"another cell":     id("coshare", header, "o1,a1,c2,1623881091"),
		"a moved boundary": id("coshare", header, "o1a,1,c1,1623881091"),
		"another kind":     id("coshare,kind==like", header, "o1,a1,c1,1623881091"),
	} {
		if got == base {
			t.Errorf("%s does not change the id", name)
		}
	}
}

func TestTableErrors(t *testing.T) {
	lim := Limits{Line: 100, Text: 20, List: 2, Attrs: 2, String: 10}
	const header = "i,a,t,x,u,v,b,p"
	m, err := ParseMapping("id=i,actor=a,time=t,kind==k,text=x,urls=u,views=v,account.verified=b,media.pdq=p")
	if err != nil {
		t.Fatal(err)
	}
	table, err := NewTable([]byte(header), m, lim)
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct{ name, row, field, msg string }{
		{"too few cells", "1,a,0,x,u,1,true", "p", "7 cells, the header 8"},
		{"too many cells", "1,a,0,x,u,1,true,,", "", "9 cells, the header 8"},
		{"no actor", "1,,0,,,,,", "a", "required"},
		{"no time", "1,a,,,,,,", "t", "required"},
		{"bad time", "1,a,soon,,,,,", "t", "want a time"},
		{"time before 1970", "1,a,-1,,,,,", "t", "from 1970"},
		{"time too late", "1,a,99999999999,,,,,", "t", "from 1970"},
		{"bad integer", "1,a,0,,,1.5,,", "v", "want an integer"},
		{"bad truth value", "1,a,0,,,,maybe,", "b", "want true or false"},
		{"bad pdq", "1,a,0,,,,,00", "p", "64 hex digits"},
		{"open quote", `1,a,0,"x`, "x", "not closed"},
		{"quote within", `1,a,0,x"y,,,,`, "x", "must be quoted"},
		{"text after a quote", `1,a,0,"x"y,,,,`, "x", "want a comma"},
		{"too long", "1,abcdefghijk,0,,,,,", "a", "has 11 bytes, the limit is 10"},
		{"too many urls", "1,a,0,,a b c,,,", "u", "more than 2"},
		{"invalid UTF-8", "1,a,0,\xff,,,,", "x", "UTF-8"},
		{"line limit", strings.Repeat("x", 101), "", "the limit is 100"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var e Event
			err := table.Decode([]byte(tc.row), &e)
			var got *FieldError
			if !errors.As(err, &got) {
				t.Fatalf("got error %v, want a *FieldError", err)
			}
			if got.Field != tc.field || !strings.Contains(got.Msg, tc.msg) {
				t.Errorf("got %q: %q, want %q: …%q…", got.Field, got.Msg, tc.field, tc.msg)
			}
		})
	}
}

func TestMappingErrors(t *testing.T) {
	for _, tc := range []struct{ mapping, header, want string }{
		{"nosuch", "", "coshare, coshare-multi"},
		{"colour=c", "", `no event has a field "colour"`},
		{"attrs.=c", "", "no event has a field"},
		{"actor=", "", "names no column"},
		{"actor=a,time=t", "a,t", "kind: is required"},
		{"actor=a,kind==k", "a,t", "time: is required"},
		{"actor=a,kind==k,time=when", "a,t", "when: no such column for time; the header has a,t"},
		{"actor=a,kind==k,time=t", "a,t,a", "a: the header has this column twice"},
		{"actor=a,kind==k,time=t", `"a,t`, "header"},
	} {
		m, err := ParseMapping(tc.mapping)
		if err == nil {
			_, err = NewTable([]byte(tc.header), m, DefaultLimits())
		}
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s over %s: got error %v, want …%s…", tc.mapping, tc.header, err, tc.want)
		}
	}
}

func TestOpenQuote(t *testing.T) {
	for _, tc := range []struct {
		line string
		open bool
		want bool
	}{
		{`a,b`, false, false},
		{`a,"b`, false, true},
		{`a,"b"`, false, false},
		{`a,"b""`, false, true},
		{`a,"b""",c`, false, false},
		{`"`, false, true},
		{`b"c,"d`, false, true},
		{`b"c,d`, false, false},
		{`still inside`, true, true},
		{`end",x`, true, false},
		{`end","again`, true, true},
		{``, true, true},
		{``, false, false},
		{`"`, true, false},
	} {
		if got := OpenQuote([]byte(tc.line), tc.open); got != tc.want {
			t.Errorf("OpenQuote(%s, %v) = %v, want %v", tc.line, tc.open, got, tc.want)
		}
	}
}

func TestTableTime(t *testing.T) {
	const s = 1_000_000_000
	for _, tc := range []struct {
		in   string
		want int64
	}{
		{"0", 0}, {"1623881091", 1623881091 * s}, {"1623881091.5", 1623881091*s + s/2}, {"1623881091.", 1623881091 * s},
		{"1623881091500", 1623881091*s + s/2}, {"1623881091500000", 1623881091*s + s/2}, {"1623881091500000000", 1623881091*s + s/2},
		{"1623881091500.25", 1623881091*s + s/2 + 250_000}, {"2021-06-16T22:04:51Z", 1623881091 * s}, {"9223372036854775807", 1<<63 - 1},
	} {
		if got, err := parseTableTime(tc.in); got != tc.want || err != nil {
			t.Errorf("parseTableTime(%s) = %d, %v, want %d", tc.in, got, err, tc.want)
		}
	}
	for _, in := range []string{"", "x", "-5", "1.x", "1e9", "99999999999", "9223372036854775808", "1623881091.5.5"} {
		if got, err := parseTableTime(in); err == nil {
			t.Errorf("parseTableTime(%s) = %d, want an error", in, got)
		}
	}
}

func FuzzTable(f *testing.F) {
	f.Add("i,a,t,x", "1,a,0,x")
	f.Add("\uFEFFi,a,t,\"x\"", "1,\"a,b\",1623881091.5,\"say \"\"hi\"\"\nthere\"")
	f.Add("i,a,t,x", "1,a,2026-01-02T03:04:05.5-07:00,\xff")
	m, err := ParseMapping("id=i,actor=a,time=t,kind==k,text=x,urls=x,attrs.x=x")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, header, row string) {
		table, err := NewTable([]byte(header), m, DefaultLimits())
		if err != nil {
			return
		}
		var e, again Event
		if err := table.Decode([]byte(row), &e); err != nil {
			return
		}
		native := e.AppendNative(nil)
		if err := NewDecoder(DefaultLimits()).Decode(native, &again); err != nil {
			t.Fatalf("row %q is %s, which is refused: %v", row, native, err)
		}
		if diff := cmp.Diff(e, again, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("row %q: (-table +native)\n%s", row, diff)
		}
	})
}
