package client_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/client"
	"tocsin/wire"
)

func give(tokens ...string) func(context.Context) ([]string, error) {
	return func(context.Context) ([]string, error) { return tokens, nil }
}

func TestTicketIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		store := client.TicketFile(filepath.Join(t.TempDir(), "ticket"))
		expires := time.Now().Add(time.Hour)
		w := watch(t, n, l.Trust(), func(c *client.Config) { c.Tickets, c.Tokens = store, give("jwt") })
		p, hello := n.accept()
		require.Equal(t, wire.Hello{Tokens: []string{"jwt"}}, hello)
		terms := welcome(wire.ResumeSnapshot, wire.TierRestricted, "tenant:north")
		terms.Ticket, terms.TicketExpires = "T1", expires
		p.send(terms, l.synced())
		synctest.Wait()
		kept, err := store.Load()
		require.NoError(t, err)
		require.Equal(t, "T1", kept.Value)
		require.True(t, expires.Equal(kept.Expires))

		p.send(wire.Auth{Tier: wire.TierPrivate, Labels: []string{"tenant:north"}, Auth: wire.AuthState{State: wire.AuthOK},
			Ticket: "T2", TicketExpires: expires})
		synctest.Wait()
		require.Equal(t, wire.TierPrivate, of[client.AuthChanged](w.take())[0].Tier)
		p.cut()
		p, hello = n.accept()
		require.Equal(t, "T2", hello.Ticket)

		p.send(welcome(wire.ResumeSnapshot, wire.TierRestricted, "tenant:north"), l.synced()) // no ticket: the old one stays
		p.cut()
		_, hello = n.accept()
		require.Equal(t, "T2", hello.Ticket)
	})
}

// A failed login keeps the ticket and never keeps a client away.
func TestTokensFail(t *testing.T) {
	for name, tokens := range map[string]func(context.Context) ([]string, error){
		"error": func(context.Context) ([]string, error) { return []string{"half"}, errors.New("login is down") },
		"hangs": func(ctx context.Context) ([]string, error) { <-ctx.Done(); return nil, ctx.Err() },
		"none":  give(),
		"nil":   nil,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, l := newNode(t), newLogbook(t)
				store := client.TicketFile(filepath.Join(t.TempDir(), "ticket"))
				require.NoError(t, store.Save(client.Ticket{Value: "T1"}))
				started := time.Now()
				watch(t, n, l.Trust(), func(c *client.Config) { c.Tickets, c.Tokens = store, tokens })
				_, hello := n.accept()
				require.LessOrEqual(t, time.Since(started), grace)
				require.Empty(t, hello.Tokens)
				require.Equal(t, "T1", hello.Ticket)
			})
		})
	}
}

// A ticket store that fails takes restricted notices away, not public ones.
func TestTicketStoreFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		path := filepath.Join(t.TempDir(), "ticket")
		require.NoError(t, os.WriteFile(path, []byte("garbage"), 0o600))
		w := watch(t, n, l.Trust(), func(c *client.Config) { c.Tickets = client.TicketFile(path) })
		p, hello := n.accept()
		require.Empty(t, hello.Ticket)
		require.NoError(t, os.RemoveAll(filepath.Dir(path)))
		terms := welcome(wire.ResumeSnapshot, wire.TierPublic)
		terms.Ticket = "T1"
		p.send(terms, l.synced())
		synctest.Wait()
		require.True(t, w.Freshness().Live)
	})
}

// More tokens than a node takes would have every connection closed.
func TestTooManyTokens(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		tokens := strings.Split(strings.Repeat("t", 9), "")
		w := watch(t, n, l.Trust(), func(c *client.Config) {
			c.Tokens = func(context.Context) ([]string, error) { return tokens, nil }
		})
		p, hello := n.accept()
		require.Len(t, hello.Tokens, wire.MaxTokens)
		p.send(welcome(wire.ResumeSnapshot, wire.TierPublic), l.synced())

		tokens = []string{strings.Repeat("x", wire.MaxClientFrame)}
		w.TokensChanged() // none is left; to say so would be a sign-out
		synctest.Wait()
		tokens = []string{"small", strings.Repeat("x", wire.MaxClientFrame)}
		w.TokensChanged()
		require.Equal(t, wire.Tokens{Tokens: []string{"small"}}, p.next())
		p.cut()
		_, hello = n.accept()
		require.Equal(t, []string{"small"}, hello.Tokens)
	})
}

func TestTokensChanged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		tokens := []string{"platform"}
		w := watch(t, n, l.Trust(), func(c *client.Config) {
			c.Tokens = func(context.Context) ([]string, error) { return tokens, nil }
		})
		p := n.ready(l)
		tokens = append(tokens, "video")
		w.TokensChanged()
		require.Equal(t, wire.Tokens{Tokens: []string{"platform", "video"}}, p.next())
		tokens = nil
		w.TokensChanged()
		require.Equal(t, wire.Tokens{Tokens: []string{}}, p.next())
	})
}

