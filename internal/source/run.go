package source

import (
	"bufio"
	"container/heap"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// runWriter writes a sorted run: for each entry its time, the sizes of id and native bytes, and both, as varints and bytes, all
// in one zstd frame.
type runWriter struct {
	file *os.File
	z    *zstd.Encoder
	w    *bufio.Writer
	head []byte
}

// create makes the next run file of the sort.
func (s *sorter) create() (*runWriter, error) {
	s.files++
	f, err := os.Create(filepath.Join(s.dir, fmt.Sprintf("%06d.run", s.files)))
	if err != nil {
		return nil, err
	}
	// A small window keeps the memory of a merge small: each run that is read needs about one.
	z, err := zstd.NewWriter(f, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(256<<10))
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &runWriter{file: f, z: z, w: bufio.NewWriterSize(z, bufferSize)}, nil
}

// add writes an entry. An error stays in the buffered writer until finish.
func (w *runWriter) add(e *entry) {
	w.head = binary.AppendUvarint(w.head[:0], uint64(e.time))
	w.head = binary.AppendUvarint(w.head, uint64(e.idLen))
	w.head = binary.AppendUvarint(w.head, uint64(len(e.data)))
	w.w.Write(w.head)
	w.w.Write(e.data)
}

// finish ends the run and opens it for reading.
func (w *runWriter) finish() (*run, error) {
	if err := errors.Join(w.w.Flush(), w.z.Close()); err != nil {
		return nil, errors.Join(fmt.Errorf("write a sorted run: %w", err), w.file.Close())
	}
	if _, err := w.file.Seek(0, io.SeekStart); err != nil {
		return nil, errors.Join(err, w.file.Close())
	}
	return &run{file: w.file}, nil
}

// abandon gives up a run that is not finished.
func (w *runWriter) abandon() error { return errors.Join(w.z.Close(), w.file.Close()) }

// run is a sorted run on disk and, once started, its entry that comes next.
type run struct {
	file  *os.File
	z     *zstd.Decoder
	r     *bufio.Reader
	order int // among the runs of a merge: the older first
	entry entry
}

func (r *run) start(order int) (err error) {
	r.order = order
	if r.z, err = zstd.NewReader(r.file, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true)); err != nil {
		return err
	}
	r.r = bufio.NewReaderSize(r.z, bufferSize)
	return nil
}

// advance reads the next entry, over the memory of the one before; io.EOF after the last.
func (r *run) advance() error {
	time, err := binary.ReadUvarint(r.r)
	if err != nil {
		return err
	}
	idLen, err1 := binary.ReadUvarint(r.r)
	size, err2 := binary.ReadUvarint(r.r)
	if err := errors.Join(err1, err2); err != nil {
		return fmt.Errorf("read a sorted run: %w", err)
	}
	r.entry.time, r.entry.idLen = int64(time), int32(idLen)
	r.entry.data = slices.Grow(r.entry.data[:0], int(size))[:size]
	if _, err := io.ReadFull(r.r, r.entry.data); err != nil {
		return fmt.Errorf("read a sorted run: %w", err)
	}
	return nil
}

func (r *run) close() error {
	if r.z != nil {
		r.z.Close()
	}
	return errors.Join(r.file.Close(), os.Remove(r.file.Name()))
}

func closeRuns(runs []*run) error {
	var errs []error
	for _, r := range runs {
		errs = append(errs, r.close())
	}
	return errors.Join(errs...)
}

// merge gives the entries of several runs as one sorted sequence. Equal ones come from the older run first.
type merge struct {
	runs  []*run // all, to be closed
	heads runHeap
	given bool // the first of heads was given and must move on
}

func newMerge(runs []*run) (*merge, error) {
	m := &merge{runs: runs}
	for i, r := range runs {
		if err := r.start(i); err != nil {
			return nil, err
		}
		if err := r.advance(); err != nil {
			return nil, err
		}
		m.heads = append(m.heads, r)
	}
	heap.Init(&m.heads)
	return m, nil
}

// next is the next entry, valid until the next call.
func (m *merge) next() (*entry, error) {
	if m.given {
		switch err := m.heads[0].advance(); {
		case err == nil:
			heap.Fix(&m.heads, 0)
		case errors.Is(err, io.EOF):
			heap.Pop(&m.heads)
		default:
			return nil, err
		}
		m.given = false
	}
	if len(m.heads) == 0 {
		return nil, io.EOF
	}
	m.given = true
	return &m.heads[0].entry, nil
}

func (m *merge) close() error { return closeRuns(m.runs) }

// runHeap has the run whose entry comes first at its top.
type runHeap []*run

func (h runHeap) Len() int { return len(h) }

func (h runHeap) Less(i, j int) bool {
	if c := compareEntries(&h[i].entry, &h[j].entry); c != 0 {
		return c < 0
	}
	return h[i].order < h[j].order
}

func (h runHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h *runHeap) Push(x any)   { *h = append(*h, x.(*run)) }

func (h *runHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}
