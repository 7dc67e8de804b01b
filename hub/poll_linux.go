package hub

import (
	"errors"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// poller waits for all sockets at once, so that no session needs a goroutine, and a stack,
// to wait in. It is one epoll set, which Go's own poller watches in turn.
type poller struct {
	file *os.File
	fd   int // of file, whose Fd would make it block
	raw  syscall.RawConn

	mu       sync.Mutex
	sessions []*session // by descriptor; guarded by mu
}

func newPoller() (*poller, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil { // or Go's poller does not take it
		return nil, errors.Join(os.NewSyscallError("fcntl", err), unix.Close(fd))
	}
	p := &poller{file: os.NewFile(uintptr(fd), "epoll"), fd: fd}
	if p.raw, err = p.file.SyscallConn(); err != nil {
		return nil, errors.Join(err, p.file.Close())
	}
	return p, nil
}

// run calls ready for each session whose socket can be read, or has ended; once, until it
// is armed again. It returns when the poller is closed.
func (p *poller) run(ready func(*session)) {
	events := make([]unix.EpollEvent, 256)
	for {
		n := 0
		err := p.raw.Read(func(fd uintptr) (done bool) {
			n, _ = unix.EpollWait(int(fd), events, 0) // EINTR: as if nothing had come, and asked again
			return n > 0
		})
		if err != nil {
			return
		}
		p.mu.Lock()
		for _, e := range events[:n] {
			// One that ended meanwhile, its descriptor perhaps another's: called in vain.
			if s := p.sessions[e.Fd]; s != nil {
				ready(s)
			}
		}
		p.mu.Unlock()
	}
}

// arm has run call the session once, when there is something to read.
func (p *poller) arm(s *session) error {
	op := unix.EPOLL_CTL_MOD
	var err error
	lost := s.conn.raw.Control(func(fd uintptr) {
		if s.fd == 0 {
			op, s.fd = unix.EPOLL_CTL_ADD, int32(fd)
			p.set(s.fd, s)
		}
		const once = unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLONESHOT
		err = unix.EpollCtl(p.fd, op, int(fd), &unix.EpollEvent{Events: once, Fd: int32(fd)})
	})
	return errors.Join(lost, os.NewSyscallError("epoll_ctl", err))
}

func (p *poller) set(fd int32, s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if more := int(fd) + 1 - len(p.sessions); more > 0 {
		p.sessions = append(p.sessions, make([]*session, more)...)
	}
	p.sessions[fd] = s
}

// forget is called by the reader, once. That the socket is closed takes it out of the set.
func (p *poller) forget(s *session) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if s.fd != 0 && p.sessions[s.fd] == s {
		p.sessions[s.fd] = nil
	}
}

func (p *poller) close() { _ = p.file.Close() }
