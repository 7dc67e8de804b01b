package client_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/client"
	"tocsin/notice/noticetest"
	"tocsin/wire"
)

// grace is how long hello waits for tokens once there is a connection.
const grace = 250 * time.Millisecond

// slowLogin answers when the test does.
type slowLogin struct {
	answers chan []string // nil fails
	calls   atomic.Int32
	open    atomic.Int32
	most    atomic.Int32 // that were open at once
}

func newSlowLogin() *slowLogin { return &slowLogin{answers: make(chan []string)} }

func (s *slowLogin) ask(ctx context.Context) ([]string, error) {
	s.calls.Add(1)
	if open := s.open.Add(1); open > s.most.Load() {
		s.most.Store(open)
	}
	defer s.open.Add(-1)
	select {
	case tokens := <-s.answers:
		if tokens == nil {
			return nil, errors.New("login is down")
		}
		return tokens, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Nobody waits for a login on the way to a public notice. What its tokens give comes
// when they do.
func TestSlowLogin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l, login := newNode(t), newLogbook(t), newSlowLogin()
		store := client.TicketFile(filepath.Join(t.TempDir(), "ticket"))
		require.NoError(t, store.Save(client.Ticket{Value: "T1"}))
		started := time.Now()
		w := watch(t, n, l.Trust(), func(c *client.Config) { c.Tokens, c.Tickets = login.ask, store })
		p, hello := n.accept()
		require.Equal(t, grace, time.Since(started))
		require.Equal(t, wire.Hello{Ticket: "T1"}, hello)
		p.send(welcome(wire.ResumeSnapshot, wire.TierRestricted), l.entry(l.KeysetBody(1)), l.entry(l.Sign(l.Alert())), l.synced())
		synctest.Wait()
		require.Len(t, w.Threads(), 1)
		login.answers <- []string{"jwt"}
		require.Equal(t, wire.Tokens{Tokens: []string{"jwt"}}, p.next())
		require.Equal(t, grace, time.Since(started))

		p.cut()
		_, hello = n.accept()
		require.Equal(t, wire.Hello{Ticket: "T1", Cursor: l.cursor().String()}, hello, "asked again, and late again")
		require.EqualValues(t, 2, login.calls.Load())
	})
}

// A login that answers while the connection is being made, or soon after, shows in hello.
func TestLoginBesideDialling(t *testing.T) {
	for name, delay := range map[string]time.Duration{"dialling": 2 * time.Second, "grace": 2*time.Second + grace - 1} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, l := newNode(t), newLogbook(t)
				n.answer = func(http.ResponseWriter, *http.Request) bool { time.Sleep(2 * time.Second); return false }
				started := time.Now()
				watch(t, n, l.Trust(), func(c *client.Config) {
					c.Tokens = func(context.Context) ([]string, error) { time.Sleep(delay); return []string{"jwt"}, nil }
				})
				_, hello := n.accept()
				require.Equal(t, []string{"jwt"}, hello.Tokens)
				require.Equal(t, delay, time.Since(started), "one after the other")
			})
		})
	}
}

// To have no tokens to begin with is no sign-out, however late it is known: an empty
// frame would take away what the ticket gives.
func TestSlowLoginWithoutTokens(t *testing.T) {
	for name, answer := range map[string]func(*slowLogin){
		"none":      func(s *slowLogin) { s.answers <- []string{} },
		"error":     func(s *slowLogin) { s.answers <- nil },
		"time-out":  func(*slowLogin) { time.Sleep(3 * time.Second) },
		"too large": func(s *slowLogin) { s.answers <- []string{strings.Repeat("x", wire.MaxClientFrame)} },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, l, login := newNode(t), newLogbook(t), newSlowLogin()
				w := watch(t, n, l.Trust(), func(c *client.Config) { c.Tokens = login.ask })
				p := n.ready(l)
				answer(login)
				synctest.Wait()
				w.TokensChanged()
				synctest.Wait()
				require.EqualValues(t, 2, login.calls.Load())
				login.answers <- []string{"jwt"}
				require.Equal(t, wire.Tokens{Tokens: []string{"jwt"}}, p.next(), "the first that is said")
			})
		})
	}
}

// Of more tokens than a frame takes the first are sent, and one line says so, however
// many there are.
func TestOneWarningOfManyTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		var log bytes.Buffer
		all := slices.Repeat([]string{strings.Repeat("x", wire.MaxClientFrame/4)}, 10_000)
		watch(t, n, l.Trust(), func(c *client.Config) {
			c.Logger = slog.New(slog.NewTextHandler(&log, nil))
			c.Tokens = func(context.Context) ([]string, error) { return all, nil }
		})
		_, hello := n.accept()
		require.Equal(t, all[:3], hello.Tokens)
		synctest.Wait()
		require.Equal(t, 1, strings.Count(log.String(), "left out"), log.String())
		require.Contains(t, log.String(), "count=9997 sent=3")
	})
}

