package api

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/record"
)

// review brings the desk up to date with what was decided and sent.
func (r *rig) review() {
	r.t.Helper()
	r.settle()
	r.must(r.desk.Intake(r.t.Context()))
	r.must(r.desk.Load(r.t.Context()))
}

func TestCases(t *testing.T) {
	r := newRig(t)
	r.pushRules(rulesYAML)
	r.shouts(0, 3)
	open := get[List[Case]](r, "GET", "/v1/cases?limit=2", "")
	if len(open.Items) != 2 || open.Items[0].Entity != "account:a2" || open.Items[0].Severity != 3 || open.Next == 0 {
		t.Fatalf("open cases %+v", open)
	}
	rest := get[List[Case]](r, "GET", fmt.Sprintf("/v1/cases?limit=2&before=%d", open.Next), "")
	if len(rest.Items) != 1 || rest.Items[0].Entity != "account:a0" || rest.Next != 0 {
		t.Errorf("the rest %+v", rest)
	}
	id := rest.Items[0].ID
	detail := get[CaseDetail](r, "GET", "/v1/cases/"+id, "")
	if len(detail.Evidence) != 1 || detail.Evidence[0].Rule != "shout" || detail.Evidence[0].Event != "e0" || detail.Evidence[0].Version == "" ||
		!slices.Contains(detail.Evidence[0].Readings, Reading{"text", "BUY"}) || detail.Standing != nil {
		t.Errorf("case %+v", detail)
	}
	if on := get[List[Case]](r, "GET", "/v1/cases?on=account:a1", ""); len(on.Items) != 1 {
		t.Errorf("cases on a1: %+v", on)
	}
	r.do("POST", "/v1/cases/"+id+"/notes", `{"text":"seen before"}`)
	get[Changed](r, "POST", "/v1/cases/"+id+"/verdict", `{"verdict":"violating","policies":["spam"],"code":"wave","reason":"one hand","label":false}`)
	if w := r.do("POST", "/v1/cases/"+id+"/verdict", `{"verdict":"benign","reason":"no"}`); w.Code != 409 {
		t.Errorf("deciding twice: %d %s", w.Code, w.Body)
	}
	closed := get[List[Case]](r, "GET", "/v1/cases?state=closed", "")
	if len(closed.Items) != 1 || closed.Items[0].Verdict != "violating" || closed.Items[0].ClosedBy != "key:tester" {
		t.Errorf("closed cases %+v", closed)
	}
	detail = get[CaseDetail](r, "GET", "/v1/cases/"+id, "")
	if len(detail.Notes) != 1 || len(detail.History) != 1 || detail.History[0].Code != "wave" || !slices.Equal(detail.History[0].Asked, []string{"spam"}) {
		t.Errorf("decided case %+v", detail)
	}
	r.settle()
	if got := get[Entity](r, "GET", "/v1/entities/account/a0", ""); len(got.OpenCases) != 0 || slices.ContainsFunc(got.Labels, func(l Label) bool { return l.Name == "violates-spam" }) {
		t.Errorf("the loop has %+v", got)
	}
}

