package recognise

import (
	"context"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"image"
	"io"
	"mime"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/ringfence/ringfence/internal/bank"
	"github.com/ringfence/ringfence/internal/fetch"
	"github.com/ringfence/ringfence/internal/gallery"
	"github.com/ringfence/ringfence/internal/signals"
	"github.com/ringfence/ringfence/media/layout"
	"github.com/ringfence/ringfence/media/pdq"
	"github.com/ringfence/ringfence/media/picture"
	"github.com/ringfence/ringfence/rule"
)

// Why there is nothing to say of a picture. The words are media.failures of rules.
const (
	unreachable = "unreachable" // no connection, or the server failed
	refused     = "refused"     // an address that must not be reached, or a redirect too many
	missing     = "missing"     // not there, or not for us
	timeout     = "timeout"
	tooLarge    = "too_large"
	notPicture  = "not_picture"
	malformed   = "malformed"
	polyglot    = "polyglot"
	noDecoder   = "no_decoder"
	skipped     = "skipped" // one too many of its event
)

// Files in memory. A small one needs no leave; large ones are few at a time, or slow servers could make the program hold one for each
// fetcher.
const (
	smallFile = 1 << 20 // bytes
	maxLarge  = 16
)

// decodeTime is how long decoding a picture may take.
const decodeTime = 20 * time.Second

// tools hash pictures; one picture at a time.
type tools struct {
	hasher  *pdq.Hasher
	locator layout.Locator
	crop    []byte

	banks  bank.Reader
	looked bank.Picture
	found  []rule.Found
}

func newTools() *tools { return &tools{hasher: pdq.NewHasher()} }

// look fetches a picture within the given time, and hashes it. took is how long fetching took.
func (w *Worker) look(ctx context.Context, j *job, url string, within time.Duration) (p signals.Picture, file []byte, took time.Duration) {
	begin := w.opts.Now()
	file, failure := w.get(ctx, url, within)
	took = max(0, time.Duration(w.opts.Now()-begin))
	if failure != "" {
		p.Failure = failure
		return p, nil, took
	}
	if len(file) >= smallFile {
		defer func() { <-w.large }()
	}
	w.hashFile(ctx, j, file, &p)
	return p, file, took
}

// get fetches a file, and tries again if it may come yet.
func (w *Worker) get(ctx context.Context, url string, within time.Duration) (file []byte, failure string) {
	if within <= 0 {
		return nil, timeout
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	file, failure, again := w.fetch(ctx, url)
	for _, pause := range w.pauses {
		if !again || sleep(ctx, pause) != nil {
			break
		}
		file, failure, again = w.fetch(ctx, url)
	}
	return file, failure
}

// hashFile fills in what can be told of a file.
func (w *Worker) hashFile(ctx context.Context, j *job, file []byte, p *signals.Picture) {
	p.MD5, p.SHA1, p.SHA256 = digests(file)
	var t *tools
	select {
	case t = <-w.tools:
	case <-ctx.Done():
		return
	}
	defer func() { w.tools <- t }()
	ctx, cancel := context.WithTimeout(ctx, decodeTime)
	defer cancel()
	decoded, err := w.opts.Decoder.Decode(ctx, file)
	if err != nil {
		p.Failure = undecoded(err)
		return
	}
	t.hash(decoded, p)
	if w.opts.Gallery == nil {
		return
	}
	if policies := t.offends(w.opts.Banks(), j, p); len(policies) > 0 {
		w.keep(ctx, gallery.Sighting{Digest: p.SHA256, Account: j.event.Actor, Policies: policies, Hashes: t.looked, File: file, Picture: decoded})
	}
}

// offends gives the policies of the entries of banks that a picture matches now. What the rules are told is by the banks as of the record.
func (t *tools) offends(banks *bank.Set, j *job, p *signals.Picture) (policies []string) {
	t.looked, _ = p.Hashes(t.looked.PDQ)
	t.found, _ = t.banks.LookAt(t.found[:0], banks, &t.looked, "", bank.Occasion{Actor: j.event.Actor, Time: j.event.Time})
	return gallery.Offended(t.found)
}

// keep keeps a picture. That it cannot be kept must not keep rules from deciding on it.
func (w *Worker) keep(ctx context.Context, s gallery.Sighting) {
	if err := w.opts.Gallery.Keep(ctx, s); err != nil && ctx.Err() == nil {
		w.opts.Log.Error("a known picture cannot be kept", "sha256", s.Digest, "error", err)
	}
}

func digests(file []byte) (m, s1, s256 string) {
	a, b, c := md5.Sum(file), sha1.Sum(file), sha256.Sum256(file)
	return hex.EncodeToString(a[:]), hex.EncodeToString(b[:]), hex.EncodeToString(c[:])
}

// fetch gets a file, from the cache if it was fetched just before, or says why not, and whether it may come yet. With a file of smallFile or more
// comes a place in w.large, which the caller gives back.
func (w *Worker) fetch(ctx context.Context, url string) (file []byte, failure string, again bool) {
	release, err := w.cache.hold(ctx, url)
	if err != nil {
		return nil, timeout, false
	}
	defer release()
	have, known := w.cache.get(url)
	if known && w.opts.Now() < have.until {
		w.count(func(s *Stats) { s.Cached++ })
		return have.file, "", false
	}
	return w.request(ctx, url, have)
}

// request asks a server for a file, or whether it is still the one at hand, if that has an ETag. It is called with the address held.
func (w *Worker) request(ctx context.Context, url string, have cached) (file []byte, failure string, again bool) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil || req.URL.Scheme != "http" && req.URL.Scheme != "https" || req.URL.User != nil {
		return nil, refused, false
	}
	if have.etag != "" {
		req.Header.Set("If-None-Match", have.etag)
	}
	resp, err := w.opts.Client.Do(req)
	if err != nil {
		failure, again = unfetched(err)
		return nil, failure, again
	}
	defer resp.Body.Close()
	if have.etag != "" && resp.StatusCode == http.StatusNotModified {
		w.cache.put(url, http.Header{"Etag": {have.etag}}, have.file, w.opts.Now())
		w.count(func(s *Stats) { s.Cached++ })
		return have.file, "", false
	}
	if failure, again = unserved(resp.StatusCode); failure != "" {
		return nil, failure, again
	}
	if kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type")); err == nil &&
		!strings.HasPrefix(kind, "image/") && kind != "application/octet-stream" && kind != "binary/octet-stream" {
		return nil, notPicture, false
	}
	if file, err = io.ReadAll(io.LimitReader(resp.Body, smallFile)); err == nil && len(file) == smallFile {
		select {
		case w.large <- struct{}{}:
		case <-ctx.Done():
			return nil, timeout, false
		}
		var rest []byte
		if rest, err = io.ReadAll(resp.Body); err != nil {
			<-w.large
		}
		file = append(file, rest...)
	}
	if err != nil {
		failure, again = unfetched(err)
		return nil, failure, again
	}
	w.cache.put(url, resp.Header, file, w.opts.Now())
	return file, "", false
}

