package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/coder/websocket"
	"github.com/ringfence/ringfence/event"
)

// FollowOptions says what to follow.
type FollowOptions struct {
	URL     string // of a Jetstream, such as wss://jetstream2.us-east.bsky.network/subscribe
	Since   int64  // where to begin: the time of the last event that is stored, in nanoseconds since 1970; 0 for now
	Limits  event.Limits
	Client  *http.Client
	Log     *slog.Logger
	OnError func(message []byte, err error) // required; called for each message that is refused; the bytes are valid during the call
}

// Timing of a connection. Jetstream sends hundreds of messages a second, so a minute without any means that it is lost.
const (
	silence    = time.Minute
	firstDelay = time.Second
	mostDelay  = time.Minute
	overlap    = 2 * time.Second // read again after a reconnect, since Jetstream's times are not quite in order
	drainLimit = 64 << 20        // how much of a message over the limit is read to get past it
)

// Follow reads a Jetstream and calls handle with each event and its native bytes, both valid during the call, until ctx is done or
// handle fails, and returns that error. When the connection is lost it connects again, waiting longer from one failure to the
// next, and goes on a little before the last event: some events come twice, none is missed while the server has them.
func Follow(ctx context.Context, opt FollowOptions, handle func(e *event.Event, raw []byte) error) error {
	f := follower{opt: opt, handle: handle, since: opt.Since, decoder: event.NewDecoder(opt.Limits)}
	u, err := url.Parse(opt.URL)
	if err != nil {
		return fmt.Errorf("follow Jetstream: %w", err)
	}
	f.server = u.Host + u.Path // the query may hold a token
	delay := firstDelay
	for {
		got, err := f.connection(ctx)
		var own *handleError
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.As(err, &own):
			return own.err
		}
		if got {
			delay = firstDelay
		}
		opt.Log.Warn("Jetstream connection lost", "server", f.server, "error", err, "again_in", delay)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(delay):
		}
		delay = min(2*delay, mostDelay)
	}
}

// handleError tells an error of the handler from one of the connection.
type handleError struct{ err error }

func (e *handleError) Error() string { return e.err.Error() }

type follower struct {
	opt     FollowOptions
	handle  func(*event.Event, []byte) error
	server  string // host and path, for the log
	since   int64
	decoder *event.Decoder
	event   event.Event
	message []byte
	raw     []byte
}

// address is the URL with what to send and from when.
func (f *follower) address() (string, error) {
	u, err := url.Parse(f.opt.URL)
	if err != nil {
		return "", err
	}
	q := u.Query()
	for _, c := range event.JetstreamCollections() {
		q.Add("wantedCollections", c)
	}
	if f.since > 0 {
		q.Set("cursor", strconv.FormatInt((f.since-int64(overlap))/int64(time.Microsecond), 10))
	}
	u.RawQuery = q.Encode()
	return u.String(), nil
}

// connection reads one connection to its end. got is whether it brought an event.
func (f *follower) connection(ctx context.Context) (got bool, err error) {
	address, err := f.address()
	if err != nil {
		return false, err
	}
	dialCtx, cancel := context.WithTimeout(ctx, silence)
	conn, _, err := websocket.Dial(dialCtx, address, &websocket.DialOptions{HTTPClient: f.opt.Client})
	cancel()
	if u := (*url.Error)(nil); errors.As(err, &u) {
		err = u.Err // without the address
	}
	if err != nil {
		return false, err
	}
	defer conn.CloseNow()
	conn.SetReadLimit(-1) // read bounds each message itself, so that one too large does not end the connection
	for {
		if err := f.read(ctx, conn); err != nil {
			return got, err
		}
		ok, err := f.decode()
		if err != nil {
			f.opt.OnError(f.message, err)
			continue
		}
		if !ok {
			continue
		}
		got = true
		f.since = max(f.since, f.event.Time)
		if err := f.handle(&f.event, f.raw); err != nil {
			return got, &handleError{err}
		}
	}
}

// read reads the next message, up to one byte more than the limit; the rest is dropped.
func (f *follower) read(ctx context.Context, conn *websocket.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	_, r, err := conn.Reader(ctx)
	if err != nil {
		return err
	}
	f.message = f.message[:0]
	for limit := f.opt.Limits.Line + 1; len(f.message) < limit; {
		if len(f.message) == cap(f.message) {
			f.message = append(f.message, 0)[:len(f.message)]
		}
		n, err := r.Read(f.message[len(f.message):min(cap(f.message), limit)])
		f.message = f.message[:len(f.message)+n]
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
	if _, err := io.CopyN(io.Discard, r, drainLimit); !errors.Is(err, io.EOF) {
		return errors.Join(errors.New("a message is far over the limit"), err)
	}
	return nil
}

func (f *follower) decode() (ok bool, err error) {
	if ok, err = f.decoder.DecodeJetstream(f.message, &f.event); !ok || err != nil {
		return false, err
	}
	f.raw = f.event.AppendNative(f.raw[:0])
	if len(f.raw) > f.opt.Limits.Line {
		return false, fmt.Errorf("the event has %d bytes in native form, the limit is %d", len(f.raw), f.opt.Limits.Line)
	}
	return true, nil
}
