//go:build linux

package crowd

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// stats are written by one reader, and read by anybody.
type stats struct {
	frames, heartbeats, byes, inflated, lost, bytes, here atomic.Int64
	doubled, disorder, altered                            atomic.Int64
}

// reader owns some of the clients, an epoll set of their sockets, and one thread.
type reader struct {
	crowd *Crowd
	stats stats
	epoll int
	event int // an eventfd: something is in todo

	mu    sync.Mutex
	todo  []func()
	ended bool // todo takes no more

	// Everything below is the thread's own.
	byFD    []*client
	reading *client
	now     int64 // when what is being read came
	plan    *campaign
	tokens  [1]string
	said    []byte
	out     []byte
	inflate func([]byte) ([]byte, error)
	buf     [256 << 10]byte
	ready   [512]unix.EpollEvent
}

func newReader(c *Crowd) (*reader, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("making an epoll set: %w", err)
	}
	event, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("making an eventfd: %w", err), unix.Close(epoll))
	}
	r := &reader{crowd: c, epoll: epoll, event: event, inflate: newInflater(), byFD: make([]*client, c.options.Files)}
	return r, unix.EpollCtl(epoll, unix.EPOLL_CTL_ADD, event, &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(event)})
}

// do lets the reader's thread run f; false after the end.
func (r *reader) do(f func()) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended {
		return false
	}
	r.todo = append(r.todo, f)
	_, _ = unix.Write(r.event, []byte{1, 0, 0, 0, 0, 0, 0, 0})
	return true
}

// run reads until a func of do ends it.
func (r *reader) run() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	for !r.end() {
		n, err := unix.EpollWait(r.epoll, r.ready[:], r.pause())
		if err != nil && !errors.Is(err, unix.EINTR) {
			panic(os.NewSyscallError("epoll_wait", err)) // the set is ours and open
		}
		for _, e := range r.ready[:max(n, 0)] {
			if int(e.Fd) == r.event {
				r.work()
			} else if c := r.byFD[e.Fd]; c != nil {
				if err := r.handle(c, e.Events); err != nil {
					r.lose(c, err)
				}
			}
		}
		r.dialMore()
	}
	_ = unix.Close(r.epoll)
	_ = unix.Close(r.event)
}

func (r *reader) end() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ended
}

// pause is for how long epoll may wait, in milliseconds.
func (r *reader) pause() int {
	if r.plan != nil {
		return 5 // a rate, or an attempt that is due again
	}
	return -1
}

func (r *reader) work() {
	var count [8]byte
	_, _ = unix.Read(r.event, count[:])
	r.mu.Lock()
	todo := r.todo
	r.todo = nil
	r.mu.Unlock()
	for _, f := range todo {
		f()
	}
}

func (r *reader) handle(c *client, events uint32) error {
	if c.state == dialing && events&unix.EPOLLOUT != 0 {
		return r.connected(c)
	}
	n, err := unix.Read(int(c.fd), r.buf[:])
	switch {
	case errors.Is(err, unix.EAGAIN), errors.Is(err, unix.EINTR):
		return nil
	case err != nil:
		return fmt.Errorf("reading: %w", err)
	case n == 0:
		return fmt.Errorf("reading: %w", io.EOF)
	}
	r.now = Now()
	r.stats.bytes.Add(int64(n))
	p := r.buf[:n]
	if c.state == upgrading {
		if p, err = r.upgraded(c, p); err != nil || p == nil {
			return err
		}
	}
	r.reading = c
	return c.feed(p, r)
}

// arrive is called when a client is synced.
func (r *reader) arrive(c *client) {
	if c.state != greeting {
		return
	}
	if c.snapshot {
		c.snapshot, c.recent = false, 0
		if place, ok := cursorSeq(c.cursor); ok {
			c.last = place
		}
	}
	c.state, c.synced = here, r.now
	r.stats.here.Add(1)
	if c.deaf {
		_ = unix.EpollCtl(r.epoll, unix.EPOLL_CTL_DEL, int(c.fd), nil)
	}
	r.plan.succeeded(c)
}

// lose closes a client's socket, and lets it try again if it was about to come.
func (r *reader) lose(c *client, err error) {
	was := c.state
	r.close(c, false)
	if was == here {
		r.stats.lost.Add(1)
		r.crowd.complain(err)
		return
	}
	if r.plan != nil {
		r.crowd.complain(err)
		r.plan.failed(c, err)
	}
}

// close closes a client's socket; abruptly with a reset, as when a network goes away.
func (r *reader) close(c *client, abruptly bool) {
	if c.fd < 0 {
		return
	}
	if abruptly {
		_ = unix.SetsockoptLinger(int(c.fd), unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	}
	if c.state == here {
		r.stats.here.Add(-1)
	}
	r.byFD[c.fd] = nil
	_ = unix.Close(int(c.fd))
	c.forget()
}

// dialMore lets as many clients dial as the plan allows now.
func (r *reader) dialMore() {
	if r.plan == nil {
		return
	}
	now := Now()
	r.plan.expire(r, now)
	for c := r.plan.next(now); c != nil; c = r.plan.next(now) {
		if err := r.dial(c); err != nil {
			r.lose(c, err)
		}
	}
	if r.plan.isOver(now) {
		r.plan.finish(r)
		r.plan = nil
	}
}

// jittered is a time up to twice d from now, so that clients that were refused
// together do not come back together.
func jittered(d time.Duration) int64 { return Now() + rand.Int64N(int64(2*d)+1) }
