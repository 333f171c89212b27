package app_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/ringfence/ringfence/internal/app"
	"github.com/ringfence/ringfence/internal/pipeline"
	"github.com/ringfence/ringfence/internal/state"
)

// smallDisk is a file system of its own with so many bytes.
func smallDisk(t *testing.T, size int) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprint("size=", size)); err != nil {
		t.Skipf("a small disk needs the right to mount one: %v", err)
	}
	t.Cleanup(func() { must(t, syscall.Unmount(dir, 0)) })
	return dir
}

// fill takes all the room that the disk has left, until the file that it names is removed.
func fill(t *testing.T, disk string) (ballast string) {
	t.Helper()
	f, err := os.Create(filepath.Join(disk, "ballast"))
	must(t, err)
	defer f.Close()
	for block := make([]byte, 1<<20); len(block) > 0; {
		if _, err := f.Write(block); errors.Is(err, syscall.ENOSPC) {
			block = block[:len(block)/2]
		} else {
			must(t, err)
		}
	}
	return f.Name()
}

// replies are events each of which leads to an effect.
func replies(i int) (lines []string) {
	for j := range perRequest {
		lines = append(lines, fmt.Sprintf(`{"id":"b%d-%d","time":"2026-03-01T12:%02d:00Z","kind":"reply","actor":"a%d","target":"t%d"}`, i, j, i%60, j%7, j))
	}
	return lines
}

// posts are large events none of which leads to an effect.
func posts(i int) (lines []string) {
	for j := range perRequest {
		lines = append(lines, fmt.Sprintf(`{"id":"l%d-%d","time":"2026-03-01T13:00:00Z","kind":"post","actor":"l%d-%d","text":"%060000d"}`, i, j, i, j, i))
	}
	return lines
}

// untilRefused sends lines until a request fails. It returns the lines that were taken and those that were not.
func (c client) untilRefused(t *testing.T, lines func(i int) []string) (taken, refused []string, a answer, err error) {
	t.Helper()
	for i := range 1000 {
		refused = lines(i)
		if a, err = c.call("POST", "/v1/events", strings.Join(refused, "\n")); err != nil || a.status != 200 {
			return taken, refused, a, err
		}
		taken = append(taken, refused...)
	}
	t.Fatal("nothing was refused")
	return nil, nil, a, nil
}

// told fails the test unless the answer says that something failed, why, and when to come back.
func told(t *testing.T, a answer, status int) {
	t.Helper()
	if a.status != status || a.header.Get("Retry-After") == "" || !bytes.Contains(a.body, []byte(`"detail":`)) {
		t.Errorf("answer %d %v %s, want %d, why, and when to come back", a.status, a.header, a.body, status)
	}
}

// TestFullOutbox fills the disk under the outbox alone. The product takes what it may be behind, tells senders to come back, and
// goes on by itself once there is room.
func TestFullOutbox(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t, 16<<20)
	o := order{Dir: disk}
	for _, other := range []string{"store", "journal"} {
		must(t, os.Symlink(t.TempDir(), filepath.Join(disk, other)))
	}
	must(t, os.WriteFile(filepath.Join(o.Dir, "email.key"), bytes.Repeat([]byte("k"), 32), 0o600))
	p := launch(t, o)
	p.listen()
	p.send(t, replies(0)...)
	ballast := fill(t, disk)
	taken, refused, a, err := p.untilRefused(t, func(i int) []string { return replies(i + 1) })
	must(t, err)
	told(t, a, 429)
	if !strings.Contains(string(a.body), "behind") {
		t.Errorf("answer %s, want it to say that the server is behind", a.body)
	}
	must(t, os.Remove(ballast))
	must(t, p.until(func() (bool, error) {
		a, err := p.call("POST", "/v1/events", strings.Join(refused, "\n"))
		return a.status == 200, err
	}))
	p.survives(t, o, slices.Concat(replies(0), taken, refused))
}

// TestFullDisk fills the disk until the journal cannot be written, which ends the product. Senders are told, and what was
// acknowledged is there when it starts again with room.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	disk := smallDisk(t, 256<<20)
	o := order{Dir: filepath.Join(disk, "data")}
	must(t, os.Mkdir(o.Dir, 0o700))
	must(t, os.WriteFile(filepath.Join(o.Dir, "email.key"), bytes.Repeat([]byte("k"), 32), 0o600))
	p := launch(t, o)
	p.listen()
	first := replies(0)
	p.send(t, first...)
	ballast := fill(t, disk)
	taken, refused, a, err := p.untilRefused(t, posts)
	if err == nil {
		told(t, a, 503)
	}
	<-p.ended
	if p.err == nil || !strings.Contains(p.stderr.String(), "no space left on device") {
		t.Errorf("the process ended with %v, want an error that says that the disk is full:\n%s", p.err, p.stderr.String())
	}
	p = launch(t, o)
	p.listen()
	if p.base == "" {
		<-p.ended
		if p.err == nil || !strings.Contains(p.stderr.String(), "no space left on device") {
			t.Errorf("without room the process started and ended with %v, want an error that says that the disk is full:\n%s", p.err, p.stderr.String())
		}
	}
	must(t, os.Remove(ballast))
	p.kill()
	p = launch(t, o)
	p.listen()
	p.send(t, refused...)
	p.survives(t, o, slices.Concat(first, taken, refused))
}

// survives ends the product and fails the test unless its data folder holds the lines and decides as they do.
func (p *process) survives(t *testing.T, o order, lines []string) {
	t.Helper()
	p.send(t, marker)
	p.stop(t)
	acknowledged(t, o.Dir, lines)
	r := readLines(t, lines)
	defer r.Close()
	want := replay(t, pipeline.Events(r, pipeline.Span{}, func(err error) { t.Error(err) }), bytes.Repeat([]byte("k"), 32), state.Options{}, 2, compile(t, "testdata/rules"))
	same(t, "replay of the data folder", want, replayFolder(t, o.Dir, 2, nil))
	p = launch(t, o)
	p.listen()
	same(t, "what is stored", want, p.decisions(t))
	p.stop(t)
}

// acknowledged fails the test for each of the lines that the data folder lacks.
func acknowledged(t *testing.T, dir string, lines []string) {
	t.Helper()
	f, err := app.OpenFolder(t.Context(), dir, "")
	must(t, err)
	defer f.Close()
	var got []string
	for {
		rec, err := f.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		must(t, err)
		got = append(got, string(rec.Body))
	}
	slices.Sort(got)
	for _, line := range lines {
		if _, ok := slices.BinarySearch(got, line); !ok {
			t.Errorf("acknowledged and lost: %.100s", line)
		}
	}
}
