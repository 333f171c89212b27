package casework

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"math"
	"strings"
	"time"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/prevalence"
	"github.com/ringfence/ringfence/internal/record"
)

const (
	partition journal.Partition = 0
	atOnce                      = 512     // records read at a time
	warm                        = 100_000 // records before those that are new, read for their views only, after a start
	firstGrid                   = 10      // one view in 2^10 is drawn at first
	dayLength                   = int64(24 * time.Hour)
)

// follow reads the journal until ctx is done.
func (d *Desk) follow(ctx context.Context) {
	in := newIntake(d)
	for ctx.Err() == nil {
		if err := in.step(ctx); err != nil && ctx.Err() == nil {
			d.opts.Log.Error("review: the journal cannot be followed; it is tried again", "error", err)
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
			}
		}
	}
}

// intake takes reports and views off the journal. It is for one goroutine.
type intake struct {
	desk    *Desk
	decoder *event.Decoder
	next    journal.Position
	stored  journal.Position // reports and draws up to here are in the records
	grid    prevalence.Grid
	day     int64           // UTC day of event time
	drawn   map[string]bool // contents drawn that day
	opened  map[string]int  // cases that a reporter's word opened that day
	recs    []journal.Record
	event   event.Event
}

func newIntake(d *Desk) *intake {
	return &intake{desk: d, decoder: event.NewDecoder(extract.Limits()), grid: prevalence.Grid{Shift: firstGrid}, drawn: map[string]bool{}, opened: map[string]int{}}
}

// Intake reads the journal to its end. Run does so by itself; this is for who runs a desk without it.
func (d *Desk) Intake(ctx context.Context) error {
	in := newIntake(d)
	for {
		_, last := d.journal.Bounds(partition)
		if in.next > last {
			return nil
		}
		if err := in.step(ctx); err != nil {
			return err
		}
	}
}

// step takes in what comes next, and waits for it if there is nothing.
func (in *intake) step(ctx context.Context) error {
	d := in.desk
	if in.next == 0 {
		stored, err := d.store.IntakeThrough(ctx)
		if err != nil {
			return err
		}
		first, _ := d.journal.Bounds(partition)
		in.stored = journal.Position(stored)
		in.next = max(first, in.stored-min(in.stored, warm)+1)
	}
	recs, err := d.journal.Read(ctx, partition, in.next, atOnce, in.recs[:0])
	in.recs = recs
	switch {
	case errors.Is(err, journal.ErrTruncated):
		in.next, _ = d.journal.Bounds(partition)
		return nil
	case err != nil:
		return err
	case len(recs) == 0:
		return d.journal.Wait(ctx, partition, in.next-1)
	}
	var reports []record.Report
	var draws []record.Draw
	for i := range recs {
		rec := &recs[i]
		if rec.Kind != journal.Event || !in.concerns(rec.Body) || in.decoder.Decode(rec.Body, &in.event) != nil {
			continue
		}
		e := &in.event
		switch e.Kind {
		case "report":
			if rec.Position > in.stored {
				if r, ok := in.report(ctx, rec, e); ok {
					reports = append(reports, r)
				}
			}
		case "metrics":
			draw, ok, err := in.metrics(ctx, rec, e)
			if err != nil {
				return err
			}
			if ok {
				draws = append(draws, draw)
			}
		default:
			if e.Object != "" && creates(e.Kind) {
				d.mu.Lock()
				d.views.wrote(strings.Clone(e.Object), strings.Clone(e.Actor))
				d.mu.Unlock()
			}
		}
	}
	through := recs[len(recs)-1].Position
	if through > in.stored && (len(reports)+len(draws) > 0 || through >= in.stored+atOnce) {
		changed, err := d.store.PutIntake(ctx, reports, draws, uint64(through))
		if err != nil {
			return err
		}
		in.stored = through
		if len(changed) > 0 {
			d.Wake()
		}
	}
	in.next = through + 1
	return nil
}

// concerns tells most records apart that say nothing to review, without decoding them.
func (in *intake) concerns(body []byte) bool {
	return bytes.Contains(body, []byte(`"report"`)) || bytes.Contains(body, []byte(`"metrics"`)) || bytes.Contains(body, []byte(`"object"`))
}

// creates says of a kind of event that its object is what the actor made, not what somebody else did.
func creates(kind string) bool {
	switch kind {
	case "post", "reply", "quote", "upload":
		return true
	}
	return false
}

