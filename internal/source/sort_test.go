package source

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/ringfence/ringfence/event"
)

// shuffled is n events in no order, some of them with equal times and ids but other text.
func shuffled(n int) []string {
	rng := rand.New(rand.NewPCG(1, 2))
	lines := make([]string, n)
	for i := range lines {
		id, second := rng.IntN(n/2+1), rng.IntN(60)
		lines[i] = fmt.Sprintf(`{"id":"e%d","time":"2026-01-02T03:04:%02dZ","kind":"k","actor":"a","text":"%d"}`, id, second, i)
	}
	return lines
}

func TestSorted(t *testing.T) {
	const n = 5000
	lines := shuffled(n)
	want := slices.Clone(lines)
	slices.SortStableFunc(want, func(a, b string) int {
		var x, y event.Event
		d := event.NewDecoder(event.DefaultLimits())
		if err := errors.Join(d.Decode([]byte(a), &x), d.Decode([]byte(b), &y)); err != nil {
			t.Fatal(err)
		}
		if x.Time != y.Time {
			return int(x.Time/1e9 - y.Time/1e9)
		}
		return strings.Compare(x.ID, y.ID)
	})
	for _, tc := range []struct {
		name   string
		memory int
		spills bool
	}{
		{"in memory", 1 << 30, false},
		{"a few runs", 200 << 10, true},
		{"more runs than are merged at once", 1 << 10, true},
		{"a run for each event", 0, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if tc.memory == 0 {
				lines, want = lines[:100], sortedPrefix(want, lines[:100])
			}
			dir := t.TempDir()
			readers := []Reader{
				open(t, "a", strings.Join(lines[:30], "\n"), Options{}),
				open(t, "b", strings.Join(lines[30:], "\n"), Options{}),
			}
			r, err := Sorted(t.Context(), readers, SortOptions{Memory: tc.memory, Dir: dir})
			if err != nil {
				t.Fatal(err)
			}
			if left := entriesOf(t, dir); (len(left) > 0) != tc.spills {
				t.Errorf("%d entries in the directory for runs, want some: %v", len(left), tc.spills)
			}
			if diff := cmp.Diff(want, read(t, r)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if left := entriesOf(t, dir); len(left) != 0 {
				t.Errorf("left behind after Close: %v", left)
			}
		})
	}
}

// sortedPrefix is all without those that are not among some.
func sortedPrefix(all, some []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return !slices.Contains(some, s) })
}

func entriesOf(t *testing.T, dir string) []os.DirEntry {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

func TestSortedErrors(t *testing.T) {
	lines := shuffled(500)
	lines[300] = "nonsense"
	content := strings.Join(lines, "\n")

	t.Run("told", func(t *testing.T) {
		var told []string
		r, err := Sorted(t.Context(), []Reader{open(t, "f", content, Options{})}, SortOptions{Memory: 1 << 10, Dir: t.TempDir(), OnError: func(e *LineError) error {
			told = append(told, e.Error())
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, r); len(got) != 499 {
			t.Errorf("got %d events, want 499", len(got))
		}
		if want := []string{"f:301: want an object, found 'n' (at byte 0)"}; !slices.Equal(told, want) {
			t.Errorf("told of %q, want %q", told, want)
		}
	})
	fails := func(name string, want string, sort func(dir string, in *closeCounter) error) {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			in := &closeCounter{Reader: strings.NewReader(content)}
			if err := sort(dir, in); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got error %v, want …%s…", err, want)
			}
			if left := entriesOf(t, dir); len(left) != 0 || in.n != 1 {
				t.Errorf("left behind: %v; the input was closed %d times", left, in.n)
			}
		})
	}
	reader := func(in io.ReadCloser) []Reader {
		r, err := NewReader("f", in, Options{Limits: small()})
		if err != nil {
			t.Fatal(err)
		}
		return []Reader{r}
	}
	fails("at the first", "f:301: want an object", func(dir string, in *closeCounter) error {
		_, err := Sorted(t.Context(), reader(in), SortOptions{Memory: 1 << 10, Dir: dir})
		return err
	})
	fails("stopped", "enough", func(dir string, in *closeCounter) error {
		_, err := Sorted(t.Context(), reader(in), SortOptions{Memory: 1 << 10, Dir: dir, OnError: func(*LineError) error { return errors.New("enough") }})
		return err
	})
	fails("cancelled", "context canceled", func(dir string, in *closeCounter) error {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := Sorted(ctx, reader(in), SortOptions{Memory: 1 << 10, Dir: dir})
		return err
	})
	fails("no directory", "no such file", func(dir string, in *closeCounter) error {
		_, err := Sorted(t.Context(), reader(in), SortOptions{Memory: 1 << 10, Dir: dir + "/none"})
		return err
	})
}

func BenchmarkSorted(b *testing.B) {
	content := strings.Join(shuffled(100_000), "\n")
	for _, bc := range []struct {
		name   string
		memory int
	}{{"memory", 1 << 30}, {"runs", 2 << 20}} {
		b.Run(bc.name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(content)))
			for b.Loop() {
				in, err := NewReader("f", io.NopCloser(strings.NewReader(content)), Options{Limits: event.DefaultLimits()})
				if err != nil {
					b.Fatal(err)
				}
				r, err := Sorted(b.Context(), []Reader{in}, SortOptions{Memory: bc.memory, Dir: b.TempDir()})
				if err != nil {
					b.Fatal(err)
				}
				var e event.Event
				for err == nil {
					err = r.Next(&e)
				}
				if !errors.Is(err, io.EOF) {
					b.Fatal(err)
				}
				if err := r.Close(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
