package evidence

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/graph/paged"
)

// MaxTraces and MaxScales are how many traces a model may have, and how many windows a trace.
const (
	MaxTraces = 24
	MaxScales = 5
)

// Trace is a kind of co-action.
type Trace struct {
	Name  string
	Class string // traces that see the same acts are of one class; of a batch it does not matter

	// Windows are the scales at which acts on one key are co-actions: 1 to MaxScales of them, ascending, above 0, in the unit of the caller's times. What an account does
	// again at a key within the greatest is not a new act. A batch has one.
	Windows []int64

	// Batch says that keys are tested and not pairs. Usual is the least that is taken for the mean number of other accounts at a key, above 0:
	// where nearly all keys have one account, a household of three must not be a wonder.
	Batch bool
	Usual float64
}

// window is the greatest.
func (t *Trace) window() int64 { return t.Windows[len(t.Windows)-1] }

// Options are those of a [Model].
type Options struct {
	Traces []Trace // 1 to MaxTraces

	// Alpha is the share of edges that may be due to chance, in (0, 1); and for a trace of batches the chance that any key of it is.
	Alpha float64

	// MaxAccounts, MaxKeys, MaxPairs and MaxActs bound the memory, at about 150, 130, 70 and 60 bytes each, keys and acts by trace. Beyond, the
	// accounts, keys and pairs that were touched longest ago are forgotten, an eighth at a time, and the oldest acts.
	MaxAccounts, MaxKeys, MaxPairs, MaxActs int

	// Forgotten, if set, is called with each account that is forgotten, before its number is given to another.
	Forgotten func(account uint32)
}

// maxTime is the greatest time, and minus it the least, so that sums and differences of times fit.
const maxTime = math.MaxInt64 / 4

func (o *Options) check() error {
	if len(o.Traces) < 1 || len(o.Traces) > MaxTraces {
		return fmt.Errorf("%d traces: want 1 to %d", len(o.Traces), MaxTraces)
	}
	for _, t := range o.Traces {
		if len(t.Windows) < 1 || len(t.Windows) > MaxScales || t.Batch && len(t.Windows) > 1 {
			return fmt.Errorf("trace %q has %d windows: want 1 to %d, and 1 of a batch", t.Name, len(t.Windows), MaxScales)
		}
		if t.Windows[0] <= 0 || !slices.IsSorted(t.Windows) || t.window() > maxTime {
			return fmt.Errorf("trace %q has windows of %d: want them ascending, above 0 and at most %d", t.Name, t.Windows, int64(maxTime))
		}
		if t.Batch && !(t.Usual > 0) {
			return fmt.Errorf("trace %q takes %v other accounts at a key for usual: want more than 0", t.Name, t.Usual)
		}
	}
	switch {
	case !(o.Alpha > 0 && o.Alpha < 1):
		return fmt.Errorf("alpha %v: want one above 0 and below 1", o.Alpha)
	case min(o.MaxAccounts, o.MaxKeys, o.MaxPairs, o.MaxActs) < 64 || max(o.MaxAccounts, o.MaxKeys, o.MaxPairs, o.MaxActs) > math.MaxInt32:
		return fmt.Errorf("at most %d accounts, %d keys, %d pairs and %d acts: want 64 to %d of each", o.MaxAccounts, o.MaxKeys, o.MaxPairs, o.MaxActs, math.MaxInt32)
	}
	return nil
}

// ErrOrder is the error of an act that is older than one before it.
var ErrOrder = errors.New("acts come in order of time")

// Model collects acts, in order of time, and says which edges stand. It is not safe for concurrent use.
type Model struct {
	opts     Options
	classes  []int // of each trace; batches have none
	nClasses int
	clock    int64

	accounts slots[account]
	byName   index
	degree   []uint32 // acts that count, of each account by trace

	traces []trace
	ties   slots[tie]
	byTie  index
	pairs  slots[pair]
	byPair index

	fresh  []uint32 // pairs that met since the last Edges or Touched
	limits limits
	fits   int     // how often limits were found
	near   []other // of Add

	book    paged.Book
	degrees *paged.Table[uint32] // of degree
}

type account struct {
	name string // empty: the place is free
	last int64
	pair uint32 // the first of its pairs, + 1
}

