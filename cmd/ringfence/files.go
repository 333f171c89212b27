package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/app"
	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/internal/pipeline"
	"github.com/ringfence/ringfence/internal/source"
	"github.com/ringfence/ringfence/internal/state"
	"github.com/ringfence/ringfence/rule"
)

// eventFiles is how the verbs on files read events.
type eventFiles struct {
	Files   []string  `arg:"" name:"events" help:"Event files (.gz and .zst too), - for standard input, or one data folder, whose archive and journal are read in their order."`
	Format  string    `default:"" enum:",native,jetstream,csv" placeholder:"FORMAT" help:"native, jetstream or csv; by the file's name if not given."`
	Archive string    `type:"existingdir" help:"Folder of a data folder's archive, where the configuration names one outside it."`
	Columns string    `placeholder:"MAPPING" help:"Columns of a CSV file: a preset (coshare, coshare-multi) or field=column,…; field==value sets a constant."`
	Banks   string    `type:"existingdir" help:"Folder of banks, in place of those that a data folder's journal knows."`
	From    time.Time `help:"Decide from this event time on (RFC 3339); what comes before warms the windows."`
	To      time.Time `help:"Decide what happened before this event time."`
	Workers int       `default:"0" help:"Extract workers; 0 is one a core. The decisions do not depend on it."`
	Memory  int       `default:"256" help:"MiB that sorting the events may hold in memory."`
	Quiet   bool      `short:"q" help:"No progress on standard error."`
}

func (f *eventFiles) span() pipeline.Span {
	var s pipeline.Span
	if !f.From.IsZero() {
		s.From = f.From.UnixNano()
	}
	if !f.To.IsZero() {
		s.To = f.To.UnixNano()
	}
	return s
}

// input is opened event files and how to decide them.
type input struct {
	io.Closer
	feed   extract.Feed
	opts   pipeline.Options
	bounds state.Options
}

func (f *eventFiles) options(emailKey []byte) (pipeline.Options, error) {
	n := f.Workers
	if n <= 0 {
		n = runtime.GOMAXPROCS(0)
	}
	opts := pipeline.Options{Workers: n, EmailKey: emailKey}
	if f.Banks == "" {
		return opts, nil
	}
	var err error
	opts.Banks, err = bank.ReadDir(f.Banks, &bank.Compiler{})
	return opts, err
}

// open opens the files. own keeps the rule sets that a data folder's journal names, which files cannot do. refused is called for
// each line that cannot be read.
func (f *eventFiles) open(ctx context.Context, own bool, refused func(error)) (in input, err error) {
	if in.opts, err = f.options(make([]byte, 32)); err != nil {
		return in, err
	}
	if len(f.Files) == 1 {
		if info, err := os.Stat(f.Files[0]); err == nil && info.IsDir() {
			folder, err := app.OpenFolder(ctx, f.Files[0], f.Archive)
			if err != nil {
				return input{}, err
			}
			in.opts.EmailKey = folder.EmailKey
			keep := pipeline.Keep{Rules: own, Banks: f.Banks == ""}
			return input{folder, pipeline.Records(folder.Next, f.span(), keep), in.opts, folder.Bounds()}, nil
		}
	}
	if f.Archive != "" {
		return input{}, fmt.Errorf("%w: --archive goes with one data folder", errUsage)
	}
	if own {
		return input{}, fmt.Errorf("%w: --rules is missing: only a data folder knows which rules were active", errUsage)
	}
	opts := source.Options{Format: source.Format(f.Format), Limits: event.DefaultLimits(), Stdin: os.Stdin}
	if f.Columns != "" {
		mapping, err := event.ParseMapping(f.Columns)
		if err != nil {
			return input{}, fmt.Errorf("%w: --columns: %w", errUsage, err)
		}
		opts.Mapping = mapping
	}
	var readers []source.Reader
	for _, path := range f.Files {
		r, err := source.Open(path, opts)
		if err != nil {
			for _, open := range readers {
				open.Close()
			}
			return input{}, err
		}
		readers = append(readers, r)
	}
	sorted, err := source.Sorted(ctx, readers, source.SortOptions{Memory: f.Memory << 20, OnError: func(e *source.LineError) error {
		refused(e)
		return nil
	}})
	if err != nil {
		return input{}, err
	}
	return input{sorted, pipeline.Events(sorted, f.span(), refused), in.opts, state.Options{}}, nil
}

