//go:build linux

package bare

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sys/unix"
)

// loop is a thread with some of the connections.
type loop struct {
	server *Server
	epoll  int
	conns  map[int]*conn // the thread's own
	buf    [16 << 10]byte
	out    []byte

	mu      sync.Mutex
	sockets []int // those that said hello
}

// conn is a connection that has not said hello, or has.
type conn struct {
	fd       int
	got      []byte
	upgraded bool
	greeted  bool
}

func newLoop(s *Server) (*loop, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("making an epoll set: %w", err)
	}
	l := &loop{server: s, epoll: epoll, conns: make(map[int]*conn)}
	return l, errors.Join(
		unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, s.socket, &unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLEXCLUSIVE, Fd: int32(s.socket)}),
		unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, s.stop, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(s.stop)}),
	)
}

// greeted is a copy of the sockets that said hello.
func (l *loop) greeted() []int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.sockets)
}

func (l *loop) run() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	ready := make([]unix.EpollEvent, 256)
	for {
		n, err := unix.EpollWait(l.epoll, ready, -1)
		if err != nil && !errors.Is(err, unix.EINTR) {
			panic(os.NewSyscallError("epoll_wait", err)) // the set is ours and open
		}
		for _, e := range ready[:max(n, 0)] {
			switch int(e.Fd) {
			case l.server.stop:
				l.end()
				return
			case l.server.socket:
				l.accept()
			default:
				if c := l.conns[int(e.Fd)]; c != nil && l.read(c) != nil {
					l.close(c)
				}
			}
		}
	}
}

func (l *loop) end() {
	for _, c := range l.conns {
		l.close(c)
	}
	_ = unix.Close(l.epoll)
}

// accept takes a few connections; the rest is for other threads, or the next turn.
func (l *loop) accept() {
	for range 16 {
		fd, _, err := unix.Accept4(l.server.socket, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err != nil {
			return
		}
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1) // as package net does
		if unix.EpollCtl(l.epoll, unix.EPOLL_CTL_ADD, fd, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}) != nil {
			_ = unix.Close(fd)
			continue
		}
		l.conns[fd] = &conn{fd: fd}
		l.server.open.Add(1)
	}
}

func (l *loop) close(c *conn) {
	if c.greeted {
		l.mu.Lock()
		if i := slices.Index(l.sockets, c.fd); i >= 0 {
			l.sockets[i] = l.sockets[len(l.sockets)-1]
			l.sockets = l.sockets[:len(l.sockets)-1]
		}
		l.mu.Unlock()
	}
	delete(l.conns, c.fd)
	_ = unix.Close(c.fd)
	l.server.open.Add(-1)
}

var errEnd = errors.New("the client went away")

func (l *loop) read(c *conn) error {
	n, err := unix.Read(c.fd, l.buf[:])
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		return nil
	case err != nil:
		return err
	case n == 0:
		return errEnd
	}
	p := l.buf[:n]
	if len(c.got) > 0 {
		c.got = append(c.got, p...)
		p = c.got
	}
	taken, err := l.step(c, p)
	if err != nil {
		return err
	}
	c.got = append([]byte(nil), p[taken:]...)
	return nil
}

// step does what the client has asked for so far, and returns how much of p that was.
func (l *loop) step(c *conn, p []byte) (taken int, err error) {
	if !c.upgraded {
		end := bytes.Index(p, []byte("\r\n\r\n"))
		if end < 0 {
			return 0, nil
		}
		if l.out, err = accepting(l.out[:0], p[:end]); err != nil {
			return 0, err
		}
		if _, err := unix.Write(c.fd, l.out); err != nil {
			return 0, err
		}
		c.upgraded = true
		return end + 4, nil
	}
	size, err := unmask(p)
	if err != nil || size == 0 || c.greeted {
		return size, err
	}
	if _, err := unix.Write(c.fd, l.server.answer); err != nil {
		return 0, err
	}
	c.greeted = true
	l.mu.Lock()
	l.sockets = append(l.sockets, c.fd)
	l.mu.Unlock()
	return size, nil
}
