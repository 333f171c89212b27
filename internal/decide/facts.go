package decide

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/model"
	"github.com/ringfence/ringfence/internal/state"
)

// facts is what decide knows beyond windows and ids, all of it in durable tables of the hot state and changed only by the loop.
type facts struct {
	state        *state.State
	labels       *state.Table[map[string]label]       // entity → by name
	allows       *state.Table[map[string]allow]       // entity → by policy; "" for all policies
	cases        *state.Table[map[string]openCase]    // entity → by policy
	enforcements *state.Table[map[string]enforcement] // entity → by step
	vetoes       *state.Table[map[string]veto]        // entity → by policy
	cleared      *state.Table[map[string]cleared]     // entity → by policy
	waiting      *state.Table[waiting]                // effect id
	waits        *state.Table[string]                 // entity NUL step NUL rule → effect id that waits
	caps         *state.Table[int64]                  // rule:id:day or policy:name:day → automatic enforcements; wait:id → effects that wait
	breakers     *state.Table[breaker]                // rule id
	changes      *state.Table[struct{}]               // ids of changes that were applied
	counters     *state.Table[int64]                  // "admitted": events that were decided, ever; brought up to date as an image begins
	rules        *state.Table[json.RawMessage]        // "active": the change that made the active rule set
	banks        *state.Table[bank.Stored]            // by name, without its entries
	entries      *state.Table[bank.Entry]             // bank NUL value
	standings    *state.Table[bank.Standing]          // likewise
	crowds       *state.Table[crowd]                  // likewise
	pictures     *state.Table[pictureFamily]          // id, eight bytes
	models       *state.Table[model.Edit]             // the last edit of each name
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

	Verdict string `json:",omitempty"` // the change that put it, if that was a verdict
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

// enforcement is a step in force on an entity.
type enforcement struct {
	Effect  string
	Policy  string
	Rule    string
	Since   int64
	Expires int64

	Group   string   `json:",omitempty"` // of an account: the group for whose sake it is in force
	Members []string `json:",omitempty"` // of a group: the accounts on which it is in force for its sake
}

// veto is a person's no to an enforcement: rules of the policy do not take that step, nor a stronger one, while it lasts.
type veto struct {
	Step    string
	By      string
	Expires int64
}

// waiting is an effect above a cap. It is kept until a person decides or effect.WaitsFor has passed.
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
		state:        s,
		labels:       table[map[string]label](s, "labels"),
		allows:       table[map[string]allow](s, "allows"),
		cases:        table[map[string]openCase](s, "cases"),
		enforcements: table[map[string]enforcement](s, "enforcements"),
		vetoes:       table[map[string]veto](s, "vetoes"),
		cleared:      table[map[string]cleared](s, "cleared"),
		waiting:      table[waiting](s, "waiting"),
		waits:        table[string](s, "waits"),
		caps:         state.NewTable(s, "caps", int64Codec),
		breakers:     state.NewTable(s, "breakers", breakerCodec),
		changes:      table[struct{}](s, "changes"),
		counters:     state.NewTable(s, "counters", int64Codec),
		rules:        table[json.RawMessage](s, "rules"),
		banks:        table[bank.Stored](s, "banks"),
		entries:      table[bank.Entry](s, "bank-entries"),
		standings:    table[bank.Standing](s, "bank-standings"),
		crowds:       state.NewTable(s, "bank-crowds", crowdCodec),
		pictures:     state.NewTable(s, "media-families", pictureCodec),
		models:       table[model.Edit](s, "models"),
	}
}

// HasLabel is how rules read labels.
func (f *facts) HasLabel(e event.Entity, name string) bool {
	l, ok := f.label(e.String(), name)
	return ok && l.on()
}

// Labels is how rules read what labels an entity bears.
func (f *facts) Labels(e event.Entity, to []string) []string {
	all, _ := f.labels.Get(e.String())
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if l := all[name]; l.on() && f.lasts(l.Expires) {
			to = append(to, name)
		}
	}
	return to
}

// label is what stands of an entity's label, on or removed by a person.
func (f *facts) label(entity, name string) (label, bool) {
	all, _ := f.labels.Get(entity)
	l, ok := all[name]
	return l, ok && f.lasts(l.Expires)
}