// One question at a time: what changes meanwhile is asked for afterwards, once.
func TestTokensChangedWhileAsking(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l, login := newNode(t), newLogbook(t), newSlowLogin()
		w := watch(t, n, l.Trust(), func(c *client.Config) { c.Tokens = login.ask })
		p := n.ready(l)
		w.take()
		for range 3 {
			w.TokensChanged()
			synctest.Wait()
		}
		require.EqualValues(t, 1, login.calls.Load())
		p.send(l.entry(l.Sign(l.Alert())))
		synctest.Wait()
		require.Len(t, changes(w.take()), 1, "frames wait for the answer")
		require.IsType(t, wire.Ack{}, p.next())

		login.answers <- []string{"before"}
		require.Equal(t, wire.Tokens{Tokens: []string{"before"}}, p.next())
		login.answers <- []string{}
		require.Equal(t, wire.Tokens{Tokens: []string{}}, p.next(), "a sign-out, since somebody said that they changed")
		time.Sleep(time.Second)
		require.EqualValues(t, 2, login.calls.Load())
		require.EqualValues(t, 1, login.most.Load())
	})
}

// The answer to a question of a session that is over is not for the next one, and a
// login that won't be interrupted does not keep it away.
func TestAnswerForAnotherSession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		var calls, open, most atomic.Int32
		watch(t, n, l.Trust(), func(c *client.Config) {
			c.Tokens = func(context.Context) ([]string, error) {
				most.Store(max(most.Load(), open.Add(1)))
				defer open.Add(-1)
				if calls.Add(1) == 1 {
					time.Sleep(time.Minute)
					return []string{"old"}, nil
				}
				return []string{"new"}, nil
			}
		})
		n.ready(l).cut()
		cut := time.Now()
		p, hello := n.accept()
		require.Less(t, time.Since(cut), 2*time.Second)
		require.Empty(t, hello.Tokens)
		beat := make(chan struct{})
		go func() {
			defer close(beat)
			p.send(welcome(wire.ResumeReplay, wire.TierPublic), l.synced())
			for range 6 {
				time.Sleep(10 * time.Second)
				p.send(l.heartbeat())
			}
		}()
		require.Equal(t, wire.Tokens{Tokens: []string{"new"}}, p.next())
		require.EqualValues(t, 1, most.Load())
		<-beat
	})
}

// Who signs out while hello waits for tokens does not appear in it.
func TestSignOutInTheGrace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l, login := newNode(t), newLogbook(t), newSlowLogin()
		w := watch(t, n, l.Trust(), func(c *client.Config) { c.Tokens = login.ask })
		p := <-n.peers
		time.Sleep(grace / 2)
		require.NoError(t, w.SignOut())
		login.answers <- []string{"jwt"}
		_, _, err := p.conn.Read(t.Context())
		require.Error(t, err)
		_, hello := n.accept()
		require.Equal(t, wire.Hello{}, hello)
		time.Sleep(time.Second)
		require.EqualValues(t, 1, login.calls.Load())
	})
}

// The same with a real node: while login hangs, public notices come and so does what
// the ticket gives; what only a token gives comes when login answers.
func TestSlowLoginWithARealNode(t *testing.T) {
	s, login := newSite(t), newSlowLogin()
	stop, address := s.openNode("127.0.0.1:0")
	public, private := s.Alert(), s.Alert(noticetest.Private("tenant:north"))
	s.publish(private)
	s.publish(public)
	w := s.follow(address, func(c *client.Config) { c.Tokens, c.TokenTimeout = login.ask, time.Hour })
	events := w.await(t, "live while login hangs", isLive)
	require.Equal(t, []string{"new " + public.Identifier}, changes(events))
	open := s.Alert()
	s.publish(open)
	w.await(t, "a public notice while login hangs", about(open))
	require.EqualValues(t, 1, login.open.Load())

	token := s.issuer.Token(map[string]any{"tenant": "north"})
	login.answers <- []string{token}
	w.await(t, "what the token gives", about(private))
	w.TokensChanged()
	during := s.Alert(noticetest.Private("tenant:north"))
	s.publish(during)
	w.await(t, "a private notice while login hangs again", about(during))

	stop()
	missed, restricted := s.Alert(noticetest.Private("tenant:north")), s.Alert(noticetest.Restricted("tenant:north"))
	s.publish(missed)
	s.publish(restricted)
	s.openNode(address)
	events = w.await(t, "live again while login hangs", isLive)
	require.Equal(t, wire.TierRestricted, of[client.Connected](events)[0].Tier, "by ticket")
	require.Equal(t, []string{"new " + restricted.Identifier}, changes(events))
	login.answers <- []string{token}
	w.await(t, "what the session before could have seen", about(missed))
	require.Len(t, w.Threads(), 6)
	require.EqualValues(t, 1, login.most.Load())
}
