package target

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Process is one whose cost can be read.
type Process struct{ PID int }

// CPU is what the process has used, in user mode and in the kernel. It reads the
// process's CPU clock (clock_getcpuclockid(3)), which counts nanoseconds; /proc counts
// hundredths of a second.
func (p Process) CPU() (time.Duration, error) {
	const scheduled = 2 // CPUCLOCK_SCHED
	var t unix.Timespec
	if err := unix.ClockGettime(int32(^p.PID<<3|scheduled), &t); err != nil {
		return 0, fmt.Errorf("reading the CPU clock of process %d: %w", p.PID, err)
	}
	return time.Duration(t.Nano()), nil
}

// Memory is the resident memory of its own: what it has in files apart.
func (p Process) Memory() (bytes int64, err error) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.PID))
	if err != nil {
		return 0, fmt.Errorf("reading the memory of process %d: %w", p.PID, err)
	}
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("reading the memory of process %d: no RssAnon", p.PID)
}

// Files is the number of open files.
func (p Process) Files() (int, error) {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.PID))
	return len(entries), err
}

// Gauges are metrics without labels, by name.
type Gauges map[string]float64

// maxMetrics bounds an answer in bytes.
const maxMetrics = 4 << 20

// Scrape reads /metrics of an admin address.
func Scrape(ctx context.Context, admin string) (Gauges, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, admin+"/metrics", nil)
	if err != nil {
		return nil, fmt.Errorf("reading metrics: %w", err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("reading metrics: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxMetrics))
	if err != nil || response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("reading metrics: %s: %w", response.Status, err)
	}
	g := make(Gauges)
	for lines := bufio.NewScanner(bytes.NewReader(body)); lines.Scan(); {
		name, value, ok := strings.Cut(lines.Text(), " ")
		if !ok || strings.HasPrefix(name, "#") {
			continue
		}
		if v, err := strconv.ParseFloat(value, 64); err == nil {
			g[name] = v
		}
	}
	return g, nil
}
