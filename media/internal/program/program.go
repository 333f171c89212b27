// Package program runs other programs on what strangers upload, with limits on memory, processor time and what they write.
//
// The limits are those of the POSIX shell's ulimit: the shell sets them and becomes the program, so that the process that was started is the one
// that is killed when the context ends. A limit that a system does not know (macOS has none on memory) is left out. The program sees no environment
// but a plain locale and what it is given.
package program

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// Limits are what a program may use.
type Limits struct {
	Memory  int           // bytes of address space
	CPU     time.Duration // processor time, in whole seconds
	Written int           // bytes of each file; 0 lets it write pipes only
}

// Command is the command that runs a program with limits. Its process is killed when ctx is done, and its pipes are given up a second later.
func Command(ctx context.Context, l Limits, path string, args ...string) *exec.Cmd {
	script := fmt.Sprintf(`ulimit -v %d 2>/dev/null || :; ulimit -t %d && ulimit -f %d && exec "$0" "$@"`,
		l.Memory>>10, int(max(l.CPU, time.Second).Seconds()), (l.Written+511)/512)
	cmd := exec.CommandContext(ctx, "/bin/sh", append([]string{"-c", script, path}, args...)...)
	cmd.Env, cmd.WaitDelay = []string{"LC_ALL=C"}, time.Second
	return cmd
}

// Output keeps the first Most bytes of what a program writes and drops the rest.
type Output struct {
	Most int
	Data []byte
}

// Write never fails.
func (o *Output) Write(p []byte) (int, error) {
	o.Data = append(o.Data, p[:min(len(p), o.Most-len(o.Data))]...)
	return len(p), nil
}

// Said keeps the first kilobyte of what a program says, for an error that tells of it. It is not safe for concurrent use; as Stdout and Stderr of one
// command it is.
type Said struct{ out Output }

// Write never fails.
func (s *Said) Write(p []byte) (int, error) {
	s.out.Most = 1024
	return s.out.Write(p)
}

// String is what was said, in one line.
func (s *Said) String() string { return strings.Join(strings.Fields(string(s.out.Data)), " ") }
