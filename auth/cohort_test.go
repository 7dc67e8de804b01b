package auth_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/auth/authtest"
)

// world is an authority with an issuer, and a keyring that the desk shares.
func cohortWorld(t testing.TB) (*auth.Authority, *authtest.Issuer, *auth.Keyring) {
	issuer, ring := authtest.New(t), auth.NewKeyring()
	c := oneIssuer(issuer)
	c.TicketKeys = ring
	return authtest.Run(t, c, issuer), issuer, ring
}

func TestCohort(t *testing.T) {
	a, issuer, ring := cohortWorld(t)
	cohort, err := ring.NewCohort(issuer.URL, []string{"pat-1", "pat-2", "pat-1"})
	require.NoError(t, err)
	require.Equal(t, 2, cohort.Len(), "who is there twice counts once")

	token := func(sub string) *auth.Holder {
		return a.Admit(auth.Credentials{Tokens: []string{issuer.Token(map[string]any{"sub": sub})}})
	}
	on, off, nobody := token("pat-1"), token("pat-3"), a.Admit(auth.Credentials{})
	ticket := a.Admit(auth.Credentials{Ticket: a.Grant(token("pat-2")).Ticket})
	require.NotContains(t, a.Grant(on).Labels, "cohort:breach")

	wait(t, a, func() { a.SetCohort("breach", cohort) })
	require.Contains(t, a.Grant(on).Labels, "cohort:breach", "a token, while open")
	require.Contains(t, a.Grant(ticket).Labels, "cohort:breach", "a ticket, while open")
	require.NotContains(t, a.Grant(off).Labels, "cohort:breach")
	require.NotContains(t, a.Grant(nobody).Labels, "cohort:breach")
	require.Equal(t, auth.Restricted, a.Grant(ticket).Tier)

	// A ticket that was given while the cohort held does not carry it.
	later := a.Grant(on).Ticket
	wait(t, a, func() { a.SetCohort("breach", nil) })
	require.NotContains(t, a.Grant(on).Labels, "cohort:breach")
	require.NotContains(t, byTicket(a, later).Labels, "cohort:breach")
}

// What counts for Private notices: labels that a token proves now. A ticket beside the
// token of another issuer adds to the others alone, a list of affected people included.
func TestPrivateLabels(t *testing.T) {
	patients, clinicians := authtest.New(t), authtest.New(t)
	ring := auth.NewKeyring()
	a := authtest.Run(t, auth.Config{
		Issuers:    []auth.IssuerConfig{patients.Config(), clinicians.Config()},
		TicketKeys: ring,
	}, patients, clinicians)
	cohort, err := ring.NewCohort(patients.URL, []string{"pat-1"})
	require.NoError(t, err)
	a.SetCohort("breach", cohort)
	patient := grant(a, patients.Token(map[string]any{"sub": "pat-1", "tenant": "north"}))
	require.Equal(t, patient.Labels, patient.Private)
	require.Contains(t, patient.Private, "cohort:breach")

	both := a.Grant(a.Admit(auth.Credentials{
		Tokens: []string{clinicians.Token(map[string]any{"sub": "doc-1", "tenant": "south"})},
		Ticket: patient.Ticket, Claims: []string{"surface:portal"},
	}))
	require.Equal(t, auth.Private, both.Tier)
	require.Subset(t, both.Labels, []string{"cohort:breach", "tenant:north", "tenant:south", "surface:portal"})
	require.Subset(t, both.Private, []string{"tenant:south", "surface:portal"})
	require.NotContains(t, both.Private, "tenant:north")
	require.NotContains(t, both.Private, "cohort:breach")
	require.Nil(t, byTicket(a, patient.Ticket).Private)
}

