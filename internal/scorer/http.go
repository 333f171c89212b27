package scorer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// HTTPOptions say how a model is asked.
type HTTPOptions struct {
	Name     string
	Policies []string
	URL      string
	Token    string        // sent as a bearer token; empty for none
	Client   *http.Client  // guarded, and bounded in what it reads of an answer; it should follow no redirects
	Timeout  time.Duration // of a request
	Batch    int           // pictures of a request at most, at least 1
	Now      func() int64  // nanoseconds since 1970, by which the circuit cools
}

const (
	linger     = 20 * time.Millisecond // that the first picture of a request waits for others
	atOnce     = 2                     // requests under way
	maxVersion = 64                    // bytes
)

// HTTP asks a server. It posts
//
//	{"pictures":[{"sha256":"…","jpeg":"<base64>"}]}
//
// and takes, with status 200, as many answers in the same order:
//
//	{"version":"2026-05-01","pictures":[{"scores":{"nudity":0.93}},{"error":"…"}]}
//
// Pictures that are asked about within some milliseconds share a request, and two requests are under way at most. More than twice that
// wait not: they get [ErrBusy]. Where a request with several pictures fails, unless for want of time, each is asked about once more by itself, so that a picture
// that makes the server fail costs the others nothing; it failed as a whole only if all of them do. Five that fail in a row open the circuit: for 5 s, doubling to a
// minute, everything gets [ErrOpen] at once; then one request is tried.
type HTTP struct {
	opts    HTTPOptions
	asks    chan ask
	circuit breaker

	requests, failures, scored atomic.Uint64
}

// ask is a picture that waits for its answer.
type ask struct {
	picture Picture
	answer  chan<- reply // has room for it
}

type reply struct {
	answer Answer
	err    error
}

// NewHTTP makes a scorer. It scores while [HTTP.Run] runs.
func NewHTTP(opts HTTPOptions) *HTTP {
	return &HTTP{opts: opts, asks: make(chan ask, 2*atOnce*opts.Batch)}
}

// Name implements [Scorer].
func (h *HTTP) Name() string { return h.opts.Name }

// Policies implements [Scorer].
func (h *HTTP) Policies() []string { return h.opts.Policies }

// Stats are counts since the start.
type Stats struct {
	Requests, Failures, Scored uint64 // requests, those of them that failed, and pictures that were scored
	Open                       bool   // the circuit is not closed
}

// Stats gives the counts.
func (h *HTTP) Stats() Stats {
	return Stats{h.requests.Load(), h.failures.Load(), h.scored.Load(), h.circuit.open()}
}

// Score implements [Scorer]. It waits for the answer, for some times the timeout at most where the server is slow.
func (h *HTTP) Score(ctx context.Context, p Picture) (Answer, error) {
	answer := make(chan reply, 1)
	select {
	case h.asks <- ask{p, answer}:
	default:
		return Answer{}, h.wrap(ErrBusy)
	}
	select {
	case r := <-answer:
		return r.answer, r.err
	case <-ctx.Done():
		return Answer{}, ctx.Err()
	}
}

func (h *HTTP) wrap(err error) error { return fmt.Errorf("scorer %s: %w", h.opts.Name, err) }

// Run sends what is asked until ctx is done; then it ends the requests under way. It is called once.
func (h *HTTP) Run(ctx context.Context) error {
	var group errgroup.Group
	group.SetLimit(atOnce) // Go waits for a place, at most as long as a request may take
	for {
		batch := h.gather(ctx)
		if batch == nil {
			return group.Wait()
		}
		group.Go(func() error {
			h.send(ctx, batch)
			return nil
		})
	}
}

// gather waits for a picture, and a moment for others; nil if ctx is done.
func (h *HTTP) gather(ctx context.Context) []ask {
	var batch []ask
	select {
	case first := <-h.asks:
		batch = append(batch, first)
	case <-ctx.Done():
		return nil
	}
	late := time.NewTimer(linger)
	defer late.Stop()
	for len(batch) < h.opts.Batch {
		select {
		case next := <-h.asks:
			batch = append(batch, next)
		case <-late.C:
			return batch
		case <-ctx.Done():
			return batch
		}
	}
	return batch
}

func (h *HTTP) fail(batch []ask, err error) {
	for _, a := range batch {
		a.answer <- reply{err: h.wrap(err)}
	}
}

