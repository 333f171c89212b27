package account

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ringfence/ringfence/event"
)

// MaxAccounts bounds a Watch: ten million take about 5 GB.
const MaxAccounts = 10_000_000

// Watch follows the accounts of a stream: what their profiles said last, and what they did. It is for one goroutine.
type Watch struct {
	Looks    bool // keep a look at an account after its 1st, 2nd, 4th, 8th… act as well, as training wants them
	accounts map[string]*watched
}

type watched struct {
	history History
	profile [profileFeatures]float64
	looks   [][]float64
}

// Add takes an event in. Events come in the order of time.
func (w *Watch) Add(e *event.Event) error {
	a := w.accounts[e.Actor]
	if a == nil {
		if len(w.accounts) == MaxAccounts {
			return fmt.Errorf("account: more than %d accounts: split the events by account", MaxAccounts)
		}
		if w.accounts == nil {
			w.accounts = map[string]*watched{}
		}
		a = &watched{}
		for i := range a.profile {
			a.profile[i] = nothing
		}
		w.accounts[strings.Clone(e.Actor)] = a
	}
	a.history.Add(e)
	if e.Fields&known != 0 {
		AppendProfile(a.profile[:0], e)
	}
	if n := a.history.acts; w.Looks && n&(n-1) == 0 {
		a.looks = append(a.looks, a.row(Behaviour))
	}
	return nil
}

func (a *watched) row(kind Kind) []float64 {
	row := slices.Clone(a.profile[:])
	if kind == Behaviour {
		row = a.history.Append(row)
	}
	return row
}

// Each calls use with every account by name, and its row as of its last act.
func (w *Watch) Each(kind Kind, use func(account string, row []float64) error) error {
	for _, name := range slices.Sorted(maps.Keys(w.accounts)) {
		if err := use(name, w.accounts[name].row(kind)); err != nil {
			return err
		}
	}
	return nil
}

// Examples are the looks at the accounts of which positive knows the kind, each account's in the order of time. Looks has to have been set.
func (w *Watch) Examples(kind Kind, positive map[string]bool) []Example {
	var examples []Example
	for _, name := range slices.Sorted(maps.Keys(w.accounts)) {
		yes, labelled := positive[name]
		if !labelled {
			continue
		}
		a := w.accounts[name]
		looks := a.looks
		if n := a.history.acts; n&(n-1) != 0 { // the last is not among them
			looks = append(slices.Clip(looks), a.row(Behaviour))
		}
		for _, row := range looks {
			examples = append(examples, Example{name, row[:len(kind.Names())], yes})
		}
	}
	return examples
}
