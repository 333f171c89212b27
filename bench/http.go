package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ringfence/ringfence/bench/input"
	"github.com/ringfence/ringfence/internal/app"
	"github.com/ringfence/ringfence/internal/config"
	"github.com/ringfence/ringfence/internal/decide"
	"github.com/ringfence/ringfence/internal/journal"
	"github.com/ringfence/ringfence/rule"
)

const (
	senders    = 4      // requests with events under way at a time: the input spans 22 s in each, and the lateness is 2 min
	linesABody = 1000   // events a request
	callsASec  = 200    // synchronous calls
	callers    = 20_000 // accounts of those calls
)

// overHTTP measures the whole product: the API on loopback, the journal and the other stores on a disk, synced.
func overHTTP(ctx context.Context, opts Options) (s Section, err error) {
	s.Title = "The whole product over HTTP: API, journal with fsync, decisions, outbox, in one process with its senders"
	err = opts.inFolder(func(dir string) (err error) {
		server, err := startServer(ctx, dir)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, server.app.Stop()) }()
		durable := opts.Size.Durable / linesABody * linesABody
		bulk, err := writeBodies(filepath.Join(dir, "bulk.ndjson"), 0, durable)
		if err != nil {
			return err
		}
		m := startMeter()
		if err := server.sendAll(ctx, bulk); err != nil {
			return err
		}
		used := m.stop()
		rate := float64(durable) / used.wall.Seconds()
		s.Input = fmt.Sprintf("%d posts of bench/input in requests of %d lines from %d senders, five rules; the senders read prepared bodies from a "+
			"file, but share the cores with the server", durable, linesABody, senders)
		s.add(rate, "events/s", "durable, decided and their effects in the outbox, until the last one's are", "20,000, then 100,000")
		s.add(float64(durable)/used.cpu.Seconds(), "events/CPU-s", "of server and senders together", "")
		return server.measureDecide(ctx, &s, dir, durable, rate/2, opts.Size.Decide)
	})
	return s, err
}

// server is an app and a client of it.
type server struct {
	app    *app.App
	client *http.Client
	url    string
}

func startServer(ctx context.Context, dir string) (*server, error) {
	cfg := config.Defaults()
	cfg.DataDir, cfg.Listen = filepath.Join(dir, "data"), "127.0.0.1:0"
	cfg.Ingest.IdleTick = 0 // the input has its own time
	a, err := app.New(ctx, app.Options{Config: cfg, Rules: []rule.File{{Name: "rules.yaml", Data: fiveRules}},
		Log: slog.New(slog.DiscardHandler), Open: true})
	if err != nil {
		return nil, err
	}
	if err := a.Start(ctx); err != nil {
		return nil, errors.Join(err, a.Stop())
	}
	return &server{app: a, url: "http://" + a.Addr(),
		client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256, DisableCompression: true}}}, nil
}

// bodies are the bodies of requests in a file, so that they take nothing of the server's heap.
type bodies struct {
	path  string
	start []int64  // of each body, and the end of the last
	time  []string // of each body's first event
}

// writeBodies writes n events of the input, after those to skip.
func writeBodies(path string, skip, n int) (*bodies, error) {
	b := &bodies{path: path}
	at, i := int64(0), 0
	err := writeLines(path, func(yield func([]byte) bool) {
		for line := range input.NativeLines(skip + n) {
			if i++; i <= skip {
				continue
			}
			if (i-skip-1)%linesABody == 0 {
				var e struct{ Time string }
				_ = json.Unmarshal(line, &e) // bench/input's tests hold that these are events
				b.start, b.time = append(b.start, at), append(b.time, e.Time)
			}
			at += int64(len(line)) + 1
			if !yield(line) {
				return
			}
		}
	})
	b.start = append(b.start, at)
	return b, err
}

func (b *bodies) count() int { return len(b.time) }

// send posts one body.
func (s *server) send(ctx context.Context, file *os.File, b *bodies, i int) error {
	size := b.start[i+1] - b.start[i]
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/v1/events", io.NewSectionReader(file, b.start[i], size))
	if err != nil {
		return err
	}
	req.ContentLength = size
	req.Header.Set("Content-Type", "application/x-ndjson")
	data, err := s.do(req)
	if err != nil {
		return err
	}
	var answer struct{ Accepted int }
	if err := json.Unmarshal(data, &answer); err != nil || answer.Accepted != linesABody {
		return fmt.Errorf("%d of %d events were accepted (%w): %.300s", answer.Accepted, linesABody, err, data)
	}
	return nil
}

