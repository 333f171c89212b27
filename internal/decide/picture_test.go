package decide

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zeebo/xxh3"
	"pgregory.net/rapid"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/signals"
	"github.com/ringfence/ringfence/internal/state"
	"github.com/ringfence/ringfence/media/hamming"
	"github.com/ringfence/ringfence/media/pdq"
)

// sight is a PDQ hash that differs from others of another seed in about half of the bits, and from that of the same seed in so many.
func sight(seed, bits int) (h pdq.Hash) {
	for i := range h {
		h[i] = byte(xxh3.HashString(fmt.Sprint(seed, " ", i)))
	}
	for i := range bits {
		h[i/8] ^= 1 << (i % 8)
	}
	return h
}

func hashed(seed, bits int) string { return fmt.Sprintf(`,"media":[{"pdq":%q}]`, sight(seed, bits)) }

// addressed is a picture that is not hashed yet.
const addressed = `,"media":[{"id":"m1","url":"https://p.example/1.png"}]`

// fetched decides a record of what was fetched of an event that was decided.
func (b *bench) fetched(of journal.Record, pictures ...signals.Picture) Output {
	b.t.Helper()
	r := signals.Record{Extractor: signals.Extractor, Version: signals.Version, Pictures: pictures, Event: of.Body}
	body, err := r.Encode()
	if err != nil {
		b.t.Fatal(err)
	}
	return b.record(journal.Record{Kind: journal.Signals, Source: of.Source, ID: of.ID, Actor: of.Actor, Body: body})
}

func eventRecord(id string, after time.Duration, actor, more string) journal.Record {
	return journal.Record{Kind: journal.Event, Source: "test", ID: id, Body: fmt.Appendf(nil, `{"id":%q,"time":%q,"kind":"post","actor":%q%s}`,
		id, start.Add(after).Format(time.RFC3339Nano), actor, more)}
}

func seen(seed, bits int) signals.Picture {
	return signals.Picture{PDQ: []pdq.Hash{sight(seed, bits)}, Quality: 100, SHA256: strings.Repeat("0", 64)}
}

const pictureRules = `
rules:
  - {id: known, on: ["*"], share: 100, when: 'size(matched("bad")) > 0', because: "{media.distance}", then: [{label: bad}, {notify: ops}]}
  - {id: missing, on: ["*"], share: 100, when: 'size(media.failures) > 0', because: "{media.failures}"}
  - {id: posts, on: ["*"], share: 100, when: 'count(by(actor), "1h") >= 1', because: "{count(by(actor), '1h')}"}
  - {id: wave, on: ["*"], share: 100, when: 'countDistinct(actor, by(media.family), "1h") >= 3', because: "{countDistinct(actor, by(media.family), '1h')}"}
`

// reasons are the rules that fired, each with its reason.
func reasons(t *testing.T, out Output) string {
	t.Helper()
	_, rest, _ := strings.Cut(string(out.Decision.Line), `"reasons":[`)
	rest, _, _ = strings.Cut(rest, `],"unevaluated"`)
	return strings.NewReplacer(`{"rule":"`, "", `","text":"`, "=", `"}`, "", ",", " ").Replace(rest)
}

