package hub_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/auth/authtest"
	"tocsin/hub"
	"tocsin/notice/noticetest"
	"tocsin/wire"
)

// New tokens on an open session change what it sees: it is told, gets the threads
// that it could not see before, and no longer gets what it may not see any more.
func TestTokens(t *testing.T) {
	w := newWorld(t)
	n := w.follow()
	publish := func(edits ...noticetest.Edit) uint64 {
		_, e := w.alert(edits...)
		n.Entry(e)
		return e.Seq
	}
	north := publish(noticetest.Restricted("tenant:north"))
	south := publish(noticetest.Private("tenant:south"))
	both := publish(noticetest.Restricted("tenant:north", "tenant:south"))
	public := publish()

	c := n.hello(wire.Hello{})
	_, seqs, _ := c.begin()
	require.Equal(t, []uint64{1, public}, seqs)

	c.send(wire.Tokens{Tokens: []string{w.token("north")}})
	said := expect[wire.Auth](c)
	require.Equal(t, wire.TierPrivate, said.Tier)
	require.Contains(t, said.Labels, "tenant:north")
	require.Equal(t, wire.AuthOK, said.Auth.State)
	require.NotEmpty(t, said.Ticket)
	require.Equal(t, []uint64{north, both}, c.entries(2))

	c.send(wire.Tokens{Tokens: []string{w.token("south")}})
	said = expect[wire.Auth](c)
	require.Contains(t, said.Labels, "tenant:south")
	require.Equal(t, []uint64{south}, c.entries(1), "only what is new to it")

	c.send(wire.Tokens{}) // signed out
	said = expect[wire.Auth](c)
	require.Equal(t, wire.TierPublic, said.Tier)
	require.Empty(t, said.Labels)
	require.Empty(t, said.Ticket)
	publish(noticetest.Restricted("tenant:south"))
	last := publish()
	require.Equal(t, []uint64{last}, c.entries(1))
}

// What a sign-out ended does not come back with the tokens of whoever signs in next,
// however soon they follow; not even if they prove nothing.
func TestTokensAfterSignOut(t *testing.T) {
	w := newWorld(t)
	n := w.follow(func(c *hub.Config) { c.FrameBurst = 1 << 20 })
	c := n.hello(wire.Hello{})
	c.begin()
	next := func() (said wire.Auth) { // past entries that come again
		for ok := false; !ok; {
			said, ok = c.next().(wire.Auth)
		}
		return said
	}
	for range 30 {
		c.send(wire.Tokens{Tokens: []string{w.token("north")}})
		require.Equal(t, wire.TierPrivate, next().Tier)
		c.send(wire.Tokens{})
		c.send(wire.Tokens{Tokens: []string{"not a token"}})
		for said := (wire.Auth{}); said.Auth.Reason != string(auth.ReasonMalformed); {
			said = next()
			require.Equal(t, wire.TierPublic, said.Tier)
			require.Empty(t, said.Labels)
			require.Empty(t, said.Ticket)
		}
	}
}

// A token that ends takes its tier along, without a word from the client: the
// ticket speaks from then on.
func TestTokenEnds(t *testing.T) {
	w := newWorld(t)
	n := w.follow(quick)
	const leeway = 120 * time.Second
	token := w.token("north")
	soon := w.issuer.Token(map[string]any{
		"tenant": "north", "sub": "other", "iat": time.Now().Add(-time.Hour).Unix(),
		"exp": time.Now().Add(-leeway + 3*time.Second).Unix(),
	})
	stays := n.hello(wire.Hello{Tokens: []string{token}})
	stays.begin()
	c := n.hello(wire.Hello{Tokens: []string{soon}})
	welcome, _, _ := c.begin()
	require.Equal(t, wire.TierPrivate, welcome.Tier)
	said := expect[wire.Auth](c)
	require.Equal(t, wire.TierRestricted, said.Tier)
	require.Equal(t, wire.AuthDegraded, said.Auth.State)

	_, private := w.alert(noticetest.Private("tenant:north"))
	_, restricted := w.alert(noticetest.Restricted("tenant:north"))
	n.Entry(private)
	n.Entry(restricted)
	require.Equal(t, []uint64{restricted.Seq}, c.entries(1))
	require.Equal(t, []uint64{private.Seq, restricted.Seq}, stays.entries(2))
}

