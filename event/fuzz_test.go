package event

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

var seeds = []string{
	full,
	`{"id":"i","time":"2026-01-02T03:04:05+01:30","kind":"k","actor":"a","x":1e5,"y":null,"z":"","attrs":{"q":true}}`,
	`{ "id" : "\u00e9\ud83d\ude00\ud800" , "time":"1970-01-01T00:00:00.000000001z","kind":"k","actor":"a","urls":["",""],"media":[{}] }`,
	`{"id":"i","time":"2026-01-02T03:04:05Z","kind":"k","actor":"a","text":"` + "\xff" + `"}`,
	`{"id":"i","geo":{"lat":1}}`, `{`, `[]`, `{"a":-}`, `{"a":01}`, `{"a":1.e1}`, `{"a":tru}`, `{}x`, "\u00a0{}",
}

// FuzzDecode checks what holds for any input: no panic, only valid JSON is taken, with the values that encoding/json sees, and what
// is written of it reads as the same event.
func FuzzDecode(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	d := NewDecoder(DefaultLimits())
	f.Fuzz(func(t *testing.T, line []byte) {
		var e, again Event
		err := d.Decode(line, &e)
		if err != nil {
			return
		}
		var all map[string]any
		if err := json.Unmarshal(line, &all); err != nil || !utf8.Valid(line) {
			t.Fatalf("Decode takes %q, which encoding/json refuses: %v", line, err)
		}
		for key, got := range map[string]string{"id": e.ID, "kind": e.Kind, "actor": e.Actor, "object": e.Object, "text": e.Text, "ip": e.IP} {
			if want, _ := all[key].(string); got != want {
				t.Fatalf("%s of %q is %q, encoding/json has %q", key, line, got, want)
			}
		}
		native := e.AppendNative(nil)
		if err := NewDecoder(DefaultLimits()).Decode(native, &again); err != nil {
			t.Fatalf("%q is written as %q, which is refused: %v", line, native, err)
		}
		if diff := cmp.Diff(e, again, cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%q is written as %q: (-before +after)\n%s", line, native, diff)
		}
		if twice := again.AppendNative(nil); string(twice) != string(native) {
			t.Fatalf("%q is written as\n%s, then as\n%s", line, native, twice)
		}
		if clone := e.Clone(); cmp.Diff(e, clone) != "" {
			t.Fatalf("a clone differs: (-event +clone)\n%s", cmp.Diff(e, clone))
		}
	})
}

// FuzzScan compares what is JSON at all with encoding/json.
func FuzzScan(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Add([]byte(`[[{"a":[1,-2.5e+3,"\u0041",true,false,null,{}]},[]]]`))
	f.Fuzz(func(t *testing.T, value []byte) {
		s := scanner{b: value, s: string(value)}
		err := s.skip()
		if err == nil {
			err = s.end()
		}
		if got, want := err == nil, json.Valid(value) && utf8.Valid(value); got != want && !tooDeep(value) {
			t.Fatalf("%q: taken %v (%v), encoding/json says %v", value, got, err, want)
		}
	})
}

// tooDeep reports whether encoding/json refuses the value for its depth alone.
func tooDeep(value []byte) bool {
	return strings.Count(string(value), "[")+strings.Count(string(value), "{") > 10_000
}

// TestDecodeAgrees draws events and checks that writing, reading and encoding/json agree on them.
func TestDecodeAgrees(t *testing.T) {
	word := rapid.StringMatching(`[a-z]{1,8}`)
	text := rapid.OneOf(rapid.String(), word)
	rapid.Check(t, func(t *rapid.T) {
		e := Event{ID: word.Draw(t, "id"), Kind: word.Draw(t, "kind"), Actor: word.Draw(t, "actor"), Time: rapid.Int64Range(0, 1<<63-2e9).Draw(t, "time")}
		set := func(f Field, s *string) {
			if v := text.Draw(t, "text"); v != "" {
				*s = v
				e.Fields.Add(f)
			}
		}
		set(FieldText, &e.Text)
		set(FieldObject, &e.Object)
		set(FieldAccountEmail, &e.Account.Email)
		if e.URLs = rapid.SliceOfN(rapid.StringN(1, -1, 100), 0, 5).Draw(t, "urls"); len(e.URLs) > 0 {
			e.Fields.Add(FieldURLs)
		}
		e.Views = rapid.Int64().Draw(t, "views")
		e.Fields.Add(FieldViews)
		for _, key := range rapid.SliceOfNDistinct(text, 0, 5, rapid.ID).Draw(t, "attrs") {
			e.setAttr(key, Value{Kind: Number, Num: rapid.Float64().Draw(t, "number")})
		}
		line := e.AppendNative(nil)
		var got Event
		if err := NewDecoder(DefaultLimits()).Decode(line, &got); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if native := got.AppendNative(nil); string(native) != string(line) {
			t.Fatalf("\n got %s\nwant %s", native, line)
		}
		if !json.Valid(line) {
			t.Fatalf("%s is no JSON", line)
		}
		if got.Time != e.Time || got.Text != e.Text || got.Views != e.Views {
			t.Fatalf("got %v, want %v", got, e)
		}
		for i, a := range e.Attrs {
			if got.Attrs[i] != a {
				t.Fatalf("attr %q: got %v, want %v", a.Key, got.Attrs[i], a)
			}
		}
	})
}
