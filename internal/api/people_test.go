package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/ringfence/ringfence/event"
)

func TestEntity(t *testing.T) {
	r := newRig(t)
	r.pushRules(rulesYAML)
	r.shouts(0, 1)
	const a0 = "/v1/entities/account/a0"
	at := Time(start)
	expires := at + 24*3600*1e9
	got := get[Entity](r, "GET", a0, "")
	want := Entity{
		Entity:      "account:a0",
		Labels:      []Label{{Name: "shouter", Status: "rule", By: "shout", Reason: "the text says BUY", Since: at}},
		Allows:      []Allow{},
		Enforcement: &Enforcement{Step: "limit", Rule: "shout", Since: at, Expires: expires},
		OpenCases:   []string{"spam"},
		Timeline: []Moment{{Position: 2, Kind: "event", Received: at, Time: at, Source: "events", ID: "e0",
			Body: Raw(post("e0", "a0", "BUY", 0))}},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Enforcement{}, "Effect")); diff != "" {
		t.Errorf("entity (-want +got):\n%s", diff)
	}

	get[Changed](r, "POST", "/v1/labels", `{"entity":"account:a0","name":"shouter","remove":true,"reason":"it is a shop"}`)
	get[Changed](r, "POST", "/v1/allows", `{"entity":"account:a0","policy":"spam","expires":"2026-12-01T00:00:00Z","reason":"it is a shop"}`)
	get[Changed](r, "POST", "/v1/enforcements/lift", `{"entity":"account:a0","reason":"it is a shop"}`)
	r.settle()
	got = get[Entity](r, "GET", a0+"?timeline=0", "")
	if len(got.Labels) != 1 || got.Labels[0].Status != "removed by person" || got.Labels[0].By != "key:tester" || got.Enforcement != nil ||
		len(got.Allows) != 1 || got.Allows[0].Policy != "spam" || len(got.Timeline) != 0 {
		t.Errorf("after a person's word: %+v", got)
	}

	if got := get[Entity](r, "GET", "/v1/entities/content/at%3A%2F%2Fdid:plc:x%2Fpost%2F1", ""); got.Entity != "content:at://did:plc:x/post/1" {
		t.Errorf("entity %q", got.Entity)
	}
	if w := r.do("GET", "/v1/entities/planet/mars", ""); w.Code != 422 {
		t.Errorf("unknown kind: %d %s", w.Code, w.Body)
	}
}

func TestRules(t *testing.T) {
	r := newRig(t)
	if got := get[ActiveRules](r, "GET", "/v1/rules", ""); got.Active != nil || len(got.Rules) != 0 {
		t.Errorf("before the first set: %+v", got)
	}
	r.pushRules(rulesYAML)
	r.shouts(0, 2)
	get[ActiveRules](r, "GET", "/v1/rules", "") // asks the loop for its counts
	get[Entity](r, "GET", "/v1/entities/account/a0", "")
	got := get[ActiveRules](r, "GET", "/v1/rules", "")
	if got.Active == nil || got.Active.Version != 1 || got.Active.By != "key:tester" || got.Hash != got.Active.Hash || len(got.Rules) != 2 {
		t.Fatalf("rules %+v", got)
	}
	shout := got.Rules[0]
	if shout.ID != "shout" || shout.Fired != 2 || shout.FiredLive != 2 || shout.Effects["queued"] != 6 || shout.Mode != "live" || shout.File != "rules.yaml" {
		t.Errorf("rule %+v", shout)
	}

	bad := strings.Replace(rulesYAML, "text.contains", "text.contians", 1)
	body, err := json.Marshal(rulesBody{Files: []ruleFile{{Name: "rules.yaml", Data: bad}}})
	r.must(err)
	w := r.do("PUT", "/v1/rules", string(body))
	if w.Code != 422 || !strings.Contains(w.Body.String(), `"location":"rules.yaml:6:`) {
		t.Errorf("a bad set: %d %s", w.Code, w.Body)
	}

	r.pushRules(strings.Replace(rulesYAML, "BUY", "SELL", 1))
	versions := get[List[RuleVersion]](r, "GET", "/v1/rules/versions", "")
	if len(versions.Items) != 2 || versions.Items[0].Version != 2 {
		t.Errorf("versions %+v", versions)
	}
	back := get[Pushed](r, "POST", "/v1/rules/rollback", `{"reason":"too many"}`)
	if back.Version != 1 {
		t.Errorf("rolled back to %d", back.Version)
	}
	r.settle()
	if now := get[ActiveRules](r, "GET", "/v1/rules", ""); now.Hash != got.Hash || now.Active.Version != 1 {
		t.Errorf("after the rollback %d %s, want 1 %s", now.Active.Version, now.Hash, got.Hash)
	}
	if w := r.do("POST", "/v1/rules/rollback", `{"reason":"again"}`); w.Code != 409 {
		t.Errorf("nothing to roll back to: %d %s", w.Code, w.Body)
	}
	if w := r.do("POST", "/v1/rules/rollback", `{"version":9,"reason":"again"}`); w.Code != 404 {
		t.Errorf("no such version: %d %s", w.Code, w.Body)
	}
	get[Changed](r, "POST", "/v1/rules/shout/reset", `{"reason":"seen"}`)
	if w := r.do("POST", "/v1/rules/nobody/reset", `{"reason":"seen"}`); w.Code != 404 {
		t.Errorf("no such rule: %d %s", w.Code, w.Body)
	}
}

