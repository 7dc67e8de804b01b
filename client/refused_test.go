package client_test

import (
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"tocsin/client"
	"tocsin/notice"
	"tocsin/notice/noticetest"
	"tocsin/wire"
)

// A node that sends a Cancel before its Alert, or a keyset behind what it supports, does
// not change what is shown.
func TestReordered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		first, second := l.Alert(), l.Alert()
		update := l.Update(second, nil)
		p := n.open(l, welcome(wire.ResumeSnapshot, wire.TierPublic),
			l.entry(l.Sign(l.Cancel(second, []*notice.Notice{update}))), l.entry(l.Sign(update)), l.entry(l.Sign(l.Cancel(first, nil))),
			l.entry(l.Sign(first)), l.entry(l.KeysetBody(1)), l.entry(l.Sign(second)))
		require.Len(t, of[client.Synced](w.take()), 1)
		require.True(t, w.Freshness().Live)
		require.True(t, withdrawn(t, w, first))
		require.True(t, withdrawn(t, w, second))

		third := l.Alert()
		before := l.cursor().String()
		p.send(l.entry(l.Sign(l.Cancel(third, nil))))
		synctest.Wait()
		require.Equal(t, client.StaleRefused, w.Freshness().Reason, "the Alert is owed")
		require.Equal(t, before, w.State().Cursor)
		p.send(l.entry(l.Sign(third)), l.heartbeat())
		synctest.Wait()
		require.True(t, w.Freshness().Live)
		require.True(t, withdrawn(t, w, third))
		require.Equal(t, l.cursor().String(), w.State().Cursor)
		require.Empty(t, of[client.Disconnected](w.take()))
	})
}

func withdrawn(t *testing.T, w *watcher, alert *notice.Notice) bool {
	thread, ok := w.Thread(alert.Identifier)
	require.True(t, ok)
	return thread.Cancelled
}

// What a node says that it has sent, and a client can't believe, ends the session: it
// was never live, its cursor is gone, and the wait grows until a node is honest.
func TestRefused(t *testing.T) {
	for name, tell := range map[string]func(*logbook, *notice.Notice) [][]byte{
		"the Alert is left out": func(l *logbook, alert *notice.Notice) [][]byte {
			return [][]byte{l.Sign(l.Cancel(l.Alert(), nil))}
		},
		"a signature too few": func(l *logbook, _ *notice.Notice) [][]byte { return [][]byte{l.Sign(l.Alert(), l.Publisher)} },
		"no envelope":         func(*logbook, *notice.Notice) [][]byte { return [][]byte{[]byte(`{}`)} },
		"not for clients": func(l *logbook, _ *notice.Notice) [][]byte {
			return [][]byte{l.PostureBody(&notice.Posture{Version: 1})}
		},
		"roots of another": func(l *logbook, _ *notice.Notice) [][]byte { return [][]byte{l.SignKeyset(l.Keyset(9), l.Stranger)} },
		"a flood": func(l *logbook, alert *notice.Notice) (flood [][]byte) {
			late := l.Alert()
			for range 65 { // of which the last is not kept
				flood = append(flood, l.Sign(l.Update(late, nil), l.Publisher, l.Approver))
			}
			return append(flood, l.Sign(late))
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, l := newNode(t), newLogbook(t)
				w := watch(t, n, l.Trust())
				alert, keyset := l.Alert(), l.KeysetBody(1)
				p := n.open(l, welcome(wire.ResumeSnapshot, wire.TierPublic), l.entry(keyset), l.entry(l.Sign(alert)))
				require.NotEmpty(t, w.State().Cursor)
				w.take()
				for _, body := range tell(l, alert) { // on an open session
					p.send(l.entry(body))
				}
				synctest.Wait()
				if name != "a flood" {
					require.False(t, w.Freshness().Live)
				}
				p.send(l.heartbeat())
				require.Equal(t, -1, int(p.ended()))
				synctest.Wait()
				gone := of[client.Disconnected](w.take())
				require.Len(t, gone, 1)
				require.ErrorIs(t, gone[0].Err, client.ErrRefused)
				for i := range 3 { // and in snapshots
					p, hello := n.accept()
					require.Empty(t, hello.Cursor)
					p.send(welcome(wire.ResumeSnapshot, wire.TierPublic), l.entry(keyset))
					for _, body := range tell(l, alert) {
						p.send(l.entry(body))
					}
					p.send(l.synced())
					require.Equal(t, -1, int(p.ended()))
					synctest.Wait()
					events := w.take()
					require.Empty(t, of[client.Synced](events))
					require.ErrorIs(t, of[client.Disconnected](events)[0].Err, client.ErrRefused)
					require.Greater(t, of[client.Disconnected](events)[0].RetryIn, gone[0].RetryIn<<i)
					require.False(t, w.Freshness().Live)
				}
				require.Len(t, of[client.NoticeChanged](w.take()), 0)
				n.open(l, welcome(wire.ResumeSnapshot, wire.TierPublic), l.entry(keyset), l.entry(l.Sign(alert)))
				require.True(t, w.Freshness().Live)
				require.Equal(t, l.cursor().String(), w.State().Cursor)
			})
		})
	}
}

