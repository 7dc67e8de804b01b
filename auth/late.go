package auth

import (
	"encoding/base64"
	"time"
)

// ticketPatience is how long a ticket waits for the key that sealed it: the ring's file
// reaches nodes one after the other.
const ticketPatience = 2 * time.Minute

// maxSealed is how long a ticket is at most, encoded.
var maxSealed = base64.RawURLEncoding.EncodedLen(sealHeader + maxTicket + 28) // nonce and tag of AES-GCM

// lateTicket is one whose key the ring did not hold when it came.
type lateTicket struct {
	blob  string
	tried *ring // the last that was
	until time.Time
}

// newLateTicket is nil for what no other ring would make a ticket of.
func newLateTicket(r *ring, blob string, now time.Time) *lateTicket {
	if _, id, ok := unwrap(blob); !ok || len(blob) > maxSealed || r.holds(id) {
		return nil
	}
	return &lateTicket{blob: blob, tried: r, until: now.Add(ticketPatience)}
}

// late opens the holder's late ticket if its key has come.
func (j *judgement) late(h *Holder) {
	l := h.late
	switch {
	case l == nil:
		return
	case !j.now.Before(l.until):
		h.late = nil
	case l.tried != j.ring:
		if h.late = newLateTicket(j.ring, l.blob, j.now); h.late == nil {
			h.add(j.a.open(j.ring, l.blob))
			return
		}
		h.late.until = l.until
	}
	if h.late != nil {
		j.look(h.late.until)
	}
}
