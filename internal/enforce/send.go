package enforce

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/record"
	"github.com/ringfence/ringfence/webhook"
)

const (
	maxAnswer     = 4 << 10   // bytes read of an answer, so that its connection can be used again
	maxQuote      = 200       // bytes of an answer that are quoted in the delivery's note
	maxRetryAfter = time.Hour // a receiver cannot ask for a longer pause
)

// result is what came of one attempt.
type result struct {
	to     *receiver
	sent   record.Delivery
	status int           // of the answer; 0 for none
	pause  time.Duration // for which the receiver asked
	err    error         // nil if it accepted the message
}

// send makes one attempt. It runs beside the loop and touches nothing of it.
func (d *Dispatcher) send(ctx context.Context, to *receiver, sent record.Delivery) result {
	r := result{to: to, sent: sent}
	body, err := json.Marshal(message(&sent.Effect))
	if err != nil {
		r.err = err
		return r
	}
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.URL, bytes.NewReader(body))
	if err != nil {
		r.err = withoutURL(err)
		return r
	}
	now := d.now()
	webhook.Sign(req.Header, to.Secrets, sent.ID, now, body)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "ringfence")

	d.crash("send.before")
	resp, err := to.Client.Do(req)
	d.crash("send.after")
	if err != nil {
		r.err = withoutURL(err)
		return r
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer)) // the status alone decides
	if r.status = resp.StatusCode; r.status >= 200 && r.status < 300 {
		return r
	}
	r.err = fmt.Errorf("answered %d: %q", r.status, answer[:min(len(answer), maxQuote)])
	if r.status == http.StatusTooManyRequests || r.status == http.StatusServiceUnavailable {
		r.pause = retryAfter(resp.Header.Get("Retry-After"), now)
	}
	return r
}

// message is the body of every attempt: a function of the effect alone.
func message(e *effect.Effect) webhook.Message {
	m := webhook.Message{
		Type: string(e.Kind), ID: e.ID, Time: event.FormatTime(e.Time), Target: e.Target.String(), Value: e.Value,
		Policy: e.Policy, Severity: e.Severity, Reason: e.Reason, Rule: e.Rule, RuleVersion: e.RuleVersion, Source: e.Source, Event: e.EventID,
		Version: e.Version, Members: e.Members,
	}
	if e.Expires != 0 {
		m.Expires = event.FormatTime(e.Expires)
	}
	return m
}

// withoutURL drops the address, which may hold a token, from a client's error.
func withoutURL(err error) error {
	if u := (*url.Error)(nil); errors.As(err, &u) {
		return u.Err
	}
	return err
}

// retryAfter reads the header's seconds or date as a wait from now on; 0 if there is none.
func retryAfter(header string, now time.Time) time.Duration {
	var wait time.Duration
	if seconds, err := strconv.ParseInt(header, 10, 64); err == nil {
		wait = time.Duration(min(seconds, int64(maxRetryAfter/time.Second))) * time.Second
	} else if date, err := http.ParseTime(header); err == nil {
		wait = date.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}

// refusesMessage reports whether a status says that this very message will never be accepted.
func refusesMessage(status int) bool {
	switch status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// judge says what becomes of an effect after an attempt, and lets the receiver's circuit learn from it.
func (d *Dispatcher) judge(r result, now time.Time) record.Outcome {
	o := record.Outcome{ID: r.sent.ID, Status: r.status}
	attempt := r.sent.Attempts + 1
	c := &r.to.circuit
	wasOpen := c.open
	switch {
	case r.err == nil:
		c.accepted()
		o.State = effect.Delivered
	case refusesMessage(r.status):
		c.accepted() // it works, as far as we can tell
		o.State, o.Counts = effect.Dead, true
	case r.pause > 0:
		c.pause(now.Add(r.pause))
		o.State, o.Next = effect.Queued, c.until.UnixNano()
	case c.open:
		c.failed(now)
		o.State, o.Next = effect.Queued, c.until.UnixNano() // behind all that are due by then: this one may be what always fails
	default:
		c.failed(now)
		o.State, o.Next, o.Counts = effect.Queued, now.Add(backoff(r.sent.ID, attempt)).UnixNano(), true
		if attempt >= MaxAttempts {
			o.State = effect.Dead
		}
	}
	if r.err != nil {
		o.Note = r.err.Error()
	}
	if o.State == effect.Dead {
		d.log.Warn("effect given up; a person can queue it again", "effect", r.sent.ID, "rule", r.sent.Rule, "receiver", r.to.Name, "error", o.Note)
	}
	if c.open != wasOpen {
		d.log.Warn("receiver's circuit changed", "receiver", r.to.Name, "open", c.open, "error", o.Note)
	}
	d.count(r.to, o.State)
	return o
}
