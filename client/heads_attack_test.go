package client_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"tocsin/client"
	"tocsin/notice"
	"tocsin/wire"
)

// An entry that the node keeps to itself is missed at once, whatever else it says.
func TestWithheldEntry(t *testing.T) {
	for name, kind := range map[string]func(c *clinic, alert *notice.Notice) *notice.Notice{
		"an Alert":  func(c *clinic, _ *notice.Notice) *notice.Notice { return c.Alert() },
		"an Update": func(c *clinic, alert *notice.Notice) *notice.Notice { return c.Update(alert, nil) },
		"a Cancel":  func(c *clinic, alert *notice.Notice) *notice.Notice { return c.Cancel(alert, nil) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, c := newNode(t), newClinic(t)
				w := c.watch(n)
				alert := c.Alert()
				p := c.open(n)
				p.send(c.entry(c.Sign(alert)))
				c.beats(p, 4, func(int) []byte { return c.head() })
				require.True(t, w.Freshness().Live)
				withheld := c.Sign(kind(c, alert))
				c.entry(withheld)
				c.beats(p, 1, func(int) []byte { return c.head() })
				require.Equal(t, client.StaleMismatch, w.Freshness().Reason)
				lost := of[client.Disconnected](w.take())
				require.Len(t, lost, 1)
				require.ErrorIs(t, lost[0].Err, client.ErrMismatch)
				require.Len(t, w.Threads(), 1, "what was verified stays")

				// The next session is asked for all; as long as it withholds, it is not live.
				p, hello := n.accept()
				require.Empty(t, hello.Cursor)
				p.send(welcome(wire.ResumeSnapshot, wire.TierPublic), wire.EntryFrame{Seq: 1, Envelope: c.KeysetBody(1)},
					wire.EntryFrame{Seq: 2, Envelope: c.Sign(alert)}, wire.Synced{Cursor: c.cursor(), Head: c.headOf(c.Beacon, time.Now().Add(time.Second))})
				synctest.Wait()
				require.Equal(t, client.StaleMismatch, w.Freshness().Reason)
				p, hello = n.accept()
				require.Empty(t, hello.Cursor)
				p.send(welcome(wire.ResumeSnapshot, wire.TierPublic), wire.EntryFrame{Seq: 1, Envelope: c.KeysetBody(1)},
					wire.EntryFrame{Seq: 2, Envelope: c.Sign(alert)}, wire.EntryFrame{Seq: 3, Envelope: withheld},
					wire.Synced{Cursor: c.cursor(), Head: c.headOf(c.Beacon, time.Now().Add(time.Second))})
				synctest.Wait()
				require.True(t, w.Freshness().Live)
			})
		})
	}
}

// attack is a node that withholds a notice.
type attack struct {
	c      *clinic
	cursor wire.Cursor // before it
	old    [][]byte    // heads from before
}

// forged is a head of what the node shows, by any key. No desk signs it.
func (a *attack) forged(key *notice.PrivateKey, edits ...func(*notice.Head)) (wire.Cursor, []byte) {
	before := func(h *notice.Head) { h.Seq, h.Board = a.cursor.Seq, notice.BoardHash(nil, time.Now()) }
	return a.cursor, a.c.headOf(key, time.Now(), append([]func(*notice.Head){before}, edits...)...)
}

// However a node hides that it withholds, the client is not live 45 s after the last head
// that fitted.
func TestHeadsThatVouchForNothing(t *testing.T) {
	for name, head := range map[string]func(a *attack) (wire.Cursor, []byte){
		"none":                 func(a *attack) (wire.Cursor, []byte) { return a.c.cursor(), nil },
		"the last one, frozen": func(a *attack) (wire.Cursor, []byte) { return a.cursor, a.old[len(a.old)-1] },
		"the true one, and the old cursor": func(a *attack) (wire.Cursor, []byte) {
			return a.cursor, a.c.head()
		},
		"old ones": func(a *attack) (wire.Cursor, []byte) {
			head := a.old[0]
			a.old = append(a.old[1:], head)
			return a.cursor, head
		},
		"a publisher's":     func(a *attack) (wire.Cursor, []byte) { return a.forged(a.c.Publisher) },
		"an approver's":     func(a *attack) (wire.Cursor, []byte) { return a.forged(a.c.Approver) },
		"a former beacon's": func(a *attack) (wire.Cursor, []byte) { return a.forged(a.c.Removed) },
		"of another epoch": func(a *attack) (wire.Cursor, []byte) {
			return a.forged(a.c.Beacon, func(h *notice.Head) { h.Epoch = "ffffffff" })
		},
		"of a keyset that is withheld": func(a *attack) (wire.Cursor, []byte) {
			return a.forged(a.c.Beacon, func(h *notice.Head) { h.KeysetVersion = 9 })
		},
		"of an old keyset": func(a *attack) (wire.Cursor, []byte) {
			return a.forged(a.c.Beacon, func(h *notice.Head) { h.KeysetVersion = 1 })
		},
		"of before the first board that is known": func(a *attack) (wire.Cursor, []byte) {
			return a.forged(a.c.Beacon, func(h *notice.Head) { h.Seq = 1 })
		},
		"no head at all": func(a *attack) (wire.Cursor, []byte) { return a.cursor, []byte(`{"payloadType":"x"}`) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, c := newNode(t), newClinic(t)
				a := &attack{c: c}
				w := c.watch(n)
				p, _ := n.accept()
				p.send(welcome(wire.ResumeSnapshot, wire.TierPublic),
					c.entry(c.KeysetBody(1, c.With(c.Removed, notice.RoleBeacon))), c.entry(c.KeysetBody(2)),
					wire.Synced{Cursor: c.cursor(), Head: c.head()})
				c.beats(p, 8, func(int) []byte {
					a.old = append(a.old, c.head())
					return a.old[len(a.old)-1]
				})
				a.cursor = c.cursor()
				c.entry(c.Sign(c.Alert())) // which the node does not send
				began := time.Now()
				require.True(t, w.Freshness().Live)
				w.take()
				for len(of[client.FreshnessChanged](w.take())) == 0 {
					require.LessOrEqual(t, time.Since(began), notice.HeadLag)
					time.Sleep(5 * time.Second)
					cursor, head := head(a)
					p.send(wire.Heartbeat{Cursor: cursor, ServerTime: time.Now(), Source: live, Head: head})
					synctest.Wait()
				}
				require.Equal(t, client.StaleHeads, w.Freshness().Reason)
				require.WithinDuration(t, began, w.Freshness().Since, time.Second)
			})
		})
	}
}

