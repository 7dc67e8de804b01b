//go:build linux

package hub

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// attended counts.
type attended struct {
	turn
	times int
}

func (a *attended) attend() { a.times++ }

// An event of a socket that was closed is not taken for one of the next, which has got the
// same descriptor: that one may not be ready to be attended to.
func TestEventOfAFormerSocket(t *testing.T) {
	p, err := newPoller()
	require.NoError(t, err)
	t.Cleanup(func() { p.close() })
	_, nc := pair(t)
	raw, err := nc.SyscallConn()
	require.NoError(t, err)

	former, next := &attended{}, &attended{}
	require.NoError(t, p.arm(former, raw))
	stale := []unix.EpollEvent{{Events: unix.EPOLLIN, Fd: former.fd, Pad: former.stay}}
	require.NoError(t, p.release(former, raw)) // as if closed
	require.NoError(t, p.arm(next, raw))
	require.Equal(t, stale[0].Fd, next.fd)

	ready := func(a attendee) { a.attend() }
	p.deliver(stale, ready)
	require.Zero(t, next.times)
	require.Zero(t, former.times)
	p.deliver([]unix.EpollEvent{{Events: unix.EPOLLIN, Fd: next.fd, Pad: next.stay}}, ready)
	require.Equal(t, 1, next.times)

	session := &attended{} // an arrival's socket keeps its place
	p.replace(next, session)
	p.deliver([]unix.EpollEvent{{Events: unix.EPOLLIN, Fd: next.fd, Pad: next.stay}}, ready)
	require.Equal(t, 1, session.times)
}

// What is queued while readers end, because others came back from waiting, is not left
// there although one is idle.
func TestReadersWakeEachOther(t *testing.T) {
	r := &readers{giveWay: func() bool { return false }, most: 2}
	r.more = sync.NewCond(&r.mu)
	done := make(chan struct{})
	r.mu.Lock()
	r.working = 2 // this one, and the one that waits
	r.mu.Unlock()
	r.done.Go(func() {
		a := r.next()
		if a != nil {
			a.attend()
			close(done)
		}
		r.mu.Lock()
		r.working--
		r.mu.Unlock()
	})
	for idle := 0; idle == 0; {
		r.mu.Lock()
		idle = r.idle
		r.mu.Unlock()
	}
	r.mu.Lock()
	r.queue.push(&attended{}) // its signal went to a reader that ended
	r.mu.Unlock()
	r.waiting(func() { <-done })
	r.done.Wait()
}
