package pebblelog

import (
	"fmt"
	"log/slog"
	"runtime"
	"sync"
)

// fuse turns Pebble's fatal errors into the store's failure. It is Pebble's logger: where Pebble calls Fatalf it relies on not
// being returned to, as its structures are no longer sound; the default logger ends the process there.
type fuse struct {
	log   *slog.Logger
	once  sync.Once
	cause error         // set before blown is closed
	blown chan struct{} // closed by the first fatal error
}

func newFuse(log *slog.Logger) *fuse { return &fuse{log: log, blown: make(chan struct{})} }

// run calls f on a goroutine of its own, which a fatal error or a panic in Pebble ends, and returns f's error or the store's.
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

func (f *fuse) blow(cause error) {
	f.once.Do(func() {
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

func (f *fuse) background(err error) { f.log.Error("store", "err", err) }

// Infof is Pebble's account of flushes and compactions.
func (f *fuse) Infof(format string, args ...any) {
	f.log.Debug("store", "msg", fmt.Sprintf(format, args...))
}

// Errorf is Pebble's account of what it will try again.
func (f *fuse) Errorf(format string, args ...any) {
	f.log.Error("store", "msg", fmt.Sprintf(format, args...))
}

// Fatalf fails the store and ends the calling goroutine.
func (f *fuse) Fatalf(format string, args ...any) {
	err := fmt.Errorf(format, args...)
	f.log.Error("store failed", "err", err)
	f.blow(err)
	runtime.Goexit()
}
