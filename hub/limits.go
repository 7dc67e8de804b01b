package hub

import (
	"net/netip"
	"sync"
	"time"
)

// limits count what is open. Safe for concurrent use.
type limits struct {
	max        int // sessions in all
	unproven   int // of them, those without credentials that prove something
	perAddress int

	mu        sync.Mutex
	open      int
	admitted  int // of open, those that said hello and proved nothing
	addresses map[netip.Prefix]int
}

func newLimits(c Config) *limits {
	return &limits{
		max: c.MaxSessions, unproven: c.MaxSessions - c.Reserve, perAddress: c.MaxPerAddress,
		addresses: make(map[netip.Prefix]int),
	}
}

// refusal is why a connection is turned away; also a label of metrics.
type refusal string

const (
	admitted       refusal = ""
	refusedFull    refusal = "full"
	refusedAddress refusal = "address"
	refusedOrigin  refusal = "origin"
	refusedBye     refusal = "draining"
	refusedReserve refusal = "reserve"
	refusedUpgrade refusal = "upgrade"
)

// enter takes a place for a connection from addr. Every admitted is followed by
// one leave.
func (l *limits) enter(addr netip.Addr) refusal {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open >= l.max {
		return refusedFull
	}
	if prefix, ok := network(addr); ok {
		if l.addresses[prefix] >= l.perAddress {
			return refusedAddress
		}
		l.addresses[prefix]++
	}
	l.open++
	return admitted
}

// leave gives the place back; public tells that greet counted it.
func (l *limits) leave(addr netip.Addr, public bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
	if public {
		l.admitted--
	}
	prefix, ok := network(addr)
	if !ok {
		return
	}
	if l.addresses[prefix]--; l.addresses[prefix] == 0 {
		delete(l.addresses, prefix)
	}
}

// greet counts a session that proved nothing, and tells whether it may stay: the
// rest is kept for holders of tickets and tokens, who have most to lose.
func (l *limits) greet() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.admitted >= l.unproven {
		return false
	}
	l.admitted++
	return true
}

// network is what counts as one address: a host of IPv4, a subscriber's /64 of
// IPv6. ok is false for what is not limited: loopback, which is a proxy on this
// machine or a test, and what is no address (a Unix socket).
func network(addr netip.Addr) (prefix netip.Prefix, ok bool) {
	addr = addr.Unmap().WithZone("")
	if !addr.IsValid() || addr.IsLoopback() {
		return netip.Prefix{}, false
	}
	bits := 64
	if addr.Is4() {
		bits = 32
	}
	prefix, err := addr.Prefix(bits)
	return prefix, err == nil
}

// meter is a token bucket: rate per second, at most burst at once. It is owned by
// the reader.
type meter struct {
	left float64
	last time.Time
}

// take spends cost, or tells that there is not enough.
func (m *meter) take(cost float64, now time.Time, rate, burst int) bool {
	if m.last.IsZero() {
		m.left = float64(burst)
	} else {
		m.left = min(float64(burst), m.left+now.Sub(m.last).Seconds()*float64(rate))
	}
	m.last = now
	if m.left < cost {
		return false
	}
	m.left -= cost
	return true
}
