package api

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"syscall"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ringfence/ringfence/internal/ingest"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/source"
)

// EventsAnswer is what became of a body of events.
type EventsAnswer struct {
	Accepted int64       `json:"accepted" doc:"Events that are durable now. An event sent again changes nothing."`
	Refused  int64       `json:"refused" doc:"Lines that are no event; /v1/dead-letters lists them."`
	Errors   []LineError `json:"errors,omitempty" nullable:"false" doc:"The first hundred refused lines."`
	Position uint64      `json:"position,omitzero" doc:"Of the last accepted event in the journal."`
}

// LineError is why a line was refused.
type LineError struct {
	Line  int    `json:"line,omitzero" doc:"From 1. Absent where only the event is known, which the error then names."`
	Error string `json:"error"`
}

// EventsProblem is a body of events that was not taken to its end, and what was accepted until then.
type EventsProblem struct {
	huma.ErrorModel
	Accepted int64  `json:"accepted" doc:"Events that are durable now. Sending all of them again is safe."`
	Refused  int64  `json:"refused"`
	Position uint64 `json:"position,omitzero"`
}

func (a *API) routeEvents() {
	answer, problem := schemaOf[EventsAnswer](a), schemaOf[EventsProblem](a)
	op := huma.Operation{
		OperationID: "send-events", Method: http.MethodPost, Path: "/v1/events", Tags: []string{"events"},
		Summary: "Send events",
		Description: "One event a line. The answer comes when all of them are durable in the journal; they are decided shortly after. " +
			"A line that is no event is refused and the rest goes on.",
		Parameters: []*huma.Param{sourceParam, {Name: "format", In: "query", Description: "The form of the lines.",
			Schema: &huma.Schema{Type: huma.TypeString, Enum: []any{source.Native, source.Jetstream}, Default: source.Native}},
			{Name: "Content-Encoding", In: "header", Schema: &huma.Schema{Type: huma.TypeString, Enum: []any{"gzip", "zstd"}}}},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			"application/x-ndjson": {Schema: &huma.Schema{Type: huma.TypeString}, Example: exampleEvent + "\n"}}},
		Responses: map[string]*huma.Response{
			"200": jsonResponse("Every line was read. Some may have been refused.", answer),
			"400": problemResponse("Nothing could be read, or the body broke off.", problem),
			"408": problemResponse("The body paused for too long, or took too long.", problem),
			"413": problemResponse("The body holds more than one request may send.", problem),
			"415": problemResponse("The Content-Encoding is not known.", problem),
			"429": problemResponse("The quota is used up, or the server is behind. Come back after Retry-After seconds.", problem),
			"503": problemResponse("The journal cannot be written, for one because the disk is full.", problem),
		},
	}
	a.handle(op, a.sendEvents)
}

func (a *API) sendEvents(w http.ResponseWriter, r *http.Request) {
	var report ingest.Report
	from, format, err := eventsQuery(r)
	if err != nil {
		a.eventsProblem(w, r, &report, refusal{http.StatusBadRequest, err.Error(), 0})
		return
	}
	principal := exchangeOf(r.Context()).principal
	if !a.uploads.take(principal.By) {
		a.eventsProblem(w, r, &report, refusal{http.StatusTooManyRequests,
			fmt.Sprintf("as many requests with events as fit are being worked on, %d in all and a half of them of one key; try again", a.Limits.Uploads), time.Second})
		return
	}
	defer a.uploads.giveBack(principal.By)

	pace, ctx := newPace(w, r, &a.Limits)
	defer pace.end()
	body, err := openBody(w, r, a.Limits.Body, pace)
	if err != nil {
		a.eventsProblem(w, r, &report, a.refusalOf(err, body, pace))
		return
	}
	events, err := source.NewReader("body", body, source.Options{Format: format, Limits: a.Limits.Event})
	if err != nil {
		a.eventsProblem(w, r, &report, a.refusalOf(err, body, pace))
		return
	}
	defer events.Close()
	letters := a.newLetters(from)
	taken := 0
	report, err = a.Ingest.Events(ctx, from, journal.Event, events, func(n int) error {
		if taken += n; taken > a.Limits.Batch {
			return errBatch
		}
		if wait, ok := principal.Take(n, a.Now()); !ok {
			return &quotaError{wait}
		}
		pace.work()
		return nil
	}, letters.add)
	letters.flush(r.Context())
	switch {
	case err != nil:
		a.eventsProblem(w, r, &report, a.refusalOf(err, body, pace))
	case report.Accepted == 0:
		detail := "the body holds no event; send one a line"
		if report.Refused > 0 {
			detail = "no line of the body could be read as an event"
		}
		a.eventsProblem(w, r, &report, refusal{http.StatusBadRequest, detail, 0})
	default:
		a.answer(w, r, http.StatusOK, &EventsAnswer{Accepted: report.Accepted, Refused: report.Refused, Errors: lineErrors(&report),
			Position: uint64(report.Last)})
	}
}

