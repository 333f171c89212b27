package evidence

import (
	"cmp"
	"math"
	"slices"

	"github.com/zeebo/xxh3"
)

// Visit is an account at a key.
type Visit struct {
	Account uint32
	At      int64
}

// maxBatch is how many accounts a batch holds; what comes after is not part of it.
const maxBatch = 4096

// leastBatch is how many accounts a batch has at least.
const leastBatch = 3

// gather notes an account at a key of a batch.
func (t *trace) gather(place uint32, who uint32, at int64) {
	k := &t.keys.items[place]
	n := t.note(k.hash, who, at)
	v := t.numbered(n)
	v.before = k.head
	if last := t.numbered(k.head); last != nil {
		t.ring.Touch(uint32((k.head - 1) % uint64(t.room)))
		last.after = n
	}
	k.head = n
	if t.numbered(k.tail) == nil {
		k.tail, k.within = n, 0
	}
	k.within++
	for tail := t.numbered(k.tail); tail != nil && tail.at < at-t.window(); tail = t.numbered(k.tail) {
		k.tail = tail.after
		k.within--
	}
	if !k.touched {
		k.touched = true
		t.touched = append(t.touched, k.hash)
	}
	if k.within >= k.most && k.within <= maxBatch {
		if k.most < leastBatch && k.within == leastBatch {
			t.large = append(t.large, place)
		}
		k.most, k.from, k.upTo = k.within, k.tail, n
	}
}

// Batch is a key with more accounts than chance explains.
type Batch struct {
	Trace    int
	Key      string
	Visits   []Visit // in order of time, at most 4,096
	Expected float64 // accounts
	Log10P   float64

	hash uint64
}

// Batches are the batches that stand now, by trace. Of each key it is the window that held the most accounts. It takes time for the keys that ever had three
// accounts within a window, and for the accounts of batches.
func (m *Model) Batches() []Batch {
	var all []Batch
	for i := range m.traces {
		t := &m.traces[i]
		if !t.Batch || t.keys.len() == 0 {
			continue
		}
		rate, least := t.unusual(m.opts.Alpha)
		of := len(all)
		for _, p := range t.large {
			if k := &t.keys.items[p]; k.most >= uint32(least) {
				all = append(all, t.batch(i, k, rate))
			}
		}
		slices.SortFunc(all[of:], func(a, b Batch) int { return cmp.Compare(a.hash, b.hash) })
	}
	return all
}

// TouchedBatches are the batches that stand now and gained an account since the last call, as [Model.Batches] has them. It takes time for the keys that
// gained one.
func (m *Model) TouchedBatches() []Batch {
	var all []Batch
	for i := range m.traces {
		t := &m.traces[i]
		if len(t.touched) == 0 {
			continue
		}
		rate, least := t.unusual(m.opts.Alpha)
		of := len(all)
		for _, hash := range t.touched {
			place, known := t.find(hash)
			if !known || !t.keys.items[place].touched {
				continue
			}
			k := &t.keys.items[place]
			t.keys.touch(place)
			k.touched = false
			if k.most >= uint32(least) {
				all = append(all, t.batch(i, k, rate))
			}
		}
		t.touched = t.touched[:0]
		slices.SortFunc(all[of:], func(a, b Batch) int { return cmp.Compare(a.hash, b.hash) })
	}
	return all
}

func (t *trace) batch(trace int, k *key, rate float64) Batch {
	return Batch{trace, k.name, t.held(k), 1 + rate, logTail(rate, int(k.most)-1) / math.Ln10, k.hash}
}

// unusual is the mean number of other accounts at a key of a trace of batches, and how many accounts make a batch.
func (t *trace) unusual(alpha float64) (rate float64, least int) {
	keys := float64(t.keys.len() + t.gone)
	rate = max(t.Usual, t.acts/keys-1)
	limit := math.Log(alpha) - math.Log(keys)
	least = leastBatch
	for logTail(rate, least-1) > limit {
		least++
	}
	return rate, least
}

// held are the visits of a key's fullest window.
func (t *trace) held(k *key) []Visit {
	visits := make([]Visit, 0, k.most)
	for n := k.upTo; len(visits) < int(k.most); {
		v := t.numbered(n)
		if v == nil {
			break
		}
		if v.account != nobody {
			visits = append(visits, Visit{v.account, v.at})
		}
		if n == k.from {
			break
		}
		n = v.before
	}
	slices.Reverse(visits)
	return visits
}

// Visitors calls do with the accounts that were at a key of a trace of batches, the latest first, an account again for each visit that counted. It says whether there were at most so many
// visits ever; if there were more, do is not called.
func (m *Model) Visitors(trace int, name string, most int, do func(account uint32)) bool {
	t := &m.traces[trace]
	place, known := t.find(xxh3.HashString(name))
	if !known || t.keys.items[place].n > uint32(most) {
		return false
	}
	n := t.keys.items[place].head
	for range most {
		v := t.numbered(n)
		if v == nil {
			break
		}
		if v.account != nobody {
			do(v.account)
		}
		n = v.before
	}
	return true
}

// Prevalence is about how many accounts acted at the key of that hash (XXH3 of its name): an account counts again when it comes back after the window. 0 for a key that is not known, or not any more.
func (m *Model) Prevalence(trace int, hash uint64) float64 {
	t := &m.traces[trace]
	if place, known := t.find(hash); known {
		return float64(t.keys.items[place].n)
	}
	return 0
}

// bound is how many others before it an account of a batch is joined with at most.
const bound = 64

// Join calls do with pairs of a batch's accounts, each once: all of them as long as it is small, and of a large one so many that each has some 128
// others, chosen by hash, so that it is a random graph of even density and not a chain. They are those of the visits from one on with visits before them,
// so that a batch that grew can be gone on with.
func (b *Batch) Join(from int, do func(a, b uint32)) {
	chosen := map[int]bool{}
	for j := from; j < len(b.Visits); j++ {
		late := b.Visits[j]
		state := b.hash + uint64(j)
		clear(chosen)
		for n := range min(j, bound) {
			i := n
			if j > bound {
				state = state*6364136223846793005 + 1442695040888963407 // MMIX (Knuth)
				i = int((state >> 33) % uint64(j))
			}
			if !chosen[i] && b.Visits[i].Account != late.Account {
				chosen[i] = true
				do(min(b.Visits[i].Account, late.Account), max(b.Visits[i].Account, late.Account))
			}
		}
	}
}