// When the authority says that grants differ, every open session is asked for
// again, however it is served: caught up, held, or in a lane of its own.
func TestGrantsChange(t *testing.T) {
	w := newWorld(t)
	n := w.follow()
	_, e := w.alert(noticetest.Restricted("tenant:north"))
	ahead := w.log.cursor()
	token := w.token("north")
	live := n.hello(wire.Hello{Tokens: []string{token}})
	live.begin()
	held := n.hello(wire.Hello{Tokens: []string{token}, Cursor: ahead.String()})
	require.Equal(t, wire.TierPrivate, expect[wire.Welcome](held).Tier)
	public := n.hello(wire.Hello{})
	public.begin()

	now := time.Now()
	w.authority.SetPosture(auth.Posture{IssuerBlocked: map[string]auth.Blocked{w.issuer.URL: {Since: now.Add(-time.Hour)}}})
	for _, c := range []*client{live, held} {
		require.Equal(t, wire.TierPublic, expect[wire.Auth](c).Tier)
	}
	n.Entry(e)
	seqs, _ := held.untilSynced()
	require.Empty(t, seqs)

	w.authority.SetPosture(auth.Posture{})
	for _, c := range []*client{live, held} {
		require.Equal(t, wire.TierPrivate, expect[wire.Auth](c).Tier)
		require.Equal(t, []uint64{e.Seq}, c.entries(1))
	}
	_, last := w.alert()
	n.Entry(last)
	require.Equal(t, []uint64{last.Seq}, public.entries(1), "who is not concerned is told nothing")
}

// A session whose labels grow while it is held has not seen what lies before its
// cursor: it gets all that holds, not what came after.
func TestGrantGrowsWhileHeld(t *testing.T) {
	w := newWorld(t)
	_, restricted := w.alert(noticetest.Restricted("tenant:north"))
	n := w.follow()
	_, e := w.alert()
	c := n.hello(wire.Hello{Cursor: w.log.cursor().String()})
	expect[wire.Welcome](c)
	c.send(wire.Tokens{Tokens: []string{w.token("north")}})
	expect[wire.Auth](c)
	n.Entry(e)
	seqs, _ := c.untilSynced()
	require.Equal(t, []uint64{1, restricted.Seq, e.Seq}, seqs)
}

// From the moment on that the authority took a grant back, nothing that needs it is
// written: not even what is published in the same breath.
func TestGrantTakenBackAtOnce(t *testing.T) {
	w := newWorld(t)
	n := w.follow()
	c := n.hello(wire.Hello{Tokens: []string{w.token("north")}})
	c.begin()
	for range 30 {
		w.authority.SetPosture(auth.Posture{IssuerBlocked: map[string]auth.Blocked{w.issuer.URL: {Since: time.Now().Add(-time.Hour)}}})
		_, private := w.alert(noticetest.Private("tenant:north"))
		n.Entry(private)
		require.Equal(t, wire.TierPublic, expect[wire.Auth](c).Tier)
		w.authority.SetPosture(auth.Posture{})
		require.Equal(t, wire.TierPrivate, expect[wire.Auth](c).Tier)
		for seq := uint64(2); seq <= private.Seq; seq++ { // all that it could not see a moment ago
			require.Equal(t, seq, expect[wire.EntryFrame](c).Seq)
		}
	}
}

// An issuer whose keys come late lifts the sessions that wait for them.
func TestKeysComeLate(t *testing.T) {
	w := newWorld(t)
	w.alert(noticetest.Restricted("tenant:north"))
	late := authtest.New(t)
	late.Behave(authtest.Error500)
	a, err := auth.New(auth.Config{Dev: true, Issuers: []auth.IssuerConfig{late.Config()}, FetchGap: 50 * time.Millisecond})
	require.NoError(t, err)
	authtest.Start(t, a)
	w.authority = a
	n := w.follow()
	c := n.hello(wire.Hello{Tokens: []string{late.Token(map[string]any{"tenant": "north"})}})
	welcome, seqs, _ := c.begin()
	require.Equal(t, wire.TierPublic, welcome.Tier)
	require.Equal(t, []uint64{1}, seqs)
	late.Behave(authtest.Healthy)
	other := n.hello(wire.Hello{Tokens: []string{late.Token(map[string]any{"tenant": "north", "sub": "b"})}})
	other.read(patience)
	said := expect[wire.Auth](c)
	require.Equal(t, wire.TierPrivate, said.Tier)
	require.Equal(t, []uint64{2}, c.entries(1))
}

