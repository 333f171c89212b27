// Package effect is what a decision does to the world: a label, a case for review, an enforcement, a notification. It is plain
// data, shared by decide, which makes effects, record, which keeps them in the outbox, and enforce, which delivers them.
package effect

import "github.com/ringfence/ringfence/event"

// Kind is what an effect does.
type Kind string

// The kinds of effect.
const (
	Label   Kind = "label"
	Review  Kind = "review"
	Enforce Kind = "enforce"
	Notify  Kind = "notify"
	Unlabel Kind = "unlabel" // a person took a label off
	Undo    Kind = "undo"    // a person lifted the enforcement that Value names
)

// WaitsFor is how long an effect waits for a person's approval, in nanoseconds after its event; then it is too late.
const WaitsFor = 30 * 24 * 3600 * int64(1e9)

// ActionSource is the source of the effects of group actions; their event id is the action's.
const ActionSource = "action"

// IsStep says whether a word is a step of the enforcement ladder.
func IsStep(word string) bool {
	switch word {
	case "inform", "friction", "limit", "lock", "suspend", "remove":
		return true
	}
	return false
}

// State is how far an effect got.
type State string

// The states. Decide gives an effect one of the first five; delivery moves a queued one on.
const (
	Queued     State = "queued"     // on its way to its receiver
	Waiting    State = "waiting"    // above a cap: waits for a person's approval
	Absorbed   State = "absorbed"   // the target is already so: listed, not delivered, not counted against a cap
	Shadow     State = "shadow"     // of a rule in shadow mode: listed, never delivered
	Suppressed State = "suppressed" // a person decided otherwise (allow, removed label)

	Delivered State = "delivered" // its receiver confirmed it
	Dead      State = "dead"      // given up after the last attempt; can be sent again by a person
	Refused   State = "refused"   // a person refused it while it waited
)

// Effect is one consequence of one rule on one event.
type Effect struct {
	ID          string // 32 hex digits: hash(rule id, source, event id, kind, target, ordinal); no position, no rule version
	Kind        Kind
	Target      event.Entity
	Value       string // label name, enforcement step (inform, friction, limit, lock, suspend, remove) or notification channel
	State       State
	Why         string // why it is absorbed, waiting or suppressed; empty otherwise
	Rule        string
	RuleVersion string
	Policy      string
	Severity    int // 0 to 5
	Reason      string
	Source      string // of the event
	EventID     string
	Time        int64  // event time, nanoseconds
	Expires     int64  // event time, nanoseconds; 0 never
	Position    uint64 // of the record that caused it

	// Of one on a group: the version of its set of members, and of an enforcement, or the undo of one, the accounts that it is about, in order of name.
	Version uint64
	Members []string

	Context string // of a review: what else it is about, see Context; the outbox does not keep it
}

// Context is what a review effect says beside its reason, for the reviewer and for models: the entities of the event, and what the
// rule read of it.
type Context struct {
	Entities []string    `json:"entities,omitempty"` // in their text form
	Readings [][2]string `json:"readings,omitempty"` // name and value of signals and windows, by name
}
