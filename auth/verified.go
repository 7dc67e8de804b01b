package auth

import (
	"crypto/sha256"
	"sync"
	"time"
)

// maxVerified is how many verified tokens are remembered: those of the last clients, who
// come back first when a node or a network fails.
const maxVerified = 8_192

// verified remembers tokens whose signature was found good, so that a client that comes
// back with the same one costs a hash. Posture and provider are judged anew each time, as
// for any token. It is bounded, and knows tokens by their SHA-256 alone. Safe for
// concurrent use.
type verified struct {
	mu         sync.Mutex
	young, old map[[sha256.Size]byte]known // each at most half of maxVerified
}

// known is what inspect found out, with the ring that made its pseudonyms.
type known struct {
	token token
	ring  *ring
}

// find is the token, if inspecting it would come to the same.
func (v *verified) find(raw string, now time.Time, by *ring) (token, bool) {
	sum := sha256.Sum256([]byte(raw))
	v.mu.Lock()
	k, ok := v.young[sum]
	if !ok {
		if k, ok = v.old[sum]; ok {
			v.put(sum, k)
		}
	}
	v.mu.Unlock()
	t := k.token
	return t, ok && k.ring == by && now.Before(t.until) && t.issuer.source.set().holds(t.kid, t.alg, t.key)
}

// add remembers a token that has no fault.
func (v *verified) add(raw string, t token, by *ring) {
	sum := sha256.Sum256([]byte(raw))
	v.mu.Lock()
	defer v.mu.Unlock()
	v.put(sum, known{t, by})
}

// put is called with mu held.
func (v *verified) put(sum [sha256.Size]byte, k known) {
	if v.young == nil || len(v.young) >= maxVerified/2 {
		v.young, v.old = make(map[[sha256.Size]byte]known), v.young
	}
	v.young[sum] = k
}
