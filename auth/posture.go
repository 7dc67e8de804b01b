package auth

import (
	"maps"
	"time"
)

// Posture says what is compromised: which tokens and tickets are void though
// their signatures are good. The zero value voids nothing.
type Posture struct {
	// TokensNotBefore voids an issuer's tokens that were issued earlier.
	// Tickets stay: they prove who somebody was before.
	TokensNotBefore map[string]time.Time
	// IssuerBlocked names issuers whose signing keys are, or were, in wrong hands.
	IssuerBlocked map[string]Blocked
	// TicketEpoch, 0 or more, voids what was proven in an earlier epoch: ticket keys
	// are in wrong hands. Sessions with a valid token get a new ticket. Later epochs
	// count, since another node may know more: what a thief seals from now on, only
	// the key's removal from the ring keeps out.
	TicketEpoch int64
	// Revoked voids, until the time given, the tokens and proofs of a subject
	// ([Keyring.Pseudonym]) or of one login of theirs ([Keyring.LoginPseudonym]).
	Revoked map[string]time.Time
}

// Blocked voids what tickets hold of an issuer's proofs within [Since, Until), and its
// tokens issued before Until. While the block lasts, Until is the zero time, and all of
// them are void. It must stand for 30 days after Until: with it goes what keeps out the
// tickets that a thief earned.
type Blocked struct{ Since, Until time.Time }

// covers tells whether the keys were in wrong hands, or the issuer blocked, at t.
func (b Blocked) covers(t time.Time) bool {
	return !t.Before(b.Since) && (b.Until.IsZero() || t.Before(b.Until))
}

// SetPosture replaces the posture, for open sessions too: Changed fires.
func (a *Authority) SetPosture(p Posture) {
	p.TokensNotBefore = maps.Clone(p.TokensNotBefore)
	p.IssuerBlocked = maps.Clone(p.IssuerBlocked)
	p.Revoked = maps.Clone(p.Revoked)
	p.TicketEpoch = max(p.TicketEpoch, 0)
	a.posture.Store(&p)
	a.touch()
}

// token says why a token that is otherwise valid is void, if it is, and when
// that ends.
func (p *Posture) token(t *token, now time.Time) (Reason, time.Time) {
	if b, ok := p.IssuerBlocked[t.proof.issuer]; ok && (b.Until.IsZero() || t.iat.Before(b.Until)) {
		return ReasonIssuerBlocked, time.Time{}
	}
	if t.iat.Before(p.TokensNotBefore[t.proof.issuer]) {
		return ReasonReset, time.Time{}
	}
	return p.revoked(&t.proof, now)
}

// ticket is token for a proof that a ticket holds.
func (p *Posture) ticket(pr *proof, now time.Time) (Reason, time.Time) {
	if pr.epoch < p.TicketEpoch {
		return ReasonTicketEpoch, time.Time{}
	}
	if b, ok := p.IssuerBlocked[pr.issuer]; ok && b.covers(pr.provenAt) {
		return ReasonIssuerBlocked, time.Time{}
	}
	return p.revoked(pr, now)
}

func (p *Posture) revoked(pr *proof, now time.Time) (Reason, time.Time) {
	if len(p.Revoked) == 0 {
		return "", time.Time{}
	}
	for _, h := range [...]hash{pr.sub, pr.sid} {
		if until := p.Revoked[h.String()]; now.Before(until) {
			return ReasonRevoked, until
		}
	}
	return "", time.Time{}
}
