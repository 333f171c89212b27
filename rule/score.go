package rule

import (
	"maps"
	"slices"

	"github.com/ringfence/ringfence/event"
)

// Score is what a model says of an event's text.
type Score struct {
	Model string
	P     float64 // calibrated: of texts with .9, nine in ten are of the model's kind
}

const fnScore = "score"

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

// scoreNode is a model's score of the text. Without a text, and while there is no such model, it is unknown.
func scoreNode(model string) node {
	absent, missing := &fault{"text absent"}, &fault{"no model " + model}
	return doubleNode(func(ev *Evaluation) (float64, *fault) {
		if !ev.in.Event.Fields.Has(event.FieldText) {
			return 0, absent
		}
		for i := range ev.in.Signals.Scores {
			if s := &ev.in.Signals.Scores[i]; s.Model == model {
				return s.P, nil
			}
		}
		return 0, missing
	})
}
