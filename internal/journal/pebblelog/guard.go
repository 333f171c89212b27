package pebblelog

import (
	"fmt"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// guard is the disk as Pebble sees it: one on which a write to the write-ahead log, the manifest or a directory never fails.
//
// Pebble answers such a failure by a panic while it holds no lock that its deferred calls then release, which no recover
// survives, or by a fatal error. So the guard blows the fuse and never answers. The goroutine that asked stays where it is,
// holds none of the locks that readers take, and ends with the process, which nothing but a restart helps anyway. Errors on
// sorted files are passed on: Pebble writes those again.
type guard struct {
	vfs.FS
	fuse *fuse
}

// hold returns on success only.
func (g *guard) hold(op, path string, err error) {
	if err != nil {
		g.fuse.blow(fmt.Errorf("%s %s: %w", op, path, err))
		select {}
	}
}

// rewritten reports whether Pebble gets over a failure to write the file.
func rewritten(path string) bool {
	return strings.HasSuffix(path, ".sst") || strings.HasSuffix(path, ".blob")
}

func (g *guard) Create(path string, category vfs.DiskWriteCategory) (vfs.File, error) {
	if rewritten(path) {
		g.fuse.pace()
	}
	f, err := g.FS.Create(path, category)
	if rewritten(path) {
		return f, err
	}
	g.hold("create", path, err)
	return &guardedFile{f, g, path}, nil
}

func (g *guard) ReuseForWrite(from, to string, category vfs.DiskWriteCategory) (vfs.File, error) {
	f, err := g.FS.ReuseForWrite(from, to, category)
	g.hold("reuse", to, err)
	return &guardedFile{f, g, to}, nil
}

func (g *guard) OpenDir(path string) (vfs.File, error) {
	f, err := g.FS.OpenDir(path)
	if err != nil {
		return nil, err
	}
	return &guardedFile{f, g, path}, nil
}

func (g *guard) Unwrap() vfs.FS { return g.FS }

// guardedFile is a file whose writes and syncs return on success only. Room that cannot be had in advance is no failure: what is
// written may still fit.
type guardedFile struct {
	vfs.File
	guard *guard
	path  string
}

func (f *guardedFile) Write(p []byte) (int, error) {
	n, err := f.File.Write(p)
	f.guard.hold("write", f.path, err)
	return n, nil
}

func (f *guardedFile) Sync() error {
	f.guard.hold("sync", f.path, f.File.Sync())
	return nil
}

func (f *guardedFile) SyncData() error {
	f.guard.hold("sync", f.path, f.File.SyncData())
	return nil
}

func (f *guardedFile) SyncTo(length int64) (bool, error) {
	full, err := f.File.SyncTo(length)
	f.guard.hold("sync", f.path, err)
	return full, nil
}

func (f *guardedFile) Close() error {
	f.guard.hold("close", f.path, f.File.Close())
	return nil
}
