package evidence

import (
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestTail compares with sums of the definition.
func TestTail(t *testing.T) {
	for _, rate := range []float64{1e-9, 1e-3, .1, 1, 3.5, 20, 200} {
		for _, n := range []int{0, 1, 2, 3, 7, 25, 180, 260} {
			want := 0.0
			for i := n; i < n+2000; i++ {
				want += math.Exp(logMass(rate, i))
			}
			if got := math.Exp(logTail(rate, n)); math.Abs(got-want) > 1e-9*max(want, 1e-3) {
				t.Errorf("P(Poisson(%v) ≥ %d) = %v, want %v", rate, n, got, want)
			}
		}
	}
	if got, want := logTail(1e-6, 40), 40*math.Log(1e-6)-110.32064; math.Abs(got-want) > 1e-3 {
		t.Errorf("far out: %v, want %v", got, want)
	}
}

func TestTailFallsWithCount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rate := math.Exp(rapid.Float64Range(-30, 8).Draw(t, "ln rate"))
		n := rapid.IntRange(0, 3000).Draw(t, "n")
		p, q := logTail(rate, n), logTail(rate, n+1)
		if !(p <= 0 && q <= p) {
			t.Fatalf("rate %v: ln P(≥ %d) = %v and ln P(≥ %d) = %v", rate, n, p, n+1, q)
		}
	})
}

func TestFisher(t *testing.T) {
	for _, c := range []struct {
		p    []float64
		want float64
	}{
		{[]float64{.03}, .03},
		{[]float64{.1, .1}, .01 * (1 + math.Log(100))},
		{[]float64{1, 1, 1}, 1},
		{nil, 1},
	} {
		sum := 0.0
		for _, p := range c.p {
			sum += math.Log(p)
		}
		if got := math.Exp(fisher(sum, len(c.p))); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%v: %v, want %v", c.p, got, c.want)
		}
	}
}

// TestCombinedIsAPValue: of classes that are uniform, the combination is at most as often small as it says.
func TestCombinedIsAPValue(t *testing.T) {
	rng := rand.New(rand.NewPCG(8, 8))
	for k := 1; k <= 5; k++ {
		const draws = 20_000
		below := map[float64]int{.1: 0, .01: 0}
		for range draws {
			sum, best := 0.0, 0.0
			for range k {
				p := math.Log(1 - rng.Float64())
				sum, best = sum+p, min(best, p)
			}
			for limit := range below {
				if combined(sum, best, k) <= math.Log(limit) {
					below[limit]++
				}
			}
		}
		for limit, n := range below {
			if share := float64(n) / draws; share > 1.15*limit {
				t.Errorf("of %d classes %.4f are below %v", k, share, limit)
			}
		}
	}
}

const second = 1_000_000_000

