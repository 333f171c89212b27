package program

import (
	"bytes"
	"context"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sh is a command that runs a script with limits.
func sh(t *testing.T, l Limits, script string) *exec.Cmd {
	t.Helper()
	return Command(t.Context(), l, "/bin/sh", "-c", script)
}

var roomy = Limits{Memory: 1 << 30, CPU: 10 * time.Second, Written: 1 << 20}

func TestLimitsHold(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out")
	none := roomy
	none.Written = 0
	if err := sh(t, roomy, "echo 1 >"+file).Run(); err != nil {
		t.Errorf("writing within the limit: %v", err)
	}
	if err := sh(t, none, "echo 1 >"+file).Run(); err == nil {
		t.Error("a file was written that the limit forbids")
	}
	got, err := sh(t, roomy, "ulimit -t; ulimit -f; echo $LC_ALL $HOME").Output()
	if want := "10\n2048\nC\n"; err != nil || string(got) != want {
		t.Errorf("got %q, %v: want %q", got, err, want)
	}
}

func TestArgumentsAreNoScript(t *testing.T) {
	const hostile = `$(touch x); "'` + "`\n"
	got, err := Command(t.Context(), roomy, "/bin/sh", "-c", `printf %s "$1"`, "sh", hostile).Output()
	if err != nil || string(got) != hostile {
		t.Errorf("got %q, %v: want %q", got, err, hostile)
	}
}

func TestEndsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cmd := Command(ctx, roomy, "/bin/sh", "-c", "echo begun; exec sleep 600")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(out, make([]byte, 6)); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := cmd.Wait(); err == nil {
		t.Error("the program ended by itself")
	}
}

func TestSaidIsShort(t *testing.T) {
	var s Said
	long := bytes.Repeat([]byte("no such \n thing "), 1000)
	if n, err := s.Write(long); n != len(long) || err != nil {
		t.Errorf("Write = %d, %v: want all of it", n, err)
	}
	if got := s.String(); len(got) > 1024 || !strings.HasPrefix(got, "no such thing no") {
		t.Errorf("got %d bytes: %.40q…", len(got), got)
	}
}