// Nobody comes onto a list by saying so, by another issuer's subject of that name, or
// by a ticket that no longer speaks.
func TestCohortOfOthers(t *testing.T) {
	a, issuer, ring := cohortWorld(t)
	cohort, err := ring.NewCohort("https://clinicians.example", []string{"pat-1"})
	require.NoError(t, err)
	a.SetCohort("breach", cohort)
	require.NotContains(t, grant(a, issuer.Token(map[string]any{"sub": "pat-1"})).Labels, "cohort:breach")
	claimed := a.Grant(a.Admit(auth.Credentials{Claims: []string{"cohort:breach"}}))
	require.Empty(t, claimed.Labels)

	ours, err := ring.NewCohort(issuer.URL, []string{"pat-1"})
	require.NoError(t, err)
	a.SetCohort("breach", ours)
	held := a.Grant(a.Admit(auth.Credentials{Tokens: []string{issuer.Token(map[string]any{"sub": "pat-1"})}})).Ticket
	require.Contains(t, byTicket(a, held).Labels, "cohort:breach")
	a.SetPosture(auth.Posture{TicketEpoch: 1})
	require.NotContains(t, byTicket(a, held).Labels, "cohort:breach")
}

func TestCohortSealed(t *testing.T) {
	_, issuer, ring := cohortWorld(t)
	subjects := []string{"pat-1", "pat-2"}
	cohort, err := ring.NewCohort(issuer.URL, subjects)
	require.NoError(t, err)
	sealed := ring.SealCohort("breach", cohort)
	back, err := ring.OpenCohort("breach", sealed)
	require.NoError(t, err)
	require.Equal(t, cohort, back)
	for _, sub := range subjects {
		require.NotContains(t, string(sealed), sub)
		require.NotContains(t, string(sealed), ring.Pseudonym(issuer.URL, sub))
	}
	for name, attack := range map[string]func() ([]byte, string, *auth.Keyring){
		"another name": func() ([]byte, string, *auth.Keyring) { return sealed, "breach-2", ring },
		"another ring": func() ([]byte, string, *auth.Keyring) { return sealed, "breach", auth.NewKeyring() },
		"cut":          func() ([]byte, string, *auth.Keyring) { return sealed[:len(sealed)-1], "breach", ring },
		"extended": func() ([]byte, string, *auth.Keyring) {
			return append(sealed[:len(sealed):len(sealed)], 0), "breach", ring
		},
		"empty": func() ([]byte, string, *auth.Keyring) { return nil, "breach", ring },
		"changed": func() ([]byte, string, *auth.Keyring) {
			b := append([]byte(nil), sealed...)
			b[len(b)/2] ^= 1
			return b, "breach", ring
		},
		"a name that is a path": func() ([]byte, string, *auth.Keyring) { return sealed, "../breach", ring },
	} {
		blob, as, with := attack()
		_, err := with.OpenCohort(as, blob)
		require.Error(t, err, name)
	}
}

func TestCohortBadSubjects(t *testing.T) {
	ring := auth.NewKeyring()
	for _, subjects := range [][]string{{""}, {"a", strings.Repeat("x", 257)}, make([]string, auth.MaxCohort+1)} {
		_, err := ring.NewCohort("https://idp.example", subjects)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "xxx", "an error names no subject")
	}
}

// What 100,000 people cost an edge: 32 bytes each, and a look-up well below a
// microsecond (BenchmarkCohort).
func TestCohortIsSmall(t *testing.T) {
	_, _, ring := cohortWorld(t)
	cohort, err := ring.NewCohort("https://idp.example", manySubjects(100_000))
	require.NoError(t, err)
	require.Less(t, len(ring.SealCohort("breach", cohort)), 4<<20)
}

func manySubjects(n int) []string {
	subjects := make([]string, n)
	for i := range subjects {
		subjects[i] = fmt.Sprintf("patient-%06d", i)
	}
	return subjects
}

func BenchmarkCohort(b *testing.B) {
	ring := auth.NewKeyring()
	cohort, err := ring.NewCohort("https://idp.example", manySubjects(100_000))
	require.NoError(b, err)
	look := auth.CohortLookup(cohort, ring, "https://idp.example", "patient-077777")
	for b.Loop() {
		look()
	}
}

// With and without a cohort of 100,000, a grant costs nearly the same.
func BenchmarkGrantWithCohort(b *testing.B) {
	a, issuer, ring := cohortWorld(b)
	cohort, err := ring.NewCohort(issuer.URL, manySubjects(100_000))
	require.NoError(b, err)
	a.SetCohort("breach", cohort)
	h := a.Admit(auth.Credentials{Tokens: []string{issuer.Token(map[string]any{"sub": "patient-000007"})}})
	for b.Loop() {
		a.SetPosture(auth.Posture{})
		a.Grant(h)
	}
}
