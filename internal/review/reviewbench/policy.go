package reviewbench

import (
	"math"

	"github.com/ringfence/ringfence/internal/review"
)

// Policy is a way to order the queue.
type Policy struct {
	Name  string
	Kind  Kind
	score func(r *run, i int32, s *sight) float64 // of the simple ones: highest first
	ours  *variant
}

// Kind groups policies in the table.
type Kind string

// The kinds of policy.
const (
	Simple    Kind = "simple"    // what other tools do, or could do in a line
	Ours      Kind = "ours"      // what ships
	Variant   Kind = "variant"   // of ours, for comparison
	Reference Kind = "reference" // knows what nobody knows
)

// variant is ours, or ours without a part.
type variant struct {
	explore  float64 // share of the random lane
	index    index
	noP      bool // every case is as likely to violate
	noTags   bool // every case is as severe
	noReach  bool // every case will be seen as often
	noTime   bool // every case takes as long
	noReport bool // what people report says nothing
	noModel  bool // P is the prior and what reports add, by a fixed rule
	noSecond bool // the first verdict is final
	noGolden bool // reviewers are taken for average
}

// index is what of the views counts.
type index int

const (
	remaining index = iota // cµ/θ: views still to come
	rate                   // cµ: views an hour now
	opportune              // OaRC: what waiting costs, given that one may look later
)

// Names of policies that reports compare with.
const (
	OursName    = "ours (5 % random)"
	Hasty       = "ours without second looks"
	FIFO        = "oldest first"
	ByReports   = "most reports first"
	ByViews     = "most views first"
	OracleName  = "knows label and severity"
	Clairvoyant = "knows all but verdicts"
)

// sight is what a queue sees of a case at an hour.
type sight struct {
	path            review.Trajectory
	reports, proven int
}

// Few are the policies that run in every cell.
func Few() []Policy {
	var few []Policy
	for _, p := range Policies() {
		switch p.Name {
		case FIFO, ByReports, ByViews, OursName, Clairvoyant:
			few = append(few, p)
		}
	}
	return few
}

// Policies are all, as they run in the base cell.
func Policies() []Policy {
	simple := func(name string, score func(*run, int32, *sight) float64) Policy {
		return Policy{Name: name, Kind: Simple, score: score}
	}
	ours := func(name string, change func(*variant)) Policy {
		v := &variant{explore: .05}
		change(v)
		return Policy{Name: name, Kind: Variant, ours: v}
	}
	tag := func(r *run, i int32) float64 { return severities[r.w.subjects[i].tag] }
	all := []Policy{
		simple(FIFO, func(r *run, i int32, _ *sight) float64 { return -r.w.subjects[i].arrive }),
		simple("newest first", func(r *run, i int32, _ *sight) float64 { return r.w.subjects[i].arrive }),
		simple("by chance", func(r *run, i int32, _ *sight) float64 { return r.w.subjects[i].luck[5] }),
		simple(ByReports, func(_ *run, _ int32, s *sight) float64 { return float64(s.reports) }),
		// Discourse counts a flag as 1 and adds the flagger's accuracy.
		simple("reports by the reporters' record", func(_ *run, _ int32, s *sight) float64 { return float64(s.reports) + 3*float64(s.proven) }),
		simple("severity tag, then oldest", func(r *run, i int32, _ *sight) float64 { return tag(r, i)*1e9 - r.w.subjects[i].arrive }),
		simple("P of the model before", func(r *run, i int32, _ *sight) float64 { return r.before(i) }),
		simple(ByViews, func(_ *run, _ int32, s *sight) float64 { return s.path.Total }),
		simple("reports + 10·P", func(r *run, i int32, s *sight) float64 { return float64(s.reports) + 10*r.before(i) }),
		{Name: OursName, Kind: Ours, ours: &variant{explore: .05}},
		ours("ours, no random lane", func(v *variant) { v.explore = 0 }),
		ours("ours, 2 % random", func(v *variant) { v.explore = .02 }),
		ours("ours, 10 % random", func(v *variant) { v.explore = .10 }),
		ours("ours by cµ (views an hour now)", func(v *variant) { v.index = rate }),
		ours("ours by OaRC", func(v *variant) { v.index = opportune }),
		ours("ours without P", func(v *variant) { v.noP = true }),
		ours("ours without severity", func(v *variant) { v.noTags = true }),
		ours("ours without reach", func(v *variant) { v.noReach = true }),
		ours("ours without minutes", func(v *variant) { v.noTime = true }),
		ours("ours without reports", func(v *variant) { v.noReport = true }),
		ours(Hasty, func(v *variant) { v.noSecond = true }),
		ours("ours without golden cases", func(v *variant) { v.noGolden = true }),
		ours("ours without any model", func(v *variant) { v.noModel = true }),
		{Name: OracleName, Kind: Reference, score: func(r *run, i int32, s *sight) float64 {
			c := &r.w.subjects[i]
			if !c.violating {
				return 0
			}
			return c.severity * r.reach.Expect(s.path, review.Horizon) / review.Minutes(c.members)
		}},
		{Name: Clairvoyant, Kind: Reference, score: func(r *run, i int32, _ *sight) float64 {
			c := &r.w.subjects[i]
			if !c.violating {
				return 0
			}
			return c.severity * (c.seen(c.until()) - c.seen(r.now)) / c.minutes
		}},
	}
	return all
}

// inputNames are what the learner reads of a case.
var inputNames = []string{"followings", "followers", "posts", "name length", "bio length", "followings to followers", "posts to followers",
	"severity tag", "reports", "reports by proven reporters", "reports for its views", "members", "views now against before"}

func newLearner(history []lesson) *review.Learner {
	l, err := review.NewLearner(inputNames)
	if err != nil {
		panic(err) // the names above are wrong
	}
	for _, h := range history {
		l.Teach(review.Example{Inputs: unreported(h.static), Violating: h.violating, Weight: 1})
	}
	return l
}

// unreported are the inputs of an account that is no case.
func unreported(static [7]float64) []float64 {
	inputs := make([]float64, len(inputNames))
	for i := range inputs {
		inputs[i] = math.NaN()
	}
	copy(inputs, static[:])
	return inputs
}

// inputs are what the learner reads of a case at an hour.
func (r *run) inputs(i int32, s *sight) []float64 {
	c := &r.w.subjects[i]
	x := append(r.scratch[:0], c.static[:]...)
	growth := math.Log((s.path.PerHour + .1) / (s.path.Total/max(s.path.Age, 1) + .1))
	if r.policy.ours.noReport {
		x = append(x, float64(c.tag), 0, 0, 0)
	} else {
		x = append(x, float64(c.tag), math.Log1p(float64(s.reports)), math.Log1p(float64(s.proven)), math.Log((float64(s.reports)+.5)/(s.path.Total*.001+.5)))
	}
	r.scratch = append(x, math.Log2(float64(c.members)), growth)
	return r.scratch
}
