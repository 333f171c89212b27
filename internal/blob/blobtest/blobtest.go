// Package blobtest is the contract suite of the port of media bytes. A driver that passes it can take the place of any other.
package blobtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/ringfence/ringfence/internal/blob"
)

// Driver makes the stores that the suite runs on.
type Driver struct {
	// Fresh is a new, empty store.
	Fresh func(t *testing.T) blob.Store
	// Reopen opens again what s stored.
	Reopen func(t *testing.T, s blob.Store) blob.Store
}

// Run runs the suite.
func Run(t *testing.T, d Driver) {
	t.Helper()
	t.Run("is a map of names to bytes", func(t *testing.T) { isMap(t, d) })
	t.Run("survives reopening", func(t *testing.T) { survives(t, d) })
	t.Run("refuses what it cannot keep", func(t *testing.T) { refuses(t, d) })
	t.Run("shows whole blobs to readers while writers replace them", func(t *testing.T) { whole(t, d) })
	t.Run("lists in pages", func(t *testing.T) { pages(t, d) })
	t.Run("does nothing for a cancelled caller", func(t *testing.T) { cancelled(t, d) })
}

// isMap does at random what can be done, to a store and to a map.
func isMap(t *testing.T, d Driver) {
	rapid.Check(t, func(rt *rapid.T) {
		s, want := d.Fresh(t), map[string]string{}
		ctx := t.Context()
		names := rapid.SampledFrom([]string{"a", "b.c", "x/a", "x/b", "x-y/a", "x/c/d/e", "z/0"})
		rt.Repeat(map[string]func(*rapid.T){
			"put": func(rt *rapid.T) {
				name, data := names.Draw(rt, "name"), rapid.SliceOfN(rapid.Byte(), 0, 10).Draw(rt, "data")
				if err := s.Put(ctx, name, data); err != nil {
					rt.Fatal(err)
				}
				want[name] = string(data)
				clear(data) // it must have been copied
			},
			"delete": func(rt *rapid.T) {
				name := names.Draw(rt, "name")
				if err := s.Delete(ctx, name); err != nil {
					rt.Fatal(err)
				}
				delete(want, name)
			},
			"get": func(rt *rapid.T) {
				name := names.Draw(rt, "name")
				got, err := s.Get(ctx, name)
				data, there := want[name]
				if string(got) != data || there != (err == nil) || !there && !errors.Is(err, blob.ErrNone) {
					rt.Fatalf("%s: got %q, %v, want %q", name, got, err, data)
				}
			},
			"": func(rt *rapid.T) {
				for _, prefix := range []string{"", "x/", "x/c/", "y/"} {
					list, err := s.List(ctx, prefix, "", 100)
					if err != nil {
						rt.Fatal(err)
					}
					var got, all []string
					for _, info := range list {
						got = append(got, fmt.Sprint(info.Name, " ", info.Size))
					}
					for _, name := range slices.Sorted(maps.Keys(want)) {
						if strings.HasPrefix(name, prefix) {
							all = append(all, fmt.Sprint(name, " ", len(want[name])))
						}
					}
					if diff := cmp.Diff(all, got); diff != "" {
						rt.Fatalf("list of %q (-want +got):\n%s", prefix, diff)
					}
				}
			},
		})
	})
}

func survives(t *testing.T, d Driver) {
	s := d.Fresh(t)
	if err := s.Put(t.Context(), "a/b", []byte("kept")); err != nil {
		t.Fatal(err)
	}
	s = d.Reopen(t, s)
	if got, err := s.Get(t.Context(), "a/b"); err != nil || string(got) != "kept" {
		t.Errorf("got %q, %v", got, err)
	}
}

func refuses(t *testing.T, d Driver) {
	s := d.Fresh(t)
	ctx := t.Context()
	for _, name := range []string{"", "/", "/a", "a/", "a//b", "../a", "a/../b", ".a", "a/.b", "A", "a b", "a\x00", "a\\b", "é", "a/b/c/d/e", strings.Repeat("a", 101)} {
		if err := s.Put(ctx, name, nil); !errors.Is(err, blob.ErrName) {
			t.Errorf("put %q: %v, want %v", name, err, blob.ErrName)
		}
		if _, err := s.Get(ctx, name); !errors.Is(err, blob.ErrName) {
			t.Errorf("get %q: %v, want %v", name, err, blob.ErrName)
		}
		if err := s.Delete(ctx, name); !errors.Is(err, blob.ErrName) {
			t.Errorf("delete %q: %v, want %v", name, err, blob.ErrName)
		}
	}
	for _, prefix := range []string{"a", "/", "../", "a//"} {
		if _, err := s.List(ctx, prefix, "", 1); !errors.Is(err, blob.ErrName) {
			t.Errorf("list %q: %v, want %v", prefix, err, blob.ErrName)
		}
	}
	if err := s.Put(ctx, "large", make([]byte, blob.MaxSize+1)); err == nil {
		t.Error("a blob over the limit was taken")
	}
	if _, err := s.Get(ctx, "large"); !errors.Is(err, blob.ErrNone) {
		t.Errorf("what was refused is there: %v", err)
	}
}

func whole(t *testing.T, d Driver) {
	s := d.Fresh(t)
	ctx := t.Context()
	content := func(n byte) []byte { return bytes.Repeat([]byte{n}, 5000+int(n)) }
	var group sync.WaitGroup
	for n := range byte(8) {
		group.Go(func() {
			for range 5 {
				if err := s.Put(ctx, "x/one", content(n)); err != nil {
					t.Error(err)
				}
			}
		})
		group.Go(func() {
			for range 20 {
				got, err := s.Get(ctx, "x/one")
				if errors.Is(err, blob.ErrNone) {
					continue
				}
				if err != nil || len(got) == 0 || !bytes.Equal(got, content(got[0])) {
					t.Errorf("got %d bytes, %v: not what anybody wrote", len(got), err)
					return
				}
			}
		})
	}
	group.Wait()
	if list, err := s.List(ctx, "", "", 10); err != nil || len(list) != 1 {
		t.Errorf("writers left %v, %v", list, err)
	}
}

func pages(t *testing.T, d Driver) {
	s := d.Fresh(t)
	var want []string
	for i := range 25 {
		name := fmt.Sprintf("p/%d", i)
		want = append(want, name)
		if err := s.Put(t.Context(), name, nil); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(want)
	var got []string
	for after := ""; ; {
		list, err := s.List(t.Context(), "p/", after, 7)
		if err != nil {
			t.Fatal(err)
		}
		for _, info := range list {
			got = append(got, info.Name)
		}
		if len(list) < 7 {
			break
		}
		after = list[6].Name
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want- got+\n%s", diff)
	}
}

func cancelled(t *testing.T, d Driver) {
	s := d.Fresh(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Put(ctx, "a", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if list, err := s.List(t.Context(), "", "", 10); err != nil || len(list) != 0 {
		t.Errorf("there is %v, %v", list, err)
	}
}
