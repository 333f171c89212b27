package decide

import (
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/rule"
	"github.com/ringfence/ringfence/text/family"
)

// familySignals are those that families are kept for.
var familySignals = []string{"text.family", "text.family.accounts", "text.family.posts", "text.template"}

// family assigns the event's text to its family of near-copies, if the active rules read families: like windows, families are what
// they are for. A late event only finds the one that is there: it founds none, and is not counted.
func (l *Loop) family(it *extract.Item, late bool) rule.TextFamily {
	if !l.families && l.groups == nil {
		return rule.TextFamily{}
	}
	var id family.ID
	if late {
		id = l.state.FindText(&it.Sketch)
	} else {
		id = l.state.AssignText(&it.Sketch, it.Event.Actor, it.Event.Time)
	}
	f, ok := l.state.Family(id)
	if !ok {
		return rule.TextFamily{}
	}
	return rule.TextFamily{ID: uint64(id), Accounts: int64(f.Accounts), Posts: int64(f.Texts)}
}

// Template is how rules read templates.
func (f *facts) Template(id uint64) (string, bool) {
	known, _ := f.state.Family(family.ID(id))
	if known.Texts < 2 {
		return "", false
	}
	t, ok := f.state.Template(family.ID(id))
	return t.String(), ok
}
