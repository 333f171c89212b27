package bench

import (
	"os"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// Machine is what a run was made on.
type Machine struct {
	CPU        string  `json:"cpu"`
	Cores      int     `json:"cores"` // that Go uses
	MemoryMiB  int     `json:"memory_mib,omitempty"`
	OS         string  `json:"os"`
	Go         string  `json:"go"`
	Time       string  `json:"time"`
	LoadBefore float64 `json:"load_before"` // runnable threads, mean of the last minute: much of others' load spoils wall times
	LoadAfter  float64 `json:"load_after"`
}

func machine() Machine {
	m := Machine{CPU: runtime.GOARCH, Cores: runtime.NumCPU(), OS: runtime.GOOS, Go: runtime.Version(),
		Time: time.Now().UTC().Format(time.RFC3339), LoadBefore: load()}
	if model := field("/proc/cpuinfo", "model name"); model != "" {
		m.CPU = model
	}
	kib, _ := strconv.Atoi(strings.TrimSuffix(field("/proc/meminfo", "MemTotal"), " kB"))
	m.MemoryMiB = kib >> 10
	return m
}

// field is the first value of a name in a file of "name : value" lines; empty where the system has no such file.
func field(file, name string) string {
	data, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(data)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// load is the load average of the last minute; 0 where the system has none.
func load() float64 {
	data, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(data), " ")
	n, _ := strconv.ParseFloat(first, 64)
	return n
}
