package app_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/app"
	"github.com/ringfence/ringfence/internal/decide"
)

// shout is a rule set of one rule.
func shout(word string) string {
	return fmt.Sprintf(`rules:
  - id: shout
    on: [post]
    policy: spam
    share: 100
    when: text.contains(%q)
    because: "the text says %s"
    then:
      - {label: %s, on: actor}
`, word, word, strings.ToLower(word))
}

func folderOf(t *testing.T, rules string) string {
	t.Helper()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "rules.yaml"), []byte(rules), 0o600))
	return dir
}

func pushBody(rules string) string {
	text, err := json.Marshal(fields{"files": []fields{{"name": "rules.yaml", "data": rules}}, "reason": "test"})
	if err != nil {
		panic(err)
	}
	return string(text)
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// says is an event: a post at so many seconds after noon.
func says(id, actor, text string, second int) string {
	return fmt.Sprintf(`{"id":%q,"time":%q,"kind":"post","actor":%q,"text":%q}`, id, event.FormatTime(noon.Add(time.Duration(second)*time.Second).UnixNano()), actor, text)
}

// TestRulesRollback: a bad set never takes the place of a good one, and what a person made active outlives restarts until the
// configured folder changes.
func TestRulesRollback(t *testing.T) {
	dir, folder := dataDir(t), folderOf(t, shout("BUY"))
	opts := options(dir, "", clock{})
	opts.Config.Rules.Dir = folder
	second := 0
	// active fails the test unless the rule that is decided by looks for the word.
	active := func(p *product, word string) {
		t.Helper()
		second++
		actor := fmt.Sprint("a", second)
		p.send(t, says(fmt.Sprint("e", second), actor, "BUY SELL HOLD", second))
		p.settle(t)
		if known := p.known(t, "account:"+actor); !strings.Contains(known, `"name":"`+strings.ToLower(word)+`"`) || strings.Count(known, `"name"`) != 1 {
			t.Fatalf("decided by another rule set than that of %s: %s", word, known)
		}
	}
	version := func(p *product, method, path, body string) int64 {
		t.Helper()
		made := do[struct {
			Version int64
			Change  string
		}](t, p.client, method, path, body)
		must(t, p.until(func() (bool, error) {
			changes, err := pages[struct {
				ID        string
				Journaled bool
			}](p.client, "/v1/changes?limit=100")
			return slices.ContainsFunc(changes, func(c struct {
				ID        string
				Journaled bool
			}) bool {
				return c.ID == made.Change && c.Journaled
			}), err
		}))
		return made.Version
	}
	var p *product
	restart := func() {
		t.Helper()
		if p != nil {
			p.stop(t)
		}
		p = startProduct(t, opts)
	}

	restart()
	active(p, "BUY")
	bad, err := p.call(http.MethodPut, "/v1/rules", pushBody(strings.Replace(shout("BUY"), `text.contains("BUY")`, `text + 1`, 1)))
	must(t, err)
	if bad.status != http.StatusUnprocessableEntity || !bytes.Contains(bad.body, []byte("rules.yaml:6:")) {
		t.Fatalf("a rule with a type error: %d %s", bad.status, bad.body)
	}
	active(p, "BUY")
	if n := version(p, http.MethodPut, "/v1/rules", pushBody(shout("SELL"))); n != 2 {
		t.Fatalf("version %d, want 2", n)
	}
	active(p, "SELL")
	restart() // the folder is as it was when the server last looked
	active(p, "SELL")
	if n := version(p, http.MethodPost, "/v1/rules/rollback", `{"reason":"too many"}`); n != 1 {
		t.Fatalf("rolled back to version %d, want 1", n)
	}
	active(p, "BUY")
	restart()
	active(p, "BUY")
	version(p, http.MethodPut, "/v1/rules", pushBody(shout("SELL")))
	must(t, os.WriteFile(filepath.Join(folder, "rules.yaml"), []byte(shout("HOLD")), 0o600))
	restart()
	active(p, "HOLD")
	version(p, http.MethodPut, "/v1/rules", pushBody(shout("SELL")))
	restart()
	active(p, "SELL")

	// The folder comes to what a person pushed before: from then on another's push stays too.
	must(t, os.WriteFile(filepath.Join(folder, "rules.yaml"), []byte(shout("SELL")), 0o600))
	restart()
	active(p, "SELL")
	version(p, http.MethodPut, "/v1/rules", pushBody(shout("BUY")))
	restart()
	active(p, "BUY")

	want := p.decisions(t)
	p.stop(t)
	must(t, os.WriteFile(filepath.Join(folder, "rules.yaml"), []byte("rules: [{id: 7}]"), 0o600))
	a, err := app.New(t.Context(), opts)
	must(t, err)
	if err := a.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "rules.yaml:1:") {
		t.Errorf("Start with a broken folder: %v, want an error that names file and line", err)
	}
	must(t, a.Stop())
	must(t, os.WriteFile(filepath.Join(folder, "rules.yaml"), []byte(shout("SELL")), 0o600))
	p = nil
	restart()
	active(p, "BUY")
	p.stop(t)
	if got := replayFolder(t, dir, 2, nil); !bytes.HasPrefix(got, want) {
		t.Error("a replay of the data folder decides otherwise than live did")
	}
}