// TestFetched decides events with pictures, and then what was fetched of them.
func TestFetched(t *testing.T) {
	b := newBench(t, pictureRules, Options{})
	b.change(change.Change{Bank: &bank.Edit{Bank: "bad", Version: 1, Header: &bank.Header{Kind: bank.Hashes}, Add: []bank.Entry{{Value: sight(1, 0).String()}}}})
	b.change(change.Change{Bank: &bank.Edit{Bank: "good", Version: 1, Header: &bank.Header{Kind: bank.Hashes, Good: true}, Add: []bank.Entry{{Value: sight(2, 0).String()}}}})
	b.event("h1", 0, "post", "ann", hashed(1, 5))
	e1, e2, e3 := eventRecord("e1", time.Second, "bob", addressed), eventRecord("e2", 2*time.Second, "cyd", addressed), eventRecord("e3", 3*time.Second, "dan", addressed)
	other := eventRecord("e1", time.Second, "eve", addressed)
	none := eventRecord("e9", time.Second, "eve", addressed)
	good := eventRecord("g1", time.Second, "gil", addressed)
	for _, step := range []struct {
		name    string
		do      func() Output
		outcome Outcome
		want    string
	}{
		{"hashed by the source", func() Output { return b.event("h2", 0, "post", "zoe", hashed(1, 9)) }, Decided, "known=9 posts=1"},
		{"not fetched yet", func() Output { return b.record(e1) }, Decided, "posts=1"},
		{"fetched", func() Output { return b.fetched(e1, seen(1, 7)) }, Fetched, "known=7 wave=3"},
		{"it again", func() Output { return b.fetched(e1, seen(1, 7)) }, Duplicate, ""},
		{"fetched again and found otherwise", func() Output { return b.fetched(e1, seen(1, 8)) }, Duplicate, ""},
		{"of another event under the id", func() Output { return b.fetched(other, seen(1, 7)) }, Conflict, ""},
		{"of an event that was never here", func() Output { return b.fetched(none, seen(1, 7)) }, TooOld, ""},
		{"the event counts once", func() Output { return b.event("h3", 2*time.Second, "post", "bob", "") }, Decided, "posts=2"},
		{"another event", func() Output { return b.record(e2) }, Decided, "posts=1"},
		{"whose picture is not there", func() Output { return b.fetched(e2, signals.Picture{Failure: "missing"}) }, Fetched, "missing=missing"},
		{"a third", func() Output { return b.record(e3) }, Decided, "posts=1"},
		{"nearly flat", func() Output {
			p := seen(1, 0)
			p.Quality = pdq.MinQuality - 1
			return b.fetched(e3, p)
		}, Fetched, ""},
		{"known to be good", func() Output { return b.record(good) }, Decided, "posts=1"},
		{"is of no family", func() Output { return b.fetched(good, seen(2, 3)) }, Fetched, ""},
	} {
		out := step.do()
		if got := reasons(t, out); out.Outcome != step.outcome || got != step.want {
			t.Errorf("%s: got %s %q, want %s %q", step.name, out.Outcome, got, step.outcome, step.want)
		}
	}
	bad := e1
	bad.Kind, bad.Body = journal.Signals, []byte(`{"extractor":"media","version":99}`)
	if out := b.record(bad); out.Outcome != Malformed {
		t.Errorf("of a newer build: %s", out.Outcome)
	}
	// The effects of an event and of what was fetched of it have their ids by one cause.
	e4 := eventRecord("e4", 4*time.Second, "fay", hashed(1, 1))
	first := slices.Clone(b.record(e4).Effects)
	second := b.fetched(e4, seen(1, 1)).Effects
	if len(first) != 2 || len(second) != 2 || first[1].ID != second[1].ID {
		t.Errorf("effects %+v and %+v", first, second)
	}
}

// TestFetchedLate: what is fetched after the lateness is decided as late, and moves no clock.
func TestFetchedLate(t *testing.T) {
	b := newBench(t, pictureRules, Options{})
	for i := range 3 {
		rec := eventRecord(fmt.Sprint("e", i), 0, fmt.Sprint("a", i), addressed)
		b.record(rec)
		if i == 2 {
			b.tick(10 * time.Minute)
		}
		clock := b.loop.state.Clock()
		out := b.fetched(rec, seen(1, i))
		if got := reasons(t, out); out.Outcome != Fetched || got != "" || b.loop.state.Clock() != clock {
			t.Errorf("%d: %s %q", i, out.Outcome, got)
		}
	}
}

