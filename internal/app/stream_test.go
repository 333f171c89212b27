package app_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/sim"
)

// stream is some days of a small simulated platform as it arrives over a bad network, an event a line: some come late or much too
// late, some twice, some under the id of another, and some broken. The same seed gives the same lines.
func stream(t testing.TB, seed uint64) []string {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	type arrival struct {
		at   int64
		line string
	}
	var all []arrival
	add := func(at int64, delay time.Duration, line string) { all = append(all, arrival{at + int64(delay), line}) }
	_, err := sim.Generate(seed, sim.Scale{Accounts: 1000, Events: 3000, Days: 6, Campaigns: 1}, func(e *event.Event) error {
		line := string(e.AppendNative(nil))
		delay := time.Duration(0)
		switch roll := rng.IntN(1000); {
		case roll < 20:
			delay = time.Duration(rng.IntN(110)) * time.Second // behind others, within the lateness
		case roll < 25:
			delay = 10 * time.Minute // late
		case roll < 28:
			delay = 30 * time.Hour // too old
		case roll < 60:
			add(e.Time, time.Duration(rng.IntN(7200))*time.Second, line) // again
		case roll < 65:
			add(e.Time, time.Minute, strings.Replace(line, `"actor":"`, `"actor":"x`, 1)) // another under its id
		case roll < 70:
			add(e.Time, 0, line[:len(line)/2])
		}
		add(e.Time, delay, line)
		return nil
	})
	must(t, err)
	slices.SortStableFunc(all, func(a, b arrival) int { return cmp.Compare(a.at, b.at) })
	lines := make([]string, len(all))
	for i, a := range all {
		lines[i] = a.line
	}
	return lines
}

// step is what the sender does next: it sends events, or makes a change in a person's name and waits until the journal has it.
type step struct {
	events []string

	id     string // of a change
	method string
	path   string
	body   string
	wait   string // id of an effect that must be in the outbox before; empty for none
}

const perRequest = 300 // events

// post is the step of a change.
func post(id, path string, body any) step {
	text, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return step{id: id, method: http.MethodPost, path: path, body: string(text)}
}

type fields map[string]any

// direct sends the lines to a product and makes every kind of change between them, each about something that was decided by then.
// It returns the steps that it took, for others to take.
func direct(t *testing.T, p *product, lines []string) []step {
	t.Helper()
	var steps []step
	take := func(s step) {
		steps = append(steps, s)
		must(t, p.take(s))
	}
	relabelled, enforced := map[string]bool{}, ""
	for i := 0; len(lines) > 0; i++ {
		n := min(perRequest, len(lines))
		take(step{events: lines[:n]})
		lines = lines[n:]
		p.settle(t)
		if e := latest(p.effects(t, "delivered"), "busy"); e.ID != "" && !relabelled[e.On] {
			relabelled[e.On] = true
			take(post("unlabel-"+e.ID, "/v1/labels", fields{"entity": e.On, "name": "busy", "remove": true, "reason": "it is a newsroom"}))
		}
		switch i {
		case 7:
			e := latest(p.effects(t, "delivered"), "crowded")
			take(post("allow", "/v1/allows", fields{"entity": e.On, "policy": "harassment", "reason": "it asked for replies"}))
		case 12, 20:
			waiting := p.effects(t, "waiting")
			if len(waiting) < 3 {
				t.Fatalf("%d effects wait, too few to approve some", len(waiting))
			}
			for j, path := range []string{"/v1/effects/approve", "/v1/effects/refuse", "/v1/effects/approve"} {
				s := post(fmt.Sprintf("waited-%d-%d", i, j), path, fields{"effects": []string{waiting[j].ID}, "reason": "looked at it"})
				s.wait = waiting[j].ID
				take(s)
				enforced = waiting[j].On
			}
		case 15:
			take(post("lift", "/v1/enforcements/lift", fields{"entity": enforced, "reason": "appeal"}))
		case 16:
			cases, err := pages[reviewed](p.client, "/v1/cases?state=open&limit=10")
			must(t, err)
			s := post("close", "/v1/cases/"+cases[0].ID+"/verdict", fields{"verdict": "benign", "reason": "a fan"})
			s.wait = cases[0].ID
			take(s)
		case 18:
			rules, err := os.ReadFile("testdata/rules/fault.yaml")
			must(t, err)
			changed := strings.Replace(string(rules), `"30m") > 2`, `"30m") > 3`, 1)
			s := post("push", "/v1/rules", fields{"files": []fields{{"name": "fault.yaml", "data": changed}}, "reason": "fewer"})
			s.method = http.MethodPut
			take(s)
		}
	}
	p.settle(t)
	return steps
}

// latest is the effect with a value on the latest event; none if there is none.
func latest(effects []sent, value string) (last sent) {
	for _, e := range effects {
		if e.Value == value && e.Time > last.Time {
			last = e
		}
	}
	return last
}

// reviewed is a case, without the times of the wall clock.
type reviewed struct {
	ID, Entity, Origin, Opened, Updated, Verdict string
	Policies                                     []struct {
		Policy   string
		Severity int
		Effects  int64
	}
	Severity int
	Effects  int64
	Closed   string `json:"-"`
}

// take does a step. An error says that it may not have been done; then it can be done again.
func (c client) take(s step) error {
	if s.events != nil {
		a, err := c.call(http.MethodPost, "/v1/events", strings.Join(s.events, "\n"))
		if err == nil && a.status != http.StatusOK {
			err = fmt.Errorf("events: %d %s", a.status, a.body)
		}
		return err
	}
	// What a person does concerns what the loop has decided by then: all of it.
	if err := c.until(func() (bool, error) {
		all, err := pages[sent](c, "/v1/effects?limit=500")
		if err != nil {
			return false, err
		}
		decided, err := c.metric("ringfence_decide_position")
		if err != nil {
			return false, err
		}
		last, err := c.metric("ringfence_journal_last_position")
		return decided == last && (s.wait == "" || slices.ContainsFunc(all, func(e sent) bool { return e.ID == s.wait })), err
	}); err != nil {
		return err
	}
	a, err := c.call(s.method, s.path, s.body, "Idempotency-Key: "+s.id)
	if err == nil && a.status >= 300 {
		err = fmt.Errorf("%s: %d %s", s.path, a.status, a.body)
	}
	if err != nil {
		return err
	}
	return c.until(func() (bool, error) {
		all, err := pages[struct {
			ID        string
			Journaled bool
		}](c, "/v1/changes?limit=100")
		for _, made := range all {
			if made.ID == s.id {
				return made.Journaled, nil
			}
		}
		return false, err
	})
}

// until polls until done, or there is an error.
func (c client) until(done func() (bool, error)) error {
	for end := time.Now().Add(patience); time.Now().Before(end); <-time.After(2 * time.Millisecond) {
		if ok, err := done(); ok || err != nil {
			return err
		}
	}
	return fmt.Errorf("it did not happen within %s", patience)
}
