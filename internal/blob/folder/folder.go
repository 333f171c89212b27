// Package folder keeps blobs as files of a directory, the embedded driver of package blob. A name is a path below it.
package folder

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ringfence/ringfence/internal/blob"
)

// Store is a directory of blobs. Only one process uses it at a time.
type Store struct {
	root *os.Root // so that no name and no link leads out of it
}

var _ blob.Store = (*Store)(nil)

// suffix ends the names of files that are being written. No blob's name has a space.
const suffix = " tmp"

// Open opens a directory, and makes it if it is not there. What a crash left half written is removed.
func Open(dir string) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	s := &Store{root}
	err = fs.WalkDir(root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(name, suffix) {
			err = root.Remove(name)
		}
		return err
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("blob: remove what is half written: %w", err), root.Close())
	}
	return s, nil
}

// Close gives the directory back.
func (s *Store) Close() error { return s.root.Close() }

// Put implements [blob.Store]. It writes a file beside the blob's place, syncs it, moves it there and syncs the directory.
func (s *Store) Put(ctx context.Context, name string, data []byte) error {
	if err := check(ctx, name); err != nil {
		return err
	}
	if len(data) > blob.MaxSize {
		return fmt.Errorf("blob %s: %d bytes are more than %d", name, len(data), blob.MaxSize)
	}
	dir := path.Dir(name)
	if err := s.root.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("blob %s: %w", name, err)
	}
	// A file of its own for each writer: of two that put one name at a time the later wins, whole.
	f, err := s.create(name)
	if err != nil {
		return fmt.Errorf("blob %s: %w", name, err)
	}
	_, err = f.Write(data)
	err = errors.Join(cmp.Or(err, f.Sync()), f.Close())
	if err == nil {
		err = s.root.Rename(f.Name(), name)
	}
	if err != nil {
		return fmt.Errorf("blob %s: %w", name, errors.Join(err, s.root.Remove(f.Name())))
	}
	return s.sync(dir)
}

// create makes a file that nobody else writes.
func (s *Store) create(name string) (*file, error) {
	for n := 0; ; n++ {
		temporary := fmt.Sprint(name, ".", n, suffix)
		f, err := s.root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if !errors.Is(err, fs.ErrExist) {
			return &file{f, temporary}, err
		}
	}
}

// file is an open file with its name below the root.
type file struct {
	*os.File
	name string
}

// Name is the name below the root.
func (f *file) Name() string { return f.name }

func (s *Store) sync(dir string) error {
	d, err := s.root.Open(dir)
	if err != nil {
		return fmt.Errorf("blob: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// Get implements [blob.Store].
func (s *Store) Get(ctx context.Context, name string) ([]byte, error) {
	if err := check(ctx, name); err != nil {
		return nil, err
	}
	data, err := s.root.ReadFile(name)
	if missing(err) {
		return nil, fmt.Errorf("%w: %s", blob.ErrNone, name)
	} else if err != nil {
		return nil, fmt.Errorf("blob %s: %w", name, err)
	}
	return data, nil
}

// Delete implements [blob.Store]. Directories that become empty stay: another blob may be on its way there.
func (s *Store) Delete(ctx context.Context, name string) error {
	if err := check(ctx, name); err != nil {
		return err
	}
	if err := s.root.Remove(name); err != nil && !missing(err) {
		return fmt.Errorf("blob %s: %w", name, err)
	}
	return nil
}

// missing says whether an error is that there is no such blob, also where a directory is in its place.
func missing(err error) bool {
	var at *fs.PathError
	return errors.Is(err, fs.ErrNotExist) || errors.As(err, &at) && (strings.Contains(at.Err.Error(), "directory"))
}

// List implements [blob.Store]. It reads the directories below the prefix, all of them where few names are asked for too.
func (s *Store) List(ctx context.Context, prefix, after string, max int) ([]blob.Info, error) {
	dir := "."
	if prefix != "" {
		if dir = strings.TrimSuffix(prefix, "/"); dir == prefix || blob.CheckName(dir) != nil {
			return nil, fmt.Errorf("%w: prefix %q", blob.ErrName, prefix)
		}
	}
	var list []blob.Info
	err := fs.WalkDir(s.root.FS(), dir, func(name string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, fs.ErrNotExist):
			return nil // nothing below the prefix, or deleted meanwhile
		case err != nil || d.IsDir() || strings.HasSuffix(name, suffix) || name <= after:
			return err
		}
		info, err := d.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		} else if err != nil {
			return err
		}
		list = append(list, blob.Info{Name: name, Size: info.Size()})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("blob: list %s: %w", filepath.ToSlash(dir), err)
	}
	slices.SortFunc(list, func(a, b blob.Info) int { return strings.Compare(a.Name, b.Name) })
	return list[:min(len(list), max)], nil
}

func check(ctx context.Context, name string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := blob.CheckName(name); err != nil {
		return fmt.Errorf("%w: %q", err, name)
	}
	return nil
}
