package api

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/ringfence/ringfence/internal/pipeline"
	"github.com/ringfence/ringfence/internal/record"
)

const exampleEvent = `{"id":"e1","time":"2026-11-23T03:22:00.123Z","kind":"post","actor":"a17","object":"p987","text":"…","ip":"203.0.113.9"}`

var sourceParam = &huma.Param{Name: "source", In: "query",
	Description: "Where the events come from. With an event's id it is the event's identity: the same again is a duplicate.",
	Schema:      &huma.Schema{Type: huma.TypeString, Default: pipeline.FileSource, MaxLength: new(record.MaxName)}}

// queryOf reads the query of a plain route: each parameter once, none that the route does not have.
func queryOf(r *http.Request, names ...string) (url.Values, error) {
	if r.URL.RawQuery == "" {
		return nil, nil
	}
	q, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, fmt.Errorf("the query cannot be read: %w", err)
	}
	for name, values := range q {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("unknown query parameter %.40q; there is %s", name, strings.Join(names, ", "))
		}
		if len(values) > 1 {
			return nil, fmt.Errorf("query parameter %q is given twice", name)
		}
	}
	return q, nil
}

func sourceOf(q url.Values) (string, error) {
	source := q.Get("source")
	switch {
	case source == "":
		return pipeline.FileSource, nil
	case len(source) > record.MaxName:
		return "", fmt.Errorf("source has %d bytes, more than %d", len(source), record.MaxName)
	case !utf8.ValidString(source) || strings.ContainsFunc(source, unicode.IsControl):
		return "", errors.New("source holds control characters or is not UTF-8")
	}
	return source, nil
}
