package sim

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/sync/errgroup"
)

// Names of the files that Write makes.
const (
	EventsFile    = "events.ndjson.gz" // native events in order of arrival
	TruthFile     = "truth.ndjson"     // a Truth a line
	CampaignsFile = "campaigns.ndjson" // a Drawn a line
)

// Drawn is a harmful campaign with the dials that it was given.
type Drawn struct {
	Group     string `json:"group"`
	Archetype string `json:"archetype"`
	Round     int    `json:"round"`
	Lost      int    `json:"lost"` // times that it had to adapt to enforcement
	Dials     Dials  `json:"dials"`
}

// Write generates into a directory, which is made if it is not there. Existing files are replaced. The bytes do not depend on the number of workers.
func (r Round) Write(dir string, workers int) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("sim: %w", err)
	}
	w, err := r.stage()
	if err != nil {
		return err
	}
	if err := create(filepath.Join(dir, EventsFile), func(to io.Writer) error { return w.writeEvents(to, workers) }); err != nil {
		return err
	}
	if err := create(filepath.Join(dir, TruthFile), lines(w.truths())); err != nil {
		return err
	}
	return create(filepath.Join(dir, CampaignsFile), lines(w.drawn))
}

func create(path string, write func(io.Writer) error) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("sim: %w", err)
	}
	defer func() {
		if closed := file.Close(); err == nil && closed != nil {
			err = fmt.Errorf("sim: %w", closed)
		}
	}()
	b := bufio.NewWriter(file)
	if err := write(b); err != nil {
		return fmt.Errorf("sim: %w", err)
	}
	if err := b.Flush(); err != nil {
		return fmt.Errorf("sim: %w", err)
	}
	return nil
}

func lines[T any](all []T) func(io.Writer) error {
	return func(to io.Writer) error {
		out := json.NewEncoder(to)
		for i := range all {
			if err := out.Encode(&all[i]); err != nil {
				return err
			}
		}
		return nil
	}
}

// bundle is how many acts a worker writes out at a time. Each bundle is a member of the compressed file, so this number is part of its format.
const bundle = 4096

// job is a bundle on its way.
type job struct {
	acts []act
	done chan []byte // takes one
}

// writeEvents lets workers write out and compress bundles of acts, and puts these together in order. Some bundles a worker are in memory.
func (w *world) writeEvents(to io.Writer, workers int) error {
	workers = max(1, workers)
	work, ctx := errgroup.WithContext(context.Background())
	todo, order := make(chan job), make(chan job, 2*workers)
	work.Go(func() error {
		defer close(todo)
		defer close(order)
		var ready []act
		send := func(acts []act) error {
			j := job{acts, make(chan []byte, 1)}
			for _, to := range []chan job{order, todo} {
				select {
				case to <- j:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			return nil
		}
		err := w.play(func(acts []act) error {
			for ready = append(ready, acts...); len(ready) >= bundle; ready = ready[bundle:] {
				if err := send(ready[:bundle:bundle]); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil || len(ready) == 0 {
			return err
		}
		return send(ready)
	})
	for range workers {
		work.Go(func() error {
			p := newPen(w)
			for j := range todo {
				b, err := p.pack(j.acts)
				if err != nil {
					return err
				}
				j.done <- b
			}
			return nil
		})
	}
	work.Go(func() error {
		for j := range order {
			select {
			case b := <-j.done:
				if _, err := to.Write(b); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return work.Wait()
}

// pack writes acts as compressed lines.
func (p *pen) pack(acts []act) ([]byte, error) {
	var packed bytes.Buffer
	zip, err := gzip.NewWriterLevel(&packed, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	var line []byte
	for i := range acts {
		line = append(p.write(&acts[i]).AppendNative(line[:0]), '\n')
		if _, err := zip.Write(line); err != nil {
			return nil, err
		}
	}
	if err := zip.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}
