package evidence

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/graph/coaction"
)

// MaxTraces is how many traces a model may have.
const MaxTraces = 16

// Trace is a kind of co-action.
type Trace struct {
	Name   string
	Class  string // traces that see the same acts are of one class; of a batch it does not matter
	Window int64  // how close in time acts on one key are co-actions, in the unit of the caller's times, above 0

	// Batch says that keys are tested and not pairs. Usual is the least that is taken for the mean number of other accounts at a key, above 0:
	// where nearly all keys have one account, a household of three must not be a wonder.
	Batch bool
	Usual float64
}

// Options are those of a [Model].
type Options struct {
	Traces []Trace // 1 to MaxTraces

	// Alpha is the share of edges that may be due to chance, in (0, 1); and for a trace of batches the chance that any key of it is.
	Alpha float64

	// MaxAccounts, MaxKeys, MaxPairs and MaxActs bound the memory, at about 120, 130, 250 and 130 bytes each, keys and acts by trace. Beyond, Add fails for
	// new accounts; the keys, pairs and acts that were touched longest ago are forgotten.
	MaxAccounts, MaxKeys, MaxPairs, MaxActs int
}

func (o *Options) check() error {
	if len(o.Traces) < 1 || len(o.Traces) > MaxTraces {
		return fmt.Errorf("%d traces: want 1 to %d", len(o.Traces), MaxTraces)
	}
	for _, t := range o.Traces {
		if t.Window <= 0 || t.Window > coaction.MaxTime/2 {
			return fmt.Errorf("trace %q has a window of %d: want 1 to %d", t.Name, t.Window, int64(coaction.MaxTime/2))
		}
		if t.Batch && !(t.Usual > 0) {
			return fmt.Errorf("trace %q takes %v other accounts at a key for usual: want more than 0", t.Name, t.Usual)
		}
	}
	switch {
	case !(o.Alpha > 0 && o.Alpha < 1):
		return fmt.Errorf("alpha %v: want one above 0 and below 1", o.Alpha)
	case o.MaxAccounts < 2 || o.MaxAccounts > math.MaxInt32:
		return fmt.Errorf("at most %d accounts: want 2 to %d", o.MaxAccounts, math.MaxInt32)
	case min(o.MaxKeys, o.MaxPairs, o.MaxActs) < 64 || max(o.MaxKeys, o.MaxPairs, o.MaxActs) > math.MaxInt32:
		return fmt.Errorf("at most %d keys, %d pairs and %d acts: want 64 to %d of each", o.MaxKeys, o.MaxPairs, o.MaxActs, math.MaxInt32)
	}
	return nil
}

// ErrFull is the error of an act of a new account when there are MaxAccounts.
var ErrFull = errors.New("the model has as many accounts as it may")

// Model collects acts, in order of time, and says which edges stand. It is not safe for concurrent use.
type Model struct {
	opts     Options
	classes  []int // of each trace; batches have none
	nClasses int
	names    []string // of accounts
	accounts map[string]uint32
	degree   [][MaxTraces]float32 // appearances, by account
	traces   []trace
	pairs    map[uint64]*pair
	repeated []*pair // pairs that co-acted twice or more in one trace, in the order in which they came to
	clock    int64
	calls    int     // of Edges
	touched  []*pair // of repeated: those that met since the last Edges or Touched
	standing int     // edges, as of the last Edges
}

// New makes an empty model.
func New(o Options) (*Model, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	o.Traces = slices.Clone(o.Traces)
	m := &Model{opts: o, accounts: map[string]uint32{}, pairs: map[uint64]*pair{}, clock: math.MinInt64}
	var classes []string
	for _, t := range o.Traces {
		class := -1
		if !t.Batch {
			if class = slices.Index(classes, t.Class); class < 0 {
				class = len(classes)
				classes = append(classes, t.Class)
			}
		}
		m.classes = append(m.classes, class)
		var meets *coaction.Stream
		if !t.Batch {
			var err error
			meets, err = coaction.NewStream(coaction.StreamOptions{Windows: []int64{t.Window}, HalfLife: coaction.MaxTime,
				Popular: popular, MaxActs: o.MaxActs, MaxPairs: o.MaxPairs})
			if err != nil {
				return nil, err
			}
		}
		m.traces = append(m.traces, trace{Trace: t, meets: meets, keys: map[uint64]*key{}, at: map[appearance]int64{}})
	}
	m.nClasses = len(classes)
	return m, nil
}

// popular is the number of acts within a window from which on an object's pairs are sampled.
const popular = 512

// Accounts is how many accounts have acted.
func (m *Model) Accounts() int { return len(m.names) }

// Add adds an act at a key of the trace with that index. The strings may change after the call. Acts come in order of time. It takes time for the acts at the key within the window, up to 512.
func (m *Model) Add(trace int, name, account string, at int64) error {
	if trace < 0 || trace >= len(m.traces) {
		return fmt.Errorf("trace %d of %d", trace, len(m.traces))
	}
	if at < m.clock {
		return fmt.Errorf("an act at %d after one at %d: want them in order of time", at, m.clock)
	}
	if at > coaction.MaxTime || at < -coaction.MaxTime {
		return fmt.Errorf("time %d is out of range", at)
	}
	who, known := m.accounts[account]
	if !known {
		if len(m.names) >= m.opts.MaxAccounts {
			return fmt.Errorf("%w: %d", ErrFull, m.opts.MaxAccounts)
		}
		account = strings.Clone(account) // callers reuse the memory of events
		who = uint32(len(m.names))
		m.accounts[account] = who
		m.names = append(m.names, account)
		m.degree = append(m.degree, [MaxTraces]float32{})
	}
	m.clock = at
	t := &m.traces[trace]
	hash := xxh3.HashString(name)
	k := t.key(hash, name, at, m.opts.MaxKeys)
	if t.appears(hash, who, at, m.opts.MaxActs) {
		m.degree[who][trace]++
		t.acts++
		t.reach(k, 1, 0)
		if t.Batch {
			t.gather(k, who, at)
			t.touch(hash, k)
		}
	}
	if t.Batch {
		return nil
	}
	meetings, err := t.meets.Add(0, hash, uint64(who), at, 1)
	if err != nil {
		return err
	}
	for _, met := range meetings {
		t.reach(k, 0, 1/(met.Weight*met.Weight))
		m.meet(trace, k.name, who, uint32(met.Other), at, met)
	}
	if len(m.pairs) > m.opts.MaxPairs {
		m.forgetPairs()
	}
	return nil
}
