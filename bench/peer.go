package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/ringfence/ringfence/bench/input"
)

// peer is another engine, built and ready to run on the comparison's input.
type peer struct {
	program string
	input   string
}

// peerResult is what a peer's program prints.
type peerResult struct {
	Events      int            `json:"events"`
	CPUSeconds  float64        `json:"cpu_seconds"`
	WallSeconds float64        `json:"wall_seconds"`
	Fires       map[string]int `json:"fires"`
}

// errNoPeer says why a peer cannot run here; that is no failure.
var errNoPeer = errors.New("not run")

// buildPeer builds a peer's module with the go tool and writes its input, both into dir.
func buildPeer(ctx context.Context, source, dir string, events int) (*peer, error) {
	if _, err := os.Stat(filepath.Join(source, "go.mod")); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: there is no %s; run in the repository, or name the folder with --peers", errNoPeer, filepath.Join(source, "go.mod"))
	} else if err != nil {
		return nil, err
	}
	p := &peer{program: filepath.Join(dir, "peer"), input: filepath.Join(dir, "events.ndjson")}
	build := exec.CommandContext(ctx, "go", "build", "-o", p.program, ".")
	build.Dir = source
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: go build in %s: %w: %s", errNoPeer, source, err, bytes.TrimSpace(out))
	}
	return p, writeLines(p.input, input.PeerLines(events))
}

func writeLines(path string, lines func(func([]byte) bool)) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	w := bufio.NewWriterSize(file, 1<<20)
	for line := range lines {
		if _, err := w.Write(append(line, '\n')); err != nil {
			return err
		}
	}
	return w.Flush()
}

func (p *peer) run(ctx context.Context) (r peerResult, err error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, p.program, p.input)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return r, fmt.Errorf("%s: %w: %s", p.program, err, bytes.TrimSpace(stderr.Bytes()))
	}
	if err := json.Unmarshal(out, &r); err != nil {
		return r, fmt.Errorf("%s: %w in %.200q", p.program, err, out)
	}
	if r.Events == 0 || r.CPUSeconds <= 0 {
		return r, fmt.Errorf("%s: it measured nothing: %.200q", p.program, out)
	}
	return r, nil
}
