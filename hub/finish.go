package hub

import (
	"errors"
	"log/slog"
	"os"
	"time"

	"github.com/coder/websocket"

	"tocsin/wire"
)

const (
	// maxDiscard is how much is read and thrown away after a close frame, and
	// quiet is how long after the answer to it the client has to end the connection.
	// One closed with unread data is reset, and a reset can overtake the close frame.
	maxDiscard = 1 << 20
	quiet      = 300 * time.Millisecond
)

// closeCode is how the reader's error ends a session; ok is false if the connection
// has ended already.
func closeCode(err error) (code wire.CloseCode, ok bool) {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded): // in the middle of a frame
		return wire.CloseBadFrame, true
	case errors.Is(err, errNoHello):
		return wire.CloseNoHello, true
	case errors.Is(err, errFlood), errors.Is(err, errReserve):
		return wire.CloseTooMany, true
	case errors.Is(err, wire.ErrBadFrame), errors.Is(err, wire.ErrTooBig):
		return wire.CodeOf(err), true
	case errors.Is(err, errInternal):
		return wire.CloseInternal, true
	case errors.Is(err, websocket.ErrMessageTooBig):
		return wire.CloseTooBig, true
	}
	return 0, false
}

// finish ends the session, for whatever reason its reader stopped.
func (s *session) finish(err error) {
	c := s.socket
	if code, ok := closeCode(err); ok && !c.isEnded() {
		s.close(code, nil)
		s.hub.refusedSessions.log(s.hub.log, slog.LevelInfo, "session refused", slog.String("session", s.id),
			slog.String("close", code.String()), slog.Any("err", err))
	}
	if c.isEnded() {
		discard(c)
	}
	s.hub.readers.forget(s)
	_ = s.ws.CloseNow()
	_ = c.Close()
	close(s.done)
	s.hub.limits.leave(s.addr, s.public)
	s.shard.post(event{s, evLeave})
}

// discard reads on until the client has answered the close frame, or the time for
// that is up. The library is not asked: it would handle each frame, of those who sent too
// many as well, while others wait for a reader.
func discard(c *conn) {
	c.throwAway(maxDiscard)
	buf := messages.Get().(*[wire.MaxClientFrame + 1]byte)
	defer messages.Put(buf)
	for end := time.Now().Add(closeGrace); time.Now().Before(end); {
		if c.in.bounds.answered && c.SetReadDeadline(time.Now().Add(quiet)) != nil {
			return
		}
		if _, err := c.Read(buf[:]); err != nil {
			return
		}
	}
}
