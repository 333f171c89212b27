package record

import (
	"context"
	"fmt"
	"strings"
	"unicode"
)

// Changes is what people and models changed. A change is stored once, together with what it did, and then waits until the relay
// has appended it to the journal: decide acts only on the journal's copy.
type Changes interface {
	// PutChanges stores changes, all or none, in their order. One that is there changes nothing; other content under its id is
	// ErrConflict.
	PutChanges(ctx context.Context, cs ...Change) error

	// Change gives the change of an id.
	Change(ctx context.Context, id string) (Change, error)

	// PendingChanges gives up to limit changes that are not in the journal yet, oldest first.
	PendingChanges(ctx context.Context, limit int) ([]Change, error)

	// MarkJournaled records that changes are durable in the journal. A crash before it makes the relay append them again,
	// under the same ids, which decide drops.
	MarkJournaled(ctx context.Context, ids []string) error

	// ListChanges lists changes of a kind, or with "" of all, newest first.
	ListChanges(ctx context.Context, kind string, p Page) ([]Change, error)
}

// Change is something that a person or a model decided.
type Change struct {
	Seq       int64  // given by the store
	ID        string // chosen by the caller, so that a repeated request is recognised
	Kind      string
	By        string
	At        int64
	Reason    string
	Body      []byte // what the journal record will hold; opaque here
	Journaled bool   // given by the store
}

// Bounds of what people send.
const (
	MaxName        = 256           // bytes of an id, a name, a kind
	MaxReason      = 4 << 10       // bytes of a reason or note
	MaxChangeBody  = 4<<20 - 8<<10 // bytes of a change's body, so that it fits a journal record
	MaxRuleSetSize = 2 << 20       // bytes of a rule set's files together, so that they fit a change
	MaxRuleFiles   = 10_000
)

// Check reports, as ErrInvalid, why a change cannot be stored.
func (c *Change) Check() error {
	switch {
	case c.ID == "" || c.Kind == "" || c.By == "":
		return fmt.Errorf("%w: change %q needs an id, a kind and who made it", ErrInvalid, c.ID)
	case len(c.ID) > MaxName || len(c.Kind) > MaxName || len(c.By) > MaxName:
		return fmt.Errorf("%w: change %.64q: id, kind and by take at most %d bytes", ErrInvalid, c.ID, MaxName)
	case len(c.Reason) > MaxReason:
		return fmt.Errorf("%w: change %q: the reason takes at most %d bytes, has %d", ErrInvalid, c.ID, MaxReason, len(c.Reason))
	case len(c.Body) > MaxChangeBody:
		return fmt.Errorf("%w: change %q: the body takes at most %d bytes, has %d", ErrInvalid, c.ID, MaxChangeBody, len(c.Body))
	}
	return nil
}

// RuleSets is the versions of the rules. One is active; which one decide runs follows from the journal.
type RuleSets interface {
	// PutRuleSet stores a version and returns its number, counting from 1. A set with a hash that is there keeps its number.
	PutRuleSet(ctx context.Context, r RuleSet) (number int64, err error)

	// RuleSet gives a version with its files.
	RuleSet(ctx context.Context, number int64) (RuleSet, error)

	// ActiveRuleSet gives the active version with its files; ErrNotFound while there is none.
	ActiveRuleSet(ctx context.Context) (RuleSet, error)

	// ListRuleSets lists versions without their files, newest first; Page.Before is a number.
	ListRuleSets(ctx context.Context, p Page) ([]RuleSet, error)

	// ActivateRuleSet makes a version the active one and stores the change that says so.
	ActivateRuleSet(ctx context.Context, c Change, number int64) error
}

// RuleSet is a version of the rules.
type RuleSet struct {
	Number int64 // given by the store
	Hash   string
	Files  []RuleFile
	By     string
	At     int64
	Note   string
}

// RuleFile is a file of a rule set.
type RuleFile struct {
	Name string `json:"name"` // path within the set, with slashes
	Body []byte `json:"body"`
}

