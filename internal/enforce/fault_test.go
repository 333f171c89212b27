package enforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/record/sqlite"
	"github.com/ringfence/ringfence/webhook"
)

// flaky is a platform that honours the key and fails in every way a platform fails.
type flaky struct {
	t       *testing.T
	rand    *rand.Rand
	mu      sync.Mutex
	applied map[string]int      // by id
	order   map[string][]string // ids applied, by target
	doubled int
}

func (f *flaky) receive(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	if err := webhook.Verify(secret(f.t), req.Header, body, time.Now(), time.Minute); err != nil {
		f.t.Error(err)
	}
	f.mu.Lock()
	fate, delay, before := f.rand.Float64(), time.Duration(f.rand.ExpFloat64()*float64(300*time.Millisecond)), f.rand.IntN(2) == 0
	f.mu.Unlock()
	wait := time.NewTimer(delay)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-req.Context().Done():
		return nil, req.Context().Err()
	}
	if fate < 0.15 { // fails before it did anything
		if before {
			return answer(500, "try again")
		}
		return nil, errors.New("connection refused")
	}
	f.apply(body)
	if fate < 0.30 { // did it, and could not say so
		if before {
			return answer(502, "bad gateway")
		}
		return nil, errors.New("connection reset by peer")
	}
	return answer(200, "")
}

func (f *flaky) apply(body []byte) {
	var m webhook.Message
	if err := json.Unmarshal(body, &m); err != nil {
		f.t.Error(err)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.applied[m.ID] > 0 {
		f.doubled++
		return
	}
	f.applied[m.ID]++
	f.order[m.Target] = append(f.order[m.Target], m.ID)
}

// TestEachEffectIsAppliedOnceInOrder: at a receiver that honours the key and fails 30% of the time, half of that after it applied
// the effect. None is lost, none applied twice, and those on one account are applied in the order in which they were decided.
func TestEachEffectIsAppliedOnceInOrder(t *testing.T) {
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			const effects, accounts = 200, 20
			f := &flaky{t: t, rand: rand.New(rand.NewPCG(seed, 1)), applied: map[string]int{}, order: map[string][]string{}}
			arrive := rand.New(rand.NewPCG(seed, 2))
			want := map[string][]string{}
			run(t, f.receive, platform(8), func(b *bench) {
				f.t = b.T
				for range effects {
					account := fmt.Sprint("a", arrive.IntN(accounts))
					id := b.put(account)
					want["account:"+account] = append(want["account:"+account], id)
					if arrive.IntN(20) == 0 {
						time.Sleep(time.Duration(arrive.IntN(3000)) * time.Millisecond)
					}
				}
				b.settled(time.Hour)
			})
			total := 0
			for target, ids := range want {
				total += len(f.order[target])
				if got := f.order[target]; fmt.Sprint(got) != fmt.Sprint(ids) {
					t.Errorf("%s: got %v, want %v", target, got, ids)
				}
			}
			if total != effects || len(f.applied) != effects {
				t.Errorf("%d applied of %d, %d different", total, effects, len(f.applied))
			}
			if f.doubled == 0 {
				t.Error("no message came twice: the test tests nothing")
			}
		})
	}
}

// BenchmarkDeliver sends to a receiver that answers at once, 16 at a time, on a store that fsyncs.
func BenchmarkDeliver(b *testing.B) {
	const effects = 2000
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		store, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "records.db"))
		if err != nil {
			b.Fatal(err)
		}
		batch := make([]effect.Effect, effects)
		for i := range batch {
			batch[i] = effect.Effect{ID: fmt.Sprintf("%032x", i), Kind: effect.Label, Value: "spammer", State: effect.Queued,
				Target: event.Entity{Kind: event.AccountEntity, ID: fmt.Sprint("a", i)}}
		}
		if _, err := store.PutEffects(b.Context(), batch, 0, 0); err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(b.Context())
		sent := atomic.Int64{}
		d, err := New(Options{Store: store, Now: time.Now, Log: slog.New(slog.DiscardHandler),
			Receivers: []Receiver{{Name: "platform", URL: "https://platform.example", Secrets: []webhook.Secret{secret(b)}, Workers: 16,
				Client: &http.Client{Transport: transport(func(*http.Request) (*http.Response, error) {
					if sent.Add(1) == effects {
						cancel()
					}
					return answer(200, "")
				})}}}})
		if err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		if err := d.Run(ctx); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		if err := store.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(effects*b.N)/b.Elapsed().Seconds(), "effects/s")
}

// failing is a store that fails once it is told to.
type failing struct {
	*sqlite.Store
	sick atomic.Bool
}

func (f *failing) DueReceivers(ctx context.Context, now int64) ([]string, error) {
	if f.sick.Load() {
		return nil, errors.New("disk full")
	}
	return f.Store.DueReceivers(ctx, now)
}

// TestStoreFailureIsNotTheReceivers: messages that are broken off because the store failed are no failures of their receiver, and are
// sent again.
func TestStoreFailureIsNotTheReceivers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "records.db"))
		if err != nil {
			t.Fatal(err)
		}
		defer store.Close()
		f := &failing{Store: store}
		var calls atomic.Int64
		d, err := New(Options{Store: f, Now: time.Now, Log: slog.New(slog.DiscardHandler),
			Receivers: []Receiver{{Name: "platform", URL: "https://platform.example", Secrets: []webhook.Secret{secret(t)}, Workers: 20,
				Client: &http.Client{Transport: transport(func(req *http.Request) (*http.Response, error) {
					if calls.Add(1) > 20 {
						return answer(200, "")
					}
					<-req.Context().Done()
					return nil, req.Context().Err()
				})}}}})
		if err != nil {
			t.Fatal(err)
		}
		b := &bench{T: t, store: store, d: d}
		for i := range 20 {
			b.put(fmt.Sprint("a", i))
		}
		time.AfterFunc(2*time.Second, func() { f.sick.Store(true) })
		if err := d.Run(t.Context()); err == nil {
			t.Fatal("a store that fails ended nothing")
		}
		f.sick.Store(false)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- d.Run(ctx) }()
		b.settled(time.Minute)
		cancel()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if got, _ := d.Stats(); got[0].Retried != 0 || got[0].Delivered != 20 || got[0].Open {
			t.Errorf("got %+v, want no failure", got[0])
		}
	})
}
