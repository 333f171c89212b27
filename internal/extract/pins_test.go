package extract

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/change"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/rule"
)

func changeRecord(t *testing.T, c change.Change) journal.Record {
	t.Helper()
	c.By = "person:ada"
	body, err := json.Marshal(c) // not Encode: it would refuse what other builds may have written
	if err != nil {
		t.Fatal(err)
	}
	return journal.Record{Kind: journal.Change, ID: c.ID, Body: body}
}

// TestPinsFollowTheJournal holds that an event is read with the banks and for the rules as of its own position.
func TestPinsFollowTheJournal(t *testing.T) {
	p := NewPins(nil, nil, false)
	x := New(nil)
	terms := func(text string) string {
		t.Helper()
		var it Item
		rec := record(head + `"text":"` + text + `"}`)
		x.Into(&it, rec, p.At(&rec))
		var found []string
		for _, f := range it.Signals.Found {
			found = append(found, f.Bank+":"+f.Entry+":"+f.Surface)
		}
		if it.Signals.HasFold {
			found = append(found, "folded")
		}
		return strings.Join(found, " ")
	}
	apply := func(c change.Change) Pin {
		t.Helper()
		rec := changeRecord(t, c)
		return p.At(&rec)
	}
	if got := terms("free cr1pto"); got != "" {
		t.Errorf("before any bank: %q", got)
	}
	first := change.Change{ID: "1", Bank: &bank.Edit{Bank: "scam", Version: 1, Header: &bank.Header{Kind: bank.Terms}, Add: []bank.Entry{{Value: "crypto"}}}}
	if pin := apply(first); pin.Change.Err != nil || pin.Change.Banks.Version("scam") != 1 {
		t.Fatalf("got %+v", pin.Change)
	}
	if got := terms("free cr1pto"); got != "scam:crypto:cr1pto" {
		t.Errorf("with the bank: %q", got)
	}
	if pin := apply(first); pin.Change.Err == nil { // twice
		t.Error("an edit was applied twice")
	}
	if got := terms("free cr1pto"); got != "scam:crypto:cr1pto" {
		t.Errorf("after an edit that came twice: %q", got)
	}
	apply(change.Change{ID: "2", Bank: &bank.Edit{Bank: "scam", Version: 2, Remove: []string{"crypto"}}})
	if got := terms("free cr1pto"); got != "" {
		t.Errorf("after the term was removed: %q", got)
	}
	rules := []rule.File{{Name: "x.yaml", Data: []byte("rules:\n- {id: x, on: [post], when: 'text.fold == \"a\"', because: x, then: [{label: y}]}\n")}}
	if pin := apply(change.Change{ID: "3", Rules: &change.Rules{Version: 1, Files: rules}}); pin.Change.Rules == nil {
		t.Fatal(pin.Change.Err)
	}
	if got := terms("A"); got != "folded" {
		t.Errorf("with a rule that reads text.fold: %q", got)
	}
	rules[0].Data = []byte("rules: 7")
	if pin := apply(change.Change{ID: "4", Rules: &change.Rules{Version: 2, Files: rules}}); pin.Change.Err == nil {
		t.Error("a broken rule set is taken")
	}
	bad := record("{}")
	bad.Kind = journal.Change
	if pin := p.At(&bad); pin.Change.Err == nil {
		t.Error("a broken change is taken")
	}
}
