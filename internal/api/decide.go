package api

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/internal/ingest"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/pipeline"
)

// DecideAnswer describes the answer of /v1/decide, which appendAnswer writes.
type DecideAnswer struct {
	Verdict  string `json:"verdict" enum:"allow,review,inform,friction,limit,lock,suspend,remove,undecided" doc:"The strongest enforcement that rules put on their way for this event, else review if one opens a case, else allow. What was in force before is not repeated: see /v1/entities."`
	Outcome  string `json:"outcome" enum:"decided,late,duplicate,undecided" doc:"late: behind the event clock, so windows were not evaluated. duplicate: the event was there before, this is its stored decision."`
	Decision Raw    `json:"decision,omitempty" doc:"The decision line, byte for byte as /v1/decisions gives it; null if no rule fired. Absent while undecided."`
	Default  string `json:"default,omitempty" doc:"Of an undecided answer: the configured verdict to go by."`
	Durable  bool   `json:"durable,omitempty" doc:"Of an undecided answer: the event is in the journal, so its effects will follow. If false, send it again."`
}

func (a *API) routeDecide() {
	a.handle(huma.Operation{
		OperationID: "decide", Method: http.MethodPost, Path: "/v1/decide", Tags: []string{"events"},
		Summary: "Decide one event now",
		Description: "The event goes ahead of queued ones. The answer comes when it is durable and decided, or says \"undecided\" at the deadline (" +
			"50 ms unless configured otherwise); its effects follow in either case. The same event again is answered with its stored decision.",
		Parameters: []*huma.Param{sourceParam},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			"application/json": {Schema: eventSchema(), Example: Raw(exampleEvent)}}},
		Responses: map[string]*huma.Response{
			"200": jsonResponse("The verdict.", schemaOf[DecideAnswer](a)),
			"400": errorResponse("The body is no event."),
			"409": errorResponse("Another event came under this id."),
			"413": errorResponse("The event is too large."),
			"422": errorResponse("The event's time is ahead of the server's clock, or older than duplicates are remembered."),
			"429": errorResponse("The quota is used up. Come back after Retry-After seconds."),
			"503": errorResponse("The journal cannot be written, for one because the disk is full."),
		},
	}, a.decide)
}

// scratch is the memory that one synchronous decision needs. An event's strings share memory with its body.
type scratch struct {
	decoder *event.Decoder
	event   event.Event
	body    bytes.Buffer
	out     []byte
}

func newScratch(limits event.Limits) *scratch { return &scratch{decoder: event.NewDecoder(limits)} }

func (a *API) decide(w http.ResponseWriter, r *http.Request) {
	q, err := queryOf(r, "source")
	var source string
	if err == nil {
		source, err = sourceOf(q)
	}
	if err != nil {
		a.refuse(w, r, http.StatusBadRequest, err.Error())
		return
	}
	if wait, ok := exchangeOf(r.Context()).principal.Take(1, a.Now()); !ok {
		retryAfter(w, wait)
		a.refuse(w, r, http.StatusTooManyRequests, (&quotaError{}).Error())
		return
	}
	s := a.scratch.Get().(*scratch)
	defer a.putScratch(s)
	raw, ok := a.readEvent(w, r, s, source)
	if !ok {
		return
	}

	ctx, cancel := context.WithTimeout(r.Context(), a.Limits.Deadline)
	defer cancel()
	id := extract.Identity(source, s.event.ID)
	answer, stop := a.Engine.Await(id) // before the event is appended, so that the answer cannot be missed
	defer stop()
	if err := a.Ingest.Urgent(ctx, source, &s.event, raw); err != nil {
		a.notJournaled(w, r, s, source, raw, err)
		return
	}
	select {
	case got := <-answer:
		a.decided(w, r, s, id, got)
	case <-ctx.Done():
		a.undecided(w, r, s, true)
	}
}