// A head that waits is judged before a newer one takes its place: a node can't put that off by
// always having one of a place that it has not reached.
func TestWithheldBehindNewerHeads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, c := newNode(t), newClinic(t)
		w := c.watch(n)
		p := c.open(n)
		w.take()
		for range 2 {
			reached := c.cursor()
			c.entry(c.Sign(c.Alert())) // which the node does not send
			time.Sleep(10 * time.Second)
			require.True(t, w.Freshness().Live)
			p.send(wire.Heartbeat{Cursor: reached, ServerTime: time.Now(), Source: live, Head: c.head()})
			synctest.Wait()
		}
		lost := of[client.Disconnected](w.take())
		require.Len(t, lost, 1)
		require.ErrorIs(t, lost[0].Err, client.ErrMismatch)
	})
}

// A node that was seen to withhold, and says time and again that all is well before it comes to that, is
// not tried in a tight loop.
func TestMismatchBacksOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, c := newNode(t), newClinic(t)
		w := c.watch(n, func(config *client.Config) {
			config.Jitter = func(limit time.Duration) time.Duration { return limit }
		})
		p := c.open(n)
		before := c.cursor()
		withheld := c.Sign(c.Alert())
		c.entry(withheld)
		c.beats(p, 1, func(int) []byte { return c.head() })
		for range 6 {
			p, _ = n.accept()
			p.send(welcome(wire.ResumeSnapshot, wire.TierPublic), wire.EntryFrame{Seq: 1, Envelope: c.KeysetBody(1)})
			p.send(wire.Synced{Cursor: before}, wire.Heartbeat{Cursor: before, ServerTime: time.Now(), Source: live})
			c.beats(p, 1, func(int) []byte { return c.head() })
			require.Equal(t, client.StaleMismatch, w.Freshness().Reason)
		}
		for i, gap := range gaps(n.attempts()) {
			require.InDelta(t, min(15*time.Second+time.Second<<i, 15*time.Second+time.Minute), gap, float64(time.Second), "attempt %d", i)
		}
		// It is honest at last, and so a session that ends is no reason to wait.
		p, _ = n.accept()
		p.send(welcome(wire.ResumeSnapshot, wire.TierPublic), wire.EntryFrame{Seq: 1, Envelope: c.KeysetBody(1)},
			wire.EntryFrame{Seq: 2, Envelope: withheld}, c.synced())
		c.beats(p, 1, func(int) []byte { return c.head() })
		require.True(t, w.Freshness().Live)
		p.cut()
		ended := time.Now()
		n.accept()
		require.InDelta(t, time.Second, time.Since(ended), float64(100*time.Millisecond))
	})
}

// A node that is silent about heads after another showed something wrong is left, as any that is.
func TestSilentAfterMismatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, c := newNode(t), newClinic(t)
		w := c.watch(n, func(config *client.Config) {
			config.Jitter = func(limit time.Duration) time.Duration { return limit }
		})
		p := c.open(n)
		before := c.cursor()
		c.entry(c.Sign(c.Alert()))
		c.beats(p, 1, func(int) []byte { return c.head() })
		p, _ = n.accept()
		w.take()
		p.send(welcome(wire.ResumeSnapshot, wire.TierPublic), wire.EntryFrame{Seq: 1, Envelope: c.KeysetBody(1)}, wire.Synced{Cursor: before})
		began := time.Now()
		for {
			time.Sleep(10 * time.Second)
			synctest.Wait()
			if lost := of[client.Disconnected](w.take()); len(lost) > 0 {
				require.ErrorIs(t, lost[0].Err, client.ErrUnvouched)
				break
			}
			require.Less(t, time.Since(began), 2*time.Minute)
			require.Equal(t, client.StaleMismatch, w.Freshness().Reason)
			p.send(wire.Heartbeat{Cursor: before, ServerTime: time.Now(), Source: live})
			synctest.Wait()
		}
		require.GreaterOrEqual(t, time.Since(began), time.Minute, "not all clients at once")
	})
}