func model(t testing.TB, traces ...Trace) *Model {
	t.Helper()
	m, err := New(Options{Traces: traces, Alpha: 1e-3, MaxAccounts: 1 << 20, MaxKeys: 1 << 20, MaxPairs: 1 << 22, MaxActs: 1 << 20})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

type act struct {
	key, account string
	at           int64
}

// crowd is acts of people who know nothing of one another: accounts by a heavy tail, keys by another, each key around a time of its own.
func crowd(rng *rand.Rand, accounts, keys, acts int, day int64) []act {
	all := make([]act, acts)
	for i := range all {
		who := int(float64(accounts) * math.Pow(rng.Float64(), 2))
		key := int(float64(keys) * math.Pow(rng.Float64(), 2))
		at := int64(rng.Float64() * float64(day))
		all[i] = act{fmt.Sprintf("k%d", key), fmt.Sprintf("a%d", who), at}
	}
	return all
}

func feed(t testing.TB, m *Model, trace int, acts []act) {
	t.Helper()
	slices.SortStableFunc(acts, func(a, b act) int { return int(max(-1, min(1, a.at-b.at))) })
	for _, a := range acts {
		if err := m.Add(trace, a.key, a.account, a.at); err != nil {
			t.Fatal(err)
		}
	}
}

// TestUniformUnderTheNull: of people who act at random, p-values made continuous by chance within each count are uniform.
func TestUniformUnderTheNull(t *testing.T) {
	const accounts = 400
	m := model(t, Trace{Name: "share", Class: "post", Windows: []int64{600 * second}})
	rng := rand.New(rand.NewPCG(3, 3))
	feed(t, m, 0, crowd(rng, accounts, 300, 12_000, 86_400*second))
	n := m.Accounts()
	m.Edges()
	var bins [10]int
	pairs, seen, expected := 0, 0.0, 0.0
	for a := range uint32(n) {
		for b := a + 1; b < uint32(n); b++ {
			together := 0
			if x := m.tie(pairOf(a, b), 0); x != nil {
				together = int(x.n[m.traces[0].nLevels-1])
			}
			l := m.traces[0].levels[m.traces[0].nLevels-1]
			rate := l.rate * float64(m.degree[a]) * float64(m.degree[b])
			seen, expected, pairs = seen+float64(together), expected+rate, pairs+1
			high, low := math.Exp(logTail(rate, together)), math.Exp(logTail(rate, together+1))
			p := low + rng.Float64()*(high-low)
			bins[min(9, int(10*p))]++
		}
	}
	if ratio := seen / expected; ratio < .9 || ratio > 1.1 {
		t.Errorf("pairs co-acted %v times and %v were expected", seen, expected)
	}
	for i, count := range bins {
		if share := float64(count) / float64(pairs); math.Abs(share-.1) > .01 {
			t.Errorf("%.3f of the p-values are in tenth %d, want .1 (all: %v of %d)", share, i, bins, pairs)
		}
	}
	if edges := m.Edges(); len(edges) > 0 {
		t.Errorf("%d edges stand among people who act at random, the first %+v", len(edges), edges[0])
	}
}

// TestPlantedSquad: accounts that share half of forty links within a minute of one another are found among a crowd, and nobody else.
func TestPlantedSquad(t *testing.T) {
	m := model(t, Trace{Name: "share", Class: "post", Windows: []int64{600 * second}})
	rng := rand.New(rand.NewPCG(5, 5))
	acts := crowd(rng, 2000, 2000, 40_000, 7*86_400*second)
	const squad = 8
	for k := range 40 {
		start := int64(k) * 3 * 3600 * second
		for j := range squad {
			if rng.IntN(2) == 0 {
				acts = append(acts, act{fmt.Sprintf("own%d", k), fmt.Sprintf("squad%d", j), start + rng.Int64N(60*second)})
			}
		}
	}
	feed(t, m, 0, acts)
	inside := 0
	for _, e := range m.Edges() {
		if m.Name(e.A)[0] != 's' || m.Name(e.B)[0] != 's' {
			t.Errorf("an edge of %s and %s stands", m.Name(e.A), m.Name(e.B))
			continue
		}
		inside++
		support, why := m.Explain(e)
		if len(support) != 1 || support[0].Together < 3 || support[0].Expected > .1 || len(why) == 0 || m.KeyName(why[0])[:3] != "own" || why[0].Apart > 60*second {
			t.Errorf("%s and %s: %+v, %+v", m.Name(e.A), m.Name(e.B), support, why)
		}
	}
	if want := squad * (squad - 1) / 2; inside < want-2 {
		t.Errorf("%d of %d edges stand", inside, want)
	}
}

// TestShuffledCopy calibrates: with the accounts of each hour dealt out anew among its acts, so that all keep their hours and about how much they do, nothing stands of
// what stood before.
func TestShuffledCopy(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 11))
	acts := town(rng, 1500, 20, 3000, 40_000)
	for k := range 30 {
		at := (int64(k%7)*86_400 + 30_000 + rng.Int64N(7200)) * second
		for j := range 20 {
			if rng.IntN(2) == 0 {
				acts = append(acts, act{fmt.Sprintf("own%d", k), fmt.Sprintf("squad%d", j), at + rng.Int64N(60*second)})
			}
		}
	}
	stand := func(acts []act) int {
		m := model(t, Trace{Name: "share", Class: "post", Windows: []int64{10 * second, 60 * second, 600 * second, 3600 * second}})
		feed(t, m, 0, acts)
		return len(m.Edges())
	}
	if n := stand(slices.Clone(acts)); n < 150 {
		t.Errorf("%d of the 190 pairs of a squad stand", n)
	}
	for range 3 {
		shuffled := slices.Clone(acts)
		hours := map[int64][]int{}
		for i, a := range shuffled {
			hours[a.at/(3600*second)] = append(hours[a.at/(3600*second)], i)
		}
		for _, h := range slices.Sorted(maps.Keys(hours)) {
			of := hours[h]
			rng.Shuffle(len(of), func(i, j int) {
				a, b := &shuffled[of[i]], &shuffled[of[j]]
				a.account, b.account = b.account, a.account
			})
		}
		if n := stand(shuffled); n > 0 {
			t.Errorf("%d pairs stand in a shuffled copy", n)
		}
	}
}

