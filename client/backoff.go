package client

import "time"

const (
	// maxWait bounds every wait before an attempt (docs/protocol.md, "Connecting").
	maxWait = time.Minute
	// firstWait bounds the wait before the first attempt after a session that
	// worked; each further failure doubles it. Full jitter over it spreads the
	// clients of a node that died.
	firstWait = time.Second
)

// backoff reckons how long to wait before the next attempt, with full jitter, so
// that clients that lost the same node do not come back at once. It never gives up.
type backoff struct {
	jitter   func(limit time.Duration) time.Duration
	failures int // since a session worked
}

// worked forgets the failures. A session has worked when it has heard a heartbeat
// after synced; one that a node ends sooner must not be tried in a tight loop. None has
// since a head did not fit, until one does.
func (b *backoff) worked() { b.failures = 0 }

// next is the wait after another failure.
func (b *backoff) next() time.Duration {
	limit := min(firstWait<<min(b.failures, 16), maxWait)
	b.failures++
	return b.jitter(limit)
}

// within is a wait in an interval, which is the caller's to bound.
func (b *backoff) within(from, to time.Duration) time.Duration {
	return from + b.jitter(to-from)
}

// after is a wait that is at least what a node asks for (Retry-After).
func (b *backoff) after(atLeast time.Duration) time.Duration {
	return min(atLeast+b.next(), maxWait)
}
