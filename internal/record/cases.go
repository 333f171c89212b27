package record

import (
	"context"

	"github.com/ringfence/ringfence/event"
)

// Cases is what waits for a reviewer. While a case is open there is one for each policy and target.
type Cases interface {
	// Case gives a case and its evidence, oldest first.
	Case(ctx context.Context, id string) (Case, []Evidence, error)

	// ListCases lists cases that are open, or closed, newest first.
	ListCases(ctx context.Context, open bool, p Page) ([]Case, error)

	// CloseCase closes a case with a verdict and stores the change that says so. Closing it again by the same change changes
	// nothing; by another it is ErrConflict.
	CloseCase(ctx context.Context, c Change, id, verdict string) error
}

// Case is one question to a reviewer.
type Case struct {
	Seq      int64
	ID       string // the id of the effect that opened it
	Policy   string
	Target   event.Entity
	Severity int   // the highest among its effects
	Opened   int64 // event time of the first effect
	Updated  int64 // event time of the latest effect
	Effects  int64 // how many review effects it holds; the first MaxEvidence of them are kept
	Closed   int64 // when it was closed; 0 while open
	ClosedBy string
	Change   string // id of the change that closed it
	Verdict  string
}

// MaxEvidence is how many evidence rows a case keeps; further effects are counted only.
const MaxEvidence = 1000

// Evidence is what one review effect says for a case.
type Evidence struct {
	EffectID string
	Rule     string
	Reason   string
	Source   string // of the event
	EventID  string
	Time     int64
}
