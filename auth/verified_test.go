package auth_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/auth/authtest"
)

// A token that was verified once is judged anew each time: posture, time, and the
// provider's keys end it as if it came for the first time. Nothing else is taken for it.
func TestVerifiedIsJudgedAnew(t *testing.T) {
	issuer := authtest.New(t)
	var later atomic.Int64 // hours
	now := func() time.Time { return time.Now().Add(time.Duration(later.Load()) * time.Hour) }
	c := oneIssuer(issuer)
	c.Now = now
	a := authtest.Run(t, c, issuer)
	token := issuer.TokenAlg("RS256", map[string]any{"tenant": "north"})
	before := auth.Verified(a)
	for range 3 {
		require.Equal(t, auth.Private, grant(a, token).Tier)
	}
	require.Equal(t, before+1, auth.Verified(a))

	head, signature, _ := strings.Cut(token, ".")
	payload, signature, _ := strings.Cut(signature, ".")
	other := issuer.TokenAlg("RS256", map[string]any{"tenant": "south"})
	_, forged, _ := strings.Cut(other, ".")
	forged, _, _ = strings.Cut(forged, ".")
	for name, bad := range map[string]string{
		"other claims": head + "." + forged + "." + signature,
		"no signature": head + "." + payload + ".",
		"cut":          token[:len(token)-1],
		"extended":     token + "A",
	} {
		require.Equal(t, auth.Public, grant(a, bad).Tier, name)
	}
	require.Equal(t, before+1, auth.Verified(a), "what is bad is not remembered")

	a.SetPosture(auth.Posture{TokensNotBefore: map[string]time.Time{issuer.URL: now().Add(time.Hour)}})
	require.Equal(t, auth.ReasonReset, grant(a, token).Reason)
	a.SetPosture(auth.Posture{})
	require.Equal(t, auth.Private, grant(a, token).Tier)
	later.Store(25)
	require.Equal(t, auth.ReasonExpired, grant(a, token).Reason)
}

// However many come, a bounded number is remembered, the last among them.
func TestVerifiedIsBounded(t *testing.T) {
	issuer := authtest.New(t)
	a := authtest.Run(t, oneIssuer(issuer), issuer)
	last := ""
	for i := range 3*auth.MaxVerified + 7 {
		last = auth.Remember(a, i)
	}
	require.LessOrEqual(t, auth.Verified(a), auth.MaxVerified)
	require.GreaterOrEqual(t, auth.Verified(a), auth.MaxVerified/2)
	require.True(t, auth.Remembers(a, last))
}
