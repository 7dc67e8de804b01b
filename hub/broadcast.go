package hub

import (
	"sync"
	"time"
)

// broadcast lets reading give way to sending: those who wait for a notice wait for the
// last of them, while those who come get it with their greeting. The zero value is ready.
type broadcast struct {
	mu      sync.Mutex    // guards what follows
	walking int           // shards that are sending
	over    chan struct{} // closed when none is any more
}

const (
	// mostYield is how long a reader gives way at most, and leastWork how long it then
	// works: a flood of notices does not lock out who comes.
	mostYield = 100 * time.Millisecond
	leastWork = 10 * time.Millisecond
)

// begin says that a shard is sending, until end is called.
func (b *broadcast) begin() (end func()) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.walking++; b.walking == 1 {
		b.over = make(chan struct{})
	}
	return b.end
}

func (b *broadcast) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.walking--; b.walking == 0 {
		close(b.over)
	}
}

// giveWay waits while shards are sending, and tells whether it did.
func (b *broadcast) giveWay() bool {
	b.mu.Lock()
	over := b.over
	if b.walking == 0 {
		over = nil
	}
	b.mu.Unlock()
	if over == nil {
		return false
	}
	timer := time.NewTimer(mostYield)
	defer timer.Stop()
	select {
	case <-over:
	case <-timer.C:
	}
	return true
}
