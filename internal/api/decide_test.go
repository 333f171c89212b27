package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/pipeline"
)

func TestDecide(t *testing.T) {
	hour := func(n int) string { return event.FormatTime(start + int64(n)*int64(time.Hour)) }
	at := func(id, time, text string) string {
		return fmt.Sprintf(`{"id":%q,"time":%q,"kind":"post","actor":"a1","text":%q}`, id, time, text)
	}
	r := newRig(t)
	r.pushRules(rulesYAML)
	// The cases build on each other.
	for _, test := range []struct {
		name   string
		query  string
		body   string
		status int
		want   string
	}{
		{"no rule fires", "", post("e1", "a1", "hello", 0), 200, `{"verdict":"allow","outcome":"decided","decision":null}`},
		{"enforced", "", post("e2", "a2", "BUY", 1), 200, `{"verdict":"limit","outcome":"decided","decision":{"event":"e2","time":`},
		{"the same again", "", post("e2", "a2", "BUY", 1), 200, `{"verdict":"limit","outcome":"duplicate","decision":{"event":"e2","time":`},
		{"the same again, nothing fired", "", post("e1", "a1", "hello", 0), 200, `{"verdict":"allow","outcome":"duplicate","decision":null}`},
		{"same id of another source", "?source=other", post("e1", "a1", "hello", 0), 200, `{"verdict":"allow","outcome":"decided"`},
		{"another event under the id", "", post("e2", "a2", "BUY more", 1), 409, `another event came before under id \"e2\"`},
		{"in force already", "", post("e3", "a2", "BUY", 2), 200, `{"verdict":"allow","outcome":"decided","decision":{"event":"e3"`},
		{"review", "", post("e4", "a1", "psst", 3), 200, `{"verdict":"review","outcome":"decided"`},
		{"over several lines", "", strings.ReplaceAll(post("e5", "a5", "BUY", 4), ",", ",\r\n  ") + "\n", 200, `{"verdict":"limit","outcome":"decided"`},
		{"late", "", at("e6", hour(-1), "BUY"), 200, `{"verdict":"limit","outcome":"late"`},
		{"too old", "", at("e7", hour(-48), "BUY"), 422, "older than duplicates are remembered"},
		{"a clock ahead", "", at("e8", hour(24*365*73), "BUY"), 422, "check the clock of its source"},
		{"bad JSON", "", `{"id":`, 400, "the body is no event: "},
		{"two events", "", post("x", "a", "x", 0) + "\n" + post("y", "a", "x", 0), 400, "the body is no event: "},
		{"no actor", "", `{"id":"e9","time":"2026-11-23T03:00:00Z","kind":"post"}`, 400, "actor: is required"},
		{"invalid UTF-8", "", post("e\xff", "a", "x", 0), 400, "the body is no event: "},
		{"huge", "", `{"id":"` + strings.Repeat("x", 1<<20), 413, "an event takes at most 1048576 bytes"},
		{"empty", "", "", 400, "the body is no event: "},
		{"unknown parameter", "?x=1", post("e1", "a1", "hello", 0), 400, `unknown query parameter \"x\"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := r.do("POST", "/v1/decide"+test.query, test.body)
			if w.Code != test.status || !strings.Contains(w.Body.String(), test.want) {
				t.Errorf("got %d %.300s, want %d with %s", w.Code, w.Body, test.status, test.want)
			}
			if !json.Valid(w.Body.Bytes()) {
				t.Errorf("no JSON: %s", w.Body)
			}
		})
	}
	recs, err := r.journal.Timeline(0, "a5", 1, nil)
	if err != nil || len(recs) != 1 || strings.ContainsAny(string(recs[0].Body), "\r\n") {
		t.Errorf("the journal holds %q, %v: want one line", recs[0].Body, err)
	}
	list := get[List[DeadLetter]](r, "GET", "/v1/dead-letters", "")
	if got := len(list.Items); got != 6 { // the clock ahead, and what could not be read but for its size
		t.Errorf("%d dead letters: %+v", got, list.Items)
	}
}

// TestDecideAnswersWithTheStoredLine holds that a decision is the same bytes wherever it is seen.
func TestDecideAnswersWithTheStoredLine(t *testing.T) {
	r := newRig(t)
	r.pushRules(rulesYAML)
	var answer struct{ Decision json.RawMessage }
	r.must(json.Unmarshal(r.do("POST", "/v1/decide", post("e\t<é>", "a&b", "BUY \"now\"", 0)).Body.Bytes(), &answer))
	stored := string(r.decisions(1)[0].Line)
	if string(answer.Decision) != stored {
		t.Errorf("decide answered %s\nstored is %s", answer.Decision, stored)
	}
	if got := r.do("GET", "/v1/decisions", "", "Accept: application/x-ndjson").Body.String(); got != stored+"\n" {
		t.Errorf("the dump is %q\nwant %q", got, stored+"\n")
	}
}

// mute is an engine that answers nobody.
type mute struct{ Engine }

func (mute) Await([16]byte) (<-chan pipeline.Answer, func()) { return nil, func() {} }

func TestUndecided(t *testing.T) {
	r := newRig(t, func(d *Deps) {
		d.Limits.Deadline = time.Millisecond
		d.Engine = mute{d.Engine}
		d.Ingest = &door{Ingest: d.Ingest, urgent: func(context.Context) error { return nil }}
	})
	w := r.do("POST", "/v1/decide", post("e1", "a1", "BUY", 0))
	if got, want := w.Body.String(), `{"verdict":"undecided","outcome":"undecided","default":"allow","durable":true}`+"\n"; w.Code != 200 || got != want {
		t.Errorf("got %d %s, want %s", w.Code, got, want)
	}
	if metrics := r.do("GET", "/metrics", "").Body.String(); !strings.Contains(metrics, "ringfence_decide_undecided_total 1\n") {
		t.Error("an undecided answer is not counted")
	}
}

func TestUndecidedBeforeTheEventIsDurable(t *testing.T) {
	r := newRig(t, func(d *Deps) {
		d.Limits.Deadline = time.Millisecond
		d.Ingest = &door{Ingest: d.Ingest, urgent: func(ctx context.Context) error {
			<-ctx.Done()
			return fmt.Errorf("ingest: %w", ctx.Err())
		}}
	})
	w := r.do("POST", "/v1/decide", post("e1", "a1", "BUY", 0))
	if got, want := w.Body.String(), `"durable":false}`; w.Code != 200 || !strings.Contains(got, want) {
		t.Errorf("got %d %s, want %s", w.Code, got, want)
	}
}

// amnesiac is decisions that cannot be read.
type amnesiac struct{ Decisions }

func (amnesiac) Find([16]byte, int64) ([]byte, error) { return nil, errors.New("disk") }

func TestStoredDecisionThatCannotBeRead(t *testing.T) {
	r := newRig(t, func(d *Deps) { d.Decisions = amnesiac{d.Decisions} })
	r.do("POST", "/v1/decide", post("e1", "a1", "BUY", 0))
	if w := r.do("POST", "/v1/decide", post("e1", "a1", "BUY", 0)); w.Code != 200 || !strings.Contains(w.Body.String(), "undecided") {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
}

func TestVerdict(t *testing.T) {
	effect := func(do, value, state string) string {
		return fmt.Sprintf(`{"id":"1","rule":"r","do":%q,"on":"account:a","value":%q,"state":%q}`, do, value, state)
	}
	line := func(effects ...string) string {
		return `{"event":"e","time":"t","actor":"a","rules":[],"effects":[` + strings.Join(effects, ",") + `],"reasons":[],"unevaluated":[]}`
	}
	for _, test := range []struct{ name, line, want string }{
		{"none", "", "allow"},
		{"no effects", line(), "allow"},
		{"label", line(effect("label", "remove", "queued")), "allow"},
		{"enforce", line(effect("enforce", "lock", "queued")), "lock"},
		{"strongest", line(effect("enforce", "remove", "queued"), effect("enforce", "inform", "queued")), "remove"},
		{"review and inform", line(effect("review", "", "queued"), effect("enforce", "inform", "queued")), "inform"},
		{"review", line(effect("review", "", "queued")), "review"},
		{"waiting", line(effect("enforce", "suspend", "waiting"), effect("enforce", "inform", "queued")), "inform"},
		{"shadow", line(effect("enforce", "suspend", "shadow")), "allow"},
		{"absorbed", line(effect("enforce", "suspend", "absorbed")), "allow"},
		{"unknown step", line(effect("enforce", "banish", "queued")), "allow"},
		{"in a string", line(effect("label", `x","state":"queued"},{"do":"enforce","on":"account:a","value":"remove`, "queued")), "allow"},
	} {
		if got := verdictOf([]byte(test.line)); got != test.want {
			t.Errorf("%s: verdict %q, want %q", test.name, got, test.want)
		}
	}
}

// FuzzVerdict compares with the verdict from the decoded line, for any strings in it.
func FuzzVerdict(f *testing.F) {
	f.Add("e1", "a", "enforce", "account:a", "limit", "queued", "because", "review")
	f.Add(`","do":"enforce","on":"x","value":"remove","state":"queued"`, `\`, "enforce", `\"`, `"`, "queued", `,"do":"`, "enforce")
	f.Fuzz(func(t *testing.T, id, actor, do, on, value, state, reason, do2 string) {
		type effect struct {
			ID    string `json:"id"`
			Rule  string `json:"rule"`
			Do    string `json:"do"`
			On    string `json:"on"`
			Value string `json:"value"`
			State string `json:"state"`
		}
		line, err := json.Marshal(struct {
			Event   string   `json:"event"`
			Actor   string   `json:"actor"`
			Effects []effect `json:"effects"`
			Reason  string   `json:"reason"`
		}{id, actor, []effect{{id, actor, do, on, value, state}, {on, reason, do2, id, state, value}}, reason})
		if err != nil {
			t.Fatal(err)
		}
		want := "allow"
		rank := map[string]int{}
		for i, v := range verdicts {
			rank[v] = i
		}
		for _, e := range []effect{{Do: do, Value: value, State: state}, {Do: do2, Value: state, State: value}} {
			v := e.Value
			if e.Do == "review" {
				v = "review"
			}
			if e.State == "queued" && (e.Do == "review" || e.Do == "enforce") && rank[v] > rank[want] {
				want = v
			}
		}
		if got := verdictOf(line); got != want {
			t.Errorf("verdict %q, want %q, of %s", got, want, line)
		}
	})
}

func FuzzVerdictOfAnything(f *testing.F) {
	f.Add([]byte(`,"do":"enforce","on":"x`))
	f.Fuzz(func(t *testing.T, line []byte) { verdictOf(line) })
}

// BenchmarkDecide measures what the API itself costs: the engine and the journal answer at once.
func BenchmarkDecide(b *testing.B) {
	line := []byte(`{"event":"e1","time":"2026-11-23T03:00:00Z","actor":"a1","rules":[{"id":"shout","version":"01234567","mode":"live"}],"effects":[{"id":"0123456789abcdef0123456789abcdef","rule":"shout","do":"enforce","on":"account:a1","value":"limit","state":"queued"}],"reasons":[{"rule":"shout","text":"the text says BUY"}],"unevaluated":[]}`)
	r := newRig(b, func(d *Deps) {
		d.Engine = prompt{d.Engine, line}
		d.Ingest = &door{Ingest: d.Ingest, urgent: func(context.Context) error { return nil }}
	})
	body := post("e1", "a1", "BUY", 0)
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		r.ServeHTTP(w, r.request("POST", "/v1/decide", body))
		if w.Code != 200 {
			b.Fatal(w.Code)
		}
	}
}

