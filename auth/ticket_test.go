package auth_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/auth/authtest"
)

// ticketed is an Authority with a clock of the test's, and a ticket.
func ticketed(t *testing.T) (a *auth.Authority, ring *auth.Keyring, now *clock, issuer *authtest.Issuer, ticket string) {
	t.Helper()
	issuer, now, ring = authtest.New(t), newClock(), auth.NewKeyring()
	issuer.SetNow(now.Now)
	c := oneIssuer(issuer)
	c.Now, c.TicketKeys = now.Now, ring
	a = authtest.Run(t, c, issuer)
	g := grant(a, issuer.Token(map[string]any{"sub": "ana", "tenant": "north", "group": "staff", "session": "call-9"}))
	require.Equal(t, auth.Private, g.Tier)
	require.Equal(t, now.Now().Add(30*24*time.Hour), g.TicketExpires.Local())
	return a, ring, now, issuer, g.Ticket
}

func TestTicketGivesRestricted(t *testing.T) {
	a, ring, _, issuer, ticket := ticketed(t)
	g := byTicket(a, ticket)
	require.Equal(t, auth.Restricted, g.Tier)
	require.Equal(t, auth.StateDegraded, g.State)
	require.Equal(t, auth.ReasonTicket, g.Reason)
	require.Equal(t, []string{"group:staff", "tenant:north"}, g.Labels, "never subject:, nor a call's session:")
	require.False(t, g.Until.IsZero())

	plaintext := string(auth.OpenTicket(ring, ticket))
	require.NotContains(t, plaintext, "subject:")
	require.NotContains(t, plaintext, "session:")
	require.NotContains(t, plaintext, "ana")
	require.NotContains(t, ticket, "north", "opaque")

	// Another node with the same keys, none of which it has fetched, knows it too.
	c := oneIssuer(issuer)
	c.TicketKeys = ring
	require.Equal(t, auth.Restricted, byTicket(newAuthority(t, c), ticket).Tier)
	c.TicketKeys = auth.NewKeyring()
	require.Equal(t, auth.ReasonTicketInvalid, byTicket(newAuthority(t, c), ticket).Reason)
}

// A bad token beside a good ticket: the ticket speaks, and the reason is said.
func TestBadTokenFallsBackOnTicket(t *testing.T) {
	a, _, now, issuer, ticket := ticketed(t)
	expired := issuer.Token(map[string]any{"exp": now.Now().Add(-time.Hour).Unix(), "sub": "ana", "tenant": "north"})
	g := a.Grant(a.Admit(auth.Credentials{Tokens: []string{expired}, Ticket: ticket, Claims: []string{"lang:ca"}}))
	require.Equal(t, auth.Restricted, g.Tier)
	require.Equal(t, auth.ReasonExpired, g.Reason)
	require.Equal(t, []string{"group:staff", "lang:ca", "tenant:north"}, g.Labels)
}

// What a token says now replaces what a ticket says of the same issuer: another
// person who logs in at the same browser does not inherit.
func TestTokenReplacesTicket(t *testing.T) {
	a, _, now, issuer, ticket := ticketed(t)
	h := a.Admit(auth.Credentials{Tokens: []string{issuer.Token(map[string]any{"sub": "bob", "tenant": "south"})}, Ticket: ticket})
	g := a.Grant(h)
	require.Contains(t, g.Labels, "tenant:south")
	require.NotContains(t, g.Labels, "tenant:north")
	require.NotContains(t, g.Labels, "group:staff")
	now.Step(2 * time.Hour) // the token ends
	require.Equal(t, []string{"tenant:south"}, a.Grant(h).Labels)
	require.Equal(t, []string{"tenant:south"}, byTicket(a, g.Ticket).Labels)
}

// Renewals keep the time of the proof: their chain ends, however dense.
func TestEndlessRenewals(t *testing.T) {
	a, _, now, _, ticket := ticketed(t)
	began := now.Now()
	for range 30*24 - 1 {
		now.Step(time.Hour)
		g := byTicket(a, ticket)
		require.Equal(t, auth.Restricted, g.Tier)
		require.Equal(t, began.Add(30*24*time.Hour), g.TicketExpires.Local())
		ticket = g.Ticket
	}
	now.Step(time.Hour - time.Second)
	h := a.Admit(auth.Credentials{Ticket: ticket})
	require.Equal(t, auth.Restricted, a.Grant(h).Tier)
	require.Equal(t, now.Now().Add(time.Second), a.Grant(h).Until.Local())
	now.Step(time.Second)
	for _, g := range []auth.Grant{byTicket(a, ticket), a.Grant(h)} {
		require.Equal(t, auth.Public, g.Tier)
		require.Equal(t, auth.ReasonTicketExpired, g.Reason)
		require.Empty(t, g.Ticket)
		require.True(t, g.TicketExpires.IsZero())
	}
}

