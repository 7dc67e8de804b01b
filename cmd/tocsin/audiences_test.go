package main

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/broker"
	"tocsin/client"
	"tocsin/desk"
	"tocsin/hub"
	"tocsin/notice"
)

func openStore(t *testing.T) *broker.Store {
	t.Helper()
	b, err := broker.Open(context.Background(), broker.Config{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	t.Cleanup(b.Close)
	return b.Store(broker.StreamReceipts)
}

// What several nodes say is summed; one that ended is gone at once, one that died after
// a while, one that goes on stays.
func TestAudiences(t *testing.T) {
	ctx := context.Background()
	store := openStore(t)
	one, two, dead, desk := newAudiences(store, "one"), newAudiences(store, "two"), newAudiences(store, "dead"), newAudiences(store, "desk")
	said := func(n int) hub.Audience {
		return hub.Audience{
			Sessions: n, ByTier: map[string]int{"public": n}, BySurface: map[string]int{"portal": n}, ByLabel: map[string]int{"cohort:<a>": n},
		}
	}
	nodes := func() (int, int) {
		t.Helper()
		a, err := desk.Audience(ctx)
		require.NoError(t, err)
		require.Equal(t, map[string]int{"public": a.Sessions, "restricted": 0, "private": 0}, a.ByTier)
		if a.Nodes > 0 {
			require.Equal(t, map[string]int{"cohort:<a>": a.Sessions}, a.ByLabel)
			require.Equal(t, map[string]int{"portal": a.Sessions}, a.BySurface)
		}
		return a.Nodes, a.Sessions
	}
	is := func(wantNodes, wantSessions int) {
		t.Helper()
		n, s := nodes()
		require.Equal(t, []int{wantNodes, wantSessions}, []int{n, s})
	}
	is(0, 0)
	require.NoError(t, one.Remove(ctx), "nothing was said")
	require.NoError(t, one.Put(ctx, said(1)))
	require.NoError(t, two.Put(ctx, said(20)))
	require.NoError(t, dead.Put(ctx, said(300)))
	is(3, 321)
	require.NoError(t, one.Put(ctx, said(2)))
	is(3, 322)
	forgetful := newAudiences(store, "one") // as if it had not heard of its write
	require.NoError(t, forgetful.Put(ctx, said(3)))
	is(3, 323)
	require.NoError(t, two.Remove(ctx))
	is(2, 303)

	desk.life = 500 * time.Millisecond
	require.Eventually(t, func() bool {
		require.NoError(t, forgetful.Put(ctx, said(3))) // the living repeat themselves
		n, s := nodes()
		return n == 1 && s == 3
	}, patience, 20*time.Millisecond)
}

// A record that one read missed, since it was being replaced, still counts; one that is
// no audience does not.
func TestAudiencesRemember(t *testing.T) {
	s := newAudiences(nil, "desk")
	at := time.Now()
	record := func(revision uint64, body string) broker.Record {
		return broker.Record{Key: "sessions.one", Body: []byte(body), Revision: revision, Time: at}
	}
	require.Len(t, s.take([]broker.Record{record(2, "{}")}, at), 1)
	require.Len(t, s.take(nil, at.Add(audienceLife-1)), 1)
	require.Equal(t, "{}", string(s.take([]broker.Record{record(1, "older")}, at)[0].Body))
	require.Empty(t, s.take([]broker.Record{record(3, "")}, at), "taken back")
	require.Empty(t, s.take([]broker.Record{record(2, "{}")}, at), "and an older read does not bring it back")
	require.Empty(t, s.take(nil, at.Add(audienceLife)))
	require.Empty(t, s.known)
}

// Over two edges and a desk on a broker of their own, as staff ask for it.
func TestAudienceOfFleet(t *testing.T) {
	f := newFleetApart(t)
	one := f.serve("one", "--roles", "edge").ready(t)
	two := f.serve("two", "--roles", "edge").ready(t)
	surface := func(name string) func(*client.Config) {
		return func(c *client.Config) { c.Labels = []string{"surface:" + name} }
	}
	f.connect(one, surface("portal"))
	f.connect(two, surface("portal"), f.token("ana"))
	f.connect(two, surface("call"))
	token := f.staffToken()
	becomes := func(nodes int, tier, surface map[string]int) {
		t.Helper()
		require.Eventually(t, func() bool {
			a := f.audience(token)
			return a.Nodes == nodes && fmt.Sprint(a.ByTier, a.BySurface) == fmt.Sprint(tier, surface)
		}, patience, 50*time.Millisecond)
	}
	becomes(2, map[string]int{"private": 1, "public": 2, "restricted": 0}, map[string]int{"call": 1, "portal": 2})
	text, err := json.Marshal(f.audience(token))
	require.NoError(t, err)
	require.Contains(t, string(text), "tenant:north")
	require.False(t, strings.Contains(string(text), "subject:"), "nobody is named")
	two.stop()
	becomes(1, map[string]int{"private": 0, "public": 1, "restricted": 0}, map[string]int{"portal": 1})
}

// staffToken is a login at the desk.
func (f *fleet) staffToken() string {
	f.t.Helper()
	var session struct{ Token string }
	f.ask("POST", "/v1/session", f.session(), "", &session)
	return session.Token
}

func (f *fleet) session() []byte {
	var challenge struct {
		Nonce      string
		ServerTime time.Time
	}
	f.ask("GET", "/v1/challenge", nil, "", &challenge)
	return f.SessionBody(&notice.Session{
		Origin: f.desk, Nonce: challenge.Nonce, Expires: notice.FormatTime(challenge.ServerTime.Add(50 * time.Second)),
	}, f.Publisher)
}

func (f *fleet) audience(token string) (a desk.Audience) {
	f.ask("GET", "/v1/audience", nil, token, &a)
	return a
}

// ask asks the desk, and reads the answer into v.
func (f *fleet) ask(method, path string, body []byte, token string, v any) {
	f.t.Helper()
	r, err := http.NewRequestWithContext(f.t.Context(), method, f.desk+path, strings.NewReader(string(body)))
	require.NoError(f.t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+token)
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(r)
	require.NoError(f.t, err)
	defer resp.Body.Close()
	require.Equal(f.t, http.StatusOK, resp.StatusCode)
	require.NoError(f.t, json.NewDecoder(resp.Body).Decode(v))
}