// While a session's grant changes back and forth and a publisher runs, nothing is
// sent that the session was not told it may see, and in the end nothing is missing.
func TestGrantsChangeInTraffic(t *testing.T) {
	w := newWorld(t)
	n := w.follow(func(c *hub.Config) { c.FrameBurst = 1 << 20 })
	c := n.hello(wire.Hello{})
	welcome, _, _ := c.begin()
	require.Empty(t, welcome.Labels)
	north, both := w.token("north"), w.token("south")
	go func() {
		for i := range 60 {
			f := wire.Tokens{Tokens: []string{[]string{north, both}[i%2]}}
			if i%3 == 2 {
				f.Tokens = nil
			}
			if c.sendText(f.AppendTo(nil)) != nil {
				return
			}
		}
		_ = c.sendText(wire.Tokens{Tokens: []string{north, both}}.AppendTo(nil))
	}()
	const published = 90
	var must []uint64
	go func() {
		for i := range published {
			_, e := w.alert([]noticetest.Edit{
				noticetest.Restricted("tenant:north"), noticetest.Private("tenant:south"), noticetest.Addressed(),
			}[i%3])
			n.Entry(e)
		}
	}()
	for seq := uint64(2); seq < published+2; seq++ {
		must = append(must, seq)
	}
	got := map[uint64]bool{}
	labels, tier := []string{}, wire.TierPublic
	settled := func() bool { return slices.Contains(labels, "tenant:north") && slices.Contains(labels, "tenant:south") }
	all := func() bool { return !slices.ContainsFunc(must, func(seq uint64) bool { return !got[seq] }) }
	for end := time.Now().Add(3 * patience); !all() || !settled(); {
		require.True(t, time.Now().Before(end), "missing: of %v, %d; labels %v", must, len(got), labels)
		f, err := c.read(patience)
		require.NoError(t, err)
		switch f := f.(type) {
		case wire.Auth:
			labels, tier = f.Labels, f.Tier
		case wire.EntryFrame:
			got[f.Seq] = true
			switch f.Seq % 3 { // as published, from 2
			case 2:
				require.Contains(t, labels, "tenant:north")
			case 0:
				require.Contains(t, labels, "tenant:south")
				require.Equal(t, wire.TierPrivate, tier)
			}
		}
	}
}

// What a posture voids for a while is not forgotten when new tokens come meanwhile.
func TestTokensWhileVoid(t *testing.T) {
	w := newWorld(t)
	n := w.follow()
	first := n.hello(wire.Hello{Tokens: []string{w.token("north")}})
	first.begin()
	w.authority.SetPosture(auth.Posture{IssuerBlocked: map[string]auth.Blocked{w.issuer.URL: {Since: time.Now().Add(-time.Hour)}}})
	require.Equal(t, wire.TierPublic, expect[wire.Auth](first).Tier)
	first.send(wire.Tokens{Tokens: []string{"a failed login"}})
	require.Equal(t, string(auth.ReasonMalformed), expect[wire.Auth](first).Auth.Reason)
	w.authority.SetPosture(auth.Posture{})
	said := expect[wire.Auth](first)
	require.Equal(t, wire.TierRestricted, said.Tier)
	require.Contains(t, said.Labels, "tenant:north")

	first.send(wire.Tokens{}) // and who signs out is forgotten, however fast the next one comes
	first.send(wire.Tokens{Tokens: []string{"a failed login"}})
	for said = expect[wire.Auth](first); said.Auth.Reason == ""; said = expect[wire.Auth](first) {
		require.Equal(t, wire.TierPublic, said.Tier)
	}
	require.Equal(t, wire.TierPublic, said.Tier)
	require.Empty(t, said.Labels)
}
