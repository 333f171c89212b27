package extract

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/rule"
)

func record(body string) journal.Record {
	return journal.Record{Position: 1, Kind: journal.Event, Source: "s", ID: "e1", Body: []byte(body)}
}

var everything = Pin{wants: wantAll}

const head = `{"id":"e1","time":"2026-03-01T12:00:00Z","kind":"post","actor":"a1",`

func TestSignals(t *testing.T) {
	for _, c := range []struct {
		name, body string
		want       rule.Signals
	}{
		{"nothing", head[:len(head)-1] + `}`, rule.Signals{}},
		{"text", head + `"text":"Ｆｒｅｅ  MONEY\u200b!"}`, rule.Signals{Fold: "free money!", HasFold: true, TextLength: 13, Lang: "en", Habit: "x"}},
		{
			"links", head + `"urls":["HTTPS://User:pw@News.Example.CO.UK:443/A?b=1#c","https://news.example.co.uk/A?b=1","http://10.0.0.1/x","not a link"]}`,
			rule.Signals{
				Links: []rule.Link{
					{Canonical: "https://news.example.co.uk/A?b=1", Host: "news.example.co.uk", Domain: "example.co.uk"},
					{Canonical: "https://10.0.0.1/x", Host: "10.0.0.1"}, {Canonical: "not a link"},
				},
				Canonical: []string{"https://news.example.co.uk/A?b=1", "https://10.0.0.1/x", "not a link"}, Domains: []string{"example.co.uk"}, HasLinks: true,
			},
		},
		{
			"links in a text", head + `"text":"hxxps://evil[.]example/pay, seen on news.example/st…","urls":["https://news.example/story"]}`,
			rule.Signals{
				Fold: "hxxps://evil[.]example/pay, seen on news.example/st...", HasFold: true, TextLength: 52, Lang: "en",
				Links: []rule.Link{
					{Canonical: "https://news.example/story", Host: "news.example", Domain: "news.example"},
					{Canonical: "https://evil.example/pay", Host: "evil.example", Domain: "evil.example", Disguised: true},
				},
				Canonical: []string{"https://news.example/story", "https://evil.example/pay"}, Domains: []string{"news.example", "evil.example"}, HasLinks: true,
			},
		},
		{
			"language", head + `"text":"Where is the nearest place to get something to eat around here, please?"}`,
			rule.Signals{Fold: "where is the nearest place to get something to eat around here, please?", HasFold: true, TextLength: 71, Lang: "en"},
		},
		{
			"habit", head + `"text":"сlіck hеrе fоr thе рrіzе nоw"}`,
			rule.Signals{Fold: "click here for the prize now", HasFold: true, TextLength: 28, Lang: "en", Habit: "x"},
		},
		{
			"e-mail", head + `"account":{"handle":"Mira.Pds.Example","email":"MIRA@Gmail.com"}}`,
			rule.Signals{EmailDomain: "gmail.com", EmailPattern: "a", EmailEqualsHandle: true, HasEmail: true, EmailHash: "x", HasAccountScore: true},
		},
		{
			"another e-mail", head + `"account":{"handle":"mira","email":"m.okoro-1987@mail.example"}}`,
			rule.Signals{EmailDomain: "mail.example", EmailPattern: "a.a-9", HasEmail: true, EmailHash: "x", HasAccountScore: true},
		},
		{"no e-mail at all", head + `"account":{"email":"@x"}}`, rule.Signals{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := New([]byte("key"))
			var it Item
			x.Into(&it, record(`{"id":"e1","time":"2026-03-01T12:00:00Z","kind":"post","actor":"a1","text":"left over","urls":["https://left.example"],"account":{"email":"left@over.example"}}`), everything)
			x.Into(&it, record(c.body), everything) // into used memory: nothing of the former may stay
			if it.Err != nil {
				t.Fatal(it.Err)
			}
			if c.want.EmailHash != "" && len(it.Signals.EmailHash) == 32 {
				c.want.EmailHash = it.Signals.EmailHash
			}
			if c.want.HasAccountScore && it.Signals.AccountScore > 0 && it.Signals.AccountScore < 1 {
				c.want.AccountScore = it.Signals.AccountScore
			}
			if c.want.Habit != "" && len(it.Signals.Habit) == 16 && len(it.Signals.HabitFeatures) > 0 {
				c.want.Habit, c.want.HabitFeatures = it.Signals.Habit, it.Signals.HabitFeatures
			}
			if diff := cmp.Diff(c.want, it.Signals, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestEmailHashIsKeyed(t *testing.T) {
	body := head + `"account":{"email":"a@b.example"}}`
	hash := func(key string) string {
		var it Item
		New([]byte(key)).Into(&it, record(body), everything)
		return it.Signals.EmailHash
	}
	one, again, two := hash("one"), hash("one"), hash("two")
	if one != again || one == two {
		t.Errorf("got %s, %s and %s", one, again, two)
	}
}

func TestIdentity(t *testing.T) {
	if Identity("ab", "c") == Identity("a", "bc") || Identity("", "x") == Identity("x", "") {
		t.Error("two identities read alike")
	}
	var it Item
	x := New(nil)
	x.Into(&it, record(head[:len(head)-1]+`}`), everything)
	if it.Identity != Identity("s", "e1") {
		t.Error("the extractor's identity is another")
	}
}

func TestUnreadableRecord(t *testing.T) {
	var it Item
	x := New(nil)
	x.Into(&it, record(`{"id":`), everything)
	if it.Err == nil || !strings.Contains(it.Err.Error(), `event "e1" of source "s"`) {
		t.Errorf("got %v", it.Err)
	}
}

// TestPoolKeepsOrder holds that every record comes out once and in order, whatever the workers, the sizes and where the feed ends.
func TestPoolKeepsOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 500).Draw(t, "records")
		broken := rapid.Bool().Draw(t, "broken")
		chunk := rapid.IntRange(1, 40).Draw(t, "chunk")
		pool := Pool{Workers: rapid.IntRange(1, 4).Draw(t, "workers"), Size: rapid.IntRange(1, 64).Draw(t, "size"),
			New: func() *Extractor { return New(nil) }, Pins: NewPins(nil, nil, true)}
		stop := errors.New("stop")
		next := 0
		feed := func(_ context.Context, max int, dst []journal.Record) ([]journal.Record, error) {
			for range min(max, chunk) {
				if next == n {
					if broken {
						return dst, stop
					}
					return dst, io.EOF
				}
				next++
				dst = append(dst, journal.Record{Position: journal.Position(next), Kind: journal.Event, ID: fmt.Sprint(next)})
			}
			return dst, nil
		}
		seen := 0
		err := pool.Run(context.Background(), feed, func(b *Batch) error {
			for i := range b.Items {
				seen++
				if got := b.Items[i].Record.Position; got != journal.Position(seen) {
					t.Fatalf("position %d came as number %d", got, seen)
				}
			}
			return nil
		})
		if want := map[bool]error{true: stop, false: io.EOF}[broken]; !errors.Is(err, want) || seen != n {
			t.Fatalf("got %d of %d records and %v", seen, n, err)
		}
	})
}

func TestPoolStopsWhenItsUserFails(t *testing.T) {
	pool := Pool{Workers: 2, Size: 4, New: func() *Extractor { return New(nil) }, Pins: NewPins(nil, nil, true)}
	failed := errors.New("failed")
	batches := 0
	err := pool.Run(context.Background(), func(ctx context.Context, _ int, dst []journal.Record) ([]journal.Record, error) {
		return append(dst, journal.Record{Kind: journal.Tick}), ctx.Err() // a feed without end
	}, func(*Batch) error {
		batches++
		return failed
	})
	if !errors.Is(err, failed) || batches != 1 {
		t.Errorf("got %v after %d batches", err, batches)
	}
}

func BenchmarkInto(b *testing.B) {
	x := New([]byte("key"))
	rec := record(head + `"object":"p1","text":"win free crypto giveaway now join t.me/abc1 today limited","ip":"10.9.0.1","urls":["https://spam1.example/promo"],"account":{"created":"2025-12-01T00:00:00Z","followers":3}}`)
	var it Item
	b.ReportAllocs()
	b.SetBytes(int64(len(rec.Body)))
	for b.Loop() {
		x.Into(&it, rec, everything)
	}
}

// TestLargestRecord: what the journal took is read, whatever a door's limit is now.
func TestLargestRecord(t *testing.T) {
	medium := `{"url":"` + strings.Repeat("x", 4000) + `","path":"` + strings.Repeat("y", 4000) + `","id":"` + strings.Repeat("z", 4000) + `"},`
	var it Item
	New([]byte("key")).Into(&it, record(head+`"media":[`+strings.Repeat(medium, 200)+`{"id":"m"}]}`), everything)
	if size := len(it.Record.Body); size <= 2<<20 || it.Err != nil {
		t.Errorf("an event of %d bytes: %v", size, it.Err)
	}
}
