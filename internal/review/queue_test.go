package review

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func put(q *Queue[string], key string, l Lane, value float64, more ...func(*Entry[string])) {
	e := Entry[string]{Key: key, Lane: l, Value: value, Since: monday}
	for _, m := range more {
		m(&e)
	}
	q.Put(e)
}

func by(hours float64) func(*Entry[string]) {
	return func(e *Entry[string]) { e.Deadline = monday.Add(time.Duration(hours * float64(time.Hour))) }
}

func not(reviewers ...string) func(*Entry[string]) {
	return func(e *Entry[string]) { e.Not = reviewers }
}

// drain takes out everything that a reviewer may have: "lane:key lane:key …".
func drain(q *Queue[string], reviewer string, now time.Time) string {
	var got []string
	for {
		p, ok := q.Next(reviewer, now)
		if !ok {
			return strings.Join(got, " ")
		}
		got = append(got, p.Lane.String()+":"+p.Key)
	}
}

func TestQueue(t *testing.T) {
	only := func(l Lane) Shares {
		s := Shares{Harm: 1e-9}
		s[l] += 1
		return s
	}
	for _, test := range []struct {
		name   string
		shares Shares
		put    func(q *Queue[string])
		want   string
	}{
		{"harm by value", only(Harm), func(q *Queue[string]) { put(q, "a", Harm, 1); put(q, "b", Harm, 5); put(q, "c", Harm, 3) }, "harm:b harm:c harm:a"},
		{"ties by key", only(Harm), func(q *Queue[string]) { put(q, "b", Harm, 1); put(q, "a", Harm, 1) }, "harm:a harm:b"},
		{"values that are none", only(Harm), func(q *Queue[string]) {
			put(q, "a", Harm, math.NaN())
			put(q, "b", Harm, math.Inf(-1))
			put(q, "c", Harm, math.Inf(1))
			put(q, "d", Harm, 5)
		}, "harm:c harm:d harm:a harm:b"},
		{"put again", only(Harm), func(q *Queue[string]) { put(q, "a", Harm, 1); put(q, "b", Harm, 5); put(q, "a", Harm, 9) }, "harm:a harm:b"},
		{"moved", only(Harm), func(q *Queue[string]) { put(q, "a", Harm, 1); put(q, "b", Harm, 5); put(q, "a", Deadline, 0, by(1)) }, "deadline:a harm:b"},
		{"twice the value after Ageing", only(Harm), func(q *Queue[string]) {
			put(q, "new", Harm, 1.9)
			put(q, "newer", Harm, 2.1)
			put(q, "old", Harm, 1, func(e *Entry[string]) { e.Since = monday.Add(-Ageing) })
		}, "harm:newer harm:old harm:new"},
		{"deadlines", DefaultShares(), func(q *Queue[string]) {
			put(q, "x", Harm, 1e9)
			put(q, "late", Deadline, 0, by(-5))
			put(q, "soon", Deadline, 0, by(3))
			put(q, "sooner", Deadline, 0, by(2))
		}, "deadline:late deadline:sooner deadline:soon harm:x"},
		{"appeals are never left over their time", DefaultShares(), func(q *Queue[string]) {
			put(q, "x", Harm, 1e9)
			put(q, "big", Appeal, 50, by(200))
			put(q, "small", Appeal, 1, by(1))
		}, "appeal:small harm:x appeal:big"},
		{"never the same reviewer", only(Appeal), func(q *Queue[string]) {
			put(q, "mine", Appeal, 9, not("ann"))
			put(q, "other", Appeal, 1, not("bob"))
			put(q, "due", Appeal, 1, by(1), not("cid", "ann"))
		}, "appeal:other"},
		{"golden cases by age", only(Quality), func(q *Queue[string]) {
			put(q, "a", Quality, 9)
			put(q, "b", Quality, 0, func(e *Entry[string]) { e.Since = monday.Add(-time.Hour) })
		}, "quality:b quality:a"},
	} {
		t.Run(test.name, func(t *testing.T) {
			q := NewQueue[string](test.shares, 1)
			test.put(q)
			if got := drain(q, "ann", monday); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestSharesHoldOverTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shares := Shares{Harm: rapid.Float64Range(.1, 1).Draw(t, "harm")}
		for _, l := range []Lane{Deadline, Random, Quality, Appeal} {
			shares[l] = rapid.Float64Range(0, .5).Draw(t, l.String())
		}
		total := 0.0
		for _, s := range shares {
			total += s
		}
		for l := range shares {
			shares[l] /= total
		}
		q := NewQueue[string](shares, rapid.Uint64().Draw(t, "seed"))
		const n = 1000
		var got Shares
		for i := range n {
			for _, l := range []Lane{Deadline, Harm, Quality, Appeal} { // there is always something to choose from
				for range 2 - min(2, q.Waiting(l)) {
					put(q, fmt.Sprint(l, i, q.Len()), l, 1, by(1e6))
				}
			}
			p, ok := q.Next("ann", monday)
			if !ok {
				t.Fatal("nothing to do")
			}
			got[p.Lane] += 1. / n
		}
		for l := range got {
			if math.Abs(got[l]-shares[l]) > .01 {
				t.Errorf("lane %v gets %.3f of the decisions, want %.3f", Lane(l), got[l], shares[l])
			}
		}
	})
}

// TestNothingStarves: at full load, a case that is worth a thousandth of all others is decided within 10 times Ageing and a little.
func TestNothingStarves(t *testing.T) {
	q := NewQueue[string](Shares{Harm: 1}, 1)
	put(q, "least", Harm, 1)
	for i := range 100 {
		put(q, fmt.Sprint("old ", i), Harm, 1000)
	}
	now := monday
	for i := 0; ; i++ {
		p, ok := q.Next("ann", now)
		if ok && p.Key == "least" {
			break
		}
		if now.Sub(monday) > 11*Ageing {
			t.Fatalf("still waiting after %v", now.Sub(monday))
		}
		put(q, fmt.Sprint("new ", i), Harm, 1000, func(e *Entry[string]) { e.Since = now })
		now = now.Add(10 * time.Minute)
	}
	if waited := now.Sub(monday); waited < 9*Ageing {
		t.Errorf("decided after %v: ageing outweighs value", waited)
	}
}

// TestRandomLaneDrawsInProportion counts how often each of four cases is drawn first, and compares with the chance that was told.
func TestRandomLaneDrawsInProportion(t *testing.T) {
	const n = 20000
	q := NewQueue[string](Shares{Harm: 1e-9, Random: 1}, 7)
	views := map[string]float64{"a": 0, "b": 9, "c": 29, "d": 159}
	for key, v := range views {
		put(q, key, Harm, 1, func(e *Entry[string]) { e.Views = v })
	}
	drawn := map[string]int{}
	for range n {
		p, _ := q.Next("ann", monday)
		if p.Lane != Random {
			continue // once in a long while Harm is behind its share
		}
		if want := (1 + views[p.Key]) / 201; math.Abs(p.Propensity-want) > 1e-9 {
			t.Fatalf("%s: propensity %v, want %v", p.Key, p.Propensity, want)
		}
		drawn[p.Key]++
		q.Put(p.Entry)
	}
	for key, v := range views {
		chance := (1 + v) / 201
		if got := float64(drawn[key]) / n; math.Abs(got-chance) > 5*math.Sqrt(chance*(1-chance)/n) {
			t.Errorf("%s was drawn with frequency %.4f, want %.4f", key, got, chance)
		}
	}
}

// TestQueueAgainstAList compares with looking through a list, over any calls, and repeats them with the same seed.
func TestQueueAgainstAList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		seed := rapid.Uint64().Draw(t, "seed")
		a, b := NewQueue[int](DefaultShares(), seed), NewQueue[int](DefaultShares(), seed)
		waiting := map[int]Entry[int]{}
		now := monday
		for range rapid.IntRange(1, 100).Draw(t, "calls") {
			now = now.Add(time.Hour)
			switch rapid.IntRange(0, 4).Draw(t, "call") {
			case 0, 1:
				e := Entry[int]{Key: rapid.IntRange(0, 20).Draw(t, "key"), Lane: rapid.SampledFrom([]Lane{Deadline, Harm, Quality, Appeal}).Draw(t, "lane"),
					Value: rapid.Float64Range(0, 100).Draw(t, "value"), Views: rapid.Float64Range(0, 100).Draw(t, "views"), Since: now}
				if rapid.Bool().Draw(t, "apart") {
					e.Not = []string{"ann"}
				}
				if rapid.Bool().Draw(t, "due") {
					e.Deadline = now.Add(time.Duration(rapid.IntRange(0, 100).Draw(t, "hours")) * time.Hour)
				}
				a.Put(e)
				b.Put(e)
				waiting[e.Key] = e
			case 2:
				key := rapid.IntRange(0, 20).Draw(t, "key")
				_, want := waiting[key]
				if got := a.Remove(key); got != want || b.Remove(key) != want {
					t.Fatalf("Remove(%d) = %t, want %t", key, got, want)
				}
				delete(waiting, key)
			default:
				who := rapid.SampledFrom([]string{"ann", "bob"}).Draw(t, "reviewer")
				got, ok := a.Next(who, now)
				again, _ := b.Next(who, now)
				if diff := cmp.Diff(got, again); diff != "" {
					t.Fatalf("the same calls give different cases:\n%s", diff)
				}
				may := 0
				for _, e := range waiting {
					if !slices.Contains(e.Not, who) {
						may++
					}
				}
				if ok != (may > 0) {
					t.Fatalf("Next = %t while %d cases wait", ok, may)
				}
				if !ok {
					continue
				}
				e := waiting[got.Key]
				if diff := cmp.Diff(e, got.Entry); diff != "" {
					t.Fatalf("handed out what was not put:\n%s", diff)
				}
				if slices.Contains(e.Not, who) {
					t.Fatalf("%s got %d, which is not for %s", who, e.Key, who)
				}
				delete(waiting, got.Key)
				if got.Lane != Harm {
					continue
				}
				for _, other := range waiting {
					if other.Lane == Harm && !slices.Contains(other.Not, who) && other.order() < e.order() {
						t.Fatalf("%+v was handed out before %+v", e, other)
					}
				}
			}
			if a.Len() != len(waiting) {
				t.Fatalf("Len = %d, want %d", a.Len(), len(waiting))
			}
		}
	})
}

