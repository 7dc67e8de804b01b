package client_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"tocsin/client"
	"tocsin/notice"
	"tocsin/notice/noticetest"
	"tocsin/wire"
)

// clinic is a logbook whose keysets name two beacons, and the desks that have them.
type clinic struct {
	*logbook
	t *testing.T
}

func newClinic(t *testing.T) *clinic {
	l := newLogbook(t)
	l.beacons = true
	return &clinic{l, t}
}

// second is the beacon of the other desk.
func (c *clinic) second() *notice.PrivateKey { return c.Stranger }

func (c *clinic) KeysetBody(version int64, edits ...func(*notice.Keyset)) []byte {
	return c.logbook.KeysetBody(version, append(edits, c.With(c.second(), notice.RoleBeacon))...)
}

// watch runs a Subscriber of n that sends no receipts: nobody reads them here.
func (c *clinic) watch(n *node, edits ...func(*client.Config)) *watcher {
	return watch(c.t, n, c.Trust(), append(edits, func(config *client.Config) { config.NoReceipts = true })...)
}

// headOf is a head of what the log holds; edits change it.
func (c *clinic) headOf(key *notice.PrivateKey, at time.Time, edits ...func(*notice.Head)) []byte {
	c.t.Helper()
	h := c.board.Head(epoch, at)
	for _, edit := range edits {
		edit(h)
	}
	body, err := notice.SignHead(h, key)
	require.NoError(c.t, err)
	return body
}

func (c *clinic) head() []byte { return c.headOf(c.Beacon, time.Now()) }

// beat is a heartbeat with a head.
func (c *clinic) beat(head []byte) wire.Heartbeat {
	b := c.heartbeat()
	b.Head = head
	return b
}

// open opens a session by a snapshot of a keyset and what else is put into the log, whose
// synced has a head.
func (c *clinic) open(n *node, bodies ...[]byte) *peer {
	c.t.Helper()
	p, _ := n.accept()
	p.send(welcome(wire.ResumeSnapshot, wire.TierPublic), c.entry(c.KeysetBody(1)))
	for _, body := range bodies {
		p.send(c.entry(body))
	}
	p.send(wire.Synced{Cursor: c.cursor(), Head: c.head()})
	synctest.Wait()
	return p
}

// beats sends heartbeats for n times 15 s, each with what head makes.
func (c *clinic) beats(p *peer, n int, head func(i int) []byte) {
	for i := range n {
		time.Sleep(15 * time.Second)
		p.send(c.beat(head(i)))
		synctest.Wait()
	}
}

// mayBeAway lets the test turn connections away.
func (n *node) mayBeAway() *atomic.Bool {
	away, refuse := new(atomic.Bool), refuseWith(http.StatusBadGateway, "")
	n.answer = func(w http.ResponseWriter, r *http.Request) bool { return away.Load() && refuse(w, r) }
	return away
}

func stays(t *testing.T, w *watcher) {
	t.Helper()
	require.True(t, w.Freshness().Live)
	require.Empty(t, of[client.FreshnessChanged](w.take()))
	require.Empty(t, of[client.Disconnected](w.take()))
}

// As it should be: notices come and go, and the client is live all the time.
func TestHeadsFit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, c := newNode(t), newClinic(t)
		w := c.watch(n)
		p := c.open(n)
		require.True(t, w.Freshness().Live)
		w.take()
		alert := c.Alert()
		short := c.Alert(noticetest.Expires(time.Now().Add(time.Minute)))
		for _, bodies := range [][][]byte{
			{}, {c.Sign(alert)}, {c.Sign(short)}, {c.Sign(c.Update(alert, nil))},
			{c.Sign(c.Alert(noticetest.Status(notice.StatusTest))), c.Sign(c.Alert(noticetest.Addressed("surface:kiosk")))}, // not for this session
			{c.KeysetBody(2, noticetest.Without(c.Approver))}, {c.KeysetBody(3)}, {c.Sign(c.Cancel(alert, nil))}, {}, {},
		} {
			for _, body := range bodies {
				if e := c.entry(body); len(bodies) == 1 {
					p.send(e)
				}
			}
			if len(bodies) == 1 && c.board.Keyset().Version == 3 && c.board.Seq() == 8 {
				p.send(wire.EntryFrame{Seq: 2, Envelope: c.Sign(alert)}) // again, as nodes do after a keyset
			}
			c.beats(p, 1, func(int) []byte { return c.head() })
		}
		stays(t, w)
	})
}

