//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"time"

	"tocsin/loadtest/target"
)

const (
	watchEvery   = 200 * time.Millisecond
	watchTimeout = time.Second
)

// sight is what a tocsin says of itself at a moment.
type sight struct {
	at       time.Time
	answered bool
	misses   int // looks in a row that it did not answer, this one included
	ready    bool
	live     bool
	reason   string // why it is not live
	from     string // "cache" or "peer" if it serves that
	read     uint64 // up to which entry
}

func (v sight) String() string {
	switch {
	case !v.answered:
		return "no answer"
	case !v.ready:
		return "not ready"
	case !v.live:
		return "stale: " + v.reason
	}
	return "live"
}

// silent is whether more than one look was missed: one is, on a machine that is busy.
func (v sight) silent() bool { return v.misses > 1 }

// inService is whether it is ready, as far as can be told.
func (v sight) inService() bool { return v.ready || !v.answered && !v.silent() }

// watch looks at every tocsin all the time, and keeps what changed. Safe for concurrent use.
type watch struct {
	http    *http.Client
	running sync.WaitGroup
	ctx     context.Context // of the goroutines that look
	stop    context.CancelFunc

	mu    sync.Mutex
	ends  map[string]context.CancelFunc
	last  map[string]sight
	trace map[string][]sight // changes, the oldest first
}

func newWatch(programs []*program) *watch {
	w := &watch{
		http: &http.Client{Timeout: watchTimeout, Transport: &http.Transport{DisableKeepAlives: true}},
		ends: make(map[string]context.CancelFunc), last: make(map[string]sight), trace: make(map[string][]sight),
	}
	w.ctx, w.stop = context.WithCancel(context.Background())
	for _, p := range programs {
		w.add(p)
	}
	return w
}

// add begins to look at a process.
func (w *watch) add(p *program) {
	ctx, cancel := context.WithCancel(w.ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ends[p.name] = cancel
	w.running.Go(func() {
		for ctx.Err() == nil {
			w.note(p.name, w.look(ctx, p))
			pause(ctx, watchEvery)
		}
	})
}

// forget ends that.
func (w *watch) forget(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if end := w.ends[name]; end != nil {
		end()
	}
	delete(w.ends, name)
	delete(w.last, name)
	delete(w.trace, name)
}

func (w *watch) look(ctx context.Context, p *program) sight {
	v := sight{at: time.Now()}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.admin+"/status", nil)
	if err != nil {
		return v
	}
	response, err := w.http.Do(request)
	if err != nil {
		return v
	}
	defer response.Body.Close()
	var status struct {
		Ready  bool `json:"ready"`
		Source struct {
			Live   bool   `json:"live"`
			Reason string `json:"reason"`
			From   string `json:"from"`
			Read   uint64 `json:"read"`
		} `json:"source"`
	}
	if json.NewDecoder(response.Body).Decode(&status) == nil {
		v.answered, v.ready, v.live = true, status.Ready, status.Source.Live
		v.reason, v.from, v.read = status.Source.Reason, status.Source.From, status.Source.Read
	}
	return v
}

func (w *watch) note(name string, v sight) {
	w.mu.Lock()
	defer w.mu.Unlock()
	before := w.last[name]
	if !v.answered {
		v.misses = before.misses + 1
	}
	if before.at.IsZero() || before.answered != v.answered || before.silent() != v.silent() || before.ready != v.ready || before.live != v.live {
		w.trace[name] = append(w.trace[name], v)
	}
	w.last[name] = v
}

// now is the latest look at a process.
func (w *watch) now(name string) sight {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.last[name]
}

// first is the first look after a time of which ok is true.
func (w *watch) first(name string, after time.Time, ok func(sight) bool) (time.Time, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var before sight
	for _, v := range w.trace[name] {
		if v.at.After(after) {
			break
		}
		before = v
	}
	if !before.at.IsZero() && ok(before) {
		return after, true
	}
	for _, v := range w.trace[name] {
		if v.at.After(after) && ok(v) {
			return v.at, true
		}
	}
	return time.Time{}, false
}

// always is whether ok was true of every look between two times.
func (w *watch) always(name string, from, to time.Time, ok func(sight) bool) bool {
	at, bad := w.first(name, from, func(v sight) bool { return !ok(v) })
	return !bad || at.After(to)
}

func (w *watch) close() {
	w.stop()
	w.running.Wait()
}

// vitals are what a process takes.
type vitals struct {
	Goroutines int   // of a tocsin; 0 of others
	Memory     int64 // bytes, its own
	Heap       int64 // of a tocsin: bytes that lived at its last garbage collection
}

func (p *program) vitals(ctx context.Context) (v vitals, err error) {
	pid := p.pid()
	if pid == 0 {
		return v, fmt.Errorf("%s: %w", p.name, errNotRunning)
	}
	if v.Memory, err = (target.Process{PID: pid}).Memory(); err != nil {
		return v, err
	}
	if p.metrics {
		gauges, err := target.Scrape(ctx, p.admin)
		if err != nil {
			return v, err
		}
		v.Goroutines = int(gauges["go_goroutines"])
		v.Heap = int64(gauges["go_memstats_next_gc_bytes"] / (1 + gauges["go_gc_gogc_percent"]/100))
	}
	return v, nil
}

// What a process may have more than before a fault. Its log has grown meanwhile, the
// clients of a dead edge are at the other one until they leave it, and the runtime gives
// memory back when it sees fit.
const (
	moreGoroutines = 40
	moreMemory     = 64 << 20 // bytes
	timesMemory    = 1.5
)

// back is whether v is what it was before, by these measures.
func (v vitals) back(before vitals) bool {
	return v.Goroutines <= before.Goroutines+before.Goroutines/10+moreGoroutines &&
		v.Memory <= int64(timesMemory*float64(before.Memory))+moreMemory
}