// TestSlice is the way of a case: a rule opens it, it is ranked with its reasons, a person decides by API, and the model has learnt.
func TestSlice(t *testing.T) {
	r := newRig(t)
	r.pushRules(rulesYAML)
	r.shouts(0, 12)
	r.review()
	queue := get[QueueList](r, "GET", "/v1/review/queue", "")
	if queue.Waiting != 12 || queue.Items[0].Standing.Rank != 1 || len(queue.Items[0].Standing.Why) < 4 || !strings.Contains(queue.Items[0].Standing.Why[0], "likely to violate the policy on spam") {
		t.Fatalf("queue %+v", queue)
	}
	before := queue.Items[0].Standing.P
	for range 10 {
		next := get[Queued](r, "POST", "/v1/review/next", "")
		if next.LeasedBy != "key:tester" || next.Standing.Lane != "harm" && next.Standing.Lane != "random" {
			t.Fatalf("next %+v", next)
		}
		get[Changed](r, "POST", "/v1/cases/"+next.ID+"/verdict", `{"verdict":"violating","policies":["spam"],"reason":"spam","enforce":"suspend","lasts":86400}`)
	}
	r.review()
	queue = get[QueueList](r, "GET", "/v1/review/queue", "")
	if queue.Waiting != 2 || queue.Items[0].Standing.P < before+.1 {
		t.Errorf("after ten verdicts P is %.2f, was %.2f; %d wait", queue.Items[0].Standing.P, before, queue.Waiting)
	}
	detail := get[CaseDetail](r, "GET", "/v1/cases/"+queue.Items[0].ID, "")
	if detail.Standing == nil || len(detail.Standing.Chances[0].Because) == 0 {
		t.Errorf("no reasons: %+v", detail.Standing)
	}
	verdicts := get[List[Verdict]](r, "GET", "/v1/verdicts", "")
	if len(verdicts.Items) != 10 || verdicts.Items[0].Lane == "" {
		t.Fatalf("verdicts %+v", verdicts)
	}
	known := get[Entity](r, "GET", "/v1/entities/"+strings.Replace(verdicts.Items[0].Entity, ":", "/", 1), "")
	if known.Enforcement == nil || known.Enforcement.Step != "suspend" || !slices.ContainsFunc(known.Labels, func(l Label) bool { return l.Name == "violates-spam" && l.Status == "person" }) {
		t.Errorf("the verdict did not take effect: %+v", known)
	}
	get[Changed](r, "POST", "/v1/verdicts/"+verdicts.Items[0].ID+"/undo", `{"reason":"the wrong one"}`)
	r.settle()
	known = get[Entity](r, "GET", "/v1/entities/"+strings.Replace(verdicts.Items[0].Entity, ":", "/", 1), "")
	if known.Enforcement != nil && known.Enforcement.Step == "suspend" || slices.ContainsFunc(known.Labels, func(l Label) bool { return l.Name == "violates-spam" }) || len(known.OpenCases) != 1 {
		t.Errorf("after the undo: %+v", known)
	}
	if queue := get[QueueList](r, "GET", "/v1/review/queue", ""); queue.Waiting != 3 {
		t.Errorf("%d wait after the undo, want 3", queue.Waiting)
	}
	rules := get[ActiveRules](r, "GET", "/v1/rules", "")
	if shout := rules.Rules[0]; shout.Judged != 10 && shout.Judged != 9 || shout.Precision != 1 || shout.Low < .6 {
		t.Errorf("the rule's precision: %+v", shout)
	}
	r.clock.Add(int64(2 * time.Hour))
	if w := r.do("POST", "/v1/verdicts/"+verdicts.Items[1].ID+"/undo", `{"reason":"late"}`); w.Code != 409 {
		t.Errorf("an undo after two hours: %d %s", w.Code, w.Body)
	}
}

func TestVerdictIsIdempotent(t *testing.T) {
	r := newRig(t)
	r.pushRules(rulesYAML)
	r.shouts(0, 1)
	id := get[List[Case]](r, "GET", "/v1/cases", "").Items[0].ID
	const body = `{"verdict":"benign","reason":"a shop"}`
	for range 2 {
		get[Changed](r, "POST", "/v1/cases/"+id+"/verdict", body, "Idempotency-Key: v1")
	}
	if w := r.do("POST", "/v1/cases/"+id+"/verdict", strings.Replace(body, "shop", "bank", 1), "Idempotency-Key: v1"); w.Code != 409 {
		t.Errorf("another verdict under the same key: %d %s", w.Code, w.Body)
	}
	if got := get[List[Verdict]](r, "GET", "/v1/verdicts", ""); len(got.Items) != 1 {
		t.Errorf("verdicts %+v", got)
	}
	r.settle()
	r.shouts(1, 1) // another account
	get[map[string]any](r, "POST", "/v1/events", post("again", "a0", "BUY", 20)+"\n")
	r.decisions(3)
	if got := get[List[Case]](r, "GET", "/v1/cases", ""); len(got.Items) != 1 || got.Items[0].Entity != "account:a1" {
		t.Errorf("a rule asks again what a person found benign: %+v", got)
	}
	for _, bad := range []string{`{"verdict":"maybe","reason":"x"}`, `{"verdict":"violating","reason":"x"}`, `{"verdict":"benign","policies":["spam"],"reason":"x"}`,
		`{"verdict":"benign","enforce":"suspend","reason":"x"}`, `{"verdict":"benign"}`} {
		if w := r.do("POST", "/v1/cases/"+get[List[Case]](r, "GET", "/v1/cases", "").Items[0].ID+"/verdict", bad); w.Code != 422 {
			t.Errorf("%s: %d %s", bad, w.Code, w.Body)
		}
	}
}

