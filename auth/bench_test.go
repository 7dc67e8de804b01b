package auth_test

import (
	"testing"
	"time"

	"tocsin/auth"
	"tocsin/auth/authtest"
)

func benchAuthority(b *testing.B) (*auth.Authority, *authtest.Issuer) {
	issuer := authtest.New(b)
	return authtest.Run(b, auth.Config{}, issuer), issuer
}

var benchClaims = map[string]any{"tenant": "north", "group": []string{"patients", "night"}}

// A session that is asked again, as after any change anywhere.
func BenchmarkGrant(b *testing.B) {
	a, issuer := benchAuthority(b)
	h := a.Admit(auth.Credentials{Tokens: []string{issuer.Token(benchClaims)}})
	b.ReportAllocs()
	for b.Loop() {
		a.Grant(h)
	}
}

// The same, when something has changed.
func BenchmarkGrantAfterChange(b *testing.B) {
	a, issuer := benchAuthority(b)
	h := a.Admit(auth.Credentials{Tokens: []string{issuer.Token(benchClaims)}, Claims: []string{"lang:en"}})
	b.ReportAllocs()
	for b.Loop() {
		a.SetPosture(auth.Posture{})
		a.Grant(h)
	}
}

// A return with a ticket: open, judge, seal anew.
func BenchmarkAdmitTicket(b *testing.B) {
	a, issuer := benchAuthority(b)
	ticket := grant(a, issuer.Token(benchClaims)).Ticket
	b.ReportMetric(float64(len(ticket)), "bytes/ticket")
	b.ReportAllocs()
	for b.Loop() {
		byTicket(a, ticket)
	}
}

// The same, with an expired token beside it, as in a storm while login is broken.
func BenchmarkAdmitTicketAndExpiredToken(b *testing.B) {
	a, issuer := benchAuthority(b)
	ticket := grant(a, issuer.Token(benchClaims)).Ticket
	expired := issuer.TokenAlg("RS256", map[string]any{"exp": time.Now().Add(-time.Hour).Unix(), "tenant": "north"})
	b.ReportAllocs()
	for b.Loop() {
		a.Grant(a.Admit(auth.Credentials{Tokens: []string{expired}, Ticket: ticket}))
	}
}

func BenchmarkAdmitToken(b *testing.B) {
	for _, alg := range []string{"RS256", "ES256", "EdDSA"} {
		b.Run(alg, func(b *testing.B) {
			a, issuer := benchAuthority(b)
			token := issuer.TokenAlg(alg, benchClaims)
			b.ReportAllocs()
			for b.Loop() {
				auth.ForgetVerified(a)
				grant(a, token)
			}
		})
	}
}

// A client that comes back with the token that it came with before.
func BenchmarkAdmitTokenAgain(b *testing.B) {
	a, issuer := benchAuthority(b)
	token := issuer.TokenAlg("RS256", benchClaims)
	b.ReportAllocs()
	for b.Loop() {
		grant(a, token)
	}
}

func BenchmarkOpenTicket(b *testing.B) {
	issuer, ring := authtest.New(b), auth.NewKeyring()
	c := oneIssuer(issuer)
	c.TicketKeys = ring
	a := authtest.Run(b, c, issuer)
	ticket := grant(a, issuer.Token(benchClaims)).Ticket
	b.ReportAllocs()
	for b.Loop() {
		auth.OpenTicket(ring, ticket)
	}
}
