package rule

import (
	"maps"
	"slices"

	"github.com/ringfence/ringfence/event"
)

// MediaScore is what a scorer says of an event's picture: how likely it offends a policy.
type MediaScore struct {
	Policy string
	P      float64 // 0 to 1
}

// Score is what a model says of an event's text, or of its actor.
type Score struct {
	Model string
	P     float64 // calibrated: of texts with .9, nine in ten are of the model's kind
}

const (
	fnScore      = "score"
	fnMediaScore = "media.score"
)

// Models are the names of the models that rules ask for by score(), sorted. The nil set asks for none.
func (s *Set) Models() []string {
	if s == nil {
		return nil
	}
	names := map[string]bool{}
	for _, r := range s.Rules {
		if r.Mode != Off {
			maps.Copy(names, r.uses.models)
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// scoreNode is a model's score of the text, or of the account. Without that, and while there is no such model, it is unknown.
func scoreNode(model string) node {
	absent, missing := &fault{"text absent"}, &fault{"no model " + model}
	return doubleNode(func(ev *Evaluation) (float64, *fault) {
		for i := range ev.in.Signals.Scores {
			if s := &ev.in.Signals.Scores[i]; s.Model == model {
				return s.P, nil
			}
		}
		if !ev.in.Event.Fields.Has(event.FieldText) {
			return 0, absent
		}
		return 0, missing
	})
}

// mediaScoreNode is the highest score of the event's pictures for a policy, of those that were scored. While none was it is unknown.
func mediaScoreNode(policy string) node {
	name := fnMediaScore + "(" + policy + ")"
	absent, none := &fault{name + " absent"}, &fault{"no picture was scored for policy " + policy}
	failed := map[string]*fault{}
	for _, why := range ScoreFailures() {
		failed[why] = &fault{name + ": " + why}
	}
	return doubleNode(func(ev *Evaluation) (most float64, f *fault) {
		f = absent
		if ev.in.Stage == Examined {
			f = none
			for _, why := range ev.in.Signals.ScoreFailures {
				if known := failed[why]; known != nil {
					f = known
				}
			}
		}
		for i := range ev.in.Signals.MediaScores {
			if s := &ev.in.Signals.MediaScores[i]; s.Policy == policy {
				most, f = max(most, s.P), nil
			}
		}
		return most, f
	})
}

// ScoreFailures are the reasons for which a picture has no score.
func ScoreFailures() []string {
	return []string{"busy", "open", "timeout", "unreachable", "malformed", "unreadable"}
}
