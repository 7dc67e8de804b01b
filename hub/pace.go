package hub

import (
	"log/slog"
	"slices"
	"time"

	"tocsin/notice"
)

const (
	// soonest is how far apart one desk's heads are at least, by its own clock: it signs one
	// in ten seconds.
	soonest = 9 * time.Second
	// A head that comes sooner, or says an earlier time, weighs tooSoon; every other takes
	// one off. A desk that is started again makes one, two desks with one key at least
	// every other. At sharedFrom it is said.
	tooSoon    = 3
	sharedFrom = 12
)

// pace tells when two desks sign with one beacon's key. Nobody is deceived by that; but the
// heads of the one whose clock is behind count as old, so that it is no stand-in for the
// other: when that ceases, clients are not live for up to ten minutes. The zero value is
// ready; not safe for concurrent use.
type pace struct{ keys map[string]*keyPace }

// keyPace is how often heads of one key come.
type keyPace struct {
	said   time.Time // by the last head
	heard  time.Time // when that came first
	weight int
	shared bool
}

// heard takes a head that a beacon of the keyset signed and that came now, and calls say
// when it is known that its key is shared, and when it no longer seems to be.
func (p *pace) heard(h notice.SignedHead, now time.Time, say func(keyID string, shared bool)) {
	k := p.keys[h.KeyID]
	if k == nil {
		if p.keys == nil {
			p.keys = make(map[string]*keyPace)
		}
		p.keys[h.KeyID] = &keyPace{said: h.Said, heard: now}
		return
	}
	passed := h.Said.Sub(k.said)
	if passed == 0 { // the same again, which anybody can play
		return
	}
	k.said, k.heard = h.Said, now
	switch {
	case passed < soonest:
		k.weight = min(k.weight+tooSoon, 2*sharedFrom)
	default:
		k.weight = max(k.weight-1, 0)
	}
	if shared := k.weight >= sharedFrom || k.shared && k.weight > 0; shared != k.shared {
		k.shared = shared
		say(h.KeyID, shared)
	}
}

// shared are the keys by which more heads come than one desk signs. A key that is silent
// is no longer used.
func (p *pace) shared(now time.Time) (ids []string) {
	for id, k := range p.keys {
		if k.shared && now.Sub(k.heard) < notice.HeadLag {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

func (h *Hub) sayShared(keyID string, shared bool) {
	if shared {
		h.log.Error("two desks sign heads with one beacon's key: make one of them its own (tocsin key new), and add that to the keyset",
			slog.String("keyid", keyID))
		return
	}
	h.log.Info("one desk alone signs heads with this key now", slog.String("keyid", keyID))
}

// sharedBeacons are the beacons' keys with which more than one desk signs.
func (h *Hub) sharedBeacons() []string {
	h.heads.mu.Lock()
	defer h.heads.mu.Unlock()
	return h.heads.pace.shared(time.Now())
}
