package auth

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Between the look at what vouches for a stolen ring's ticket and the making of the next
// one, the ring may be replaced. What leaves then must not be good for its successor.
func TestStolenRingDroppedInBetween(t *testing.T) {
	ring := NewKeyring()
	a, err := New(Config{TicketKeys: ring})
	require.NoError(t, err)
	now := time.Now()
	j := judgement{a: a, now: now, posture: a.posture.Load(), ring: ring.ring.Load()}
	h := &Holder{proofs: []proof{{issuer: "idp", provenAt: now, labels: []string{"tenant:north"}, key: ring.ring.Load().keys[0].id}}}
	j.tickets(h)
	id, err := ring.Add()
	require.NoError(t, err)
	require.NoError(t, ring.Promote(id, 0))
	ticket, _ := j.seal(h)
	require.NotEmpty(t, ticket)
	_, err = ring.Open(ticketPurpose, ticket)
	require.ErrorIs(t, err, ErrSeal)
}

// What waits for a key is a ticket by its form, and no longer than one can be.
func TestLateTicketsAreBounded(t *testing.T) {
	ours, theirs := NewKeyring(), NewKeyring()
	longest := theirs.Seal(ticketPurpose, make([]byte, maxTicket))
	require.Len(t, longest, maxSealed)
	r, now := ours.ring.Load(), time.Now()
	require.NotNil(t, newLateTicket(r, longest, now))
	require.Nil(t, newLateTicket(r, theirs.Seal(ticketPurpose, make([]byte, maxTicket+1)), now))
	require.Nil(t, newLateTicket(r, ours.Seal("another purpose", nil), now), "no other key will open it")
	require.Nil(t, newLateTicket(r, "junk", now))
	require.Nil(t, newLateTicket(r, "", now))
}
