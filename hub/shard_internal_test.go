package hub

import (
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/notice"
	"tocsin/notice/noticetest"
	"tocsin/wire"
)

// still is a hub whose shards do not run: the test does their work, step by step.
func still(t *testing.T, window int) (*Hub, *noticetest.Staff) {
	t.Helper()
	staff := noticetest.NewStaff(t)
	authority, err := auth.New(auth.Config{})
	require.NoError(t, err)
	h, err := New(Config{Trust: staff.Trust(), Authority: authority, Shards: 1, WindowEntries: window})
	require.NoError(t, err)
	h.Begin("00c0ffee")
	h.Entry(notice.Entry{Seq: 1, Body: staff.KeysetBody(1)})
	h.Source(Source{Live: true, Head: 1, Checked: time.Now()})
	return h, staff
}

// sitting is a session at the hub's present place, not yet joined.
func sitting(t *testing.T, h *Hub) (*session, *net.TCPConn) {
	t.Helper()
	c, client := pair(t)
	s := &session{hub: h, id: "test", shard: h.shards[0], done: make(chan struct{}), told: news{state: wire.SourceLive}}
	s.attach(nil, c)
	s.access.Store(newAccess(auth.Grant{State: auth.StateNone}))
	s.at = h.view.Load().place()
	require.True(t, h.begin(s))
	return s, client
}

// received reads up to entry last, and returns all that came.
func received(t *testing.T, client net.Conn, last uint64) string {
	t.Helper()
	require.NoError(t, client.SetReadDeadline(time.Now().Add(10*time.Second)))
	var got []byte
	for buf := make([]byte, 64<<10); ; {
		n, err := client.Read(buf)
		require.NoError(t, err)
		got = append(got, buf[:n]...)
		if tail := got[max(0, len(got)-n-64):]; strings.Contains(string(tail), entry(last)) {
			return string(got)
		}
	}
}

func entry(seq uint64) string { return fmt.Sprintf(`{"type":"entry","seq":%d,`, seq) }

// A session whose lane was done before the last entries joins a shard that has
// walked past them, or has not even seen where the lane was: it gets each once.
func TestJoin(t *testing.T) {
	h, staff := still(t, 100)
	sh := h.shards[0]
	publish := func(seq uint64) {
		h.Entry(notice.Entry{Seq: seq, Body: staff.Sign(staff.Alert())})
	}
	behind, behindClient := sitting(t, h)
	publish(2)
	publish(3)
	sh.fanOut(h.view.Load())
	publish(4)
	ahead, aheadClient := sitting(t, h) // at 4, while the shard is at 3
	sh.handle(event{ahead, evJoin})
	sh.handle(event{behind, evJoin})
	publish(5)
	sh.fanOut(h.view.Load())
	sh.fanOut(h.view.Load())
	for client, first := range map[*net.TCPConn]uint64{behindClient: 2, aheadClient: 5} {
		got := received(t, client, 5)
		require.Equal(t, int(5-first)+1, strings.Count(got, `"type":"entry"`))
		for seq := first; seq <= 5; seq++ {
			require.Contains(t, got, entry(seq))
		}
	}
	require.Equal(t, 2, sh.size)
	for _, s := range []*session{behind, ahead} {
		sh.handle(event{s, evLeave})
	}
	require.Zero(t, sh.size)
	h.work.Wait()
}

// A socket that stalls in the middle of a batch takes its session to a lane, which
// sends the rest; everything comes once, and the session comes back.
func TestStallInABatch(t *testing.T) {
	h, staff := still(t, 100)
	sh := h.shards[0]
	s, client := sitting(t, h)
	sh.handle(event{s, evJoin})
	const last = 60
	for seq := uint64(2); seq <= last; seq++ {
		n := staff.Alert(noticetest.Headline(strings.Repeat("long ", 5000)))
		h.Entry(notice.Entry{Seq: seq, Body: staff.Sign(n)})
	}
	sh.fanOut(h.view.Load())
	require.True(t, s.inLane)
	require.Zero(t, sh.size)
	got := received(t, client, last)
	require.Equal(t, last-1, strings.Count(got, `"type":"entry"`))
	sh.awaitJoin(s)
	sh.handle(event{s, evLeave})
	h.work.Wait()
}

// awaitJoin does the shard's work until a lane gives the session back.
func (sh *shard) awaitJoin(s *session) {
	for s.where != slotted {
		<-sh.wake
		for _, e := range sh.take() {
			sh.handle(e)
		}
	}
}

// A grant that time ends is looked at within a quarter of the heartbeats' interval, also
// of sessions that no shard writes to: keys that went stale are told of then.
func TestGrantsEnd(t *testing.T) {
	h, _ := still(t, 4)
	sh := h.shards[0]
	sh.fanOut(h.view.Load())
	now := time.Now()
	apart := func(until time.Time) *session {
		s := &session{hub: h, shard: sh, wake: make(chan struct{}, 1), slot: 37}
		s.access.Store(newAccess(auth.Grant{State: auth.StateOK, Until: until}))
		sh.handle(event{s, evSeparate})
		return s
	}
	ended, lasting, endless := apart(now), apart(now.Add(time.Hour)), apart(time.Time{})
	for range spokes / 4 {
		sh.turn(now, sh.turned+1)
	}
	require.Len(t, ended.wake, 1)
	require.Empty(t, lasting.wake)
	require.Empty(t, endless.wake)
}

// A session whose place the window has left gets all that holds instead.
func TestOutOfTheWindow(t *testing.T) {
	h, staff := still(t, 4)
	sh := h.shards[0]
	s, client := sitting(t, h)
	sh.handle(event{s, evJoin})
	for seq := uint64(2); seq <= 12; seq++ {
		h.Entry(notice.Entry{Seq: seq, Body: staff.Sign(staff.Alert())})
	}
	sh.fanOut(h.view.Load())
	sh.awaitJoin(s)
	got := received(t, client, 12)
	for seq := uint64(1); seq <= 12; seq++ {
		require.Equal(t, 1, strings.Count(got, entry(seq)), "%d", seq)
	}
	sh.handle(event{s, evLeave})
	h.work.Wait()
}

// A flood of entries does not run past the window: whoever follows the log waits
// for the shards.
func TestPace(t *testing.T) {
	h, staff := still(t, 8)
	sh := h.shards[0]
	sh.fanOut(h.view.Load())
	h.running.Store(true)
	folded, waits := make(chan uint64), 0
	go func() {
		defer close(folded)
		for seq := uint64(2); seq <= 40; seq++ {
			h.Entry(notice.Entry{Seq: seq, Body: staff.Sign(staff.Alert())})
			folded <- seq
		}
	}()
	for {
		select {
		case _, open := <-folded:
			if !open {
				require.NotZero(t, waits)
				return
			}
		case <-time.After(20 * time.Millisecond):
			if v := h.view.Load(); sh.lag(v) > 4 { // it waits for the shard
				sh.fanOut(v)
				waits++
			}
		}
		require.LessOrEqual(t, sh.lag(h.view.Load()), 5)
	}
}