// Check reports, as ErrInvalid, why a rule set cannot be stored.
func (r *RuleSet) Check() error {
	size := 0
	for _, f := range r.Files {
		if f.Name == "" || len(f.Name) > MaxName {
			return fmt.Errorf("%w: rule set: file name %.64q is empty or longer than %d bytes", ErrInvalid, f.Name, MaxName)
		}
		size += len(f.Body)
	}
	switch {
	case r.Hash == "" || r.By == "" || len(r.Hash) > MaxName || len(r.By) > MaxName:
		return fmt.Errorf("%w: rule set needs a hash and who made it, each at most %d bytes", ErrInvalid, MaxName)
	case len(r.Note) > MaxReason:
		return fmt.Errorf("%w: rule set %s: the note takes at most %d bytes, has %d", ErrInvalid, r.Hash, MaxReason, len(r.Note))
	case len(r.Files) > MaxRuleFiles || size > MaxRuleSetSize:
		return fmt.Errorf("%w: rule set %s: %d files of %d bytes are more than %d files or %d bytes",
			ErrInvalid, r.Hash, len(r.Files), size, MaxRuleFiles, MaxRuleSetSize)
	}
	return nil
}

// Keys is the API keys.
//
// A secret is 256 random bits made by us, so it is kept as its plain SHA-256: there is nothing to guess that a slow hash would
// protect, and the lookup stays one index probe.
type Keys interface {
	// PutKey stores a new key; an id or hash that is there is ErrConflict. by is audited.
	PutKey(ctx context.Context, k Key, by string) error

	// KeyByHash gives the key of a secret, also if it is revoked.
	KeyByHash(ctx context.Context, hash [32]byte) (Key, error)

	// ListKeys lists all keys by name, revoked ones too.
	ListKeys(ctx context.Context) ([]Key, error)

	// RevokeKey ends a key. Revoking it again changes nothing.
	RevokeKey(ctx context.Context, id, by string, at int64) error

	// TouchKey records a use. It is a write: call it at most once a minute for a key.
	TouchKey(ctx context.Context, id string, at int64) error
}

// Key is an API key without its secret.
type Key struct {
	ID        string
	Name      string
	Scopes    []string // words without spaces
	Hash      [32]byte // SHA-256 of the secret
	PerSecond int      // requests a second; 0 is no limit
	Created   int64
	LastUsed  int64 // 0 never
	Revoked   int64 // 0 while valid
}

// MaxKeys is how many keys a store takes.
const MaxKeys = 10_000

// Check reports, as ErrInvalid, why a key cannot be stored.
func (k *Key) Check() error {
	switch {
	case k.ID == "" || k.Name == "" || len(k.ID) > MaxName || len(k.Name) > MaxName:
		return fmt.Errorf("%w: key %.64q needs an id and a name, each at most %d bytes", ErrInvalid, k.ID, MaxName)
	case k.Hash == [32]byte{}:
		return fmt.Errorf("%w: key %q has no hash", ErrInvalid, k.ID)
	case k.PerSecond < 0:
		return fmt.Errorf("%w: key %q: a quota of %d a second is negative", ErrInvalid, k.ID, k.PerSecond)
	case len(k.Scopes) > 64:
		return fmt.Errorf("%w: key %q has %d scopes, more than 64", ErrInvalid, k.ID, len(k.Scopes))
	}
	for _, s := range k.Scopes {
		if s == "" || len(s) > MaxName || strings.ContainsFunc(s, unicode.IsSpace) {
			return fmt.Errorf("%w: key %q: scope %.64q is empty, holds space or is longer than %d bytes", ErrInvalid, k.ID, s, MaxName)
		}
	}
	return nil
}

// Rejections is the dead letters of ingest: the input lines that were refused, and the events that were durable and then not decided.
type Rejections interface {
	// PutRejections stores refused lines, each cut to MaxRaw. Past MaxRejections the oldest are dropped, and counted.
	PutRejections(ctx context.Context, rs []Rejection) error

	// ListRejections lists refused lines, newest first.
	ListRejections(ctx context.Context, p Page) ([]Rejection, error)

	// RejectionCounts says how many lines are kept and how many were dropped for room.
	RejectionCounts(ctx context.Context) (kept, dropped int64, err error)
}

// Rejection is an input line that was refused.
type Rejection struct {
	Seq    int64
	Source string
	Line   int64 // within its source, from 1; 0 if that has no lines
	Error  string
	Raw    []byte
	At     int64
}

// Bounds of the dead letters of ingest.
const (
	MaxRaw        = 4 << 10
	MaxRejections = 10_000
)
