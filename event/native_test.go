package event

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// full is an event with every field, in canonical form.
const full = `{"id":"e1","time":"2026-11-23T03:22:00.123Z","kind":"reply","actor":"a17","object":"p987","content":"c1","target":"a55","parent":"p1",` +
	`"text":"line one\nline \"two\" – ünïcode","lang":"en","urls":["https://example.org/a","https://example.org/b"],"hashtags":["x","y"],"mentions":["a55"],"reason":"spam",` +
	`"media":[{"id":"m1","type":"image/jpeg","url":"https://example.org/m1.jpg","path":"m1.jpg","pdq":"00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"},{"id":"m2"}],` +
	`"ip":"203.0.113.9","asn":64500,"device":"d9","user_agent":"curl/8","client":"web",` +
	`"account":{"created":"2026-11-20T00:00:00Z","handle":"h","email":"h@example.org","confirmed":false,"phone_hash":"ff","followers":10,"following":2,"posts":5,"verified":true},` +
	`"views":0,"reshares":-1,"attrs":{"a":"scalar","b":1.5,"c":true,"d":12345678901}}`

func decode(t testing.TB, line string) Event {
	t.Helper()
	var e Event
	if err := NewDecoder(DefaultLimits()).Decode([]byte(line), &e); err != nil {
		t.Fatalf("Decode(%s): %v", line, err)
	}
	return e
}

func TestDecodeFull(t *testing.T) {
	got := decode(t, full)
	want := Event{
		ID: "e1", Time: 1795404120_123000000, Kind: "reply", Actor: "a17", Object: "p987", Content: "c1", Target: "a55", Parent: "p1",
		Text: "line one\nline \"two\" – ünïcode", Lang: "en", Reason: "spam",
		URLs: []string{"https://example.org/a", "https://example.org/b"}, Hashtags: []string{"x", "y"}, Mentions: []string{"a55"},
		Media: []Media{
			{ID: "m1", Type: "image/jpeg", URL: "https://example.org/m1.jpg", Path: "m1.jpg", PDQ: strings.Repeat("00112233445566778899aabbccddeeff", 2)},
			{ID: "m2"},
		},
		IP: "203.0.113.9", ASN: 64500, Device: "d9", UserAgent: "curl/8", Client: "web", Reshares: -1,
		Account: Account{Created: 1795132800_000000000, Handle: "h", Email: "h@example.org", PhoneHash: "ff", Followers: 10, Following: 2, Posts: 5, Verified: true},
		Attrs: []Attr{
			{"a", Value{Kind: String, Str: "scalar"}}, {"b", Value{Kind: Number, Num: 1.5}},
			{"c", Value{Kind: Bool, Bool: true}}, {"d", Value{Kind: Number, Num: 12345678901}},
		},
		Fields: 1<<FieldCount - 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("Decode (-want +got):\n%s", diff)
	}
	if got := string(got.AppendNative(nil)); got != full {
		t.Errorf("AppendNative\n got %s\nwant %s", got, full)
	}
}

// TestDecodeCanonical checks what each line is in canonical form after the four required fields.
func TestDecodeCanonical(t *testing.T) {
	for _, tc := range []struct{ name, rest, want string }{
		{"nothing else", ``, ``},
		{"null is absent", `,"text":null,"urls":null,"views":null,"media":null,"account":null,"attrs":null,"x":null,"asn":null`, ``},
		{"empty is absent", `,"text":"","urls":[],"urls2":"","media":[],"account":{},"attrs":{}`, ``},
		{"empty entries are absent", `,"urls":["","u",""],"media":[{},{"id":"m"},{"id":null,"url":""}]`, `,"urls":["u"],"media":[{"id":"m"}]`},
		{"only empty entries", `,"urls":[""],"media":[{}]`, ``},
		{"zero and false are known", `,"views":0,"account":{"followers":0,"verified":false}`, `,"account":{"followers":0,"verified":false},"views":0`},
		{"unknown scalars become attrs, sorted", `,"z":1,"y":"s","attrs":{"m":true},"a":null`, `,"attrs":{"m":true,"y":"s","z":1}`},
		{"a known name within attrs stays there", `,"attrs":{"text":"t"}`, `,"attrs":{"text":"t"}`},
		{"escapes", `,"text":"\u0041\/\b\f\n\r\t\\\"\u20ac\ud83d\ude00"`, `,"text":"A/\u0008\u000c\n\r\t\\\"€😀"`},
		{"half a surrogate pair", `,"text":"\ud83d x \ude00 \ud83d\u0041"`, `,"text":"� x � �A"`},
		{"escaped key", `,"te\u0078t":"t"`, `,"text":"t"`},
		{"numbers", `,"a":-0.5e-3,"b":1E2,"c":-0,"d":0.1,"e":1e300,"f":-7`, `,"attrs":{"a":-0.0005,"b":100,"c":-0,"d":0.1,"e":1e+300,"f":-7}`},
		{"white space", " ,\t\"views\" :\r 7 , \"urls\" : [ \"u\" , \"v\" ] ", `,"urls":["u","v"],"views":7`},
		{"account created empty", `,"account":{"created":"","handle":null}`, ``},
		{"account created", `,"account":{"created":"1970-01-01T01:00:00+01:00"}`, `,"account":{"created":"1970-01-01T00:00:00Z"}`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			const head = `{"id":"i","time":"2026-01-02T03:04:05Z","kind":"k","actor":"a"`
			e := decode(t, head+tc.rest+"}")
			if got, want := string(e.AppendNative(nil)), head+tc.want+"}"; got != want {
				t.Errorf("\n got %s\nwant %s", got, want)
			}
		})
	}
}

