package event

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// message is one in Jetstream's shape about a record.
func message(operation, collection, record string) string {
	if record != "" {
		record = `,"cid":"bafyrec","record":` + record
	}
	return `{"did":"did:plc:alice","time_us":1795404120123456,"kind":"commit","commit":{"rev":"3l3q","operation":"` + operation +
		`","collection":"` + collection + `","rkey":"3k2a"` + record + `}}`
}

func TestDecodeJetstream(t *testing.T) {
	const (
		post    = "app.bsky.feed.post"
		uri     = "at://did:plc:alice/app.bsky.feed.post/3k2a"
		theirs  = "at://did:plc:bob/app.bsky.feed.post/3k1z"
		blob    = `{"$type":"blob","ref":{"$link":"bafyblob1"},"mimeType":"image/jpeg","size":1}`
		oldBlob = `{"cid":"bafyold","mimeType":"image/png"}`
	)
	// want is the event after id and time; "" where the message is none.
	for _, tc := range []struct{ name, line, id, want string }{
		{
			"post", message("create", post, `{"$type":"app.bsky.feed.post","text":"hi\nthere","langs":["en","de"],"createdAt":"1985-01-01T00:00:00Z","tags":["outline"]}`),
			"app.bsky.feed.post/3k2a/create/3l3q", `"kind":"post","actor":"did:plc:alice","object":"` + uri + `","text":"hi\nthere","lang":"en","hashtags":["outline"]`,
		},
		{
			"facets", message("create", post, `{"text":"t","facets":[{"index":{"byteStart":0,"byteEnd":1},"features":[
				{"$type":"app.bsky.richtext.facet#link","uri":"https://example.org/"},{"$type":"app.bsky.richtext.facet#tag","tag":"x"}]},
				{"features":[{"$type":"app.bsky.richtext.facet#mention","did":"did:plc:bob"},{"$type":"org.other#link","uri":"no"}]}],
				"embed":{"$type":"app.bsky.embed.external","external":{"uri":"https://example.org/","title":"T","description":""}}}`),
			"app.bsky.feed.post/3k2a/create/3l3q", `"kind":"post","actor":"did:plc:alice","object":"` + uri + `","text":"t","urls":["https://example.org/"],"hashtags":["x"],"mentions":["did:plc:bob"]`,
		},
		{
			"reply", message("create", post, `{"text":"no","reply":{"root":{"uri":"at://did:plc:eve/app.bsky.feed.post/1","cid":"c"},"parent":{"cid":"c","uri":"`+theirs+`"}}}`),
			"app.bsky.feed.post/3k2a/create/3l3q", `"kind":"reply","actor":"did:plc:alice","object":"` + uri + `","target":"did:plc:bob","parent":"` + theirs + `","text":"no"`,
		},
		{
			"quote", message("create", post, `{"text":"look","embed":{"$type":"app.bsky.embed.record","record":{"cid":"c","uri":"`+theirs+`"}}}`),
			"app.bsky.feed.post/3k2a/create/3l3q", `"kind":"quote","actor":"did:plc:alice","object":"` + uri + `","target":"did:plc:bob","text":"look","attrs":{"quoted":"` + theirs + `"}`,
		},
		{
			"embedded list is no quote", message("create", post, `{"text":"look","embed":{"$type":"app.bsky.embed.record","record":{"cid":"c","uri":"at://did:plc:bob/app.bsky.graph.list/1"}}}`),
			"app.bsky.feed.post/3k2a/create/3l3q", `"kind":"post","actor":"did:plc:alice","object":"` + uri + `","text":"look"`,
		},
		{
			"quote with pictures, in a reply", message("create", post, `{"text":"","reply":{"parent":{"uri":"at://did:plc:carol/app.bsky.feed.post/7"}},"embed":{"$type":"app.bsky.embed.recordWithMedia",
				"record":{"$type":"app.bsky.embed.record","record":{"uri":"`+theirs+`","cid":"c"}},
				"media":{"$type":"app.bsky.embed.images","images":[{"alt":"a","image":`+blob+`,"aspectRatio":{"width":1,"height":2}},{"alt":"","image":`+oldBlob+`}]}}}`),
			"app.bsky.feed.post/3k2a/create/3l3q", `"kind":"reply","actor":"did:plc:alice","object":"` + uri + `","target":"did:plc:carol","parent":"at://did:plc:carol/app.bsky.feed.post/7",` +
				`"media":[{"id":"bafyblob1","type":"image/jpeg"},{"id":"bafyold","type":"image/png"}],"attrs":{"quoted":"` + theirs + `"}`,
		},
		{
			"video", message("create", post, `{"text":"","embed":{"$type":"app.bsky.embed.video","video":`+blob+`}}`),
			"app.bsky.feed.post/3k2a/create/3l3q", `"kind":"post","actor":"did:plc:alice","object":"` + uri + `","media":[{"id":"bafyblob1","type":"image/jpeg"}]`,
		},
		{
			"edit", message("update", post, `{"text":"changed"}`),
			"app.bsky.feed.post/3k2a/update/3l3q", `"kind":"edit","actor":"did:plc:alice","object":"` + uri + `","text":"changed"`,
		},
		{
			"delete", message("delete", post, ""),
			"app.bsky.feed.post/3k2a/delete/3l3q", `"kind":"delete","actor":"did:plc:alice","object":"` + uri + `"`,
		},
		{
			"repost", message("create", "app.bsky.feed.repost", `{"subject":{"uri":"`+theirs+`","cid":"c"}}`),
			"app.bsky.feed.repost/3k2a/create/3l3q", `"kind":"repost","actor":"did:plc:alice","object":"` + theirs + `","content":"at://did:plc:alice/app.bsky.feed.repost/3k2a","target":"did:plc:bob"`,
		},
		{
			"like of no account's", message("create", "app.bsky.feed.like", `{"subject":{"uri":"https://example.org/"}}`),
			"app.bsky.feed.like/3k2a/create/3l3q", `"kind":"like","actor":"did:plc:alice","object":"https://example.org/","content":"at://did:plc:alice/app.bsky.feed.like/3k2a"`,
		},
		{
			"follow", message("create", "app.bsky.graph.follow", `{"subject":"did:plc:bob"}`),
			"app.bsky.graph.follow/3k2a/create/3l3q", `"kind":"follow","actor":"did:plc:alice","content":"at://did:plc:alice/app.bsky.graph.follow/3k2a","target":"did:plc:bob"`,
		},
		{
			"block", message("create", "app.bsky.graph.block", `{"subject":"did:plc:bob"}`),
			"app.bsky.graph.block/3k2a/create/3l3q", `"kind":"block","actor":"did:plc:alice","content":"at://did:plc:alice/app.bsky.graph.block/3k2a","target":"did:plc:bob"`,
		},
		{
			"profile", message("update", "app.bsky.actor.profile", `{"displayName":"Alice","description":"about me","avatar":`+blob+`}`),
			"app.bsky.actor.profile/3k2a/update/3l3q", `"kind":"profile","actor":"did:plc:alice","text":"about me","media":[{"id":"bafyblob1","type":"image/jpeg"}],"attrs":{"display_name":"Alice"}`,
		},
		{
			"account", `{"did":"did:plc:alice","time_us":1795404120123456,"kind":"account","account":{"active":false,"did":"did:plc:alice","seq":7,"status":"takendown","time":"x"}}`,
			"account/7", `"kind":"account","actor":"did:plc:alice","attrs":{"active":false,"status":"takendown"}`,
		},
		{
			"record before its collection", `{"kind":"commit","commit":{"record":{"subject":"did:plc:bob"},"rkey":"3k2a","collection":"app.bsky.graph.block","operation":"create","rev":"3l3q"},"time_us":1795404120123456,"did":"did:plc:alice"}`,
			"app.bsky.graph.block/3k2a/create/3l3q", `"kind":"block","actor":"did:plc:alice","content":"at://did:plc:alice/app.bsky.graph.block/3k2a","target":"did:plc:bob"`,
		},
		{
			"a key in other letters is another key", message("create", post, `{"text":"seen","Text":"not seen","TEXT":7}`),
			"app.bsky.feed.post/3k2a/create/3l3q", `"kind":"post","actor":"did:plc:alice","object":"` + uri + `","text":"seen"`,
		},
		{
			"odd things do not hide a post", message("create", post, `{"text":"seen","x":`+strings.Repeat(`[{"a":[],"b":{},"c":`, 3000)+`7`+strings.Repeat(`}]`, 3000)+`,"`+strings.Repeat("k", 9000)+`":1,
				"embed":{"images":7,"$type":"org.example.odd"},"facets":[{"features":[{"$type":"org.example.odd","uri":7}]}]}`),
			"app.bsky.feed.post/3k2a/create/3l3q", `"kind":"post","actor":"did:plc:alice","object":"` + uri + `","text":"seen"`,
		},
		{"identity", `{"did":"did:plc:alice","time_us":1,"kind":"identity","identity":{"did":"did:plc:alice","handle":"h","seq":1,"time":"x"}}`, "", ""},
		{"another collection", message("create", "app.bsky.feed.threadgate", `{"post":"x"}`), "", ""},
		{"another kind", `{"kind":"info","did":"did:plc:alice","time_us":1}`, "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var e Event
			ok, err := NewDecoder(DefaultLimits()).DecodeJetstream([]byte(tc.line), &e)
			if err != nil {
				t.Fatal(err)
			}
			got, want := "", ""
			if ok {
				got = string(e.AppendNative(nil))
			}
			if tc.want != "" {
				want = `{"id":"did:plc:alice/` + tc.id + `","time":"2026-11-23T03:22:00.123456Z",` + tc.want + `}`
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeJetstreamErrors(t *testing.T) {
	lim := DefaultLimits()
	lim.Text, lim.List = 10, 2
	for _, tc := range []struct{ name, line, field, msg string }{
		{"half", `{"did":`, "", "want"},
		{"no did", `{"time_us":1,"kind":"commit","commit":{"rev":"r","operation":"delete","collection":"app.bsky.feed.like","rkey":"k"}}`, "did", "required"},
		{"no time", `{"did":"d","kind":"commit","commit":{"rev":"r","operation":"delete","collection":"app.bsky.feed.like","rkey":"k"}}`, "time_us", "required"},
		{"time out of range", `{"did":"d","time_us":9223372036854775807,"kind":"identity"}`, "time_us", "from 1970"},
		{"no rev", `{"did":"d","time_us":1,"kind":"commit","commit":{"operation":"delete","collection":"app.bsky.feed.like","rkey":"k"}}`, "commit.rev", "required"},
		{"no rkey", `{"did":"d","time_us":1,"kind":"commit","commit":{"operation":"delete","collection":"app.bsky.feed.like","rev":"k"}}`, "commit.rkey", "required"},
		{"no record", message("create", "app.bsky.feed.like", ""), "commit.record", "required"},
		{"unknown operation", message("merge", "app.bsky.feed.like", "{}"), "commit.operation", `"merge"`},
		{"text is a number", message("create", "app.bsky.feed.post", `{"text":7}`), "commit.record.text", "want a string, found a number"},
		{"text twice", message("create", "app.bsky.feed.post", `{"text":"a","text":"b"}`), "commit.record.text", "given twice"},
		{"subject is a list", message("create", "app.bsky.feed.like", `{"subject":[]}`), "commit.record.subject", "want an object, found a list"},
		{"text too long", message("create", "app.bsky.feed.post", `{"text":"12345678901"}`), "commit.record.text", "has 11 bytes, the limit is 10"},
		{"too many tags", message("create", "app.bsky.feed.post", `{"text":"","tags":["a","b","c"]}`), "commit.record.tags", "more than 2"},
		{"too many links", message("create", "app.bsky.feed.post", `{"text":"","facets":[{"features":[
			{"$type":"app.bsky.richtext.facet#link","uri":"a"},{"$type":"app.bsky.richtext.facet#link","uri":"b"}]},{"features":[{"$type":"app.bsky.richtext.facet#link","uri":"c"}]}]}`), "urls", "more than 2"},
		{"skipped but malformed", message("create", "app.bsky.feed.post", `{"text":"","x":[{"a":[1,2,{"b":}]}]}`), "commit.record", "want a value"},
		{"skipped but unfinished", message("create", "app.bsky.feed.post", `{"text":"","x":`+strings.Repeat("[", 10_000)+`}`), "commit.record", "want a value"},
		{"too long", strings.Repeat(" ", 2<<20), "", "the limit is"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var e Event
			ok, err := NewDecoder(lim).DecodeJetstream([]byte(tc.line), &e)
			var got *FieldError
			if ok || !errors.As(err, &got) {
				t.Fatalf("got %v, %v, want a *FieldError", ok, err)
			}
			if !strings.HasPrefix(got.Field, tc.field) || !strings.Contains(got.Msg, tc.msg) {
				t.Errorf("got %q: %q, want %q…: …%q…", got.Field, got.Msg, tc.field, tc.msg)
			}
		})
	}
}

func FuzzDecodeJetstream(f *testing.F) {
	const post = "app.bsky.feed.post"
	for _, record := range []string{
		`{"text":"hi","langs":["en"],"tags":["x"]}`,
		`{"text":"a","facets":[{"features":[{"$type":"app.bsky.richtext.facet#link","uri":"https://example.org/"}]}],"reply":{"parent":{"uri":"at://did:plc:b/x/1"}}}`,
		`{"embed":{"record":{"record":{"uri":"at://did:plc:b/app.bsky.feed.post/1"}},"media":{"images":[{"image":{"ref":{"$link":"c"}}}],"media":{"video":{"cid":"d"}}}}}`,
		`null`,
	} {
		f.Add([]byte(message("create", post, record)))
	}
	f.Add([]byte(message("create", "app.bsky.actor.profile", `{"displayName":"A","description":"b","avatar":{"cid":"c"}}`)))
	f.Add([]byte(message("delete", "app.bsky.graph.follow", "")))
	f.Add([]byte(`{"did":"d","time_us":1,"kind":"account","account":{"active":true,"seq":-1}}`))
	d, lim := NewDecoder(DefaultLimits()), DefaultLimits()
	f.Fuzz(func(t *testing.T, line []byte) {
		var e, again Event
		ok, err := d.DecodeJetstream(line, &e)
		if !ok || err != nil {
			return
		}
		native := e.AppendNative(nil)
		if len(native) > lim.Line {
			return // a source refuses it
		}
		if err := NewDecoder(lim).Decode(native, &again); err != nil {
			t.Fatalf("%s is %s, which is refused: %v", line, native, err)
		}
		if got := again.AppendNative(nil); string(got) != string(native) {
			t.Fatalf("%s is\n%s, then\n%s", line, native, got)
		}
	})
}

func BenchmarkDecodeJetstream(b *testing.B) {
	lines := [][]byte{
		[]byte(message("create", "app.bsky.feed.like", `{"$type":"app.bsky.feed.like","createdAt":"2026-11-23T03:22:00.000Z","subject":{"cid":"bafyreia","uri":"at://did:plc:bob/app.bsky.feed.post/3k1z"}}`)),
		[]byte(message("create", "app.bsky.feed.post", fmt.Sprintf(`{"$type":"app.bsky.feed.post","createdAt":"2026-11-23T03:22:00.000Z","langs":["en"],"text":%q,`+
			`"reply":{"parent":{"cid":"c","uri":"at://did:plc:bob/app.bsky.feed.post/3k1z"},"root":{"cid":"c","uri":"at://did:plc:bob/app.bsky.feed.post/3k1z"}}}`, strings.Repeat("words and more ", 12)))),
	}
	d := NewDecoder(DefaultLimits())
	var e Event
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := d.DecodeJetstream(lines[i%2], &e); err != nil {
			b.Fatal(err)
		}
	}
}
