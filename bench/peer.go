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
)

// peerResult is what a peer's program prints.
type peerResult struct {
	Events      int            `json:"events"`
	Bytes       int            `json:"bytes"`
	CPUSeconds  float64        `json:"cpu_seconds"`
	WallSeconds float64        `json:"wall_seconds"`
	Fires       map[string]int `json:"fires"`
}

// errNoPeer says why a peer cannot run here; that is no failure.
var errNoPeer = errors.New("not run")

// buildPeer builds a peer's module with the go tool, in dir, and returns its program.
func buildPeer(ctx context.Context, source, dir string) (program string, err error) {
	if _, err := os.Stat(filepath.Join(source, "go.mod")); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("%w: there is no %s; run in the repository, or name the folder with --peers", errNoPeer, filepath.Join(source, "go.mod"))
	} else if err != nil {
		return "", err
	}
	program = filepath.Join(dir, "peer")
	build := exec.CommandContext(ctx, "go", "build", "-o", program, ".")
	build.Dir = source
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: go build in %s: %w: %s", errNoPeer, source, err, bytes.TrimSpace(out))
	}
	return program, nil
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

// runPeer runs a peer on files of its input.
func runPeer(ctx context.Context, program string, files ...string) (r peerResult, err error) {
	var stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, program, files...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return r, fmt.Errorf("%s: %w: %s", program, err, bytes.TrimSpace(stderr.Bytes()))
	}
	if err := json.Unmarshal(out, &r); err != nil {
		return r, fmt.Errorf("%s: %w in %.200q", program, err, out)
	}
	if r.Events == 0 || r.CPUSeconds <= 0 {
		return r, fmt.Errorf("%s: it measured nothing: %.200q", program, out)
	}
	return r, nil
}
