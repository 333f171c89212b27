package app_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/internal/record/sqlite"
	"github.com/ringfence/ringfence/webhook"
)

// ring is an action on a group of so many, approved and with a canary, in the records of a data folder that no product has used.
func ring(t *testing.T, dir string, members int) {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(dir, "records.db"))
	must(t, err)
	defer store.Close()
	all := make([]record.GroupMember, members)
	for i := range all {
		all[i] = record.GroupMember{Account: fmt.Sprintf("m%05d", i), Confidence: 0.95, Canary: i%20 == 7}
	}
	must(t, store.PutGroupAction(t.Context(), record.GroupAction{ID: "x", Group: "g1", Version: 3, Score: 0.95, Step: "suspend", Policy: "spam", Code: "coordinated",
		Reason: "one hand", State: record.ActionWaiting, Needs: "it is about many", By: "person:ada"}, all))
	_, err = store.MoveGroupAction(t.Context(), "x", record.ActionMove{Do: record.ActionApprove, By: "person:bob", At: 1})
	must(t, err)
}

// acted is what the API says of the action.
type acted struct {
	State  string
	Canary string `json:"canary_at"`
	Counts struct{ Taken, Sent, Enforced, Lifting, Lifted int }
}

// action waits until an action is so far.
func (l *lives) action(what string, done func(a acted) bool) (last acted) {
	l.t.Helper()
	l.through(what, func(c client) error {
		return c.until(func() (bool, error) {
			a, err := c.call(http.MethodGet, "/v1/actions/x", "")
			if err != nil {
				return false, err
			}
			last = acted{}
			if err := json.Unmarshal(a.body, &last); err != nil {
				return false, fmt.Errorf("%w in %s", err, a.body)
			}
			return done(last), nil
		})
	})
	return last
}

// move moves the action. That it is further already is no failure: the answer to an earlier try may have been lost.
func (l *lives) move(do string) {
	l.t.Helper()
	l.through(do, func(c client) error {
		a, err := c.call(http.MethodPost, "/v1/actions/x/"+do, `{"reason":"as agreed"}`)
		if err == nil && a.status != http.StatusAccepted && a.status != http.StatusConflict {
			err = fmt.Errorf("%d %s", a.status, a.body)
		}
		return err
	})
}

// TestKillGroupAction lets process after process die while one action on a group is carried out, stopped, resumed and undone: at every named point, and at random times.
// Its receiver fails three times of ten. Every member is enforced on once, and then restored once.
func TestKillGroupAction(t *testing.T) {
	members, random := 600, 1
	// The points stand in the order of the work, so that there is some left for each. A life that is to end at one ends before much is done.
	points := [2][]string{{"action.before-commit", "journal.before-sync", "outbox.before-commit", "image.before-commit", "send.before", "ack.before"},
		{"action.after-commit", "journal.after-sync", "outbox.after-commit", "image.after-commit", "send.after", "ack.after"}}
	passages := []int64{1}
	if full() {
		members, random, passages = 10_000, 10, []int64{1, 3}
		points[0] = append(points[0], points[1]...)
		points[1] = points[0]
	}
	rng := rand.New(rand.NewPCG(7, 7))
	var fates [2][]fate // before the undo, and after
	for half := range fates {
		for _, n := range passages {
			for _, point := range points[half] {
				fates[half] = append(fates[half], fate{point: point, n: n})
			}
		}
		for range random {
			fates[half] = append(fates[half], fate{after: time.Duration(50+rng.IntN(800)) * time.Millisecond})
		}
	}

	dir := dataDir(t)
	ring(t, dir, members)
	c := fastClock()
	to := startReceiver(t, c, 7, true)
	l := &lives{t: t, order: order{Dir: dir, Receiver: to.URL, Clock: c}, fates: fates[0]}
	l.through("an event", func(c client) error {
		a, err := c.call(http.MethodPost, "/v1/events", fmt.Sprintf(`{"id":"e","time":%q,"kind":"post","actor":"z"}`, time.Unix(0, l.order.Clock.Base).UTC().Format(time.RFC3339)))
		if err == nil && a.status >= 300 {
			err = fmt.Errorf("%d %s", a.status, a.body)
		}
		return err
	})
	canary := l.action("the canary", func(a acted) bool { return a.State == "canary" && a.Canary != "" })
	if canary.Counts.Enforced != members/20 {
		t.Errorf("the canary is %+v", canary)
	}
	l.move("continue")
	l.action("a part", func(a acted) bool { return a.Counts.Enforced > members/4 })
	l.move("stop")
	stopped := l.action("the stop", func(a acted) bool { return a.Counts.Sent == 0 && (a.State == "stopped" || a.State == "done") })
	if full() && (stopped.State != "stopped" || stopped.Counts.Enforced >= members) {
		t.Errorf("it was not stopped half-way: %+v", stopped)
	}
	l.move("resume")
	l.action("its end", func(a acted) bool { return a.State == "done" })
	if len(l.fates) > 0 && l.fates[0].point != "" {
		t.Errorf("it is done before all of the lives: %+v are left", l.fates)
	}
	l.now.kill()
	l.fates = fates[1]
	deaths := l.dead + 1 + len(l.fates)
	l.move("undo")
	undone := l.action("the undo", func(a acted) bool { return a.State == "undone" && a.Counts.Lifting == 0 })
	if undone.Counts.Enforced != members || undone.Counts.Lifted != members {
		t.Errorf("undone: %+v", undone)
	}
	l.through("delivery", func(c client) error {
		for applied := -1; ; {
			err := c.until(func() (bool, error) {
				a, err := c.call(http.MethodGet, "/v1/effects?state=queued&limit=1", "")
				return err == nil && strings.Contains(string(a.body), `"items":[]`), err
			})
			if err == nil || to.count() == applied {
				return err
			}
			applied = to.count() // it takes longer, but goes on
		}
	})
	for p := l.next(); l.dead < deaths; p = l.next() {
		if !p.killed() {
			t.Fatalf("all is done and only %d deaths of %d have happened: %+v are left", l.dead, deaths, l.fates)
		}
	}
	for range 100 {
		var e struct{ Enforcement *struct{} }
		account := fmt.Sprintf("account:m%05d", rng.IntN(members))
		must(t, json.Unmarshal([]byte(l.next().known(t, account)), &e))
		if e.Enforcement != nil {
			t.Errorf("%s is still enforced on", account)
		}
	}
	l.next().stop(t)

	to.mu.Lock()
	defer to.mu.Unlock()
	for i := range members {
		account := fmt.Sprintf("account:m%05d", i)
		var got []string
		for _, id := range to.order["/platform "+account] {
			var m webhook.Message
			must(t, json.Unmarshal([]byte(to.bodies[id]), &m))
			got = append(got, m.Type+" "+m.Value)
		}
		if diff := cmp.Diff([]string{"enforce suspend", "undo suspend"}, got); diff != "" {
			t.Errorf("%s (-want +applied):\n%s", account, diff)
		}
	}
	store, err := sqlite.Open(t.Context(), filepath.Join(dir, "records.db"))
	must(t, err)
	defer store.Close()
	if faults, entries, err := record.VerifyAudit(t.Context(), store); err != nil || len(faults) > 0 || entries < 2*int64(members) {
		t.Errorf("an audit trail of %d entries: %v, %v", entries, faults, err)
	}
	t.Logf("%d deaths; of %d messages %d failed and %d came twice", l.dead, total(to.attempts), to.failed, to.doubled)
}