func TestDecodeErrors(t *testing.T) {
	lim := Limits{Line: 400, Text: 20, List: 2, Attrs: 2, String: 24}
	head := `{"id":"i","time":"2026-01-02T03:04:05Z","kind":"k","actor":"a"`
	for _, tc := range []struct{ name, line, field, msg string }{
		{"nothing", ``, "", "want an object, found the end of the line"},
		{"not an object", `[1]`, "", "want an object, found a list"},
		{"no id", `{"time":"2026-01-02T03:04:05Z","kind":"k","actor":"a"}`, "id", "required"},
		{"empty id", `{"id":"","time":"2026-01-02T03:04:05Z","kind":"k","actor":"a"}`, "id", "required"},
		{"no time", `{"id":"i","kind":"k","actor":"a"}`, "time", "required"},
		{"null kind", `{"id":"i","time":"2026-01-02T03:04:05Z","kind":null,"actor":"a"}`, "kind", "required"},
		{"no actor", `{"id":"i","time":"2026-01-02T03:04:05Z","kind":"k"}`, "actor", "required"},
		{"id is a number", `{"id":7}`, "id", "want a string, found a number"},
		{"time is a number", `{"id":"i","time":7}`, "time", "want a string, found a number"},
		{"bad time", `{"time":"yesterday"}`, "time", "want a time such as"},
		{"time before 1970", `{"time":"1969-12-31T23:59:59Z"}`, "time", "from 1970 to 2262"},
		{"time after 2262", `{"time":"2263-01-01T00:00:00Z"}`, "time", "from 1970 to 2262"},
		{"duplicate", head + `,"text":"a","text":"b"}`, "text", "given twice"},
		{"duplicate after null", head + `,"text":null,"text":"b"}`, "text", "given twice"},
		{"duplicate attr", head + `,"x":1,"x":1}`, "x", "given twice"},
		{"duplicate attr after null", head + `,"x":null,"x":1}`, "x", "given twice"},
		{"duplicate across attrs", head + `,"x":1,"attrs":{"x":2}}`, "attrs.x", "given twice"},
		{"duplicate in account", head + `,"account":{"posts":1,"posts":1}}`, "account.posts", "given twice"},
		{"duplicate in media", head + `,"media":[{"id":"a","id":"a"}]}`, "media[0].id", "given twice"},
		{"object under an unknown name", head + `,"geo":{"lat":1}}`, "geo", "found an object"},
		{"list in attrs", head + `,"attrs":{"x":[1]}}`, "attrs.x", "found a list"},
		{"attrs is a list", head + `,"attrs":[]}`, "attrs", "want an object, found a list"},
		{"unknown in account", head + `,"account":{"age":1}}`, "account.age", "put it into attrs"},
		{"unknown in media", head + `,"media":[{"id":"m"},{"w":1}]}`, "media[1].w", "put it into attrs"},
		{"urls is a string", head + `,"urls":"u"}`, "urls", "want a list, found a string"},
		{"null in urls", head + `,"urls":["u",null]}`, "urls[1]", "want a string, found null"},
		{"fraction for an integer", head + `,"views":1.0}`, "views", "want an integer"},
		{"exponent for an integer", head + `,"views":1e3}`, "views", "want an integer"},
		{"integer too large", head + `,"views":9223372036854775808}`, "views", "want an integer"},
		{"number for a flag", head + `,"account":{"verified":1}}`, "account.verified", "want true or false, found a number"},
		{"number too large", head + `,"x":1e999}`, "x", "does not fit"},
		{"leading zero", head + `,"x":01}`, "x", "must not begin with 0"},
		{"bare point", head + `,"x":1.}`, "x", "decimal point"},
		{"bare exponent", head + `,"x":1e}`, "x", "exponent"},
		{"bare minus", head + `,"x":-}`, "x", "want a number"},
		{"short pdq", head + `,"media":[{"pdq":"00"}]}`, "media[0].pdq", "64 hex digits"},
		{"control character", head + ",\"text\":\"a\tb\"}", "text", "must be escaped"},
		{"invalid UTF-8", head + ",\"text\":\"a\xffb\"}", "text", "not valid UTF-8"},
		{"invalid UTF-8 after an escape", head + ",\"text\":\"\\n\xc3\"}", "text", "not valid UTF-8"},
		{"invalid UTF-8 in a key", head + ",\"\xff\":1}", "", "not valid UTF-8"},
		{"unknown escape", head + `,"text":"\x41"}`, "text", "unknown escape"},
		{"short \\u", head + `,"text":"\u41"}`, "text", "four hex digits"},
		{"open string", head + `,"text":"abc`, "text", "not closed"},
		{"open string after a backslash", head + `,"text":"abc\`, "text", "not closed"},
		{"trailing comma", head + `,}`, "", "want a field name, found '}'"},
		{"no colon", head + `,"text" "a"}`, "text", "want ':'"},
		{"no comma", head + ` "text":"a"}`, "", "want ',' or '}'"},
		{"not closed", head, "", "found the end of the line"},
		{"something after it", head + `} x`, "", "want the end of the line"},
		{"misspelt null", head + `,"text":nul}`, "text", "want a string"},
		{"line limit", head + strings.Repeat(" ", 400) + "}", "", "the limit is 400"},
		{"text limit", head + `,"text":"` + strings.Repeat("x", 21) + `"}`, "text", "has 21 bytes, the limit is 20"},
		{"text limit after unescaping", head + `,"text":"` + strings.Repeat("x", 20) + `\n"}`, "text", "has 21 bytes"},
		{"string limit", head + `,"object":"` + strings.Repeat("x", 25) + `"}`, "object", "has 25 bytes, the limit is 24"},
		{"list limit", head + `,"urls":["","",""]}`, "urls", "more than 2 entries"},
		{"attrs limit", head + `,"x":1,"attrs":{"y":1,"z":1}}`, "attrs.z", "more than 2 attrs"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var e Event
			err := NewDecoder(lim).Decode([]byte(tc.line), &e)
			var got *FieldError
			if !errors.As(err, &got) {
				t.Fatalf("got error %v, want a *FieldError", err)
			}
			if got.Field != tc.field || !strings.Contains(got.Msg, tc.msg) {
				t.Errorf("got %q: %q, want %q: …%q…", got.Field, got.Msg, tc.field, tc.msg)
			}
			if got.Offset > len(tc.line) {
				t.Errorf("offset %d is behind the line's end %d", got.Offset, len(tc.line))
			}
		})
	}
}

// TestDecodeReuse checks that nothing of one event shows in the next.
func TestDecodeReuse(t *testing.T) {
	const small = `{"id":"i","time":"2026-01-02T03:04:05Z","kind":"k","actor":"a"}`
	d := NewDecoder(DefaultLimits())
	var e Event
	for _, line := range []string{full, small, `{"id":`, full, small} {
		err := d.Decode([]byte(line), &e)
		if line == `{"id":` {
			if err == nil {
				t.Fatal("Decode of half a line gave no error")
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got := string(e.AppendNative(nil)); got != line {
			t.Errorf("\n got %s\nwant %s", got, line)
		}
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	line := []byte(strings.NewReplacer(`\n`, " ", `\"`, "'").Replace(full))
	d := NewDecoder(DefaultLimits())
	var e Event
	var dst []byte
	allocs := testing.AllocsPerRun(100, func() {
		if err := d.Decode(line, &e); err != nil {
			t.Fatal(err)
		}
		dst = e.AppendNative(dst[:0])
	})
	if allocs != 0 {
		t.Errorf("got %v allocations a line, want 0", allocs)
	}
}

func TestCloneSharesNothing(t *testing.T) {
	line := []byte(full)
	var e Event
	if err := NewDecoder(DefaultLimits()).Decode(line, &e); err != nil {
		t.Fatal(err)
	}
	c := e.Clone()
	clear(line)
	e.URLs[0], e.Hashtags[0], e.Mentions[0], e.Media[0], e.Attrs[0] = "", "", "", Media{}, Attr{}
	if got := string(c.AppendNative(nil)); got != full {
		t.Errorf("the clone changed with its original:\n got %s\nwant %s", got, full)
	}
}

func TestAttr(t *testing.T) {
	e := decode(t, full)
	if got, ok := e.Attr("b"); !ok || got.Num != 1.5 {
		t.Errorf(`Attr("b") = %v, %v, want 1.5, true`, got, ok)
	}
	if got, ok := e.Attr("nope"); ok {
		t.Errorf(`Attr("nope") = %v, true, want none`, got)
	}
}
