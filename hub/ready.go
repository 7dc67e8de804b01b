package hub

import (
	"errors"
	"time"
)

// Errors of [Hub.Ready].
var (
	// ErrNoState: nothing verified to serve yet.
	ErrNoState = errors.New("hub: no verified state yet")
	// ErrReading: the node has just started, serves its cache, and reads the log.
	ErrReading = errors.New("hub: still reading the log")
	// ErrDraining: the node is about to go.
	ErrDraining = errors.New("hub: draining")
)

// A node that has just started serves its cache to whoever comes. While the log is coming
// it says that it is not ready all the same: its clients would wait for what others have.
// It does so once, and as long as this at most; then a stale node is better than none.
const (
	firstWait = 3 * time.Second // until the log begins
	entryWait = 5 * time.Second // from one entry to the next: more than a question that is asked again
	readWait  = 20 * time.Second
)

// Ready is nil if the hub holds verified state (a keyset), is not draining, and does not
// read, for the first time in its life, a log that is newer than its cache ([ErrReading],
// 20 s at most). That the broker is away changes nothing here: it shows in what clients
// are told.
func (h *Hub) Ready() error {
	if h.draining.Load() {
		return ErrDraining
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.serving == nil || h.serving.board.Keyset() == nil:
		return ErrNoState
	case !h.wasReady && h.isReading(time.Now()):
		return ErrReading
	}
	h.wasReady = true // a log that answers later must not take all nodes out of service at once
	return nil
}

// isReading tells whether the log is likely to take the cache's place soon. mu is held.
func (h *Hub) isReading(now time.Time) bool {
	switch {
	case !h.serving.gen.cached, now.Sub(h.born) >= readWait:
		return false
	case h.incoming == nil:
		return now.Sub(h.born) < firstWait
	case h.status.Load().Source.Live: // to its end, which is no better than the cache
		return false
	}
	return now.Sub(h.moved) < entryWait
}
