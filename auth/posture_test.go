package auth_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
)

// The rows of docs' table, on a session that is open: posture changes what it
// may see, by Changed, and gives it back when it is lifted.
func TestPosture(t *testing.T) {
	a, ring, now, issuer, before := ticketed(t)
	now.Step(time.Minute)
	token := issuer.Token(map[string]any{"sub": "ana", "sid": "login-1", "tenant": "north"})
	later := now.Now().Add(time.Hour)
	only := func(at time.Time) map[string]time.Time { return map[string]time.Time{issuer.URL: at} }
	since := func(at time.Time) map[string]auth.Blocked { return map[string]auth.Blocked{issuer.URL: {Since: at}} }
	for name, tt := range map[string]struct {
		posture auth.Posture
		open    auth.Tier // with the token
		reason  auth.Reason
		ticket  auth.Tier // with the ticket of the token
		before  auth.Tier // with the ticket of a minute earlier
	}{
		"nothing":                     {auth.Posture{}, auth.Private, "", auth.Restricted, auth.Restricted},
		"everyone reset, since now":   {auth.Posture{TokensNotBefore: only(now.Now().Add(time.Second))}, auth.Restricted, auth.ReasonReset, auth.Restricted, auth.Restricted},
		"everyone reset, before":      {auth.Posture{TokensNotBefore: only(now.Now())}, auth.Private, "", auth.Restricted, auth.Restricted},
		"another issuer reset":        {auth.Posture{TokensNotBefore: map[string]time.Time{"https://x": later}}, auth.Private, "", auth.Restricted, auth.Restricted},
		"issuer's keys stolen since":  {auth.Posture{IssuerBlocked: since(now.Now())}, auth.Public, auth.ReasonIssuerBlocked, auth.Public, auth.Restricted},
		"issuer's keys stolen, later": {auth.Posture{IssuerBlocked: since(now.Now().Add(time.Second))}, auth.Restricted, auth.ReasonIssuerBlocked, auth.Restricted, auth.Restricted},
		"ticket keys stolen":          {auth.Posture{TicketEpoch: 1}, auth.Private, "", auth.Public, auth.Public},
		"subject revoked":             {auth.Posture{Revoked: map[string]time.Time{ring.Pseudonym(issuer.URL, "ana"): later}}, auth.Public, auth.ReasonRevoked, auth.Public, auth.Public},
		"login revoked":               {auth.Posture{Revoked: map[string]time.Time{ring.LoginPseudonym(issuer.URL, "login-1"): later}}, auth.Public, auth.ReasonRevoked, auth.Public, auth.Restricted},
		"revocation over":             {auth.Posture{Revoked: map[string]time.Time{ring.Pseudonym(issuer.URL, "ana"): now.Now()}}, auth.Private, "", auth.Restricted, auth.Restricted},
		"same sub, another issuer":    {auth.Posture{Revoked: map[string]time.Time{ring.Pseudonym("https://x", "ana"): later, ring.LoginPseudonym("https://x", "login-1"): later}}, auth.Private, "", auth.Restricted, auth.Restricted},
		"sub and login swapped":       {auth.Posture{Revoked: map[string]time.Time{ring.Pseudonym(issuer.URL, "login-1"): later, ring.LoginPseudonym(issuer.URL, "ana"): later}}, auth.Private, "", auth.Restricted, auth.Restricted},
		"another revoked":             {auth.Posture{Revoked: map[string]time.Time{ring.Pseudonym(issuer.URL, "bob"): later}}, auth.Private, "", auth.Restricted, auth.Restricted},
	} {
		t.Run(name, func(t *testing.T) {
			a.SetPosture(auth.Posture{})
			h := a.Admit(auth.Credentials{Tokens: []string{token}})
			first := a.Grant(h)
			require.Equal(t, auth.Private, first.Tier)
			changed := a.Changed()
			a.SetPosture(tt.posture)
			<-changed
			g := a.Grant(h)
			require.Equal(t, tt.open, g.Tier)
			require.Equal(t, tt.reason, g.Reason)
			again := a.Grant(a.Admit(auth.Credentials{Tokens: []string{token}, Ticket: first.Ticket}))
			require.Equal(t, tt.open, again.Tier, "a new session is no better off")
			require.Equal(t, tt.reason, again.Reason)
			require.Equal(t, tt.ticket, byTicket(a, first.Ticket).Tier)
			require.Equal(t, tt.before, byTicket(a, before).Tier)

			a.SetPosture(auth.Posture{})
			require.Equal(t, auth.Private, a.Grant(h).Tier, "lifted")
		})
	}
}

