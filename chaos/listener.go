//go:build linux

package main

import (
	"crypto/sha256"
	"maps"
	"slices"
	"sync"
	"time"
)

// listener is what one client has got, whatever program it is. Safe for concurrent use.
type listener struct {
	name string

	mu       sync.Mutex
	got      map[string]arrival // by identifier
	last     uint64             // the highest sequence in this epoch
	epoch    string
	snapshot bool // what comes now is one
	doubled  int  // an entry came twice, or an identifier in two places
	disorder int  // an entry came after a later one
	altered  int  // an identifier came with other bytes; or what can't be believed
	sessions []span
	live     []change
	errors   []string
}

// arrival is when a notice came, and from which place of the log.
type arrival struct {
	at   time.Time
	seq  uint64
	hash [32]byte
}

// span is a session: from synced to its end, which is zero while it lasts. After that the
// client chose to wait for retryIn.
type span struct {
	from, to time.Time
	retryIn  time.Duration
}

// change is when the client began to say that it is live, or ceased to.
type change struct {
	at   time.Time
	live bool
}

func newListener(name string) *listener { return &listener{name: name, got: make(map[string]arrival)} }

// takes books an entry. A client that comes back may get again what came after its
// cursor, from the same place of the log: that is for it to recognise. once says that it has.
func (l *listener) takes(id string, seq uint64, payload []byte, once bool) {
	now, hash := time.Now(), sha256.Sum256(payload)
	l.mu.Lock()
	defer l.mu.Unlock()
	before, known := l.got[id]
	switch {
	case !known:
		if !l.snapshot && seq <= l.last {
			l.disorder++
		}
		before = arrival{at: now, hash: hash}
	case before.hash != hash:
		l.altered++
	case once, before.seq != seq:
		l.doubled++
	}
	before.seq = seq // the same, also in a log that was restored (docs/adr/0014)
	l.got[id] = before
	l.last = max(l.last, seq)
}

// catchesUp says that what comes now is a snapshot, ordered by thread, or a replay.
func (l *listener) catchesUp(snapshot bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.snapshot = snapshot
}

// begins says of which log what comes is: another one counts anew.
func (l *listener) begins(epoch string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.epoch != epoch {
		l.epoch, l.last = epoch, 0
	}
}

func (l *listener) comes() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sessions = append(l.sessions, span{from: time.Now()})
}

// goes ends a session, or an attempt at one. The next attempt comes after retryIn: how long a
// client waits after an attempt that failed is no excuse.
func (l *listener) goes(retryIn time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if n := len(l.sessions); n > 0 && l.sessions[n-1].to.IsZero() {
		l.sessions[n-1].to, l.sessions[n-1].retryIn = time.Now(), retryIn
	}
}

func (l *listener) says(live bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.live = append(l.live, change{time.Now(), live})
}

// complain keeps an error that should not be.
func (l *listener) complain(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.altered++
	if len(l.errors) < 10 {
		l.errors = append(l.errors, text)
	}
}

// has is whether a notice came, and when.
func (l *listener) has(id string) (arrival, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	a, ok := l.got[id]
	return a, ok
}

// identifiers are of all notices that came.
func (l *listener) identifiers() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Keys(l.got))
}

// isHere is whether it has a session now.
func (l *listener) isHere() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.sessions)
	return n > 0 && l.sessions[n-1].to.IsZero()
}

// isLive is whether it says so.
func (l *listener) isLive() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := len(l.live)
	return n > 0 && l.live[n-1].live
}

// staleFrom is when it first said that it is not live, after a time; zero if it did not.
func (l *listener) staleFrom(t time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.live {
		if !c.live && c.at.After(t) {
			return c.at
		}
	}
	return time.Time{}
}

// waited is for how long it waited for what was published at t and came at a, if it was
// connected all the time.
func (l *listener) waited(t, a time.Time) (wait time.Duration, stayed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, _ := slices.BinarySearchFunc(l.sessions, a, func(s span, a time.Time) int { return s.from.Compare(a) })
	if i == 0 {
		return 0, false
	}
	s := l.sessions[i-1]
	if s.from.After(t) || !s.to.IsZero() && s.to.Before(a) {
		return 0, false // what a replay brings comes before the session is synced
	}
	return max(a.Sub(t), 0), true
}

// unaware is for how long, between t and a, it said that it is live.
func (l *listener) unaware(t, a time.Time) (sum time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, c := range l.live {
		if !c.live {
			continue
		}
		from, to := c.at, a
		if i+1 < len(l.live) && l.live[i+1].at.Before(a) {
			to = l.live[i+1].at
		}
		if from.Before(t) {
			from = t
		}
		sum += max(to.Sub(from), 0)
	}
	return sum
}

// moved is how long it was without a session after a time, at the longest, and how much
// of an absence was not its own wait before the first attempt.
func (l *listener) moved(t time.Time) (away, delayed time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := 1; i < len(l.sessions); i++ {
		if from := l.sessions[i].from; from.After(t) {
			absence := from.Sub(l.sessions[i-1].to)
			away, delayed = max(away, absence), max(delayed, absence-l.sessions[i-1].retryIn)
		}
	}
	return away, delayed
}

// faults are what the listener met so far.
type faults struct{ doubled, disorder, altered int }

func (l *listener) faults() faults {
	l.mu.Lock()
	defer l.mu.Unlock()
	return faults{l.doubled, l.disorder, l.altered}
}