// A login that fails is no sign-out: an open session goes on with what it has.
func TestTokensFailWhileOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		var down atomic.Bool
		w := watch(t, n, l.Trust(), func(c *client.Config) {
			c.Tokens = func(context.Context) ([]string, error) {
				if down.Load() {
					return nil, errors.New("login is down")
				}
				return []string{"jwt"}, nil
			}
		})
		p := n.ready(l)
		down.Store(true)
		w.TokensChanged()
		synctest.Wait()
		down.Store(false)
		w.TokensChanged()
		require.Equal(t, wire.Tokens{Tokens: []string{"jwt"}}, p.next(), "the first that is said")
	})
}

// What was published for a higher tier while the client was in a lower one lies
// before its cursor. A replay would not bring it; a snapshot does.
func TestTierGrowsBetweenSessions(t *testing.T) {
	const replay, snapshot = wire.ResumeReplay, wire.ResumeSnapshot
	north := welcome(snapshot, wire.TierRestricted, "tenant:n", "lang:en")
	for name, c := range map[string]struct {
		after wire.Welcome
		again bool
	}{
		"same":       {welcome(replay, wire.TierRestricted, "lang:en", "tenant:n"), false},
		"tier":       {welcome(replay, wire.TierPrivate, "tenant:n", "lang:en"), true},
		"label":      {welcome(replay, wire.TierRestricted, "tenant:n", "lang:en", "cohort:a"), true},
		"lower tier": {welcome(replay, wire.TierPublic, "tenant:n", "lang:en"), false},
		"fewer":      {welcome(replay, wire.TierRestricted, "lang:en"), false},
		"other":      {welcome(replay, wire.TierPublic, "tenant:m"), true},
		"snapshot":   {welcome(snapshot, wire.TierPrivate, "tenant:n", "cohort:a"), false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				n, l := newNode(t), newLogbook(t)
				w := watch(t, n, l.Trust())
				north.ServerTime, c.after.ServerTime = time.Now(), time.Now() // the bubble's
				n.open(l, north, l.entry(l.KeysetBody(1))).cut()
				p, hello := n.accept()
				require.NotEmpty(t, hello.Cursor)
				w.take()
				p.send(c.after)
				synctest.Wait()
				if c.again {
					p, hello = n.accept()
					require.Empty(t, hello.Cursor)
					require.Empty(t, w.take())
					c.after.Resume = wire.ResumeSnapshot
					p.send(c.after)
				}
				p.send(l.entry(l.Sign(l.Alert())), l.synced())
				synctest.Wait()
				require.Len(t, w.Threads(), 1)
				p.cut()
				_, hello = n.accept()
				require.Equal(t, l.cursor().String(), hello.Cursor)
			})
		})
	}
}

// A client knows when all that it could not see before has come.
func TestGrowthIsComplete(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		w := watch(t, n, l.Trust())
		p := n.ready(l)
		w.take()
		grown := wire.Auth{Tier: wire.TierPrivate, Labels: []string{"tenant:n"}, Auth: wire.AuthState{State: wire.AuthOK}}
		p.send(grown, l.entry(l.Sign(l.Alert())))
		synctest.Wait()
		require.Equal(t, []string{"client.AuthChanged", "client.NoticeChanged"}, types(w.take()))
		p.send(l.heartbeat())
		synctest.Wait()
		require.Equal(t, []client.Event{client.Synced{Cursor: l.cursor()}}, w.take())

		p.send(l.heartbeat()) // once
		lower := grown
		lower.Tier = wire.TierRestricted
		p.send(lower, l.heartbeat()) // nothing to come
		synctest.Wait()
		require.Equal(t, []string{"client.AuthChanged"}, types(w.take()))
	})
}

// Within a session the node sends what came into view; the next cursor covers it.
func TestTierGrowsWithinASession(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		n, l := newNode(t), newLogbook(t)
		watch(t, n, l.Trust())
		p := n.ready(l)
		grown := wire.Auth{Tier: wire.TierPrivate, Labels: []string{"tenant:n"}, Auth: wire.AuthState{State: wire.AuthOK}}
		p.send(grown)
		synctest.Wait()
		p.cut() // before a cursor that covers it
		p, hello := n.accept()
		require.NotEmpty(t, hello.Cursor)
		p.send(welcome(wire.ResumeReplay, wire.TierPrivate, "tenant:n"))
		p, hello = n.accept()
		require.Empty(t, hello.Cursor)
		p.send(welcome(wire.ResumeSnapshot, wire.TierPublic), l.synced(), grown, l.heartbeat())
		synctest.Wait()
		p.cut()
		p, _ = n.accept()
		p.send(welcome(wire.ResumeReplay, wire.TierPrivate, "tenant:n"), l.synced())
		synctest.Wait()
		require.Len(t, n.attempts(), 4, "another snapshot, for nothing")
	})
}

func TestTicketFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ticket")
	store := client.TicketFile(path)
	ticket, err := store.Load()
	require.NoError(t, err)
	require.Zero(t, ticket)
	require.NoError(t, store.Delete())

	want := client.Ticket{Value: "T1", Expires: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}
	require.NoError(t, store.Save(client.Ticket{Value: "T0"}))
	require.NoError(t, store.Save(want))
	ticket, err = store.Load()
	require.NoError(t, err)
	require.Equal(t, want, ticket)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.EqualValues(t, 0o600, info.Mode().Perm())
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1)

	require.NoError(t, store.Delete())
	require.NoFileExists(t, path)
	require.Error(t, client.TicketFile(filepath.Join(path, "no", "such")).Save(want))
}