func TestReports(t *testing.T) {
	r := newRig(t)
	for i := range 3 {
		get[Reported](r, "POST", "/v1/reports", fmt.Sprintf(`{"entity":"content:p1","reporter":"u%d","policy":"abuse","reason":"he threatens her","time":"2026-11-23T0%d:00:00Z"}`, i, i))
	}
	same := `{"id":"r9","entity":"account:a1","reporter":"u1","reason":"spam"}`
	for range 2 {
		get[Reported](r, "POST", "/v1/reports", same)
	}
	r.review()
	open := get[QueueList](r, "GET", "/v1/review/queue", "")
	if len(open.Items) != 2 || open.Items[0].Entity != "content:p1" || open.Items[0].Reports != 3 || open.Items[0].Origin != "report" ||
		open.Items[1].Reports != 1 || open.Items[1].Policies[0].Policy != "spam" {
		t.Fatalf("queue %+v", open)
	}
	if s := open.Items[0].Standing; s.Unreported < s.Rank || !slices.ContainsFunc(s.Why, func(w string) bool { return strings.Contains(w, "reports raise") }) {
		t.Errorf("standing %+v", s)
	}
	get[Changed](r, "POST", "/v1/cases/"+open.Items[0].ID+"/verdict", `{"verdict":"benign","reason":"a quote"}`)
	got, err := r.store.Reporters(t.Context(), []string{"u0", "u1"})
	r.must(err)
	if got["u0"] != (record.Reporter{Disagreed: 1}) {
		t.Errorf("track record %+v", got)
	}
	for _, bad := range []string{`{"entity":"ip:1.2.3.4","reporter":"u"}`, `{"entity":"p1","reporter":"u"}`, `{"entity":"account:a"}`} {
		if w := r.do("POST", "/v1/reports", bad); w.Code != 422 {
			t.Errorf("%s: %d %s", bad, w.Code, w.Body)
		}
	}
}

func TestOpenAndAppeal(t *testing.T) {
	r := newRig(t)
	opened := get[Opened](r, "POST", "/v1/cases", `{"entity":"account:a1","policy":"fraud","severity":4,"deadline":"2026-11-23T09:00:00Z","reason":"a tip","about":["device:d1"]}`)
	next := get[Queued](r, "POST", "/v1/review/next", "")
	if int64(next.Opened) != r.clock.Load() {
		t.Errorf("before the first event a case is opened at %d, want what the clock says, %d", next.Opened, r.clock.Load())
	}
	if next.ID != opened.Case || next.Standing.Lane != "deadline" {
		t.Errorf("next %+v", next)
	}
	if w := r.do("POST", "/v1/review/next", ""); w.Code != 204 {
		t.Errorf("nothing waits: %d %s", w.Code, w.Body)
	}
	if w := r.do("POST", "/v1/cases/"+opened.Case+"/release", ""); w.Code != 204 {
		t.Errorf("release: %d %s", w.Code, w.Body)
	}
	get[Changed](r, "POST", "/v1/cases/"+opened.Case+"/verdict", `{"verdict":"violating","policies":["fraud"],"reason":"x","enforce":"suspend"}`)
	appeal := get[Opened](r, "POST", "/v1/appeals", fmt.Sprintf(`{"case":%q,"reason":"it was not me"}`, opened.Case))
	detail := get[CaseDetail](r, "GET", "/v1/cases/"+appeal.Case, "")
	if detail.Kind != "appeal" || detail.NotBy != "key:tester" || len(detail.History) != 1 || detail.Standing == nil || detail.Standing.Lane != "appeal" {
		t.Errorf("appeal %+v", detail)
	}
	if w := r.do("POST", "/v1/review/next", ""); w.Code != 204 {
		t.Errorf("one's own verdict is handed out: %d %s", w.Code, w.Body)
	}
	if w := r.do("POST", "/v1/cases/"+appeal.Case+"/verdict", `{"verdict":"benign","reason":"x"}`); w.Code != 409 {
		t.Errorf("an appeal against one's own verdict: %d %s", w.Code, w.Body)
	}
	if w := r.do("POST", "/v1/appeals", `{"case":"none","reason":"x"}`); w.Code != 404 {
		t.Errorf("appeal of nothing: %d %s", w.Code, w.Body)
	}
}

