package app_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/pipeline"
	"github.com/ringfence/ringfence/internal/source"
	"github.com/ringfence/ringfence/internal/state"
)

const hugeLine = 100_000_000

// huge is a line of a hundred megabytes that nobody has to hold in memory: an event whose text does not end.
func huge() io.Reader {
	const head = `{"id":"huge","time":"2026-03-01T12:00:00Z","kind":"post","actor":"a","text":"`
	return io.MultiReader(strings.NewReader(head), io.LimitReader(endless{}, hugeLine-int64(len(head)+2)), strings.NewReader(`"}`))
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

// badLines are lines that are no events to us, and a part of what the sender is told of each.
var badLines = []struct {
	name string
	line func() io.Reader
	want string
}{
	{"malformed", text(`{"id":"bad","time":`), ""},
	{"no JSON", text(`GET / HTTP/1.1`), ""},
	{"wrong type", text(`{"id":"bad","time":"2026-03-01T12:00:00Z","kind":"post","actor":"a","views":"many"}`), "views"},
	{"no actor", text(`{"id":"bad","time":"2026-03-01T12:00:00Z","kind":"post"}`), "actor"},
	{"a clock in 2099", text(`{"id":"bad","time":"2099-01-01T00:00:00Z","kind":"post","actor":"a"}`), "clock"},
	{"invalid UTF-8", text("{\"id\":\"bad\",\"time\":\"2026-03-01T12:00:00Z\",\"kind\":\"post\",\"actor\":\"a\",\"text\":\"\xff\xfe\"}"), "UTF-8"},
	{"nested too deep", text(`{"id":"bad","time":"2026-03-01T12:00:00Z","kind":"post","actor":"a","attrs":{"x":` + strings.Repeat("[", 10_000) + `}}`), ""},
	{"100 MB", huge, "bytes, the limit is"},
}

func text(s string) func() io.Reader { return func() io.Reader { return strings.NewReader(s) } }

// TestBadInput sends each bad line between two good events. It is refused with an error that names it, counted and kept, the good
// ones are decided, and it takes no more memory than a line may.
func TestBadInput(t *testing.T) {
	opts := options(dataDir(t), "", clock{})
	opts.Config.Rules.Dir = folderOf(t, shout("BUY"))
	opts.Config.Ingest.MaxBody = 256 << 20
	p := startProduct(t, opts)
	p.settle(t)
	for i, bad := range badLines {
		t.Run(bad.name, func(t *testing.T) {
			before, after := says(fmt.Sprint("before", i), "a", "BUY", 2*i), says(fmt.Sprint("after", i), "a", "BUY", 2*i+1)
			refused, err := p.metric("ringfence_ingest_refused_total")
			must(t, err)
			body := io.MultiReader(strings.NewReader(before+"\n"), bad.line(), strings.NewReader("\n"+after))
			got := decode[accepted](t, p.stream(t, "/v1/events", body))
			if got.Accepted != 2 || got.Refused != 1 || len(got.Errors) != 1 || got.Errors[0].Line > 2 || !strings.Contains(got.Errors[0].Error, bad.want) {
				t.Errorf("answer %+v, want two accepted and one refused at line 2, because %q", got, bad.want)
			}
			if now, err := p.metric("ringfence_ingest_refused_total"); err != nil || now != refused+1 {
				t.Errorf("%v lines are counted as refused, want %v", now, refused+1)
			}
			letters, err := pages[struct{ Error, Raw string }](p.client, "/v1/dead-letters?limit=1")
			must(t, err)
			if len(letters) == 0 || letters[0].Error != got.Errors[0].Error {
				t.Errorf("the dead letters begin with %.200v, want the refused line", letters)
			}
			p.settle(t)
			decided := p.decisions(t)
			for _, e := range []string{"before", "after"} {
				if !bytes.Contains(decided, fmt.Appendf(nil, `"event":"%s%d"`, e, i)) {
					t.Errorf("event %s%d was not decided", e, i)
				}
			}
		})
	}
}

// TestHugeLine: what a line of 100 MB costs in memory is a matter of the limit of a line, not of the line.
func TestHugeLine(t *testing.T) {
	const most = 24 << 20 // of all that is allocated meanwhile, by the sender too
	opts := options(dataDir(t), "", clock{})
	opts.Config.Ingest.MaxBody = 256 << 20
	opts.Config.Image.Every = config.Duration(time.Hour)
	p := startProduct(t, opts)
	p.settle(t)
	allocated := func(do func()) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		do()
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	if got := allocated(func() { p.stream(t, "/v1/events", huge()) }); got > most {
		t.Errorf("over HTTP it took %d bytes, want at most %d", got, most)
	}
	if got := allocated(func() {
		r, err := source.NewReader("huge", io.NopCloser(huge()), source.Options{Limits: event.DefaultLimits()})
		must(t, err)
		defer r.Close()
		var e event.Event
		var line *source.LineError
		if err := r.Next(&e); !errors.As(err, &line) {
			t.Errorf("reading it from a file: %v, want a refused line", err)
		}
	}); got > most {
		t.Errorf("from a file it took %d bytes, want at most %d", got, most)
	}
}

// TestBadInputInFiles replays the bad lines between good ones. A replay trusts the times of history, which no clock of ours can
// judge, so the event of 2099 comes last.
func TestBadInputInFiles(t *testing.T) {
	var all []io.Reader
	refused := 0
	for i, bad := range badLines {
		if bad.name == "a clock in 2099" {
			continue
		}
		refused++
		all = append(all, strings.NewReader(says(fmt.Sprint("e", i), "a", "BUY", i)+"\n"), bad.line(), strings.NewReader("\n"))
	}
	r, err := source.NewReader("events", io.NopCloser(io.MultiReader(all...)), source.Options{Limits: event.DefaultLimits()})
	must(t, err)
	defer r.Close()
	var errs []error
	feed := pipeline.Events(r, pipeline.Span{}, func(err error) { errs = append(errs, err) })
	got := parseLines(t, replay(t, feed, make([]byte, 32), state.Options{}, 2, compile(t, folderOf(t, shout("BUY")))))
	if len(got) != refused || len(errs) != refused {
		t.Errorf("%d events decided and %d lines refused, want %d of each", len(got), len(errs), refused)
	}
	for i, err := range errs {
		if want := fmt.Sprintf("events:%d: ", 2*i+2); !strings.HasPrefix(err.Error(), want) {
			t.Errorf("refused line %d: %.200v, want it to begin with %q", i, err, want)
		}
	}
}

// stream posts a body that is read as it is sent.
func (c client) stream(t *testing.T, path string, body io.Reader) []byte {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, c.base+path, body)
	must(t, err)
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	must(t, err)
	return got
}

// metric is the sum of a metric's values.
func (c client) metric(name string) (sum float64, err error) {
	a, err := c.call(http.MethodGet, "/metrics", "")
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(a.body)) {
		var v float64
		rest, ok := strings.CutPrefix(line, name)
		if _, err := fmt.Sscan(rest[strings.LastIndexByte(rest, ' ')+1:], &v); ok && err == nil {
			sum += v
		}
	}
	return sum, nil
}