// send asks about a batch and hands out the answers.
func (h *HTTP) send(ctx context.Context, batch []ask) {
	if !h.circuit.pass(h.opts.Now()) {
		h.fail(batch, ErrOpen)
		return
	}
	replies, err := h.try(ctx, batch)
	if err != nil && len(batch) > 1 && ctx.Err() == nil && !errors.Is(err, ErrTimeout) {
		replies, err = h.singly(ctx, batch)
	}
	h.circuit.done(err == nil, h.opts.Now())
	if err != nil {
		h.fail(batch, err)
		return
	}
	for i, a := range batch {
		if replies[i].err == nil {
			h.scored.Add(1)
		}
		a.answer <- replies[i]
	}
}

// singly asks about each picture of a batch by itself, until one takes too long. An error is that of all; replies have those of single pictures.
func (h *HTTP) singly(ctx context.Context, batch []ask) (replies []reply, err error) {
	works := false
	for i := range batch {
		if err == nil || !errors.Is(err, ErrTimeout) {
			var one []reply
			if one, err = h.try(ctx, batch[i:i+1]); err == nil {
				works = true
				replies = append(replies, one...)
				continue
			}
		}
		replies = append(replies, reply{err: h.wrap(err)})
	}
	if works {
		return replies, nil
	}
	return nil, err
}

// try makes one request, and counts it.
func (h *HTTP) try(ctx context.Context, batch []ask) ([]reply, error) {
	h.requests.Add(1)
	replies, err := h.post(ctx, batch)
	if err != nil {
		h.failures.Add(1)
	}
	return replies, err
}

type request struct {
	Pictures []shown `json:"pictures"`
}

type shown struct {
	SHA256 string `json:"sha256"`
	JPEG   []byte `json:"jpeg"`
}

type response struct {
	Version  string `json:"version"`
	Pictures []struct {
		Scores map[string]float64 `json:"scores"`
		Error  string             `json:"error"`
	} `json:"pictures"`
}

// post makes one request. An error is the request's; replies have those of single pictures.
func (h *HTTP) post(ctx context.Context, batch []ask) ([]reply, error) {
	var body request
	for _, a := range batch {
		body.Pictures = append(body.Pictures, shown{a.picture.SHA256, a.picture.JPEG})
	}
	data, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, h.opts.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, h.opts.URL, bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrUnreachable, err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	if h.opts.Token != "" {
		req.Header.Set("Authorization", "Bearer "+h.opts.Token)
	}
	resp, err := h.opts.Client.Do(req)
	if err != nil {
		return nil, failed(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: it answered %s", ErrUnreachable, resp.Status)
	}
	if data, err = io.ReadAll(resp.Body); err != nil {
		return nil, failed(err)
	}
	return h.read(data, len(batch))
}

func failed(err error) error {
	var slow interface{ Timeout() bool }
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &slow) && slow.Timeout() {
		return fmt.Errorf("%w: %w", ErrTimeout, err)
	}
	return fmt.Errorf("%w: %w", ErrUnreachable, err)
}

// read checks an answer on n pictures. Policies that are not the scorer's are left out.
func (h *HTTP) read(data []byte, n int) ([]reply, error) {
	var resp response
	if err := json.Unmarshal(data, &resp); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	if len(resp.Pictures) != n || len(resp.Version) > maxVersion {
		return nil, fmt.Errorf("%w: it is on %d pictures of %d, and its version has %d bytes of %d", ErrMalformed, len(resp.Pictures), n, len(resp.Version), maxVersion)
	}
	replies := make([]reply, n)
	for i, p := range resp.Pictures {
		if p.Error != "" {
			replies[i].err = fmt.Errorf("scorer %s: %w: %.200q", h.opts.Name, ErrUnreadable, p.Error)
			continue
		}
		scores := map[string]float64{}
		for policy, score := range p.Scores {
			if !(score >= 0 && score <= 1) { // nor NaN
				replies[i].err = fmt.Errorf("scorer %s: %w: the score %v is not between 0 and 1", h.opts.Name, ErrMalformed, score)
				break
			}
			if slices.Contains(h.opts.Policies, policy) {
				scores[policy] = score
			}
		}
		if replies[i].err == nil {
			replies[i].answer = Answer{resp.Version, scores}
		}
	}
	return replies, nil
}
