package auth_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/auth/authtest"
)

// bubble runs a test in virtual time, with an issuer that has no socket.
func bubble(t *testing.T, test func(t *testing.T, a *auth.Authority, issuer *authtest.Issuer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		issuer := authtest.NewOffline(t)
		c := oneIssuer(issuer)
		c.Transport = issuer.Transport()
		a := newAuthority(t, c)
		authtest.Start(t, a)
		synctest.Wait()
		test(t, a, issuer)
	})
}

func TestKeysAreRefreshedBeforeTheyAreStale(t *testing.T) {
	bubble(t, func(t *testing.T, a *auth.Authority, issuer *authtest.Issuer) {
		h := a.Admit(auth.Credentials{Tokens: []string{issuer.Token(map[string]any{"exp": time.Now().Add(23 * time.Hour).Unix()})}})
		for range 20 * 60 {
			time.Sleep(time.Minute)
			require.Equal(t, auth.StateOK, a.Grant(h).State)
		}
		require.InDelta(t, 1+20*60/4.25, issuer.Requests(), 10, "about every 0.85 × 5 min")
	})
}

// fresh → stale → closed → fresh, on a session that stays open, with the tier
// of each, and Changed at each step.
func TestKeySourceStates(t *testing.T) {
	bubble(t, func(t *testing.T, a *auth.Authority, issuer *authtest.Issuer) {
		began := time.Now()
		h := a.Admit(auth.Credentials{Tokens: []string{
			issuer.Token(map[string]any{"iat": began.Add(time.Minute).Unix(), "exp": began.Add(48 * time.Hour).Unix(), "tenant": "north"}),
		}})
		require.Equal(t, auth.StateOK, a.Grant(h).State)

		issuer.Behave(authtest.Error500)
		<-a.Changed()
		require.Equal(t, 5*time.Minute, time.Since(began), "stale once it is older than the refresh interval")
		require.Equal(t, auth.ReasonKeysStale, a.Grant(h).Reason)
		require.Equal(t, auth.Private, a.Grant(h).Tier)

		time.Sleep(24*time.Hour - time.Since(began) - time.Second)
		require.Equal(t, auth.Private, a.Grant(h).Tier)
		require.Equal(t, began.Add(24*time.Hour), a.Grant(h).Until)
		<-a.Changed()
		require.Equal(t, 24*time.Hour, time.Since(began))
		g := a.Grant(h)
		require.Equal(t, auth.Restricted, g.Tier, "the ticket speaks")
		require.Equal(t, auth.ReasonKeysClosed, g.Reason)
		require.Equal(t, []string{"tenant:north"}, g.Labels)
		require.Equal(t, auth.ReasonKeysClosed, grant(a, issuer.Token(nil)).Reason, "a new session, a new token")

		issuer.Behave(authtest.Healthy)
		back := time.Now()
		<-a.Changed()
		require.LessOrEqual(t, time.Since(back), time.Minute)
		require.Equal(t, auth.Private, a.Grant(h).Tier, "climbs back by itself, within its 24 h after iat")
		require.Equal(t, auth.StateOK, a.Grant(h).State)
		time.Sleep(time.Minute)
		require.Equal(t, auth.ReasonExpired, a.Grant(h).Reason)
	})
}

// Rotation: tokens of the new key count within seconds, those of the old at
// once no longer, on open sessions and new ones.
func TestRotation(t *testing.T) {
	bubble(t, func(t *testing.T, a *auth.Authority, issuer *authtest.Issuer) {
		time.Sleep(time.Minute)
		old := issuer.Token(map[string]any{"tenant": "north"})
		open := a.Admit(auth.Credentials{Tokens: []string{old}})
		require.Equal(t, auth.Private, a.Grant(open).Tier)
		stranger := authtest.NewOffline(t)
		stranger.Rotate()
		grant(a, stranger.Token(nil))
		synctest.Wait() // the fetch for the stranger's kid is over
		issuer.Rotate()
		require.Equal(t, auth.Private, a.Grant(open).Tier, "nobody knows yet")

		began := time.Now()
		next := a.Admit(auth.Credentials{Tokens: []string{issuer.Token(nil)}})
		require.Equal(t, auth.ReasonKeyUnknown, a.Grant(next).Reason)
		<-a.Changed()
		require.Equal(t, 10*time.Second, time.Since(began), "the unknown kid had the keys fetched, as soon as may be")
		require.Equal(t, auth.Private, a.Grant(next).Tier)
		g := a.Grant(open)
		require.Equal(t, auth.Restricted, g.Tier)
		require.Equal(t, auth.ReasonKeyWithdrawn, g.Reason)
		require.Equal(t, auth.ReasonKeyUnknown, grant(a, old).Reason)
	})
}

