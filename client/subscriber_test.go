package client_test

import (
	"context"
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

func TestHelloAndFirstSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust(), func(c *client.Config) { c.Labels = []string{"surface:portal", "lang:en"} })
		p, hello := n.accept()
		require.Equal(t, wire.Hello{Labels: []string{"surface:portal", "lang:en"}}, hello)

		alert := l.Alert()
		p.send(welcome(wire.ResumeSnapshot, wire.TierPublic),
			l.entry(l.KeysetBody(1)), l.entry(l.ContactsBody(1)), l.entry(l.Sign(alert)))
		synctest.Wait()
		require.Equal(t, []string{"client.Connected"}, types(w.take()))
		require.Empty(t, w.Threads(), "something shows before synced")
		require.Nil(t, w.Keyset())
		require.Equal(t, client.Freshness{Reason: client.StaleConnecting}, w.Freshness())

		p.send(l.synced())
		synctest.Wait()
		events := w.take()
		require.Equal(t, []string{"client.KeysetChanged", "client.ContactsChanged", "client.NoticeChanged",
			"client.Synced", "client.FreshnessChanged"}, types(events))
		changed := of[client.NoticeChanged](events)[0]
		require.Equal(t, client.ChangeNew, changed.Change)
		require.Equal(t, alert.Identifier, changed.Thread.Current.Notice.Identifier)
		require.Equal(t, l.cursor(), of[client.Synced](events)[0].Cursor)
		require.True(t, of[client.FreshnessChanged](events)[0].Live)
		require.Len(t, w.Threads(), 1)
		require.EqualValues(t, 1, w.Keyset().Version)
		require.EqualValues(t, 1, w.Contacts().Version)
		require.True(t, w.Freshness().Live)
	})
}

func TestLiveThread(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		p := n.ready(l)
		alert := l.Alert()
		first := l.Update(alert, nil)
		second := l.Update(alert, []*notice.Notice{first})
		cancel := l.Cancel(alert, []*notice.Notice{first, second})

		p.send(l.entry(l.Sign(alert)), l.entry(l.Sign(second)), l.entry(l.Sign(first)))
		synctest.Wait()
		require.Equal(t, []string{"new " + alert.Identifier, "updated " + second.Identifier,
			"outdated " + first.Identifier}, changes(w.take()))
		thread, ok := w.Thread(alert.Identifier)
		require.True(t, ok)
		require.Equal(t, second.Identifier, thread.Current.Notice.Identifier)

		p.send(l.entry(l.Sign(cancel)))
		synctest.Wait()
		require.Equal(t, []string{"cancelled " + cancel.Identifier}, changes(w.take()))
		require.Equal(t, notice.Withdrawn, w.Threads()[0].Phase(w.Now()))

		time.Sleep(24 * time.Hour) // the node is silent for as long; the end of a notice needs no node
		require.Empty(t, w.Threads())
		_, ok = w.Thread(alert.Identifier)
		require.True(t, ok)
	})
}

// What a client missed comes in order, is reported once, and shows nothing that no
// longer holds.
func TestReplay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		p := n.ready(l)
		before := l.cursor()
		p.cut()
		synctest.Wait()
		require.False(t, w.Freshness().Live)
		w.take()

		p, hello := n.accept()
		require.Equal(t, before.String(), hello.Cursor)
		alert := l.Alert()
		update := l.Update(alert, nil)
		cancel := l.Cancel(alert, []*notice.Notice{update})
		p.send(welcome(wire.ResumeReplay, wire.TierPublic), l.entry(l.Sign(alert)), l.entry(l.Sign(update)), l.entry(l.Sign(cancel)))
		synctest.Wait()
		require.Empty(t, w.Threads())
		p.send(l.synced())
		synctest.Wait()
		events := w.take()
		require.Equal(t, []string{"new " + alert.Identifier, "updated " + update.Identifier,
			"cancelled " + cancel.Identifier}, changes(events))
		for _, c := range of[client.NoticeChanged](events) {
			require.True(t, c.Thread.Cancelled, "an event of a replay shows what no longer holds")
		}

		p.cut()
		_, hello = n.accept()
		require.Equal(t, l.cursor().String(), hello.Cursor)
	})
}

// A connection that breaks within a replay leaves no trace: neither a notice whose
// Cancel was still to come, nor a cursor beyond it.
func TestReplayThatBreaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		p := n.ready(l)
		before := l.cursor()
		p.cut()
		p, _ = n.accept()
		w.take()
		alert := l.entry(l.Sign(l.Alert()))
		p.send(welcome(wire.ResumeReplay, wire.TierPublic), alert, l.heartbeat())
		synctest.Wait()
		p.cut()
		synctest.Wait()
		require.Empty(t, changes(w.take()))
		require.Empty(t, w.Threads())

		p, hello := n.accept()
		require.Equal(t, before.String(), hello.Cursor)
		p.send(welcome(wire.ResumeReplay, wire.TierPublic), l.synced())
		synctest.Wait()
		require.Empty(t, changes(w.take()))
		p.send(alert)
		synctest.Wait()
		require.Len(t, changes(w.take()), 1)
	})
}

