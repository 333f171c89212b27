package decide

import (
	"maps"

	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/window"
	"github.com/ringfence/ringfence/rule"
)

// RuleStats counts what a rule did since this process began (or since the rule's content changed).
type RuleStats struct {
	Version     string
	Fired       uint64
	FiredLive   uint64
	LastFired   int64 // event time, nanoseconds
	Tripped     int64 // event time at which the share breaker put it into shadow; 0 if it did not
	Effects     map[effect.State]uint64
	Unevaluated map[string]uint64 // by cause; at most maxCauses of them, then under "other"
}

const maxCauses = 32

func (s *RuleStats) fire(live bool, at int64) {
	s.Fired++
	if live {
		s.FiredLive++
	}
	s.LastFired = at
}

func (s *RuleStats) effect(state effect.State) {
	if s.Effects == nil {
		s.Effects = map[effect.State]uint64{}
	}
	s.Effects[state]++
}

func (s *RuleStats) unevaluated(why string) {
	if s.Unevaluated == nil {
		s.Unevaluated = map[string]uint64{}
	}
	if _, known := s.Unevaluated[why]; !known && len(s.Unevaluated) >= maxCauses {
		why = "other"
	}
	s.Unevaluated[why]++
}

// Stats copies the counts of every rule of the active set.
func (l *Loop) Stats() map[string]RuleStats {
	all := make(map[string]RuleStats, len(l.stats))
	for id, s := range l.stats {
		c := *s
		if b, ok := l.facts.breakers.Get(id); ok && b.Version == s.Version {
			c.Tripped = b.Tripped
		}
		c.Effects, c.Unevaluated = maps.Clone(s.Effects), maps.Clone(s.Unevaluated)
		all[id] = c
	}
	return all
}

var windowFuncs = map[rule.WindowFunc]window.Func{
	rule.Count: window.Count, rule.CountDistinct: window.Distinct, rule.Sum: window.Sum, rule.RateLimited: window.RateLimit,
	rule.Sessionize: window.Session, rule.Trending: window.Trend, rule.FirstSeen: window.FirstSeen, rule.LastSeen: window.LastSeen,
}