func (s *server) do(req *http.Request) ([]byte, error) {
	resp, err := s.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answered %s: %.300s", req.URL.Path, resp.Status, data)
	}
	return data, err
}

// sendAll posts the bodies, several at a time, and returns when every event is decided and what follows from it is stored.
func (s *server) sendAll(ctx context.Context, b *bodies) error {
	before := s.app.Status().Stored
	if err := s.sendPaced(ctx, b, 0, new(atomic.Int64)); err != nil {
		return err
	}
	for s.app.Status().Stored < before+journal.Position(b.count()*linesABody) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Millisecond):
		}
	}
	return nil
}

// sendPaced posts the bodies, each a pause after the one before, or as fast as they are taken. begun counts those that were begun.
func (s *server) sendPaced(ctx context.Context, b *bodies, pause time.Duration, begun *atomic.Int64) error {
	file, err := os.Open(b.path)
	if err != nil {
		return err
	}
	defer file.Close()
	start := time.Now()
	group, ctx := errgroup.WithContext(ctx)
	for range senders {
		group.Go(func() error {
			for {
				i := int(begun.Add(1)) - 1
				if i >= b.count() {
					return nil
				}
				time.Sleep(time.Until(start.Add(time.Duration(i) * pause)))
				if err := s.send(ctx, file, b, i); err != nil {
					return err
				}
			}
		})
	}
	return group.Wait()
}

// measureDecide makes synchronous calls at a fixed rate, whether or not earlier ones were answered, beside bulk at its own rate.
func (s *server) measureDecide(ctx context.Context, sec *Section, dir string, sent int, bulkRate float64, span time.Duration) error {
	pause := time.Duration(linesABody / bulkRate * float64(time.Second))
	n := max(1, int(span/pause)) * linesABody
	bulk, err := writeBodies(filepath.Join(dir, "beside.ndjson"), sent, n)
	if err != nil {
		return err
	}
	select { // what the burst before left to compact and to archive is no part of half the load
	case <-time.After(span / 5):
	case <-ctx.Done():
		return ctx.Err()
	}
	calls := int(span.Seconds() * callsASec)
	latency := make([]time.Duration, calls)
	var undecided, begun atomic.Int64
	m := startMeter()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.sendPaced(ctx, bulk, pause, &begun) })
	group.Go(func() error {
		var wait sync.WaitGroup
		defer wait.Wait()
		start := time.Now()
		for i := range calls {
			due := start.Add(time.Duration(i) * time.Second / callsASec)
			time.Sleep(time.Until(due))
			now := bulk.time[min(max(0, int(begun.Load())-1), bulk.count()-1)]
			wait.Add(1)
			group.Go(func() error {
				defer wait.Done()
				decided, err := s.decide(ctx, i, now)
				latency[i] = time.Since(due)
				if !decided {
					undecided.Add(1)
				}
				return err
			})
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		return err
	}
	used := m.stop()
	slices.Sort(latency)
	at := func(q float64) float64 { return millis(latency[min(calls-1, int(q*float64(calls)))]) }
	beside := fmt.Sprintf("beside bulk at %.0f a second", float64(n)/used.wall.Seconds())
	sec.add(at(0.50), "ms", "p50 of /v1/decide, 200 calls a second "+beside, "")
	sec.add(at(0.99), "ms", "p99, likewise", "5")
	sec.add(at(0.999), "ms", "p99.9, likewise", "")
	sec.add(float64(undecided.Load()), "of "+fmt.Sprint(calls), "calls answered \"undecided\" at the deadline of 50 ms", "0")
	sec.note("latencies run from the time at which a call was due to its answer, so a call that had to wait for another counts in full; "+
		"they begin %v after the burst", span/5)
	if late := s.app.Status().Outcomes[decide.Late]; late > 0 {
		sec.note("%d events came later than windows take, since the senders drifted apart", late)
	}
	return nil
}

// decide asks for one decision.
func (s *server) decide(ctx context.Context, i int, at string) (decided bool, err error) {
	body := fmt.Appendf(nil, `{"id":"call-%d","time":"%s","kind":"post","actor":"did:plc:%024d","text":"the quick brown fox jumps over lazy dog %d","ip":"10.1.%d.%d","account":{"created":"2025-01-01T00:00:00Z"}}`,
		i, at, i*7919%callers, i, i/200%256, i%200)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+"/v1/decide", bytes.NewReader(body))
	if err != nil {
		return false, err
	}
	req.Header.Set("Content-Type", "application/json")
	data, err := s.do(req)
	if err != nil {
		return false, err
	}
	var answer struct{ Verdict string }
	err = json.Unmarshal(data, &answer)
	return answer.Verdict != "undecided", err
}