// prompt is an engine that answers at once.
type prompt struct {
	Engine
	line []byte
}

func (p prompt) Await(id [16]byte) (<-chan pipeline.Answer, func()) {
	ch := make(chan pipeline.Answer, 1)
	ch <- pipeline.Answer{Identity: id, Outcome: decide.Decided, Line: p.line}
	return ch, func() {}
}

// TestDecideForgotten: where the decision on an event that comes again is no longer stored, the answer does not pretend to know it.
func TestDecideForgotten(t *testing.T) {
	r := newRig(t)
	r.pushRules(rulesYAML)
	body := post("e1", "a1", "BUY", 0)
	if w := r.do("POST", "/v1/decide", body); !strings.Contains(w.Body.String(), `"verdict":"limit"`) {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	w := r.do("POST", "/v1/decide", body)
	if !strings.Contains(w.Body.String(), `"outcome":"duplicate"`) {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	for r.engine.Status().Stored < r.engine.Status().Decided {
		runtime.Gosched()
	}
	r.must(r.engine.Decisions().Truncate(1000))
	if w := r.do("POST", "/v1/decide", body); w.Code != 200 || !strings.Contains(w.Body.String(), `"verdict":"undecided"`) {
		t.Errorf("got %d %s, want undecided", w.Code, w.Body)
	}
}
