package api

import (
	"fmt"
	"strings"
	"testing"
)

func TestBankRoutes(t *testing.T) {
	r := newRig(t)
	for _, c := range []struct {
		name, method, path, key, body string
		status                        int
		want                          string
	}{
		{"no banks yet", "GET", "/v1/banks", "", "", 200, `"items":[]`},
		{"no such bank", "GET", "/v1/banks/hosts/entries", "", "", 404, "hosts"},
		{"nor its versions", "GET", "/v1/banks/hosts/versions", "", "", 404, "hosts"},
		{"a bank needs a kind", "PUT", "/v1/banks/hosts", "", `{"entries":[],"reason":"r"}`, 422, "kind"},
		{"and a reason", "PUT", "/v1/banks/hosts", "", `{"kind":"links","entries":[]}`, 422, "reason"},
		{"what it holds is checked", "PUT", "/v1/banks/hosts", "", `{"kind":"links","entries":[{"value":"no link"}],"reason":"r"}`, 422, "no link"},
		{"put", "PUT", "/v1/banks/hosts", "k1", `{"kind":"links","severity":3,"entries":[{"value":"one.example"},{"value":"two.example"}],"reason":"r"}`, 200, `"version":1`},
		{"the same again", "PUT", "/v1/banks/hosts", "k1", `{"kind":"links","severity":3,"entries":[{"value":"one.example"},{"value":"two.example"}],"reason":"r"}`, 200, `"version":1`},
		{"something else under its key", "PUT", "/v1/banks/hosts", "k1", `{"kind":"links","entries":[],"reason":"r"}`, 409, ""},
		{"an edit under its key", "PATCH", "/v1/banks/hosts", "k1", `{"add":[{"value":"three.example"}],"reason":"r"}`, 409, ""},
		{"edit", "PATCH", "/v1/banks/hosts", "k2", `{"add":[{"value":"three.example"}],"remove":["one.example","one.example","never"],"reason":"r"}`, 200, `"version":2`},
		{"a page", "GET", "/v1/banks/hosts/entries?limit=1", "", "", 200, `"items":[{"value":"three.example"}],"next":"three.example"`},
		{"the next", "GET", "/v1/banks/hosts/entries?limit=1&after=three.example", "", "", 200, `"items":[{"value":"two.example"}]`},
		{"the kind stays", "PUT", "/v1/banks/hosts", "", `{"kind":"terms","entries":[],"reason":"r"}`, 422, "kind cannot change"},
		{"versions", "GET", "/v1/banks/hosts/versions", "", "", 200, `"version":2`},
		{"rollback", "POST", "/v1/banks/hosts/rollback", "", `{"version":1,"reason":"r"}`, 200, `"version":3`},
		{"to what never was", "POST", "/v1/banks/hosts/rollback", "", `{"version":9,"reason":"r"}`, 404, ""},
		{"list", "GET", "/v1/banks", "", "", 200, `"name":"hosts","kind":"links","good":false,"severity":3,"version":3`},
		{"drop", "POST", "/v1/banks/hosts/drop", "k3", `{"reason":"r"}`, 200, `"version":4`},
		{"the same drop again", "POST", "/v1/banks/hosts/drop", "k3", `{"reason":"r"}`, 200, `"version":4`},
		{"another drop", "POST", "/v1/banks/hosts/drop", "k4", `{"reason":"r"}`, 404, ""},
		{"an edit of what was dropped", "PATCH", "/v1/banks/hosts", "", `{"add":[{"value":"x.example"}],"reason":"r"}`, 404, ""},
		{"changes of banks", "GET", "/v1/changes?kind=bank", "", "", 200, `"kind":"bank"`},
	} {
		var headers []string
		if c.key != "" {
			headers = []string{"Idempotency-Key: " + c.key}
		}
		got := r.do(c.method, c.path, c.body, headers...)
		if got.Code != c.status || !strings.Contains(got.Body.String(), c.want) {
			t.Errorf("%s: %d %s, want %d with %s", c.name, got.Code, got.Body, c.status, c.want)
		}
	}
}

