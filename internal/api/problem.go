package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ringfence/ringfence/internal/control"
	"github.com/ringfence/ringfence/internal/gallery"
	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/rule"
)

// refuse answers a request with a problem.
func (a *API) refuse(w http.ResponseWriter, r *http.Request, status int, detail string) {
	a.answer(w, r, status, &huma.ErrorModel{Status: status, Title: http.StatusText(status), Detail: detail})
}

// answer writes a JSON answer, a problem if its status says so.
func (a *API) answer(w http.ResponseWriter, r *http.Request, status int, body any) {
	media := "application/json"
	if status >= 400 {
		media = "application/problem+json"
	}
	a.send(w, r, status, media, encode(body))
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(fmt.Sprintf("api: encode %T: %v", v, err)) // plain data always encodes
	}
	return append(b, '\n')
}

// send writes a whole answer.
func (a *API) send(w http.ResponseWriter, r *http.Request, status int, media string, body []byte) {
	w.Header().Set("Content-Type", media)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	if _, err := w.Write(body); err != nil {
		a.Log.DebugContext(r.Context(), "an answer did not reach its caller", "error", err)
	}
}

// problemOf is what a caller is told of an error. What is the server's own fault goes to the log and is told as its number only.
func (a *API) problemOf(ctx context.Context, err error) error {
	var told huma.StatusError
	var rules *control.RuleErrors
	switch {
	case errors.As(err, &told):
		return told
	case errors.As(err, &rules):
		return huma.NewError(http.StatusUnprocessableEntity, rules.Error(), details(rules.Problems)...)
	case errors.Is(err, record.ErrNotFound), errors.Is(err, gallery.ErrNone):
		return huma.Error404NotFound(err.Error())
	case errors.Is(err, record.ErrConflict), errors.Is(err, control.ErrNoOther):
		return huma.Error409Conflict(err.Error())
	case errors.Is(err, record.ErrInvalid):
		return huma.Error422UnprocessableEntity(err.Error())
	case ctx.Err() != nil:
		return huma.Error503ServiceUnavailable("the request was given up")
	}
	id := exchangeOf(ctx).id
	a.Log.Error("a request failed", "request", id, "error", err)
	return huma.Error500InternalServerError("internal error; the server's log tells more under request " + id)
}

// details lists the problems of a rule set, each with its place.
func details(problems []rule.Problem) []error {
	var errs []error
	for _, p := range problems {
		if p.Severity == rule.Error {
			errs = append(errs, detail(p))
		}
	}
	return errs
}

func detail(p rule.Problem) *huma.ErrorDetail {
	d := &huma.ErrorDetail{Location: p.File, Message: p.Msg}
	if p.Line > 0 {
		d.Location = fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
	}
	if p.Hint != "" {
		d.Message += " (" + p.Hint + ")"
	}
	return d
}