// Only a valid revision, the end or sign-out removes a notice: not a snapshot that
// omits it.
func TestSnapshotOmits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		keyset, alert := l.entry(l.KeysetBody(1)), l.Alert()
		p := n.open(l, welcome(wire.ResumeSnapshot, wire.TierPublic), keyset, l.entry(l.Sign(alert)))
		p.cut()
		w.take()

		other := l.Alert()
		n.open(l, welcome(wire.ResumeSnapshot, wire.TierPublic), keyset, l.entry(l.Sign(other)))
		require.Equal(t, []string{"new " + other.Identifier}, changes(w.take()), "and nothing twice")
		require.Len(t, w.Threads(), 2)
		time.Sleep(2 * time.Hour) // until it ends
		require.Empty(t, w.Threads())
	})
}

// A resent entry is known by its payload, whatever its place and its signatures.
func TestRepeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		alert := l.Alert()
		p := n.ready(l, l.entry(l.Sign(alert)), l.entry(l.ContactsBody(1)), l.entry(l.KeysetBody(2)))
		w.take()
		p.send(l.entry(l.Sign(alert)), l.entry(l.Sign(alert, l.Publisher2, l.Approver2)),
			l.entry(l.KeysetBody(1)), l.entry(l.KeysetBody(2)), l.entry(l.ContactsBody(1)))
		synctest.Wait()
		require.Empty(t, w.take())
	})
}

func TestKeysetVoidsAndRevives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		alert := l.Alert()
		p := n.ready(l, l.entry(l.Sign(alert)), l.entry(l.ContactsBody(1)))
		w.take()

		p.send(l.entry(l.KeysetBody(2, noticetest.Without(l.Approver, l.Contacts))))
		synctest.Wait()
		events := w.take()
		require.Equal(t, []string{"void " + alert.Identifier}, changes(events))
		require.Nil(t, of[client.NoticeChanged](events)[0].Thread.Alert)
		require.Nil(t, of[client.ContactsChanged](events)[0].Contacts)
		require.EqualValues(t, 2, of[client.KeysetChanged](events)[0].Keyset.Version)
		require.Empty(t, w.Threads())

		p.send(l.entry(l.KeysetBody(3)))
		synctest.Wait()
		events = w.take()
		require.Equal(t, []string{"revived " + alert.Identifier}, changes(events))
		require.NotNil(t, of[client.ContactsChanged](events)[0].Contacts)
		require.Len(t, w.Threads(), 1)
	})
}

// A node may be in anyone's hands. Nothing that it makes up shows, and nothing of
// it stops what staff signed.
func TestNodeThatLies(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		alert := l.Alert()
		p := n.ready(l, l.entry(l.Sign(alert)))
		w.take()
		changed := l.Sign(l.Alert())
		changed[len(changed)/2] ^= 1
		lies := [][]byte{
			l.Unsigned(l.Alert()).Marshal(),
			l.Sign(l.Alert(), l.Publisher),
			l.Sign(l.Alert(), l.Publisher, l.PublisherSpare),
			l.Sign(l.Alert(), l.Stranger, l.Approver),
			l.Sign(l.Alert(), l.Removed, l.Approver),
			l.Sign(l.Cancel(l.Alert(), nil)),
			l.SignKeyset(l.Keyset(9), l.Stranger),
			l.PostureBody(&notice.Posture{Version: 1}),
			l.RedactionBody(2, l.Sign(alert)),
			[]byte(`{}`),
			changed,
		}
		for _, lie := range lies {
			p.send(l.entry(lie))
		}
		p.send(wire.EntryFrame{Seq: 99, Envelope: noticetest.SignBytes("application/x-later", []byte("x")).Marshal()})
		truth := l.Alert()
		p.send(l.entry(l.Sign(truth)))
		synctest.Wait()
		events := w.take()
		rejected := of[client.Rejected](events)
		require.Len(t, rejected, len(lies))
		for _, r := range rejected {
			require.Error(t, r.Err)
		}
		require.Equal(t, []string{"new " + truth.Identifier}, changes(events))
		require.Len(t, w.Threads(), 2)
		require.EqualValues(t, 1, w.Keyset().Version)
	})
}

