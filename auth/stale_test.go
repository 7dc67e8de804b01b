package auth_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/auth/authtest"
)

// An issuer may have a pace of its own: its keys turn stale and closed sooner than
// another's, and are good again when its provider is back.
func TestPaceOfAnIssuer(t *testing.T) {
	t.Parallel()
	issuer := authtest.New(t)
	c := oneIssuer(issuer)
	c.Issuers[0].Refresh, c.Issuers[0].FetchGap = 50*time.Millisecond, 5*time.Millisecond
	c.Issuers[0].StaleLimit = 300 * time.Millisecond
	a := authtest.Run(t, c, issuer)
	h := a.Admit(auth.Credentials{Tokens: []string{issuer.Token(map[string]any{"tenant": "north"})}})
	require.Equal(t, auth.Private, a.Grant(h).Tier)
	ticket := a.Grant(h).Ticket

	issuer.Behave(authtest.Error500)
	authtest.Await(t, a, func() bool { return a.Grant(h).Reason == auth.ReasonKeysStale })
	authtest.Await(t, a, func() bool { return a.Grant(h).Reason == auth.ReasonKeysClosed })
	require.Equal(t, auth.Restricted, a.Grant(h).Tier, "what the token has proven")
	require.Equal(t, auth.Restricted, a.Grant(a.Admit(auth.Credentials{Ticket: ticket})).Tier)

	issuer.Behave(authtest.Healthy)
	authtest.Await(t, a, func() bool { return a.Grant(h).State == auth.StateOK })
	require.Equal(t, auth.Private, a.Grant(h).Tier)
}

func TestNegativePace(t *testing.T) {
	issuer := authtest.New(t)
	c := oneIssuer(issuer)
	c.Issuers[0].StaleLimit = -time.Second
	_, err := auth.New(c)
	require.ErrorContains(t, err, "negative")
}
