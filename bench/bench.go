// Package bench measures Ringfence: every figure that its pages state comes from one run of [Run], which `ringfence bench` prints.
//
// Each section stands alone, states its input and is measured on the code that serves, not on a copy of it. The figure for
// comparing engines is events per CPU-second (user and system time of the whole process), since it moves least with what else the
// machine does; peers run in alternation with us, in processes and Go modules of their own.
package bench

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// Options of a run.
type Options struct {
	Only  []string          // names of sections; empty for all
	Peers string            // folder of the peers' modules; empty or not there for none
	Dir   string            // where the stores lie that are measured, on the disk that is meant; empty for the system's temporary folder
	Size  Size              // how much is measured
	Begin func(name string) // called before each section; nil for none
}

// Size is how much a run measures.
type Size struct {
	Events  int           // of the comparison's input
	Pairs   int           // runs of each side of the comparison
	Durable int           // events sent over HTTP
	Decide  time.Duration // of synchronous calls
	Keys    int           // the smallest number of keys; the others are 10 and 100 times as many
	Sizes   []int         // of rule sets
	Texts   int           // posts whose text is worked on
	Months  int           // simulated for the order of review
	Cases   int           // open at once
}

// Full is the size that published figures have.
func Full() Size {
	return Size{Events: 100_000, Pairs: 5, Durable: 400_000, Decide: 25 * time.Second, Keys: 10_000, Sizes: []int{10, 100, 1000}, Texts: 20_000, Months: 5, Cases: 100_000}
}

// Report is what a run found.
type Report struct {
	Machine  Machine   `json:"machine"`
	Sections []Section `json:"sections"`
}

// Section is the figures of one input.
type Section struct {
	Name  string   `json:"name"`
	Title string   `json:"title"`
	Input string   `json:"input"`
	Rows  []Row    `json:"rows"`
	Notes []string `json:"notes,omitempty"`
}

// Row is one figure.
type Row struct {
	What  string  `json:"what"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	Goal  string  `json:"goal,omitempty"`
}

func (s *Section) add(value float64, unit, what, goal string) {
	s.Rows = append(s.Rows, Row{what, value, unit, goal})
}

func (s *Section) note(format string, args ...any) {
	s.Notes = append(s.Notes, fmt.Sprintf(format, args...))
}

// sections are all there are, in the order in which they run.
var sections = []struct {
	name    string
	measure func(context.Context, Options) (Section, error)
}{
	{"compare", compare},
	{"text", texts},
	{"http", overHTTP},
	{"keys", keys},
	{"rules", ruleSets},
	{"image", images},
	{"review", reviews},
}

// Names are the sections' names.
func Names() []string {
	names := make([]string, len(sections))
	for i, s := range sections {
		names[i] = s.name
	}
	return names
}

// Run measures. It takes about three minutes at full size; what else the machine does meanwhile spoils it.
func Run(ctx context.Context, opts Options) (Report, error) {
	for _, name := range opts.Only {
		if !slices.Contains(Names(), name) {
			return Report{}, fmt.Errorf("bench: no section %q; there are %s", name, strings.Join(Names(), ", "))
		}
	}
	report := Report{Machine: machine()}
	for _, s := range sections {
		if len(opts.Only) > 0 && !slices.Contains(opts.Only, s.name) {
			continue
		}
		if opts.Begin != nil {
			opts.Begin(s.name)
		}
		section, err := s.measure(ctx, opts)
		if err != nil {
			return report, fmt.Errorf("bench: %s: %w", s.name, err)
		}
		section.Name = s.name
		report.Sections = append(report.Sections, section)
	}
	report.Machine.LoadAfter = load()
	return report, nil
}

// inFolder runs with a folder that is removed afterwards.
func (o Options) inFolder(use func(dir string) error) error {
	dir, err := os.MkdirTemp(o.Dir, "ringfence-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	return use(dir)
}
