package hub_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/hub"
	"tocsin/notice/noticetest"
	"tocsin/wire"
)

// seldom makes sure that a heartbeat that comes was not just due.
func seldom(c *hub.Config) { c.Heartbeat = 24 * time.Hour }

// beat expects a heartbeat and nothing else.
func (c *client) beat() wire.Heartbeat {
	c.t.Helper()
	f, err := c.read(patience)
	require.NoError(c.t, err)
	said, ok := f.(wire.Heartbeat)
	require.True(c.t, ok, "%T: %+v", f, f)
	return said
}

// Clients are told when the source changes, not when their turn comes: over
// WebSockets and event streams, and in the middle of it all.
func TestSourceChangeIsTold(t *testing.T) {
	w := newWorld(t)
	n := w.follow(seldom)
	var clients []*client
	for range 100 { // on all spokes, as good as
		c := n.hello(wire.Hello{})
		c.begin()
		clients = append(clients, c)
	}
	e := n.events(t, "")
	for synced := false; !synced; {
		_, synced = e.next().(wire.Synced)
	}
	told := func(state wire.SourceState) {
		t.Helper()
		for _, c := range clients {
			said := c.beat()
			require.Equal(t, state, said.Source.State)
			require.Equal(t, w.log.cursor(), said.Cursor)
		}
		said, ok := e.read().(wire.Heartbeat)
		require.True(t, ok)
		require.Equal(t, state, said.Source.State)
	}
	for range 3 {
		n.stale()
		told(wire.SourceStale)
		n.live(w.log)
		told(wire.SourceLive)
	}
	n.live(w.log) // no change
	_, alert := w.alert()
	n.Entry(alert)
	for _, c := range clients {
		f, err := c.read(patience)
		require.NoError(t, err)
		require.IsType(t, wire.EntryFrame{}, f, "no heartbeat without cause")
	}
}

// Who comes while the source changes ends up knowing how it is, told once.
func TestSourceChangesMeanwhile(t *testing.T) {
	w := newWorld(t)
	n := w.follow(seldom)
	for i := range 30 {
		n.stale()
		c := n.hello(wire.Hello{})
		if i%2 == 0 {
			n.live(w.log)
		}
		want := wire.SourceStale
		if i%2 == 0 {
			want = wire.SourceLive
		}
		for known := (wire.SourceState("")); known != want; {
			f, err := c.read(patience)
			require.NoError(t, err)
			switch f := f.(type) {
			case wire.Welcome:
				known = f.Source.State
			case wire.Heartbeat:
				require.NotEqual(t, known, f.Source.State, "told twice")
				known = f.Source.State
			}
		}
		require.NoError(t, c.ws.CloseNow())
		n.live(w.log)
	}
}

// A session that was held is told that the node is up to date as soon as it is.
func TestHeldIsToldWhenReleased(t *testing.T) {
	w := newWorld(t)
	n := w.follow(seldom)
	_, e := w.alert()
	c := n.hello(wire.Hello{Cursor: w.log.cursor().String()})
	require.Equal(t, wire.SourceStale, expect[wire.Welcome](c).Source.State)
	n.Entry(e)
	_, synced := c.untilSynced()
	require.Equal(t, w.log.cursor(), synced.Cursor)
	require.Equal(t, wire.SourceLive, c.beat().Source.State)
}

// A log that takes the place of another is called live behind what it holds.
func TestLiveBehindTheLog(t *testing.T) {
	w := newWorld(t)
	n := w.follow(seldom)
	c := n.hello(wire.Hello{})
	c.begin()
	for i := range 10 {
		other := newHistory(w.staff)
		other.epoch = []string{"0badf00d", "00c0ffee"}[i%2]
		last := other.append(w.staff.Sign(w.staff.Alert()))
		n.Begin(other.epoch)
		require.Equal(t, wire.SourceStale, c.beat().Source.State)
		for _, e := range other.entries {
			n.Entry(e)
		}
		n.live(other)
		for came, live := false, false; !live; {
			f, err := c.read(patience)
			require.NoError(t, err)
			switch f := f.(type) {
			case wire.EntryFrame:
				came = came || string(f.Envelope) == string(last.Body)
			case wire.Heartbeat:
				if live = f.Source.State == wire.SourceLive; live {
					require.True(t, came)
					require.Equal(t, other.cursor(), f.Cursor)
				}
			}
		}
	}
}

// When labels grow, a heartbeat follows the threads that could not be seen before, and
// none comes between: so a client knows when it has them all.
func TestGrowthEndsWithAHeartbeat(t *testing.T) {
	w := newWorld(t)
	n := w.follow(seldom)
	for range 3 {
		_, e := w.alert(noticetest.Restricted("tenant:north"))
		n.Entry(e)
	}
	c := n.hello(wire.Hello{})
	c.begin()
	for range 20 {
		c.send(wire.Tokens{Tokens: []string{w.token("north")}})
		n.stale() // more heartbeats, before or after
		n.live(w.log)
		require.Equal(t, wire.TierPrivate, expect[wire.Auth](c).Tier)
		for range 3 {
			f, err := c.read(patience)
			require.NoError(t, err)
			require.IsType(t, wire.EntryFrame{}, f)
		}
		require.Equal(t, w.log.cursor(), c.beat().Cursor)
		c.send(wire.Tokens{})
		require.Equal(t, wire.TierPublic, expect[wire.Auth](c).Tier)
	}
}
