package config

import (
	"fmt"
	"net"
	"net/url"

	"slices"
	"strconv"
	"strings"
	"time"
)

// complain takes down what is wrong with a field.
type complain func(field, format string, args ...any)

// validate reports every field whose value cannot work.
func (c *Config) validate(wrong complain) {
	if c.DataDir == "" {
		wrong("data_dir", "must not be empty")
	}
	if !isHostPort(c.Listen) {
		wrong("listen", "%q is not host:port, such as 127.0.0.1:8080", clip(c.Listen))
	}
	within(wrong, "ingest.max_event", c.Ingest.MaxEvent, 1<<10, 2<<20)
	within(wrong, "ingest.max_batch", c.Ingest.MaxBatch, 1, 1_000_000)
	within(wrong, "ingest.max_body", c.Ingest.MaxBody, 1<<10, 1<<30)
	if c.Ingest.MaxBody < c.Ingest.MaxEvent {
		wrong("ingest.max_body", "%s is less than ingest.max_event, %s", c.Ingest.MaxBody, c.Ingest.MaxEvent)
	}
	within(wrong, "ingest.quota.events_per_second", c.Ingest.Quota.EventsPerSecond, 1, 10_000_000)
	within(wrong, "ingest.quota.burst", c.Ingest.Quota.Burst, 1, 100_000_000)
	within(wrong, "ingest.clock_skew", c.Ingest.ClockSkew, 0, span(24*time.Hour))
	within(wrong, "ingest.idle_tick", c.Ingest.IdleTick, 0, span(time.Hour))
	within(wrong, "decide.lateness", c.Decide.Lateness, 0, span(time.Hour))
	within(wrong, "decide.memory", c.Decide.Memory, 64<<20, 1<<40)
	within(wrong, "decide.dedupe_horizon", c.Decide.DedupeHorizon, span(time.Minute), span(30*24*time.Hour))
	if c.Decide.DedupeHorizon < c.Decide.Lateness {
		wrong("decide.dedupe_horizon", "%s is less than decide.lateness, %s", c.Decide.DedupeHorizon, c.Decide.Lateness)
	}
	within(wrong, "decide.dedupe_ids", c.Decide.DedupeIDs, 1_000, 1_000_000_000)
	within(wrong, "decide.deadline", c.Decide.Deadline, span(time.Millisecond), span(10*time.Second))
	oneOf(wrong, "decide.default_verdict", c.Decide.DefaultVerdict, "allow", "review", "inform", "friction", "limit", "lock", "suspend", "remove")
	within(wrong, "image.every", c.Image.Every, span(time.Second), span(time.Hour))
	c.Discovery.validate(wrong)
	within(wrong, "archive.segment_size", c.Archive.SegmentSize, 1<<20, 4<<30)
	within(wrong, "archive.segment_age", c.Archive.SegmentAge, span(time.Second), span(7*24*time.Hour))
	within(wrong, "archive.journal_retention", c.Archive.JournalRetention, span(time.Minute), span(365*24*time.Hour))
	if repeats := c.Decide.DedupeHorizon + c.Ingest.ClockSkew; c.Archive.JournalRetention < repeats {
		wrong("archive.journal_retention", "%s is less than decide.dedupe_horizon and ingest.clock_skew together, %s: an event that comes again would not find its decision",
			c.Archive.JournalRetention, repeats)
	}
	if c.Sources.Jetstream.URL != "" {
		checkURL(wrong, "sources.jetstream.url", c.Sources.Jetstream.URL, "ws", "wss")
	}
	c.Media.validate(wrong)
	names := map[string]int{}
	for i := range c.Webhooks {
		field := fmt.Sprintf("webhooks[%d]", i)
		c.Webhooks[i].validate(field, wrong)
		if first, taken := names[c.Webhooks[i].Name]; taken {
			wrong(field+".name", "%q is also the name of webhooks[%d]", c.Webhooks[i].Name, first)
		}
		names[c.Webhooks[i].Name] = i
	}
	oneOf(wrong, "log.level", c.Log.Level, "debug", "info", "warn", "error")
	oneOf(wrong, "log.format", c.Log.Format, "text", "json")
}

func (d *Discovery) validate(wrong complain) {
	if d.Every != 0 {
		within(wrong, "discovery.every", d.Every, span(time.Minute), span(7*24*time.Hour))
	}
	within(wrong, "discovery.window", d.Window, span(time.Minute), span(365*24*time.Hour))
	within(wrong, "discovery.candidates", d.Candidates, 1, 1000)
	if len(d.Labels) > 100 {
		wrong("discovery.labels", "%d labels are more than 100", len(d.Labels))
	}
	for i, label := range d.Labels {
		if !isName(label) {
			wrong(fmt.Sprintf("discovery.labels[%d]", i), "%q is no label: use letters, digits, - and _, at most 64", clip(label))
		}
	}
}

// quantity is a field with a range.
type quantity interface{ ~int | ~int64 }

func within[T quantity](wrong complain, field string, v, low, high T) {
	if v < low || v > high {
		wrong(field, "%v is not in %v to %v", v, low, high)
	}
}

func oneOf(wrong complain, field, v string, words ...string) {
	if !slices.Contains(words, v) {
		wrong(field, "%q is none of %s", clip(v), strings.Join(words, ", "))
	}
}

func checkURL(wrong complain, field, v string, schemes ...string) {
	u, err := url.Parse(v)
	switch {
	case err != nil || u.Host == "":
		wrong(field, "must be an address such as %s://host/path", schemes[len(schemes)-1])
	case !slices.Contains(schemes, u.Scheme):
		wrong(field, "scheme %q is none of %s", clip(u.Scheme), strings.Join(schemes, ", "))
	case u.User != nil:
		wrong(field, "must hold no user or password")
	}
}

func isHostPort(s string) bool {
	host, port, err := net.SplitHostPort(s)
	if err != nil || strings.ContainsAny(host, "/ ") {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

func isName(s string) bool {
	for _, r := range s {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

func span(d time.Duration) Duration { return Duration(d) }
