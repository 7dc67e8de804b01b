package client_test

import (
	"context"
	"errors"
	"net/http"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/client"
	"tocsin/notice/noticetest"
	"tocsin/wire"
)

func TestSignOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		store := client.TicketFile(filepath.Join(t.TempDir(), "ticket"))
		w := watch(t, n, l.Trust(), func(c *client.Config) { c.Tickets, c.Tokens = store, give("jwt") })
		public := l.Alert()
		surface := l.Alert(noticetest.Addressed("surface:portal"))
		notForAll := []string{}
		frames := []wire.ServerFrame{}
		for _, edit := range []noticetest.Edit{
			noticetest.Restricted("tenant:north"), noticetest.Private("subject:abc"),
			noticetest.Addressed("tenant:north"), noticetest.Status("Test"),
		} {
			alert := l.Alert(edit)
			notForAll = append(notForAll, "dropped "+alert.Identifier)
			frames = append(frames, l.entry(l.Sign(alert)))
		}
		p, _ := n.accept()
		terms := welcome(wire.ResumeSnapshot, wire.TierPrivate, "tenant:north", "subject:abc", "group:staff")
		terms.Ticket = "T1"
		p.send(terms, l.entry(l.KeysetBody(1)), l.entry(l.ContactsBody(1)), l.entry(l.Sign(public)), l.entry(l.Sign(surface)))
		p.send(frames...)
		p.send(l.synced())
		synctest.Wait()
		require.Len(t, w.Threads(), 6)
		w.take()

		require.NoError(t, w.SignOut())
		require.Len(t, w.Threads(), 2, "when SignOut returns, they are gone")
		require.NotNil(t, w.Contacts())
		kept, err := store.Load()
		require.NoError(t, err)
		require.Zero(t, kept)

		p, hello := n.accept()
		require.Equal(t, wire.Hello{}, hello, "no token, no ticket, and no cursor: who signs in next needs it all")
		events := w.take()
		require.Equal(t, notForAll, changes(events))
		require.ErrorIs(t, of[client.Disconnected](events)[0].Err, client.ErrSignedOut)
		require.Zero(t, of[client.Disconnected](events)[0].RetryIn)

		p.send(welcome(wire.ResumeSnapshot, wire.TierPublic), l.synced())
		p.cut()
		p, hello = n.accept()
		require.Empty(t, hello.Tokens, "signed out for good")
		p.send(welcome(wire.ResumeSnapshot, wire.TierPublic), l.synced())
		w.TokensChanged()
		require.Equal(t, wire.Tokens{Tokens: []string{"jwt"}}, p.next())
	})
}

// What the node had sent before it knew must bring nothing back.
func TestSignOutAgainstTheStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		store := client.TicketFile(filepath.Join(t.TempDir(), "ticket"))
		var w *watcher
		signedOut := make(chan struct{})
		w = watchWith(t, n, l.Trust(), func(e client.Event) {
			if c, ok := e.(client.NoticeChanged); ok && c.Change == client.ChangeNew { // as a button would
				require.NoError(t, w.SignOut())
				close(signedOut)
				time.Sleep(time.Second) // while more comes in
			}
		}, func(c *client.Config) { c.Tickets = store })
		p, _ := n.accept()
		p.send(welcome(wire.ResumeSnapshot, wire.TierPrivate, "subject:abc"), l.entry(l.KeysetBody(1)), l.synced(),
			l.entry(l.Sign(l.Alert(noticetest.Private("subject:abc")))))
		<-signedOut
		go func() {
			for _, f := range []wire.ServerFrame{
				l.entry(l.Sign(l.Alert(noticetest.Private("subject:abc")))),
				wire.Auth{Tier: wire.TierPrivate, Labels: []string{}, Auth: wire.AuthState{State: wire.AuthOK}, Ticket: "T9"},
			} {
				_ = p.conn.Write(context.Background(), 1, f.AppendTo(nil))
			}
		}()
		_, hello := n.accept()
		require.Equal(t, wire.Hello{}, hello)
		require.Empty(t, w.Threads())
		kept, err := store.Load()
		require.NoError(t, err)
		require.Zero(t, kept)
	})
}

