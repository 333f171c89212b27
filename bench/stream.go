// Package bench measures.
package bench

import (
	"context"
	_ "embed"
	"fmt"
	"io"

	"github.com/ringfence/ringfence/bench/input"
	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/pipeline"
	"github.com/ringfence/ringfence/internal/state"
	"github.com/ringfence/ringfence/rule"
)

//go:embed rules.yaml
var fiveRules []byte

// compile makes a rule set of one file's text.
func compile(text []byte) (*rule.Set, error) {
	set, problems := rule.Compile([]rule.File{{Name: "rules.yaml", Data: text}})
	if set == nil {
		return nil, fmt.Errorf("rules: %s", problems[0])
	}
	return set, nil
}

// nativeLines are the first n events of the comparison's input.
func nativeLines(n int) [][]byte { return collect(input.NativeLines(n), n) }

// collect keeps lines next to each other in memory.
func collect(lines func(func([]byte) bool), n int) [][]byte {
	kept := make([][]byte, 0, n)
	var block []byte
	for line := range lines {
		if len(line) > cap(block)-len(block) {
			block = make([]byte, 0, max(1<<20, len(line)))
		}
		start := len(block)
		block = append(block, line...)
		kept = append(kept, block[start:len(block):len(block)])
	}
	return kept
}

// run is what deciding events in memory took.
type run struct {
	events    int
	usage     usage
	fires     map[string]int // by rule
	decisions int            // lines written
}

// decideLines takes events from their bytes to decisions by the code that serves: decode, fold, windows, rules, effects, decision
// lines. There is no journal and no outbox.
func decideLines(ctx context.Context, lines [][]byte, set *rule.Set, workers int) (run, error) {
	hot, err := state.New(state.Options{})
	if err != nil {
		return run{}, err
	}
	r := run{events: len(lines), fires: map[string]int{}}
	m := startMeter()
	sum, err := decideFeed(ctx, feedOf(lines), set, workers, hot, func() { r.decisions++ })
	r.usage = m.stop()
	if err != nil {
		return run{}, err
	}
	if n := sum.Outcomes[decide.Decided]; n != int64(len(lines)) {
		return run{}, fmt.Errorf("%d of %d events were decided: %v", n, len(lines), sum.Outcomes)
	}
	for id, s := range sum.Rules {
		r.fires[id] = int(s.Fired)
	}
	return r, nil
}

func decideFeed(ctx context.Context, feed extract.Feed, set *rule.Set, workers int, hot *state.State, line func()) (pipeline.Summary, error) {
	opts := pipeline.Options{Workers: workers, EmailKey: make([]byte, 32)}
	return pipeline.Replay(ctx, opts, hot, set, feed, func(*decide.Output, *extract.Item) error { line(); return nil })
}

// feedOf gives lines as records, whose ids extract reads from the lines.
func feedOf(lines [][]byte) extract.Feed {
	next := 0
	return func(_ context.Context, most int, dst []journal.Record) ([]journal.Record, error) {
		for ; len(dst) < most; next++ {
			if next == len(lines) {
				return dst, io.EOF
			}
			dst = append(dst, journal.Record{Position: journal.Position(next + 1), Kind: journal.Event, Source: pipeline.FileSource, Body: lines[next]})
		}
		return dst, nil
	}
}