func TestTamperedTickets(t *testing.T) {
	a, ring, _, issuer, ticket := ticketed(t)
	plaintext := auth.OpenTicket(ring, ticket)
	bad := map[string]string{
		"cut":                    ticket[:len(ticket)-1],
		"halved":                 ticket[:len(ticket)/2],
		"extended":               ticket + "AAAA",
		"doubled":                ticket + ticket,
		"1 MB":                   strings.Repeat("A", 1<<20),
		"a changed bit":          ticket[:40] + string(ticket[40]^1) + ticket[41:],
		"sealed, cut":            auth.SealTicket(ring, plaintext[:len(plaintext)-1]),
		"sealed, extended":       auth.SealTicket(ring, append(plaintext[:len(plaintext):len(plaintext)], 0)),
		"sealed, another form":   auth.SealTicket(ring, append([]byte{2}, plaintext[1:]...)),
		"sealed, empty":          auth.SealTicket(ring, nil),
		"sealed, no proofs":      auth.SealTicket(ring, []byte{1, 0}),
		"sealed, other issuer":   auth.SealTicket(ring, []byte(strings.Replace(string(plaintext), issuer.URL, strings.Replace(issuer.URL, "127", "128", 1), 1))),
		"an empty ticket in b64": "AAAA",
	}
	for name, blob := range bad {
		g := byTicket(a, blob)
		require.Equal(t, auth.Public, g.Tier, name)
		require.Equal(t, auth.ReasonTicketInvalid, g.Reason, name)
	}
	for i := range plaintext {
		require.NotPanics(t, func() { byTicket(a, auth.SealTicket(ring, plaintext[:i])) })
	}
}

// Even a ticket that good keys sealed proves no label that tickets don't carry or that its
// issuer may not prove: a node of another version may have made it, or a thief.
func TestTicketOfForgedLabels(t *testing.T) {
	a, ring, _, _, ticket := ticketed(t)
	plaintext := string(auth.OpenTicket(ring, ticket))
	require.Contains(t, byTicket(a, ticket).Labels, "tenant:north")
	for _, label := range []string{"subject:abcd", "session:abcd", "cohort:abcde", "surface:abcd", "unknown:abcd", "tenantnorth:", "tenant:a b c"} {
		forged := auth.SealTicket(ring, []byte(strings.Replace(plaintext, "tenant:north", label, 1)))
		g := byTicket(a, forged)
		require.Equal(t, auth.Restricted, g.Tier, label)
		require.Equal(t, []string{"group:staff"}, g.Labels, label)
	}
}

// A clock that runs ahead elsewhere does not make tickets that outlive ours.
func TestTicketFromTheFuture(t *testing.T) {
	a, _, now, _, ticket := ticketed(t)
	now.Step(-2 * time.Minute)
	require.Equal(t, auth.Restricted, byTicket(a, ticket).Tier)
	now.Step(-time.Second)
	require.Equal(t, auth.ReasonTicketInvalid, byTicket(a, ticket).Reason)
}

// What configuration takes from an issuer, its tickets lose too.
func TestTicketsFollowConfiguration(t *testing.T) {
	_, ring, now, issuer, ticket := ticketed(t)
	ic := issuer.Config()
	ic.Allowed = map[string][]string{"tenant": {"south"}, "group": {"st*"}, "session": {"*"}}
	a := newAuthority(t, auth.Config{Issuers: []auth.IssuerConfig{ic}, TicketKeys: ring, Now: now.Now})
	require.Equal(t, []string{"group:staff"}, byTicket(a, ticket).Labels)
	a = newAuthority(t, auth.Config{TicketKeys: ring, Now: now.Now})
	require.Equal(t, auth.ReasonTicketInvalid, byTicket(a, ticket).Reason, "issuer no longer configured")
	a = newAuthority(t, auth.Config{Issuers: []auth.IssuerConfig{issuer.Config()}, TicketKeys: ring, Now: now.Now,
		LabelOK: func(l string) bool { return l != "tenant:north" }})
	require.Equal(t, []string{"group:staff"}, byTicket(a, ticket).Labels)
}

// A ticket holds the proofs of several issuers, each with its own time.
func TestTicketOfSeveralIssuers(t *testing.T) {
	platform, clinic, now := authtest.New(t), authtest.New(t), newClock()
	platform.SetNow(now.Now)
	clinic.SetNow(now.Now)
	a := authtest.Run(t, auth.Config{Issuers: []auth.IssuerConfig{platform.Config(), clinic.Config()}, Now: now.Now}, platform, clinic)
	ticket := grant(a, platform.Token(map[string]any{"tenant": "north"})).Ticket
	now.Step(20 * 24 * time.Hour)
	wait(t, a, func() { clinic.Rotate(); grant(a, clinic.Token(nil)) })
	g := a.Grant(a.Admit(auth.Credentials{Tokens: []string{clinic.Token(map[string]any{"group": "staff"})}, Ticket: ticket}))
	require.Subset(t, g.Labels, []string{"tenant:north", "group:staff"})
	require.Equal(t, []string{"group:staff", "tenant:north"}, byTicket(a, g.Ticket).Labels)
	now.Step(10 * 24 * time.Hour)
	require.Equal(t, []string{"group:staff"}, byTicket(a, g.Ticket).Labels)
}
