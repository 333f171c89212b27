// Package change is what people (and, later, models) change, in the form in which the journal carries it. A change is checked
// and written in one SQL transaction with a to-journal row; a relay appends it to the journal under its id; decide acts only
// on the journal record. So SQL says who did what, and the journal says what decide knew when. A change does not hold the time at
// which it was made, so that a request that is repeated later makes the same one.
package change

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/model"
	"github.com/ringfence/ringfence/rule"
)

// Change is one change. Exactly one of the pointers is set; its name is the kind.
type Change struct {
	ID     string `json:"id"`     // unique; decide drops an id it has seen
	By     string `json:"by"`     // who: "person:ada", "key:ci"
	Reason string `json:"reason"` // in the person's words

	Rules   *Rules   `json:"rules,omitempty"`
	Label   *Label   `json:"label,omitempty"`
	Allow   *Allow   `json:"allow,omitempty"`
	Approve *Approve `json:"approve,omitempty"`
	Lift    *Lift    `json:"lift,omitempty"`
	Close   *Close   `json:"close,omitempty"`
	Breaker *Breaker `json:"breaker,omitempty"`
	Act     *Act     `json:"act,omitempty"`
	Verdict *Verdict `json:"verdict,omitempty"`
	Undo    *Undo    `json:"undo,omitempty"`

	Bank  *bank.Edit  `json:"bank,omitempty"`
	Model *model.Edit `json:"model,omitempty"`
}

// Rules makes a rule set the active one, whole.
type Rules struct {
	Version int         `json:"version"`        // number in the records store
	Back    bool        `json:"back,omitempty"` // a rollback: the versions made active after this one are out
	Files   []rule.File `json:"files"`
}

// Label puts a label on an entity or takes it off; no rule changes that until it expires.
type Label struct {
	Entity  string `json:"entity"` // "account:a17"
	Name    string `json:"name"`
	Remove  bool   `json:"remove,omitempty"`
	Expires int64  `json:"expires,omitempty"` // event time, nanoseconds; 0 never
}

// Allow says that no rule may label or enforce on an entity, for one policy or (empty) for all.
type Allow struct {
	Entity  string `json:"entity"`
	Policy  string `json:"policy,omitempty"`
	Remove  bool   `json:"remove,omitempty"`
	Expires int64  `json:"expires,omitempty"`
}

// Approve releases effects that wait above a cap, or refuses them.
type Approve struct {
	Effects []string `json:"effects"` // effect ids
	Refuse  bool     `json:"refuse,omitempty"`
}

// Lift says that an enforcement on an entity is no longer in force.
type Lift struct {
	Entity string `json:"entity"`
}

// Close says that the case of a policy about an entity is closed, so that a rule may open another. On its own it is what earlier
// builds wrote of a verdict.
type Close struct {
	Policy string `json:"policy"`
	Entity string `json:"entity"`
}

// Verdict is what a person said of a case, and what follows at once: the cases it closes, a label, an enforcement.
type Verdict struct {
	Case     string   `json:"case"`
	Entity   string   `json:"entity"`
	Decision string   `json:"decision"`           // violating, benign or unclear
	Policies []string `json:"policies,omitempty"` // those that are violated
	Code     string   `json:"code,omitempty"`     // of the reason
	Severity int      `json:"severity,omitempty"` // of the case
	Rules    []string `json:"rules,omitempty"`    // that spoke for the case, as id@version
	Closes   []Close  `json:"closes,omitempty"`   // what decide may have open of the case, and of cases that it holds
	Labels   []string `json:"labels,omitempty"`   // put on the entity
	Enforce  string   `json:"enforce,omitempty"`  // step of enforcement on the entity
	Lasts    int64    `json:"lasts,omitempty"`    // how long the enforcement does, in nanoseconds of event time; 0 for good

	Overturns []Undo `json:"overturns,omitempty"` // verdicts on the entity whose labels and enforcement go with this one: it upholds an appeal
}

// Undo takes a verdict back, and what followed from it.
type Undo struct {
	Change  string  `json:"change"` // id of the change with the verdict
	Verdict Verdict `json:"verdict"`
}

// Breaker puts a rule that went into shadow by itself back to the mode its file states.
type Breaker struct {
	Rule string `json:"rule"`
}

// MaxAct is how many members one Act is about at most, so that the loop is held up by it for milliseconds only.
const MaxAct = 1000

// Act is a batch of a group action: a step of enforcement on some of the group's members, or with Undo the end of it. The members, and what the
// action says of them, were fixed when it was proposed.
type Act struct {
	Action  string   `json:"action"` // its id
	Group   string   `json:"group"`
	Version uint64   `json:"version"` // of the group's set of members, which the action was decided on
	Step    string   `json:"step"`
	Policy  string   `json:"policy"`
	Label   string   `json:"label,omitempty"`   // put on the members on whom the step is taken
	Lasts   int64    `json:"lasts,omitempty"`   // event time, nanoseconds; 0 for good
	Members []string `json:"members,omitempty"` // accounts
	Undo    bool     `json:"undo,omitempty"`
	Last    bool     `json:"last,omitempty"` // of an undo, and without members: the action is undone as a whole
}

