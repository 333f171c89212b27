package review

import (
	"cmp"
	"container/heap"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Lane is a reason for which cases are looked at, with a share of the capacity of its own.
type Lane uint8

// The lanes.
const (
	Deadline Lane = iota // has to be decided by a time (law, child safety, imminent harm): earliest deadline first
	Harm                 // most harm averted a minute first
	Random               // drawn from the Harm lane in proportion to views, with known chance: for prevalence and calibration
	Quality              // golden cases, and blind second decisions on decided ones: oldest first
	Appeal               // somebody says that a decision was wrong: most harm of the error first, by the deadline, never the same reviewer

	nLanes
)

// String is the lane's name in the API.
func (l Lane) String() string {
	return [...]string{"deadline", "harm", "random", "quality", "appeal"}[l]
}

// Shares are the parts of the decisions that go to each lane while it has cases. What a lane does not use goes to the others in proportion.
type Shares [nLanes]float64

// DefaultShares are those the program ships with.
func DefaultShares() Shares {
	return Shares{Deadline: .25, Harm: .6, Random: .05, Quality: .05, Appeal: .05}
}

const (
	// Ageing is the wait after which a case ranks as one of twice its value, so that nothing starves: a case is overtaken only by
	// cases whose value is 2^(d/Ageing) times its own and that came at most d after it.
	Ageing = 4 * 24 * time.Hour

	// urgent is how long before its deadline a case goes before everything else, whatever the shares.
	urgent = 4 * time.Hour

	// floor keeps values away from 0, of which doubling makes nothing.
	floor = 1e-3
)

// Entry is a case as the queue sees it.
type Entry[K cmp.Ordered] struct {
	Key      K
	Lane     Lane      // Random is not put: it is drawn from Harm
	Value    float64   // of a Harm case its Priority.Value; of an appeal harm of the error × P(overturn) a minute; not read in other lanes
	Views    float64   // views by which the Random lane draws, at least 0
	Since    time.Time // waiting since
	Deadline time.Time // of Deadline and Appeal; zero is none
	Not      []string  // reviewers who must not get it
}

// Pick is a case handed out.
type Pick[K cmp.Ordered] struct {
	Entry[K]
	Lane       Lane    // under which it was handed out: Random where the entry's is Harm
	Propensity float64 // chance with which this case and no other was drawn, given what waited; 1 where no chance decided
}

// Queue hands out cases by lanes. The same calls with the same seed give the same cases in the same order; ties go to what waits longer
// and then to the smaller key. Putting, removing and handing out take O(log n), and a case takes about 250 bytes.
type Queue[K cmp.Ordered] struct {
	shares  Shares
	served  Shares // decisions handed out to each lane, fading
	lanes   [nLanes]lane[K]
	places  map[K]*item[K]
	weights fenwick
	drawn   []*item[K] // the cases of Harm by their place in weights
	free    []int
	rng     *rand.Rand
}

// NewQueue is an empty queue. It panics if a share is negative or not finite, or the share of Harm is not over 0.
func NewQueue[K cmp.Ordered](shares Shares, seed uint64) *Queue[K] {
	for _, s := range shares {
		if !(s >= 0) || math.IsInf(s, 0) || shares[Harm] == 0 {
			panic(fmt.Sprintf("review: shares %v: want numbers that are at least 0, and over 0 for harm", shares))
		}
	}
	return &Queue[K]{shares: shares, places: map[K]*item[K]{}, rng: rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))}
}

// item is an entry in a heap.
type item[K cmp.Ordered] struct {
	Entry[K]
	order float64 // smaller goes first
	place int     // in the heap
	draw  int     // in drawn; of Harm only
}

// Put adds a case, or changes it in place if it waits already.
func (q *Queue[K]) Put(e Entry[K]) {
	if e.Lane == Random || e.Lane >= nLanes {
		panic(fmt.Sprintf("review: a case cannot be put into lane %d", e.Lane))
	}
	it := q.places[e.Key]
	if it != nil && it.Lane == e.Lane {
		it.Entry, it.order = e, e.order()
		heap.Fix(&q.lanes[e.Lane], it.place)
		if e.Lane == Harm {
			q.weights.set(it.draw, e.weight())
		}
		return
	}
	if it != nil {
		q.Remove(e.Key)
	}
	it = &item[K]{Entry: e, order: e.order()}
	q.places[e.Key] = it
	q.push(it)
	if e.Lane == Harm {
		q.enrol(it)
	}
}

// order of an entry in its lane. A value that doubles with the wait keeps the order of two cases for ever: it is enough to compare
// what they would have been worth at one fixed time.
func (e *Entry[K]) order() float64 {
	switch e.Lane {
	case Deadline:
		if e.Deadline.IsZero() {
			return math.Inf(1)
		}
		return hours(e.Deadline)
	case Quality:
		return hours(e.Since)
	default:
		value := e.Value
		if !(value > floor) {
			value = floor
		}
		return hours(e.Since)/Ageing.Hours() - math.Log2(min(value, 1e18))
	}
}

// hours since 1970, with a resolution of microseconds.
func hours(t time.Time) float64 { return float64(t.UnixMicro()) / float64(time.Hour.Microseconds()) }

// weight by which a case is drawn at random. One that nobody saw yet can be drawn, too.
func (e *Entry[K]) weight() float64 {
	if !(e.Views > 0) {
		return 1
	}
	return 1 + min(e.Views, 1e12)
}

// Remove takes a case out, and says whether it waited.
func (q *Queue[K]) Remove(key K) bool {
	it := q.places[key]
	if it == nil {
		return false
	}
	heap.Remove(&q.lanes[it.Lane], it.place)
	q.forget(it)
	return true
}

