//go:build linux

package bare

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// backlog is that of net.Listen.
const backlog = 4096

// Server is a bare server.
type Server struct {
	address netip.AddrPort
	answer  []byte
	socket  int
	stop    int // an eventfd in every epoll set
	loops   []*loop
	running sync.WaitGroup
	open    atomic.Int64
}

// Listen starts a server on a free port of loopback, with a thread for each core. Every
// hello gets answer: whole frames. Whoever calls it calls Close.
func Listen(answer []byte) (*Server, error) {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("opening a socket: %w", err)
	}
	s := &Server{answer: answer, socket: socket, stop: -1}
	if err := s.listen(); err != nil {
		return nil, errors.Join(err, unix.Close(socket))
	}
	for range runtime.GOMAXPROCS(0) {
		l, err := newLoop(s)
		if err != nil {
			s.Close()
			return nil, err
		}
		s.loops = append(s.loops, l)
		s.running.Go(l.run)
	}
	return s, nil
}

func (s *Server) listen() error {
	if err := unix.Bind(s.socket, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return fmt.Errorf("binding: %w", err)
	}
	if err := unix.Listen(s.socket, backlog); err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	name, err := unix.Getsockname(s.socket)
	if err != nil {
		return fmt.Errorf("asking for the port: %w", err)
	}
	s.address = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(name.(*unix.SockaddrInet4).Port))
	if s.stop, err = unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK); err != nil {
		return fmt.Errorf("making an eventfd: %w", err)
	}
	return nil
}

// Address is where it listens.
func (s *Server) Address() netip.AddrPort { return s.address }

// Open is the number of connections.
func (s *Server) Open() int { return int(s.open.Load()) }

// Round writes p to every socket that was greeted, by one write each, from as many
// threads as there are cores. It fails if a socket does not take all of it.
func (s *Server) Round(p []byte) (writes int, err error) {
	errs := make([]error, len(s.loops))
	var done sync.WaitGroup
	for i, l := range s.loops {
		sockets := l.greeted()
		writes += len(sockets)
		done.Go(func() { errs[i] = round(sockets, p) })
	}
	done.Wait()
	return writes, errors.Join(errs...)
}

func round(sockets []int, p []byte) error {
	for _, fd := range sockets {
		n, err := unix.Write(fd, p)
		switch {
		case errors.Is(err, unix.EBADF), errors.Is(err, unix.ECONNRESET), errors.Is(err, unix.EPIPE): // gone meanwhile
		case err != nil:
			return os.NewSyscallError("write", err)
		case n != len(p):
			return fmt.Errorf("a socket took %d of %d bytes", n, len(p))
		}
	}
	return nil
}

// Close ends it, with all connections.
func (s *Server) Close() {
	_, _ = unix.Write(s.stop, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	s.running.Wait()
	_ = unix.Close(s.socket)
	_ = unix.Close(s.stop)
}

// Frame is a text frame of a server (RFC 6455, section 5.2), for rounds and answers.
func Frame(payload []byte, packed bool) []byte {
	first := byte(0x81)
	if packed {
		first |= 0x40
	}
	switch n := len(payload); {
	case n < 126:
		return append([]byte{first, byte(n)}, payload...)
	case n <= 0xffff:
		return append([]byte{first, 126, byte(n >> 8), byte(n)}, payload...)
	default:
		return append([]byte{first, 127, 0, 0, 0, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}, payload...)
	}
}