func filled(n int) (*Queue[int32], []Case) {
	q := NewQueue[int32](DefaultShares(), 1)
	cases := make([]Case, n)
	for i := range cases {
		cases[i] = single("", float64(i%97)/97, float64(1+i%3), float64(i*31%1009))
		q.Put(Entry[int32]{Key: int32(i), Lane: Harm, Value: float64(i * 7919 % 104729), Views: float64(i % 1009), Since: monday})
	}
	return q, cases
}

// BenchmarkRerank100k is the priority of 100,000 open cases with 25 readings each, and their new place.
func BenchmarkRerank100k(b *testing.B) {
	q, cases := filled(100_000)
	reach := new(Reach)
	now := monday
	b.ReportAllocs()
	for b.Loop() {
		now = now.Add(time.Minute)
		for i := range cases {
			p := Of(&cases[i], reach, now)
			q.Put(Entry[int32]{Key: int32(i), Lane: Harm, Value: p.Value, Views: p.Reach, Since: monday})
		}
	}
}

// BenchmarkNext100k is a case handed out of 100,000 and put back.
func BenchmarkNext100k(b *testing.B) {
	q, _ := filled(100_000)
	b.ReportAllocs()
	for b.Loop() {
		p, _ := q.Next("ann", monday)
		q.Put(p.Entry)
	}
}