func TestPrevalence(t *testing.T) {
	r := newRig(t)
	var events strings.Builder
	for i := range 200 {
		at := time.Unix(0, start+int64(i)*1e6).UTC().Format(time.RFC3339Nano)
		fmt.Fprintf(&events, `{"id":"m%d","time":%q,"kind":"metrics","actor":"platform","object":"p%d","views":200}`+"\n", i, at, i)
	}
	get[map[string]any](r, "POST", "/v1/events", events.String())
	r.review()
	drawn := get[QueueList](r, "GET", "/v1/review/queue", "")
	if drawn.Waiting < 10 || drawn.Waiting > 80 || drawn.Items[0].Origin != "sample" || drawn.Items[0].Draws != 1 {
		t.Fatalf("%d of 200 contents with 200 views were drawn, one view in 1024: %+v", drawn.Waiting, drawn.Items[:1])
	}
	for i, c := range drawn.Items {
		body := `{"verdict":"benign","reason":"x"}`
		if i%5 == 0 {
			body = `{"verdict":"violating","policies":["spam"],"reason":"x"}`
		}
		if i > 0 {
			get[Changed](r, "POST", "/v1/cases/"+c.ID+"/verdict", body)
		}
	}
	got := get[struct{ Items []Prevalence }](r, "GET", "/v1/review/prevalence?from=2026-11-23T00:00:00Z&to=2026-11-24T00:00:00Z", "")
	if len(got.Items) != 2 || got.Items[1].Policy != "spam" || got.Items[1].Contents != drawn.Waiting-1 || got.Items[1].Open != 1 ||
		!(got.Items[1].Low < got.Items[1].Rate && got.Items[1].Rate < got.Items[1].High) || got.Items[1].Rate < .1 || got.Items[1].Rate > .3 {
		t.Errorf("prevalence %+v", got)
	}
	if w := r.do("GET", "/v1/review/prevalence?from=2026-11-23T00:00:00Z&to=2025-11-24T00:00:00Z", ""); w.Code != 422 {
		t.Errorf("a span that ends before it begins: %d %s", w.Code, w.Body)
	}
}

// TestVerdictThatEnforcesNeedsAct: who may decide cases only may not suspend by a verdict.
func TestVerdictThatEnforcesNeedsAct(t *testing.T) {
	r := newRig(t)
	opened := get[Opened](r, "POST", "/v1/cases", `{"entity":"account:a1","policy":"fraud","reason":"a tip"}`)
	key := get[NewKey](r, "POST", "/v1/keys", `{"name":"moderator","scopes":["read","review"]}`)
	verdict := func(body string) int {
		req := r.request("POST", "/v1/cases/"+opened.Case+"/verdict", body)
		req.Header.Set("Authorization", "Bearer "+key.Token)
		w := httptest.NewRecorder()
		r.ServeHTTP(w, req)
		return w.Code
	}
	if code := verdict(`{"verdict":"violating","policies":["fraud"],"reason":"x","enforce":"suspend"}`); code != 403 {
		t.Errorf("a verdict that suspends: %d, want 403", code)
	}
	if code := verdict(`{"verdict":"violating","policies":["fraud"],"reason":"x"}`); code != 202 {
		t.Errorf("a verdict: %d, want 202", code)
	}
}
