package pebblelog

import (
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// fuse is the one way in which a store fails: it blows at the first error after which Pebble could not go on, and stays so.
// It is also Pebble's logger, because that is where Pebble reports such errors.
type fuse struct {
	log     *slog.Logger
	once    sync.Once
	cause   error         // set before blown is closed
	blown   chan struct{} // closed by the first fatal error
	waiting atomic.Bool   // somebody waits for what Pebble would try for ever: the store is being opened or closed
	stumble atomic.Bool   // Pebble is about to try something again
}

func newFuse(log *slog.Logger) *fuse { return &fuse{log: log, blown: make(chan struct{})} }

// run makes the call on a goroutine of its own, which a fatal error holds or ends, and returns the call's error or the store's.
func (f *fuse) run(call func() error) error {
	if err := f.err(); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				f.blow(fmt.Errorf("panic in the store: %v", p))
			}
		}()
		done <- call()
	}()
	select {
	case err := <-done:
		return err
	case <-f.blown:
		return f.err()
	}
}

// blow fails the store for the cause, unless it has failed already.
func (f *fuse) blow(cause error) {
	f.once.Do(func() {
		f.log.Error("store failed", "err", cause.Error())
		f.cause = cause
		close(f.blown)
	})
}

func (f *fuse) err() error {
	select {
	case <-f.blown:
		return fmt.Errorf("%w: %w", ErrFailed, f.cause)
	default:
		return nil
	}
}

// retried hears of an error that Pebble will try to get over by itself, at once and for ever, such as a full disk under a flush.
// A store that is being opened or closed has failed then.
func (f *fuse) retried(err error) {
	if f.waiting.Load() {
		f.blow(err)
		select {} // see guard
	}
	f.stumble.Store(true)
	f.log.Error("store will try again", "err", err.Error())
}

// pace makes a new try of what failed wait a little.
func (f *fuse) pace() {
	if f.stumble.Swap(false) {
		time.Sleep(time.Second)
	}
}

// Infof is Pebble's account of flushes and compactions.
func (f *fuse) Infof(format string, args ...any) {
	f.log.Debug("store", "msg", fmt.Sprintf(format, args...))
}

// Errorf is Pebble's account of what went wrong and can be got over.
func (f *fuse) Errorf(format string, args ...any) {
	f.log.Error("store", "err", fmt.Sprintf(format, args...))
}

// Fatalf fails the store. Pebble relies on not being returned to, so this ends the goroutine that calls it.
func (f *fuse) Fatalf(format string, args ...any) {
	f.blow(fmt.Errorf(format, args...))
	runtime.Goexit()
}
