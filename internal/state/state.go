// Package state is the hot state of the decide loop: windows over keys, tables of facts, families of near-copies, and the ids of
// events already seen, all as of one position of the journal.
//
// It is driven by one goroutine and takes no locks. It knows no clock but the event clock that [State.Advance] moves, so the
// same operations give the same results, also after [State.Restore] and a replay of what came since the image. The image is
// written to Pebble a little at a time between events; see [State.BeginImage].
package state

import (
	"errors"
	"fmt"
	"time"

	"github.com/cockroachdb/pebble/v2"

	"github.com/ringfence/ringfence/internal/state/ids"
	"github.com/ringfence/ringfence/internal/window"
	"github.com/ringfence/ringfence/text/family"
)

// Defaults of [Options].
const (
	DefaultLateness = int64(2 * time.Minute)
	DefaultBudget   = 2 << 30
	DefaultHorizon  = int64(24 * time.Hour)
	DefaultMaxIDs   = 50_000_000
	DefaultRecent   = 1 << 20
)

// Options sets the bounds of a state; a zero bound takes its default. Bounds can change decisions: those that an image was written
// with win over those given here, see Restore.
type Options struct {
	DB *pebble.DB // where images go, and ids that are not recent; nil keeps everything in memory
	// Commit makes a batch durable; nil is Pebble's own way, which never returns once the disk has failed a write.
	Commit func(*pebble.Batch) error
	Crash  func(point string) // called at "image.before-commit" and "image.after-commit", if not nil; for tests of failure

	Lateness int64 // nanoseconds behind the clock up to which an update enters a window
	Budget   int64 // bytes, at the stated costs, of cells and table entries
	Horizon  int64 // nanoseconds behind the clock for which ids are kept
	MaxIDs   int   // ids that are kept at most

	RecentIDs int // ids that stay in memory though an image holds them; no bound, it changes nothing but the speed
}

func (o Options) withDefaults() Options {
	if o.Lateness == 0 {
		o.Lateness = DefaultLateness
	}
	if o.Budget == 0 {
		o.Budget = DefaultBudget
	}
	if o.Horizon == 0 {
		o.Horizon = DefaultHorizon
	}
	if o.MaxIDs == 0 {
		o.MaxIDs = DefaultMaxIDs
	}
	if o.RecentIDs == 0 {
		o.RecentIDs = DefaultRecent
	}
	return o
}

func (o Options) validate() error {
	switch {
	case o.Lateness < 0 || o.Lateness > window.MaxLateness:
		return fmt.Errorf("state: lateness %v is outside 0 to %v", time.Duration(o.Lateness), time.Duration(window.MaxLateness))
	case o.Budget < minBudget:
		return fmt.Errorf("state: a budget of %d bytes is below %d", o.Budget, minBudget)
	case o.Horizon < o.Lateness:
		return errors.New("state: the horizon of ids is shorter than the lateness")
	case o.MaxIDs < 1:
		return errors.New("state: no ids may be kept")
	}
	return nil
}

const minBudget = 1 << 16

// State is the hot state. Only one goroutine may use it.
type State struct {
	opts  Options
	clock int64

	cells   cells
	windows []*keyed // by slot; nil where a window was dropped
	numbers uint32   // the next window's number
	wake    int64    // clock at which the next slice of a window is due
	scratch []uint64
	used    int64 // bytes of cells, entries and families
	fixed   int64 // of those, what is not cells

	tables  map[string]anyTable
	names   []string // of the tables, in order
	entries int      // of all tables
	due     dueHeap

	ids      *ids.Set
	families *family.Index
	groups   Structure // nil while nothing is attached
	grouped  uint64    // the version of its records; 0 for none

	page     uint8    // 1 or 2: the page on which entries are dirty
	dirty    []uint32 // cells on it; some may be gone, or be there twice
	out      *writer  // of the next image
	image    *imaging // between BeginImage and FinishImage
	last     *Image   // until it is known to be committed
	keyBuf   []byte
	valueBuf []byte
}

