package record

import (
	"context"
	"fmt"
)

// Discoveries is what was proposed for the banks of terms, and what people said of it.
type Discoveries interface {
	// PutDiscoveries stores what is proposed now, best first, and returns how many it took: most at the most. One that is open
	// is brought up to date. One that a person decided on is passed over, unless it grew (see Regrown): then it is open again, and
	// still says what was decided. Beyond MaxDiscoveries, open ones that were not proposed for longest are forgotten.
	PutDiscoveries(ctx context.Context, ds []Discovery, most int, at int64) (taken int, err error)

	// Discovery gives one.
	Discovery(ctx context.Context, id string) (Discovery, error)

	// ListDiscoveries lists those of a state, latest proposed first, and of those proposed together the best first. Page.Before
	// is a Seq, of which a discovery gets another whenever it is proposed.
	ListDiscoveries(ctx context.Context, state DiscoveryState, p Page) ([]Discovery, error)

	// AcceptDiscovery closes one that is open or refused, and stores the changes that put it into a bank; the last of them says
	// who decided. Doing so again by the same changes changes nothing. One that is accepted is ErrConflict.
	AcceptDiscovery(ctx context.Context, id string, cs ...Change) error

	// RefuseDiscovery closes one that is open. Refusing again for the same reason changes nothing; any other way to decide what
	// is decided is ErrConflict.
	RefuseDiscovery(ctx context.Context, id, by, reason string, at int64) error

	// ForgetDiscoveries drops those of the ids that are open.
	ForgetDiscoveries(ctx context.Context, ids []string) error

	// PruneDiscoveries drops open ones that were last proposed before a time, and the examples of the others.
	PruneDiscoveries(ctx context.Context, before int64) error
}

// DiscoveryState is how far a discovery got.
type DiscoveryState string

// The states.
const (
	DiscoveryOpen     DiscoveryState = "open"
	DiscoveryAccepted DiscoveryState = "accepted"
	DiscoveryRefused  DiscoveryState = "refused"
)

// Discovery is a term that was found and what speaks for it.
type Discovery struct {
	Seq      int64  // given by the store
	ID       string // chosen by the caller, one for each term
	Term     string
	Kind     string
	Score    float64
	Accounts int    // suspect accounts that used it; once it is decided on, as of then
	Evidence []byte // JSON, opaque here
	Examples []byte // JSON, opaque here; empty once they were dropped. Users wrote them
	First    int64  // when it was first proposed
	Last     int64  // when it was last proposed while open
	State    DiscoveryState

	// Of the last decision, also while it is open again.
	Decided   int64 // 0 never
	DecidedBy string
	Reason    string
	Change    string // id of the change that put it into a bank; empty for a refusal
}

// Bounds of discoveries.
const (
	MaxDiscoveries       = 10_000   // that are open
	MaxDiscoveryEvidence = 16 << 10 // bytes of evidence, and of examples
)

// Regrown says whether a term that a person decided on when so many accounts used it has grown enough to be proposed again.
func Regrown(then, now int) bool { return now >= 4*max(then, 1) }

// Check reports, as ErrInvalid, why a discovery cannot be stored.
func (d *Discovery) Check() error {
	switch {
	case d.ID == "" || d.Term == "" || d.Kind == "":
		return fmt.Errorf("%w: discovery %.64q needs an id, a term and a kind", ErrInvalid, d.ID)
	case len(d.ID) > MaxName || len(d.Term) > MaxName || len(d.Kind) > MaxName:
		return fmt.Errorf("%w: discovery %.64q: id, term and kind take at most %d bytes", ErrInvalid, d.ID, MaxName)
	case len(d.Evidence) > MaxDiscoveryEvidence || len(d.Examples) > MaxDiscoveryEvidence:
		return fmt.Errorf("%w: discovery %q: evidence and examples take at most %d bytes each", ErrInvalid, d.ID, MaxDiscoveryEvidence)
	}
	return nil
}
