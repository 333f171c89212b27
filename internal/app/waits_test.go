package app

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/config"
)

// TestBehind: while the Jetstream has older events to bring, the clock waits for them.
func TestBehind(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	a := &App{opts: Options{Config: config.Defaults(), Now: now.UnixNano}}
	for _, c := range []struct {
		name string
		last int64
		want bool
	}{
		{"nothing followed yet", 0, false},
		{"up to date", now.Add(-time.Minute).UnixNano(), false},
		{"an outage of an hour", now.Add(-time.Hour).UnixNano(), true},
	} {
		a.followed.Store(c.last)
		if got := a.behind(); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
}

// TestWaitsEndWithTheApp: who waits for decisions does not wait for an app that has ended.
func TestWaitsEndWithTheApp(t *testing.T) {
	a := &App{running: make(chan struct{})}
	ctx, stop := a.whileRunning(t.Context())
	defer stop()
	if ctx.Err() != nil {
		t.Error("it runs")
	}
	close(a.running)
	<-ctx.Done()
	if err := context.Cause(ctx); !errors.Is(err, errEnded) {
		t.Errorf("got %v", err)
	}
}