func TestDevKeyset(t *testing.T) {
	for address, want := range map[string]int{
		"ws://127.0.0.1:8080": 1, "ws://localhost": 1, "http://[::1]:8080/v1/connect": 1, "ws://LOCALHOST.": 1,
		"ws://node.example": 0, "ws://localhost.example": 0, "ws://127.0.0.1.example": 0, "ws://10.0.0.1": 0,
	} {
		t.Run(address, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, l := newNode(t), newLogbook(t)
				l.Dev = true
				w := watch(t, n, l.Trust(), func(c *client.Config) { c.URL, c.AllowPlaintext = address, true })
				n.ready(l, l.entry(l.Sign(l.Alert())))
				require.Len(t, w.Threads(), want)
			})
		})
	}
}

func TestRunEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		p := n.ready(l)
		require.ErrorIs(t, w.Run(context.Background(), func(client.Event) {}), client.ErrRunning)
		ended := make(chan websocket.StatusCode, 1)
		go func() { ended <- p.ended() }()
		require.ErrorIs(t, w.stop(), context.Canceled)
		require.Equal(t, websocket.StatusNormalClosure, <-ended)
		require.Len(t, n.attempts(), 1)
	})
}

// A Subscriber that stopped can run again, and goes on from its cursor.
func TestRunAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		p := n.ready(l)
		go p.ended()
		w.stop()
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- w.Run(ctx, func(client.Event) {}) }()
		_, hello := n.accept()
		require.Equal(t, l.cursor().String(), hello.Cursor)
		cancel()
		require.ErrorIs(t, <-done, context.Canceled)
	})
}

func TestState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		alert := l.Alert()
		p := n.open(l, welcome(wire.ResumeSnapshot, wire.TierRestricted, "tenant:north"),
			l.entry(l.KeysetBody(1)), l.entry(l.ContactsBody(1)), l.entry(l.Sign(alert)))
		go p.ended()
		state := roundTrip(t, w.State())
		w.stop()

		next := watch(t, n, l.Trust(), func(c *client.Config) { c.State = &state })
		require.Len(t, next.Threads(), 1, "what was known shows before there is a connection")
		require.EqualValues(t, 1, next.Contacts().Version)
		p, hello := n.accept()
		require.Equal(t, l.cursor().String(), hello.Cursor)
		cancel := l.Cancel(alert, nil)
		p.send(welcome(wire.ResumeReplay, wire.TierRestricted, "tenant:north"), l.entry(l.Sign(cancel)), l.synced())
		synctest.Wait()
		require.Equal(t, []string{"cancelled " + cancel.Identifier}, changes(next.take()))
	})
}

// A State comes from a disk: it is believed no more than a node.
func TestStateIsVerified(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		state := client.State{Cursor: "0a1b2c3d:2:89abcdef", Held: []client.Held{
			{Seq: 1, Body: l.SignKeyset(l.Keyset(1), l.Stranger)}, {Seq: 2, Body: l.Sign(l.Alert())},
		}}
		w := watch(t, n, l.Trust(), func(c *client.Config) { c.State = &state })
		require.Empty(t, w.Threads())
		_, hello := n.accept()
		require.Empty(t, hello.Cursor, "without a keyset, a replay could not be verified")
	})
}

// A cursor alone is not enough to verify what comes after it.
func TestCursorWithoutState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		keyset, old := l.entry(l.KeysetBody(1)), l.Alert()
		oldEntry := l.entry(l.Sign(old))
		start := l.cursor()
		fresh := l.Alert()
		freshEntry := l.entry(l.Sign(fresh))
		update := l.Update(old, nil)
		updateEntry := l.entry(l.Sign(update))
		newer := l.entry(l.KeysetBody(2))

		w := watch(t, n, l.Trust(), func(c *client.Config) { c.Cursor = start })
		p, hello := n.accept()
		require.Empty(t, hello.Cursor)
		p.send(welcome(wire.ResumeSnapshot, wire.TierPublic), newer, oldEntry, updateEntry, freshEntry, l.synced())

		p, hello = n.accept()
		require.Equal(t, start.String(), hello.Cursor)
		require.Empty(t, w.take())
		p.send(welcome(wire.ResumeReplay, wire.TierPublic), freshEntry, updateEntry, newer, l.synced())
		synctest.Wait()
		events := w.take()
		require.Equal(t, []string{"new " + fresh.Identifier, "updated " + update.Identifier}, changes(events))
		require.Empty(t, of[client.Rejected](events))
		require.Empty(t, of[client.Disconnected](events))
		require.Len(t, w.Threads(), 2)
		_ = keyset
	})
}

func TestCursorOfAnotherEpoch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust(), func(c *client.Config) {
			c.Cursor = wire.Cursor{Epoch: "ffffffff", Seq: 9, Hash: "00000000"}
		})
		alert := l.Alert()
		n.ready(l, l.entry(l.Sign(alert)))
		require.Equal(t, []string{"new " + alert.Identifier}, changes(w.take()))
		require.Len(t, n.attempts(), 1)
	})
}
