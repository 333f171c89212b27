package rule

import (
	"slices"
	"strings"

	"github.com/ringfence/ringfence/event"
)

// Group is the group that an event's actor is a member of, as of the event; of an event about a group, that group.
type Group struct {
	ID     string
	Size   int64
	Score  float64 // how likely it does harm, 0 to 1
	Found  int64   // when it was, nanoseconds since 1970
	Traces []string
	Hits   int64 // members of whom an event held something of a known-bad bank
}

// GroupEvents are the kinds of the events about groups, which no source sends. A rule listens to them by naming them: "*" does not stand for them.
var GroupEvents = []string{"group.formed", "group.grew", "group.merged", "group.split", "group.returned"}

// groupTarget is what rules write for group.id where a target is named.
const groupTarget = "group"

var groupSignalNames = []string{"group.id", "group.size", "group.score", "group.age", "group.traces", "group.labels", "group.hits"}

// ReadsGroups reports whether a rule that is not off reads groups, acts on them or listens to their events. The nil set does not.
func (s *Set) ReadsGroups() bool {
	if s == nil {
		return false
	}
	return slices.ContainsFunc(groupSignalNames, s.Reads) || slices.ContainsFunc(s.Rules, func(r *Rule) bool {
		return r.Mode != Off && slices.ContainsFunc(r.On, aboutGroup) || slices.ContainsFunc(s.Windows, func(w *Window) bool { return slices.ContainsFunc(w.On, aboutGroup) })
	})
}

func aboutGroup(kind string) bool {
	return strings.HasPrefix(kind, "group.") && slices.Contains(GroupEvents, kind)
}

// groupSignals are what rules read of the actor's group.
func groupSignals() []signal {
	has := func(in *Input) bool { return in.Group != nil }
	number := func(name string, get func(*Input) int64, doc string, k kind) signal {
		return signal{name: name, doc: doc, node: intNode(k, known(name, has, get))}
	}
	labels := &fault{"group.labels absent"}
	return []signal{
		{name: "group.id", doc: "the group that the actor is a member of, of an event about a group that one; unknown for accounts in no group", size: 33, entity: event.GroupEntity,
			node: textNode(known("group.id", has, func(in *Input) string { return in.Group.ID }))},
		number("group.size", func(in *Input) int64 { return in.Group.Size }, "its members, those on probation included", kindInt),
		{name: "group.score", doc: "how likely it does harm, 0 to 1",
			node: doubleNode(known("group.score", has, func(in *Input) float64 { return in.Group.Score }))},
		number("group.age", func(in *Input) int64 { return max(0, in.Event.Time-in.Group.Found) }, "event.time − when it was found", kindDuration),
		{name: "group.traces", doc: "the kinds of co-action that tie it: share, text, reply, follow, device…", size: foundSize,
			node: listNode(known("group.traces", has, func(in *Input) []string { return in.Group.Traces }))},
		{name: "group.labels", doc: "the labels that it bears", size: foundSize,
			node: listNode(func(ev *Evaluation) ([]string, *fault) {
				if ev.in.Group == nil {
					return nil, labels
				}
				ev.scratch[scratchGroupLabels] = ev.facts.Labels(event.Entity{Kind: event.GroupEntity, ID: ev.in.Group.ID}, ev.scratch[scratchGroupLabels][:0])
				return ev.scratch[scratchGroupLabels], nil
			})},
		number("group.hits", func(in *Input) int64 { return in.Group.Hits }, "members of whom an event held something of a known-bad bank", kindInt),
	}
}
