package auth_test

import (
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/auth/authtest"
)

// A key that was added opens and does not seal; promoted it seals, and what was sealed
// before opens until its key is dropped. Pseudonyms stay what they are.
func TestEditingARing(t *testing.T) {
	ring := auth.NewKeyring()
	first := ring.KeyIDs()[0]
	old, pseudonym := ring.Seal("p", []byte("old")), ring.Pseudonym("iss", "sub")
	second, err := ring.Add()
	require.NoError(t, err)
	require.Equal(t, []string{first, second}, ring.KeyIDs())

	require.NoError(t, ring.Promote(second, 1))
	require.Equal(t, []string{second, first}, ring.KeyIDs())
	fresh := ring.Seal("p", []byte("new"))
	plaintext, err := ring.Open("p", old)
	require.NoError(t, err)
	require.Equal(t, "old", string(plaintext))

	// What is written is what another server reads.
	path := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, os.WriteFile(path, ring.Text(), 0o600))
	other, err := auth.LoadKeyring(path)
	require.NoError(t, err)
	require.Equal(t, ring.KeyIDs(), other.KeyIDs())
	require.Equal(t, pseudonym, other.Pseudonym("iss", "sub"))

	require.NoError(t, ring.Promote(second, 0))
	_, err = ring.Open("p", old)
	require.ErrorIs(t, err, auth.ErrSeal)
	_, err = ring.Open("p", fresh)
	require.NoError(t, err)
	require.ErrorIs(t, ring.Promote(first, 3), auth.ErrRing, "it is gone")

	for range 15 {
		_, err = ring.Add()
		require.NoError(t, err)
	}
	_, err = ring.Add()
	require.ErrorIs(t, err, auth.ErrRing)
	require.NoError(t, os.WriteFile(path, ring.Text(), 0o600))
	_, err = auth.LoadKeyring(path)
	require.NoError(t, err, "a full ring can be read")
}

// Of a stolen ring that is dropped at once nothing stays, also not what an open session
// brought: it gets no ticket of the new key, whatever epoch it claims. Keys that age
// take nothing from a session that was open meanwhile.
func TestDroppedKeyTakesOpenSessions(t *testing.T) {
	a, ring, _, _, ticket := ticketed(t)
	h := a.Admit(auth.Credentials{Ticket: ticket})
	rotate := func(older int) auth.Grant {
		id, err := ring.Add()
		require.NoError(t, err)
		require.NoError(t, ring.Promote(id, older))
		a.SetPosture(auth.Posture{}) // as the ring's watch does: look again
		return a.Grant(h)
	}
	for range 4 {
		require.Equal(t, auth.Restricted, rotate(1).Tier, "sealed anew each time")
	}
	joined := a.Admit(auth.Credentials{Earlier: h})
	g := rotate(0)
	require.Equal(t, auth.Public, g.Tier)
	require.Equal(t, auth.ReasonTicketInvalid, g.Reason)
	require.Empty(t, g.Ticket)
	require.Equal(t, auth.Public, a.Grant(joined).Tier, "nor do new tokens carry it over")
}

// A ring's file reaches nodes one after the other. A ticket of the new key that comes to
// a node too soon is opened when the file has come, if that is within two minutes; new
// tokens meanwhile do not lose it, a sign-out does.
func TestTicketBeforeItsKey(t *testing.T) { synctest.Test(t, testTicketBeforeItsKey) }

func testTicketBeforeItsKey(t *testing.T) {
	issuer, now, theirs := authtest.NewOffline(t), newClock(), auth.NewKeyring()
	issuer.SetNow(now.Now)
	c := oneIssuer(issuer)
	c.Now, c.TicketKeys, c.Transport = now.Now, theirs, issuer.Transport()
	early := grant(authtest.Run(t, c, issuer), issuer.Token(map[string]any{"tenant": "north", "group": "staff"})).Ticket
	path := filepath.Join(t.TempDir(), "keys")
	both := string(theirs.Text())
	id, err := theirs.Add()
	require.NoError(t, err)
	require.NoError(t, theirs.Promote(id, 0))
	require.NoError(t, os.WriteFile(path, theirs.Text(), 0o600)) // lacks the key of early
	ours, err := auth.LoadKeyring(path)
	require.NoError(t, err)
	c.TicketKeys = ours
	a := authtest.Run(t, c, issuer)

	admit := func(c auth.Credentials) *auth.Holder {
		h := a.Admit(c)
		require.Equal(t, auth.Public, a.Grant(h).Tier)
		return h
	}
	waits := admit(auth.Credentials{Ticket: early})
	require.Equal(t, auth.ReasonTicketInvalid, a.Grant(waits).Reason)
	require.Equal(t, now.Now().Add(2*time.Minute), a.Grant(waits).Until)
	joined := admit(auth.Credentials{Tokens: []string{"junk"}, Earlier: waits})
	left := admit(auth.Credentials{})
	cut := admit(auth.Credentials{Ticket: early[:len(early)-1]})
	old := admit(auth.Credentials{Ticket: early})
	now.Step(2 * time.Minute)
	require.Zero(t, a.Grant(old).Until, "forgotten")
	now.Step(-2 * time.Minute)

	require.NoError(t, os.WriteFile(path, []byte(both), 0o600))
	wait(t, a, func() {}) // Run watches the file
	require.Equal(t, auth.Restricted, a.Grant(waits).Tier)
	require.Equal(t, []string{"group:staff", "tenant:north"}, a.Grant(waits).Labels)
	require.NotEmpty(t, a.Grant(waits).Ticket)
	require.Equal(t, auth.Restricted, a.Grant(joined).Tier)
	for _, h := range []*auth.Holder{left, cut, old} {
		require.Equal(t, auth.Public, a.Grant(h).Tier)
	}
	require.Equal(t, auth.ReasonTicketInvalid, a.Grant(cut).Reason)
}
