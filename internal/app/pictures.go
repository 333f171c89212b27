package app

import (
	"context"
	"path/filepath"
	"time"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/blob/folder"
	"github.com/ringfence/ringfence/internal/extract"
	"github.com/ringfence/ringfence/internal/fetch"
	"github.com/ringfence/ringfence/internal/gallery"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/internal/known"
	"github.com/ringfence/ringfence/internal/recognise"
	"github.com/ringfence/ringfence/internal/scorer"
	"github.com/ringfence/ringfence/media/ocr"
	"github.com/ringfence/ringfence/media/picture"
	"github.com/ringfence/ringfence/media/vpdq"
	"github.com/ringfence/ringfence/rule"
)

// picturesCursor is the name under which it is stored how far pictures are fetched.
const picturesCursor = "media.pictures"

// What is fetched of strangers.
const (
	pictureTime      = 15 * time.Second
	pictureBytes     = 16 << 20
	picturePixels    = 20_000_000 // some 240 MB while it is decoded
	pictureRedirects = 3

	videoTime   = time.Minute
	videoBytes  = 128 << 20
	videoFrames = 1200 // twenty minutes at one a second
)

// openPictures makes the worker that fetches pictures, if the configuration asks for it. When it is used for the first time it begins
// with what comes, not with what the journal has.
func (a *App) openPictures(ctx context.Context) error {
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
	videos := fetch.NewClient(fetch.Options{Timeout: videoTime, MaxBody: videoBytes, Redirects: pictureRedirects, Networks: cfg.AllowPrivate})
	a.later("connections to servers of videos", func() error { videos.CloseIdleConnections(); return nil })
	scorers, err := a.openScorers()
	if err != nil {
		return err
	}
	if err := a.openGallery(ctx); err != nil {
		return err
	}
	a.pictures = recognise.New(recognise.Options{
		Banks: func() *bank.Set { return a.engine.Status().Banks }, Gallery: a.gallery,
		Journal: a.journal, Append: a.ingest.Append, Client: client, After: journal.Position(done), Now: a.opts.Now, Limits: extract.Limits(), Log: a.opts.Log,
		Wanted: func(ctx context.Context, through journal.Position) (rule.MediaWants, error) {
			if err := a.engine.WaitDecided(ctx, through); err != nil {
				return rule.MediaWants{}, err
			}
			s := a.engine.Status()
			return s.Set.MediaWants(s.Banks), nil
		},
		Save:      func(pos journal.Position) error { return a.setCursor(picturesCursor, int64(pos)) },
		Decoder:   picture.Decoder{MaxBytes: pictureBytes, MaxPixels: picturePixels, HEIF: picture.FindHEIF()},
		Hashers:   max(1, workers(a.opts.Workers)/2), // so that texts find a core
		Examiners: max(1, workers(a.opts.Workers)/4), Scorers: scorers, Reader: ocr.Reader{Tesseract: ocr.FindTesseract()}, Known: a.known, Videos: videos,
		Films: vpdq.Hasher{FFmpeg: vpdq.FindFFmpeg(), MaxBytes: videoBytes, MaxFrames: videoFrames, Timeout: videoTime},
	})
	a.metrics.MustRegister(pictureMetrics{a.pictures}, galleryMetrics{a.gallery}, knownMetrics{a.known})
	return nil
}

// openGallery opens what is kept of known pictures, and what they are recognised by.
func (a *App) openGallery(ctx context.Context) error {
	cfg := &a.opts.Config.Media.Keep
	store, err := folder.Open(filepath.Join(a.opts.Config.DataDir, mediaDir))
	if err != nil {
		return err
	}
	a.later("media", store.Close)
	a.known = known.New(store, func() *bank.Set { return a.engine.Status().Banks }, a.opts.Log)
	rules := gallery.Rules{Policies: map[string]gallery.Keep{}, Never: cfg.Never}
	if rules.Default, err = gallery.ParseKeep(cfg.Default); err != nil {
		return err
	}
	for _, p := range cfg.Policies {
		if rules.Policies[p.Policy], err = gallery.ParseKeep(p.Keep); err != nil {
			return err
		}
	}
	a.gallery, err = gallery.Open(ctx, store, gallery.Options{
		Rules: rules, Banks: func() *bank.Set { return a.engine.Status().Banks }, Retention: time.Duration(cfg.Retention), Quota: int64(cfg.Quota), Now: a.opts.Now, Log: a.opts.Log,
	})
	return err
}

// openScorers makes the scorers of the configuration, which are parts of the app.
func (a *App) openScorers() (list []scorer.Scorer, err error) {
	for i := range a.opts.Config.Media.Scorers {
		cfg := &a.opts.Config.Media.Scorers[i]
		token, err := cfg.Token(a.opts.Lookup)
		if err != nil {
			return nil, err
		}
		timeout := time.Duration(cfg.Timeout)
		client := fetch.NewClient(fetch.Options{Timeout: timeout, MaxBody: answerLimit, Networks: cfg.AllowPrivate})
		a.later("connections to scorer "+cfg.Name, func() error { client.CloseIdleConnections(); return nil })
		s := scorer.NewHTTP(scorer.HTTPOptions{Name: cfg.Name, Policies: cfg.Policies, URL: cfg.URL, Token: token, Client: client,
			Timeout: timeout, Batch: cfg.Batch, Now: a.opts.Now})
		a.scorers = append(a.scorers, s)
		list = append(list, s)
	}
	if len(list) > 0 {
		a.metrics.MustRegister(scorerMetrics{a.scorers})
	}
	return list, nil
}
