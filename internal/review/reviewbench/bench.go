package reviewbench

import (
	"context"
	"runtime"
	"sync"
)

// Job is policies that run in the same worlds: those of a cell, one for each seed.
type Job struct {
	Cell     Cell
	Policies []Policy
	Seeds    []uint64
}

// Run runs all jobs' policies in all their worlds, several worlds at a time, and gives the rows in the order of the jobs, their seeds
// and their policies, whatever ran first. A world takes about 100 MB while it is in use.
func Run(ctx context.Context, src Source, jobs []Job) ([]Row, error) {
	type task struct {
		job, seed, at int
	}
	var tasks []task
	rows := 0
	for j, job := range jobs {
		for s := range job.Seeds {
			tasks = append(tasks, task{j, s, rows})
			rows += len(job.Policies)
		}
	}
	out := make([]Row, rows)
	queue := make(chan task)
	var wg sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for t := range queue {
				job := jobs[t.job]
				w := newWorld(job.Cell, src, job.Seeds[t.seed])
				for k, p := range job.Policies {
					if ctx.Err() != nil {
						break
					}
					r := newRun(w, p)
					r.do()
					out[t.at+k] = r.row()
				}
			}
		})
	}
	for _, t := range tasks {
		select {
		case queue <- t:
		case <-ctx.Done():
		}
	}
	close(queue)
	wg.Wait()
	return out, ctx.Err()
}
