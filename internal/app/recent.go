package app

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/recent"
)

// recentCursor is the name under which it is stored from which changes of banks earlier pictures were looked at again.
const recentCursor = "media.recent"

// openRecent makes what remembers the pictures of late. Changes that were made before it is used for the first time are left alone.
func (a *App) openRecent(context.Context) error {
	done, stored, err := a.cursor(recentCursor)
	if err != nil {
		return err
	}
	if !stored {
		_, last := a.journal.Bounds(0)
		done = int64(last)
		if err := a.putCursor(recentCursor, done, a.stores.main.Commit); err != nil {
			return err
		}
	}
	a.recent = recent.New(recent.Options{
		Journal: a.journal, Append: a.ingest.Append, After: journal.Position(done), Now: a.opts.Now, Limits: extract.Limits(), Log: a.opts.Log,
		Banks: func(ctx context.Context, through journal.Position) (*bank.Set, error) {
			if err := a.engine.WaitDecided(ctx, through); err != nil {
				return nil, err
			}
			return a.engine.Banks(), nil
		},
		Save: func(pos journal.Position) error { return a.setCursor(recentCursor, int64(pos)) },
	})
	a.metrics.MustRegister(recentMetrics{a.recent})
	return nil
}

// recentMetrics are read off the uploads when somebody asks.
type recentMetrics struct{ of *recent.Uploads }

var (
	recentHashes  = prometheus.NewDesc("ringfence_media_recent_hashes", "Hashes of pictures of late that a new entry of a bank is matched with.", nil, nil)
	recentSample  = prometheus.NewDesc("ringfence_media_sample", "Ordinary pictures that previews of entries are compared with.", nil, nil)
	recentAgain   = prometheus.NewDesc("ringfence_media_again_total", "Earlier events that were looked at again for a new entry of a bank.", nil, nil)
	recentSkipped = prometheus.NewDesc("ringfence_media_again_skipped_total", "Earlier events that were not looked at again, since too many matched one change.", nil, nil)
)

// Describe implements [prometheus.Collector].
func (recentMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{recentHashes, recentSample, recentAgain, recentSkipped} {
		out <- d
	}
}

// Collect implements [prometheus.Collector].
func (m recentMetrics) Collect(out chan<- prometheus.Metric) {
	s := m.of.Stats()
	out <- prometheus.MustNewConstMetric(recentHashes, prometheus.GaugeValue, float64(s.Hashes))
	out <- prometheus.MustNewConstMetric(recentSample, prometheus.GaugeValue, float64(s.Sample))
	out <- prometheus.MustNewConstMetric(recentAgain, prometheus.CounterValue, float64(s.Again))
	out <- prometheus.MustNewConstMetric(recentSkipped, prometheus.CounterValue, float64(s.Skipped))
}
