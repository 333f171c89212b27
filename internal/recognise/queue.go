package recognise

import (
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"golang.org/x/net/publicsuffix"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/rule"
)

// job is an event with pictures to fetch.
type job struct {
	rec     journal.Record
	event   event.Event
	at      []int // of the pictures, in the event's media
	films   []int // likewise of the videos
	domains []string
	wants   rule.MediaWants
	took    map[string]time.Duration // to fetch from each domain that was asked; set by do
}

func (j *job) aged(now int64) bool { return now-j.rec.Received > int64(maxAge) }

// domainOf is what counts as one host: the registrable domain, since names below it and ports cost nothing, or an address.
func domainOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "" // look refuses it
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if _, err := netip.ParseAddr(host); err == nil {
		return host
	}
	if domain, err := publicsuffix.EffectiveTLDPlusOne(host); err == nil {
		return domain
	}
	return host
}

// put queues a job, and waits while the queue is full and nothing can be dropped; false if the worker ends.
func (w *Worker) put(j *job) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	for len(w.queue) >= maxQueue && !w.closed {
		if !w.drop() {
			w.changed.Wait()
		}
	}
	if w.closed {
		return false
	}
	w.queue = append(w.queue, j)
	w.flight = append(w.flight, j.rec.Position)
	w.changed.Broadcast()
	return true
}

// drop passes over the jobs that are too old or name a slow domain, so that those of others find room. w.mu is held.
func (w *Worker) drop() bool {
	now, before := w.opts.Now(), len(w.queue)
	w.queue = slices.DeleteFunc(w.queue, func(j *job) bool {
		hopeless := j.aged(now) || slices.ContainsFunc(j.domains, func(domain string) bool { return now < w.slow[domain] })
		if hopeless {
			w.land(j)
		}
		return hopeless
	})
	dropped := before - len(w.queue)
	w.stats.Skipped += uint64(dropped)
	return dropped > 0
}

// land takes a job out of those in flight. w.mu is held.
func (w *Worker) land(j *job) {
	i, _ := slices.BinarySearch(w.flight, j.rec.Position)
	w.flight = slices.Delete(w.flight, i, i+1)
}

// take gives the first job that is too old or whose domains are not busy, and waits for one; nil if the worker ends. One slow domain
// does not hold others up.
func (w *Worker) take() *job {
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		if w.closed {
			return nil
		}
		now := w.opts.Now()
		free := func(j *job) bool {
			return j.aged(now) || !slices.ContainsFunc(j.domains, func(domain string) bool { return w.busy[domain] >= perDomain })
		}
		if i := slices.IndexFunc(w.queue, free); i >= 0 {
			j := w.queue[i]
			w.queue = slices.Delete(w.queue, i, i+1)
			for _, domain := range j.domains {
				w.busy[domain]++
			}
			w.changed.Broadcast()
			return j
		}
		w.changed.Wait()
	}
}

// leave notes that a job asks nothing of its domains any more. It is called once for a job.
func (w *Worker) leave(j *job) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.opts.Now()
	maps.DeleteFunc(w.slow, func(_ string, until int64) bool { return until <= now })
	for _, domain := range j.domains {
		if w.busy[domain]--; w.busy[domain] == 0 {
			delete(w.busy, domain)
		}
		switch took := j.took[domain]; {
		case took >= w.within/2:
			w.slow[domain] = now + int64(slowFor)
		case took > 0:
			delete(w.slow, domain)
		}
	}
	w.changed.Broadcast()
}

// done notes that a job is done, or that the journal was read so far, and saves the position up to which all is.
func (w *Worker) done(j *job, read journal.Position) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if j != nil {
		w.land(j)
		w.changed.Broadcast()
	}
	w.read = max(w.read, read)
	through := w.read
	if len(w.flight) > 0 {
		through = min(through, w.flight[0]-1)
	}
	if through <= w.saved {
		return nil
	}
	w.saved = through
	return w.opts.Save(through)
}
