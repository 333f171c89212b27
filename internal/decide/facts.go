package decide

import (
	"encoding/json"
	"fmt"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/state"
)

// facts is what decide knows beyond windows and ids, all of it in durable tables of the hot state and changed only by the loop.
type facts struct {
	labels       *state.Table[label]           // entity NUL name
	allows       *state.Table[allow]           // entity NUL policy; policy empty for all
	cases        *state.Table[openCase]        // policy NUL entity
	enforcements *state.Table[enforcement]     // entity
	waiting      *state.Table[waiting]         // effect id
	waits        *state.Table[string]          // entity NUL step → effect id that waits
	caps         *state.Table[int64]           // rule:id:day or policy:name:day → automatic enforcements
	breakers     *state.Table[breaker]         // rule id
	changes      *state.Table[struct{}]        // ids of changes that were applied
	counters     *state.Table[int64]           // "admitted": events, ever; written as an image begins
	rules        *state.Table[json.RawMessage] // "active": the change that made the active rule set
}

// labelStatus orders what may replace what: a person beats a rule, and within one event adding beats removing.
type labelStatus uint8

const (
	ruleAdded labelStatus = iota + 1
	personRemoved
	personAdded
)

// label is a fact on an entity.
type label struct {
	Status  labelStatus
	By      string // rule id or person
	Reason  string
	Since   int64
	Expires int64 // 0 never
}

func (l label) on() bool { return l.Status == ruleAdded || l.Status == personAdded }

// allow keeps rules from acting on an entity.
type allow struct {
	By      string
	Reason  string
	Expires int64
}

// openCase says that a case is open, so that the next effect joins it.
type openCase struct {
	Since  int64
	Effect string // the first
}

// enforcement is the strongest step in force on an entity.
type enforcement struct {
	Step    string
	Effect  string
	Rule    string
	Since   int64
	Expires int64
}

// waiting is an effect above a cap. It is kept until a person decides or waitingFor has passed.
type waiting struct {
	Effect effect.Effect
	Lasts  int64 // how long the enforcement is to last once approved; 0 for ever
}

// breaker counts how often a rule fired lately and whether that took it out of live mode. Blocks are runs of blockSize
// admitted events.
type breaker struct {
	Version string
	Block   int64 // the block Current counts
	Current int64
	Before  int64 // fires in the block before
	Tripped int64 // event time at which the rule went into shadow; 0 if it did not
}

func newFacts(s *state.State) *facts {
	return &facts{
		labels:       state.NewTable[label](s, "labels", jsonCodec[label]{}),
		allows:       state.NewTable[allow](s, "allows", jsonCodec[allow]{}),
		cases:        state.NewTable[openCase](s, "cases", jsonCodec[openCase]{}),
		enforcements: state.NewTable[enforcement](s, "enforcements", jsonCodec[enforcement]{}),
		waiting:      state.NewTable[waiting](s, "waiting", jsonCodec[waiting]{}),
		waits:        state.NewTable[string](s, "waits", jsonCodec[string]{}),
		caps:         state.NewTable[int64](s, "caps", jsonCodec[int64]{}),
		breakers:     state.NewTable[breaker](s, "breakers", jsonCodec[breaker]{}),
		changes:      state.NewTable[struct{}](s, "changes", jsonCodec[struct{}]{}),
		counters:     state.NewTable[int64](s, "counters", jsonCodec[int64]{}),
		rules:        state.NewTable[json.RawMessage](s, "rules", jsonCodec[json.RawMessage]{}),
	}
}

// HasLabel is how rules read labels.
func (f *facts) HasLabel(e event.Entity, name string) bool {
	l, ok := f.labels.Get(labelKey(e, name))
	return ok && l.on()
}

// allowed says whether a person keeps rules of the policy from acting on e.
func (f *facts) allowed(e event.Entity, policy string) bool {
	if _, ok := f.allows.Get(e.String() + "\x00"); ok {
		return true
	}
	_, ok := f.allows.Get(e.String() + "\x00" + policy)
	return ok
}

func labelKey(e event.Entity, name string) string { return e.String() + "\x00" + name }

// jsonCodec encodes the entries of tables. These are written when a fact changes, not for every event, so a readable form
// is worth more than a small one. Struct fields keep their order, hence equal values have equal bytes.
type jsonCodec[V any] struct{}

func (jsonCodec[V]) Append(dst []byte, v V) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("decide: encode %T: %v", v, err)) // plain data always encodes
	}
	return append(dst, b...)
}

func (jsonCodec[V]) Decode(src []byte) (V, error) {
	var v V
	err := json.Unmarshal(src, &v)
	return v, err
}