// lasts says whether something that expires then is still so at the event clock.
func (f *facts) lasts(expires int64) bool { return expires == 0 || expires > f.state.Clock() }

// allowed says whether a person keeps rules of the policy from acting on an entity.
func (f *facts) allowed(entity, policy string) bool {
	all, _ := f.allows.Get(entity)
	for _, p := range [...]string{"", policy} {
		if a, ok := all[p]; ok && f.lasts(a.Expires) {
			return true
		}
	}
	return false
}

// expiring is an entry of an entity that ends by itself.
type expiring interface{ expires() int64 }

func (l label) expires() int64       { return l.Expires }
func (a allow) expires() int64       { return a.Expires }
func (v veto) expires() int64        { return v.Expires }
func (e enforcement) expires() int64 { return e.Expires }
func (c cleared) expires() int64     { return c.Expires }
func (openCase) expires() int64      { return 0 }

// inForce is the strongest step in force on an entity; empty if there is none.
func (f *facts) inForce(entity string) (step string, e enforcement) {
	all, _ := f.enforcements.Get(entity)
	for s, have := range all {
		if f.lasts(have.Expires) && steps[s] > steps[step] {
			step, e = s, have
		}
	}
	return step, e
}

// edit puts an entry of an entity, or takes it out. The map in the table is never changed in place, since an image may still
// have to encode it; entries that have ended are dropped on the way, and the whole expires with the last of them.
func edit[V expiring](f *facts, t *state.Table[map[string]V], entity, name string, put *V) {
	old, _ := t.Get(entity)
	all := make(map[string]V, len(old)+1)
	for k, v := range old {
		if f.lasts(v.expires()) {
			all[k] = v
		}
	}
	delete(all, name)
	if put != nil {
		all[name] = *put
	}
	if len(all) == 0 {
		t.Delete(entity)
		return
	}
	last := int64(0)
	for _, v := range all {
		if v.expires() == 0 {
			last = 0
			break
		}
		last = max(last, v.expires())
	}
	t.Put(entity, all, last)
}

// table makes a table whose entries are JSON. They are written when a fact changes, not at every fire, so a readable form is
// worth more than a quick one. Struct fields keep their order and map keys are sorted, hence equal values have equal bytes.
func table[V any](s *state.State, name string) *state.Table[V] {
	return state.NewTable(s, name, state.Codec[V]{
		Append: func(dst []byte, v V) []byte {
			b, err := json.Marshal(v)
			if err != nil {
				panic(fmt.Sprintf("decide: encode %T: %v", v, err)) // plain data always encodes
			}
			return append(dst, b...)
		},
		Decode: func(b []byte) (v V, err error) {
			err = json.Unmarshal(b, &v)
			return v, err
		},
	})
}

// int64Codec has a fixed size, so that counting does not change what an entry costs.
var int64Codec = state.Codec[int64]{
	Append: func(dst []byte, n int64) []byte { return binary.LittleEndian.AppendUint64(dst, uint64(n)) },
	Decode: func(data []byte) (int64, error) {
		if len(data) != 8 {
			return 0, errors.New("decide: a counter is not of eight bytes")
		}
		return int64(binary.LittleEndian.Uint64(data)), nil
	},
}

// breakerCodec is in binary, since a breaker changes whenever its rule fires: four integers, then the version. The integers have
// a fixed size, so that counting does not change what an entry costs.
var breakerCodec = state.Codec[breaker]{
	Append: func(dst []byte, b breaker) []byte {
		for _, n := range [...]int64{b.Block, b.Current, b.Before, b.Tripped} {
			dst = binary.LittleEndian.AppendUint64(dst, uint64(n))
		}
		return append(dst, b.Version...)
	},
	Decode: func(data []byte) (b breaker, err error) {
		for _, n := range [...]*int64{&b.Block, &b.Current, &b.Before, &b.Tripped} {
			if len(data) < 8 {
				return b, errors.New("decide: a breaker is cut short")
			}
			*n = int64(binary.LittleEndian.Uint64(data))
			data = data[8:]
		}
		b.Version = string(data)
		return b, nil
	},
}
