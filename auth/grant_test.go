package auth_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/auth/authtest"
)

func TestTokenGivesPrivate(t *testing.T) {
	issuer := authtest.New(t)
	ring := auth.NewKeyring()
	c := oneIssuer(issuer)
	c.TicketKeys = ring
	a := authtest.Run(t, c, issuer)
	for _, alg := range []string{"RS256", "PS256", "ES256", "EdDSA"} {
		t.Run(alg, func(t *testing.T) {
			token := issuer.TokenAlg(alg, map[string]any{"sub": "ana", "tenant": "north", "group": []string{"staff", "north"}})
			g := a.Grant(a.Admit(auth.Credentials{Tokens: []string{token}, Claims: []string{"lang:en"}}))
			require.Equal(t, auth.Private, g.Tier)
			require.Equal(t, auth.StateOK, g.State)
			require.Empty(t, g.Reason)
			require.Equal(t, []string{"group:north", "group:staff", "lang:en", "subject:" + ring.Pseudonym(issuer.URL, "ana"), "tenant:north"}, g.Labels)
			require.NotEmpty(t, g.Ticket)
			require.False(t, g.Until.IsZero())
		})
	}
}

func TestNothingGivesPublic(t *testing.T) {
	a := newAuthority(t, auth.Config{})
	for _, h := range []*auth.Holder{nil, a.Admit(auth.Credentials{})} {
		g := a.Grant(h)
		require.Equal(t, auth.Public, g.Tier)
		require.Equal(t, auth.StateNone, g.State)
		require.Empty(t, g.Reason)
		require.Empty(t, g.Labels)
		require.Empty(t, g.Ticket)
		require.True(t, g.Until.IsZero())
	}
}

func TestClaimsAreLimitedToSurfaceAndLang(t *testing.T) {
	a := newAuthority(t, auth.Config{})
	g := a.Grant(a.Admit(auth.Credentials{Claims: []string{
		"surface:portal", "lang:en", "tenant:north", "group:staff", "subject:x", "cohort:breach", "session:1",
		"surface:", "surface", "surface:a b", "lang:" + strings.Repeat("x", 129), "", ":", "surface:portal",
	}}))
	require.Equal(t, auth.Public, g.Tier)
	require.Equal(t, []string{"lang:en", "surface:portal"}, g.Labels)
}

func TestTooManyClaimsAreDropped(t *testing.T) {
	a := newAuthority(t, auth.Config{})
	claims := make([]string, 100)
	for i := range claims {
		claims[i] = "surface:" + strings.Repeat("x", i+1)
	}
	require.Len(t, a.Grant(a.Admit(auth.Credentials{Claims: claims})).Labels, 16)
}

// A session that stays open slides down and stays there, without anybody
// admitting it again, and says beforehand when.
func TestGrantFollowsTheTokensEnd(t *testing.T) {
	issuer, now := authtest.New(t), newClock()
	issuer.SetNow(now.Now)
	c := oneIssuer(issuer)
	c.Now = now.Now
	a := authtest.Run(t, c, issuer)
	exp := now.Now().Add(2 * time.Minute)
	h := a.Admit(auth.Credentials{Tokens: []string{issuer.Token(map[string]any{"exp": exp.Unix(), "tenant": "north"})}})
	g := a.Grant(h)
	require.Equal(t, auth.Private, g.Tier)
	require.Equal(t, exp.Add(2*time.Minute), g.Until, "exp and 120 s leeway")

	now.Step(4*time.Minute - time.Second)
	require.Equal(t, auth.Private, a.Grant(h).Tier)
	now.Step(time.Second)
	g = a.Grant(h)
	require.Equal(t, auth.Restricted, g.Tier)
	require.Equal(t, auth.StateDegraded, g.State)
	require.Equal(t, auth.ReasonExpired, g.Reason)
	require.Equal(t, []string{"tenant:north"}, g.Labels, "no subject: outside of private")

	now.Step(30 * 24 * time.Hour)
	g = a.Grant(h)
	require.Equal(t, auth.Public, g.Tier, "30 days after the proof")
	require.Empty(t, g.Labels)
	require.Empty(t, g.Ticket)
}

