package auth

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
