package client

import (
	"time"

	"tocsin/wire"
)

// Heartbeats (docs/protocol.md, "Node to client").
const (
	minHeartbeat = 5 * time.Second
	maxHeartbeat = time.Minute
	// missedHeartbeats of them make a client reconnect.
	missedHeartbeats = 2
	// heartbeatSlack lets the last one be late by what networks are late.
	heartbeatSlack = 2 * time.Second
)

// interval is that of heartbeats.
func interval(heartbeatMs int64) time.Duration {
	return max(minHeartbeat, time.Duration(min(heartbeatMs, maxHeartbeat.Milliseconds()))*time.Millisecond)
}

// silence is for how long a node may say nothing.
func silence(interval time.Duration) time.Duration {
	return missedHeartbeats*interval + heartbeatSlack
}

// serverClock reckons the server's time from what a node said last and the time
// that has passed since, by the monotonic clock.
type serverClock struct {
	said  time.Time // by the node
	heard time.Time // when, on this machine
}

// A serverTime outside of these is nobody's.
var (
	minServerTime = time.Unix(0, 0)
	maxServerTime = time.Date(2096, 1, 1, 0, 0, 0, 0, time.UTC)
)

func (c *serverClock) set(said time.Time) { c.said, c.heard = said, time.Now() }

// atLeast says that it can't be earlier: something was signed at that time.
func (c *serverClock) atLeast(t time.Time) {
	if !c.said.IsZero() && t.After(c.now()) {
		c.set(t)
	}
}

func (c *serverClock) now() time.Time {
	if c.said.IsZero() {
		return time.Now()
	}
	return c.said.Add(time.Since(c.heard))
}

// ended is the time by which what is over may be hidden. Where the node's time and this
// machine's are more than a day apart one of them lies, and the earlier of them hides less.
func (c *serverClock) ended() time.Time {
	now, local := c.now(), time.Now()
	if now.Sub(local) > 24*time.Hour {
		return local
	}
	return now
}

// freshness is reckoned from time stamps when it is read, so that a timer that
// fires late, in a machine that slept, can't make old knowledge look new.
type freshness struct {
	synced bool // this session has
	doubt  bool // an entry of it is refused
	source wire.Source
	// heard is when, on this machine, the node last spoke; silence is for how long
	// that is good.
	heard   time.Time
	silence time.Duration
	// lastLive is the last moment in server time at which nothing was missed.
	lastLive time.Time
	heads    vouchers
	last     Freshness // as reported
}

// at is the freshness at now, on this machine's clock.
func (f *freshness) at(now time.Time) Freshness {
	switch {
	case !f.synced && f.lastLive.IsZero():
		return Freshness{Reason: StaleConnecting}
	case f.heads.refuted(): // also while it looks for a node that shows all
		return Freshness{Since: f.since(), Reason: StaleMismatch}
	case !f.synced || now.Sub(f.heard) > f.silence:
		return Freshness{Since: f.since(), Reason: StaleDisconnected}
	case f.doubt:
		return Freshness{Since: f.since(), Reason: StaleRefused}
	case f.source.State != wire.SourceLive:
		return Freshness{Since: f.since(), Reason: StaleSource}
	case f.heads.missing(now):
		return Freshness{Since: f.since(), Reason: StaleHeads}
	}
	return Freshness{Live: true}
}

// since is the last moment, in server time, of which it is known that nothing was missed:
// by the node's word, and where heads are to come, by theirs.
func (f *freshness) since() time.Time {
	if f.heads.expected && f.heads.at.Before(f.lastLive) {
		return f.heads.at
	}
	return f.lastLive
}

// told takes what a node says of itself at serverTime.
func (f *freshness) told(source wire.Source, serverTime time.Time) {
	f.source = source
	f.note(serverTime)
}

// note moves lastLive: to serverTime if the node is live, otherwise to when it was,
// by its own account. Without synced it counts for nothing.
func (f *freshness) note(serverTime time.Time) {
	if !f.synced || f.doubt || serverTime.IsZero() {
		return
	}
	const limit = int64(365 * 24 * time.Hour / time.Millisecond) // beyond it, a Duration would overflow
	live := serverTime.Add(-time.Duration(min(f.source.SinceMs, limit)) * time.Millisecond)
	if live.After(f.lastLive) {
		f.lastLive = live
	}
}