// A new epoch gives sessions with a good token a new ticket; one of an old
// epoch is dead for good, and no renewal carries it over.
func TestTicketEpoch(t *testing.T) {
	a, _, _, issuer, old := ticketed(t)
	h := a.Admit(auth.Credentials{Tokens: []string{issuer.Token(map[string]any{"tenant": "north"})}})
	first := a.Grant(h)
	stays := a.Admit(auth.Credentials{Ticket: old})
	require.Equal(t, auth.Restricted, a.Grant(stays).Tier)
	a.SetPosture(auth.Posture{TicketEpoch: 3})
	second := a.Grant(h)
	require.NotEqual(t, first.Ticket, second.Ticket)
	require.Equal(t, auth.Restricted, byTicket(a, second.Ticket).Tier)
	for _, ticket := range []string{old, first.Ticket} {
		g := byTicket(a, ticket)
		require.Equal(t, auth.Public, g.Tier)
		require.Equal(t, auth.ReasonTicketEpoch, g.Reason)
		require.Empty(t, g.Ticket)
	}
	require.Equal(t, auth.Public, a.Grant(stays).Tier)
}

// An issuer that has new keys is believed again; what was earned with the stolen ones, and
// the tokens that they signed, stay void.
func TestUnblocked(t *testing.T) {
	a, _, now, issuer, before := ticketed(t)
	now.Step(time.Hour)
	stolen := now.Now()
	thief := issuer.Token(map[string]any{"sub": "ana", "tenant": "north"})
	earned := grant(a, thief).Ticket
	now.Step(time.Hour)
	a.SetPosture(auth.Posture{IssuerBlocked: map[string]auth.Blocked{issuer.URL: {Since: stolen}}})
	require.Equal(t, auth.ReasonIssuerBlocked, byTicket(a, earned).Reason)
	a.SetPosture(auth.Posture{IssuerBlocked: map[string]auth.Blocked{issuer.URL: {Since: stolen, Until: now.Now()}}})
	g := byTicket(a, earned)
	require.Equal(t, auth.Public, g.Tier)
	require.Equal(t, auth.ReasonIssuerBlocked, g.Reason)
	require.Equal(t, auth.ReasonIssuerBlocked, grant(a, thief).Reason)
	require.Equal(t, auth.Restricted, byTicket(a, before).Tier)
	g = grant(a, issuer.Token(map[string]any{"sub": "ana", "tenant": "north"}))
	require.Equal(t, auth.Private, g.Tier)
	require.Equal(t, auth.Restricted, byTicket(a, g.Ticket).Tier)
}

// A node that knows less than the one that gave a ticket, since its log is behind or its
// cache is older, does not hold that against the client.
func TestTicketOfALaterEpoch(t *testing.T) {
	a, _, _, issuer, _ := ticketed(t)
	a.SetPosture(auth.Posture{TicketEpoch: 3})
	ticket := grant(a, issuer.Token(map[string]any{"tenant": "north"})).Ticket
	a.SetPosture(auth.Posture{TicketEpoch: 2})
	require.Equal(t, auth.Restricted, byTicket(a, ticket).Tier)
}

// The end of a revocation is a time at which a session must be looked at.
func TestRevocationEnds(t *testing.T) {
	a, ring, now, issuer, _ := ticketed(t)
	h := a.Admit(auth.Credentials{Tokens: []string{issuer.Token(map[string]any{"sub": "ana"})}})
	end := now.Now().Add(time.Minute)
	a.SetPosture(auth.Posture{Revoked: map[string]time.Time{ring.Pseudonym(issuer.URL, "ana"): end}})
	g := a.Grant(h)
	require.Equal(t, auth.Public, g.Tier)
	require.Equal(t, end, g.Until)
	now.Step(time.Minute)
	require.Equal(t, auth.Private, a.Grant(h).Tier)
}

// A posture is the caller's no longer once it is set.
func TestPostureIsCopied(t *testing.T) {
	a, _, now, issuer, _ := ticketed(t)
	blocked := map[string]auth.Blocked{}
	a.SetPosture(auth.Posture{IssuerBlocked: blocked})
	blocked[issuer.URL] = auth.Blocked{Since: now.Now()}
	require.Equal(t, auth.Private, grant(a, issuer.Token(nil)).Tier)
}
