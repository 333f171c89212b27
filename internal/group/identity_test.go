package group

import (
	"fmt"
	"slices"
	"testing"

	"github.com/ringfence/ringfence/event"
)

// town is a finder with some accounts, whose ties the test makes itself.
type town struct {
	t  *testing.T
	f  *Finder
	at int64
}

func newTown(t *testing.T, accounts int) *town {
	w := &town{t: t, f: finder(t), at: 1_767_600_000 * second}
	for i := range accounts {
		w.act(i)
	}
	return w
}

// act lets an account act, in a way that ties it to nobody.
func (w *town) act(i int) []Change {
	w.at += second
	e := event.Event{ID: fmt.Sprint("e", w.at), Time: w.at, Kind: "follow", Actor: fmt.Sprint("a", i), Target: fmt.Sprint("t", i)}
	changes, err := w.f.Advance(e.Time)
	if err != nil {
		w.t.Fatal(err)
	}
	changes = slices.Clone(changes)
	if err := w.f.Observe(&e, Acts(nil, &e), Seen{}); err != nil {
		w.t.Fatal(err)
	}
	w.check()
	return changes
}

// pass lets time go by, with an act of the accounts each hour, and gives what happened.
func (w *town) pass(hours int, accounts ...int) (kinds []ChangeKind, all []Change) {
	for range max(1, hours) {
		w.at += hour
		for _, i := range accounts {
			all = append(all, w.act(i)...)
		}
	}
	for _, c := range all {
		kinds = append(kinds, c.Kind)
	}
	return kinds, all
}

// bind ties accounts from one to before another with each other, or unties them.
func (w *town) bind(from, to int, do func(a, b uint32)) {
	for a := from; a < to; a++ {
		for b := a + 1; b < to; b++ {
			do(uint32(a), uint32(b))
		}
	}
}

func (w *town) tie(a, b uint32) { w.f.tie(a, b, 0, -9) }

// check holds what must be so of groups at any time.
func (w *town) check() {
	ids, in := map[string]bool{}, map[uint32]bool{}
	for _, g := range w.f.groups {
		if ids[g.ID] || w.f.byID[g.ID] != g || w.f.kept[g.place] != g {
			w.t.Fatalf("group %s is there twice, or lost", g.ID)
		}
		ids[g.ID] = true
		if !g.live() {
			continue
		}
		if !slices.IsSorted(g.members) || len(g.Accounts) != len(g.members) {
			w.t.Fatalf("group %s: members %v, accounts %v", g.ID, g.members, g.Accounts)
		}
		for _, a := range g.members {
			if in[a] || w.f.accounts[a].group != g {
				w.t.Fatalf("account %d is in two groups, or not in the one that has it", a)
			}
			in[a] = true
		}
	}
	for a := range w.f.accounts {
		if g := w.f.accounts[a].group; g != nil && (!in[uint32(a)] || !g.live()) {
			w.t.Fatalf("account %d is in group %s, which has it not", a, g.ID)
		}
	}
}

func TestIdentity(t *testing.T) {
	w := newTown(t, 16)
	w.bind(0, 6, w.tie)
	if kinds, _ := w.pass(1, 0, 6); !slices.Equal(kinds, []ChangeKind{Formed}) {
		t.Fatalf("six that are tied: %v", kinds)
	}
	old := w.f.Of("a0")
	id, version := old.ID, old.Version
	w.bind(0, 9, w.tie)
	if kinds, _ := w.pass(1, 0, 6); !slices.Equal(kinds, []ChangeKind{Grew}) || old.ID != id || old.Version <= version || old.Size() != 9 {
		t.Errorf("three more: %v, version %d after %d", kinds, old.Version, version)
	}
	w.bind(9, 14, w.tie)
	w.pass(1, 0, 9)
	other := w.f.Of("a9")
	if other == nil || other == old {
		t.Fatal("five others are no group of their own")
	}
	w.bind(0, 14, w.tie)
	kinds, all := w.pass(1, 0, 9)
	if !slices.Equal(kinds, []ChangeKind{Joined}) || !slices.Equal(all[0].Others, []string{other.ID}) || w.f.Of("a9") != old || other.State != Merged || other.Into != id {
		t.Fatalf("two groups that are tied: %v; the younger is %s, into %q", all, other.State, other.Into)
	}
	for a := range uint32(9) { // apart again
		for b := uint32(9); b < 14; b++ {
			w.f.untie(a, b)
		}
	}
	if kinds, _ := w.pass(20, 0, 9); len(kinds) > 0 || w.f.Of("a9") != old {
		t.Errorf("apart for less than a day: %v", kinds)
	}
	kinds, all = w.pass(6, 0, 9)
	part := w.f.Of("a9")
	if !slices.Equal(kinds, []ChangeKind{Split}) || part == nil || part == old || part.ID == other.ID || !slices.Equal(part.Parents, []string{id}) {
		t.Fatalf("apart for a day: %v", all)
	}
	if old.Size() != 9 || part.Size() != 5 {
		t.Errorf("%d and %d members, want 9 and 5", old.Size(), part.Size())
	}
	w.pass(80, 9)
	if old.State != Dormant || part.State != Active {
		t.Errorf("nobody acted for 80 hours: %s; somebody did: %s", old.State, part.State)
	}
	if kinds, _ := w.pass(2, 0); !slices.Equal(kinds, []ChangeKind{Returned}) || old.State != Active || w.f.Of("a0").ID != id {
		t.Errorf("a member of a dormant group acts: %v, %s", kinds, old.State)
	}
	for range 33 {
		w.pass(24, 9)
	}
	if old.State != Dead || w.f.Of("a0") != nil || w.f.Group(id) != old {
		t.Errorf("nobody acted for 33 days: %s", old.State)
	}
}

// TestJoinAtOnce: by a key that few have, and by ties to two members.
func TestJoinAtOnce(t *testing.T) {
	w := newTown(t, 8)
	w.bind(0, 6, w.tie)
	w.pass(1, 0)
	g := w.f.Of("a0")
	use := func(i int, device string) {
		w.at += second
		e := event.Event{ID: fmt.Sprint("d", w.at), Time: w.at, Kind: "login", Actor: fmt.Sprint("a", i), Device: device}
		if _, err := w.f.Advance(e.Time); err != nil {
			t.Fatal(err)
		}
		if err := w.f.Observe(&e, Acts(nil, &e), Seen{}); err != nil {
			t.Fatal(err)
		}
		w.check()
	}
	use(0, "d1")
	use(6, "d1")
	if w.f.Of("a6") != g || slices.Contains(w.f.Confirmed(g), "a6") {
		t.Error("one who shares a member's device is not on probation in the group")
	}
	use(7, "d2")
	use(6, "d2")
	use(7, "d3") // united with a6, who is in the group
	if w.f.Of("a7") != g {
		t.Error("a chain of rare devices does not bind")
	}
	w.pass(26, 0)
	if w.f.Of("a6") != nil || w.f.Of("a7") != nil || g.Size() != 6 {
		t.Error("who was not confirmed is still a member after a day")
	}
	for i := range 30 {
		use(100+i, "kiosk")
	}
	use(0, "kiosk")
	use(130, "kiosk")
	if w.f.Of("a130") != nil {
		t.Error("a device that many use binds")
	}
}
