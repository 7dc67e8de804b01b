package auth

import (
	"crypto/sha256"
	"fmt"
)

// OpenTicket gives a ticket's plaintext to tests that forge.
func OpenTicket(k *Keyring, ticket string) []byte {
	plaintext, err := k.Open(ticketPurpose, ticket)
	if err != nil {
		return nil
	}
	return plaintext
}

// SealTicket makes a ticket of a plaintext.
func SealTicket(k *Keyring, plaintext []byte) string { return k.Seal(ticketPurpose, plaintext) }

// RecodeTicket decodes a ticket's plaintext and encodes it again.
func RecodeTicket(plaintext []byte) ([]byte, error) {
	proofs, err := decodeTicket(plaintext)
	if err != nil {
		return nil, err
	}
	return encodeTicket(proofs), nil
}

// ParseKeys reports how many usable keys a text has.
func ParseKeys(text []byte) (int, error) {
	set, err := parseKeys(text)
	if err != nil {
		return 0, err
	}
	return len(set.all), nil
}

// CohortLookup is one look into a cohort for a subject, whose pseudonym is at hand, as
// it is in a session.
func CohortLookup(c *Cohort, k *Keyring, issuer, sub string) func() bool {
	pseudonym := k.ring.Load().pseudonymOf(issuer, sub)
	return func() bool { return c.has(pseudonym) }
}

// MaxVerified is how many verified tokens are remembered.
const MaxVerified = maxVerified

// Verified is how many are.
func Verified(a *Authority) int { return len(a.verified.young) + len(a.verified.old) }

// Remember adds a token that was not verified, and returns it.
func Remember(a *Authority, i int) string {
	raw := fmt.Sprint("token ", i)
	a.verified.add(raw, token{}, nil)
	return raw
}

// Remembers tells whether a token is there.
func Remembers(a *Authority, raw string) bool {
	_, young := a.verified.young[sha256.Sum256([]byte(raw))]
	return young
}

// ForgetVerified makes the next token one that was never seen.
func ForgetVerified(a *Authority) { a.verified.young, a.verified.old = nil, nil }
