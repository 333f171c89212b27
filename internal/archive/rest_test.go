package archive

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		if err := rest(t.Context(), 0); err != nil || time.Since(began) != 0 {
			t.Errorf("no pause: %v after %v", err, time.Since(began))
		}
		if err := rest(t.Context(), time.Second); err != nil || time.Since(began) != time.Second {
			t.Errorf("a pause of a second: %v after %v", err, time.Since(began))
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := rest(ctx, time.Hour); !errors.Is(err, context.Canceled) {
			t.Errorf("a pause that is called off: %v", err)
		}
	})
}
