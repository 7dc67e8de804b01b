package hub

import (
	"context"
	"time"

	"tocsin/wire"
)

// Drain sends every client to another node: no session begins any more, and those
// that are open are told to come back elsewhere, spread evenly over a time, then
// closed with 1001. It returns when none is left, or when ctx ends.
func (h *Hub) Drain(ctx context.Context, over time.Duration) error {
	h.draining.Store(true)
	list := h.all() // begun before; whoever comes now is refused, or ended below
	const pace = 50 * time.Millisecond
	tick := time.NewTicker(pace)
	defer tick.Stop()
	started, done := time.Now(), 0
	for {
		until := len(list)
		if over > 0 {
			until = min(until, int(float64(len(list))*(float64(time.Since(started)+pace)/float64(over))))
		}
		for ; done < until; done++ {
			list[done].close(wire.CloseGoingAway, h.bye(wire.ByeDrain))
		}
		if done == len(list) {
			if list, done, over = h.all(), 0, 0; len(list) == 0 {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// endAll ends what is left when Run ends, and lets no session begin any more. Who
// does not go in time is cut off by the timer.
func (h *Hub) endAll() *time.Timer {
	h.draining.Store(true)
	h.registry.Lock()
	h.stopped = true
	h.registry.Unlock()
	for _, s := range h.all() {
		s.close(wire.CloseGoingAway, h.bye(wire.ByeDrain))
	}
	return time.AfterFunc(closeGrace, func() {
		for _, s := range h.all() {
			s.link.abort()
		}
	})
}
