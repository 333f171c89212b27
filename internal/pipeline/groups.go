package pipeline

import (
	"context"

	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/group"
)

// How much of a group is shown: the loop stands still while it is put together.
const (
	groupMembers = 1000
	graphNodes   = 500
	graphEdges   = 2000
)

// Groups are the groups that match, the likeliest to do harm first; none while no rule reads groups.
func (e *Engine) Groups(ctx context.Context, matches func(*group.Group) bool) ([]group.Summary, error) {
	return askGroups(ctx, e, func(f *group.Finder) []group.Summary { return f.List(matches) })
}

// Group is what is known of a group, with its first thousand members; nil if there is none of that id.
func (e *Engine) Group(ctx context.Context, id string) (*group.View, error) {
	return askGroups(ctx, e, func(f *group.Finder) *group.View {
		if v, ok := f.View(id, groupMembers); ok {
			return &v
		}
		return nil
	})
}

// GroupGraph is the graph of a group to a depth; nil if there is no group of that id.
func (e *Engine) GroupGraph(ctx context.Context, id string, depth int) (*group.Graph, error) {
	return askGroups(ctx, e, func(f *group.Finder) *group.Graph {
		if g, ok := f.Around(id, depth, graphNodes, graphEdges); ok {
			return &g
		}
		return nil
	})
}

// GroupOf is the id of the group that an account is in; empty for none.
func (e *Engine) GroupOf(ctx context.Context, account string) (string, error) {
	return askGroups(ctx, e, func(f *group.Finder) string {
		if g := f.Of(account); g != nil {
			return g.ID
		}
		return ""
	})
}

func askGroups[T any](ctx context.Context, e *Engine, question func(*group.Finder) T) (T, error) {
	return ask(ctx, e, func(l *decide.Loop) (answer T) {
		l.Groups(func(f *group.Finder) {
			if f != nil {
				answer = question(f)
			}
		})
		return answer
	})
}
