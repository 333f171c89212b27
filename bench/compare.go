package bench

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"

	"github.com/ringfence/ringfence/bench/input"
)

// rulePairs are the five rules as we and automod call them.
var rulePairs = [][2]string{
	{"keyword", "Keyword"}, {"velocity", "Velocity"}, {"same-text-many-users", "SameTextManyUsers"}, {"ip-rate", "IpRate"},
	{"new-account-links", "NewAccountLinks"},
}

// compare runs the comparison's five rules on us and on automod, one after the other and again.
func compare(ctx context.Context, opts Options) (Section, error) {
	s := Section{
		Title: "Five rules in memory: NDJSON bytes to decisions (decode, fold, windows, rules, effects, decision lines; no journal)",
		Input: fmt.Sprintf("the first %d posts of bench/input; rules in bench/rules.yaml", opts.Size.Events),
	}
	set, err := compile(fiveRules)
	if err != nil {
		return s, err
	}
	lines := nativeLines(opts.Size.Events)
	var ours, theirs, both []float64
	var last run
	var other peerResult
	err = opts.inFolder(func(dir string) error {
		posts := filepath.Join(dir, "posts.ndjson")
		automod, err := buildPeer(ctx, filepath.Join(opts.Peers, "automod"), dir)
		if errors.Is(err, errNoPeer) {
			s.note("automod was %v", err)
		} else if err != nil {
			return err
		} else if err := writeLines(posts, input.PeerLines(opts.Size.Events)); err != nil {
			return err
		}
		for range opts.Size.Pairs {
			runtime.GC()
			if last, err = decideLines(ctx, lines, set, 1); err != nil {
				return err
			}
			ours = append(ours, float64(last.events)/last.usage.cpu.Seconds())
			if automod != "" {
				if other, err = runPeer(ctx, automod, posts); err != nil {
					return err
				}
				theirs = append(theirs, float64(other.Events)/other.CPUSeconds)
			}
			runtime.GC()
			two, err := decideLines(ctx, lines, set, 2)
			if err != nil {
				return err
			}
			both = append(both, float64(two.events)/two.usage.wall.Seconds())
		}
		return nil
	})
	if err != nil {
		return s, err
	}
	s.add(median(ours), "events/CPU-s", "Ringfence, 1 extract worker", "50,000")
	if len(theirs) > 0 {
		s.add(median(theirs), "events/CPU-s", "automod, its stores in memory, in the same run", "")
		s.add(median(ours)/median(theirs), "×", "Ringfence over automod", "2.5")
	}
	s.add(median(both), "events/s", "Ringfence, wall clock, 2 extract workers", "143,199, the highest rate that Twitter stated")
	s.note("medians of %d runs each, in alternation; %d decision lines a run", opts.Size.Pairs, last.decisions)
	for _, pair := range rulePairs {
		if len(theirs) > 0 {
			s.note("fires of %s: ours %d, automod's %d", pair[0], last.fires[pair[0]], other.Fires[pair[1]])
		} else {
			s.note("fires of %s: %d", pair[0], last.fires[pair[0]])
		}
	}
	s.note("why fires may differ: automod counts in hours of the wall clock and begins anew with each (a run that crosses one fires less), " +
		"we in hours that slide with event time, of which the input spans less than one; its distinct count is read before the event, " +
		"ours includes it; its text key leaves out digits, ours is the folded text, so one campaign text is five of ours")
	return s, nil
}

func median[T cmp.Ordered](of []T) T {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}
