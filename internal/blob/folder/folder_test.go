package folder

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/ringfence/ringfence/internal/blob"
	"github.com/ringfence/ringfence/internal/blob/blobtest"
)

func open(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestContract(t *testing.T) {
	blobtest.Run(t, blobtest.Driver{
		Fresh: func(t *testing.T) blob.Store {
			dir, err := os.MkdirTemp(t.TempDir(), "")
			if err != nil {
				t.Fatal(err)
			}
			return open(t, dir)
		},
		Reopen: func(t *testing.T, s blob.Store) blob.Store {
			dir := s.(*Store).root.Name()
			s.(*Store).Close()
			return open(t, dir)
		},
	})
}

// TestStaysInside: what is half written goes, and a link that somebody put into the directory does not lead out of it.
func TestStaysInside(t *testing.T) {
	dir, outside := t.TempDir(), t.TempDir()
	for name, data := range map[string]string{filepath.Join(dir, "a.0"+suffix): "half", filepath.Join(outside, "secret"): "s"} {
		if err := os.WriteFile(name, []byte(data), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(outside, filepath.Join(dir, "out")); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir)
	if _, err := os.Stat(filepath.Join(dir, "a.0"+suffix)); !os.IsNotExist(err) {
		t.Errorf("what was half written: %v", err)
	}
	if data, err := s.Get(t.Context(), "out/secret"); err == nil {
		t.Errorf("a link leads out of the directory: %q", data)
	}
	if err := s.Put(t.Context(), "out/new", nil); err == nil {
		t.Error("a link leads a writer out of the directory")
	}
}
