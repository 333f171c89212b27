package review

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"
)

// Bounds of a file of cases.
const (
	maxLine    = 16 << 20
	maxCases   = 1 << 20
	maxMembers = 100_000
)

// ReadCases reads cases from JSON lines, as docs/review.md says, and the latest time that is named in them. Errors say the line.
func ReadCases(r io.Reader) (cases []Case, latest time.Time, err error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	ids := map[string]bool{}
	n := 0
	for lines.Scan() {
		n++
		line := bytes.TrimSpace(lines.Bytes())
		if len(line) == 0 {
			continue
		}
		c, last, err := parseCase(line)
		switch {
		case err != nil:
			return nil, latest, fmt.Errorf("line %d: %w", n, err)
		case ids[c.ID]:
			return nil, latest, fmt.Errorf("line %d: there is a case %q already", n, c.ID)
		case len(cases) == maxCases:
			return nil, latest, fmt.Errorf("line %d: more than %d cases", n, maxCases)
		}
		ids[c.ID] = true
		cases = append(cases, c)
		if last.After(latest) {
			latest = last
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, latest, fmt.Errorf("line %d: longer than %d bytes", n+1, maxLine)
	} else if err != nil {
		return nil, latest, err
	}
	return cases, latest, nil
}

// caseLine is a case as it stands in a file.
type caseLine struct {
	ID          string     `json:"id"`
	Opened      instant    `json:"opened"`
	Policy      string     `json:"policy"`
	Severity    *float64   `json:"severity"`
	P           *float64   `json:"p"`
	Views       []reading  `json:"views"`
	Reports     reportList `json:"reports"`
	Members     memberList `json:"members"`
	Shared      *float64   `json:"shared"`
	Preventable *float64   `json:"preventable"`
	Minutes     float64    `json:"minutes"`
}

func parseCase(line []byte) (Case, time.Time, error) {
	var in caseLine
	if err := json.Unmarshal(line, &in); err != nil {
		return Case{}, time.Time{}, err
	}
	c := Case{ID: in.ID, Policy: in.Policy, Opened: time.Time(in.Opened), Lift: Lift(in.Reports), Preventable: 1, Minutes: in.Minutes}
	if in.Preventable != nil {
		c.Preventable = *in.Preventable
	}
	if len(in.Members) > 1 || len(in.Members) == 1 && in.Members[0].number > 1 {
		c.Shared = .5
	}
	if in.Shared != nil {
		c.Shared = *in.Shared
	}
	whole := Member{P: math.NaN(), Severity: 1, Views: readings(in.Views), Number: 1}
	if in.P != nil {
		whole.P = *in.P
	}
	if in.Severity != nil {
		whole.Severity = *in.Severity
	}
	c.Members = in.Members.of(whole)
	latest := c.Opened
	for _, r := range in.Reports {
		latest = later(latest, r.At)
	}
	for _, m := range c.Members {
		for _, r := range m.Views {
			latest = later(latest, r.At)
		}
	}
	return c, latest, c.check()
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

func (c *Case) check() error {
	switch {
	case c.ID == "":
		return errors.New("a case without id")
	case c.Opened.IsZero():
		return fmt.Errorf("case %q: opened is missing", c.ID)
	case !(c.Shared >= 0 && c.Shared <= 1):
		return fmt.Errorf("case %q: shared is %v, not from 0 to 1", c.ID, c.Shared)
	case !(c.Preventable >= 0 && c.Preventable <= 1):
		return fmt.Errorf("case %q: preventable is %v, not from 0 to 1", c.ID, c.Preventable)
	case !(c.Minutes >= 0 && c.Minutes < 1e6):
		return fmt.Errorf("case %q: minutes is %v, not from 0 to a million", c.ID, c.Minutes)
	}
	for _, m := range c.Members {
		switch {
		case math.IsNaN(m.P):
			return fmt.Errorf("case %q: p is missing", c.ID)
		case !(m.P >= 0 && m.P <= 1):
			return fmt.Errorf("case %q: p is %v, not from 0 to 1", c.ID, m.P)
		case !(m.Severity > 0 && m.Severity <= 1e6):
			return fmt.Errorf("case %q: severity is %v, not over 0 and at most a million", c.ID, m.Severity)
		}
	}
	return nil
}

// instant is a time, as RFC 3339 or seconds since 1970.
type instant time.Time

func (t *instant) UnmarshalJSON(b []byte) error {
	var seconds float64
	if err := json.Unmarshal(b, &seconds); err == nil {
		if !(math.Abs(seconds) < 1e10) {
			return fmt.Errorf("time %s: not seconds since 1970", b)
		}
		*t = instant(time.UnixMicro(int64(math.Round(seconds * 1e6))).UTC())
		return nil
	}
	var at time.Time
	if err := json.Unmarshal(b, &at); err != nil {
		return fmt.Errorf("time %.40s: want RFC 3339 or seconds since 1970", b)
	}
	*t = instant(at.UTC())
	return nil
}

// reading is [time, views in all].
type reading Reading

func (r *reading) UnmarshalJSON(b []byte) error {
	var pair []json.RawMessage
	if err := json.Unmarshal(b, &pair); err != nil || len(pair) != 2 {
		return fmt.Errorf("views %.40s: want [time, views so far]", b)
	}
	if err := (*instant)(&r.At).UnmarshalJSON(pair[0]); err != nil {
		return err
	}
	if err := json.Unmarshal(pair[1], &r.Views); err != nil || !(r.Views >= 0 && r.Views <= 1e15) {
		return fmt.Errorf("views %.40s: want a number of views from 0 to 10^15", b)
	}
	return nil
}

func readings(in []reading) []Reading {
	out := make([]Reading, len(in))
	for i, r := range in {
		out[i] = Reading(r)
	}
	return out
}

// reportList is a list of reports, each a reporter or an object, or only their number.
type reportList []Report

func (l *reportList) UnmarshalJSON(b []byte) error {
	var n int
	if err := json.Unmarshal(b, &n); err == nil {
		if n < 0 || n > maxMembers {
			return fmt.Errorf("reports is %d, not from 0 to %d", n, maxMembers)
		}
		*l = make(reportList, n)
		return nil
	}
	var items []json.RawMessage
	if err := json.Unmarshal(b, &items); err != nil {
		return fmt.Errorf("reports %.40s: want a list, or a number", b)
	}
	*l = make(reportList, len(items))
	for i, item := range items {
		r := &(*l)[i]
		if err := json.Unmarshal(item, &r.Reporter); err == nil {
			continue
		}
		var in struct {
			Reporter   string  `json:"reporter"`
			At         instant `json:"at"`
			Upheld     int     `json:"upheld"`
			Overturned int     `json:"overturned"`
		}
		if err := json.Unmarshal(item, &in); err != nil {
			return fmt.Errorf("report %d: want a reporter or {\"reporter\",\"at\",\"upheld\",\"overturned\"}: %w", i+1, err)
		}
		*r = Report{time.Time(in.At), in.Reporter, in.Upheld, in.Overturned}
	}
	return nil
}

// memberList is a list of members, each an id or an object, or only their number.
type memberList []memberLine

type memberLine struct {
	P        *float64  `json:"p"`
	Severity *float64  `json:"severity"`
	Views    []reading `json:"views"`
	number   int
}

func (l *memberList) UnmarshalJSON(b []byte) error {
	var n int
	if err := json.Unmarshal(b, &n); err == nil {
		if n < 0 || n > maxMembers {
			return fmt.Errorf("members is %d, not from 0 to %d", n, maxMembers)
		}
		*l = memberList{{number: max(1, n)}}
		return nil
	}
	var items []json.RawMessage
	if err := json.Unmarshal(b, &items); err != nil || len(items) > maxMembers {
		return fmt.Errorf("members %.40s: want a list of at most %d, or a number", b, maxMembers)
	}
	for _, item := range items {
		var m memberLine
		var id string
		if err := json.Unmarshal(item, &id); err != nil {
			if err := json.Unmarshal(item, &m); err != nil {
				return fmt.Errorf("member %.40s: want an id or {\"p\",\"severity\",\"views\"}: %w", item, err)
			}
		}
		*l = append(*l, m)
	}
	return nil
}

// of are the members, with what they do not say themselves taken from the case. Views that are only known of the case are of all members
// that have none of their own.
func (l memberList) of(whole Member) []Member {
	var members []Member
	silent := 0
	for _, in := range l {
		if in.P == nil && in.Severity == nil && in.Views == nil {
			silent += max(1, in.number)
			continue
		}
		m := Member{P: whole.P, Severity: whole.Severity, Views: readings(in.Views), Number: 1}
		if in.P != nil {
			m.P = *in.P
		}
		if in.Severity != nil {
			m.Severity = *in.Severity
		}
		members = append(members, m)
	}
	if silent > 0 || len(members) == 0 {
		whole.Number = max(1, silent)
		members = append(members, whole)
	}
	return members
}