// TestPictureFamilies holds the families to a plain model, through restarts and beyond what memory takes.
func TestPictureFamilies(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, err := state.New(state.Options{Budget: 1 << 16}) // the least, so minPictures families
		if err != nil {
			t.Fatal(err)
		}
		l := New(s, Options{})
		p := l.pictures
		p.wanted = true
		type known struct {
			id   uint64
			hash hamming.Hash
			last int64
		}
		var model []known
		at := int64(0)
		for range rapid.IntRange(1, 300).Draw(t, "pictures") {
			at += rapid.Int64Range(0, int64(time.Hour)).Draw(t, "pause")
			var h hamming.Hash
			for i := range h { // few seeds and few bits, so that families meet
				h[i] = xxh3.HashString(fmt.Sprint(rapid.IntRange(0, 120).Draw(t, "seed")))
				break
			}
			h[1] = h[0] * 0x9e3779b97f4a7c15
			h[2] = h[1] * 0x9e3779b97f4a7c15
			h[3] = 1<<rapid.IntRange(0, 40).Draw(t, "bits") - 1
			late := rapid.IntRange(0, 9).Draw(t, "late") == 0
			picture := extract.Picture{N: 1}
			picture.Hashes[0] = h
			got := p.assign(&picture, at, late)

			want := uint64(0)
			near := slices.Clone(model)
			slices.SortFunc(near, func(a, b known) int {
				return cmp.Or(cmp.Compare(hamming.Distance(a.hash, h), hamming.Distance(b.hash, h)), cmp.Compare(a.id, b.id))
			})
			switch {
			case len(near) > 0 && hamming.Distance(near[0].hash, h) <= pictureRadius:
				want = near[0].id
				i := slices.IndexFunc(model, func(k known) bool { return k.id == want })
				if !late && at >= model[i].last+pictureStep {
					model[i].last = at
				}
			case !late:
				if want = got; got == 0 {
					t.Fatal("a picture that is like no other founded no family")
				}
				if len(model) == minPictures {
					oldest := slices.MinFunc(model, func(a, b known) int { return cmp.Or(cmp.Compare(a.last, b.last), cmp.Compare(a.id, b.id)) })
					model = slices.DeleteFunc(model, func(k known) bool { return k.id == oldest.id })
				}
				model = append(model, known{got, h, at})
			}
			if got != want {
				t.Fatalf("family %x, want %x", got, want)
			}
			if rapid.IntRange(0, 20).Draw(t, "restart") == 0 {
				p = newPictures(s, l.facts.pictures)
				p.wanted = true
				if err := p.restore(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if p.table.Len() != len(model) || p.index.Len() != len(model) || len(p.oldest) != len(model) {
			t.Fatalf("%d, %d and %d families, want %d", p.table.Len(), p.index.Len(), len(p.oldest), len(model))
		}
	})
}

// TestTurned: a picture is of the family of its mirror image, where all its hashes are known.
func TestTurned(t *testing.T) {
	s, err := state.New(state.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := New(s, Options{}).pictures
	as := func(hashes ...hamming.Hash) *extract.Picture {
		var picture extract.Picture
		picture.N = copy(picture.Hashes[:], hashes)
		return &picture
	}
	a, b := hamming.Hash{1 << 63, 5, 5, 5}, hamming.Hash{7, ^uint64(0), 7, ^uint64(9)}
	first := p.assign(as(a, b), 0, false)
	if got := p.assign(as(b, a), 0, false); got != first || first == 0 {
		t.Errorf("got %x, want %x", got, first)
	}
	if got := p.assign(as(b), 0, false); got == first {
		t.Error("a hash of the mirror image alone is of the family")
	}
	if got := p.assign(as(hamming.Hash{}), 0, false); got != 0 {
		t.Errorf("no hash is of family %x", got)
	}
	if _, err := pictureCodec.Decode([]byte("short")); err == nil {
		t.Error("a damaged family is read")
	}
}

func BenchmarkPictureFamily(b *testing.B) {
	s, err := state.New(state.Options{})
	if err != nil {
		b.Fatal(err)
	}
	p := New(s, Options{}).pictures
	next := uint64(1)
	picture := func() *extract.Picture {
		next = next*0x9e3779b97f4a7c15 + 1
		h := hamming.Hash{next, next * 0xbf58476d1ce4e5b9, ^next, next ^ next>>31}
		return &extract.Picture{N: 1, Hashes: [8]hamming.Hash{h}}
	}
	for range 100_000 {
		p.assign(picture(), 0, false)
	}
	b.ReportAllocs()
	for b.Loop() {
		p.assign(picture(), 0, false)
	}
}
