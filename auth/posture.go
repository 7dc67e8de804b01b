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
	// IssuerBlocked voids all tokens of an issuer, and what tickets hold of
	// its proofs from this time on: its signing keys are in wrong hands since. It
	// holds as long as it stands here: with it goes what keeps out the tickets that
	// a thief earned, unless TicketEpoch rises in the same posture.
	IssuerBlocked map[string]time.Time
	// TicketEpoch, 0 or more, voids what was proven in an earlier epoch: ticket keys
	// are in wrong hands. Sessions with a valid token get a new ticket. Later epochs
	// count, since another node may know more: what a thief seals from now on, only
	// the key's removal from the ring keeps out.
	TicketEpoch int64
	// Revoked voids, until the time given, the tokens and proofs of a subject
	// ([Keyring.Pseudonym]) or of one login of theirs ([Keyring.LoginPseudonym]).
	Revoked map[string]time.Time
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
	if _, blocked := p.IssuerBlocked[t.proof.issuer]; blocked {
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
	if since, blocked := p.IssuerBlocked[pr.issuer]; blocked && !pr.provenAt.Before(since) {
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
