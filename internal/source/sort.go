package source

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"

	"github.com/ringfence/ringfence/event"
)

// SortOptions bounds a sort.
type SortOptions struct {
	Memory  int                    // bytes held before a run of sorted events goes to disk
	Dir     string                 // where runs go; empty for the system's temporary directory
	OnError func(*LineError) error // called for each line that is refused; its error ends the sort. nil ends it at the first
}

// Sorted reads everything and gives it in order of (time, id), then of the input; duplicates stay. It holds about opt.Memory bytes;
// the rest waits in compressed files that Close removes. It closes the readers, also after an error.
func Sorted(ctx context.Context, readers []Reader, opt SortOptions) (_ Reader, err error) {
	s := &sorter{opt: opt}
	defer func() {
		for _, r := range readers {
			err = errors.Join(err, r.Close())
		}
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	for _, r := range readers {
		if err := s.read(ctx, r); err != nil {
			return nil, fmt.Errorf("sort events: %w", err)
		}
	}
	if err := s.finish(ctx); err != nil {
		return nil, fmt.Errorf("sort events: %w", err)
	}
	return s, nil
}

// entry is one event in a sort. Its native bytes follow its id in data.
type entry struct {
	time  int64
	data  []byte
	idLen int32
	order int32 // within the memory's fill
}

const entrySize = 40

func (e *entry) id() []byte  { return e.data[:e.idLen] }
func (e *entry) raw() []byte { return e.data[e.idLen:] }

func compareEntries(a, b *entry) int {
	if c := cmp.Compare(a.time, b.time); c != 0 {
		return c
	}
	return bytes.Compare(a.id(), b.id())
}

// sorter collects entries in memory and spills them as sorted runs. Runs that came from as many merges are of one level, of which
// there are never more than fanIn: so each event is rewritten at most once for every factor of fanIn in size.
type sorter struct {
	opt     SortOptions
	entries []entry
	blocks  blocks

	dir    string   // of the runs; empty before the first
	levels [][]*run // each from the oldest to the newest; a higher level is older than a lower one
	files  int

	merge   *merge
	at      int // the entry that was given last, where there is no merge
	decoder *event.Decoder
	raw     []byte
}

const fanIn = 32

func (s *sorter) read(ctx context.Context, r Reader) error {
	var e event.Event
	for {
		switch err := r.Next(&e); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			var line *LineError
			if !errors.As(err, &line) || s.opt.OnError == nil {
				return err
			}
			if err := s.opt.OnError(line); err != nil {
				return err
			}
			continue
		}
		raw := r.Raw()
		if s.blocks.used+len(s.entries)*entrySize+len(e.ID)+len(raw) > s.opt.Memory && len(s.entries) > 0 {
			if err := s.spill(ctx); err != nil {
				return err
			}
		}
		data := s.blocks.take(len(e.ID) + len(raw))
		copy(data[copy(data, e.ID):], raw)
		s.entries = append(s.entries, entry{time: e.Time, data: data, idLen: int32(len(e.ID)), order: int32(len(s.entries))})
	}
}

func (s *sorter) sort() {
	slices.SortFunc(s.entries, func(a, b entry) int {
		if c := compareEntries(&a, &b); c != 0 {
			return c
		}
		return cmp.Compare(a.order, b.order)
	})
}

// spill writes what is in memory as a run.
func (s *sorter) spill(ctx context.Context) error {
	s.sort()
	if s.dir == "" {
		dir, err := os.MkdirTemp(s.opt.Dir, "ringfence-sort-")
		if err != nil {
			return err
		}
		s.dir = dir
	}
	w, err := s.create()
	if err != nil {
		return err
	}
	for i := range s.entries {
		w.add(&s.entries[i])
	}
	clear(s.entries) // they may hold on to blocks of their own
	s.entries = s.entries[:0]
	s.blocks.reset()
	r, err := w.finish()
	if err != nil {
		return err
	}
	return s.push(ctx, 0, r)
}

// push adds a run to a level, and merges the level into one run of the next when it is full.
func (s *sorter) push(ctx context.Context, level int, r *run) error {
	if level == len(s.levels) {
		s.levels = append(s.levels, nil)
	}
	s.levels[level] = append(s.levels[level], r)
	if len(s.levels[level]) < fanIn {
		return ctx.Err()
	}
	runs := s.levels[level]
	s.levels[level] = nil
	m, err := newMerge(runs)
	if err != nil {
		return errors.Join(err, closeRuns(runs))
	}
	w, err := s.create()
	if err != nil {
		return errors.Join(err, m.close())
	}
	for n := 0; ; n++ {
		e, err := m.next()
		if err == nil && n%4096 == 0 {
			err = ctx.Err()
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return errors.Join(err, m.close(), w.abandon())
		}
		w.add(e)
	}
	merged, err := w.finish()
	if err = errors.Join(err, m.close()); err != nil {
		return err
	}
	return s.push(ctx, level+1, merged)
}

// finish makes the sorter ready to give its events.
func (s *sorter) finish(ctx context.Context) error {
	s.decoder = event.NewDecoder(unlimited)
	s.at = -1
	if s.dir == "" {
		s.sort()
		return nil
	}
	if len(s.entries) > 0 {
		if err := s.spill(ctx); err != nil {
			return err
		}
	}
	s.entries, s.blocks = nil, blocks{}
	var runs []*run
	for _, level := range slices.Backward(s.levels) {
		runs = append(runs, level...)
	}
	s.levels = nil
	var err error
	if s.merge, err = newMerge(runs); err != nil {
		return errors.Join(err, closeRuns(runs))
	}
	return nil
}

// unlimited is for events that a reader has already held against its limits.
var unlimited = event.Limits{Line: math.MaxInt, Text: math.MaxInt, List: math.MaxInt, Attrs: math.MaxInt, String: math.MaxInt}

func (s *sorter) Next(e *event.Event) error {
	var next *entry
	if s.merge != nil {
		var err error
		if next, err = s.merge.next(); errors.Is(err, io.EOF) {
			return io.EOF
		} else if err != nil {
			return fmt.Errorf("sort events: %w", err)
		}
	} else {
		if s.at+1 >= len(s.entries) {
			return io.EOF
		}
		s.at++
		next = &s.entries[s.at]
	}
	s.raw = next.raw()
	return s.decoder.Decode(s.raw, e)
}

func (s *sorter) Raw() []byte { return s.raw }

func (s *sorter) Close() error {
	var errs []error
	if s.merge != nil {
		errs = append(errs, s.merge.close())
		s.merge = nil
	}
	for _, level := range s.levels {
		errs = append(errs, closeRuns(level))
	}
	s.levels, s.entries, s.blocks = nil, nil, blocks{}
	if s.dir != "" {
		errs = append(errs, os.RemoveAll(s.dir))
		s.dir = ""
	}
	return errors.Join(errs...)
}

// blocks hands out memory in pieces that never move, and keeps it for the next fill.
type blocks struct {
	all  [][]byte
	at   int // the block that is being filled
	rest []byte
	used int
}

const blockSize = 1 << 20

func (b *blocks) take(n int) []byte {
	if n > len(b.rest) {
		if n > blockSize/4 {
			b.used += n
			return make([]byte, n) // not kept
		}
		if b.at == len(b.all) {
			b.all = append(b.all, make([]byte, blockSize))
		}
		b.rest = b.all[b.at]
		b.at++
	}
	piece := b.rest[:n:n]
	b.rest = b.rest[n:]
	b.used += n
	return piece
}

func (b *blocks) reset() { b.at, b.rest, b.used = 0, nil, 0 }
