package groupaction

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/internal/control"
	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/record"
)

// Proposal is what somebody wants to do to a group.
type Proposal struct {
	Group   string
	Version uint64 // of its set of members, as the proposer saw it; a preview does not need it
	Step    string
	Policy  string
	Code    string // of the reason
	Notice  string
	Label   string // to put on the members that are acted on; empty for none
	Lasts   time.Duration
	Except  []string // accounts that are left alone
	Canary  float64  // the share to begin with, 0 to 1; 0 for none
	Watch   time.Duration
}

func (p *Proposal) action(by control.Author) record.GroupAction {
	return record.GroupAction{ID: by.ID, By: by.By, Reason: by.Reason, Group: p.Group, Version: p.Version, Step: p.Step, Policy: p.Policy, Code: p.Code, Notice: p.Notice,
		Label: p.Label, Lasts: int64(p.Lasts), Watch: int64(p.Watch)}
}

// Preview is what an action would do, as far as it can be known before.
type Preview struct {
	Group    string
	Version  uint64
	Score    float64
	Members  []Member // in order of name
	Taken    int
	Expected float64 // how many of those taken are wrong, if the confidences are right
	Verified int     // of those taken
	Large    int
	Old      int
	LeftOut  map[string]int // by why
	Needs    string         // why a second person has to approve; empty if nobody has to
}

// Member is one account of a preview.
type Member struct {
	record.GroupMember
	Verified, Large, Old bool
}

// From when on an account is large, or old: where an error is dear, and rarer in a campaign.
const (
	large = 10_000 // followers
	old   = 2 * 365 * 24 * time.Hour
)

// Why members are left out.
const (
	excepted  = "excepted"
	probation = "joined since the last tick"
	allowed   = "a person allowed the account"
	reversed  = "a person reversed it before"
)

// Preview says what an action would do to a group as it is now. It changes nothing.
func (r *Runner) Preview(ctx context.Context, p Proposal) (*Preview, error) {
	if err := p.check(); err != nil {
		return nil, err
	}
	roster, err := r.Engine.Roster(ctx, p.Group, p.Policy, p.Step)
	if err != nil {
		return nil, err
	}
	return preview(&roster, &p, r.Limits)
}

func (p *Proposal) check() error {
	switch {
	case !effect.IsStep(p.Step):
		return fmt.Errorf("%w: %.64q is no step of enforcement", record.ErrInvalid, p.Step)
	case !(p.Canary >= 0 && p.Canary <= 1):
		return fmt.Errorf("%w: a canary is a share from 0 to 1, not %g", record.ErrInvalid, p.Canary)
	case p.Lasts < 0 || p.Watch < 0:
		return fmt.Errorf("%w: lasts and watch must not be negative", record.ErrInvalid)
	}
	return nil
}

// preview is a pure function.
func preview(roster *decide.Roster, p *Proposal, limits Limits) (*Preview, error) {
	pre := &Preview{Group: roster.Group, Version: roster.Version, Score: roster.Score, LeftOut: map[string]int{}}
	except := map[string]bool{}
	for _, account := range p.Except {
		except[account] = true
	}
	for i := range roster.Members {
		of := &roster.Members[i]
		m := Member{Verified: of.Verified, Large: of.Followers >= large, Old: of.Created > 0 && roster.Clock-of.Created >= int64(old)}
		m.Account, m.Confidence = of.Account, confidence(roster.Score, of.Confidence)
		switch {
		case except[m.Account]:
			m.LeftOut = excepted
			delete(except, m.Account)
		case of.Probation:
			m.LeftOut = probation
		case of.Allowed:
			m.LeftOut = allowed
		case of.Reversed:
			m.LeftOut = reversed
		case of.InForce != "":
			m.LeftOut = of.InForce + " is in force"
		}
		pre.Members = append(pre.Members, m)
		if m.LeftOut != "" {
			pre.LeftOut[m.LeftOut]++
			continue
		}
		pre.Taken++
		pre.Expected += 1 - m.Confidence
		pre.Verified += count(m.Verified)
		pre.Large += count(m.Large)
		pre.Old += count(m.Old)
	}
	for account := range except {
		return nil, fmt.Errorf("%w: %.64q is excepted, but no member of group %s", record.ErrInvalid, account, p.Group)
	}
	if len(pre.Members) > record.MaxActionMembers {
		return nil, errors.New("a group has more members than an action takes")
	}
	switch {
	case pre.Taken > limits.Members:
		pre.Needs = fmt.Sprintf("it is about %d accounts, more than %d", pre.Taken, limits.Members)
	case pre.Expected > limits.False:
		pre.Needs = fmt.Sprintf("%.1f of its accounts are expected to be wrong, more than %g", pre.Expected, limits.False)
	}
	return pre, nil
}

func count(is bool) int {
	if is {
		return 1
	}
	return 0
}

// confidence is how likely an account is one of those that do harm: that its group does, and that it belongs there. The first is calibrated; the second is a rule of thumb by its
// ties, which makes one with a single tie a bystander as likely as not.
func confidence(score, belongs float64) float64 {
	return math.Round(min(max(score*belongs, 0), 1)*1e4) / 1e4
}

// String says what is foreseen, with no name of an account.
func (p *Preview) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "%d of %d members at version %d, %.1f expected to be wrong, %d verified, %d large, %d old", p.Taken, len(p.Members), p.Version, p.Expected, p.Verified,
		p.Large, p.Old)
	for _, why := range p.whys() {
		fmt.Fprintf(&s, "; %d left out: %s", p.LeftOut[why], why)
	}
	if p.Needs != "" {
		fmt.Fprintf(&s, "; a second person has to approve: %s", p.Needs)
	}
	return s.String()
}

func (p *Preview) whys() []string {
	var whys []string
	for why := range p.LeftOut {
		whys = append(whys, why)
	}
	slices.Sort(whys)
	return whys
}

// draw puts a share of the members that are taken into the canary, at least one if the share is above 0 as a hash of action and account falls. It gives their number.
func draw(id string, share float64, members []record.GroupMember) int {
	var taken []int
	for i := range members {
		if members[i].LeftOut == "" {
			taken = append(taken, i)
		}
	}
	hash := func(i int) uint64 { return xxh3.HashString(id + "\x00" + members[i].Account) }
	slices.SortFunc(taken, func(a, b int) int { return cmp.Or(cmp.Compare(hash(a), hash(b)), cmp.Compare(a, b)) })
	n := int(math.Ceil(share * float64(len(taken))))
	for _, i := range taken[:n] {
		members[i].Canary = true
	}
	return n
}