// A head of a keyset that revives a notice may come before either. A node sends what was revived
// behind the keyset, as another entry: between the two, the head does not fit yet.
func TestHeadOfARevival(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, c := newNode(t), newClinic(t)
		w := c.watch(n)
		p, _ := n.accept()
		c.entry(c.KeysetBody(1))
		alert := c.entry(c.Sign(c.Alert()))
		p.send(welcome(wire.ResumeSnapshot, wire.TierPublic), c.entry(c.KeysetBody(2, noticetest.Without(c.Approver))))
		p.send(wire.Synced{Cursor: c.cursor(), Head: c.head()})
		synctest.Wait()
		require.True(t, w.Freshness().Live)
		w.take()
		time.Sleep(15 * time.Second)
		ahead := c.heartbeat()
		revival := c.entry(c.KeysetBody(3))
		ahead.Head = c.head()
		p.send(ahead, revival)
		synctest.Wait()
		p.send(alert)
		c.beats(p, 4, func(int) []byte { return c.head() })
		stays(t, w)
	})
}

// A burst of notices, with heads of every moment in between.
func TestHeadsInABurst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, c := newNode(t), newClinic(t)
		w := c.watch(n)
		p := c.open(n)
		w.take()
		var old []byte
		for i := range 200 {
			head := c.head()
			p.send(c.entry(c.Sign(c.Alert())))
			switch i % 4 {
			case 0:
				p.send(wire.Heartbeat{Cursor: c.cursor(), ServerTime: time.Now(), Source: live, Head: head}) // one behind
			case 1:
				p.send(c.beat(c.head()))
			case 2:
				p.send(c.beat(old)) // long ago
			case 3: // ahead
				next := c.entry(c.Sign(c.Alert()))
				p.send(wire.Heartbeat{ServerTime: time.Now(), Source: live, Head: c.head()}, next)
			}
			if i%100 == 0 {
				old = head
			}
			time.Sleep(time.Second)
		}
		stays(t, w)
		require.Len(t, w.Threads(), 250)
	})
}

// A desk that is an entry behind vouches for what it has seen.
func TestHeadsOfADeskThatIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, c := newNode(t), newClinic(t)
		w := c.watch(n)
		p := c.open(n)
		w.take()
		for range 10 {
			behind := c.headOf(c.Beacon, time.Now().Add(15*time.Second))
			p.send(c.entry(c.Sign(c.Alert())))
			c.beats(p, 1, func(int) []byte { return behind })
		}
		stays(t, w)
	})
}

// Of a long replay, no more is known than is kept: a head of its middle says nothing.
func TestHeadsOfALongReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, c := newNode(t), newClinic(t)
		w := c.watch(n)
		c.open(n).cut()
		synctest.Wait()
		w.take()
		replay := []wire.ServerFrame{welcome(wire.ResumeReplay, wire.TierPublic)}
		var middle, late []byte
		for i := range 100 {
			body := c.Sign(c.Alert())
			if i >= 60 && i < 70 { // which changes nothing that heads count
				body = c.ContactsBody(int64(i))
			}
			replay = append(replay, c.entry(body))
			switch i {
			case 20:
				middle = c.headOf(c.Beacon, time.Now().Add(3*time.Second))
			case 90:
				late = c.headOf(c.Beacon, time.Now().Add(5*time.Second))
			}
		}
		p, _ := n.accept()
		p.send(append(replay, wire.Synced{Cursor: c.cursor(), Head: middle}, c.beat(late))...)
		synctest.Wait()
		require.True(t, w.Freshness().Live)
		require.Empty(t, of[client.Disconnected](w.take()))
		for range 2 { // which fitted, or it would not last
			time.Sleep(20 * time.Second)
			p.send(c.beat(nil))
		}
		synctest.Wait()
		require.True(t, w.Freshness().Live)
	})
}

// More notices at once than states are kept: a head of before says nothing, the next one all.
func TestHeadsOfAFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, c := newNode(t), newClinic(t)
		w := c.watch(n)
		p := c.open(n)
		w.take()
		for range 2 {
			before := c.headOf(c.Beacon, time.Now().Add(10*time.Second))
			for range 70 {
				p.send(c.entry(c.Sign(c.Alert())))
			}
			c.beats(p, 1, func(int) []byte { return before })
			c.beats(p, 1, func(int) []byte { return c.head() })
		}
		stays(t, w)
		require.Len(t, w.Threads(), 140)
	})
}

// A node that is always a little behind the newest head has reached the one before.
func TestHeadsOfANodeThatIsBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, c := newNode(t), newClinic(t)
		w := c.watch(n)
		p := c.open(n)
		w.take()
		for range 20 {
			time.Sleep(15 * time.Second)
			next := c.cursor()
			entry := c.entry(c.Sign(c.Alert()))
			p.send(wire.Heartbeat{Cursor: next, ServerTime: time.Now(), Source: live, Head: c.head()}, entry)
			synctest.Wait()
		}
		stays(t, w)
	})
}

