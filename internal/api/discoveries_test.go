package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestDiscoveries: what labelled accounts write is found, accepted into a bank or refused, and does not come again.
func TestDiscoveries(t *testing.T) {
	r := newRig(t)
	r.pushRules(rulesYAML) // labels who writes BUY
	var events []string
	words := strings.Fields("the river park is old we walk with a fine dog out near our today lovely morning coffee train garden")
	for i := range 60 {
		events = append(events, post(fmt.Sprint("b", i), fmt.Sprint("b", i%30), words[i%20]+" "+words[(i*7+3)%20]+" "+words[(i*3+11)%20], i))
	}
	for i := range 6 {
		actor := fmt.Sprint("s", i)
		events = append(events, post("buy"+actor, actor, "BUY "+words[i], 60+i),
			post("one"+actor, actor, words[i]+" zestycorn "+words[i*3], 70+i), post("two"+actor, actor, words[i*2]+" lemonfizz "+words[i], 80+i))
	}
	get[EventsAnswer](r, "POST", "/v1/events", strings.Join(events, "\n"))
	get[BankMade](r, "PUT", "/v1/banks/words", `{"kind":"terms","entries":[],"reason":"first"}`)
	r.settle()
	if got := r.do("POST", "/v1/discoveries/run", "").Code; got != http.StatusAccepted {
		t.Errorf("run: got status %d", got)
	}
	report, err := r.finder.Once(t.Context())
	r.must(err)

	found := func(query string) (list DiscoveryList, ids map[string]string) {
		t.Helper()
		list = get[DiscoveryList](r, "GET", "/v1/discoveries"+query, "")
		ids = map[string]string{}
		for _, d := range list.Items {
			ids[d.Term] = d.ID
		}
		return list, ids
	}
	list, ids := found("")
	if list.Run == nil || list.Run.Proposed != report.Proposed || list.Run.Suspect != 18 {
		t.Errorf("run: got %+v, want %+v", list.Run, report)
	}
	corn, fizz := ids["zestycorn"], ids["lemonfizz"]
	if corn == "" || fizz == "" {
		t.Fatalf("found only %v", ids)
	}
	first, _ := found("?limit=1")
	second, _ := found(fmt.Sprint("?limit=1&before=", first.Next))
	if diff := cmp.Diff(list.Items[:2], []Discovery{first.Items[0], second.Items[0]}); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}

	accept := `{"bank":"words","policy":"scam","severity":3,"reason":"a code"}`
	for range 2 { // the second is a repeated request
		made := get[BankMade](r, "POST", "/v1/discoveries/"+corn+"/accept", accept, "Idempotency-Key: k1")
		if made.Version != 2 || made.Change != "k1" {
			t.Errorf("accepted: got %+v", made)
		}
	}
	for range 2 {
		if w := r.do("POST", "/v1/discoveries/"+fizz+"/refuse", `{"reason":"a drink"}`); w.Code != http.StatusNoContent {
			t.Errorf("refuse: %d %s", w.Code, w.Body)
		}
	}
	for _, c := range []struct {
		what, path, body string
		want             int
	}{
		{"accepted again", corn + "/accept", accept, 409},
		{"refused after that", corn + "/refuse", `{"reason":"a drink"}`, 409},
		{"unknown", "0123/accept", accept, 404},
		{"no bank", fizz + "/accept", `{"bank":"none","reason":"x"}`, 404},
		{"no reason", fizz + "/refuse", `{}`, 422},
		{"bad policy", fizz + "/accept", `{"bank":"words","policy":"a b","reason":"x"}`, 422},
	} {
		if w := r.do("POST", "/v1/discoveries/"+c.path, c.body); w.Code != c.want {
			t.Errorf("%s: got %d %s, want %d", c.what, w.Code, w.Body, c.want)
		}
	}
	r.settle()
	if _, err := r.finder.Once(t.Context()); err != nil {
		t.Fatal(err)
	}
	_, ids = found("")
	if ids["zestycorn"] != "" || ids["lemonfizz"] != "" {
		t.Errorf("proposed again: %v", ids)
	}
	accepted, _ := found("?state=accepted")
	refused, _ := found("?state=refused")
	got := []string{accepted.Items[0].Term, accepted.Items[0].DecidedBy, accepted.Items[0].Change, refused.Items[0].Term, refused.Items[0].Reason}
	if diff := cmp.Diff([]string{"zestycorn", "key:tester", "k1", "lemonfizz", "a drink"}, got); diff != "" {
		t.Errorf("decided (-want +got):\n%s", diff)
	}
	entries := get[struct{ Items []BankEntry }](r, "GET", "/v1/banks/words/entries", "")
	if diff := cmp.Diff([]BankEntry{{Value: "zestycorn", Policy: "scam", Severity: 3, Source: "discovery " + corn}}, entries.Items); diff != "" {
		t.Errorf("bank (-want +got):\n%s", diff)
	}
}
