package record

import (
	"context"

	"github.com/ringfence/ringfence/event"
)

// Intake is what the journal's events say to review, other than through rules: reports, and views drawn at random. One caller puts
// them in, in the order of the journal; what they say and how far the journal was read is stored together.
type Intake interface {
	// PutIntake stores reports and draws that the records up to a position hold. A report joins the open case of its target, or
	// opens one if it says so, and else waits for one. A draw opens a case if none is open. It gives the cases that changed.
	// Nothing happens for positions that were stored before.
	PutIntake(ctx context.Context, reports []Report, draws []Draw, through uint64) (cases []string, err error)

	// IntakeThrough is the position up to which PutIntake was called.
	IntakeThrough(ctx context.Context) (uint64, error)

	// Reporters gives the track records of some reporters; one that has none is left out.
	Reporters(ctx context.Context, names []string) (map[string]Reporter, error)

	// ReportsOn gives the reports on an open case, oldest first, each with its reporter's record.
	ReportsOn(ctx context.Context, id string) ([]Report, error)

	// DrawnThrough says up to which view of a content draws were stored; 0 for none.
	DrawnThrough(ctx context.Context, target event.Entity) (int64, error)

	// Draws calls use with the draws of a span of event time, oldest first, each with the verdict on its case.
	Draws(ctx context.Context, from, to int64, use func(Drawn) error) error
}

// Report is somebody's word, on the platform, against a subject.
type Report struct {
	ID       string // hash of the event's identity
	Target   event.Entity
	Policy   string
	Reporter string
	Reason   string
	Time     int64 // event time
	Opens    bool  // it opens a case if none is open; given by the caller, not stored
	Case     string
	Outcome  ReportOutcome // given by the store
	Record   Reporter      // of the reporter, as of now; given by the store
}

// ReportOutcome is whether a report proved right.
type ReportOutcome int8

// The outcomes.
const (
	Pending   ReportOutcome = 0
	Agreed    ReportOutcome = 1
	Disagreed ReportOutcome = -1
)

// Reporter is the track record of who reports: how many reports on cases that were decided proved right, and wrong.
type Reporter struct {
	Agreed    int64
	Disagreed int64
}

// Draw is views of one content that were drawn at random.
type Draw struct {
	Target  event.Entity
	Time    int64 // event time
	Weight  int64 // views that each stands for
	N       int64 // how many
	Through int64 // the view up to which was drawn
}

// Drawn is a draw and what became of its case.
type Drawn struct {
	Draw
	Verdict  Decision // empty while open
	Policies []string // violated
}

// LooseReports is how long a report waits for a case, in nanoseconds of event time.
const LooseReports = 30 * 24 * 3600 * int64(1e9)
