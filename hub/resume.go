package hub

import (
	"time"

	"tocsin/wire"
)

// resume puts the session where its client left off. A node that is behind the
// client holds it instead. What the session is due then, catchUp sends. Called by
// the owner.
func (s *session) resume(cursor wire.Cursor, since time.Time) resume {
	h := s.hub
	v := h.view.Load()
	how := v.resumeAt(cursor, h.status.Load().Source, since)
	if how == resumeReplay && s.held != nil && s.held.grown {
		how = resumeSnapshot
	}
	switch how {
	case resumeHold:
		if s.held == nil {
			s.held = &hold{cursor: cursor, since: since}
		}
		return how
	case resumeReplay:
		s.at, s.owed = place{v.gen, cursor.Seq}, nil
	case resumeSnapshot:
		snap := h.snapshot()
		s.at, s.owed = snap.view.place(), snap.items
	}
	s.held, s.unsynced = nil, true
	h.metrics.resumed.WithLabelValues(string(how.wire())).Inc()
	return how
}

// wire is how a welcome calls it. A session that is held is told what its client
// hopes for: whatever comes of it, what the client has stays good.
func (r resume) wire() wire.Resume {
	if r == resumeSnapshot {
		return wire.ResumeSnapshot
	}
	return wire.ResumeReplay
}

// greet answers hello with the welcome, and with all that the session is due. It
// runs in the reader's goroutine, before the session has an owner. A reader that serves
// others too does not wait: what is left is for the lane that the session gets.
func (s *session) greet(hello wire.Hello, now time.Time) error {
	cursor, _ := wire.ParseCursor(hello.Cursor) // malformed: as if there were none
	how := s.resume(cursor, now)
	if cursor.IsZero() {
		how = resumeSnapshot // once the hold is over
	}
	s.head = s.welcome(how.wire(), now)
	wait := s.conn == nil
	if s.held == nil {
		return s.catchUp(wait)
	}
	welcome := s.head
	s.head = nil
	_, err := s.write(welcome, wait)
	return err
}

// welcome tells what the session is granted, and how it begins.
func (s *session) welcome(how wire.Resume, now time.Time) []byte {
	a := s.access.Load().frame()
	st := s.hub.status.Load()
	source := s.source(st, now)
	s.told = news{source.State, st.gaps}
	w := wire.Welcome{
		Session: s.id, Tier: a.Tier, Labels: a.Labels, Auth: a.Auth,
		Ticket: a.Ticket, TicketExpires: a.TicketExpires,
		Resume:      how,
		HeartbeatMs: s.hub.config.Heartbeat.Milliseconds(),
		ServerTime:  now,
		Source:      source,
	}
	return s.link.appendJSON(nil, w.AppendTo(nil))
}

// source is how fresh a node of status st is for this session: one that knows less than
// its client is stale, whatever else holds.
func (s *session) source(st *status, now time.Time) wire.Source {
	source := st.wire(now)
	if s.held != nil && source.State == wire.SourceLive {
		return staleSince(s.held.since, now)
	}
	return source
}

// news is that of st for this session.
func (s *session) news(st *status, now time.Time) news { return news{s.source(st, now).State, st.gaps} }
