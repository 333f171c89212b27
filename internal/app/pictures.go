package app

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/internal/fetch"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/recognise"
	"github.com/ringfence/ringfence/media/picture"
)

// picturesCursor is the name under which it is stored how far pictures are fetched.
const picturesCursor = "media.pictures"

// What is fetched of strangers.
const (
	pictureTime      = 15 * time.Second
	pictureBytes     = 16 << 20
	picturePixels    = 20_000_000 // some 240 MB while it is decoded
	pictureRedirects = 3
)

// openPictures makes the worker that fetches pictures, if the configuration asks for it. When it is used for the first time it begins
// with what comes, not with what the journal has.
func (a *App) openPictures(context.Context) error {
	cfg := &a.opts.Config.Media
	if !cfg.Fetch {
		return nil
	}
	done, stored, err := a.cursor(picturesCursor)
	if err != nil {
		return err
	}
	if !stored {
		_, last := a.journal.Bounds(0)
		done = int64(last)
		// A crash before the worker saves its place must not make the next start the first one again, past what came in between.
		if err := a.putCursor(picturesCursor, done, a.stores.main.Commit); err != nil {
			return err
		}
	}
	client := fetch.NewClient(fetch.Options{Timeout: pictureTime, MaxBody: pictureBytes, Redirects: pictureRedirects, Networks: cfg.AllowPrivate})
	a.later("connections to servers of pictures", func() error { client.CloseIdleConnections(); return nil })
	a.pictures = recognise.New(recognise.Options{
		Journal: a.journal, Append: a.ingest.Append, Client: client, After: journal.Position(done), Now: a.opts.Now, Limits: extract.Limits(), Log: a.opts.Log,
		Wanted: func(ctx context.Context, through journal.Position) (bool, error) {
			if err := a.engine.WaitDecided(ctx, through); err != nil {
				return false, err
			}
			s := a.engine.Status()
			return s.Set.ReadsMedia(s.Banks), nil
		},
		Save:    func(pos journal.Position) error { return a.setCursor(picturesCursor, int64(pos)) },
		Decoder: picture.Decoder{MaxBytes: pictureBytes, MaxPixels: picturePixels, HEIF: picture.FindHEIF()},
		Hashers: max(1, workers(a.opts.Workers)/2), // so that texts find a core
	})
	a.metrics.MustRegister(pictureMetrics{a.pictures})
	return nil
}

// pictureMetrics are read off the worker when somebody asks.
type pictureMetrics struct{ of *recognise.Worker }

var (
	picturesQueued  = prometheus.NewDesc("ringfence_media_queue", "Events whose pictures wait to be fetched, or are being fetched.", nil, nil)
	picturesHashed  = prometheus.NewDesc("ringfence_media_hashed_total", "Pictures that were fetched and hashed.", nil, nil)
	picturesFailed  = prometheus.NewDesc("ringfence_media_failed_total", "Pictures that could not be fetched or read, by cause.", []string{"cause"}, nil)
	picturesSkipped = prometheus.NewDesc("ringfence_media_skipped_total", "Events whose pictures were not fetched since too many came, or of a slow domain.", nil, nil)
)

// Describe implements [prometheus.Collector].
func (pictureMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{picturesQueued, picturesHashed, picturesFailed, picturesSkipped} {
		out <- d
	}
}

// Collect implements [prometheus.Collector].
func (m pictureMetrics) Collect(out chan<- prometheus.Metric) {
	s := m.of.Stats()
	out <- prometheus.MustNewConstMetric(picturesQueued, prometheus.GaugeValue, float64(s.Queued))
	out <- prometheus.MustNewConstMetric(picturesHashed, prometheus.CounterValue, float64(s.Hashed))
	out <- prometheus.MustNewConstMetric(picturesSkipped, prometheus.CounterValue, float64(s.Skipped))
	for cause, n := range s.Failed {
		out <- prometheus.MustNewConstMetric(picturesFailed, prometheus.CounterValue, float64(n), cause)
	}
}