// New makes an empty model.
func New(o Options) (*Model, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	o.Traces = slices.Clone(o.Traces)
	m := &Model{opts: o, clock: math.MinInt64}
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
		m.traces = append(m.traces, trace{Trace: t, nLevels: len(t.Windows) * crowds, room: o.MaxActs})
	}
	m.nClasses = len(classes)
	m.bind()
	return m, nil
}

// Accounts is one more than the greatest number of an account.
func (m *Model) Accounts() int { return len(m.accounts.items) }

// Name is the name of an account.
func (m *Model) Name(account uint32) string { return m.accounts.items[account].name }

// Account is the number of an account that has acted; false if it has not, or was forgotten.
func (m *Model) Account(name string) (uint32, bool) {
	hash := xxh3.HashString(name)
	for place, at, ok := m.byName.next(hash, m.byName.first(hash)); ok; place, at, ok = m.byName.next(hash, at) {
		if m.accounts.items[place].name == name {
			return place, true
		}
	}
	return 0, false
}

// Add adds an act at a key of the trace with that index. The strings may change after the call. Acts come in order of time. It takes time for the acts at the key
// within the greatest window, up to about a hundred, and on popular keys for the account's pairs, up to as many.
func (m *Model) Add(trace int, name, account string, at int64) error {
	if trace < 0 || trace >= len(m.traces) {
		return fmt.Errorf("trace %d of %d", trace, len(m.traces))
	}
	if at < m.clock {
		return fmt.Errorf("%w: one at %d after one at %d", ErrOrder, at, m.clock)
	}
	if at > maxTime || at < -maxTime {
		return fmt.Errorf("time %d is out of range", at)
	}
	m.clock = at
	who := m.account(account, at)
	t := &m.traces[trace]
	hash := xxh3.HashString(name)
	if v := t.visit(hash, who); v != nil && at-v.at <= t.window() {
		return nil
	}
	of := int(who)*len(m.traces) + trace
	m.degrees.Touch(uint32(of))
	d := &m.degree[of]
	*d++
	t.degrees.raise(*d)
	t.acts++
	place := t.key(hash, name, at, m.opts.MaxKeys)
	if t.Batch {
		t.gather(place, who, at)
		return nil
	}
	m.meet(trace, place, who, at)
	return nil
}

// account is the number of an account, new if it has to be.
func (m *Model) account(name string, at int64) uint32 {
	who, known := m.Account(name)
	if !known {
		var full bool
		if who, full = m.accounts.take(m.opts.MaxAccounts); full {
			m.forgetAccounts()
			who, _ = m.accounts.take(m.opts.MaxAccounts)
		}
		name = strings.Clone(name) // callers reuse the memory of events
		m.accounts.items[who] = account{name: name}
		m.byName.add(xxh3.HashString(name), who)
		if need := len(m.accounts.items) * len(m.traces); need > len(m.degree) {
			for i := len(m.degree); i < need; i++ {
				m.degrees.Touch(uint32(i))
			}
			m.degree = append(m.degree, make([]uint32, need-len(m.degree))...)
		}
	}
	m.accounts.touch(who)
	m.accounts.items[who].last = at
	return who
}

// forgetAccounts forgets the eighth of the accounts that acted the longest ago, and all that is theirs. What they added to what chance explains stays.
func (m *Model) forgetAccounts() {
	var all []aged
	for i := range m.accounts.items {
		if a := &m.accounts.items[i]; a.name != "" {
			all = append(all, aged{a.last, xxh3.HashString(a.name), uint32(i)})
		}
	}
	places := oldest(all, len(all)/8)
	dead := make([]bool, len(m.accounts.items))
	for _, p := range places {
		dead[p] = true
		if m.opts.Forgotten != nil {
			m.opts.Forgotten(p)
		}
	}
	m.forgetPairs(func(a, b uint32) bool { return dead[a] || dead[b] })
	m.forgetTies(func(t *tie) bool { a, b := ends(t.pair); return dead[a] || dead[b] })
	for i := range m.traces {
		m.traces[i].forgetVisitors(dead)
	}
	for _, p := range places {
		m.byName.remove(xxh3.HashString(m.accounts.items[p].name), p)
		for i := range m.traces {
			m.degrees.Touch(p*uint32(len(m.traces)) + uint32(i))
			m.degree[int(p)*len(m.traces)+i] = 0
		}
	}
	m.accounts.release(places)
}
