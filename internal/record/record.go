// Package record is the port of what Ringfence keeps in SQL: the outbox of effects, the cases they open and the verdicts on
// them, reports, what people changed, rule sets, discoveries, API keys, refused input and the audit trail. It holds who did what; what decide knew when is in the journal.
//
// The port is several small interfaces, so that a caller asks for the part it uses; [Store] is all of them. Drivers live in
// sub-folders (sqlite is the embedded default) and pass the contract suite in recordtest.
//
// Times are nanoseconds since 1970 and are passed in by callers, because only they know which clock is meant. Every method is
// safe for concurrent use and does all of its work in one transaction, or none of it. Writes are durable when they return.
package record

import "errors"

// Errors of every driver, to be tested with errors.Is.
var (
	ErrNotFound = errors.New("no such record")
	ErrConflict = errors.New("record is already there with other content")
	ErrInvalid  = errors.New("record is not valid")
	ErrFormat   = errors.New("store was written by a newer build")
)

// Store is a driver: every part of the port over one database.
type Store interface {
	Outbox
	Deliveries
	Effects
	Cases
	Intake
	ReviewModels
	Changes
	GroupActions
	RuleSets
	Discoveries
	Keys
	Users
	Rejections
	Audit
	Close() error
}

// Page asks for a part of a list, newest first.
type Page struct {
	Before int64 // only rows whose Seq is smaller; 0 starts at the newest
	Limit  int   // at most MaxPage; 0 is MaxPage
}

// MaxPage is the most rows that one call lists.
const MaxPage = 1000

// Size is the number of rows that the page asks for.
func (p Page) Size() int {
	if p.Limit <= 0 || p.Limit > MaxPage {
		return MaxPage
	}
	return p.Limit
}
