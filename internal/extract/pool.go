package extract

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/ringfence/ringfence/internal/journal"
)

// Feed gives records in order. It appends up to max to dst; it may block until there is one, or return none to let the user of
// the batches do other work; it returns io.EOF, with or without records, when there will be no more.
type Feed func(ctx context.Context, max int, dst []journal.Record) ([]journal.Record, error)

// Batch is a run of items in journal order.
type Batch struct {
	Items []Item
	recs  []journal.Record
	pins  []Pin // of recs
	ready chan struct{}
}

// Pool reads records from a feed, extracts them on several workers and hands the batches over in the feed's order, whatever
// the number of workers. Memory is bounded by its batches, which go round.
type Pool struct {
	Workers int
	Size    int // records a batch at most
	Pins    *Pins
	New     func() *Extractor
}

// Run calls use with every batch, in order, from the calling goroutine. The batch is taken back when use returns. It ends with
// the feed's error or use's.
func (p Pool) Run(ctx context.Context, feed Feed, use func(*Batch) error) error {
	depth := p.Workers + 2
	free := make(chan *Batch, depth)
	work := make(chan *Batch, depth)
	order := make(chan *Batch, depth)
	for range depth {
		free <- &Batch{ready: make(chan struct{}, 1)}
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		defer close(order)
		defer close(work)
		for {
			var b *Batch
			select {
			case b = <-free:
			case <-ctx.Done():
				return ctx.Err()
			}
			recs, err := feed(ctx, p.Size, b.recs[:0])
			b.recs, b.pins = recs, b.pins[:0]
			for i := range recs {
				b.pins = append(b.pins, p.Pins.At(&recs[i]))
			}
			work <- b
			order <- b
			if err != nil {
				return err
			}
		}
	})
	for range p.Workers {
		x := p.New()
		group.Go(func() error {
			for b := range work {
				if cap(b.Items) < len(b.recs) {
					b.Items = append(b.Items[:cap(b.Items)], make([]Item, len(b.recs)-cap(b.Items))...)
				}
				b.Items = b.Items[:len(b.recs)]
				for i, rec := range b.recs {
					x.Into(&b.Items[i], rec, b.pins[i])
				}
				b.ready <- struct{}{}
			}
			return nil
		})
	}
	var failed error
	for b := range order {
		<-b.ready
		if failed == nil {
			if failed = use(b); failed != nil {
				group.Go(func() error { return failed }) // stops the reader
			}
		}
		clear(b.recs)
		clear(b.pins)
		free <- b
	}
	if err := group.Wait(); failed == nil {
		failed = err
	}
	return failed
}
