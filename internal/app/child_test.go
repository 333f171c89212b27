package app_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/ringfence/ringfence/internal/app"
	"github.com/ringfence/ringfence/internal/config"
)

// orderEnv holds a child's order as JSON.
const orderEnv = "RINGFENCE_APP_CHILD"

// order says how a child runs the product.
type order struct {
	Dir      string
	Receiver string // address of the webhooks; empty for none
	Clock    clock
	Point    string // the child kills itself at the Nth passage of this crash point; empty for never
	N        int64
	Images   time.Duration // between two images; 0 for as often as can be
	Rules    string        // folder of other rules, if any, which read of pictures that are fetched from loopback addresses
}

// child is the main function of a process that runs the product until its standard input ends. It prints the address that it
// listens on.
func child(text string) int {
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	var passed atomic.Int64
	opts := options(o.Dir, o.Receiver, o.Clock)
	if o.Images > 0 {
		opts.Config.Image.Every = config.Duration(o.Images)
	}
	if o.Rules != "" {
		opts.Config.Rules.Dir = o.Rules
		opts.Config.Media.Fetch, opts.Config.Media.AllowPrivate = true, []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	}
	opts.Log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	opts.Crash = func(point string) {
		if point == o.Point && passed.Add(1) == o.N {
			_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
	if err := run(opts); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func run(opts app.Options) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
		<-time.After(patience) // a parent that is gone leaves no child behind
		os.Exit(3)
	}()
	a, err := app.New(ctx, opts)
	if err != nil {
		return err
	}
	if err := a.Start(ctx); err != nil {
		return errors.Join(err, a.Stop())
	}
	fmt.Printf("http://%s\n", a.Addr())
	select {
	case <-ctx.Done():
	case <-a.Ended():
	}
	return a.Stop()
}

// process is a child as its parent sees it.
type process struct {
	client
	cmd    *exec.Cmd
	stdin  io.Closer
	stdout *bufio.Reader
	stderr strings.Builder // read it after ended
	ended  chan struct{}   // closed when it has ended
	err    error           // how; valid then
}

// launch starts a child. Its address is known after listen.
func launch(t *testing.T, o order) *process {
	t.Helper()
	text, err := json.Marshal(o)
	must(t, err)
	p := &process{cmd: exec.Command(os.Args[0]), ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), orderEnv+"="+string(text))
	p.cmd.Stderr = &p.stderr
	p.stdin, err = p.cmd.StdinPipe()
	must(t, err)
	stdout, err := p.cmd.StdoutPipe()
	must(t, err)
	p.stdout = bufio.NewReader(stdout)
	must(t, p.cmd.Start())
	t.Cleanup(p.kill)
	return p
}

// listen waits until the child answers, or has ended; then it has no address.
func (p *process) listen() {
	address, _ := p.stdout.ReadString('\n')
	if address = strings.TrimSpace(address); address != "" {
		p.base = address
	}
	go func() {
		defer close(p.ended)
		_, _ = io.Copy(io.Discard, p.stdout)
		p.err = p.cmd.Wait()
	}()
}

// kill ends the child at once and waits for that.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended by itself
	<-p.ended
}

// killed says whether the child has ended, and by SIGKILL. It waits a little for one that is about to.
func (p *process) killed() bool {
	select {
	case <-p.ended:
	case <-time.After(5 * time.Second):
		return false
	}
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

// stop lets the child end in good order.
func (p *process) stop(t *testing.T) {
	t.Helper()
	must(t, p.stdin.Close())
	<-p.ended
	if p.err != nil {
		t.Fatalf("the process ended with %v\n%s", p.err, p.stderr.String())
	}
}
