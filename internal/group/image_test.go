package group

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/graph/paged"
)

// disk is a store in memory.
type disk map[string][]byte

func (d disk) Set(key, value []byte) { d[string(key)] = bytes.Clone(value) }

// restored is a finder that was loaded from a store.
func restored(t testing.TB, from disk) (*Finder, error) {
	t.Helper()
	f := finder(t)
	for _, key := range slices.Sorted(maps.Keys(from)) {
		if err := f.Load([]byte(key), from[key]); err != nil {
			return nil, err
		}
	}
	return f, f.Loaded()
}

// feed gives a finder an event as the loop does, and says what comes of it.
func feed(t testing.TB, f *Finder, e *event.Event) string {
	t.Helper()
	changes, err := f.Advance(e.Time)
	if err != nil {
		t.Fatal(err)
	}
	said := fmt.Sprint(changes)
	if err := f.Observe(e, Acts(nil, e), Seen{Hit: len(e.URLs) > 1}); err != nil {
		t.Fatal(err)
	}
	if g := f.Of(e.Actor); g != nil {
		said += fmt.Sprint(g.ID, g.Version, g.Size(), g.Score, g.Traces(), g.Hits(), f.Confirmed(g))
	}
	return said
}

// TestImageGoesOnAlike takes images of a finder, while it goes on and its refiner works, and lets what is loaded of them go on beside it.
func TestImageGoesOnAlike(t *testing.T) {
	events, _ := simulated(t, 5)
	events = events[:12_000]
	f := finder(t)
	store, next := disk{}, disk{}
	f.Mark(next)
	var image disk
	var others []*Finder
	var said []string // since the mark
	marked, refining, grouped := 0, 0, 0
	for i := range events {
		e := &events[i]
		want := feed(t, f, e)
		if len(want) > 2 {
			grouped++
		}
		for _, o := range others {
			if got := feed(t, o, e); got != want {
				t.Fatalf("event %d: %s", i, cmp.Diff(want, got))
			}
		}
		said = append(said, want)
		f.Step(1 + i%20)
		switch {
		case image == nil && (i%3000 == 1500 || len(said) > 1000 && i > 4000 && f.refining != nil && refining == 0): // an image that was begun is kept before the next
			if f.refining != nil {
				refining++
			}
			image, next, marked, said = next, disk{}, i, nil
			f.Mark(next)
		case image != nil && i == marked+400:
			for f.Step(100) == 0 {
			}
			maps.Copy(store, image)
			image = nil
			o, err := restored(t, store)
			if err != nil {
				t.Fatal(err)
			}
			for j := range said {
				if got := feed(t, o, &events[marked+1+j]); got != said[j] {
					t.Fatalf("the image of event %d goes on otherwise at event %d: %s", marked, marked+1+j, cmp.Diff(said[j], got))
				}
			}
			others = append(others, o)
		}
	}
	if refining == 0 || grouped < 200 {
		t.Errorf("%d images while the refiner worked, %d events of members: the test tests too little", refining, grouped)
	}
	want, err := f.Groups()
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range others {
		got, err := o.Groups()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(printedOf(want), printedOf(got)); diff != "" {
			t.Error(diff)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add([]byte{ofFinder, 0, 0, 0, 0, 0}, []byte{1, 1, 1, 'g'})
	f.Add([]byte{ofFinder, 0xff}, []byte{1, 0, 0, 0, 0, 0})
	f.Add([]byte{ofModel, 2, 0, 0, 0, 0}, []byte{8, 0, 0})
	f.Fuzz(func(t *testing.T, key, value []byte) {
		f := finder(t)
		err := errors.Join(f.Load(key, value), f.Loaded())
		if err != nil && !errors.Is(err, paged.ErrDamaged) {
			t.Error(err)
		}
	})
}
