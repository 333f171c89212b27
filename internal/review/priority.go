// Package review puts the cases that people have to look at in the order that prevents most harm, and says why.
//
// The priority of a case is the harm that a minute of a reviewer's time is expected to avert:
//
//	P(violating) × severity × views still to come × share of them that acting prevents / minutes to decide
//
// summed over the members where the case is a group. Every factor can be put in words ([Priority.Words]). The views still to come are
// predicted from the views so far ([Reach]), what reports say counts within a limit ([Lift]), and [Queue] hands cases out by lanes
// with shares of the capacity.
//
// The package is pure: it reads no clock, draws no chance that is not seeded, and does no input or output but for [ReadCases]. Nothing in
// it is for more than one goroutine unless it says so.
//
// Where it ends: harm is counted in views, so that harm to one person (a threat in a message) has to come in by severity or by
// a deadline; and a probability that is not calibrated misorders the queue by as much as it is wrong.
package review

import (
	"fmt"
	"math"
	"time"

	"github.com/ringfence/ringfence/learn"
)

// Horizon is how far ahead views count as harm that can be prevented.
const Horizon = 14 * 24 * time.Hour

// Member is one account or piece of content of a case.
type Member struct {
	P        float64   // P(violating) before reports, calibrated, 0 to 1
	Severity float64   // harm of a violating view, in views of severity 1; over 0
	Views    []Reading // what was seen of its reach, in any order; empty if nothing was
	Number   int       // how many such members this stands for, with Views of all of them together; 0 is 1
}

// Case is what the order depends on. A case on an account or on content has one member, a case on a group has them all.
type Case struct {
	ID          string
	Policy      string
	Opened      time.Time
	Members     []Member
	Shared      float64 // how much of the members' evidence is the same: 0 none, 1 all
	Lift        float64 // what reports add to the log odds of each member: see the function Lift
	Preventable float64 // share of the views to come that acting would prevent, 0 to 1: little where reach is limited already
	Minutes     float64 // expected minutes to decide; 0 is what Minutes says of so many members
}

// Priority is where a case stands, in its factors. Harm is counted in views of severity 1.
type Priority struct {
	P           float64 // that any member violates, reports counted
	Severity    float64 // mean over the members, weighted by the harm they are expected to do
	Reach       float64 // views expected within the Horizon if nobody acts, of all members
	PerHour     float64 // views an hour now, of all members
	Preventable float64
	Minutes     float64
	Members     int
	Harm        float64 // Σ P·severity·reach of the members × Preventable
	Value       float64 // Harm / Minutes: what cases are ordered by
	Unreported  float64 // Value if nobody had reported
	policy      string
	lifted      bool
}

// Of is a case's priority at a time. Its cost grows with the members and readings: about 0.1 µs for one with none.
func Of(c *Case, reach *Reach, now time.Time) Priority {
	p := Priority{Preventable: c.Preventable, policy: c.Policy, lifted: c.Lift != 0}
	var harm, unreported, logNone, weighted float64
	for i := range c.Members {
		m := &c.Members[i]
		n := float64(max(1, m.Number))
		path := TrajectoryOf(m.Views, c.Opened, now)
		path.Sources = n
		views := reach.Expect(path, Horizon)
		lifted := raise(m.P, c.Lift)
		p.Members += max(1, m.Number)
		p.Reach += views
		p.PerHour += path.PerHour
		harm += lifted * m.Severity * views
		unreported += m.P * m.Severity * views
		weighted += lifted * views
		logNone += n * math.Log1p(-min(lifted, 1-1e-12))
	}
	p.P = 1 - math.Exp(logNone/(1+float64(p.Members-1)*c.Shared))
	if p.Members == 1 {
		p.P = raise(c.Members[0].P, c.Lift) // without the rounding of logarithms
	}
	if weighted > 0 {
		p.Severity = harm / weighted
	}
	p.Minutes = c.Minutes
	if p.Minutes == 0 {
		p.Minutes = Minutes(p.Members)
	}
	p.Harm = harm * c.Preventable
	p.Value = p.Harm / p.Minutes
	p.Unreported = unreported * c.Preventable / p.Minutes
	return p
}

// Minutes are what deciding on a case takes before anything was measured: 3 for an account or content, 8 + 2·log2(1+members) for a group.
func Minutes(members int) float64 {
	if members <= 1 {
		return 3
	}
	return 8 + 2*math.Log2(1+float64(members))
}

// Weight is the harm of a violating view by the severity that rules and banks state, 0 to 5: each step is about three times worse.
func Weight(severity int) float64 {
	return [...]float64{.3, 1, 3, 10, 30, 100}[min(max(severity, 0), 5)]
}

// raise adds log odds to a probability.
func raise(p, logOdds float64) float64 {
	if logOdds == 0 || p <= 0 || p >= 1 {
		return p
	}
	raised := learn.Sigmoid(math.Log(p/(1-p)) + logOdds)
	if logOdds > 0 {
		return max(p, raised) // the smallest would be rounded to 0
	}
	return raised
}

// Band is how a priority is shown in lists: people read a band and not a number.
func (p Priority) Band() string {
	switch {
	case p.Value >= 1000:
		return "very high"
	case p.Value >= 100:
		return "high"
	case p.Value >= 10:
		return "medium"
	}
	return "low"
}

// Words are the factors as a reviewer reads them, each a clause of its own.
func (p Priority) Words() []string {
	likely := percent(p.P) + " likely to violate"
	if p.Members > 1 {
		likely = fmt.Sprintf("%s likely that one of %d members violates", percent(p.P), p.Members)
	}
	if p.policy != "" {
		likely += " the policy on " + p.policy
	}
	words := []string{
		likely,
		fmt.Sprintf("severity %.3g", p.Severity),
		fmt.Sprintf("about %s more views in %d days if nobody acts (%s an hour now)", quantity(p.Reach), int(Horizon.Hours()/24), quantity(p.PerHour)),
	}
	switch {
	case p.Preventable >= .995:
		words = append(words, "acting prevents them")
	case p.Preventable < .005:
		words = append(words, "acting prevents hardly any of them")
	default:
		words = append(words, "acting prevents "+percent(p.Preventable)+" of them")
	}
	words = append(words, fmt.Sprintf("about %s min to decide", quantity(p.Minutes)))
	if p.lifted {
		words = append(words, fmt.Sprintf("reports raise its priority %s-fold", quantity(p.Value/max(p.Unreported, math.SmallestNonzeroFloat64))))
	}
	return words
}

// percent rounds so that what is not certain does not read as certain.
func percent(p float64) string {
	switch {
	case p > .99 && p < 1:
		return "over 99 %"
	case p < .01 && p > 0:
		return "under 1 %"
	}
	return fmt.Sprintf("%.0f %%", 100*p)
}

// quantity is a number of two to three figures that matter.
func quantity(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%.3g million", v/1e6)
	case v >= 1000:
		return fmt.Sprintf("%.3g thousand", v/1000)
	case v >= 10:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2g", v)
}
