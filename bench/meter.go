package bench

import (
	"syscall"
	"time"
)

// usage is what a piece of work took.
type usage struct {
	cpu  time.Duration // user and system, of all threads
	wall time.Duration
}

// meter measures this process.
type meter struct {
	cpu  time.Duration
	wall time.Time
}

func startMeter() meter { return meter{cpu: cpuTime(), wall: time.Now()} }

func (m meter) stop() usage { return usage{cpu: cpuTime() - m.cpu, wall: time.Since(m.wall)} }

// cpuTime is the user and system time of this process so far.
func cpuTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
