// Package model holds the models that rules read, by name and version: of texts (package classify) and of accounts (package account). A model never changes: its content has a hash, and another
// content is another version. Which version reads an event follows from the journal, as with banks: people push a model, the
// journal carries it whole, and a replay reads each event by the version that was active at its position.
package model

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sync"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/account"
	"github.com/ringfence/ringfence/learn"
	"github.com/ringfence/ringfence/text/classify"
)

// Edit makes a version of a model active, or takes the model away. Edits of a name are numbered from 1 without gaps.
type Edit struct {
	Name    string `json:"name"`
	Version int    `json:"version"`
	Data    []byte `json:"data,omitempty"` // what text/classify or internal/account writes
	Drop    bool   `json:"drop,omitempty"`
}

// MaxData bounds a model, so that it fits a change.
const MaxData = 2 << 20

const maxModels = 20 // each costs every text some ten microseconds and more

// Errors of edits.
var (
	ErrInvalid = errors.New("model: bad edit")
	ErrVersion = errors.New("model: the edit was made for another version")
)

var namePattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,63}$`)

// Check says what is wrong with an edit.
func (e *Edit) Check() error {
	switch {
	case !namePattern.MatchString(e.Name):
		return fmt.Errorf("%w: %.70q: a name is of a-z, 0-9 and -, at most 64 characters", ErrInvalid, e.Name)
	case e.Version < 1:
		return fmt.Errorf("%w: %s: version %d; the first is 1", ErrInvalid, e.Name, e.Version)
	case e.Drop != (len(e.Data) == 0):
		return fmt.Errorf("%w: %s: an edit brings a model, or drops it", ErrInvalid, e.Name)
	case len(e.Data) > MaxData:
		return fmt.Errorf("%w: %s: %d bytes; the most is %d", ErrInvalid, e.Name, len(e.Data), MaxData)
	}
	return nil
}

// Model is a version of a model.
type Model struct {
	Name    string
	Version int
	ID      string          // hash of its content; empty for one that was dropped
	text    *classify.Model // one of the two, or neither where it was dropped
	account *account.Model
}

// Set is all models as of one record. It never changes; the nil set has none.
type Set struct{ models map[string]*Model }

// NewSet is the set that the last edits of some names make.
func NewSet(last []Edit) (*Set, error) {
	s := &Set{models: map[string]*Model{}}
	for i := range last {
		m, err := load(&last[i])
		if err != nil {
			return nil, err
		}
		s.models[m.Name] = m
	}
	return s, nil
}

func load(e *Edit) (*Model, error) {
	m := &Model{Name: e.Name, Version: e.Version}
	if e.Drop {
		return m, nil
	}
	var err error
	if account.Encoded(e.Data) {
		if m.account, err = account.Decode(e.Data); err == nil && m.account.Kind() != account.Profile {
			err = errors.New("it reads behaviour, which an event alone does not show: train it with --profile")
		}
	} else {
		m.text, err = classify.Decode(e.Data)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrInvalid, e.Name, err)
	}
	m.ID = learn.ID(e.Data)
	return m, nil
}

// Apply gives the set after an edit.
func (s *Set) Apply(e *Edit) (*Set, error) {
	if err := e.Check(); err != nil {
		return nil, err
	}
	if have := s.Version(e.Name); have != e.Version-1 {
		return nil, fmt.Errorf("%w: %s is at version %d, the edit makes %d", ErrVersion, e.Name, have, e.Version)
	}
	m, err := load(e)
	if err != nil {
		return nil, err
	}
	next := &Set{models: map[string]*Model{}}
	if s != nil {
		maps.Copy(next.models, s.models)
	}
	next.models[e.Name] = m
	if len(next.Models()) > maxModels {
		return nil, fmt.Errorf("%w: more than %d models", ErrInvalid, maxModels)
	}
	return next, nil
}

// Version is the number of the last edit of a name; 0 if there was none.
func (s *Set) Version(name string) int {
	if s == nil || s.models[name] == nil {
		return 0
	}
	return s.models[name].Version
}

// Models are those that are active, by name.
func (s *Set) Models() []*Model {
	if s == nil {
		return nil
	}
	var list []*Model
	for _, name := range slices.Sorted(maps.Keys(s.models)) {
		if m := s.models[name]; m.ID != "" {
			list = append(list, m)
		}
	}
	return list
}

// Score is how likely an event's text, or its actor's profile, is of the model's kind, by the model of a name; false if there is none, or if the
// event does not have what it reads.
func (s *Set) Score(name string, e *event.Event) (float64, bool) {
	if s == nil || s.models[name] == nil {
		return 0, false
	}
	switch m := s.models[name]; {
	case m.account != nil:
		return m.account.ScoreEvent(e)
	case m.text != nil && e.Fields.Has(event.FieldText):
		return m.text.Score(e.Text).Probability, true
	}
	return 0, false
}

// Account is the name under which a model of accounts takes the place of the program's own in the signal account.score.
const Account = "account"

var own = sync.OnceValues(func() (*account.Model, error) { return account.Default(account.Profile) })

// AccountScore is how likely the actor is automated or part of a campaign, by its profile: by the model named Account, or the program's own if there
// is none. It is false if the event says nothing of the profile.
func (s *Set) AccountScore(e *event.Event) (float64, bool) {
	if s != nil && s.models[Account] != nil && s.models[Account].account != nil {
		return s.models[Account].account.ScoreEvent(e)
	}
	m, err := own()
	if err != nil {
		return 0, false // a test reads it
	}
	return m.ScoreEvent(e)
}