// Whoever plays what desks signed more slowly than they did hides nothing for longer.
func TestHeadsInSlowMotion(t *testing.T) {
	for _, before := range []time.Duration{0, 10 * time.Second, time.Minute, 10 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			n, c := newNode(t), newClinic(t)
			w := c.watch(n)
			p := c.open(n)
			w.take()
			cursor, began := c.cursor(), time.Now()
			var signed [][]byte
			var published time.Time
			for w.Freshness().Live {
				require.True(t, published.IsZero() || time.Since(published) <= notice.HeadLag, "live %s after", time.Since(published))
				time.Sleep(time.Second)
				signed = append(signed, c.head())
				passed := time.Since(began)
				if published.IsZero() && passed >= before {
					published = time.Now()
					c.entry(c.Sign(c.Alert()))
				}
				played := signed[min(len(signed)-1, int(passed*9/10/time.Second))]
				p.send(wire.Heartbeat{Cursor: cursor, ServerTime: time.Now(), Source: live, Head: played})
				synctest.Wait()
			}
		})
	}
}

// Without heads the session goes on, and now and then another node is looked for: a desk
// that fails is no reason for all clients to come and go at once.
func TestUnvouchedStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, c := newNode(t), newClinic(t)
		w := c.watch(n, func(config *client.Config) {
			config.Jitter = func(limit time.Duration) time.Duration { return limit }
		})
		p := c.open(n)
		cursor, began := c.cursor(), time.Now()
		for range 4 {
			p.beatsToTheEnd(c)
			var hello wire.Hello
			p, hello = n.accept()
			require.Equal(t, cursor.String(), hello.Cursor, "it is no reason to mistrust what was sent")
			p.send(welcome(wire.ResumeReplay, wire.TierPublic), c.synced())
			synctest.Wait()
			require.Equal(t, client.StaleHeads, w.Freshness().Reason)
		}
		for i, gap := range gaps(n.attempts()) {
			want := time.Minute << i
			if i == 0 {
				want += notice.HeadLag
			}
			require.InDelta(t, want, gap, float64(5*time.Second), "attempt %d", i)
		}
		require.Greater(t, time.Since(began), 10*time.Minute)
		p.send(c.beat(c.head()))
		synctest.Wait()
		require.True(t, w.Freshness().Live)
	})
}

// Who was about to leave when the network failed does not leave the next node at once.
func TestUnvouchedComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, c := newNode(t), newClinic(t)
		away := n.mayBeAway()
		w := c.watch(n)
		p := c.open(n)
		c.beats(p, 4, func(int) []byte { return nil })
		require.Equal(t, client.StaleHeads, w.Freshness().Reason)
		away.Store(true)
		require.NoError(t, p.conn.CloseNow())
		time.Sleep(5 * time.Minute)
		away.Store(false)
		p, _ = n.accept()
		p.send(welcome(wire.ResumeReplay, wire.TierPublic), c.synced())
		time.Sleep(10 * time.Second)
		w.take()
		p.send(c.beat(c.head()))
		synctest.Wait()
		require.True(t, w.Freshness().Live)
		require.Empty(t, of[client.Disconnected](w.take()))
	})
}

// beatsToTheEnd sends heartbeats without heads until the client ends the connection.
func (p *peer) beatsToTheEnd(c *clinic) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		p.ended()
	}()
	beat := time.NewTicker(15 * time.Second)
	defer beat.Stop()
	for {
		select {
		case <-done:
			return
		case <-beat.C:
			_ = p.conn.Write(p.t.Context(), websocket.MessageText, c.heartbeat().AppendTo(nil))
		}
	}
}

// Who comes back to a node that shows the state of an hour ago is not live.
func TestAwayForAnHourAndShownThePast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, c := newNode(t), newClinic(t)
		away := n.mayBeAway()
		w := c.watch(n)
		p := c.open(n)
		left := time.Now()
		away.Store(true)
		p.cut()
		time.Sleep(time.Hour)
		away.Store(false)
		p, _ = n.accept()
		came := time.Now()
		past := func(int) []byte { return c.headOf(c.Beacon, left.Add(10*time.Second+time.Since(came))) }
		p.send(welcome(wire.ResumeReplay, wire.TierPublic), wire.Synced{Cursor: c.cursor(), Head: past(0)})
		for range 3 {
			c.beats(p, 1, past)
			require.False(t, w.Freshness().Live)
		}
	})
}
