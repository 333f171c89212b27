package recognise

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/ringfence/ringfence/internal/signals"
	"github.com/ringfence/ringfence/media/vpdq"
)

// Bounds of videos. They have a lane of their own, so that a flood of them delays neither pictures nor, where ffmpeg has one thread a
// video, much else.
const (
	cinemas  = 1                // videos at a time
	maxFilms = 32               // events that wait for theirs
	filmTime = 90 * time.Second // to fetch and hash one
)

const notVideo = "not_video"

// FilmHasher hashes the frames of videos.
type FilmHasher interface {
	Hash(ctx context.Context, path string) (*vpdq.Video, error)
}

// pass gives a study whose pictures are examined on to those who look at its videos, if it has any. Where too many wait it ends.
func (w *Worker) pass(ctx context.Context, s *study) error {
	for i, at := range s.job.films {
		if i < signals.MaxVideos {
			s.videos = append(s.videos, signals.Video{At: at, Failure: busy})
		}
	}
	if len(s.videos) > 0 {
		select {
		case w.desk.films <- s:
			return nil
		default:
			w.count(func(st *Stats) { st.Examined[busy] += uint64(len(s.videos)) })
		}
	}
	return w.conclude(ctx, s)
}

// watch works through the videos until ctx is done.
func (w *Worker) watch(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case s := <-w.desk.films:
			for i := range s.videos {
				at := s.videos[i].At
				v := w.film(ctx, s.job.event.Media[at].URL)
				if ctx.Err() != nil {
					return nil //nolint:nilerr // it is done again after the restart
				}
				v.At = at
				s.videos[i] = v
				w.count(func(st *Stats) { st.Examined[cmp.Or(v.Failure, "watched")]++ })
			}
			if err := w.conclude(ctx, s); err != nil {
				return err
			}
		}
	}
}

// film fetches a video and hashes its frames.
func (w *Worker) film(ctx context.Context, url string) (v signals.Video) {
	ctx, cancel := context.WithTimeout(ctx, filmTime)
	defer cancel()
	f, err := os.CreateTemp("", "ringfence-video-")
	if err != nil {
		w.opts.Log.Error("there is no place for a video", "error", err)
		return signals.Video{Failure: failed}
	}
	defer func() { _ = os.Remove(f.Name()) }()
	if v.SHA256, v.Failure = w.download(ctx, f, url); v.Failure != "" {
		return v
	}
	hashed, err := w.opts.Films.Hash(ctx, f.Name())
	if err != nil {
		v.Failure = unwatched(ctx, err)
		return v
	}
	v.Duration = hashed.Duration.Seconds()
	// Of too many frames every second, third and so on.
	step := (len(hashed.Frames) + signals.MaxFrames - 1) / signals.MaxFrames
	for i := 0; i < len(hashed.Frames); i += max(step, 1) {
		frame := hashed.Frames[i]
		v.Frames = append(v.Frames, signals.Frame{T: frame.Time.Round(time.Millisecond).Seconds(), Quality: frame.Quality, PDQ: frame.Hash})
	}
	return v
}

// download writes what is at an address into f, which it closes.
func (w *Worker) download(ctx context.Context, f *os.File, url string) (digest, failure string) {
	defer f.Close()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil || req.URL.Scheme != "http" && req.URL.Scheme != "https" || req.URL.User != nil {
		return "", refused
	}
	resp, err := w.opts.Videos.Do(req)
	if err != nil {
		failure, _ = unfetched(err)
		return "", failure
	}
	defer resp.Body.Close()
	if failure, _ = unserved(resp.StatusCode); failure != "" {
		return "", failure
	}
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(f, sum), resp.Body); err != nil {
		failure, _ = unfetched(err)
		return "", failure
	}
	return hex.EncodeToString(sum.Sum(nil)), ""
}

func unwatched(ctx context.Context, err error) string {
	switch {
	case errors.Is(err, vpdq.ErrNoFFmpeg):
		return notInstalled
	case ctx.Err() != nil:
		return timeout
	case errors.Is(err, vpdq.ErrTooLarge):
		return tooLarge
	case errors.Is(err, vpdq.ErrMalformed):
		return notVideo
	}
	return failed
}
