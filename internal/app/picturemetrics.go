package app

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/ringfence/ringfence/internal/gallery"
	"github.com/ringfence/ringfence/internal/known"
	"github.com/ringfence/ringfence/internal/recognise"
	"github.com/ringfence/ringfence/internal/scorer"
)

// pictureMetrics are read off the worker when somebody asks.
type pictureMetrics struct{ of *recognise.Worker }

var (
	picturesQueued   = prometheus.NewDesc("ringfence_media_queue", "Events whose pictures wait to be fetched, or are being fetched.", nil, nil)
	picturesHashed   = prometheus.NewDesc("ringfence_media_hashed_total", "Pictures that were fetched and hashed.", nil, nil)
	picturesCached   = prometheus.NewDesc("ringfence_media_cached_total", "Pictures whose files were fetched just before, or had not changed since, and were not sent again.", nil, nil)
	picturesFailed   = prometheus.NewDesc("ringfence_media_failed_total", "Pictures that could not be fetched or read, by cause.", []string{"cause"}, nil)
	picturesExamined = prometheus.NewDesc("ringfence_media_examined_total", "What was looked for in pictures that takes long, by kind and what came of it.", []string{"result"}, nil)
	picturesSkipped  = prometheus.NewDesc("ringfence_media_skipped_total", "Events whose pictures were not fetched since too many came, or of a slow domain.", nil, nil)
)

// Describe implements [prometheus.Collector].
func (pictureMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{picturesQueued, picturesHashed, picturesCached, picturesFailed, picturesExamined, picturesSkipped} {
		out <- d
	}
}

// Collect implements [prometheus.Collector].
func (m pictureMetrics) Collect(out chan<- prometheus.Metric) {
	s := m.of.Stats()
	out <- prometheus.MustNewConstMetric(picturesQueued, prometheus.GaugeValue, float64(s.Queued))
	out <- prometheus.MustNewConstMetric(picturesHashed, prometheus.CounterValue, float64(s.Hashed))
	out <- prometheus.MustNewConstMetric(picturesCached, prometheus.CounterValue, float64(s.Cached))
	out <- prometheus.MustNewConstMetric(picturesSkipped, prometheus.CounterValue, float64(s.Skipped))
	for cause, n := range s.Failed {
		out <- prometheus.MustNewConstMetric(picturesFailed, prometheus.CounterValue, float64(n), cause)
	}
	for result, n := range s.Examined {
		out <- prometheus.MustNewConstMetric(picturesExamined, prometheus.CounterValue, float64(n), result)
	}
}

// knownMetrics likewise.
type knownMetrics struct{ of *known.Pictures }

var (
	knownHeld       = prometheus.NewDesc("ringfence_media_features", "Pictures of banks that are looked for by their features.", nil, nil)
	knownUnreadable = prometheus.NewDesc("ringfence_media_features_unreadable", "Pictures of banks whose features are not there, or damaged: add them again.", nil, nil)
)

// Describe implements [prometheus.Collector].
func (knownMetrics) Describe(out chan<- *prometheus.Desc) {
	out <- knownHeld
	out <- knownUnreadable
}

// Collect implements [prometheus.Collector].
func (m knownMetrics) Collect(out chan<- prometheus.Metric) {
	s := m.of.Stats()
	out <- prometheus.MustNewConstMetric(knownHeld, prometheus.GaugeValue, float64(s.Held))
	out <- prometheus.MustNewConstMetric(knownUnreadable, prometheus.GaugeValue, float64(s.Unreadable))
}

// galleryMetrics likewise.
type galleryMetrics struct{ of *gallery.Gallery }

var (
	keptPictures = prometheus.NewDesc("ringfence_media_kept", "Known pictures of which something is kept, or known to be kept not.", nil, nil)
	keptBytes    = prometheus.NewDesc("ringfence_media_kept_bytes", "What is kept of them.", nil, nil)
)

// Describe implements [prometheus.Collector].
func (galleryMetrics) Describe(out chan<- *prometheus.Desc) {
	out <- keptPictures
	out <- keptBytes
}

// Collect implements [prometheus.Collector].
func (m galleryMetrics) Collect(out chan<- prometheus.Metric) {
	s := m.of.Stats()
	out <- prometheus.MustNewConstMetric(keptPictures, prometheus.GaugeValue, float64(s.Pictures))
	out <- prometheus.MustNewConstMetric(keptBytes, prometheus.GaugeValue, float64(s.Bytes))
}

// scorerMetrics likewise.
type scorerMetrics struct{ of []*scorer.HTTP }

var (
	scorerRequests = prometheus.NewDesc("ringfence_scorer_requests_total", "Requests to a model that scores pictures, by whether they failed.", []string{"scorer", "failed"}, nil)
	scorerOpen     = prometheus.NewDesc("ringfence_scorer_open", "1 while a model is not asked after failures in a row.", []string{"scorer"}, nil)
)

// Describe implements [prometheus.Collector].
func (scorerMetrics) Describe(out chan<- *prometheus.Desc) {
	out <- scorerRequests
	out <- scorerOpen
}

// Collect implements [prometheus.Collector].
func (m scorerMetrics) Collect(out chan<- prometheus.Metric) {
	for _, each := range m.of {
		s, open := each.Stats(), 0.0
		if s.Open {
			open = 1
		}
		out <- prometheus.MustNewConstMetric(scorerRequests, prometheus.CounterValue, float64(s.Requests-s.Failures), each.Name(), "false")
		out <- prometheus.MustNewConstMetric(scorerRequests, prometheus.CounterValue, float64(s.Failures), each.Name(), "true")
		out <- prometheus.MustNewConstMetric(scorerOpen, prometheus.GaugeValue, open, each.Name())
	}
}
