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

	mu     sync.Mutex
	known  []attendee // by descriptor; guarded by mu, as what follows is
	stays  int32      // how often a descriptor came into the set
	closed bool
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

// run calls ready for each whose socket can be read, or has ended; once, until it
// is armed again. It returns when the poller is closed.
func (p *poller) run(ready func(attendee)) {
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
		p.deliver(events[:n], ready)
	}
}

// deliver calls ready for those whose events they are. An event of one that ended
// meanwhile is nobody's, though its descriptor may be another's by now: who was not armed
// for it may be at work, or not be ready to.
func (p *poller) deliver(events []unix.EpollEvent, ready func(attendee)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, e := range events {
		if a := p.known[e.Fd]; a != nil && a.booked().stay == e.Pad {
			ready(a)
		}
	}
}

// arm has run call an attendee once, when there is something to read from its socket.
func (p *poller) arm(a attendee, raw syscall.RawConn) error {
	var err error
	lost := raw.Control(func(fd uintptr) { err = p.control(a, int32(fd)) })
	return errors.Join(lost, err)
}

// control is arm for a descriptor.
func (p *poller) control(a attendee, fd int32) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return os.ErrClosed
	}
	op, t := unix.EPOLL_CTL_MOD, a.booked()
	if t.fd == 0 {
		p.stays++
		op, t.fd, t.stay = unix.EPOLL_CTL_ADD, fd, p.stays
		p.set(a)
	}
	const once = unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLONESHOT
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(p.fd, op, int(fd), &unix.EpollEvent{Events: once, Fd: fd, Pad: t.stay}))
}

// set is called with mu held.
func (p *poller) set(a attendee) {
	fd := int(a.booked().fd)
	if more := fd + 1 - len(p.known); more > 0 {
		p.known = append(p.known, make([]attendee, more)...)
	}
	p.known[fd] = a
}

// replace has another attend to a socket from now on.
func (p *poller) replace(a, by attendee) {
	p.mu.Lock()
	defer p.mu.Unlock()
	by.booked().fd, by.booked().stay = a.booked().fd, a.booked().stay
	p.set(by)
}

// release takes a socket that stays open out of the set.
func (p *poller) release(a attendee, raw syscall.RawConn) error {
	p.forget(a)
	var err error
	lost := raw.Control(func(fd uintptr) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if !p.closed {
			err = unix.EpollCtl(p.fd, unix.EPOLL_CTL_DEL, int(fd), nil)
		}
	})
	return errors.Join(lost, os.NewSyscallError("epoll_ctl", err))
}

// forget takes an attendee out of what is known. That its socket is closed takes it out
// of the set.
func (p *poller) forget(a attendee) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if fd := int(a.booked().fd); fd < len(p.known) && p.known[fd] == a {
		p.known[fd] = nil
	}
}

// close ends run, and tells who was waited for.
func (p *poller) close() []attendee {
	p.mu.Lock()
	defer p.mu.Unlock()
	known := p.known
	p.closed, p.known = true, make([]attendee, len(known))
	_ = p.file.Close()
	return known
}