// Two desks whose clocks are an hour apart, one notice ending in between: whichever is
// heard, nobody is alarmed, and time does not jump.
func TestTwoClocks(t *testing.T) {
	for _, off := range []time.Duration{time.Hour, -time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			n, c := newNode(t), newClinic(t)
			w := c.watch(n)
			p := c.open(n, c.Sign(c.Alert(noticetest.Expires(time.Now().Add(30*time.Minute)))))
			w.take()
			for i := range 40 {
				c.beats(p, 1, func(int) []byte {
					if i%2 == 0 {
						return c.headOf(c.second(), time.Now().Add(off))
					}
					return c.head()
				})
				require.WithinDuration(t, time.Now(), w.Now(), time.Second)
				require.Len(t, w.Threads(), 1)
			}
			stays(t, w)
			if off > 0 { // believed as well: it carries alone
				c.beats(p, 20, func(int) []byte { return c.headOf(c.second(), time.Now().Add(off)) })
				stays(t, w)
			}
		})
	}
}

// The clock of the only desk is set back by an hour: it is believed again after ten minutes.
func TestClockSetBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, c := newNode(t), newClinic(t)
		w := c.watch(n)
		p := c.open(n)
		c.beats(p, 4, func(int) []byte { return c.headOf(c.Beacon, time.Now().Add(time.Hour)) })
		require.True(t, w.Freshness().Live)
		began := time.Now()
		var lost, back time.Duration
		for back == 0 {
			select {
			case p = <-n.peers: // it looked for another node
				p.next()
				p.send(welcome(wire.ResumeReplay, wire.TierPublic), c.synced())
			case <-time.After(5 * time.Second):
				_ = p.conn.Write(t.Context(), websocket.MessageText, c.beat(c.head()).AppendTo(nil))
			}
			synctest.Wait()
			switch now := w.Freshness(); {
			case lost == 0 && !now.Live:
				lost = time.Since(began)
			case lost > 0 && now.Live:
				back = time.Since(began)
			}
		}
		require.LessOrEqual(t, lost, notice.HeadLag)
		require.InDelta(t, notice.BeaconProbation, back, float64(time.Minute))
	})
}

// Who was away for an hour is live as soon as it is in step.
func TestAwayForAnHour(t *testing.T) {
	for _, resume := range []wire.Resume{wire.ResumeReplay, wire.ResumeSnapshot} {
		synctest.Test(t, func(t *testing.T) {
			n, c := newNode(t), newClinic(t)
			away := n.mayBeAway()
			w := c.watch(n)
			p := c.open(n)
			away.Store(true)
			p.cut()
			time.Sleep(time.Hour)
			away.Store(false)
			require.Equal(t, client.StaleDisconnected, w.Freshness().Reason)
			alert := c.entry(c.Sign(c.Alert()))
			p, _ = n.accept()
			synctest.Wait()
			w.take()
			frames := []wire.ServerFrame{welcome(resume, wire.TierPublic)}
			if resume == wire.ResumeSnapshot {
				frames = append(frames, wire.EntryFrame{Seq: 1, Envelope: c.KeysetBody(1)})
			}
			p.send(append(frames, alert, wire.Synced{Cursor: c.cursor(), Head: c.head()})...)
			synctest.Wait()
			require.True(t, w.Freshness().Live)
			require.Len(t, of[client.FreshnessChanged](w.take()), 1)
		})
	}
}

// A redaction takes a notice off the board of desks and nodes; clients are not told. It
// costs them a snapshot; what they hold stays shown, and they are live again.
func TestRedactedNotice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, c := newNode(t), newClinic(t)
		w := c.watch(n)
		first, second := c.Alert(), c.Alert()
		signed, update := c.Sign(first), c.Sign(c.Update(second, nil))
		p := c.open(n, signed, c.Sign(second))
		p.send(c.entry(update))
		c.entry(c.RedactionBody(2, signed))
		c.entry(c.RedactionBody(4, update))
		w.take()
		c.beats(p, 1, func(int) []byte { return c.head() })
		p, hello := n.accept()
		require.Empty(t, hello.Cursor)
		p.send(welcome(wire.ResumeSnapshot, wire.TierPublic), wire.EntryFrame{Seq: 1, Envelope: c.KeysetBody(1)},
			wire.EntryFrame{Seq: 3, Envelope: c.Sign(second)}, wire.Synced{Cursor: c.cursor(), Head: c.head()})
		synctest.Wait()
		require.True(t, w.Freshness().Live)
		w.take()
		c.beats(p, 4, func(int) []byte { return c.head() })
		stays(t, w)
		require.Len(t, w.Threads(), 2)
		p.cut()
		p, hello = n.accept() // and goes on by replay
		require.NotEmpty(t, hello.Cursor)
		p.send(welcome(wire.ResumeReplay, wire.TierPublic), wire.Synced{Cursor: c.cursor(), Head: c.head()})
		synctest.Wait()
		require.True(t, w.Freshness().Live)
	})
}
