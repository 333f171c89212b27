package enforce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/ringfence/ringfence/event"
	"github.com/ringfence/ringfence/internal/effect"
	"github.com/ringfence/ringfence/internal/record/sqlite"
	"github.com/ringfence/ringfence/webhook"
)

// crashed is the exit status of a process that ended at a crash point.
const crashed = 137

// TestCrash ends the process at every point between sending a message and storing what came of it, with other messages under way,
// and starts it again. The receiver honours the key: each effect is applied once and in order, and every process got further.
func TestCrash(t *testing.T) {
	for _, point := range []string{"send.before", "send.after", "ack.before", "ack.after"} {
		t.Run(point, func(t *testing.T) {
			const effects, accounts = 24, 5
			var mu sync.Mutex
			order, seen, doubled := map[string][]string{}, map[string]bool{}, 0
			srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				var m webhook.Message
				if err := json.NewDecoder(r.Body).Decode(&m); err != nil {
					return // cut off by the crash
				}
				if seen[m.ID] {
					doubled++
					return
				}
				seen[m.ID] = true
				order[m.Target] = append(order[m.Target], m.Event)
			}))
			defer srv.Close()

			path := filepath.Join(t.TempDir(), "records.db")
			store, err := sqlite.Open(t.Context(), path)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string][]string{}
			batch := make([]effect.Effect, effects)
			for i := range batch {
				batch[i] = effect.Effect{ID: fmt.Sprintf("%032x", i), Kind: effect.Label, State: effect.Queued, EventID: fmt.Sprint("e", i),
					Target: event.Entity{Kind: event.AccountEntity, ID: fmt.Sprint("a", i%accounts)}}
				target := batch[i].Target.String()
				want[target] = append(want[target], batch[i].EventID)
			}
			if _, err := store.PutEffects(t.Context(), batch, 0, 0); err != nil {
				t.Fatal(err)
			}
			if err := store.Close(); err != nil {
				t.Fatal(err)
			}

			crashes := 0
			for start := 1; start <= effects; start++ {
				child := exec.Command(os.Args[0], "-test.run=^TestCrashChild$")
				child.Env = append(os.Environ(), "ENFORCE_STORE="+path, "ENFORCE_URL="+srv.URL, "ENFORCE_POINT="+point, "ENFORCE_START="+strconv.Itoa(start))
				out, err := child.CombinedOutput()
				if err == nil {
					break
				}
				if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != crashed {
					t.Fatalf("start %d: %v\n%s", start, err, out)
				}
				crashes++
			}
			mu.Lock()
			defer mu.Unlock()
			if fmt.Sprint(order) != fmt.Sprint(want) {
				t.Errorf("applied %v, want %v", order, want)
			}
			if crashes < 2 || (point == "ack.before" && doubled == 0) {
				t.Errorf("%d crashes, %d messages came twice: the test tests nothing", crashes, doubled)
			}
		})
	}
}

// TestCrashChild is the process that TestCrash starts. Its clock is a minute on at each start, so that leases have run out.
func TestCrashChild(t *testing.T) {
	path := os.Getenv("ENFORCE_STORE")
	if path == "" {
		t.Skip("TestCrash runs it")
	}
	start, err := strconv.Atoi(os.Getenv("ENFORCE_START"))
	if err != nil {
		t.Fatal(err)
	}
	store, err := sqlite.Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	var mu sync.Mutex
	passed := 0
	d, err := New(Options{
		Store: store, Log: slog.New(slog.DiscardHandler),
		Receivers: []Receiver{{Name: "platform", URL: os.Getenv("ENFORCE_URL"), Secrets: []webhook.Secret{secret(t)}, Workers: 3, Client: http.DefaultClient}},
		Now:       func() time.Time { return time.Unix(1_700_000_000, 0).Add(time.Duration(start) * time.Minute) },
		Crash: func(point string) {
			mu.Lock()
			defer mu.Unlock()
			if point == os.Getenv("ENFORCE_POINT") {
				if passed++; passed == 4 {
					os.Exit(crashed)
				}
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	go func() {
		defer cancel()
		for ctx.Err() == nil {
			if b, err := store.Backlog(ctx); err != nil || b.Queued == 0 {
				return
			}
			<-time.After(5 * time.Millisecond)
		}
	}()
	if err := d.Run(ctx); err != nil {
		t.Fatal(err)
	}
}
