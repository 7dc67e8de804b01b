package auth

import (
	"slices"
)

// Credentials are what a client sends of its own accord: all optional, none
// trusted.
type Credentials struct {
	Tokens []string // the first MaxTokens count
	Ticket string   // of an earlier Grant
	Claims []string // labels; those that it may claim count
	// Earlier is what the tokens of an open session replace: what it had proven goes on
	// to speak, as its ticket would, and once a posture no longer voids it. Nil: nothing.
	Earlier *Holder
}

// Admit looks at a client's credentials and verifies what can be verified
// without waiting. It never fails: what is bad gives nothing, and a token whose
// key is not known yet is kept until it is.
func (a *Authority) Admit(c Credentials) *Holder {
	h := &Holder{claims: claimed(c.Claims, a.labelOK)}
	kept := 0
	for i, raw := range c.Tokens {
		if i == MaxTokens {
			h.tokens = append(h.tokens, token{fault: ReasonTooMany})
			break
		}
		t := a.inspect(raw)
		if kept += len(t.raw); kept > MaxTokenBytes {
			t.raw = "" // what a session makes us keep is bounded
		}
		a.metrics.tokens.WithLabelValues(result(t.fault)).Inc()
		h.tokens = append(h.tokens, t)
	}
	if c.Ticket != "" {
		r := a.ring.ring.Load()
		h.add(a.open(r, c.Ticket))
		if h.refused != "" {
			h.late = newLateTicket(r, c.Ticket, a.now())
		}
	}
	if c.Earlier != nil {
		c.Earlier.handOver(h)
	}
	return h
}

// add takes what a ticket holds, or why it gives nothing.
func (h *Holder) add(proofs []proof, refused Reason) {
	h.proofs, h.refused = append(h.proofs, proofs...), refused
	h.proofs = h.proofs[:min(len(h.proofs), maxProofs)]
}

// handOver gives the next holder what this one could put into a ticket, if nothing
// voids it.
func (h *Holder) handOver(next *Holder) {
	h.mu.Lock()
	defer h.mu.Unlock()
	next.add(h.proofs, next.refused)
	if late := h.late; late != nil && next.late == nil {
		next.late = &lateTicket{late.blob, late.tried, late.until}
	}
}

// retry inspects a token again that waits for its key, if there are other keys
// since.
func (a *Authority) retry(t *token) {
	if t.raw != "" && t.tried != t.issuer.source.set() {
		*t = a.inspect(t.raw)
	}
}

// open reads a ticket, and keeps of it what configuration still lets its
// issuers prove. Time and posture are judged later.
func (a *Authority) open(r *ring, ticket string) (proofs []proof, refused Reason) {
	defer func() { a.metrics.tickets.WithLabelValues(result(refused)).Inc() }()
	plaintext, key, err := r.open(ticketPurpose, ticket)
	if err != nil {
		return nil, ReasonTicketInvalid
	}
	proofs, err = decodeTicket(plaintext)
	if err != nil {
		return nil, ReasonTicketInvalid
	}
	soon := a.now().Add(leeway)
	proofs = slices.DeleteFunc(proofs, func(p proof) bool {
		return a.issuers[p.issuer] == nil || p.provenAt.After(soon)
	})
	if len(proofs) == 0 {
		return nil, ReasonTicketInvalid
	}
	for i := range proofs {
		proofs[i].key = key
		proofs[i].labels = a.issuers[proofs[i].issuer].still(proofs[i].labels)
	}
	return proofs, ""
}
