package api

import (
	"bytes"
	"context"

	"github.com/ringfence/ringfence/internal/ingest"
	"github.com/ringfence/ringfence/internal/record"
)

// letters puts the refused lines of one request into the dead letters, some at a time. A request of nothing but bad lines must
// not drown the letters of others: its first lettersMost lines are kept, the rest is counted only.
type letters struct {
	a      *API
	source string
	some   []record.Rejection
	left   int
}

const (
	lettersMost  = 1000
	lettersBatch = 100
)

func (a *API) newLetters(source string) *letters {
	return &letters{a: a, source: source, left: lettersMost}
}

// add takes on a refused line. Its bytes are copied.
func (l *letters) add(r ingest.Refusal) {
	if l.left == 0 {
		return
	}
	l.left--
	l.some = append(l.some, record.Rejection{Source: l.source, Line: int64(r.Line), Error: causeOf(&r).Error(),
		Raw: bytes.Clone(r.Raw[:min(len(r.Raw), record.MaxRaw)]), At: l.a.Now()})
	if len(l.some) == lettersBatch {
		l.flush(context.Background()) // what was taken on is kept, also if the sender is gone
	}
}

// flush stores what add took on. A store that fails does not fail the events.
func (l *letters) flush(ctx context.Context) {
	if len(l.some) == 0 {
		return
	}
	if err := l.a.Store.PutRejections(context.WithoutCancel(ctx), l.some); err != nil {
		l.a.Log.Error("refused lines cannot be kept", "source", l.source, "lines", len(l.some), "error", err)
	}
	l.some = l.some[:0]
}
