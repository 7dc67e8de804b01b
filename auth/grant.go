package auth

import (
	"sync"
	"time"
)

// Tier is how much of what is addressed to it a session may see. A higher one
// includes the lower.
type Tier int

// The tiers (docs/protocol.md, "Tiers").
const (
	Public     Tier = iota // nothing proven
	Restricted             // labels that a token or a ticket proved
	Private                // a token that is good now
)

// String is the tier's name in the protocol.
func (t Tier) String() string {
	switch t {
	case Restricted:
		return "restricted"
	case Private:
		return "private"
	}
	return "public"
}

// State says in one word how a session stands with its credentials.
type State string

// The states of a Grant.
const (
	StateOK       State = "ok"       // a good token, and nothing amiss
	StateDegraded State = "degraded" // less, or less surely, than the tokens ask for
	StateNone     State = "none"     // nothing proven
)

// Reason says why a State is not ok. It is one of these, so that it can stand
// in metrics and be sent to a client; "" with StateNone: no credentials came.
type Reason string

const (
	// A ticket speaks, since no token came.
	ReasonTicket Reason = "ticket"
	// The issuer's keys are old, since fetching fails; the token still counts.
	ReasonKeysStale Reason = "keys-stale"

	// What can pass by itself.
	ReasonKeysMissing   Reason = "keys-missing"    // none fetched yet
	ReasonKeysClosed    Reason = "keys-closed"     // too old
	ReasonKeyUnknown    Reason = "key-unknown"     // not in the issuer's set, so far
	ReasonKeyWithdrawn  Reason = "key-withdrawn"   // no longer in it
	ReasonNotYet        Reason = "not-yet"         // nbf, or iat in the future
	ReasonIssuerBlocked Reason = "issuer-blocked"  // posture
	ReasonReset         Reason = "reset"           // posture: everyone logs in anew
	ReasonRevoked       Reason = "revoked"         // posture
	ReasonTicketEpoch   Reason = "ticket-replaced" // posture

	// What the client must mend.
	ReasonExpired       Reason = "expired"
	ReasonMalformed     Reason = "malformed"
	ReasonAlgorithm     Reason = "algorithm"
	ReasonSignature     Reason = "signature"
	ReasonIssuerUnknown Reason = "issuer-unknown"
	ReasonAudience      Reason = "audience"
	ReasonClaims        Reason = "claims" // exp, iat or sub missing or out of range
	ReasonTooMany       Reason = "too-many"
	ReasonTicketInvalid Reason = "ticket-invalid"
	ReasonTicketExpired Reason = "ticket-expired"
)

// Grant is what a session may see as of now.
type Grant struct {
	Tier Tier
	// Labels are the session's, claimed and proven, sorted. Not to be changed:
	// grants share them.
	Labels []string
	// Private are those of them that count for what is Private: claimed, or proven by a
	// token that is good now, and not by a ticket beside it, which may be another
	// person's. Nil in the lower tiers.
	Private []string
	State   State
	Reason  Reason
	// Ticket is for the client to keep and send back; "" if there is nothing
	// to prove. It stays the same until it says something else. TicketExpires
	// is when it will give nothing any more.
	Ticket        string
	TicketExpires time.Time
	// Until is when the grant must be asked for again at the latest, since time
	// alone may change it; zero: never. Changed tells of all other causes.
	Until time.Time
}

// Holder keeps one client's credentials, judged as far as they ever can be,
// between one Grant and the next. It holds no token that was verified.
type Holder struct {
	claims []string // immutable

	mu      sync.Mutex
	tokens  []token
	proofs  []proof     // what a ticket may carry: of its tokens and its ticket
	refused Reason      // why the ticket that came gives nothing
	late    *lateTicket // the same ticket, if a key that is to come may open it; or nil

	grant   Grant     // as last made
	made    time.Time // when; zero: never
	version uint64    // of the Authority, then
	sealed  []proof   // in grant.Ticket
	sealer  *ring     // that sealed it
}

// Grant says what the holder may see now. It never fails and never waits; when
// nothing has changed it costs little more than reading the clock. A nil Holder is a
// client without credentials.
func (a *Authority) Grant(h *Holder) Grant {
	if h == nil {
		return Grant{State: StateNone}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	version, now := a.version.Load(), a.now() // before what they tell of
	if version == h.version && !h.made.IsZero() && !now.Before(h.made) &&
		(h.grant.Until.IsZero() || now.Before(h.grant.Until)) {
		return h.grant
	}
	j := judgement{a: a, now: now, posture: a.posture.Load(), ring: a.ring.ring.Load()}
	h.grant = j.grant(h)
	h.made, h.version = now, version
	return h.grant
}
