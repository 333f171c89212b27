package main

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "write the expected output in the scripts anew")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"ringfence": main})
}

// TestScripts uses the binary as a stranger would. What a script can use beside testscript's own commands is below.
func TestScripts(t *testing.T) {
	repository, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("REPO", repository)
			env.Setenv("RULES", filepath.Join(repository, "cmd/ringfence/testdata/rules"))
			env.Setenv("PICTURES", filepath.Join(repository, "cmd/ringfence/testdata/pictures"))
			env.Setenv("EVENTS", filepath.Join(repository, "cmd/ringfence/testdata/events.ndjson"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "freeport": freePort, "gallery": gallery, "http": request, "until": until, "capture": capture, "pack": pack, "terminate": terminate, "alter": alter,
		},
	})
}

// patience is how long a script waits for what a server in the background is to do.
const patience = 30 * time.Second

// exits CODE COMMAND… runs a command, which must end with the exit code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// freeport NAME sets a variable to a loopback address that nobody listens on.
func freePort(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Setenv(args[0], l.Addr().String())
	ts.Check(l.Close())
}

// gallery NAME DIR serves the files of a folder on a loopback address, and sets a variable to it.
func gallery(ts *testscript.TestScript, _ bool, args []string) {
	s := httptest.NewServer(http.FileServer(http.Dir(ts.MkAbs(args[1]))))
	ts.Defer(s.Close)
	ts.Setenv(args[0], s.URL)
}

// http STATUS METHOD URL [BODY] makes a request, with the file BODY, whose answer must have the status and becomes stdout. A key in
// RINGFENCE_KEY is sent along. A server that does not listen yet is waited for.
func request(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	status, answer := ask(ts, args[1:])
	_, err = ts.Stdout().Write(answer)
	ts.Check(err)
	if status != want {
		ts.Fatalf("status %d, want %d: %s", status, want, answer)
	}
}

// until PATTERN METHOD URL makes a request again and again until its answer, which becomes stdout, matches.
func until(ts *testscript.TestScript, _ bool, args []string) {
	pattern, err := regexp.Compile(args[0])
	ts.Check(err)
	for begun := time.Now(); ; {
		_, answer := ask(ts, args[1:])
		if pattern.Match(answer) {
			_, err := ts.Stdout().Write(answer)
			ts.Check(err)
			return
		}
		if time.Since(begun) > patience {
			ts.Fatalf("no answer matches %s; the last is %s", pattern, answer)
		}
		time.Sleep(20 * time.Millisecond) // another process is at work
	}
}

func ask(ts *testscript.TestScript, args []string) (status int, answer []byte) {
	body := ""
	if len(args) > 2 {
		body = ts.ReadFile(args[2])
	}
	for begun := time.Now(); ; {
		req, err := http.NewRequest(args[0], args[1], strings.NewReader(body))
		ts.Check(err)
		req.Header.Set("Accept", "application/x-ndjson, application/json;q=0.9, */*;q=0.5")
		if strings.HasPrefix(body, "{") {
			req.Header.Set("Content-Type", "application/json")
		}
		if key := ts.Getenv("RINGFENCE_KEY"); key != "" {
			req.Header.Set("Authorization", "Bearer "+key)
		}
		resp, err := http.DefaultClient.Do(req)
		if errors.Is(err, syscall.ECONNREFUSED) && time.Since(begun) < patience {
			time.Sleep(20 * time.Millisecond) // another process is starting
			continue
		}
		ts.Check(err)
		answer, err = io.ReadAll(resp.Body)
		ts.Check(errors.Join(err, resp.Body.Close()))
		return resp.StatusCode, answer
	}
}

// capture NAME PATTERN sets a variable to what the pattern's first group matches in stdout.
func capture(ts *testscript.TestScript, _ bool, args []string) {
	pattern, err := regexp.Compile(args[1])
	ts.Check(err)
	m := pattern.FindStringSubmatch(ts.ReadFile("stdout"))
	if m == nil {
		ts.Fatalf("stdout does not match %s", pattern)
	}
	ts.Setenv(args[0], m[1])
}

// pack FROM TO compresses a file as TO's extension says.
func pack(ts *testscript.TestScript, _ bool, args []string) {
	var b bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&b)
	if filepath.Ext(args[1]) == ".zst" {
		var err error
		w, err = zstd.NewWriter(&b)
		ts.Check(err)
	}
	_, err := io.WriteString(w, ts.ReadFile(args[0]))
	ts.Check(errors.Join(err, w.Close()))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b.Bytes(), 0o600))
}

// terminate sends SIGTERM to what runs in the background.
func terminate(ts *testscript.TestScript, _ bool, _ []string) {
	for _, cmd := range ts.BackgroundCmds() {
		ts.Check(cmd.Process.Signal(syscall.SIGTERM))
	}
}
