package auth

import (
	"slices"
	"time"
)

// judgement is one look at a Holder: what its credentials give now.
type judgement struct {
	a       *Authority
	now     time.Time
	posture *Posture
	// ring is one for all of it: what vouches for a proof and what seals it anew must not
	// come of two, or a stolen key's ticket could leave with the key that replaced it.
	ring *ring

	labels []string
	sure   []string  // those of them that tokens prove now, or that are claimed
	proofs []proof   // that speak now
	recent int       // how many of the holder's proofs its tokens renew now
	until  time.Time // the earliest time that may change the judgement
	token  Reason    // the first that a token gave
	ticket Reason    // the first that a proof gave
}

func (j *judgement) grant(h *Holder) Grant {
	j.labels = slices.Clone(h.claims)
	j.late(h)
	good := j.tokens(h)
	j.tickets(h)
	g := Grant{Tier: Public, State: StateNone, Until: j.until}
	switch {
	case good && j.token == "":
		g.Tier, g.State = Private, StateOK
	case good:
		g.Tier, g.State, g.Reason = Private, StateDegraded, j.token
	case len(j.proofs) > 0 && j.token == "":
		g.Tier, g.State, g.Reason = Restricted, StateDegraded, ReasonTicket
	case len(j.proofs) > 0:
		g.Tier, g.State, g.Reason = Restricted, StateDegraded, j.token
	case j.token != "":
		g.Reason = j.token
	case h.refused != "":
		g.Reason = h.refused
	default:
		g.Reason = j.ticket
	}
	g.Labels = sorted(j.labels)
	if g.Tier == Private {
		g.Private = sorted(append(j.sure, h.claims...))
	}
	g.Ticket, g.TicketExpires = j.seal(h)
	return g
}

// tokens collects what tokens give now, and reports whether any gives
// something. What a good token proves takes the place of what the holder could
// prove of the same issuer until now, and stays when the token has ended.
func (j *judgement) tokens(h *Holder) (good bool) {
	var proven []proof
	for i := range h.tokens {
		t := &h.tokens[i]
		j.a.retry(t)
		ok, reason := j.judge(t)
		if j.token == "" {
			j.token = reason
		}
		if !ok {
			continue
		}
		good = true
		if t.proof.provenAt.IsZero() || t.proof.epoch < j.posture.TicketEpoch {
			t.proof.provenAt = j.now.Truncate(time.Second)
			t.proof.epoch = j.posture.TicketEpoch
		}
		proven = append(proven, t.proof)
		j.sure = append(append(j.sure, t.labels...), t.subject)
	}
	if !good {
		return false
	}
	j.labels, j.recent = append(j.labels, j.sure...), len(proven)
	for _, p := range h.proofs {
		if !slices.ContainsFunc(proven[:j.recent], func(q proof) bool { return q.issuer == p.issuer }) {
			proven = append(proven, p)
		}
	}
	h.proofs = proven
	return true
}

// judge says whether a token is good now, and why not, or not wholly.
func (j *judgement) judge(t *token) (bool, Reason) {
	switch {
	case t.fault != "":
		return false, t.fault
	case j.now.Before(t.from):
		j.look(t.from)
		return false, ReasonNotYet
	case !j.now.Before(t.until):
		return false, ReasonExpired
	}
	j.look(t.until)
	s := t.issuer.source
	if !s.set().holds(t.kid, t.alg, t.key) {
		return false, ReasonKeyWithdrawn
	}
	void, ends := j.posture.token(t, j.now)
	j.look(ends)
	j.look(s.nextState(j.now))
	switch state := s.state(j.now); {
	case void != "":
		return false, void
	case state == closed:
		return false, ReasonKeysClosed
	case state == stale:
		return true, ReasonKeysStale
	}
	return true, ""
}

// tickets collects what the holder's proofs give now. Labels that hang on the
// pseudonym alone (cohorts) join here: j.proofs has those of good tokens too.
func (j *judgement) tickets(h *Holder) {
	for i := range h.proofs {
		p := &h.proofs[i]
		void, ends := j.posture.ticket(p, j.now)
		j.look(ends)
		if !j.now.Before(p.expires()) {
			void = ReasonTicketExpired
		}
		if p.key != (keyID{}) {
			// Its ticket is sealed anew with the ring's first key: a key that leaves at
			// once takes what it sealed with it, one that ages does not.
			if !j.ring.holds(p.key) {
				void = ReasonTicketInvalid
			} else if void == "" {
				p.key = j.ring.keys[0].id
			}
		}
		if void != "" {
			if j.ticket == "" {
				j.ticket = void
			}
			continue
		}
		j.look(p.expires())
		j.proofs = append(j.proofs, *p)
		j.labels = append(j.labels, p.labels...)
	}
	j.labels = append(j.labels, j.a.cohortsOf(j.proofs)...)
	j.sure = append(j.sure, j.a.cohortsOf(h.proofs[:j.recent])...)
}

// sorted sorts labels in place, each once.
func sorted(labels []string) []string {
	slices.Sort(labels)
	return slices.Compact(labels)
}

// look notes that the judgement may change at t.
func (j *judgement) look(t time.Time) {
	if t.After(j.now) && (j.until.IsZero() || t.Before(j.until)) {
		j.until = t
	}
}

// seal makes the ticket of the proofs that speak now, unless the last one
// already says so. A renewal says when its labels were proven, not that they
// were proven now.
func (j *judgement) seal(h *Holder) (ticket string, expires time.Time) {
	proofs := j.proofs[:min(len(j.proofs), maxProofs)]
	for _, p := range proofs {
		if e := p.expires(); e.After(expires) {
			expires = e
		}
	}
	same := func(x, y proof) bool { return x.equal(&y) }
	if j.ring == h.sealer && slices.EqualFunc(proofs, h.sealed, same) {
		return h.grant.Ticket, expires
	}
	h.sealer, h.sealed = j.ring, proofs
	if len(proofs) == 0 {
		return "", time.Time{}
	}
	plaintext := encodeTicket(proofs)
	for len(plaintext) > maxTicket {
		proofs = proofs[:len(proofs)-1] // the last are of tickets, or of the last tokens
		plaintext = encodeTicket(proofs)
	}
	j.a.metrics.tickets.WithLabelValues("sealed").Inc()
	return j.ring.seal(ticketPurpose, plaintext), expires
}
