package model

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/account"
	"github.com/ringfence/ringfence/learn"
	"github.com/ringfence/ringfence/text/classify"
)

// trained is a small model that tells posts about prizes from posts about the weather.
func trained(t *testing.T) []byte {
	t.Helper()
	var examples []classify.Example
	for i := range 2 * classify.MinExamples {
		examples = append(examples,
			classify.Example{Text: fmt.Sprintf("you won prize number %d, claim your free prize now", i), Positive: true},
			classify.Example{Text: fmt.Sprintf("it rained for %d days in the valley and the river rose", i)})
	}
	m, _, err := classify.Train(examples)
	if err != nil {
		t.Fatal(err)
	}
	return m.Append(nil)
}

func text(s string) *event.Event {
	e := &event.Event{Text: s}
	e.Fields.Add(event.FieldText)
	return e
}

func TestSet(t *testing.T) {
	data := trained(t)
	var none *Set
	if _, ok := none.Score("prize", text("x")); ok || none.Models() != nil || none.Version("prize") != 0 {
		t.Error("the nil set has a model")
	}
	first, err := none.Apply(&Edit{Name: "prize", Version: 1, Data: data})
	if err != nil {
		t.Fatal(err)
	}
	yes, ok := first.Score("prize", text("claim your free prize"))
	no, _ := first.Score("prize", text("the river rose for days"))
	if !ok || yes < 0.5 || no > 0.5 {
		t.Errorf("scores %v and %v, %v", yes, no, ok)
	}
	second, err := first.Apply(&Edit{Name: "prize", Version: 2, Drop: true})
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := second.Score("prize", text("x")); ok || len(second.Models()) != 0 || second.Version("prize") != 2 {
		t.Error("a model that was dropped is there")
	}
	if _, ok := first.Score("prize", text("x")); !ok || first.Version("prize") != 1 {
		t.Error("an edit changed the set before it")
	}
	again, err := NewSet([]Edit{{Name: "prize", Version: 7, Data: data}})
	if err != nil || again.Version("prize") != 7 || again.Models()[0].ID != first.Models()[0].ID {
		t.Errorf("a set made of last edits: %+v, %v", again, err)
	}
	for name, c := range map[string]struct {
		edit Edit
		want error
	}{
		"a gap":        {Edit{Name: "prize", Version: 3, Data: data}, ErrVersion},
		"once more":    {Edit{Name: "prize", Version: 1, Data: data}, ErrVersion},
		"no model":     {Edit{Name: "prize", Version: 2, Data: []byte("x")}, ErrInvalid},
		"no content":   {Edit{Name: "prize", Version: 2}, ErrInvalid},
		"both":         {Edit{Name: "prize", Version: 2, Data: data, Drop: true}, ErrInvalid},
		"no name":      {Edit{Version: 1, Data: data}, ErrInvalid},
		"a bad name":   {Edit{Name: "A b", Version: 1, Data: data}, ErrInvalid},
		"too large":    {Edit{Name: "prize", Version: 2, Data: make([]byte, MaxData+1)}, ErrInvalid},
		"cut in parts": {Edit{Name: "prize", Version: 2, Data: data[:len(data)/2]}, ErrInvalid},
	} {
		if _, err := first.Apply(&c.edit); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
	s := none
	for i := range maxModels {
		if s, err = s.Apply(&Edit{Name: fmt.Sprint("m", i), Version: 1, Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Apply(&Edit{Name: "one-more", Version: 1, Data: data}); !errors.Is(err, ErrInvalid) {
		t.Errorf("one model more than there may be: %v", err)
	}
}

func TestModelsOfAccounts(t *testing.T) {
	var e event.Event
	if err := event.NewDecoder(event.DefaultLimits()).Decode([]byte(`{"id":"e","time":"2026-01-11T00:00:00Z","kind":"like","actor":"a","account":{"posts":1}}`), &e); err != nil {
		t.Fatal(err)
	}
	var none *Set
	if p, ok := none.AccountScore(&e); !ok || p <= 0 || p >= 1 {
		t.Errorf("the program's own model says %g, %v", p, ok)
	}
	if _, ok := none.AccountScore(text("no profile")); ok {
		t.Error("an event without a profile has a score")
	}
	rows := rand.New(rand.NewPCG(1, 1))
	var examples []account.Example
	for i := range 400 {
		row := slices.Repeat([]float64{math.NaN()}, len(account.Profile.Names()))
		row[3] = rows.Float64() // posts: those with few are what is looked for
		examples = append(examples, account.Example{Account: fmt.Sprint(i), Row: row, Positive: row[3] < 0.5})
	}
	m, _, err := account.Train(account.Profile, examples)
	if err != nil {
		t.Fatal(err)
	}
	data := m.Append(nil)
	set, err := none.Apply(&Edit{Name: Account, Version: 1, Data: data})
	if err != nil {
		t.Fatal(err)
	}
	want, _ := m.ScoreEvent(&e)
	if got, ok := set.AccountScore(&e); !ok || got != want {
		t.Errorf("the model that was pushed says %g, %v, want %g", got, ok, want)
	}
	if got, ok := set.Score(Account, &e); !ok || got != want {
		t.Errorf("by its name it says %g, %v, want %g", got, ok, want)
	}
	if _, ok := set.Score(Account, text("no profile")); ok {
		t.Error("a text has the score of an account")
	}
	if got := set.Models(); len(got) != 1 || got[0].ID != learn.ID(data) {
		t.Errorf("models: %v", got)
	}
	behaviour, err := account.Default(account.Behaviour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := none.Apply(&Edit{Name: Account, Version: 1, Data: behaviour.Append(nil)}); !errors.Is(err, ErrInvalid) {
		t.Errorf("a model of behaviour: %v, want ErrInvalid", err)
	}
}
