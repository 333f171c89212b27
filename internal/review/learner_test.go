package review

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ringfence/ringfence/learn"
)

// hidden draws cases whose log odds are a curve over one input and a step by policy; another input says nothing, and is often unknown.
func hidden(rng *rand.Rand) (policy string, inputs []float64, p float64) {
	policy = [...]string{"scam", "spam"}[rng.IntN(2)]
	x := 4*rng.Float64() - 2
	noise := rng.NormFloat64()
	if rng.IntN(3) == 0 {
		noise = math.NaN()
	}
	logit := 3*x*x - 4
	if policy == "spam" {
		logit -= 1.5
	}
	return policy, []float64{x, noise}, learn.Sigmoid(logit)
}

// taught is a learner after verdicts of reviewers who err as stated.
func taught(t *testing.T, verdicts int, noise Noise) *Learner {
	t.Helper()
	l, err := NewLearner([]string{"curve", "nothing"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetNoise(noise)
	rng := rand.New(rand.NewPCG(3, 4))
	for range verdicts {
		policy, inputs, p := hidden(rng)
		said := rng.Float64() < p*noise.Sensitivity+(1-p)*(1-noise.Specificity)
		l.Learn(Example{Policy: policy, Inputs: inputs, Violating: said, Weight: 1})
	}
	return l
}

func TestLearnerFindsTheTruthBehindVerdicts(t *testing.T) {
	for _, noise := range []Noise{{1, 1}, {.85, .95}} {
		l := taught(t, 6000, noise)
		rng := rand.New(rand.NewPCG(5, 6))
		var scored []learn.Scored
		for range 4000 {
			policy, inputs, p := hidden(rng)
			scored = append(scored, learn.Scored{Score: l.Predict(policy, inputs), Positive: rng.Float64() < p})
		}
		if auc, err := learn.AUC(scored); err != nil || auc < .9 {
			t.Errorf("%+v: AUC %.3f, %v", noise, auc, err)
		}
		if ece := learn.CalibrationError(scored, 15); ece > .04 {
			t.Errorf("%+v: calibration error %.3f", noise, ece)
		}
	}
}

func TestLearnerExplains(t *testing.T) {
	l := taught(t, 3000, Noise{1, 1})
	parts := l.Explain("spam", []float64{2, 0})
	if parts[0].Name != "curve" || parts[0].LogOdds < 1 {
		t.Errorf("Explain = %+v, want most by the curve", parts)
	}
	sum, last := 0.0, math.Inf(1)
	for _, p := range parts {
		sum += p.LogOdds
		if math.Abs(p.LogOdds) > last {
			t.Errorf("not in order: %+v", parts)
		}
		last = math.Abs(p.LogOdds)
	}
	x := l.encode("spam", []float64{2, 0})
	if want := l.model.Logit(x) - l.model.Logit(nil); math.Abs(sum-want) > 1e-9 {
		t.Errorf("the parts add up to %v, want %v", sum, want)
	}
}

func TestLearnerRepeatsItself(t *testing.T) {
	a, b := taught(t, 500, DefaultNoise()), taught(t, 500, DefaultNoise())
	rng := rand.New(rand.NewPCG(7, 8))
	for range 100 {
		policy, inputs, _ := hidden(rng)
		if diff := cmp.Diff(a.Predict(policy, inputs), b.Predict(policy, inputs)); diff != "" {
			t.Fatal(diff)
		}
	}
}

func TestLearnerTakesAnyInput(t *testing.T) {
	l := taught(t, 100, DefaultNoise())
	for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e300, -1e300, 0} {
		if p := l.Predict("a policy never heard of", []float64{v, v}); !(p > 0 && p < 1) {
			t.Errorf("Predict(%v) = %v", v, p)
		}
	}
	if _, err := NewLearner(nil); err == nil {
		t.Error("a learner of no inputs")
	}
}

func TestNoise(t *testing.T) {
	n := Noise{.9, .95}
	for _, p := range []float64{.01, .3, .99} {
		if got := n.truth(p*.9 + (1-p)*.05); math.Abs(got-p) > 1e-9 {
			t.Errorf("truth behind %v = %v", p, got)
		}
	}
	if got := (Noise{.5, .5}).truth(.3); got != .3 { // reviewers who toss coins say nothing
		t.Errorf("truth = %v", got)
	}
	yes, no := n.After(.3, true), n.After(.3, false)
	if !(yes > .8 && no < .1) {
		t.Errorf("after a verdict %v or %v", yes, no)
	}
	if p, waiting := n.SecondLook(.3, []bool{false}); p != no || waiting != p*again {
		t.Errorf("SecondLook = %v, %v", p, waiting)
	}
	if p, waiting := n.SecondLook(.3, []bool{false, true}); waiting != p || !(p > no && p < yes) {
		t.Errorf("SecondLook of two who disagree = %v, %v", p, waiting)
	}
}

func TestCertain(t *testing.T) {
	last := 0.0
	for _, reach := range []float64{math.Inf(-1), 0, 10, 1000, 5000, 1e5, 1e9, math.Inf(1)} {
		got := Certain(reach)
		if got < last || got < .5 || got > .97 {
			t.Errorf("Certain(%v) = %v after %v", reach, got, last)
		}
		last = got
	}
}

func BenchmarkPredict(b *testing.B) {
	l, err := NewLearner([]string{"a", "b", "c", "d", "e", "f", "g", "h", "i", "j"})
	if err != nil {
		b.Fatal(err)
	}
	inputs := make([]float64, 10)
	b.ReportAllocs()
	for b.Loop() {
		l.Predict("scam", inputs)
	}
}
