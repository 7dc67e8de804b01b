package hub

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/coder/websocket"

	"tocsin/wire"
)

const (
	// readBuffer holds an ack or a ping; longer frames are read past it.
	readBuffer = 256
	// controlBuffer holds any control frame of a server, so that coder/websocket
	// writes each at once (RFC 6455, section 5.5: at most 125 bytes of payload).
	controlBuffer = 128
)

// connect is GET /v1/connect. It returns after the handshake, which gives back
// what net/http keeps for a request; the session goes on among the readers.
func (h *Hub) connect(w http.ResponseWriter, r *http.Request) {
	if !offers(r, wire.Subprotocol) {
		h.refuse(w, refusedUpgrade)
		return
	}
	s, why := h.enter(r)
	if why != admitted {
		h.refuse(w, why)
		return
	}
	h.accept(s, &hijacker{ResponseWriter: w, timeout: h.config.SendTimeout}, r)
}

// upgrader answers a handshake, and gives the conn that it was made over.
type upgrader interface {
	http.ResponseWriter
	http.Hijacker
	socket() *conn // nil: not hijacked
}

// accept ends the handshake of a session that has entered, and lets it begin. If it does
// not begin, whatever the reason, its place is given back.
func (h *Hub) accept(s *session, w upgrader, r *http.Request) {
	begun := false
	defer func() {
		if begun {
			return
		}
		h.limits.leave(s.addr, false)
		h.readers.forget(s)
		if c := w.socket(); c != nil {
			_ = c.Close()
		}
	}()
	deflate := offersDeflate(r)
	if deflate {
		w.Header().Set("Sec-WebSocket-Extensions", deflateAnswer)
	}
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols:       []string{wire.Subprotocol},
		InsecureSkipVerify: true, // enter has looked at the origin
		OnPingReceived:     func(context.Context, []byte) bool { return s.ping() },
		OnPongReceived:     func(context.Context, []byte) { s.ping() },
	})
	if err != nil {
		h.metrics.refused.WithLabelValues(string(refusedUpgrade)).Inc()
		return
	}
	ws.SetReadLimit(wire.MaxClientFrame)
	s.attach(ws, w.socket())
	s.socket.deflate, s.socket.in.bounds.deflate = deflate, deflate
	if !h.begin(s) {
		_ = ws.CloseNow()
		return
	}
	begun = true
	s.await()
}

// enter takes a place for a session. Every admitted is followed by limits.leave.
func (h *Hub) enter(r *http.Request) (*session, refusal) {
	s := &session{
		hub: h, id: rand.Text(), addr: h.clientAddr(r),
		shard: h.pick(), slot: mathrand.IntN(spokes), done: make(chan struct{}),
	}
	switch {
	case !h.allowed(r.Header.Get("Origin")):
		return nil, refusedOrigin
	case h.draining.Load():
		return nil, refusedBye
	}
	if why := h.limits.enter(s.addr); why != admitted {
		return nil, why
	}
	return s, admitted
}

// attach gives the session its WebSocket.
func (s *session) attach(ws *websocket.Conn, c *conn) {
	s.ws, s.socket, s.link = ws, c, c
	c.owner, c.pooled = s, c.raw != nil && s.hub.readers.poll != nil
	if c.raw != nil {
		s.conn = c
	} else {
		s.wake = make(chan struct{}, 1)
	}
}

// flushDue, look and waiting implement [owner].
func (s *session) flushDue() { s.shard.post(event{s, evCheck}) }

func (s *session) look() {
	if s.socket.pooled {
		s.hub.readers.call(s)
	}
}

func (s *session) waiting(block func()) { s.hub.readers.waiting(block) }

// refuse answers a request that gets no session.
func (h *Hub) refuse(w http.ResponseWriter, why refusal) {
	h.metrics.refused.WithLabelValues(string(why)).Inc()
	code, text := http.StatusServiceUnavailable, "This node takes no more sessions. Try another, or later."
	switch why {
	case refusedUpgrade:
		code, text = http.StatusBadRequest, "This is a WebSocket of subprotocol "+wire.Subprotocol+"."
	case refusedOrigin:
		code, text = http.StatusForbidden, "Pages of this origin may not connect."
	case refusedAddress:
		code, text = http.StatusTooManyRequests, "Too many sessions from this address."
		fallthrough
	default:
		// At random, so that those who are refused together do not come back together.
		after := 1 + mathrand.IntN(int(h.config.ReconnectWindow.Seconds())+1)
		w.Header().Set("Retry-After", strconv.Itoa(after))
	}
	http.Error(w, text, code)
}

// offers tells whether a handshake offers a subprotocol.
func offers(r *http.Request, subprotocol string) bool {
	offered := strings.Split(strings.Join(r.Header.Values("Sec-WebSocket-Protocol"), ","), ",")
	return slices.ContainsFunc(offered, func(s string) bool { return strings.EqualFold(strings.TrimSpace(s), subprotocol) })
}

// hijacker puts the hub's conn between net/http and coder/websocket, with small
// buffers instead of net/http's.
type hijacker struct {
	http.ResponseWriter
	timeout time.Duration
	conn    *conn
}

// Hijack implements [http.Hijacker].
func (w *hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	nc, brw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	pre, err := brw.Reader.Peek(brw.Reader.Buffered())
	if err != nil {
		return nil, nil, errors.Join(err, nc.Close())
	}
	w.conn = newConn(nc, slices.Clone(pre), w.timeout)
	return w.conn, buffered(w.conn), nil
}

func (w *hijacker) socket() *conn { return w.conn }