// TestApproval goes above a rule's cap: what waits is listed, let out once, or refused.
func TestApproval(t *testing.T) {
	r := newRig(t)
	r.pushRules(strings.Replace(rulesYAML, "severity: 3", "severity: 3\n    cap: 1", 1))
	r.shouts(0, 3)
	waiting := get[List[Effect]](r, "GET", "/v1/effects?state=waiting", "")
	if len(waiting.Items) != 2 || !strings.Contains(waiting.Items[0].Why, "cap") || waiting.Items[0].On != "account:a2" {
		t.Fatalf("waiting %+v", waiting)
	}
	ask := func(what, id string) Moved {
		return get[Moved](r, "POST", "/v1/effects/"+what, fmt.Sprintf(`{"effects":[%q],"reason":"looked at it"}`, id))
	}
	if got := ask("refuse", waiting.Items[0].ID).Moved; len(got) != 1 {
		t.Errorf("refused %v", got)
	}
	if got := ask("approve", waiting.Items[0].ID).Moved; len(got) != 0 {
		t.Errorf("let out what was refused: %v", got)
	}
	if got := ask("approve", waiting.Items[1].ID).Moved; len(got) != 1 {
		t.Errorf("let out %v", got)
	}
	r.settle()
	for account, step := range map[string]string{"a1": "limit", "a2": ""} {
		got := get[Entity](r, "GET", "/v1/entities/account/"+account, "").Enforcement
		if (got == nil) != (step == "") {
			t.Errorf("%s: enforcement %+v, want %q", account, got, step)
		}
	}
	on := get[List[Effect]](r, "GET", "/v1/effects?on=account:a1", "")
	if len(on.Items) != 3 {
		t.Errorf("effects on a1: %+v", on)
	}
	for _, bad := range []string{"?on=a1", "?state=shadow", "?limit=0", "?limit=501", "?colour=red"} {
		if w := r.do("GET", "/v1/effects"+bad, ""); w.Code != 422 {
			t.Errorf("%s: %d %s", bad, w.Code, w.Body)
		}
	}
	if w := r.do("POST", "/v1/effects/requeue", `{"effects":["0123"]}`); w.Code != 404 {
		t.Errorf("requeue what is not there: %d %s", w.Code, w.Body)
	}
	if got := get[Moved](r, "POST", "/v1/effects/requeue", fmt.Sprintf(`{"effects":[%q]}`, waiting.Items[1].ID)); len(got.Moved) != 0 {
		t.Errorf("requeued what is not dead: %v", got)
	}
}

func TestIdempotencyKey(t *testing.T) {
	r := newRig(t)
	send := func(key, name string) int {
		r.clock.Add(1e9)
		return r.do("POST", "/v1/labels", fmt.Sprintf(`{"entity":"account:a1","name":%q,"reason":"r"}`, name), "Idempotency-Key: "+key).Code
	}
	for _, test := range []struct {
		key, name string
		want      int
	}{{"k1", "bot", 202}, {"k1", "bot", 202}, {"k1", "human", 409}, {"k2", "human", 202}, {"not visible", "x", 422}} {
		if got := send(test.key, test.name); got != test.want {
			t.Errorf("%s %s: %d, want %d", test.key, test.name, got, test.want)
		}
	}
	changes := get[List[Change]](r, "GET", "/v1/changes", "")
	if len(changes.Items) != 2 || changes.Items[1].ID != "k1" || changes.Items[1].Kind != "label" || changes.Items[1].By != "key:tester" {
		t.Errorf("changes %+v", changes)
	}
	if !strings.Contains(string(changes.Items[0].Body), `"name":"human"`) {
		t.Errorf("the change holds %s", changes.Items[0].Body)
	}
}