// TestActOnGroup proposes an action on a group that was found, as people do over HTTP, and takes it back.
func TestActOnGroup(t *testing.T) {
	opts := options(dataDir(t), "", clock{})
	opts.Config.Rules.Dir = "testdata/groups"
	p := startProduct(t, opts)
	for some := range slices.Chunk(stream(t, 3), perRequest) {
		p.send(t, some...)
	}
	p.settle(t)
	group := ""
	for _, e := range p.effects(t, "") {
		if name, ok := strings.CutPrefix(e.On, "group:"); ok && e.Do == "review" {
			group = name
		}
	}
	type proposed struct {
		Preview struct {
			Version  uint64
			Taken    int
			Expected float64        `json:"expected_false"`
			LeftOut  map[string]int `json:"left_out"`
			Members  []struct {
				Account string
				LeftOut string `json:"left_out"`
			}
		}
		Action struct{ ID string }
	}
	path := "/v1/groups/" + group + "/actions"
	body := func(more string) string {
		return `{"step":"remove","policy":"spam","code":"coordinated","reason":"one hand"` + more + `}`
	}
	pre := do[proposed](t, p.client, http.MethodPost, path, body(`,"dry_run":true`)).Preview
	if pre.Taken < 3 || pre.Expected <= 0 || len(pre.Members) < pre.Taken {
		t.Fatalf("preview of %s: %+v", group, pre)
	}
	except := ""
	for _, m := range pre.Members {
		if m.LeftOut == "" {
			except = m.Account
		}
	}
	if a, err := p.call(http.MethodPost, path, body(fmt.Sprintf(`,"version":%d`, pre.Version+1))); err != nil || a.status != http.StatusConflict {
		t.Errorf("an action on another version: %d %s, %v", a.status, a.body, err)
	}
	id := do[proposed](t, p.client, http.MethodPost, path, body(fmt.Sprintf(`,"version":%d,"except":[%q]`, pre.Version, except))).Action.ID
	see := func() acted { return do[acted](t, p.client, http.MethodGet, "/v1/actions/"+id, "") }
	eventually(t, "the action is done", func() bool { return see().State == "done" })
	if got := see(); got.Counts.Enforced != pre.Taken-1 {
		t.Errorf("done: %+v, foreseen %d", got, pre.Taken)
	}
	do[acted](t, p.client, http.MethodPost, "/v1/actions/"+id+"/undo", `{"reason":"they were fans"}`)
	eventually(t, "the action is undone", func() bool { return see().State == "undone" })
	if got := see(); got.Counts.Lifted != pre.Taken-1 {
		t.Errorf("undone: %+v", got)
	}
	if again := do[proposed](t, p.client, http.MethodPost, path, body(`,"dry_run":true`)).Preview; again.LeftOut["a person reversed it before"] != pre.Taken-1 {
		t.Errorf("after the undo: %+v", again)
	}
}