// The same when Run has both before it: that somebody signed out, and a frame. Which
// it takes first is chance, so the test goes on until both must have happened.
func TestSignOutRaces(t *testing.T) {
	for i := range 40 {
		synctest.Test(t, func(t *testing.T) {
			n, l := newNode(t), newLogbook(t)
			store := client.TicketFile(filepath.Join(t.TempDir(), "ticket"))
			w := watch(t, n, l.Trust(), func(c *client.Config) { c.Tickets = store })
			p := n.open(l, welcome(wire.ResumeSnapshot, wire.TierPrivate, "subject:abc"), l.entry(l.KeysetBody(1)))
			w.Ack(wire.Ack{Identifier: "x", State: wire.AckDisplayed})
			time.Sleep(time.Second) // Run is writing it now, and we do not read
			frame := []wire.ServerFrame{
				l.entry(l.Sign(l.Alert(noticetest.Private("subject:abc")))),
				wire.Auth{Tier: wire.TierPrivate, Labels: []string{}, Auth: wire.AuthState{State: wire.AuthOK}, Ticket: "T9"},
			}[i%2]
			go func() { _ = p.conn.Write(context.Background(), 1, frame.AppendTo(nil)) }()
			synctest.Wait()
			require.NoError(t, w.SignOut())
			p.next()
			synctest.Wait()
			require.Empty(t, w.Threads())
			kept, err := store.Load()
			require.NoError(t, err)
			require.Zero(t, kept)
		})
	}
}

// A hello that was made before SignOut must not leave after it.
func TestSignOutWhileConnecting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		gate := make(chan struct{})
		n.answer = func(http.ResponseWriter, *http.Request) bool { <-gate; return false }
		store := client.TicketFile(filepath.Join(t.TempDir(), "ticket"))
		require.NoError(t, store.Save(client.Ticket{Value: "T1"}))
		w := watch(t, n, l.Trust(), func(c *client.Config) { c.Tokens, c.Tickets = give("jwt"), store })
		synctest.Wait()
		require.NoError(t, w.SignOut())
		close(gate)
		for range 2 { // the connection that was being made, if it was, and the next
			p := <-n.peers
			if _, message, err := p.conn.Read(t.Context()); err == nil {
				require.Equal(t, `{"type":"hello"}`, string(message))
			}
		}
	})
}

// Nor tokens that were asked for before.
func TestSignOutWhileAskingForTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		asked := 0
		w := watch(t, n, l.Trust(), func(c *client.Config) {
			c.Tokens = func(context.Context) ([]string, error) {
				if asked++; asked > 1 {
					time.Sleep(time.Second)
				}
				return []string{"jwt"}, nil
			}
		})
		p := n.ready(l)
		w.TokensChanged()
		synctest.Wait()
		require.NoError(t, w.SignOut())
		_, _, err := p.conn.Read(t.Context())
		require.Error(t, err)
		_, hello := n.accept()
		require.Equal(t, wire.Hello{}, hello)
	})
}

func TestSignOutWhileWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		alert := l.Alert(noticetest.Private("subject:abc"))
		p := n.open(l, welcome(wire.ResumeSnapshot, wire.TierPrivate, "subject:abc"), l.entry(l.KeysetBody(1)), l.entry(l.Sign(alert)))
		n.answer = refuseWith(502, "")
		p.cut()
		time.Sleep(10 * time.Minute)
		w.take()
		require.NoError(t, w.SignOut())
		synctest.Wait()
		require.Equal(t, []string{"dropped " + alert.Identifier}, changes(w.take()))
		require.Empty(t, w.Threads())
	})
}

type brokenTickets struct{ client.TicketStore }

func (brokenTickets) Delete() error { return errors.New("read-only") }

// The caller learns that the ticket may still be there; the notices are gone all
// the same.
func TestSignOutTellsOfTheStore(t *testing.T) {
	s, err := client.NewSubscriber(client.Config{URL: "wss://node.example", Trust: noticetest.NewStaff(t).Trust(),
		Tickets: brokenTickets{client.TicketFile(filepath.Join(t.TempDir(), "ticket"))}})
	require.NoError(t, err)
	require.ErrorContains(t, s.SignOut(), "read-only")
}
