package evidence

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/ringfence/ringfence/graph/coaction"
)

// trace is what is known of the acts of one kind.
type trace struct {
	Trace
	meets *coaction.Stream
	keys  map[uint64]*key
	at    map[appearance]int64 // the latest act of an account at a key
	full  int                  // how many of these there may be until those out of the window are dropped

	touched []uint64 // of a batch: hashes of keys at which an account appeared since the last TouchedBatches

	acts  float64 // E: appearances
	close float64 // C
	gone  int     // keys that were forgotten
}

type appearance struct {
	key     uint64
	account uint32
}

// key is one key of a trace.
type key struct {
	name string
	last int64
	n    float64 // appearances
	k    float64 // co-actions

	// Of a batch: those within the window, in order of time, and the most that ever were.
	line    []Visit
	most    int
	held    []Visit // of that time, at most maxBatch
	touched bool
}

// Visit is an account at a key.
type Visit struct {
	Account uint32
	At      int64
}

// key is the key of that hash, new if it has to be.
func (t *trace) key(hash uint64, name string, at int64, most int) *key {
	k := t.keys[hash]
	if k == nil {
		if len(t.keys) >= most {
			t.forgetKeys()
		}
		k = &key{name: strings.Clone(name)}
		t.keys[hash] = k
	}
	k.last = at
	return k
}

// appears notes an act and says whether the account was away from the key for longer than the window.
func (t *trace) appears(hash uint64, who uint32, at int64, most int) bool {
	here := appearance{hash, who}
	then, known := t.at[here]
	t.at[here] = at
	if len(t.at) > max(1024, t.full) {
		maps.DeleteFunc(t.at, func(_ appearance, then int64) bool { return at-then > t.Window })
		t.full = min(most, 2*len(t.at))
		if len(t.at) >= most { // full of what is within the window: the older half goes
			times := slices.Sorted(maps.Values(t.at))
			cut := times[len(times)/2]
			maps.DeleteFunc(t.at, func(_ appearance, then int64) bool { return then < cut })
		}
	}
	return !known || at-then > t.Window
}

// reach adds appearances and co-actions to a key, and what they change in C.
func (t *trace) reach(k *key, n, pairs float64) {
	t.close -= k.share()
	k.n += n
	k.k += pairs
	t.close += k.share()
}

// share is what the key adds to C.
func (k *key) share() float64 {
	if k.n < 2 {
		return 0
	}
	return 2 * k.n * k.k / (k.n - 1)
}

// gather notes an account at a key of a batch.
func (t *trace) gather(k *key, who uint32, at int64) {
	old := 0
	for old < len(k.line) && at-k.line[old].At > t.Window {
		old++
	}
	if old > 0 {
		k.line = append(k.line[:0], k.line[old:]...)
	}
	if len(k.line) < maxBatch {
		k.line = append(k.line, Visit{who, at})
	}
	if len(k.line) >= k.most {
		k.most = len(k.line)
		k.held = append(k.held[:0], k.line...)
	}
}

// maxBatch is how many accounts a batch holds; what comes after is not part of it.
const maxBatch = 4096

// forgetKeys forgets the eighth of the keys that was touched longest ago. What they added to E and C stays.
func (t *trace) forgetKeys() {
	hashes := slices.SortedFunc(maps.Keys(t.keys), func(a, b uint64) int {
		return cmp.Or(cmp.Compare(t.keys[a].last, t.keys[b].last), cmp.Compare(a, b))
	})
	for _, hash := range hashes[:len(hashes)/8] {
		delete(t.keys, hash)
		t.gone++
	}
}