// readEvent reads the one event of the body; if it is none, the request is answered.
func (a *API) readEvent(w http.ResponseWriter, r *http.Request, s *scratch, source string) (raw []byte, ok bool) {
	timer := time.AfterFunc(a.Limits.Stall, func() { cut(http.NewResponseController(w).SetReadDeadline) })
	defer timer.Stop()
	s.body.Reset()
	limit := int64(a.Limits.Event.Line)
	if _, err := s.body.ReadFrom(io.LimitReader(r.Body, limit+1)); err != nil {
		a.refuse(w, r, http.StatusBadRequest, "the body cannot be read: "+err.Error())
		return nil, false
	}
	if int64(s.body.Len()) > limit {
		a.refuse(w, r, http.StatusRequestEntityTooLarge, "an event takes at most "+strconv.FormatInt(limit, 10)+" bytes")
		return nil, false
	}
	raw = bytes.TrimSpace(s.body.Bytes())
	if err := s.decoder.Decode(raw, &s.event); err != nil {
		a.deadLetter(r.Context(), source, raw, err)
		a.refuse(w, r, http.StatusBadRequest, "the body is no event: "+err.Error())
		return nil, false
	}
	if bytes.ContainsAny(raw, "\r\n") { // the journal holds lines
		raw = s.event.AppendNative(nil)
	}
	return raw, true
}

func (a *API) deadLetter(ctx context.Context, source string, raw []byte, err error) {
	l := a.newLetters(source)
	l.add(ingest.Refusal{Err: err, Raw: raw})
	l.flush(ctx)
}

// notJournaled answers for an event that ingest did not take, or not in time.
func (a *API) notJournaled(w http.ResponseWriter, r *http.Request, s *scratch, source string, raw []byte, err error) {
	switch {
	case errors.Is(err, ingest.ErrFuture):
		a.deadLetter(r.Context(), source, raw, err)
		a.refuse(w, r, http.StatusUnprocessableEntity, err.Error())
	case errors.Is(err, journal.ErrTooLarge):
		a.refuse(w, r, http.StatusRequestEntityTooLarge, err.Error())
	case errors.Is(err, context.DeadlineExceeded), r.Context().Err() != nil:
		a.undecided(w, r, s, false)
	default:
		why := a.refusalOf(err, &body{}, &pace{})
		retryAfter(w, why.retry)
		a.refuse(w, r, why.status, why.detail)
	}
}

// decided answers with what the loop said.
func (a *API) decided(w http.ResponseWriter, r *http.Request, s *scratch, id [16]byte, got pipeline.Answer) {
	line := got.Line
	switch got.Outcome {
	case decide.Decided, decide.Late:
	case decide.Duplicate:
		var err error
		if line, err = a.Decisions.Find(id, a.Now()); err != nil {
			if !errors.Is(err, pipeline.ErrForgotten) {
				a.Log.Error("a stored decision cannot be read", "request", exchangeOf(r.Context()).id, "error", err)
			}
			a.undecided(w, r, s, true)
			return
		}
	case decide.Conflict:
		a.refuse(w, r, http.StatusConflict, "another event came before under id "+strconv.Quote(s.event.ID)+"; the first one stands, give this one an id of its own")
		return
	case decide.TooOld:
		a.refuse(w, r, http.StatusUnprocessableEntity, "the event's time "+event.FormatTime(s.event.Time)+" is older than duplicates are remembered; it was not decided")
		return
	default:
		a.refuse(w, r, http.StatusUnprocessableEntity, "the event cannot be decided: "+got.Outcome.String())
		return
	}
	s.out = appendAnswer(s.out[:0], got.Outcome.String(), line)
	a.send(w, r, http.StatusOK, "application/json", s.out)
}

// undecided answers at the deadline.
func (a *API) undecided(w http.ResponseWriter, r *http.Request, s *scratch, durable bool) {
	a.metrics.undecided.Inc()
	s.out = append(s.out[:0], `{"verdict":"undecided","outcome":"undecided","default":`...)
	s.out = strconv.AppendQuote(s.out, a.Default)
	s.out = append(s.out, `,"durable":`...)
	s.out = strconv.AppendBool(s.out, durable)
	s.out = append(s.out, "}\n"...)
	a.send(w, r, http.StatusOK, "application/json", s.out)
}

// putScratch keeps the memory of a decision for the next, unless an uncommonly large event made it grow.
func (a *API) putScratch(s *scratch) {
	if s.body.Cap() <= 64<<10 {
		a.scratch.Put(s)
	}
}

// appendAnswer writes the answer on a decided event. line is its decision, nil if no rule fired.
func appendAnswer(dst []byte, outcome string, line []byte) []byte {
	dst = append(dst, `{"verdict":"`...)
	dst = append(dst, verdictOf(line)...)
	dst = append(dst, `","outcome":"`...)
	dst = append(dst, outcome...)
	dst = append(dst, `","decision":`...)
	if line == nil {
		dst = append(dst, "null"...)
	}
	dst = append(dst, line...)
	return append(dst, "}\n"...)
}
