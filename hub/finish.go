package hub

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/coder/websocket"

	"tocsin/wire"
)

const (
	// maxDiscard is how much is read and thrown away after a close frame, and
	// quiet is how long nothing need come for the end to be assumed. A connection
	// closed with unread data is reset, and a reset can overtake the close frame.
	maxDiscard = 4 << 20
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
		discard(s.ws, c)
	}
	s.hub.readers.forget(s)
	_ = s.ws.CloseNow()
	_ = c.Close()
	close(s.done)
	s.hub.limits.leave(s.addr, s.public)
	s.shard.post(event{s, evLeave})
}

// discard reads on until the client has answered the close frame, or the time for
// that is up.
func discard(ws *websocket.Conn, c *conn) {
	left := int64(maxDiscard)
	c.throwAway(maxDiscard) // empty fragments count, too
	for left > 0 {
		_, r, err := ws.Reader(context.Background())
		if err != nil {
			break
		}
		n, err := io.Copy(io.Discard, io.LimitReader(r, left))
		if left -= n; err != nil {
			break
		}
	}
	end := time.Now().Add(closeGrace)
	var buf [512]byte
	for left > 0 && time.Now().Before(end) { // in the middle of a frame
		if c.SetReadDeadline(time.Now().Add(quiet)) != nil {
			return
		}
		n, err := c.Read(buf[:])
		if left -= int64(n); err != nil {
			return
		}
	}
}