// Len is the number of cases that wait.
func (q *Queue[K]) Len() int { return len(q.places) }

// Waiting is the number of cases that wait in a lane; those of Random wait in Harm.
func (q *Queue[K]) Waiting(l Lane) int { return len(q.lanes[l]) }

// Next hands out and removes the case that a reviewer should decide now; false if nothing waits that this reviewer may have. Who does not
// get to a verdict puts it back.
func (q *Queue[K]) Next(reviewer string, now time.Time) (Pick[K], bool) {
	for _, l := range [...]Lane{Deadline, Appeal} {
		if it := q.due(l, reviewer, now); it != nil {
			return q.hand(it, l, 1), true
		}
	}
	for _, l := range q.turn() {
		if l == Random {
			if it, chance := q.draw(reviewer); it != nil {
				return q.hand(it, Random, chance), true
			}
			continue
		}
		if it := q.first(l, reviewer); it != nil {
			return q.hand(it, l, 1), true
		}
	}
	return Pick[K]{}, false
}

// due is the case of a lane that the reviewer may have and that has to be decided soon. Appeals are few: they are looked through.
func (q *Queue[K]) due(l Lane, reviewer string, now time.Time) *item[K] {
	soon := func(it *item[K]) bool { return !it.Deadline.IsZero() && it.Deadline.Sub(now) < urgent }
	if l == Deadline {
		if it := q.first(l, reviewer); it != nil && soon(it) {
			return it
		}
		return nil
	}
	var best *item[K]
	for _, it := range q.lanes[l] {
		if soon(it) && it.may(reviewer) && (best == nil || it.Deadline.Before(best.Deadline) || it.Deadline.Equal(best.Deadline) && it.Key < best.Key) {
			best = it
		}
	}
	return best
}

// turn is the order in which lanes are tried: those furthest behind their share first.
func (q *Queue[K]) turn() []Lane {
	total := 0.0
	for l := range nLanes {
		total += q.served[l]
	}
	behind := func(l Lane) float64 { return q.shares[l]*(total+1) - q.served[l] }
	lanes := make([]Lane, 0, nLanes)
	for l := range nLanes {
		if q.shares[l] > 0 {
			lanes = append(lanes, l)
		}
	}
	slices.SortStableFunc(lanes, func(a, b Lane) int { return cmp.Compare(behind(b), behind(a)) })
	for l := range nLanes { // a share of 0 still serves when nothing else waits
		if q.shares[l] == 0 && l != Random {
			lanes = append(lanes, l)
		}
	}
	return lanes
}

// first is the foremost case of a lane that the reviewer may have; those passed over go back.
func (q *Queue[K]) first(l Lane, reviewer string) *item[K] {
	lane := &q.lanes[l]
	var passed []*item[K]
	var found *item[K]
	for len(*lane) > 0 && found == nil {
		if it := (*lane)[0]; it.may(reviewer) {
			found = it
		} else {
			passed = append(passed, heap.Pop(lane).(*item[K]))
		}
	}
	for _, it := range passed {
		q.push(it)
	}
	return found
}

// draw is a case of Harm by chance in proportion to its weight, and the chance. One that the reviewer must not have is not
// replaced by another, which would make the chance unknown.
func (q *Queue[K]) draw(reviewer string) (*item[K], float64) {
	total := q.weights.total()
	if total <= 0 {
		return nil, 0
	}
	it := q.drawn[q.weights.find(q.rng.Float64()*total)]
	if it == nil || !it.may(reviewer) {
		return nil, 0
	}
	return it, it.weight() / total
}

func (q *Queue[K]) hand(it *item[K], l Lane, chance float64) Pick[K] {
	heap.Remove(&q.lanes[it.Lane], it.place)
	q.forget(it)
	const memory = .999 // shares hold over some thousand decisions
	for i := range q.served {
		q.served[i] *= memory
	}
	q.served[l]++
	return Pick[K]{it.Entry, l, chance}
}

func (it *item[K]) may(reviewer string) bool { return !slices.Contains(it.Not, reviewer) }

func (q *Queue[K]) push(it *item[K]) { heap.Push(&q.lanes[it.Lane], it) }

// enrol gives a case of Harm a place among those that may be drawn.
func (q *Queue[K]) enrol(it *item[K]) {
	if n := len(q.free); n > 0 {
		it.draw, q.free = q.free[n-1], q.free[:n-1]
		q.drawn[it.draw] = it
	} else {
		it.draw = len(q.drawn)
		q.drawn = append(q.drawn, it)
		q.weights.grow()
	}
	q.weights.set(it.draw, it.weight())
}

func (q *Queue[K]) forget(it *item[K]) {
	delete(q.places, it.Key)
	if it.Lane == Harm {
		q.weights.set(it.draw, 0)
		q.drawn[it.draw] = nil
		q.free = append(q.free, it.draw)
	}
}

// lane is a heap of cases.
type lane[K cmp.Ordered] []*item[K]

func (l lane[K]) Len() int { return len(l) }

func (l lane[K]) Less(i, j int) bool {
	a, b := l[i], l[j]
	if a.order != b.order {
		return a.order < b.order
	}
	if !a.Since.Equal(b.Since) {
		return a.Since.Before(b.Since)
	}
	return a.Key < b.Key
}

func (l lane[K]) Swap(i, j int) {
	l[i], l[j] = l[j], l[i]
	l[i].place, l[j].place = i, j
}

func (l *lane[K]) Push(x any) {
	it := x.(*item[K])
	it.place = len(*l)
	*l = append(*l, it)
}

func (l *lane[K]) Pop() any {
	old := *l
	it := old[len(old)-1]
	old[len(old)-1] = nil
	*l = old[:len(old)-1]
	return it
}