func TestFeedbackRoutes(t *testing.T) {
	r := newRig(t)
	const put = `{"kind":"links","sharing":"green","enabled":100,"flood":10,"entries":[{"value":"one.example","enabled":50,"expires":"2027-01-01T00:00:00Z"}],"reason":"r"}`
	word := func(verdict, event string) string {
		return `{"value":"one.example","verdict":"` + verdict + `","event":"` + event + `","distance":3,"reason":"r"}`
	}
	other := get[NewKey](r, "POST", "/v1/keys", `{"name":"other","scopes":["review"]}`)
	for _, c := range []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"no bank", "POST", "/v1/banks/hosts/feedback", word("dispute", "e1"), 404, "hosts"},
		{"a share is a percentage", "PUT", "/v1/banks/hosts", `{"kind":"links","enabled":101,"entries":[],"reason":"r"}`, 422, "enabled"},
		{"a word of the protocol", "PUT", "/v1/banks/hosts", `{"kind":"links","sharing":"white","entries":[],"reason":"r"}`, 422, "sharing"},
		{"put", "PUT", "/v1/banks/hosts", put, 200, `"version":1`},
		{"as it was put", "GET", "/v1/banks", "", 200, `"sharing":"green","enabled":100,"flood":10`},
		{"its entry too", "GET", "/v1/banks/hosts/entries", "", 200, `"enabled":50,"expires":"2027-01-01T00:00:00Z"`},
		{"nothing in quarantine", "GET", "/v1/banks/hosts/quarantine", "", 200, `"items":[]`},
		{"no entry", "POST", "/v1/banks/hosts/release", `{"values":["two.example"],"reason":"r"}`, 422, "two.example"},
		{"no verdict", "POST", "/v1/banks/hosts/feedback", `{"value":"one.example","reason":"r"}`, 422, "verdict"},
		{"confirmed", "POST", "/v1/banks/hosts/feedback", word("confirm", "e1"), 200, `"version":2`},
		{"disputed", "POST", "/v1/banks/hosts/feedback", word("dispute", "e2"), 200, `"version":3`},
		{"and again", "POST", "/v1/banks/hosts/feedback", word("dispute", "e3"), 200, `"version":4`},
		{"not yet", "GET", "/v1/banks/hosts/quarantine", "", 200, `"items":[]`},
		{"a third time", "POST", "/v1/banks/hosts/feedback", word("dispute", "e4"), 200, `"version":5`},
		{"not by one alone", "GET", "/v1/banks/hosts/quarantine", "", 200, `"items":[]`},
		{"by another", "POST", "/v1/banks/hosts/feedback", word("dispute", "e5"), 200, `"version":6`},
		{"in quarantine", "GET", "/v1/banks/hosts/quarantine", "", 200, `{"value":"one.example","why":"disputed","because":"4 of the last 5 matches that people looked at were disputed","confirmed":1,"disputed":4}`},
		{"released", "POST", "/v1/banks/hosts/release", `{"values":["one.example"],"reason":"r"}`, 200, `"version":7`},
		{"out", "GET", "/v1/banks/hosts/quarantine", "", 200, `"items":[]`},
		{"put there", "POST", "/v1/banks/hosts/quarantine", `{"values":["one.example"],"reason":"r"}`, 200, `"version":8`},
		{"and listed", "GET", "/v1/banks/hosts/quarantine", "", 200, `"because":"a person put it there"`},
		{"who said what", "GET", "/v1/changes?kind=bank", "", 200, `"reason":"r"`},
	} {
		var headers []string
		if c.name == "by another" {
			headers = []string{"Authorization: Bearer " + other.Token}
		}
		if got := r.do(c.method, c.path, c.body, headers...); got.Code != c.status || !strings.Contains(got.Body.String(), c.want) {
			t.Errorf("%s: %d %s, want %d with %s", c.name, got.Code, got.Body, c.status, c.want)
		}
	}
}

// TestFloodIsListed: an entry that many accounts match at once is listed, a case tells people, and a release lets it be found again.
func TestFloodIsListed(t *testing.T) {
	r := newRig(t)
	r.pushRules("rules:\n  - {id: words, on: [post], share: 100, when: 'size(matched(\"words\")) > 0', because: x, then: [{label: seen}]}\n")
	get[BankMade](r, "PUT", "/v1/banks/words", `{"kind":"terms","flood":20,"policy":"spam","entries":[{"value":"casino"}],"reason":"r"}`)
	r.settle()
	var lines strings.Builder
	for i := range 60 {
		lines.WriteString(post(fmt.Sprint("e", i), fmt.Sprint("a", i), "a casino", i) + "\n")
	}
	get[any](r, "POST", "/v1/events", lines.String(), "Content-Type: application/x-ndjson")
	r.settle()
	list := get[struct{ Items []BankQuarantined }](r, "GET", "/v1/banks/words/quarantine", "")
	if len(list.Items) != 1 || list.Items[0].Value != "casino" || list.Items[0].Why != "flood" || list.Items[0].Accounts < 18 || list.Items[0].Accounts > 24 {
		t.Fatalf("in quarantine: %+v", list.Items)
	}
	if n := len(r.decisions(18)); n < 18 {
		t.Errorf("%d decisions", n)
	}
	cases := get[struct{ Items []Case }](r, "GET", "/v1/cases", "")
	if len(cases.Items) != 1 || cases.Items[0].Policies[0].Policy != "spam" {
		t.Errorf("cases %+v", cases.Items)
	}
	get[BankMade](r, "POST", "/v1/banks/words/release", `{"values":["casino"],"reason":"r"}`)
	r.settle()
	if list := get[struct{ Items []BankQuarantined }](r, "GET", "/v1/banks/words/quarantine", ""); len(list.Items) != 0 {
		t.Errorf("released: %+v", list.Items)
	}
}
