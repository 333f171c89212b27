package bench

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"time"

	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/pipeline"
	"github.com/ringfence/ringfence/internal/state"
)

// twoWindows are read by both of their rules, which do not fire.
const twoWindows = `
rules:
  - {id: often, on: post, when: 'count(by(actor), "1h") > 100000'}
  - {id: varied, on: post, when: 'countDistinct(text.fold, by(actor), "1h") > 100000'}
`

// keys measures what an event costs when its windows hold more keys, and what a key holds of memory.
func keys(ctx context.Context, opts Options) (Section, error) {
	fill, measured := 100*opts.Size.Keys, 20*opts.Size.Keys
	s := Section{
		Title: "Windows over many keys: what an event costs, and what a key holds",
		Input: fmt.Sprintf("%d posts that fill two windows by actor (a count and a distinct count over an hour), then %d posts of accounts "+
			"drawn evenly, which are measured; 1 extract worker", fill, measured),
	}
	var before keysResult
	for i, n := range []int{opts.Size.Keys, 10 * opts.Size.Keys, 100 * opts.Size.Keys} {
		r, err := measureKeys(ctx, n, fill, measured)
		if err != nil {
			return s, err
		}
		s.add(micros(r.cpu)/float64(measured), "CPU-µs/event", fmt.Sprintf("%d accounts", n), "")
		if i == 2 {
			more := float64(90 * opts.Size.Keys) // keys more than the run before; ids and all else are the same
			s.add((float64(r.heap)-float64(before.heap))/more, "bytes/account", "heap of an account: a key in each of the two windows", "")
			s.add(float64(r.stated-before.stated)/more, "bytes/account", "the same by the stated costs, of which the memory budget consists", "")
		}
		before = r
	}
	return s, nil
}

type keysResult struct {
	cpu    time.Duration
	heap   uint64 // live bytes at the end
	stated int64
}

func measureKeys(ctx context.Context, accounts, fill, measured int) (r keysResult, err error) {
	set, err := compile([]byte(twoWindows))
	if err != nil {
		return r, err
	}
	hot, err := state.New(state.Options{})
	if err != nil {
		return r, err
	}
	random := rand.New(rand.NewPCG(1, 2))
	first := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	line := func(dst []byte, i, account int) []byte {
		at := first.Add(time.Duration(i) * time.Millisecond).Format(time.RFC3339Nano)
		return fmt.Appendf(dst, `{"id":"%d","time":"%s","kind":"post","actor":"account-%07d","text":"good morning %d"}`, i, at, account, i%50)
	}
	drawn := make([][]byte, measured)
	for i := range drawn {
		drawn[i] = line(nil, fill+i, random.IntN(accounts))
	}
	runtime.GC()
	var m meter
	next := 0
	feed := func(_ context.Context, most int, dst []journal.Record) ([]journal.Record, error) {
		for ; len(dst) < most; next++ {
			if next == fill+measured {
				return dst, io.EOF
			}
			var body []byte
			if next < fill {
				body = line(nil, next, next%accounts)
			} else {
				body = drawn[next-fill]
			}
			if next == fill {
				m = startMeter()
			}
			dst = append(dst, journal.Record{Position: journal.Position(next + 1), Kind: journal.Event, Source: pipeline.FileSource, Body: body})
		}
		return dst, nil
	}
	if _, err = decideFeed(ctx, feed, set, 1, hot, func() {}); err != nil {
		return r, err
	}
	r.cpu = m.stop().cpu
	for _, w := range hot.Stats().Windows {
		if w.Keys != min(accounts, fill) {
			return r, fmt.Errorf("window %s holds %d keys, not %d", w.ID, w.Keys, accounts)
		}
	}
	clear(drawn)
	runtime.GC()
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	r.heap, r.stated = mem.HeapAlloc, hot.Stats().Bytes
	return r, nil
}

// ruleSets measures what an event costs when there are more rules.
func ruleSets(ctx context.Context, opts Options) (Section, error) {
	s := Section{
		Title: "Rule sets of different sizes: what an event costs",
		Input: fmt.Sprintf("the first %d posts of bench/input, 1 extract worker; rules of five kinds that seldom fire: a count, a distinct "+
			"count and a count of an address against thresholds of their own, words in the text, domains of links", opts.Size.Events),
	}
	lines := nativeLines(opts.Size.Events)
	for _, n := range opts.Size.Sizes {
		set, err := compile(manyRules(n))
		if err != nil {
			return s, err
		}
		var times []float64
		for range 3 {
			runtime.GC()
			r, err := decideLines(ctx, lines, set, 1)
			if err != nil {
				return s, err
			}
			times = append(times, micros(r.usage.cpu)/float64(r.events))
		}
		s.add(median(times), "CPU-µs/event", fmt.Sprintf("%d rules, %d windows", n, len(set.Windows)), "")
	}
	return s, nil
}

// manyRules is the text of a set of n rules of five kinds. Windows are shared as they are where analysts write rules: there are
// many thresholds, few spans.
func manyRules(n int) []byte {
	spans := []string{"10m", "30m", "1h", "6h"}
	var b strings.Builder
	b.WriteString("rules:\n")
	for i := range n {
		span := spans[i/5%len(spans)]
		condition := [...]string{
			fmt.Sprintf(`count(by(actor), "%s") > %d && account.age < duration("48h")`, span, 1000+i),
			fmt.Sprintf(`countDistinct(actor, by(text.fold), "%s") > %d && has(urls)`, span, 1000+i),
			fmt.Sprintf(`count(by(ip), "%s") > %d && text.length > 20`, span, 1000+i),
			fmt.Sprintf(`text.fold.contains("pills number %d") && account.age < duration("720h")`, i),
			fmt.Sprintf(`url.domains.exists(d, d == "bad%d.example") || lang == "x%d"`, i, i),
		}[i%5]
		fmt.Fprintf(&b, "  - {id: rule-%d, on: post, when: '%s', then: [{label: seen, on: actor}]}\n", i, condition)
	}
	return []byte(b.String())
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
