package api

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/pipeline"
)

const (
	mediaLines  = "application/x-ndjson"
	mediaEvents = "text/event-stream"
)

func (a *API) routeDecisions() {
	text := &huma.Schema{Type: huma.TypeString}
	a.handle(huma.Operation{
		OperationID: "follow-decisions", Method: http.MethodGet, Path: "/v1/decisions", Tags: []string{"events"},
		Summary: "Follow or dump decisions",
		Description: "The decisions in which a rule fired, in journal order. As server-sent events the answer follows what is decided from now on, or " +
			"from a position, until the caller hangs up; each event's id is its position, so a browser resumes by itself. With Accept: " + mediaLines +
			" the answer is the stored decision lines, byte for byte, and ends.",
		Parameters: []*huma.Param{
			{Name: "from", In: "query", Description: "The first position wanted. Unless given, lines begin with the oldest that is kept and a stream with the next.",
				Schema: &huma.Schema{Type: huma.TypeInteger, Minimum: new(0.0)}},
			{Name: "follow", In: "query", Description: "Whether to go on when the end is reached: true for server-sent events and false for lines unless given.",
				Schema: &huma.Schema{Type: huma.TypeBoolean}},
			{Name: "Last-Event-ID", In: "header", Description: "The last position seen; the answer begins behind it.",
				Schema: &huma.Schema{Type: huma.TypeInteger, Minimum: new(0.0)}},
		},
		Responses: map[string]*huma.Response{
			"200": {Description: "Decisions.", Content: map[string]*huma.MediaType{mediaEvents: {Schema: text}, mediaLines: {Schema: text}}},
			"400": errorResponse("A parameter cannot be read."),
			"429": errorResponse("As many streams as the server allows are open."),
		},
	}, a.followDecisions)
}

// view is what a caller wants of the decisions.
type view struct {
	from   journal.Position
	follow bool
	lines  bool // NDJSON rather than server-sent events
}

func (a *API) followDecisions(w http.ResponseWriter, r *http.Request) {
	v, err := a.viewOf(r)
	if err != nil {
		a.refuse(w, r, http.StatusBadRequest, err.Error())
		return
	}
	if !a.streams.TryAcquire(1) {
		retryAfter(w, a.Limits.Heartbeat)
		a.refuse(w, r, http.StatusTooManyRequests, fmt.Sprintf("%d streams are open, no more fit; try again", a.Limits.Streams))
		return
	}
	defer a.streams.Release(1)

	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(a.closing, cancel)()
	out := newStream(w, a.Limits.Stall)
	defer out.end()
	media := mediaEvents
	if v.lines {
		media = mediaLines
	}
	w.Header().Set("Content-Type", media)
	w.WriteHeader(http.StatusOK)
	if err := a.stream(ctx, out, v); err != nil && ctx.Err() == nil {
		a.Log.Warn("a stream of decisions broke off", "request", exchangeOf(ctx).id, "error", err)
		panic(http.ErrAbortHandler) // the caller must not take it for the end
	}
}

func (a *API) viewOf(r *http.Request) (view, error) {
	q, err := queryOf(r, "from", "follow")
	if err != nil {
		return view{}, err
	}
	v := view{lines: strings.Contains(r.Header.Get("Accept"), mediaLines)}
	v.follow = !v.lines
	if s := q.Get("follow"); s != "" {
		if v.follow, err = strconv.ParseBool(s); err != nil {
			return v, fmt.Errorf("follow %.40q: it is true or false", s)
		}
	}
	position := func(name, s string) (journal.Position, error) {
		p, err := strconv.ParseUint(s, 10, 63)
		if err != nil {
			return 0, fmt.Errorf("%s %.40q: it is a position, a whole number", name, s)
		}
		return journal.Position(p), nil
	}
	switch last, from := r.Header.Get("Last-Event-ID"), q.Get("from"); {
	case last != "":
		v.from, err = position("Last-Event-ID", last)
		v.from++
	case from != "":
		v.from, err = position("from", from)
	case !v.lines:
		v.from = a.Engine.Status().Decided + 1
	}
	return v, err
}

// stream writes decisions until the caller or the server ends it.
func (a *API) stream(ctx context.Context, out *stream, v view) error {
	const some = 256
	var got []pipeline.Stored
	if err := out.flush(); err != nil { // the header, so that the caller knows it is connected
		return err
	}
	for {
		var err error
		if v.follow {
			wait, cancel := context.WithTimeout(ctx, a.Limits.Heartbeat)
			got, err = a.Decisions.Next(wait, v.from, some, got[:0])
			cancel()
			if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
				if err := out.heartbeat(v.lines); err != nil {
					return err
				}
				continue
			}
		} else {
			got, err = a.Decisions.From(v.from, some, got[:0])
			if err == nil && len(got) == 0 {
				return nil
			}
		}
		if err != nil {
			return err
		}
		for i := range got {
			out.put(&got[i], v.lines, i+1 == len(got) || got[i+1].Position != got[i].Position)
		}
		if err := out.flush(); err != nil {
			return err
		}
		v.from = got[len(got)-1].Position + 1
	}
}

// stream writes to a caller that must not be slower than the stall allows.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	buf     bytes.Buffer
	stall   time.Duration
	timer   *time.Timer
}

func newStream(w http.ResponseWriter, stall time.Duration) *stream {
	s := &stream{w: w, control: http.NewResponseController(w), stall: stall}
	s.timer = time.AfterFunc(stall, func() { cut(s.control.SetWriteDeadline) })
	s.timer.Stop()
	return s
}

// put adds a decision to what flush will send. A decision line holds no newline. Only the last of a position tells the position, so that a caller who was
// cut off between two of them gets both again.
func (s *stream) put(d *pipeline.Stored, lines, last bool) {
	if !lines {
		if last {
			fmt.Fprintf(&s.buf, "id: %d\n", d.Position)
		}
		s.buf.WriteString("event: decision\ndata: ")
	}
	s.buf.Write(d.Line)
	s.buf.WriteByte('\n')
	if !lines {
		s.buf.WriteByte('\n')
	}
}

// heartbeat shows that the stream lives. Lines have no form for it.
func (s *stream) heartbeat(lines bool) error {
	if lines {
		return nil
	}
	s.buf.WriteString(": nothing new\n\n")
	return s.flush()
}

func (s *stream) flush() error {
	s.timer.Reset(s.stall)
	defer s.timer.Stop()
	_, err := s.w.Write(s.buf.Bytes())
	s.buf.Reset()
	if err != nil {
		return err
	}
	return s.control.Flush()
}

func (s *stream) end() { s.timer.Stop() }
