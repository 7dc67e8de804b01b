package wire

import "time"

// DecodeServer reads any frame of a node. Its errors are ErrTooBig, ErrBadFrame
// and, for a well-formed frame that a client is to ignore, ErrUnknownType.
func DecodeServer(frame []byte) (ServerFrame, error) {
	if len(frame) > MaxServerFrame {
		return nil, ErrTooBig
	}
	kind, err := frameType(frame)
	if err != nil {
		return nil, err
	}
	switch kind {
	case "welcome":
		return decodeWelcome(frame)
	case "entry":
		return decodeEntry(frame)
	case "synced":
		return decodeSynced(frame)
	case "heartbeat":
		return decodeHeartbeat(frame)
	case "auth":
		return decodeAuth(frame)
	case "bye":
		return decodeBye(frame)
	}
	if err := readFrame(frame, func(r *reader, _ string) { r.skip() }); err != nil {
		return nil, err
	}
	return nil, ErrUnknownType
}

func decodeWelcome(frame []byte) (ServerFrame, error) {
	var w Welcome
	var a Auth
	err := readFrame(frame, func(r *reader, name string) {
		switch name {
		case "session":
			w.Session = r.string()
		case "resume":
			w.Resume = Resume(r.string())
			r.check(w.Resume == ResumeReplay || w.Resume == ResumeSnapshot, "neither replay nor snapshot")
		case "heartbeatMs":
			w.HeartbeatMs = r.int()
		case "serverTime":
			w.ServerTime = r.time()
		case "source":
			w.Source = r.source()
		default:
			r.grant(name, &a)
		}
	}, "session", "tier", "labels", "auth", "resume", "heartbeatMs", "serverTime", "source")
	if err != nil {
		return nil, err
	}
	w.Tier, w.Labels, w.Auth, w.Ticket, w.TicketExpires = a.Tier, a.Labels, a.Auth, a.Ticket, a.TicketExpires
	return w, nil
}

func decodeEntry(frame []byte) (ServerFrame, error) {
	var e EntryFrame
	err := readFrame(frame, func(r *reader, name string) {
		switch name {
		case "seq":
			e.Seq = uint64(r.int())
		case "envelope":
			e.Envelope = r.raw()
		default:
			r.skip()
		}
	}, "seq", "envelope")
	if err != nil {
		return nil, err
	}
	return e, nil
}

func decodeSynced(frame []byte) (ServerFrame, error) {
	var s Synced
	err := readFrame(frame, func(r *reader, name string) {
		switch name {
		case "cursor":
			s.Cursor = r.cursor()
		case "head":
			s.Head = r.raw()
		default:
			r.skip()
		}
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

func decodeHeartbeat(frame []byte) (ServerFrame, error) {
	var h Heartbeat
	err := readFrame(frame, func(r *reader, name string) {
		switch name {
		case "cursor":
			h.Cursor = r.cursor()
		case "serverTime":
			h.ServerTime = r.time()
		case "source":
			h.Source = r.source()
		case "head":
			h.Head = r.raw()
		default:
			r.skip()
		}
	}, "serverTime", "source")
	if err != nil {
		return nil, err
	}
	return h, nil
}

func decodeAuth(frame []byte) (ServerFrame, error) {
	var a Auth
	err := readFrame(frame, func(r *reader, name string) { r.grant(name, &a) }, "tier", "labels", "auth")
	if err != nil {
		return nil, err
	}
	return a, nil
}

func decodeBye(frame []byte) (ServerFrame, error) {
	var b Bye
	err := readFrame(frame, func(r *reader, name string) {
		switch name {
		case "reason":
			b.Reason = r.string()
		case "reconnectAfterMs":
			b.ReconnectAfterMs = r.interval()
		default:
			r.skip()
		}
	}, "reason", "reconnectAfterMs")
	if err != nil {
		return nil, err
	}
	return b, nil
}

// grant reads a member that welcome and auth share, and skips any other.
func (r *reader) grant(name string, a *Auth) {
	switch name {
	case "tier":
		a.Tier = Tier(r.string())
		r.check(a.Tier == TierPublic || a.Tier == TierRestricted || a.Tier == TierPrivate, "an unknown tier")
	case "labels":
		a.Labels = r.strings(MaxServerFrame)
	case "auth":
		a.Auth = r.authState()
	case "ticket":
		a.Ticket = r.string()
	case "ticketExpires":
		a.TicketExpires = r.time()
	default:
		r.skip()
	}
}

func (r *reader) authState() (a AuthState) {
	r.object(func(r *reader, name string) {
		switch name {
		case "state":
			a.State = Grade(r.string())
		case "reason":
			a.Reason = r.string()
		default:
			r.skip()
		}
	})
	r.check(a.State == AuthOK || a.State == AuthDegraded || a.State == AuthNone, "an unknown state")
	return a
}

func (r *reader) source() (s Source) {
	r.object(func(r *reader, name string) {
		switch name {
		case "state":
			s.State = SourceState(r.string())
		case "sinceMs":
			s.SinceMs = r.int()
		default:
			r.skip()
		}
	})
	r.check(s.State == SourceLive || s.State == SourceStale, "neither live nor stale")
	return s
}

func (r *reader) cursor() Cursor {
	c, err := ParseCursor(r.string())
	r.check(err == nil, "not a cursor")
	return c
}

// time reads RFC 3339, in any offset.
func (r *reader) time() time.Time {
	t, err := time.Parse(time.RFC3339, r.string())
	r.check(err == nil, "not a time of RFC 3339")
	return t.UTC()
}

// interval reads [min,max], min ≤ max.
func (r *reader) interval() [2]int64 {
	var pair [2]int64
	n := 0
	r.array(func() {
		r.check(n < len(pair), "not a pair")
		if v := r.int(); r.err == nil {
			pair[n] = v
			n++
		}
	})
	r.check(n == len(pair) && pair[0] <= pair[1], "not an interval")
	return pair
}