// newDay starts the day's counts.
func (in *intake) newDay(at int64) {
	day := at / dayLength
	if day <= in.day {
		return
	}
	if in.day > 0 {
		in.grid = in.grid.Adjusted(len(in.drawn), in.desk.opts.Drawn)
	}
	in.day = day
	clear(in.drawn)
	clear(in.opened)
}

// metrics takes in how many views a content has.
func (in *intake) metrics(ctx context.Context, rec *journal.Record, e *event.Event) (record.Draw, bool, error) {
	d := in.desk
	if e.Object == "" || !e.Fields.Has(event.FieldViews) || e.Views <= 0 || e.Views > math.MaxInt64/4 {
		return record.Draw{}, false, nil
	}
	in.newDay(e.Time)
	content := event.Entity{Kind: event.ContentEntity, ID: strings.Clone(e.Object)}
	d.mu.Lock()
	fresh := d.views.told(content.ID, time.Unix(0, e.Time), float64(e.Views))
	d.mu.Unlock()
	before := e.Views - int64(fresh)
	if d.opts.Drawn == 0 || rec.Position <= in.stored || in.grid.Drawn(content.ID, before, e.Views) == 0 {
		return record.Draw{}, false, nil
	}
	drawn, err := d.store.DrawnThrough(ctx, content) // after a start, what was drawn is known and what was seen is not
	n := in.grid.Drawn(content.ID, max(before, drawn), e.Views)
	if err != nil || n == 0 {
		return record.Draw{}, false, err
	}
	in.drawn[content.ID] = true
	return record.Draw{Target: content, Time: e.Time, Weight: in.grid.Weight(), N: n, Through: e.Views}, true, nil
}

// Bounds of what one reporter can cause.
const (
	maxOpened   = 20      // cases that a reporter's word opens a day; further reports wait for others to say the same
	maxReporter = 100_000 // reporters that are counted for that; more are not
	usualRight  = .3      // share of reports that are right where nobody knows the reporter, and how many reports that is worth
	usualWeight = 4
	leastRight  = .15 // below this share a report opens no case by itself
)

// report takes in a report. Its target is the content it names, or else the account.
func (in *intake) report(ctx context.Context, rec *journal.Record, e *event.Event) (record.Report, bool) {
	in.newDay(e.Time)
	id := extract.Identity(rec.Source, e.ID)
	r := record.Report{ID: hex.EncodeToString(id[:]), Reporter: cut(e.Actor, record.MaxName), Reason: cut(e.Reason, 1000), Policy: policyOf(e), Time: e.Time}
	switch {
	case e.Object != "":
		r.Target = event.Entity{Kind: event.ContentEntity, ID: strings.Clone(e.Object)}
	case e.Target != "":
		r.Target = event.Entity{Kind: event.AccountEntity, ID: strings.Clone(e.Target)}
	default:
		return r, false
	}
	known, err := in.desk.store.Reporters(ctx, []string{r.Reporter})
	if err != nil {
		return r, true // it is kept all the same, and opens nothing
	}
	was := known[r.Reporter]
	right := (float64(was.Agreed) + usualRight*usualWeight) / (float64(was.Agreed+was.Disagreed) + usualWeight)
	if right >= leastRight && in.opened[r.Reporter] < maxOpened && (len(in.opened) < maxReporter || in.opened[r.Reporter] > 0) {
		r.Opens = true
		in.opened[r.Reporter]++
	}
	return r, true
}

// policyOf is the policy that a report names: its attribute of that name, or its reason where that is one word.
func policyOf(e *event.Event) string {
	for _, a := range e.Attrs {
		if a.Key == "policy" && a.Value.Kind == event.String && word(a.Value.Str) {
			return strings.Clone(a.Value.Str)
		}
	}
	reason := strings.ToLower(e.Reason[strings.LastIndexByte(e.Reason, '#')+1:])
	if word(reason) {
		return strings.Clone(strings.TrimPrefix(reason, "reason"))
	}
	return "reported"
}

// word says whether a text is a policy's name: a to z, digits and dashes, at most 64.
func word(s string) bool {
	if s == "" || len(s) > 64 || s == "reason" {
		return false
	}
	for i := range len(s) {
		if c := s[i]; !(c >= 'a' && c <= 'z' || c >= '0' && c <= '9' || c == '-') {
			return false
		}
	}
	return true
}

// cut is a copy of at most so many bytes of a text.
func cut(s string, most int) string {
	return strings.ToValidUTF8(strings.Clone(s[:min(len(s), most)]), "")
}
