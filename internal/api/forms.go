package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/control"
	"github.com/ringfence/ringfence/internal/record"
)

// Time is nanoseconds since 1970, in JSON an RFC 3339 time. 0 is never and is left out (omitzero).
type Time int64

// MarshalJSON implements [json.Marshaler].
func (t Time) MarshalJSON() ([]byte, error) { return json.Marshal(event.FormatTime(int64(t))) }

// UnmarshalJSON implements [json.Unmarshaler].
func (t *Time) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	ns, err := event.ParseTime(s)
	if err != nil {
		return fmt.Errorf("time %.40q: %w", s, err)
	}
	*t = Time(ns)
	return nil
}

// Schema implements [huma.SchemaProvider].
func (Time) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time"}
}

// Raw is JSON that is passed on as it is.
type Raw []byte

// MarshalJSON implements [json.Marshaler]. What is no JSON becomes null.
func (r Raw) MarshalJSON() ([]byte, error) {
	if r = bytes.TrimSpace(r); len(r) == 0 || !json.Valid(r) {
		return []byte("null"), nil
	}
	return r, nil
}

// UnmarshalJSON implements [json.Unmarshaler].
func (r *Raw) UnmarshalJSON(b []byte) error {
	*r = bytes.Clone(b)
	return nil
}

// Schema implements [huma.SchemaProvider].
func (Raw) Schema(huma.Registry) *huma.Schema { return &huma.Schema{} }

// PageQuery is how a caller asks for a part of a list. Its name is exported because huma passes over fields of an unexported type.
type PageQuery struct {
	Before int64 `query:"before" minimum:"0" doc:"Only what is older than this; take it from the last answer's next."`
	Limit  int   `query:"limit" minimum:"1" maximum:"500" default:"100" doc:"How many at most."`
}

func (p PageQuery) page() record.Page { return record.Page{Before: p.Before, Limit: p.Limit} }

// List is a part of a list, newest first.
type List[T any] struct {
	Items []T   `json:"items" nullable:"false"`
	Next  int64 `json:"next,omitzero" doc:"Give it as before for the next part. Absent at the end."`
}

type listOutput[T any] struct{ Body List[T] }

// listOf makes an answer of the rows of a page.
func listOf[R, T any](rows []R, limit int, form func(*R) T, seq func(*R) int64) *listOutput[T] {
	out := &listOutput[T]{}
	out.Body.Items = make([]T, len(rows))
	for i := range rows {
		out.Body.Items[i] = form(&rows[i])
	}
	if n := len(rows); n > 0 && n == limit {
		out.Body.Next = seq(&rows[n-1])
	}
	return out
}

// Once lets a caller repeat a request safely. Its name is exported because huma passes over fields of an unexported type.
type Once struct {
	Key string `header:"Idempotency-Key" maxLength:"128" pattern:"^[!-~]*$" patternDescription:"visible ASCII" doc:"The change's id. Repeating a request under the same key changes nothing more; another request under it is a conflict. Made up if absent."`
}

// author is who makes a change.
func (o Once) author(ctx context.Context, reason string) control.Author {
	id := o.Key
	if id == "" {
		id = control.NewID()
	}
	return control.Author{ID: id, By: exchangeOf(ctx).principal.By, Reason: reason}
}

// Changed says under which id a change is known.
type Changed struct {
	Change string `json:"change" doc:"The id under which /v1/changes lists it."`
}

type changedOutput struct{ Body Changed }

func changed(a control.Author) *changedOutput { return &changedOutput{Body: Changed{Change: a.ID}} }

// entity reads what a caller calls "kind:id".
func entity(s string) (event.Entity, error) {
	e, ok := event.ParseEntity(s)
	if !ok {
		return e, huma.Error422UnprocessableEntity(fmt.Sprintf("%.64q is not an entity; write kind:id, such as account:a17, with the kind one of %s", s, strings.Join(kinds(), ", ")))
	}
	return e, nil
}

func kinds() []string {
	var words []string
	for k := event.AccountEntity; k <= event.GroupEntity; k++ {
		words = append(words, k.String())
	}
	return words
}