func eventsQuery(r *http.Request) (from string, format source.Format, err error) {
	q, err := queryOf(r, "source", "format")
	if err != nil {
		return "", "", err
	}
	if from, err = sourceOf(q); err != nil {
		return "", "", err
	}
	switch format = source.Format(q.Get("format")); format {
	case "":
		format = source.Native
	case source.Native, source.Jetstream:
	default:
		return "", "", fmt.Errorf("format %.40q: it is %s or %s", format, source.Native, source.Jetstream)
	}
	return from, format, nil
}

var errBatch = errors.New("too many events")

type quotaError struct{ wait time.Duration }

func (e *quotaError) Error() string { return "the key's quota of events is used up" }

// refusal is why a body was not taken to its end.
type refusal struct {
	status int
	detail string
	retry  time.Duration // 0 where coming back does not help
}

// refusalOf tells apart whose fault an error is: the body's, the quota's or the journal's.
func (a *API) refusalOf(err error, body *body, pace *pace) refusal {
	var quota *quotaError
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &quota):
		return refusal{http.StatusTooManyRequests, quota.Error() + "; the rest was not taken", quota.wait}
	case errors.Is(err, errBatch):
		return refusal{http.StatusRequestEntityTooLarge,
			fmt.Sprintf("a request takes at most %d events; send the rest in another", a.Limits.Batch), 0}
	case errors.Is(err, errBehind):
		return refusal{http.StatusTooManyRequests, errBehind.Error(), a.Limits.Wait}
	case errors.As(err, &tooLarge), errors.Is(err, errUnpacked):
		return refusal{http.StatusRequestEntityTooLarge,
			fmt.Sprintf("a body takes at most %d bytes, packed and unpacked; send the rest in another request", a.Limits.Body), 0}
	case errors.Is(err, errEncoding):
		return refusal{http.StatusUnsupportedMediaType, err.Error(), 0}
	case pace.tooSlow() != nil:
		return refusal{http.StatusRequestTimeout, pace.tooSlow().Error() + "; send the rest in another request", 0}
	case body == nil || body.failed != nil:
		return refusal{http.StatusBadRequest, "the body cannot be read: " + err.Error(), 0}
	case errors.Is(err, journal.ErrTooLarge):
		return refusal{http.StatusRequestEntityTooLarge, err.Error(), 0}
	}
	a.Log.Error("events cannot be journaled", "error", err)
	if errors.Is(err, syscall.ENOSPC) {
		return refusal{http.StatusServiceUnavailable, "the journal cannot be written: the disk is full", time.Minute}
	}
	return refusal{http.StatusServiceUnavailable, "the journal cannot be written", 10 * time.Second}
}

func (a *API) eventsProblem(w http.ResponseWriter, r *http.Request, report *ingest.Report, why refusal) {
	p := EventsProblem{Accepted: report.Accepted, Refused: report.Refused, Position: uint64(report.Last)}
	p.Status, p.Title, p.Detail = why.status, http.StatusText(why.status), why.detail
	for _, e := range lineErrors(report) {
		p.Errors = append(p.Errors, &huma.ErrorDetail{Location: "line " + strconv.Itoa(e.Line), Message: e.Error})
	}
	retryAfter(w, why.retry)
	a.answer(w, r, why.status, &p)
}

// retryAfter tells when to come back, in whole seconds, at least one.
func retryAfter(w http.ResponseWriter, wait time.Duration) {
	if wait > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(wait.Seconds())))))
	}
}

func lineErrors(report *ingest.Report) []LineError {
	var errs []LineError
	for _, r := range report.Refusals {
		errs = append(errs, LineError{Line: r.Line, Error: causeOf(&r).Error()})
	}
	return errs
}

// causeOf is why a line was refused, without its place.
func causeOf(r *ingest.Refusal) error {
	if line, ok := errors.AsType[*source.LineError](r.Err); ok {
		return line.Err
	}
	return r.Err
}
