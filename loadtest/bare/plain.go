//go:build linux

package bare

import (
	"bytes"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
)

// Plain greets as [Server] does, but is written as one writes Go: package net, and a
// goroutine for each connection. What it costs more than Server is what Go's poller and
// scheduler cost.
type Plain struct {
	listener net.Listener
	answer   []byte
	running  sync.WaitGroup
	open     atomic.Int64

	mu    sync.Mutex
	conns map[net.Conn]struct{}
}

// ListenPlain starts a Plain on a free port of loopback. Whoever calls it calls Close.
func ListenPlain(answer []byte) (*Plain, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &Plain{listener: l, answer: answer, conns: make(map[net.Conn]struct{})}
	s.running.Go(s.accept)
	return s, nil
}

// Address is where it listens.
func (s *Plain) Address() netip.AddrPort { return s.listener.Addr().(*net.TCPAddr).AddrPort() }

// Open is the number of connections.
func (s *Plain) Open() int { return int(s.open.Load()) }

// Close ends it, with all connections.
func (s *Plain) Close() {
	_ = s.listener.Close()
	s.mu.Lock()
	for c := range s.conns {
		_ = c.Close()
	}
	s.mu.Unlock()
	s.running.Wait()
}

func (s *Plain) accept() {
	for {
		c, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.open.Add(1)
		s.mu.Lock()
		s.conns[c] = struct{}{}
		s.mu.Unlock()
		s.running.Go(func() { s.serve(c) })
	}
}

func (s *Plain) serve(c net.Conn) {
	defer func() {
		s.mu.Lock()
		delete(s.conns, c)
		s.mu.Unlock()
		_ = c.Close()
		s.open.Add(-1)
	}()
	if s.greet(c) != nil {
		return
	}
	var one [1]byte
	for {
		if _, err := c.Read(one[:]); err != nil {
			return
		}
	}
}

// greet does the handshake, and answers the hello. It is not inlined into serve, so
// that its buffer does not stay with an idle connection.
//
//go:noinline
func (s *Plain) greet(c net.Conn) error {
	var buf [4 << 10]byte
	n := 0
	more := func() error {
		read, err := c.Read(buf[n:])
		n += read
		return err
	}
	end := -1
	for end < 0 {
		if err := more(); err != nil {
			return err
		}
		end = bytes.Index(buf[:n], []byte("\r\n\r\n"))
	}
	out, err := accepting(nil, buf[:end])
	if err != nil {
		return err
	}
	if _, err := c.Write(out); err != nil {
		return err
	}
	n = copy(buf[:], buf[end+4:n])
	for {
		size, err := unmask(buf[:n])
		if err != nil {
			return err
		}
		if size > 0 {
			_, err := c.Write(s.answer)
			return err
		}
		if err := more(); err != nil {
			return err
		}
	}
}