// TestViralObject: a campaign that meets within what thousands share is found by the part of it that is in the sample, and mostly if it met elsewhere before.
func TestViralObject(t *testing.T) {
	const squad, viral = 64, 10
	for _, c := range []struct {
		name  string
		own   int // objects of its own, before
		least int // of the squad's accounts with an edge
	}{{"viral alone", 0, 3}, {"met before", 3, 40}} {
		m := model(t, Trace{Name: "share", Class: "post", Windows: []int64{10 * second, 60 * second, 600 * second}})
		rng := rand.New(rand.NewPCG(12, 12))
		acts := town(rng, 3000, 20, 3000, 30_000)
		for k := range c.own {
			for j := range squad {
				acts = append(acts, act{fmt.Sprintf("own%d", k), fmt.Sprintf("squad%d", j), (int64(k)*3600 + rng.Int64N(60)) * second})
			}
		}
		for k := range viral {
			start := int64(k+4) * 43_200 * second
			for range 2000 {
				acts = append(acts, act{fmt.Sprintf("viral%d", k), fmt.Sprintf("a%d", rng.IntN(3000)), start + int64(rng.ExpFloat64()*2400*second)})
			}
			for j := range squad {
				if rng.IntN(5) > 0 {
					acts = append(acts, act{fmt.Sprintf("viral%d", k), fmt.Sprintf("squad%d", j), start + 1200*second + rng.Int64N(30*second)})
				}
			}
		}
		feed(t, m, 0, acts)
		found := map[uint32]bool{}
		wrong := 0
		for _, e := range m.Edges() {
			if m.Name(e.A)[0] != 's' || m.Name(e.B)[0] != 's' {
				wrong++
				continue
			}
			found[e.A], found[e.B] = true, true
		}
		if len(found) < c.least || wrong > 2 {
			t.Errorf("%s: %d of %d accounts have an edge, want %d; %d edges are of others", c.name, len(found), squad, c.least, wrong)
		}
		t.Logf("%s: %d of %d accounts have an edge", c.name, len(found), squad)
	}
}

// TestOneActCountsOnce: posts repeated on one link within the window are one co-action; after it, another.
func TestOneActCountsOnce(t *testing.T) {
	m := model(t, Trace{Name: "share", Class: "post", Windows: []int64{10}})
	for at := range int64(9) {
		feed(t, m, 0, []act{{"k", "a", at}, {"k", "b", at}})
	}
	feed(t, m, 0, []act{{"k", "a", 100}, {"k", "b", 101}})
	if support, _ := m.Explain(Edge{A: 0, B: 1}); len(support) != 1 || support[0].Together != 2 {
		t.Errorf("two meetings count as %+v", support)
	}
	if m.degree[0] != 2 || m.traces[0].acts != 4 {
		t.Errorf("degree %v of %v acts, want 2 of 4", m.degree[0], m.traces[0].acts)
	}
}

// TestTracesOfOneClassCountOnce: a post that has a link and a text is no evidence twice.
func TestTracesOfOneClassCountOnce(t *testing.T) {
	logP := func(class string) float64 {
		m := model(t, Trace{Name: "share", Class: "post", Windows: []int64{10}}, Trace{Name: "text", Class: class, Windows: []int64{10}})
		for i := range int64(4) {
			for _, trace := range []int{0, 1} {
				key := fmt.Sprint("k", i)
				feed(t, m, trace, []act{{key, "a", 100 * i}, {key, "b", 100 * i}})
			}
			for j := range int64(50) {
				for _, trace := range []int{0, 1} {
					feed(t, m, trace, []act{{fmt.Sprint("o", i, j), fmt.Sprint("x", j), 100*i + 1}})
				}
			}
		}
		m.Edges()
		v := m.look(m.pair(pairOf(0, 1)))
		return v.all
	}
	if one, two := logP("post"), logP("other"); !(two < one) {
		t.Errorf("ln p is %v with one class and %v with two, want less", one, two)
	}
}

// TestOneOccasionIsNoEdge: two who meet once in each of several traces are no edge, however rare that is.
func TestOneOccasionIsNoEdge(t *testing.T) {
	m := model(t, Trace{Name: "follow", Class: "follow", Windows: []int64{10}}, Trace{Name: "reply", Class: "reply", Windows: []int64{10}},
		Trace{Name: "repost", Class: "repost", Windows: []int64{10}})
	at := int64(0)
	for i := range 3000 {
		at += 100
		for trace := range 3 {
			feed(t, m, trace, []act{{fmt.Sprint("k", i), fmt.Sprint("x", i%50), at}})
		}
	}
	for trace := range 3 {
		feed(t, m, trace, []act{{"prize", "a", at + 100}, {"prize", "b", at + 100}})
	}
	if edges := m.Edges(); len(edges) > 0 {
		t.Errorf("edges %+v", edges)
	}
}