// The first token of an unknown key has it fetched at once.
func TestUnknownKidIsFetchedAtOnce(t *testing.T) {
	bubble(t, func(t *testing.T, a *auth.Authority, issuer *authtest.Issuer) {
		time.Sleep(time.Minute)
		issuer.Rotate()
		h := a.Admit(auth.Credentials{Tokens: []string{issuer.Token(nil)}})
		synctest.Wait() // no time passes
		require.Equal(t, auth.Private, a.Grant(h).Tier)
	})
}

// However many ask for keys that nobody has, the provider is asked at most once
// in 10 s.
func TestUnknownKidsAskOnceInTenSeconds(t *testing.T) {
	for name, behaviour := range map[string]authtest.Behaviour{
		"healthy": authtest.Healthy, "500": authtest.Error500, "hang": authtest.Hang, "refuse": authtest.Refuse,
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T, a *auth.Authority, issuer *authtest.Issuer) {
				before := issuer.Requests()
				issuer.Behave(behaviour)
				stranger := authtest.NewOffline(t)
				stranger.Rotate() // kids that issuer does not have
				for range 600 {
					g := grant(a, stranger.Token(map[string]any{"sub": time.Now().String()}))
					require.Equal(t, auth.Public, g.Tier)
					time.Sleep(100 * time.Millisecond)
				}
				require.LessOrEqual(t, issuer.Requests()-before, 6)
				if behaviour != authtest.Refuse { // which leaves nothing to count
					require.GreaterOrEqual(t, issuer.Requests()-before, 3)
				}
			})
		})
	}
}

// Expired tokens ask for nothing, whatever their kid: a crowd that comes back
// with them is no load for the provider.
func TestExpiredTokensAskForNothing(t *testing.T) {
	bubble(t, func(t *testing.T, a *auth.Authority, issuer *authtest.Issuer) {
		stranger := authtest.NewOffline(t)
		stranger.Rotate()
		before := issuer.Requests()
		for range 100 {
			g := grant(a, stranger.Token(map[string]any{"exp": time.Now().Add(-time.Hour).Unix()}))
			require.Equal(t, auth.ReasonExpired, g.Reason)
			time.Sleep(time.Second)
		}
		require.Equal(t, before, issuer.Requests())
	})
}

// A provider that is down for a day is asked about once a minute.
func TestBackoff(t *testing.T) {
	bubble(t, func(t *testing.T, _ *auth.Authority, issuer *authtest.Issuer) {
		issuer.Behave(authtest.Error500)
		before := issuer.Requests()
		time.Sleep(24 * time.Hour)
		asked := issuer.Requests() - before
		require.Greater(t, asked, 24*60)
		require.Less(t, asked, 3*24*60)
	})
}

// A hanging provider is given 5 s, and its one fetch is the only one.
func TestOneFetchAtATime(t *testing.T) {
	bubble(t, func(t *testing.T, a *auth.Authority, issuer *authtest.Issuer) {
		issuer.Behave(authtest.Hang)
		stranger := authtest.NewOffline(t)
		stranger.Rotate()
		time.Sleep(15 * time.Second)
		before := issuer.Requests()
		for range 40 { // 4 s
			grant(a, stranger.Token(nil))
			time.Sleep(100 * time.Millisecond)
		}
		require.Equal(t, 1, issuer.Requests()-before)
		time.Sleep(2 * time.Second)
		issuer.Behave(authtest.Healthy)
		time.Sleep(5 * time.Second)
		require.Equal(t, 2, issuer.Requests()-before, "the hung one was given up after 5 s, the next came 10 s after it began")
	})
}

// A token that waits for its key asks once, however often the session is
// looked at meanwhile.
func TestWaitingTokenAsksOnce(t *testing.T) {
	bubble(t, func(t *testing.T, a *auth.Authority, issuer *authtest.Issuer) {
		stranger := authtest.NewOffline(t)
		stranger.Rotate()
		time.Sleep(time.Minute)
		before := issuer.Requests()
		h := a.Admit(auth.Credentials{Tokens: []string{stranger.Token(nil)}})
		for range 60 {
			a.SetPosture(auth.Posture{})
			require.Equal(t, auth.ReasonKeyUnknown, a.Grant(h).Reason)
			time.Sleep(time.Second)
		}
		require.Equal(t, 1, issuer.Requests()-before)
	})
}

// What waits for its key is bounded for each session: the first 16 KiB.
func TestWaitingTokensAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authtest.NewOffline(t)
		c := oneIssuer(issuer)
		c.Transport = issuer.Transport()
		a := newAuthority(t, c)
		padding := map[string]any{"padding": strings.Repeat("x", 8<<10)}
		padded, small := authtest.NewOffline(t).Token(padding), issuer.Token(nil)
		first := a.Admit(auth.Credentials{Tokens: []string{small, padded, padded}})
		last := a.Admit(auth.Credentials{Tokens: []string{padded, padded, small}})
		authtest.Start(t, a)
		synctest.Wait()
		require.Equal(t, auth.Private, a.Grant(first).Tier)
		require.Equal(t, auth.Public, a.Grant(last).Tier)
	})
}
