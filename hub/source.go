package hub

import (
	"time"

	"tocsin/wire"
)

// Source says how fresh the log is, as the one who follows it knows; the broker's
// Source converts to it.
type Source struct {
	// Live: the log has a leader and a majority, and the follower is at its end.
	Live bool
	// Since is when it became live, or ceased to be.
	Since time.Time
	// Head is the log's last sequence when it was last checked, and Checked is when
	// that check began.
	Head    uint64
	Checked time.Time
	// Reason says why it is not live, for people.
	Reason string
}

// status is what sessions are told about the source. It is immutable.
type status struct {
	Source
	// live tells that the log that is live is also the one that is served.
	live   bool
	since  time.Time // when live became what it is
	passed *passedOn // the newest signed head; nil if none
	gaps   int       // counts the gaps in heads that have ended
}

// news is what sessions are told at once when it changes: they get a heartbeat.
type news struct {
	state wire.SourceState // "": a heartbeat is due, whatever has changed
	gaps  int
}

// news is that of the status at now.
func (s *status) news(now time.Time) news { return news{s.wire(now).State, s.gaps} }

// wire is the status in frames at now.
func (s *status) wire(now time.Time) wire.Source {
	if s.live {
		return wire.Source{State: wire.SourceLive}
	}
	return staleSince(s.since, now)
}

func staleSince(since, now time.Time) wire.Source {
	return wire.Source{State: wire.SourceStale, SinceMs: max(0, now.Sub(since).Milliseconds())}
}
