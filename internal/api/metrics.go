package api

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ringfence/ringfence/internal/pipeline"
)

// metrics is what the API counts itself.
type metrics struct {
	requests  *prometheus.HistogramVec
	undecided prometheus.Counter
}

func newMetrics(a *API, registry *prometheus.Registry) *metrics {
	m := &metrics{
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "ringfence_http_request_seconds", Help: "Time from a request's header to its end, by route and status.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 5, 30},
		}, []string{"route", "status"}),
		undecided: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "ringfence_decide_undecided_total", Help: "Synchronous calls that were answered at their deadline.",
		}),
	}
	registry.MustRegister(m.requests, m.undecided, newReadings(a))
	return m
}

func (m *metrics) request(route string, status int, took int64) {
	m.requests.WithLabelValues(route, strconv.Itoa(status)).Observe(float64(took) / 1e9)
}

// readings are the metrics that are read off the other parts when somebody asks.
type readings struct {
	a   *API
	all []*prometheus.Desc

	accepted, refused, events          *prometheus.Desc
	decided, last, kept, clock         *prometheus.Desc
	fired, effects, unevaluated, shade *prometheus.Desc
	windowKeys, windowBytes, evicted   *prometheus.Desc
	stateBytes, overBudget, ids        *prometheus.Desc
	families, familyBytes, forgotten   *prometheus.Desc
	groups, members, edges, waits      *prometheus.Desc
	imageFailed, outbox                *prometheus.Desc
	letters, lettersDropped            *prometheus.Desc
}

func newReadings(a *API) *readings {
	c := &readings{a: a}
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		d := prometheus.NewDesc("ringfence_"+name, help, labels, nil)
		c.all = append(c.all, d)
		return d
	}
	c.accepted = desc("ingest_accepted_total", "Events made durable.")
	c.refused = desc("ingest_refused_total", "Lines refused.")
	c.events = desc("records_total", "Records met by the loop, by what became of them.", "outcome")
	c.decided = desc("decide_position", "Position of the record that was decided last.")
	c.last = desc("journal_last_position", "Position of the journal's last record. The difference to decide_position is the backlog.")
	c.kept = desc("journal_records", "Records that the journal keeps.")
	c.clock = desc("event_clock_seconds", "The event clock, in seconds since 1970.")
	c.fired = desc("rule_fired_total", "Events on which a rule fired, by whether the rule was live.", "rule", "mode")
	c.effects = desc("rule_effects_total", "Effects of a rule, by the state they were given.", "rule", "state")
	c.unevaluated = desc("rule_unevaluated_total", "Events on which a rule could say nothing.", "rule")
	c.shade = desc("rule_tripped", "1 while a rule is in shadow because it fired on too large a share of events.", "rule")
	c.windowKeys = desc("window_keys", "Keys of a window.", "window")
	c.windowBytes = desc("window_bytes", "Bytes of a window, at the stated cost of its entries.", "window")
	c.evicted = desc("window_evicted_total", "Keys of a window that were dropped for the memory budget.", "window")
	c.stateBytes = desc("state_bytes", "Bytes of the hot state, at the stated cost of its entries.")
	c.overBudget = desc("state_over_budget_bytes", "Bytes that the hot state is above its budget.")
	c.families = desc("text_families", "Families of near-copies that are remembered.")
	c.familyBytes = desc("text_family_bytes", "Bytes of those families, at the stated cost of their entries.")
	c.forgotten = desc("text_families_forgotten_total", "Families that were dropped for the memory budget.")
	c.groups = desc("groups", "Groups of accounts that are active or dormant.")
	c.members = desc("group_members", "Their accounts.")
	c.edges = desc("group_edges", "Pairs of accounts that act together more than chance explains.")
	c.waits = desc("group_waits_total", "Ticks of groups at which the loop had to wait for the refiner.")
	c.ids = desc("state_ids", "Event ids that are remembered, by where.", "where")
	c.imageFailed = desc("image_failed", "1 if the last image of the hot state could not be written.")
	c.outbox = desc("outbox_effects", "Effects that are not finished, by state.", "state")
	c.letters = desc("dead_letters", "Refused lines that are kept.")
	c.lettersDropped = desc("dead_letters_dropped_total", "Refused lines that were dropped to make room for newer ones.")
	return c
}

