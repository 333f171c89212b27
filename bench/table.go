package bench

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// WriteText prints a report for people.
func (r *Report) WriteText(w io.Writer) error {
	m := &r.Machine
	if _, err := fmt.Fprintf(w, "Machine: %s, %d cores, %d MiB memory, %s, %s\nTime:    %s, load %.1f before and %.1f after\n",
		m.CPU, m.Cores, m.MemoryMiB, m.OS, m.Go, m.Time, m.LoadBefore, m.LoadAfter); err != nil {
		return err
	}
	for i := range r.Sections {
		if err := r.Sections[i].writeText(w); err != nil {
			return err
		}
	}
	return nil
}

func (s *Section) writeText(w io.Writer) error {
	if _, err := fmt.Fprintf(w, "\n%s\nInput: %s (--only %s)\n", s.Title, s.Input, s.Name); err != nil {
		return err
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, row := range s.Rows {
		goal := ""
		if row.Goal != "" {
			goal = " (goal: " + row.Goal + ")"
		}
		fmt.Fprintf(t, "%12s\t%s\t%s%s\n", number(row.Value), row.Unit, row.What, goal)
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, n := range s.Notes {
		if _, err := fmt.Fprintf(w, "  - %s\n", n); err != nil {
			return err
		}
	}
	return nil
}

// number writes a figure with three significant digits at least and no digit that says nothing: 143,199 and 4.32.
func number(v float64) string {
	switch {
	case v == float64(int64(v)) && v < 1000 && v > -1000:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case v < 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case v < 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	digits := strconv.FormatFloat(v, 'f', 0, 64)
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteByte(',')
		}
		b.WriteRune(d)
	}
	return b.String()
}