// TestCapsAndApproval: above its cap a rule enforces nothing until a person says so, and a person can take back what it did.
func TestCapsAndApproval(t *testing.T) {
	c := fastClock()
	to := startReceiver(t, c, 0, false)
	opts := options(dataDir(t), to.URL, c)
	opts.Config.Rules.Dir = folderOf(t, `rules:
  - id: shout
    on: [post]
    policy: spam
    share: 100
    when: text.contains("BUY")
    because: "the text says BUY"
    then:
      - {enforce: limit, on: actor, expires: 24h}
    cap: 2
`)
	p := startProduct(t, opts)
	buy := func(actor string, second int) sent {
		t.Helper()
		p.send(t, says(fmt.Sprint("e", second), actor, "BUY", second))
		p.settle(t)
		for _, e := range p.effects(t, "") {
			if e.Event == fmt.Sprint("e", second) {
				return e
			}
		}
		return sent{}
	}
	inForce := func(actor, step string) {
		t.Helper()
		p.settle(t)
		if known := p.known(t, "account:"+actor); strings.Contains(known, `"step":"`+step+`"`) != (step != "") || strings.Contains(known, "enforcement") != (step != "") {
			t.Errorf("%s: %s, want %q in force", actor, known, step)
		}
	}
	var waiting []sent
	for i, actor := range []string{"a", "b", "c", "d", "e"} {
		e := buy(actor, i)
		if want := map[bool]string{true: "delivered", false: "waiting"}[i < 2]; e.State != want {
			t.Fatalf("enforcement %d is %s (%s), want %s", i+1, e.State, e.Why, want)
		}
		if e.State == "waiting" {
			waiting = append(waiting, e)
			inForce(actor, "")
		} else {
			inForce(actor, "limit")
		}
	}
	if e := buy("c", 10); e.ID != "" {
		t.Errorf("a second enforcement that is to wait was kept: %+v", e)
	}
	must(t, p.take(post("one", "/v1/effects/approve", fields{"effects": []string{waiting[0].ID}, "reason": "sure"})))
	must(t, p.take(post("one", "/v1/effects/approve", fields{"effects": []string{waiting[0].ID}, "reason": "sure"}))) // the answer was lost
	must(t, p.take(post("two", "/v1/effects/refuse", fields{"effects": []string{waiting[1].ID}, "reason": "no"})))
	inForce("c", "limit")
	inForce("d", "")
	must(t, p.take(post("three", "/v1/enforcements/lift", fields{"entity": "account:a", "reason": "appeal"})))
	inForce("a", "")
	if e := buy("f", 20); e.State != "waiting" {
		t.Errorf("after an approval the cap let out one more: %+v", e)
	}
	if e := buy("g", 24*3600); e.State != "delivered" {
		t.Errorf("on the next day: %+v, want delivered", e)
	}

	var got []string
	for _, e := range p.effects(t, "") {
		got = append(got, e.On+" "+e.Do+" "+e.State)
		if (e.State == "delivered") != to.applied[e.ID] {
			t.Errorf("%+v: applied is %v", e, to.applied[e.ID])
		}
	}
	slices.Sort(got)
	want := []string{"account:a enforce delivered", "account:a undo delivered", "account:b enforce delivered", "account:c enforce delivered",
		"account:d enforce refused", "account:e enforce waiting", "account:f enforce waiting", "account:g enforce delivered"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("effects (-want +got):\n%s", diff)
	}
}

// TestImport warms the windows with history: it has no effects of its own, also not after a restart, and counts for what comes.
func TestImport(t *testing.T) {
	dir := dataDir(t)
	opts := options(dir, "", clock{})
	opts.Config.Rules.Dir = folderOf(t, `rules:
  - id: third
    on: [post]
    share: 100
    when: count(by(actor), "1h") >= 3
    because: "post {count(by(actor), '1h')} within the hour"
    then: [{label: third, on: actor}]
`)
	p := startProduct(t, opts)
	history := []string{says("h1", "a", "", 0), says("h2", "a", "", 1), says("h3", "a", "", 2), says("h4", "b", "", 3), says("h1", "a", "", 0)}
	counts, err := p.Import(t.Context(), readLines(t, history))
	must(t, err)
	if counts[decide.Imported] != 4 || counts[decide.Duplicate] != 1 {
		t.Errorf("import: %v, want 4 imported and 1 duplicate", counts)
	}
	p.stop(t)
	p = startProduct(t, opts)
	p.settle(t)
	if got := p.decisions(t); len(got) > 0 || len(p.effects(t, "")) > 0 {
		t.Errorf("history led to decisions: %s", got)
	}
	p.send(t, says("h2", "a", "", 1), says("e1", "a", "", 10), says("e2", "b", "", 11))
	p.settle(t)
	got := parseLines(t, p.decisions(t))
	if len(got) != 1 || got[0].Event != "e1" || !bytes.Contains(p.decisions(t), []byte("post 4 within the hour")) {
		t.Errorf("decided %s, want one on e1 that counts four posts", p.decisions(t))
	}
	want := p.decisions(t)
	p.stop(t)
	same(t, "replay of the data folder", want, replayFolder(t, dir, 2, nil))
}
