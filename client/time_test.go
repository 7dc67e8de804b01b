package client_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/client"
	"tocsin/notice/noticetest"
	"tocsin/wire"
)

// at is a heartbeat of a node whose clock says so.
func (c *clinic) at(serverTime time.Time, head []byte) wire.Heartbeat {
	b := c.beat(head)
	b.ServerTime = serverTime
	return b
}

// Where a head vouches, a node's word on the time counts only near it: a notice does not
// end because a node says that it is late, nor is it shown for ever.
func TestHeadsBoundTheTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, c := newNode(t), newClinic(t)
		w := c.watch(n)
		p := c.open(n, c.Sign(c.Alert(noticetest.Sent(time.Now().Add(-time.Hour))))) // ends in two hours
		w.take()
		for _, test := range []struct{ said, want time.Duration }{
			{0, 0}, {time.Minute, time.Minute}, {-time.Minute, -time.Minute}, {74 * time.Second, 74 * time.Second},
			{90 * time.Second, 0}, {-90 * time.Second, 0}, {3 * time.Hour, 0}, {-3 * time.Hour, 0},
		} {
			time.Sleep(15 * time.Second)
			p.send(c.at(time.Now().Add(test.said), c.head()))
			synctest.Wait()
			require.WithinDuration(t, time.Now().Add(test.want), w.Now(), time.Second)
			require.Len(t, w.Threads(), 1)
		}
		stays(t, w)

		// Of two desks, either may be right.
		p.send(c.at(time.Now().Add(time.Hour), c.headOf(c.second(), time.Now().Add(time.Hour))))
		synctest.Wait()
		require.WithinDuration(t, time.Now().Add(time.Hour), w.Now(), time.Second)
		p.send(c.at(time.Now().Add(20*time.Minute), nil))
		synctest.Wait()
		require.WithinDuration(t, time.Now(), w.Now(), 2*time.Second, "the nearer one")
		// A head that no longer vouches bounds nothing.
		time.Sleep(30 * time.Second)
		p.send(c.at(time.Now(), nil))
		time.Sleep(15 * time.Second)
		p.send(c.at(time.Now().Add(time.Hour), nil))
		synctest.Wait()
		require.WithinDuration(t, time.Now().Add(time.Hour), w.Now(), time.Second)
	})
}

// A welcome that lies about the time does not make beacons expire, nor ends heads.
func TestTimeDoesNotTurnHeadsOff(t *testing.T) {
	for _, lie := range []time.Duration{-365 * 24 * time.Hour, 365 * 24 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			n, c := newNode(t), newClinic(t)
			w := c.watch(n)
			p, _ := n.accept()
			terms := welcome(wire.ResumeSnapshot, wire.TierPublic)
			terms.ServerTime = time.Now().Add(lie)
			p.send(terms, c.entry(c.KeysetBody(1)), c.synced())
			synctest.Wait()
			for range 3 {
				time.Sleep(15 * time.Second)
				p.send(c.at(time.Now().Add(lie), nil))
			}
			synctest.Wait()
			require.Equal(t, client.StaleHeads, w.Freshness().Reason)
		})
	}
}

// A head that does not fit, of a desk whose clock is an hour behind, says nothing to a client
// that came by a snapshot: what has ended since is in no snapshot.
func TestOneClockBehindAndNothingElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, c := newNode(t), newClinic(t)
		ended := c.Alert(noticetest.Expires(time.Now().Add(time.Minute)))
		keyset := c.entry(c.KeysetBody(1))
		c.entry(c.Sign(ended))
		time.Sleep(20 * time.Minute)
		w := c.watch(n)
		p, _ := n.accept()
		behind := func() []byte { return c.headOf(c.Beacon, time.Now().Add(-time.Hour)) }
		p.send(welcome(wire.ResumeSnapshot, wire.TierPublic), keyset, wire.Synced{Cursor: c.cursor(), Head: behind()})
		synctest.Wait()
		w.take()
		c.beats(p, 2, func(int) []byte { return behind() })
		stays(t, w)
		p.send(c.beat(c.headOf(c.second(), time.Now())))
		c.beats(p, 20, func(i int) []byte {
			if i%2 == 0 {
				return behind()
			}
			return c.headOf(c.second(), time.Now())
		})
		stays(t, w)
	})
}

// It is never earlier than when something was signed that the client holds.
func TestTimeHasAFloor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust(), func(c *client.Config) { c.NoReceipts = true })
		alert := l.Alert()
		p := n.ready(l, l.entry(l.Sign(alert)))
		beat := l.heartbeat()
		beat.ServerTime = time.Now().Add(-48 * time.Hour)
		p.send(beat)
		synctest.Wait()
		sent, err := alert.Sent.Time()
		require.NoError(t, err)
		require.False(t, w.Now().Before(sent))
		require.WithinDuration(t, sent, w.Now(), time.Second)
		p.cut() // and a new session does not begin anew
		p, _ = n.accept()
		terms := welcome(wire.ResumeReplay, wire.TierPublic)
		terms.ServerTime = time.Now().Add(-48 * time.Hour)
		p.send(terms, l.synced())
		synctest.Wait()
		require.False(t, w.Now().Before(sent))
	})
}

// A node that is more than a day ahead of this machine hides nothing.
func TestADayAheadHidesNothing(t *testing.T) {
	for ahead, shown := range map[time.Duration]int{2*time.Hour + time.Second: 0, 23 * time.Hour: 0, 25 * time.Hour: 1, 1000 * time.Hour: 1} {
		synctest.Test(t, func(t *testing.T) {
			n, l := newNode(t), newLogbook(t)
			w := watch(t, n, l.Trust(), func(c *client.Config) { c.NoReceipts = true })
			p := n.ready(l, l.entry(l.Sign(l.Alert()))) // ends in two hours
			beat := l.heartbeat()
			beat.ServerTime = time.Now().Add(ahead)
			p.send(beat)
			synctest.Wait()
			require.Len(t, w.Threads(), shown, "%s", ahead)
			time.Sleep(2*time.Hour + time.Second)
			require.Empty(t, w.Threads(), "by either clock")
		})
	}
}

// A time that nobody can mean ends the session.
func TestTimeThatNobodyMeans(t *testing.T) {
	for _, said := range []time.Time{time.Unix(-1, 0), time.Date(2096, 1, 1, 0, 0, 0, 0, time.UTC)} {
		synctest.Test(t, func(t *testing.T) {
			n, l := newNode(t), newLogbook(t)
			w := watch(t, n, l.Trust())
			p := n.ready(l)
			w.take()
			beat := l.heartbeat()
			beat.ServerTime = said
			p.send(beat)
			synctest.Wait()
			require.ErrorIs(t, of[client.Disconnected](w.take())[0].Err, client.ErrProtocol)
			p, _ = n.accept()
			terms := welcome(wire.ResumeReplay, wire.TierPublic)
			terms.ServerTime = said
			p.send(terms)
			synctest.Wait()
			require.ErrorIs(t, of[client.Disconnected](w.take())[0].Err, client.ErrProtocol)
		})
	}
}
