package evidence

import (
	"math"
	"slices"
	"strings"

	"github.com/ringfence/ringfence/graph/paged"
)

// trace is what is known of the acts of one kind.
type trace struct {
	Trace
	nLevels int

	keys    slots[key]
	byKey   index
	gone    int      // keys that were forgotten
	touched []uint64 // of batches: hashes of the keys that gained an account since the last TouchedBatches
	large   []uint32 // of batches: the keys with leastBatch accounts or more within a window

	// visits is a ring of the latest acts that count: the one of number n ≥ 1 is at (n−1) mod room. Those older than the window serve the test of squads.
	visits  []visit
	ring    *paged.Table[visit] // of visits
	room    int
	count   uint64 // of all visits ever
	byVisit index  // by key and account, to the latest of each

	degrees degrees
	levels  [maxLevels]level
	fitted  float64 // acts at the last fit
	acts    float64 // all that count
}

// visit is an account at a key.
type visit struct {
	hash    uint64 // of the key
	account uint32 // nobody: it was forgotten
	at      int64
	before  uint64 // the number of the visit before it at the key; of pairs, among those of the sample
	after   uint64 // of a batch: that of the one after it
}

const nobody = math.MaxUint32

// key is one key of a trace.
type key struct {
	hash uint64
	name string // empty as long as one account alone was there
	last int64
	head uint64 // its latest visit; of pairs, among those of the sample
	n    uint32 // visits

	halved uint8 // of pairs: how often the sample was halved

	// Of a batch: the oldest visit within the window, how many there are, the most that ever were, and from and to which visit those were.
	tail       uint64
	within     uint32
	most       uint32
	from, upTo uint64
	touched    bool // it is in trace.touched
}

func placeOf(hash uint64, who uint32) uint64 { return mix(hash ^ uint64(who)<<32) }

// visit is the latest visit of an account at a key; nil if none is remembered.
func (t *trace) visit(hash uint64, who uint32) *visit {
	h := placeOf(hash, who)
	for place, at, ok := t.byVisit.next(h, t.byVisit.first(h)); ok; place, at, ok = t.byVisit.next(h, at) {
		if v := &t.visits[place]; v.hash == hash && v.account == who {
			return v
		}
	}
	return nil
}

// numbered is the visit of a number; nil if it is remembered no more.
func (t *trace) numbered(n uint64) *visit {
	if n == 0 || n+uint64(len(t.visits)) <= t.count {
		return nil
	}
	return &t.visits[(n-1)%uint64(t.room)]
}

// note remembers a visit, in the place of the oldest if there is no room, and returns its number.
func (t *trace) note(hash uint64, who uint32, at int64) uint64 {
	place := uint32(t.count % uint64(t.room))
	t.ring.Touch(place)
	if len(t.visits) < t.room {
		t.visits = append(t.visits, visit{})
	} else if v := &t.visits[place]; v.account != nobody {
		t.byVisit.remove(placeOf(v.hash, v.account), place)
	}
	t.point(hash, who, place)
	t.visits[place] = visit{hash: hash, account: who, at: at}
	t.count++
	return t.count
}

// point lets the index lead from an account at a key to the latest visit, at a place.
func (t *trace) point(hash uint64, who, place uint32) {
	h := placeOf(hash, who)
	for old, next, ok := t.byVisit.next(h, t.byVisit.first(h)); ok; old, next, ok = t.byVisit.next(h, next) {
		if v := &t.visits[old]; v.hash == hash && v.account == who {
			t.byVisit.remove(h, old)
			break
		}
	}
	t.byVisit.add(h, place)
}

// find is the place of the key of that hash.
func (t *trace) find(hash uint64) (uint32, bool) {
	for place, at, ok := t.byKey.next(hash, t.byKey.first(hash)); ok; place, at, ok = t.byKey.next(hash, at) {
		if t.keys.items[place].hash == hash {
			return place, true
		}
	}
	return 0, false
}

// key is the place of the key of that hash, new if it has to be, for one more visit.
func (t *trace) key(hash uint64, name string, at int64, most int) uint32 {
	place, known := t.find(hash)
	if !known {
		var full bool
		if place, full = t.keys.take(most); full {
			t.forgetKeys()
			place, _ = t.keys.take(most)
		}
		t.keys.items[place] = key{hash: hash}
		t.byKey.add(hash, place)
	}
	t.keys.touch(place)
	k := &t.keys.items[place]
	if k.n > 0 && k.name == "" {
		k.name = strings.Clone(name) // callers reuse the memory of events
	}
	k.n++
	k.last = at
	return place
}

// nameOf is the name of a key; empty if it was forgotten.
func (t *trace) nameOf(hash uint64) string {
	if place, known := t.find(hash); known {
		return t.keys.items[place].name
	}
	return ""
}

// forgetKeys forgets the eighth of the keys that was touched longest ago. What they added to what chance explains stays.
func (t *trace) forgetKeys() {
	all := make([]aged, 0, len(t.keys.items))
	for i := range t.keys.items {
		all = append(all, aged{t.keys.items[i].last, t.keys.items[i].hash, uint32(i)})
	}
	places := oldest(all, len(all)/8)
	for _, p := range places {
		t.byKey.remove(t.keys.items[p].hash, p)
	}
	t.keys.release(places)
	t.large = slices.DeleteFunc(t.large, func(p uint32) bool { return t.keys.items[p].hash == 0 })
	t.gone += len(places)
}

// forgetVisitors takes the visits of accounts out.
func (t *trace) forgetVisitors(dead []bool) {
	for i := range t.visits {
		if v := &t.visits[i]; v.account != nobody && dead[v.account] {
			t.byVisit.remove(placeOf(v.hash, v.account), uint32(i))
			t.ring.Touch(uint32(i))
			v.account = nobody
		}
	}
}
