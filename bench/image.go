package bench

import (
	"context"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/zeebo/xxh3"

	"github.com/ringfence/ringfence/internal/journal/pebblelog"
	"github.com/ringfence/ringfence/internal/state"
	"github.com/ringfence/ringfence/internal/window"
)

const (
	imageStep = 1024 // entries of an image between two batches of records, as the engine has it
	between   = 8    // updates between two steps; few, so that the next image has little more than what it is meant to have
)

// images measures what the hot state's image costs the loop, and how long a restart takes to load it.
func images(_ context.Context, opts Options) (Section, error) {
	n := 100 * opts.Size.Keys
	s := Section{
		Title: "The image of the hot state: how long it holds up the loop, and how long a restart takes to load it",
		Input: fmt.Sprintf("%d keys of a count and as many of a distinct count over an hour, and %d ids, on disk; a few "+
			"updates go on while an image is taken", n, n),
	}
	return s, opts.inFolder(func(dir string) error {
		store, err := pebblelog.OpenStore(filepath.Join(dir, "store"), vfs.Default, pebblelog.StoreOptions{})
		if err != nil {
			return err
		}
		defer store.Close()
		f, err := newFilled(store, n)
		if err != nil {
			return err
		}
		full, err := f.image()
		if err != nil {
			return err
		}
		if err := f.update(n / 10); err != nil {
			return err
		}
		part, err := f.image()
		if err != nil {
			return err
		}
		began := time.Now()
		restored, err := state.New(state.Options{DB: store.DB})
		if err != nil {
			return err
		}
		if _, err := restored.Restore(); err != nil {
			return err
		}
		load := time.Since(began)
		for _, w := range restored.Stats().Windows {
			if w.Keys != n {
				return fmt.Errorf("window %s came back with %d keys, not %d", w.ID, w.Keys, n)
			}
		}
		s.add(millis(full.pause), "ms", "longest pause of the loop, first image: everything", "")
		s.add(full.loop.Seconds(), "s", "of the loop's time in all, first image", "")
		s.add(full.commit.Seconds(), "s", "to write and sync it, beside the loop", "")
		s.add(millis(part.pause), "ms", "longest pause of the loop, next image: a tenth of the keys changed", "")
		s.add(part.loop.Seconds(), "s", "of the loop's time in all, next image", "")
		s.add(part.commit.Seconds(), "s", "to write and sync it, beside the loop", "")
		s.add(load.Seconds(), "s", "to load the image at a restart, which then decides what the journal has since (at most 10 s of traffic)", "")
		return nil
	})
}

// filled is a state with keys in its windows, some of which go on changing.
type filled struct {
	state *state.State
	slots []state.Slot
	keys  int
	at    int64
	next  int
}

func newFilled(store *pebblelog.Store, n int) (*filled, error) {
	st, err := state.New(state.Options{DB: store.DB})
	if err != nil {
		return nil, err
	}
	hour := int64(time.Hour)
	slots, err := st.SetWindows([]window.Spec{{ID: "often", Func: window.Count, Duration: hour}, {ID: "varied", Func: window.Distinct, Duration: hour}})
	if err != nil {
		return nil, err
	}
	f := &filled{state: st, slots: slots, keys: n, at: int64(1_700_000_000 * time.Second)}
	return f, f.update(n)
}

// update lets n events in, each of the next account.
func (f *filled) update(n int) error {
	for range n {
		f.at += int64(time.Millisecond)
		f.next++
		var buf [8]byte
		binary.LittleEndian.PutUint64(buf[:], uint64(f.next%f.keys))
		key := window.Key(xxh3.Hash128(buf[:]).Bytes())
		binary.LittleEndian.PutUint64(buf[:], uint64(f.next))
		id := xxh3.Hash128Seed(buf[:], 1)
		if _, err := f.state.Admit(id.Bytes(), id.Lo, f.at); err != nil {
			return err
		}
		f.state.Advance(f.at)
		for _, slot := range f.slots {
			f.state.Update(slot, key, f.at, window.Arg{Hash: id.Hi})
		}
	}
	return nil
}

// imageCost is what an image took.
type imageCost struct {
	pause  time.Duration // the longest time that the loop did nothing else
	loop   time.Duration // of the loop in all
	commit time.Duration // of the goroutine that writes
}

// image takes an image as the engine does: a step between any two batches.
func (f *filled) image() (c imageCost, err error) {
	step := func(do func()) {
		began := time.Now()
		do()
		took := time.Since(began)
		c.pause = max(c.pause, took)
		c.loop += took
	}
	step(func() { err = f.state.BeginImage(uint64(f.next)) })
	for more := true; more && err == nil; {
		step(func() { more = f.state.ImageStep(imageStep) })
		if more {
			err = f.update(between)
		}
	}
	if err != nil {
		return c, err
	}
	var img *state.Image
	step(func() { img = f.state.FinishImage() })
	began := time.Now()
	err = img.Commit()
	c.commit = time.Since(began)
	return c, err
}

func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
