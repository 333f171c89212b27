package api

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

var (
	errEncoding = errors.New("unknown Content-Encoding")
	errUnpacked = errors.New("the body unpacks to more than is taken")
	errBehind   = errors.New("the server is behind with deciding; the rest was not taken")
)

// body is a request's body, unpacked as it is read. Neither side of the unpacking grows beyond the limit, and neither is held in
// memory.
type body struct {
	from   io.Reader // unpacked
	left   int64
	failed error // what ended reading, other than its end
	free   func()
}

// openBody reads the body by its Content-Encoding.
func openBody(w http.ResponseWriter, r *http.Request, limit int64, p *pace) (*body, error) {
	packed := &paced{http.MaxBytesReader(w, r.Body, limit), p}
	b := &body{from: packed, left: limit, free: func() {}}
	switch encoding := r.Header.Get("Content-Encoding"); encoding {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(packed)
		if err != nil {
			return nil, fmt.Errorf("gzip: %w", err)
		}
		b.from = z
	case "zstd":
		const window = 8 << 20 // what every decoder must take, and the most that a body can make us hold
		z, err := zstd.NewReader(packed, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(window))
		if err != nil {
			return nil, fmt.Errorf("zstd: %w", err)
		}
		b.from, b.free = z, z.Close
	default:
		return nil, fmt.Errorf("%w %.40q: send gzip, zstd or none", errEncoding, encoding)
	}
	// What is packed once more would be unpacked by the reader of events, past the limit.
	buffered := bufio.NewReader(b.from)
	if magic, err := buffered.Peek(4); bytes.HasPrefix(magic, []byte{0x1f, 0x8b}) || bytes.Equal(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}) {
		b.free()
		return nil, fmt.Errorf("%w: the body is packed in a way that the header does not say", errEncoding)
	} else if err != nil && err != io.EOF {
		b.free()
		return nil, err
	}
	b.from = buffered
	return b, nil
}

// Close frees what unpacking holds. The request's body is the server's.
func (b *body) Close() error {
	b.free()
	return nil
}

// Read implements [io.Reader].
func (b *body) Read(to []byte) (int, error) {
	if b.failed != nil {
		return 0, b.failed
	}
	if int64(len(to)) > b.left+1 {
		to = to[:b.left+1] // one more, to see that there is more
	}
	n, err := b.from.Read(to)
	if b.left -= int64(n); b.left < 0 {
		n, err = n-1, errUnpacked
		b.left = 0
	}
	if err != nil && err != io.EOF {
		b.failed = err
	}
	return n, err
}

// pace ends a request whose sender pauses too long or takes too long as a whole, or whose events wait too long for the loop. Of the
// clocks of the pause and of the loop exactly one runs at a time: from the beginning of each read to its end, and from work to the
// next read.
type pace struct {
	stall, wait time.Duration
	cancel      context.CancelCauseFunc
	mu          sync.Mutex
	timer       *time.Timer
	total       *time.Timer
	working     bool
	late        error // how the sender was too slow
}

// newPace starts the clock of the first read. The context goes on when the sender is gone: what was read before is taken. end
// must be called.
func newPace(w http.ResponseWriter, r *http.Request, limits *Limits) (*pace, context.Context) {
	ctx, cancel := context.WithCancelCause(context.WithoutCancel(r.Context()))
	p := &pace{stall: limits.Stall, wait: limits.Wait, cancel: cancel}
	p.total = time.AfterFunc(limits.Upload, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.late = fmt.Errorf("the body was not there within %s", limits.Upload)
		cut(http.NewResponseController(w).SetReadDeadline)
	})
	p.timer = time.AfterFunc(p.stall, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.working {
			cancel(errBehind)
			return
		}
		p.late = fmt.Errorf("the body paused for more than %s", p.stall)
		cut(http.NewResponseController(w).SetReadDeadline)
	})
	return p, ctx
}

// cut ends reads or writes that hang, by a deadline that has passed long ago.
func cut(setDeadline func(time.Time) error) {
	_ = setDeadline(time.Unix(1, 0)) // a connection that has no deadlines cannot be cut
}

func (p *pace) set(working bool, d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.working = working
	p.timer.Reset(d)
}

// work says that what was read is being worked on.
func (p *pace) work() { p.set(true, p.wait) }

func (p *pace) read() { p.set(false, p.stall) }

func (p *pace) end() {
	p.timer.Stop()
	p.total.Stop()
	p.cancel(nil)
}

// tooSlow says how the sender was too slow; nil if it was not.
func (p *pace) tooSlow() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.late
}

// paced tells the pace when a read begins. What comes after a read is quick until work is called, so its end needs no telling.
type paced struct {
	io.Reader
	pace *pace
}

func (p *paced) Read(to []byte) (int, error) {
	p.pace.read()
	return p.Reader.Read(to)
}