// Describe implements [prometheus.Collector].
func (c *readings) Describe(out chan<- *prometheus.Desc) {
	for _, d := range c.all {
		out <- d
	}
}

// Collect implements [prometheus.Collector]. What the store cannot say within a second is left out.
func (c *readings) Collect(out chan<- prometheus.Metric) {
	a := c.a
	a.Engine.Refresh()
	s := a.Engine.Status()
	accepted, refused := a.Ingest.Counts()
	first, last := a.Journal.Bounds(partition)
	count(out, c.accepted, accepted)
	count(out, c.refused, refused)
	for outcome, n := range s.Outcomes {
		count(out, c.events, n, outcome.String())
	}
	gauge(out, c.decided, float64(s.Decided))
	gauge(out, c.last, float64(last))
	gauge(out, c.kept, float64(last+1-first))
	gauge(out, c.clock, float64(s.State.Clock)/1e9)
	gauge(out, c.stateBytes, float64(s.State.Bytes))
	gauge(out, c.overBudget, float64(s.State.OverBudget))
	gauge(out, c.families, float64(s.State.Families.Families))
	gauge(out, c.familyBytes, float64(s.State.Families.Bytes))
	count(out, c.forgotten, uint64(s.State.Families.Forgotten))
	gauge(out, c.groups, float64(s.Groups.Groups))
	gauge(out, c.members, float64(s.Groups.Members))
	gauge(out, c.edges, float64(s.Groups.Edges))
	count(out, c.waits, uint64(s.Groups.Waits))
	gauge(out, c.ids, float64(s.State.IDs.Memory), "memory")
	gauge(out, c.ids, float64(s.State.IDs.Disk), "disk")
	gauge(out, c.imageFailed, truth(s.ImageError != nil))
	for _, w := range s.State.Windows {
		gauge(out, c.windowKeys, float64(w.Keys), w.ID)
		gauge(out, c.windowBytes, float64(w.Bytes), w.ID)
		count(out, c.evicted, uint64(w.Evicted), w.ID)
	}
	c.rules(out, &s)
	c.store(out)
}

func (c *readings) rules(out chan<- prometheus.Metric, s *pipeline.Status) {
	for id, r := range s.Rules {
		count(out, c.fired, r.FiredLive, id, "live")
		count(out, c.fired, r.Fired-r.FiredLive, id, "shadow")
		gauge(out, c.shade, truth(r.Tripped != 0), id)
		for state, n := range r.Effects {
			count(out, c.effects, n, id, string(state))
		}
		var unevaluated uint64
		for _, n := range r.Unevaluated {
			unevaluated += n
		}
		count(out, c.unevaluated, unevaluated, id)
	}
}

func (c *readings) store(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if b, err := c.a.Store.Backlog(ctx); err != nil {
		c.a.Log.Warn("the outbox cannot be counted", slog.Any("error", err))
	} else {
		gauge(out, c.outbox, float64(b.Queued), "queued")
		gauge(out, c.outbox, float64(b.Waiting), "waiting")
		gauge(out, c.outbox, float64(b.Dead), "dead")
	}
	if kept, dropped, err := c.a.Store.RejectionCounts(ctx); err != nil {
		c.a.Log.Warn("the dead letters cannot be counted", slog.Any("error", err))
	} else {
		gauge(out, c.letters, float64(kept))
		count(out, c.lettersDropped, uint64(dropped))
	}
}

func count(out chan<- prometheus.Metric, d *prometheus.Desc, n uint64, labels ...string) {
	out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
}

func gauge(out chan<- prometheus.Metric, d *prometheus.Desc, v float64, labels ...string) {
	out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