// New makes an empty state.
func New(o Options) (*State, error) {
	o = o.withDefaults()
	if err := o.validate(); err != nil {
		return nil, err
	}
	s := &State{opts: o, tables: map[string]anyTable{}, wake: never, page: 1}
	s.families = family.NewIndex(int(o.Budget / familyShare))
	if o.DB != nil {
		s.out = newWriter(o.DB)
		s.families.Mark(familySink{s.out})
	}
	s.setIDs()
	return s, nil
}

// setIDs makes an empty set of ids within the bounds.
func (s *State) setIDs() {
	o := ids.Options{Horizon: s.opts.Horizon, Max: s.opts.MaxIDs, Recent: s.opts.RecentIDs}
	if s.opts.DB != nil {
		o.Stored = idStore{s.opts.DB}.content
		o.Forgotten = func(era uint32) {
			s.out.deleteRange(numbered(prefixID, era))
			s.out.deleteRange(numbered(prefixFilter, era))
		}
	}
	s.ids = ids.NewSet(o)
}

// Bounds are those of a state that can change decisions, as in [Options].
type Bounds struct {
	Lateness int64
	Budget   int64
	Horizon  int64
	MaxIDs   int
}

// Bounds are what the state goes by, which after a Restore are the image's.
func (s *State) Bounds() Bounds {
	return Bounds{Lateness: s.opts.Lateness, Budget: s.opts.Budget, Horizon: s.opts.Horizon, MaxIDs: s.opts.MaxIDs}
}

// Clock is the event clock: the latest time that was given to Advance.
func (s *State) Clock() int64 { return s.clock }

// Advance moves the event clock to now, never back, and then drops what has expired: cells of windows, silently, and entries of
// tables in the order of (expiry, table, key), each with its table's OnExpire.
func (s *State) Advance(now int64) {
	if now <= s.clock {
		return
	}
	s.clock = now
	if now >= s.wake {
		s.expireCells()
	}
	if len(s.due) > 0 && s.due[0].at <= now {
		s.expireEntries()
	}
}

// Admit decides whether an event is new. Content is a hash of the event's bytes; at is its time.
func (s *State) Admit(id [16]byte, content uint64, at int64) (ids.Verdict, error) {
	return s.ids.Admit(id, content, at, s.clock)
}

// Admitted says whether that event is known, as Admit would: it is a Duplicate if it is.
func (s *State) Admitted(id [16]byte, content uint64, at int64) (ids.Verdict, error) {
	return s.ids.Look(id, content, at, s.clock)
}

// SetBudget changes the budget of bytes and evicts what is above it.
func (s *State) SetBudget(bytes int64) {
	s.opts.Budget = max(bytes, minBudget)
	s.spendFamilies(func() { s.families.SetBudget(int(s.opts.Budget / familyShare)) })
	s.fit()
}

// Stats is what the state holds.
type Stats struct {
	Clock      int64
	Bytes      int64 // at the stated costs: cells, table entries and families of texts
	TableBytes int64 // of those, the entries
	OverBudget int64 // bytes above the budget: tables alone have grown past their share
	Families   family.Stats
	IDs        ids.Stats
	Windows    []WindowStats // by slot
}

// WindowStats is what one window holds.
type WindowStats struct {
	ID      string
	Keys    int
	Bytes   int64 // at the stated costs
	Evicted int64 // keys dropped for the budget since the window was first set
}

// Stats counts in time proportional to the number of windows.
func (s *State) Stats() Stats {
	st := Stats{Clock: s.clock, Bytes: s.used, TableBytes: s.fixed - int64(s.families.Bytes()), OverBudget: max(0, s.used-s.opts.Budget), IDs: s.ids.Stats(),
		Families: s.families.Stats()}
	for _, k := range s.windows {
		if k != nil {
			st.Windows = append(st.Windows, WindowStats{ID: k.win.ID, Keys: len(k.index), Bytes: k.bytes, Evicted: k.evicted})
		}
	}
	return st
}