// A node that is behind sends what a keyset has voided that the client has already; a
// log that was put back lacks that keyset. Neither is a liar.
func TestRefusedOfOldKeyset(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		p := n.ready(l)
		at := l.cursor()
		void := l.entry(l.Sign(l.Alert()))
		keyset := l.entry(l.KeysetBody(2, noticetest.Without(l.Approver)))
		p.send(keyset)
		synctest.Wait()
		p.cut()
		p, _ = n.accept()
		p.send(welcome(wire.ResumeReplay, wire.TierPublic), wire.Synced{Cursor: at}, void)
		synctest.Wait()
		require.True(t, w.Freshness().Live, "refused, and rightly sent")
		p.send(keyset, l.heartbeat())
		synctest.Wait()
		require.True(t, w.Freshness().Live)
		p.cut()

		w.take()
		p, _ = n.accept()
		p.send(welcome(wire.ResumeSnapshot, wire.TierPublic), l.entry(l.KeysetBody(1)), l.entry(l.Sign(l.Alert())),
			wire.Synced{Cursor: wire.Cursor{Epoch: "99999999", Seq: l.seq, Hash: "89abcdef"}})
		synctest.Wait()
		events := w.take()
		require.Len(t, of[client.Rejected](events), 2)
		require.Len(t, of[client.Synced](events), 1)
		require.Empty(t, w.Threads())
	})
}

// Where a client only learns what held before its cursor, order does not matter either;
// and a liar there is not asked for more.
func TestReorderedBeforeCursor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		alert := l.Alert()
		cancel, keyset, alerted := l.Sign(l.Cancel(alert, nil)), l.entry(l.KeysetBody(1)), l.entry(l.Sign(alert))
		cancelled := l.entry(cancel)
		w := watch(t, n, l.Trust(), func(c *client.Config) { c.Cursor = l.cursor() })
		n.open(l, welcome(wire.ResumeSnapshot, wire.TierPublic), keyset, cancelled)
		gone := of[client.Disconnected](w.take())
		require.ErrorIs(t, gone[0].Err, client.ErrRefused)
		p, hello := n.accept()
		require.Empty(t, hello.Cursor)
		p.send(welcome(wire.ResumeSnapshot, wire.TierPublic), cancelled, alerted, keyset, l.synced())
		_, hello = n.accept()
		require.Equal(t, l.cursor().String(), hello.Cursor)
		require.True(t, withdrawn(t, w, alert))
	})
}

// A client that pins later roots than the chain begins with can't verify its beginning,
// and need not: the rest of the chain makes it old.
func TestChainFromBeforeThePin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		roots := func(keys ...*notice.PrivateKey) func(*notice.Keyset) { return noticetest.Roots(len(keys), keys...) }
		first, second := []*notice.PrivateKey{l.Root}, []*notice.PrivateKey{l.Stranger}
		w := watch(t, n, l.Keyset(1, roots(second...)).Trust())
		n.open(l, welcome(wire.ResumeSnapshot, wire.TierPublic),
			l.entry(l.SignKeyset(l.Keyset(2, roots(first...)), first[0], l.Removed)), // from roots that the pin does not know
			l.entry(l.SignKeyset(l.Keyset(3, roots(second...)), first[0], second[0])),
			l.entry(l.SignKeyset(l.Keyset(4, roots(second...)), second[0])), l.entry(l.Sign(l.Alert())))
		require.True(t, w.Freshness().Live)
		require.Len(t, w.Threads(), 1)
		require.Empty(t, of[client.Disconnected](w.take()))
	})
}
