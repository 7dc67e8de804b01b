//go:build linux

package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// How the balancer looks after its edges: as common ones do.
const (
	healthEvery   = 500 * time.Millisecond
	healthTimeout = time.Second
	healthTries   = 2 // failures after which an edge gets no new connections
)

// front is the balancer before the edges. It gives a new connection to the edge with the
// fewest, of those that are ready. It ends none by itself: one to an edge that hangs, hangs.
type front struct {
	listener net.Listener
	edges    []*backend
	http     *http.Client
	running  sync.WaitGroup
	stop     context.CancelFunc

	mu sync.Mutex // held while an edge is chosen
}

// backend is an edge as the balancer sees it.
type backend struct {
	link  *link  // from the clients to it
	ready string // URL of its readiness
	up    atomic.Bool
	open  atomic.Int64 // connections
}

func newFront(edges []*backend) (*front, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	f := &front{listener: listener, edges: edges, stop: stop, http: &http.Client{
		Timeout: healthTimeout, Transport: &http.Transport{DisableKeepAlives: true},
	}}
	for _, e := range edges {
		f.running.Go(func() { f.watch(ctx, e) })
	}
	f.running.Go(f.accept)
	return f, nil
}

func (f *front) url() string { return "ws://" + f.listener.Addr().String() }

func (f *front) watch(ctx context.Context, e *backend) {
	for failures := healthTries; ; {
		if f.isReady(ctx, e) {
			failures = 0
		} else {
			failures++
		}
		e.up.Store(failures < healthTries)
		select {
		case <-ctx.Done():
			return
		case <-time.After(healthEvery):
		}
	}
}

func (f *front) isReady(ctx context.Context, e *backend) bool {
	if e.link.isHeld() { // it looks from where the clients are
		return false
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, e.ready, nil)
	if err != nil {
		return false
	}
	response, err := f.http.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

func (f *front) accept() {
	for {
		near, err := f.listener.Accept()
		if err != nil {
			return // closed
		}
		f.running.Go(func() { f.serve(near) })
	}
}

func (f *front) serve(near net.Conn) {
	defer near.Close()
	tried := make(map[*backend]bool)
	for e := f.choose(tried); e != nil; e = f.choose(tried) {
		tried[e] = true
		served := e.link.through(near)
		e.open.Add(-1)
		if served {
			return
		}
	}
	reset(near)
}

// choose returns the edge for a new connection, which it counts; nil if none is left.
func (f *front) choose(not map[*backend]bool) (best *backend) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range f.edges {
		if not[e] || !e.up.Load() {
			continue
		}
		if best == nil || e.open.Load() < best.open.Load() {
			best = e
		}
	}
	if best != nil {
		best.open.Add(1)
	}
	return best
}

// spread is nil when every edge is up and has clients. Otherwise what an edge has too many
// of is sent away, to come back where there are fewest.
func (f *front) spread() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	least, most := f.edges[0], f.edges[0]
	for _, e := range f.edges {
		if !e.up.Load() {
			return fmt.Errorf("%s is not up", e.link.to)
		}
		if e.open.Load() < least.open.Load() {
			least = e
		}
		if e.open.Load() > most.open.Load() {
			most = e
		}
	}
	if 3*least.open.Load() >= most.open.Load() {
		return nil
	}
	most.link.cut()
	return fmt.Errorf("%s has %d, %s %d", least.link.to, least.open.Load(), most.link.to, most.open.Load())
}

// connections are those that are open, at all edges.
func (f *front) connections() (n int) {
	for _, e := range f.edges {
		n += int(e.open.Load())
	}
	return n
}

func (f *front) close() {
	f.stop()
	f.listener.Close()
	for _, e := range f.edges {
		e.link.close()
	}
	f.running.Wait()
}
