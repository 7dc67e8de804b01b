package hub

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"
	"sync"
	"time"

	"github.com/coder/websocket"

	"tocsin/auth"
	"tocsin/wire"
)

var (
	errNoHello  = errors.New("hub: no hello in time")
	errFlood    = errors.New("hub: too many frames")
	errReserve  = errors.New("hub: the rest is kept for those who can prove something")
	errInternal = errors.New("hub: a fault of this node")
)

// What a frame costs of a session's rate. New tokens cost signatures to verify.
const (
	costFrame  = 1
	costTokens = 20
)

// await has hello awaited, and then whatever else comes.
func (s *session) await() {
	s.patience = time.AfterFunc(s.hub.config.HelloTimeout, s.impatient)
	switch {
	case !s.socket.pooled:
		go s.attend()
	case len(s.socket.in.pre) > 0 || s.hub.readers.poll.arm(s, s.conn.raw) != nil:
		s.look()
	}
}

// impatient ends a session that has not said hello in time. If something waits to be read,
// it goes on waiting: a node that can't keep up is not its client's fault.
func (s *session) impatient() {
	if s.socket.pooled {
		var one [1]byte
		_, err := peekNow(s.conn.raw, one[:])
		if err == nil || (!s.attended.Load() && s.calls.Load() > 0) {
			time.AfterFunc(s.hub.config.HelloTimeout, s.impatient)
			return
		}
	}
	s.socket.expireHello()
}

// attend reads what there is to be read, until there is no more, or the session is to end.
// No two attend to a session at once.
func (s *session) attend() {
	if s.over {
		return
	}
	s.attended.Store(true)
	err := s.converse()
	if errors.Is(err, errIdle) {
		if err = s.hub.readers.poll.arm(s, s.conn.raw); err == nil {
			return
		}
	}
	s.over = true
	if s.patience != nil {
		s.patience.Stop()
	}
	s.finish(err)
}

// converse handles frames, until the session is to end, or there is nothing to be read. A
// fault in what handles a client's bytes ends that client's session, not the node.
func (s *session) converse() (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = errInternal
			s.hub.log.Error("session panicked", slog.String("session", s.id), slog.Any("panic", fault),
				slog.String("stack", string(debug.Stack())))
		}
	}()
	for {
		frame, err := s.read()
		switch {
		case err != nil && !s.greeted && errors.Is(err, os.ErrDeadlineExceeded) && !s.socket.isEnded():
			return errNoHello
		case err != nil:
			return err
		case s.greeted:
			err = s.handle(frame)
		default:
			err = s.begin(frame)
		}
		if err != nil {
			return err
		}
		if s.socket.pooled && len(s.socket.in.pre) == 0 && s.socket.in.bounds.drained() {
			return errIdle // without asking for it
		}
	}
}

// begin handles the first frame.
func (s *session) begin(frame wire.ClientFrame) error {
	hello, ok := frame.(wire.Hello)
	if !ok {
		return fmt.Errorf("%w: the first is not hello", wire.ErrBadFrame)
	}
	s.patience.Stop()
	if !s.socket.gotHello() {
		return errNoHello
	}
	s.greeted, s.patience = true, nil
	if err := s.start(hello, time.Now()); err != nil {
		return err
	}
	if s.conn == nil {
		go s.lane()
	}
	return nil
}

// messages are for reading: one is decoded and forgotten.
var messages = sync.Pool{New: func() any { return new([wire.MaxClientFrame + 1]byte) }}

