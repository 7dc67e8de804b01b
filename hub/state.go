package hub

import (
	"time"

	"tocsin/notice"
)

// Where a [State] can come from, beside the log.
const (
	FromCache = "cache" // this node's own file
	FromPeer  = "peer"  // a peer's public snapshot
)

// State is what the hub serves, for those who run it. The zero State is of a hub that
// has nothing to serve yet.
type State struct {
	From   string         // "" for the log, or for nothing yet
	Saved  time.Time      // when it was made, if it is not from the log
	Seq    uint64         // of the newest entry that is in it
	Keyset *notice.Keyset // in force; nil if nothing is served
	Active int            // threads
	// Beacon tells that heads are to come, HeadCame when the last did (zero: none has), and
	// HeadAge how long ago that is, or how long they have been awaited.
	Beacon   bool
	HeadCame time.Time
	HeadAge  time.Duration
	// SharedBeacons are keys with which more than one desk signs heads.
	SharedBeacons []string
}

// State tells what is served now: of the log, or of what stands in for it.
func (h *Hub) State() State {
	age, beacon := h.headAge(time.Now())
	shared := h.sharedBeacons()
	h.mu.Lock()
	defer h.mu.Unlock()
	l := h.serving
	if l == nil {
		return State{}
	}
	s := State{From: l.from, Saved: l.saved, Seq: max(l.seq(), l.board.Seq()), Keyset: l.board.Keyset(), Beacon: beacon, HeadAge: age, SharedBeacons: shared}
	if p := h.status.Load().passed; p != nil {
		s.HeadCame = p.came
	}
	s.Active = l.board.Active(time.Now())
	return s
}