func TestTokenTimes(t *testing.T) {
	issuer, now := authtest.New(t), newClock()
	issuer.SetNow(now.Now)
	c := oneIssuer(issuer)
	c.Now = now.Now
	a := authtest.Run(t, c, issuer)
	at := func(d time.Duration) int64 { return now.Now().Add(d).Unix() }
	for name, tt := range map[string]struct {
		claims map[string]any
		tier   auth.Tier
		reason auth.Reason
	}{
		"clock 120 s ahead of ours":   {map[string]any{"iat": at(120 * time.Second)}, auth.Private, ""},
		"clock 121 s ahead of ours":   {map[string]any{"iat": at(121 * time.Second)}, auth.Public, auth.ReasonNotYet},
		"expired 119 s ago":           {map[string]any{"exp": at(-119 * time.Second)}, auth.Private, ""},
		"expired 120 s ago":           {map[string]any{"exp": at(-120 * time.Second)}, auth.Public, auth.ReasonExpired},
		"not before 120 s from now":   {map[string]any{"nbf": at(120 * time.Second)}, auth.Private, ""},
		"not before 121 s from now":   {map[string]any{"nbf": at(121 * time.Second)}, auth.Public, auth.ReasonNotYet},
		"issued 24 h ago, lives on":   {map[string]any{"iat": at(-24 * time.Hour)}, auth.Public, auth.ReasonExpired},
		"issued just under 24 h ago":  {map[string]any{"iat": at(-24*time.Hour + time.Second)}, auth.Private, ""},
		"lives for ever":              {map[string]any{"exp": at(1e6 * time.Hour)}, auth.Private, ""},
		"exp beyond all years":        {map[string]any{"exp": 1e300}, auth.Public, auth.ReasonClaims},
		"exp negative":                {map[string]any{"exp": -1}, auth.Public, auth.ReasonClaims},
		"exp a string":                {map[string]any{"exp": "9999999999"}, auth.Public, auth.ReasonClaims},
		"iat beyond all years":        {map[string]any{"iat": 1e300}, auth.Public, auth.ReasonClaims},
		"nbf a string":                {map[string]any{"nbf": "1"}, auth.Public, auth.ReasonClaims},
		"no exp":                      {map[string]any{"exp": nil}, auth.Public, auth.ReasonClaims},
		"no iat":                      {map[string]any{"iat": nil}, auth.Public, auth.ReasonClaims},
		"no sub":                      {map[string]any{"sub": nil}, auth.Public, auth.ReasonClaims},
		"sub empty":                   {map[string]any{"sub": ""}, auth.Public, auth.ReasonClaims},
		"sub a number":                {map[string]any{"sub": 7}, auth.Public, auth.ReasonClaims},
		"sub a novel":                 {map[string]any{"sub": strings.Repeat("x", 257)}, auth.Public, auth.ReasonClaims},
		"no aud":                      {map[string]any{"aud": nil}, auth.Public, auth.ReasonAudience},
		"another audience":            {map[string]any{"aud": "billing"}, auth.Public, auth.ReasonAudience},
		"aud a list that has ours":    {map[string]any{"aud": []string{"billing", authtest.Audience}}, auth.Private, ""},
		"aud a list without ours":     {map[string]any{"aud": []string{"billing", authtest.Audience + "x"}}, auth.Public, auth.ReasonAudience},
		"aud a list with a number":    {map[string]any{"aud": []any{authtest.Audience, 1}}, auth.Public, auth.ReasonAudience},
		"no iss":                      {map[string]any{"iss": nil}, auth.Public, auth.ReasonIssuerUnknown},
		"iss a list":                  {map[string]any{"iss": []string{issuer.URL}}, auth.Public, auth.ReasonIssuerUnknown},
		"iss with a slash more":       {map[string]any{"iss": issuer.URL + "/"}, auth.Public, auth.ReasonIssuerUnknown},
		"clock 23 h behind the token": {map[string]any{"iat": at(23 * time.Hour), "exp": at(24 * time.Hour)}, auth.Public, auth.ReasonNotYet},
	} {
		t.Run(name, func(t *testing.T) {
			g := grant(a, issuer.Token(tt.claims))
			require.Equal(t, tt.tier, g.Tier)
			require.Equal(t, tt.reason, g.Reason)
		})
	}
}

