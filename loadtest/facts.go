//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"tocsin/loadtest/report"
)

// facts say on what machine and of what it was measured. No names of hosts.
func facts(l *lab) []report.Fact {
	subject := "a Tocsin at " + l.URL
	if l.child != nil {
		subject = "tocsin serve --dev " + strings.Join(append(l.ServeEnv, l.ServeArg...), " ") + ", started by the tool"
	}
	return append([]report.Fact{{Name: "measured", Value: subject}, {Name: "commit", Value: commit()}}, machine()...)
}

func machine() []report.Fact {
	var name unix.Utsname
	_ = unix.Uname(&name)
	return []report.Fact{
		{Name: "processor", Value: fmt.Sprintf("%s, %d cores seen", field("/proc/cpuinfo", "model name"), runtime.NumCPU())},
		{Name: "memory", Value: gibibytes(field("/proc/meminfo", "MemTotal"))},
		{Name: "kernel", Value: unix.ByteSliceToString(name.Release[:])},
		{Name: "go", Value: runtime.Version()},
		{Name: "load before", Value: loadBefore()},
	}
}

// loadBefore is the load average of a minute: what was running besides, if it is much.
func loadBefore() string {
	data, _ := os.ReadFile("/proc/loadavg")
	one, _, _ := strings.Cut(string(data), " ")
	return one
}

// gibibytes reads a figure of /proc/meminfo.
func gibibytes(s string) string {
	kib, err := strconv.ParseFloat(strings.TrimSuffix(s, " kB"), 64)
	if err != nil {
		return s
	}
	return fmt.Sprintf("%.1f GiB", kib/(1<<20))
}

// field is the first value of a name in a file of /proc.
func field(path, name string) string {
	data, _ := os.ReadFile(path)
	for line := range strings.Lines(string(data)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return "unknown"
}

// commit is what the tool was built from, which is what it builds the child from.
func commit() string {
	revision, changed := "unknown (go run -buildvcs=true says it)", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision":
				revision = s.Value[:min(12, len(s.Value))]
			case s.Key == "vcs.modified" && s.Value == "true":
				changed = " with changes"
			}
		}
	}
	return revision + changed
}

// writeFile writes a file whole; none if path is "".
func writeFile(path string, write func(io.Writer) error) error {
	if path == "" {
		return nil
	}
	f, err := os.Create(filepath.Clean(path))
	if err != nil {
		return fmt.Errorf("writing results: %w", err)
	}
	if err := write(f); err != nil {
		_ = f.Close()
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return f.Close()
}