// loadRules compiles a folder of rules and prints what the compiler has to say.
func loadRules(dir string) (*rule.Set, error) {
	files, err := rule.Load(dir)
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(files, func(f rule.File) bool { return strings.HasSuffix(f.Name, ".yaml") }) {
		return nil, fmt.Errorf("%s holds no rules: rule files end in .yaml", dir)
	}
	set, problems := rule.Compile(files)
	for _, p := range problems {
		p.File = filepath.Join(dir, p.File)
		fmt.Fprintln(os.Stderr, p)
	}
	if set == nil {
		return nil, fmt.Errorf("the rules in %s have errors", dir)
	}
	return set, nil
}

// progress says every two seconds how far long work is.
type progress struct {
	quiet  bool
	what   string
	n      int64
	start  time.Time
	spoken time.Time
}

func newProgress(what string, quiet bool) *progress {
	now := time.Now()
	return &progress{quiet: quiet, what: what, start: now, spoken: now}
}

func (p *progress) add(n int) {
	before := p.n
	p.n += int64(n)
	if p.quiet || before>>12 == p.n>>12 {
		return
	}
	if now := time.Now(); now.Sub(p.spoken) >= 2*time.Second {
		p.spoken = now
		fmt.Fprintf(os.Stderr, "%s: %d events, %.0f a second\n", p.what, p.n, float64(p.n)/now.Sub(p.start).Seconds())
	}
}

// sortedEvents gives the events of files in the order of time; columns is the mapping of those that are CSV.
func sortedEvents(files []string, format, columns string, refused *refusals) (source.Reader, error) {
	opts := source.Options{Format: source.Format(format), Limits: event.DefaultLimits(), Stdin: os.Stdin}
	if columns != "" {
		mapping, err := event.ParseMapping(columns)
		if err != nil {
			return nil, fmt.Errorf("%w: --columns: %w", errUsage, err)
		}
		opts.Mapping = mapping
	}
	var readers []source.Reader
	for _, path := range files {
		r, err := source.Open(path, opts)
		if err != nil {
			for _, open := range readers {
				open.Close()
			}
			return nil, err
		}
		readers = append(readers, r)
	}
	return source.Sorted(context.Background(), readers, source.SortOptions{Memory: 256 << 20, OnError: func(e *source.LineError) error {
		refused.add(e)
		return nil
	}})
}

// refusals prints the first few lines that were refused and counts the rest.
type refusals struct{ n int }

func (r *refusals) add(err error) {
	if r.n++; r.n <= 10 {
		fmt.Fprintln(os.Stderr, "refused:", err)
	}
}

// fault is the error of files in which nothing is an event; nil where some is.
func (r *refusals) fault(events int64) error {
	if events == 0 && r.n > 0 {
		return fmt.Errorf("none of the %d lines is an event", r.n)
	}
	return nil
}

// lines writes lines to standard output.
type lines struct{ w *bufio.Writer }

func newLines() lines { return lines{bufio.NewWriterSize(os.Stdout, 1<<16)} }

func (l lines) write(line []byte) error {
	_, err := l.w.Write(line)
	return errors.Join(err, l.w.WriteByte('\n'))
}

// json writes a value as a line, with <, > and & as they are.
func (l lines) json(v any) error {
	out := json.NewEncoder(l.w)
	out.SetEscapeHTML(false)
	return out.Encode(v)
}
