package state

import (
	"fmt"
	"math"
	"slices"

	"github.com/ringfence/ringfence/internal/window"
)

// Slot names a window within one State for as long as the window is set.
type Slot uint16

const (
	maxWindows = math.MaxUint16
	never      = int64(math.MaxInt64)
	room       = 4 // words that nearly every update can do with
)

// keyed is one window over all its keys.
type keyed struct {
	win     *window.Window
	number  uint32 // names the window in the image, and is never used again for another
	index   map[window.Key]uint32
	wheel   *wheel
	bytes   int64
	evicted int64
}

// SetWindows makes the windows of the state those that are named, and gives their slots in the same order. A window that is
// there already, with the same spec, keeps its contents and its slot; one that is not named is dropped. On an error nothing
// changes.
func (s *State) SetWindows(specs []window.Spec) ([]Slot, error) {
	if len(specs) > maxWindows {
		return nil, fmt.Errorf("state: %d windows are more than %d", len(specs), maxWindows)
	}
	named := make(map[string]bool, len(specs))
	wins := make([]*window.Window, len(specs))
	for i, spec := range specs {
		if named[spec.ID] {
			return nil, fmt.Errorf("state: window %s is named twice", spec.ID)
		}
		named[spec.ID] = true
		w, err := window.New(spec, s.opts.Lateness)
		if err != nil {
			return nil, fmt.Errorf("state: %w", err)
		}
		wins[i] = w
	}
	kept := make(map[window.Spec]Slot, len(specs))
	for _, w := range wins {
		kept[w.Spec] = 0
	}
	for i, k := range s.windows {
		if k == nil {
			continue
		}
		if _, ok := kept[k.win.Spec]; ok {
			kept[k.win.Spec] = Slot(i)
		} else {
			s.dropWindow(Slot(i))
		}
	}
	slots := make([]Slot, len(wins))
	for i, w := range wins {
		slot := kept[w.Spec]
		if int(slot) >= len(s.windows) || s.windows[slot] == nil || s.windows[slot].win.Spec != w.Spec {
			slot = s.addWindow(w)
		}
		slots[i] = slot
	}
	s.setWake()
	return slots, nil
}

func newKeyed(w *window.Window, number uint32, clock int64) *keyed {
	return &keyed{win: w, number: number, index: map[window.Key]uint32{}, wheel: newWheel(w, clock)}
}

// addWindow puts a window into the first free slot.
func (s *State) addWindow(w *window.Window) Slot {
	k := newKeyed(w, s.numbers, s.clock)
	s.numbers++
	i := slices.Index(s.windows, nil)
	if i < 0 {
		i = len(s.windows)
		s.windows = append(s.windows, nil)
	}
	s.windows[i] = k
	return Slot(i)
}

// dropWindow forgets a window in time proportional to its keys.
func (s *State) dropWindow(slot Slot) {
	k := s.windows[slot]
	for _, i := range k.wheel.heads {
		for i != noCell {
			c := s.cells.at(i)
			next := c.next
			if c.flags&pageMask&^s.page != 0 {
				s.encodeCell(c)
			}
			s.cells.release(i)
			i = next
		}
	}
	if s.opts.DB != nil {
		s.out.deleteRange(numbered(prefixCell, k.number))
	}
	s.used -= k.bytes
	s.windows[slot] = nil
}

// Update adds a sighting and reads the window as of it. The time must lie in [Clock-Lateness, Clock]: outside it the state
// does not change and the result is not OK.
func (s *State) Update(slot Slot, key window.Key, at int64, arg window.Arg) window.Result {
	if !s.readable(at) {
		return window.Result{}
	}
	k := s.windows[slot]
	i, known := k.index[key]
	if !known {
		words, r := k.win.Update(s.scratch[:0], s.clock, at, arg)
		s.scratch = words[:0]
		i = s.cells.alloc(words)
		c := s.cells.at(i)
		c.key, c.last, c.win = key, at, slot
		s.touch(i, c)
		k.index[key] = i
		k.wheel.file(&s.cells, i)
		s.spend(k, c.cost())
		return r
	}
	c := s.cells.at(i)
	s.touch(i, c)
	c.last = max(c.last, at)
	before := c.cost()
	words := s.cells.words(c)
	full := cap(words)-len(words) < room
	if full {
		words = append(s.scratch[:0], words...)
	}
	words, r := k.win.Update(words, s.clock, at, arg)
	if full {
		s.scratch = words[:0]
	}
	s.cells.keep(c, words)
	s.spend(k, c.cost()-before)
	return r
}

// Read reads a window as of a time in [Clock-Lateness, Clock]; outside it the result is not OK.
func (s *State) Read(slot Slot, key window.Key, at int64) window.Result {
	if !s.readable(at) {
		return window.Result{}
	}
	k := s.windows[slot]
	i, known := k.index[key]
	if !known {
		return k.win.Read(nil, at)
	}
	return k.win.Read(s.cells.words(s.cells.at(i)), at)
}

func (s *State) readable(at int64) bool {
	return at >= 0 && at <= s.clock && at >= s.clock-s.opts.Lateness
}

// expireCells drops the cells whose slices are due.
func (s *State) expireCells() {
	for _, k := range s.windows {
		if k == nil {
			continue
		}
		wh := k.wheel
		kept := wh.kept(s.clock)
		for slice, last := wh.first, min(kept, wh.first+wheelSize); slice < last; slice++ {
			wh.take(&s.cells, slice, func(i uint32) { s.dropCell(k, i) })
		}
		wh.first = max(wh.first, kept)
	}
	s.setWake()
}

// dropCell forgets a cell that is in no list of the wheel.
func (s *State) dropCell(k *keyed, i uint32) {
	c := s.cells.at(i)
	cost := c.cost()
	s.used -= cost
	k.bytes -= cost
	s.forget(c)
	delete(k.index, c.key)
	s.cells.release(i)
}

func (s *State) setWake() {
	s.wake = never
	for _, k := range s.windows {
		if k != nil {
			s.wake = min(s.wake, k.wheel.wake())
		}
	}
}
