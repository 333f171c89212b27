package event

import (
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// plainLine is a post of about 500 bytes without escapes, as most are.
const plainLine = `{"id":"3kxyz2abcdefg","time":"2026-11-23T03:22:00.123Z","kind":"reply","actor":"did:plc:abcdefghijklmnop","object":"at://did:plc:abcdefghijklmnop/p/3kxyz2abcdefg","target":"did:plc:qrstuvwxyz","parent":"at://did:plc:qrstuvwxyz/p/3kxyz2abcdeff",` +
	`"text":"Could someone explain to me why this keeps happening every single week? I have had quite enough of it.","lang":"en","urls":["https://example.org/some/path?with=query"],"hashtags":["news"],` +
	`"ip":"203.0.113.9","asn":64500,"device":"d9","account":{"created":"2026-11-20T00:00:00Z","followers":10,"following":2}}`

var escapedLine = strings.Replace(plainLine, "week? I", `week?\n\nI \"really\"`, 1)

// jsonEvent is what one would write to read the same with encoding/json.
type jsonEvent struct {
	ID       string    `json:"id"`
	Time     time.Time `json:"time"`
	Kind     string    `json:"kind"`
	Actor    string    `json:"actor"`
	Object   string    `json:"object"`
	Target   string    `json:"target"`
	Parent   string    `json:"parent"`
	Text     string    `json:"text"`
	Lang     string    `json:"lang"`
	URLs     []string  `json:"urls"`
	Hashtags []string  `json:"hashtags"`
	IP       string    `json:"ip"`
	ASN      int64     `json:"asn"`
	Device   string    `json:"device"`
	Account  struct {
		Created   time.Time `json:"created"`
		Followers int64     `json:"followers"`
		Following int64     `json:"following"`
	} `json:"account"`
}

func BenchmarkDecode(b *testing.B) {
	for _, bc := range []struct{ name, line string }{{"plain", plainLine}, {"escaped", escapedLine}} {
		line := []byte(bc.line)
		b.Run(bc.name+"/ringfence", func(b *testing.B) {
			d := NewDecoder(DefaultLimits())
			var e Event
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				if err := d.Decode(line, &e); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(bc.name+"/encoding-json", func(b *testing.B) {
			b.SetBytes(int64(len(line)))
			b.ReportAllocs()
			for b.Loop() {
				var e jsonEvent
				if err := json.Unmarshal(line, &e); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppendNative(b *testing.B) {
	e := decode(b, plainLine)
	var dst []byte
	b.SetBytes(int64(len(plainLine)))
	b.ReportAllocs()
	for b.Loop() {
		dst = e.AppendNative(dst[:0])
	}
}

func BenchmarkClone(b *testing.B) {
	e := decode(b, plainLine)
	b.ReportAllocs()
	for b.Loop() {
		_ = e.Clone()
	}
}

func BenchmarkTable(b *testing.B) {
	m, err := ParseMapping("coshare")
	if err != nil {
		b.Fatal(err)
	}
	t, err := NewTable([]byte("object_id,account_id,content_id,timestamp_share"), m, DefaultLimits())
	if err != nil {
		b.Fatal(err)
	}
	row := []byte("85d2d12251a735ce05255061f7f231e2,0fb4232d1b7b37069c13ee17579bd10e,114e22f1b2b648528277b76f0b0224e7,1623881091")
	var e Event
	b.SetBytes(int64(len(row)))
	b.ReportAllocs()
	for b.Loop() {
		if err := t.Decode(row, &e); err != nil {
			b.Fatal(err)
		}
	}
}
