package pebblelog

import (
	"fmt"
	"log/slog"
	"runtime"
	"sync"
)

// fuse is the one way in which a store fails: it blows at the first error after which Pebble could not go on, and stays so.
// It is also Pebble's logger, because that is where Pebble reports such errors.
type fuse struct {
	log   *slog.Logger
	once  sync.Once
	cause error         // set before blown is closed
	blown chan struct{} // closed by the first fatal error
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
		f.log.Error("store failed", "err", cause)
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

// retried logs an error that Pebble will try to get over by itself, such as a full disk under a flush.
func (f *fuse) retried(err error) { f.log.Error("store will try again", "err", err) }

// Infof is Pebble's account of flushes and compactions.
func (f *fuse) Infof(format string, args ...any) {
	f.log.Debug("store", "msg", fmt.Sprintf(format, args...))
}

// Errorf is Pebble's account of what went wrong and can be got over.
func (f *fuse) Errorf(format string, args ...any) { f.retried(fmt.Errorf(format, args...)) }

// Fatalf fails the store. Pebble relies on not being returned to, so this ends the goroutine that calls it.
func (f *fuse) Fatalf(format string, args ...any) {
	f.blow(fmt.Errorf(format, args...))
	runtime.Goexit()
}
