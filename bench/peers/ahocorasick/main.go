// Command ahocorasick measures the automaton of coregx/ahocorasick: FindAll over texts, again and again for about a second of
// processor time.
//
// It reads terms and texts from the two files that are named, one a line, and prints one line of JSON: {"events","bytes",
// "cpu_seconds","wall_seconds"}. It is a module of its own, so that Ringfence does not depend on what it is measured against. Both in
// one process, for real posts too where RINGFENCE_SHARED names the folder of the evaluation's data:
//
//	go test -bench . -cpu 1
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/coregx/ahocorasick"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "ahocorasick:", err)
		os.Exit(1)
	}
}

// result is what is printed.
type result struct {
	Events      int     `json:"events"`
	Bytes       int     `json:"bytes"`
	CPUSeconds  float64 `json:"cpu_seconds"`
	WallSeconds float64 `json:"wall_seconds"`
}

func run(args []string, stdout io.Writer) error {
	if len(args) != 2 {
		return errors.New("usage: ahocorasick TERMS TEXTS")
	}
	terms, err := lines(args[0])
	if err != nil {
		return err
	}
	texts, err := lines(args[1])
	if err != nil {
		return err
	}
	automaton, err := ahocorasick.NewBuilder().AddStrings(terms).Build()
	if err != nil {
		return err
	}
	var r result
	start := time.Now()
	for before := cpuSeconds(); r.CPUSeconds < 1; r.CPUSeconds = cpuSeconds() - before {
		for _, text := range texts {
			automaton.FindAll([]byte(text), -1)
			r.Events++
			r.Bytes += len(text)
		}
	}
	r.WallSeconds = time.Since(start).Seconds()
	return json.NewEncoder(stdout).Encode(r)
}

func lines(name string) ([]string, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return strings.Split(strings.TrimSuffix(string(data), "\n"), "\n"), nil
}

func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}