func (a *Act) check() error {
	switch {
	case a.Action == "" || a.Group == "" || a.Policy == "":
		return errors.New("act needs an action, a group and a policy")
	case !effect.IsStep(a.Step):
		return fmt.Errorf("%.64q is no step of enforcement", a.Step)
	case a.Lasts < 0 || a.Lasts > maxLasts:
		return fmt.Errorf("an enforcement of %d ns is not of 0 to 10 years", a.Lasts)
	case a.Last && (!a.Undo || len(a.Members) > 0):
		return errors.New("the last of an action is an undo of no members")
	case len(a.Members) > MaxAct || len(a.Members) == 0 && !a.Last:
		return fmt.Errorf("act names %d members, not 1 to %d", len(a.Members), MaxAct)
	case slices.Contains(a.Members, ""):
		return errors.New("act names a member without an id")
	}
	return nil
}

const maxLasts = 10 * 366 * 24 * 3600 * int64(1e9)

// Kind is the word for what is changed.
func (c *Change) Kind() string {
	switch {
	case c.Rules != nil:
		return "rules"
	case c.Label != nil:
		return "label"
	case c.Allow != nil:
		return "allow"
	case c.Approve != nil:
		return "approve"
	case c.Lift != nil:
		return "lift"
	case c.Close != nil:
		return "close"
	case c.Breaker != nil:
		return "breaker"
	case c.Act != nil:
		return "act"
	case c.Verdict != nil:
		return "verdict"
	case c.Undo != nil:
		return "undo"
	case c.Bank != nil:
		return "bank"
	case c.Model != nil:
		return "model"
	}
	return ""
}

// Check says what is wrong with a change before it is written anywhere.
func (c *Change) Check() error {
	if c.ID == "" || c.By == "" {
		return errors.New("change: needs an id and who made it")
	}
	set := 0
	for _, has := range []bool{c.Rules != nil, c.Label != nil, c.Allow != nil, c.Approve != nil, c.Lift != nil, c.Close != nil, c.Breaker != nil, c.Act != nil, c.Verdict != nil, c.Undo != nil, c.Bank != nil, c.Model != nil} {
		if has {
			set++
		}
	}
	if set != 1 {
		return fmt.Errorf("change %s: must change exactly one thing, it names %d", c.ID, set)
	}
	entity := ""
	switch {
	case c.Label != nil:
		entity = c.Label.Entity
		if c.Label.Name == "" {
			return fmt.Errorf("change %s: label has no name", c.ID)
		}
	case c.Allow != nil:
		entity = c.Allow.Entity
	case c.Lift != nil:
		entity = c.Lift.Entity
	case c.Close != nil:
		entity = c.Close.Entity
	case c.Verdict != nil:
		if err := c.Verdict.check(); err != nil {
			return fmt.Errorf("change %s: %w", c.ID, err)
		}
		return nil
	case c.Undo != nil:
		if c.Undo.Change == "" {
			return fmt.Errorf("change %s: it names no verdict to take back", c.ID)
		}
		if err := c.Undo.Verdict.check(); err != nil {
			return fmt.Errorf("change %s: %w", c.ID, err)
		}
		return nil
	case c.Approve != nil:
		if len(c.Approve.Effects) == 0 {
			return fmt.Errorf("change %s: approve names no effect", c.ID)
		}
		return nil
	case c.Breaker != nil:
		if c.Breaker.Rule == "" {
			return fmt.Errorf("change %s: breaker names no rule", c.ID)
		}
		return nil
	case c.Act != nil:
		if err := c.Act.check(); err != nil {
			return fmt.Errorf("change %s: %w", c.ID, err)
		}
		return nil
	case c.Model != nil:
		if err := c.Model.Check(); err != nil {
			return fmt.Errorf("change %s: %w", c.ID, err)
		}
		return nil
	case c.Bank != nil:
		if err := c.Bank.Check(); err != nil {
			return fmt.Errorf("change %s: %w", c.ID, err)
		}
		return nil
	default:
		return nil
	}
	if _, ok := event.ParseEntity(entity); !ok {
		return fmt.Errorf("change %s: %q is not an entity; write kind:id, such as account:a17", c.ID, entity)
	}
	return nil
}

func (v *Verdict) check() error {
	if v.Case == "" || v.Lasts < 0 || !slices.Contains([]string{"violating", "benign", "unclear"}, v.Decision) {
		return fmt.Errorf("verdict %q on case %q, that lasts %d ns, is none", v.Decision, v.Case, v.Lasts)
	}
	for i := range v.Overturns {
		if o := &v.Overturns[i]; o.Change == "" || o.Verdict.Entity != v.Entity || len(o.Verdict.Overturns) > 0 {
			return fmt.Errorf("verdict on case %q overturns a verdict without an id, on another entity, or that overturns others", v.Case)
		}
	}
	entities := []string{v.Entity}
	for _, c := range v.Closes {
		entities = append(entities, c.Entity)
	}
	for _, e := range entities {
		if _, ok := event.ParseEntity(e); !ok {
			return fmt.Errorf("%q is not an entity; write kind:id, such as account:a17", e)
		}
	}
	return nil
}

// Encode is the change as a journal body.
func (c *Change) Encode() ([]byte, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	return json.Marshal(c)
}

// Decode reads a journal body. Unknown fields are an error: a change that this build does not understand must not be half applied.
func Decode(body []byte) (*Change, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	var c Change
	if err := dec.Decode(&c); err != nil {
		return nil, fmt.Errorf("change: %w", err)
	}
	if dec.More() {
		return nil, errors.New("change: more than one JSON value")
	}
	return &c, c.Check()
}