// read takes the next frame.
func (s *session) read() (wire.ClientFrame, error) {
	kind, r, err := s.ws.Reader(context.Background())
	if err != nil {
		return nil, err
	}
	if !s.spend(costFrame) {
		return nil, errFlood
	}
	buf := messages.Get().(*[wire.MaxClientFrame + 1]byte)
	defer messages.Put(buf)
	n, err := io.ReadFull(r, buf[:])
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF { // bare: the frame ended; wrapped: the connection did
		return nil, err
	}
	if kind != websocket.MessageText {
		return nil, fmt.Errorf("%w: not text", wire.ErrBadFrame)
	}
	if !s.socket.in.bounds.wasDeflated() {
		return wire.DecodeClient(buf[:n])
	}
	plain := messages.Get().(*[wire.MaxClientFrame + 1]byte)
	defer messages.Put(plain)
	if n, err = inflate(buf[:n], plain[:]); err != nil {
		return nil, err
	}
	return wire.DecodeClient(plain[:n])
}

// spend takes from the session's rate, and tells whether it sufficed. Called by the
// reader.
func (s *session) spend(cost float64) bool {
	return s.meter.take(cost, time.Now(), s.hub.config.FrameRate, s.hub.config.FrameBurst)
}

// ping tells whether a ping is to be answered.
func (s *session) ping() bool {
	if s.spend(costFrame) {
		return true
	}
	s.close(wire.CloseTooMany, nil)
	return false
}

// start greets the client, and gives the session to its shard. If its link can only
// block, the caller starts its lane next.
func (s *session) start(hello wire.Hello, now time.Time) error {
	s.claims = hello.Labels
	s.holder.Store(s.hub.config.Authority.Admit(auth.Credentials{
		Tokens: hello.Tokens, Ticket: hello.Ticket, Claims: hello.Labels,
	}))
	g := s.hub.config.Authority.Grant(s.holder.Load())
	s.access.Store(newAccess(g))
	if g.Tier == auth.Public {
		if s.public = s.hub.limits.greet(); !s.public {
			return errReserve
		}
	}
	if err := s.greet(hello, now); err != nil {
		s.fail(err)
		return err
	}
	s.enrol(s.access.Load())
	s.hub.metrics.welcomed.WithLabelValues(g.Tier.String(), string(g.State)).Inc()
	if s.conn != nil {
		s.shard.post(event{s, evJoin})
		return nil
	}
	s.shard.post(event{s, evSeparate})
	return nil
}

// handle does what a frame after hello asks for.
func (s *session) handle(frame wire.ClientFrame) error {
	switch f := frame.(type) {
	case wire.Ack:
		s.ack(f)
	case wire.Tokens:
		if !s.spend(costTokens - costFrame) {
			return errFlood
		}
		s.replaceTokens(f.Tokens)
	default:
		return fmt.Errorf("%w: a second hello", wire.ErrBadFrame)
	}
	return nil
}

// replaceTokens admits new tokens beside what the session has proven, which a posture may
// void for now. None at all is a sign-out: then that goes, too, whether or not the
// session was told of it yet.
func (s *session) replaceTokens(tokens []string) {
	c := auth.Credentials{Tokens: tokens, Claims: s.claims}
	if len(tokens) > 0 {
		c.Earlier = s.holder.Load()
	}
	s.holder.Store(s.hub.config.Authority.Admit(c))
	s.shard.post(event{s, evCheck})
}

// maxAcks bounds what one session can have us remember.
const maxAcks = 4_096

// ack counts, once for each session, message and state, and only what the session
// may see.
func (s *session) ack(a wire.Ack) {
	t := s.hub.receipts.find(a)
	if t == nil || !s.access.Load().seesNotice(t.notice) {
		s.hub.metrics.acks.WithLabelValues("ignored").Inc()
		return
	}
	bit := ackBit(a.State)
	if s.acked[t]&(1<<bit) != 0 || len(s.acked) >= maxAcks {
		s.hub.metrics.acks.WithLabelValues("ignored").Inc()
		return
	}
	if s.acked == nil {
		s.acked = make(map[*tally]uint8)
	}
	s.acked[t] |= 1 << bit
	t.ack(bit)
	s.hub.metrics.acks.WithLabelValues(string(a.State)).Inc()
}