// unserved is why a status brings no file, if it does not.
func unserved(code int) (failure string, again bool) {
	switch {
	case code == http.StatusOK:
		return "", false
	case code >= 300 && code < 400:
		return refused, false
	case code == http.StatusTooManyRequests || code >= 500:
		return unreachable, true
	}
	return missing, false
}

func unfetched(err error) (failure string, again bool) {
	var slow net.Error
	switch {
	case errors.Is(err, fetch.ErrAddress), errors.Is(err, fetch.ErrRedirect):
		return refused, false
	case errors.Is(err, fetch.ErrTooLarge):
		return tooLarge, false
	case errors.As(err, &slow) && slow.Timeout():
		return timeout, false // once is long enough
	}
	return unreachable, true
}

func undecoded(err error) string {
	for why, word := range map[error]string{
		picture.ErrFormat: notPicture, picture.ErrTooLarge: tooLarge, picture.ErrPolyglot: polyglot, picture.ErrNoDecoder: noDecoder,
		context.DeadlineExceeded: timeout,
	} {
		if errors.Is(err, why) {
			return word
		}
	}
	return malformed
}

// hash fills in what can be told of a picture. What lies under transparent pixels is hashed as it is stored, as PDQ's references do;
// what a person sees on white, as a part.
func (t *tools) hash(p *picture.Picture, out *signals.Picture) {
	out.Width, out.Height = p.W, p.H
	whole := t.hasher.Full(p.Pix, p.W, p.H)
	out.Quality = whole.Quality
	turned := whole.Dihedral()
	out.PDQ = turned[:]
	squashed := t.hasher.Squashed(p.Pix, p.W, p.H)
	if other := squashed.Hash(); other != turned[0] && squashed.Quality >= pdq.MinQuality {
		out.PDQ512 = &other
	}
	if p.Alpha != nil {
		p = p.Over(255, 255, 255)
		t.part(p, image.Rect(0, 0, p.W, p.H), out)
	}
	for _, region := range t.locator.Find(p.Pix, p.W, p.H) {
		t.part(p, region.Rectangle, out)
	}
}

// part hashes a rectangle of a picture, if its hash means something.
func (t *tools) part(p *picture.Picture, box image.Rectangle, out *signals.Picture) {
	t.crop = t.crop[:0]
	for y := box.Min.Y; y < box.Max.Y; y++ {
		t.crop = append(t.crop, p.Pix[3*(y*p.W+box.Min.X):3*(y*p.W+box.Max.X)]...)
	}
	s := t.hasher.Full(t.crop, box.Dx(), box.Dy())
	if s.Quality >= pdq.MinQuality && len(out.Parts) < signals.MaxParts {
		out.Parts = append(out.Parts, signals.Part{Box: [4]int{box.Min.X, box.Min.Y, box.Max.X, box.Max.Y}, PDQ: s.Hash()})
	}
}