func TestBatches(t *testing.T) {
	m := model(t, Trace{Name: "signup", Windows: []int64{3600 * second}, Batch: true, Usual: 1})
	var acts []act
	for i := range 300 { // households sign up all week
		acts = append(acts, act{fmt.Sprintf("ip%d", i/2), fmt.Sprintf("a%d", i), int64(i) * 1800 * second})
	}
	for i := range 100 { // and a hundred from one address, in fifty minutes
		acts = append(acts, act{"farm", fmt.Sprintf("f%d", i), 90_000*second + int64(i)*30*second})
	}
	feed(t, m, 0, acts)
	batches := m.Batches()
	if len(batches) != 1 || batches[0].Key != "farm" || len(batches[0].Visits) != 100 {
		t.Fatalf("batches %+v", batches)
	}
	ties := map[uint32]int{}
	seen := map[[2]uint32]bool{}
	batches[0].Join(0, func(a, b uint32) {
		if a >= b || seen[[2]uint32{a, b}] {
			t.Errorf("%d and %d are joined twice, or not in order", a, b)
		}
		seen[[2]uint32{a, b}] = true
		ties[a]++
		ties[b]++
	})
	if len(ties) != 100 {
		t.Errorf("%d accounts are joined, want 100", len(ties))
	}
	for who, n := range ties {
		if n < 16 {
			t.Errorf("account %d has %d ties", who, n)
		}
	}
}

// TestSameActsSameEdges: nothing depends on the order of maps.
func TestSameActsSameEdges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		acts := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) act {
			return act{fmt.Sprint("k", rapid.IntRange(0, 5).Draw(t, "key")), fmt.Sprint("a", rapid.IntRange(0, 9).Draw(t, "account")),
				rapid.Int64Range(0, 500).Draw(t, "at")}
		}), 0, 300).Draw(t, "acts")
		slices.SortStableFunc(acts, func(a, b act) int { return int(a.at - b.at) })
		run := func() string {
			m, err := New(Options{Traces: []Trace{{Name: "share", Class: "post", Windows: []int64{7}}, {Name: "signup", Windows: []int64{50}, Batch: true, Usual: .1}},
				Alpha: .5, MaxAccounts: 64, MaxKeys: 64, MaxPairs: 64, MaxActs: 64})
			if err != nil {
				t.Fatal(err)
			}
			for i, a := range acts {
				if err := m.Add(i%2, a.key, a.account, a.at); err != nil {
					t.Fatal(err)
				}
			}
			return fmt.Sprintf("%+v %+v", m.Edges(), m.Batches())
		}
		if a, b := run(), run(); a != b {
			t.Fatalf("two runs differ:\n%s\n%s", a, b)
		}
	})
}

func TestBounds(t *testing.T) {
	o := Options{Traces: []Trace{{Name: "share", Class: "post", Windows: []int64{1000}}}, Alpha: .01, MaxAccounts: 200, MaxKeys: 64, MaxPairs: 64, MaxActs: 64}
	m, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range int64(5000) {
		if err := m.Add(0, fmt.Sprint(rng.IntN(3000)%int(1+i/10)), fmt.Sprint(rng.IntN(300)), i); err != nil {
			t.Fatal(err)
		}
		if m.ties.len() > 64 || m.pairs.len() > 64 || m.traces[0].keys.len() > 64 || len(m.traces[0].visits) > 64 || m.accounts.len() > 200 {
			t.Fatalf("after %d acts %d ties, %d pairs, %d keys, %d visits, %d accounts", i, m.ties.len(), m.pairs.len(), m.traces[0].keys.len(),
				len(m.traces[0].visits), m.accounts.len())
		}
	}
	for _, bad := range []func(*Options){
		func(o *Options) { o.Traces = nil },
		func(o *Options) { o.Traces = make([]Trace, MaxTraces+1) },
		func(o *Options) { o.Traces = []Trace{{Windows: []int64{0}}} },
		func(o *Options) { o.Traces = []Trace{{Windows: []int64{1}, Batch: true}} },
		func(o *Options) { o.Alpha = 1 },
		func(o *Options) { o.Alpha = math.NaN() },
		func(o *Options) { o.MaxAccounts = 1 },
		func(o *Options) { o.MaxPairs = 3 },
	} {
		o := o
		bad(&o)
		if _, err := New(o); err == nil {
			t.Errorf("options %+v are taken", o)
		}
	}
	for _, add := range []func() error{
		func() error { return m.Add(1, "k", "0", 6000) },
		func() error { return m.Add(0, "k", "0", 3) },
		func() error { return m.Add(0, "k", "0", math.MaxInt64) },
	} {
		if add() == nil {
			t.Error("an act that cannot be is taken")
		}
	}
}