// Nobody needs to send a token again that came too early.
func TestTokenNotYetValidBecomesValid(t *testing.T) {
	issuer, now := authtest.New(t), newClock()
	issuer.SetNow(now.Now)
	c := oneIssuer(issuer)
	c.Now = now.Now
	a := authtest.Run(t, c, issuer)
	h := a.Admit(auth.Credentials{Tokens: []string{issuer.Token(map[string]any{"nbf": now.Now().Add(10 * time.Minute).Unix()})}})
	g := a.Grant(h)
	require.Equal(t, auth.ReasonNotYet, g.Reason)
	require.Equal(t, now.Now().Add(8*time.Minute), g.Until)
	now.Step(8 * time.Minute)
	require.Equal(t, auth.Private, a.Grant(h).Tier)
}

func TestTokensOfSeveralIssuersAddUp(t *testing.T) {
	platform, video := authtest.New(t), authtest.New(t)
	a := authtest.Run(t, auth.Config{Issuers: []auth.IssuerConfig{platform.Config(), video.Config()}}, platform, video)

	both := []string{platform.Token(map[string]any{"tenant": "north"}), video.Token(map[string]any{"session": "call-9"})}
	g := a.Grant(a.Admit(auth.Credentials{Tokens: both}))
	require.Equal(t, auth.StateOK, g.State)
	require.Subset(t, g.Labels, []string{"tenant:north", "session:call-9"})

	// Leaving the call: the session's last ticket does not name it any more.
	g = a.Grant(a.Admit(auth.Credentials{Tokens: both[:1], Ticket: g.Ticket}))
	require.Contains(t, g.Labels, "tenant:north")
	require.NotContains(t, g.Labels, "session:call-9")

	// One bad token takes nothing from the other, but is said.
	g = a.Grant(a.Admit(auth.Credentials{Tokens: []string{both[0], "garbage"}}))
	require.Equal(t, auth.Private, g.Tier)
	require.Equal(t, auth.StateDegraded, g.State)
	require.Equal(t, auth.ReasonMalformed, g.Reason)
}

func TestOnlyEightTokensCount(t *testing.T) {
	issuer := authtest.New(t)
	a := authtest.Run(t, auth.Config{}, issuer)
	tokens := []string{"a", "b", "c", "d", "e", "f", "g", "h", issuer.Token(nil)}
	require.Equal(t, auth.Public, grant(a, tokens...).Tier)
	require.Equal(t, auth.Private, grant(a, tokens[1:]...).Tier)
	g := grant(a, append([]string{issuer.Token(nil)}, tokens...)...)
	require.Equal(t, auth.Private, g.Tier)
}

// The ticket stays the same as long as it says the same, so that a hub can
// compare grants.
func TestGrantIsStable(t *testing.T) {
	issuer, now := authtest.New(t), newClock()
	issuer.SetNow(now.Now)
	c := oneIssuer(issuer)
	c.Now = now.Now
	a := authtest.Run(t, c, issuer)
	h := a.Admit(auth.Credentials{Tokens: []string{issuer.Token(map[string]any{"tenant": "north"})}})
	first := a.Grant(h)
	now.Step(time.Minute)
	require.Equal(t, first, a.Grant(h))
	a.SetPosture(auth.Posture{}) // everything is judged again
	require.Equal(t, first, a.Grant(h))
	now.Step(20 * time.Minute) // keys turn stale: another state, the same ticket
	g := a.Grant(h)
	require.Equal(t, auth.ReasonKeysStale, g.Reason)
	require.Equal(t, first.Ticket, g.Ticket)
}

func TestConcurrentUse(t *testing.T) {
	issuer := authtest.New(t)
	a := authtest.Run(t, auth.Config{}, issuer)
	token := issuer.Token(map[string]any{"tenant": "north"})
	shared := a.Admit(auth.Credentials{Tokens: []string{token}})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for n := range 50 {
				g := grant(a, token)
				_ = a.Grant(shared)
				_ = byTicket(a, g.Ticket)
				if i == 0 && n%10 == 0 {
					a.SetPosture(auth.Posture{TicketEpoch: int64(n)})
				}
			}
		})
	}
	wg.Wait()
	require.Equal(t, auth.Private, a.Grant(shared).Tier)
}
