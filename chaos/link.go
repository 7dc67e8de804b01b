//go:build linux

package main

import (
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// link is the network from one part to another: a TCP proxy that can become a black
// hole. While it is held nothing passes and nothing is closed, as when packets are
// dropped: what was sent meanwhile arrives when it is let go, as TCP would send it again.
type link struct {
	from, to string // names of parts
	target   string // address
	listener net.Listener
	running  sync.WaitGroup

	mu    sync.Mutex
	gate  chan struct{} // nil: open; otherwise closed when the link is let go
	conns map[net.Conn]bool
	ended bool
}

func newLink(from, to, target string) (*link, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("opening a link from %s to %s: %w", from, to, err)
	}
	l := &link{from: from, to: to, target: target, listener: listener, conns: make(map[net.Conn]bool)}
	l.running.Go(l.accept)
	return l, nil
}

// addr is where the part at the near end dials.
func (l *link) addr() string { return l.listener.Addr().String() }

func (l *link) hold() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gate == nil {
		l.gate = make(chan struct{})
	}
}

func (l *link) letGo() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gate != nil {
		close(l.gate)
		l.gate = nil
	}
}

// cut breaks every connection that goes over it now.
func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		c.Close()
	}
}

func (l *link) isHeld() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.gate != nil
}

// pass waits until the link is open.
func (l *link) pass() {
	l.mu.Lock()
	gate := l.gate
	l.mu.Unlock()
	if gate != nil {
		<-gate
		l.pass()
	}
}

func (l *link) accept() {
	for {
		near, err := l.listener.Accept()
		if err != nil {
			return // closed
		}
		l.running.Go(func() { l.serve(near) })
	}
}

func (l *link) serve(near net.Conn) {
	if !l.through(near) {
		reset(near)
	}
	near.Close()
}

// through carries a connection over the link to its end; false if the far end does not
// take it.
func (l *link) through(near net.Conn) bool {
	if !l.keep(near) {
		return true
	}
	defer l.forget(near)
	l.pass()
	far, err := net.DialTimeout("tcp", l.target, time.Second)
	if err != nil {
		return false
	}
	defer far.Close()
	if l.keep(far) {
		defer l.forget(far)
		l.join(near, far)
	}
	return true
}

// join carries bytes both ways until one end closes, and then closes both.
func (l *link) join(a, b net.Conn) {
	var both sync.WaitGroup
	both.Go(func() { l.carry(a, b) })
	both.Go(func() { l.carry(b, a) })
	both.Wait()
}

func (l *link) carry(from, to net.Conn) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := from.Read(buf)
		l.pass()
		if n > 0 {
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			if err != io.EOF {
				reset(to)
			}
			return
		}
	}
}

func (l *link) keep(c net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		c.Close()
		return false
	}
	l.conns[c] = true
	return true
}

func (l *link) forget(c net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.conns, c)
}

// close ends the link with all that goes over it.
func (l *link) close() {
	l.listener.Close()
	l.mu.Lock()
	l.ended = true
	for c := range l.conns {
		c.Close()
	}
	l.mu.Unlock()
	l.letGo()
	l.running.Wait()
}

// reset makes closing c abrupt, as it is when a process was killed.
func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
}