func TestWrongBodies(t *testing.T) {
	r := newRig(t)
	for _, test := range []struct {
		method, path, body string
		want               int
	}{
		{"POST", "/v1/labels", `{"entity":"a1","name":"bot","reason":"r"}`, 422},
		{"POST", "/v1/labels", `{"entity":"account:a1","name":"Bot!","reason":"r"}`, 422},
		{"POST", "/v1/labels", `{"entity":"account:a1","name":"bot"}`, 422},
		{"POST", "/v1/labels", `{"entity":"account:a1","name":"bot","reason":"r","until":1}`, 422},
		{"POST", "/v1/labels", `{"entity":"account:a1","name":"bot","reason":"r","expires":"tomorrow"}`, 422},
		{"POST", "/v1/labels", `{`, 400},
		{"POST", "/v1/labels", ``, 400},
		{"POST", "/v1/labels", `{"entity":"account:` + strings.Repeat("x", 2<<20) + `"}`, 413},
		{"POST", "/v1/allows", `{"entity":"planet:mars","reason":"r"}`, 422},
		{"POST", "/v1/enforcements/lift", `{"entity":":","reason":"r"}`, 422},
		{"PUT", "/v1/rules", `{"files":[]}`, 422},
		{"POST", "/v1/effects/approve", `{"effects":[],"reason":"r"}`, 422},
		{"GET", "/v1/cases/none", ``, 404},
		{"POST", "/v1/cases/none/verdict", `{"verdict":"benign","reason":"x"}`, 404},
		{"POST", "/v1/cases/none/verdict", `{"verdict":"very harmful","reason":"x"}`, 422},
		{"GET", "/v1/changes?limit=101", ``, 422},
		{"POST", "/v1/keys", `{"name":"x","scopes":["root"]}`, 422},
		{"DELETE", "/v1/keys/none", ``, 404},
	} {
		w := r.do(test.method, test.path, test.body, "Content-Type: application/json")
		var problem struct{ Title, Detail string }
		err := json.Unmarshal(w.Body.Bytes(), &problem)
		if w.Code != test.want || err != nil || problem.Title == "" || problem.Detail == "" || w.Header().Get("Content-Type") != "application/problem+json" {
			t.Errorf("%s %s %.80s: %d %.300s, want %d", test.method, test.path, test.body, w.Code, w.Body, test.want)
		}
	}
}

func TestKeys(t *testing.T) {
	r := newRig(t)
	made := get[NewKey](r, "POST", "/v1/keys", `{"name":"ci","scopes":["read"],"per_second":5}`)
	as := "Authorization: Bearer " + made.Token
	get[ActiveRules](r, "GET", "/v1/rules", "", as)
	if w := r.do("POST", "/v1/keys", `{"name":"ci","scopes":["read"]}`); w.Code != 409 {
		t.Errorf("the name again: %d %s", w.Code, w.Body)
	}
	if list := r.do("GET", "/v1/keys", "").Body.String(); strings.Contains(list, made.Token[20:]) || !strings.Contains(list, made.ID) {
		t.Errorf("keys %s", list)
	}
	if w := r.do("DELETE", "/v1/keys/"+made.ID, ""); w.Code != http.StatusNoContent {
		t.Errorf("revoke: %d %s", w.Code, w.Body)
	}
	if w := r.do("GET", "/v1/rules", "", as); w.Code != http.StatusUnauthorized {
		t.Errorf("a revoked key: %d %s", w.Code, w.Body)
	}
	audit := get[List[AuditEntry]](r, "GET", "/v1/audit", "")
	if len(audit.Items) != 3 || audit.Items[0].Action != "key.revoke" || audit.Items[0].By != "key:tester" || audit.Items[0].Subject != made.ID {
		t.Errorf("audit %+v", audit)
	}
}

// TestTimelineHidesContacts: whoever may read sees no address and no number, however the sender wrote them.
func TestTimelineHidesContacts(t *testing.T) {
	r := newRig(t)
	r.pushRules(rulesYAML)
	line := func(account string) string {
		return `{"id":"e1","time":"` + event.FormatTime(start) + `","kind":"post","actor":"a1","account":{` + account + `},"text":"hi"}`
	}
	sent := line(`"handle":"mira","\u0065mail":"mira@mail.example","confirmed":false,"phone_hash":"5f2a","posts":3`)
	if w := r.do("POST", "/v1/decide", sent); w.Code != 200 {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	got := get[Entity](r, "GET", "/v1/entities/account/a1", "")
	if len(got.Timeline) != 1 {
		t.Fatalf("timeline %+v", got.Timeline)
	}
	want := `{"id":"e1","time":"` + event.FormatTime(start) + `","kind":"post","actor":"a1","text":"hi","account":{"handle":"mira","confirmed":false,"posts":3}}`
	if body := string(got.Timeline[0].Body); body != want {
		t.Errorf("got %s, want %s", body, want)
	}
}
