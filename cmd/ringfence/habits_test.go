package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestHabitsStopWhenTold holds that the verb stops at a signal, at the next text or account.
func TestHabitsStopWhenTold(t *testing.T) {
	in := filepath.Join(t.TempDir(), "texts.ndjson")
	if err := os.WriteFile(in, []byte(`{"id":"1","account":"a","text":"frее mоnеy"}`+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := (textHabitsCmd{In: in}).Run(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("the verb ends with %v, want %v", err, context.Canceled)
	}
}
