package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/coder/websocket"

	"tocsin/wire"
)

const (
	dialTimeout    = 10 * time.Second
	welcomeTimeout = 10 * time.Second
	writeTimeout   = 10 * time.Second
	// ackInterval paces acks, so that the notices of a long replay do not make a
	// burst that a node must take for a flood.
	ackInterval = 100 * time.Millisecond
)

// Reasons for the end of a session, found in [Disconnected].
var (
	// ErrSilent: two heartbeats did not come.
	ErrSilent = errors.New("the node is silent")
	// ErrBye: the node said bye.
	ErrBye = errors.New("the node said bye")
	// ErrSignedOut: SignOut ended the session; the next one begins at once.
	ErrSignedOut = errors.New("signed out")
	// ErrProtocol: what answers does not speak tocsin.v1.
	ErrProtocol = errors.New("not a node of this protocol")
)

// errAgain ends a session that has served its purpose: another is to follow at once.
var errAgain = errors.New("again")

// byeError is an ErrBye that says when to come back.
type byeError struct{ wire.Bye }

func (e *byeError) Error() string { return fmt.Sprintf("%v: %.64q", ErrBye, e.Reason) }
func (e *byeError) Unwrap() error { return ErrBye }

func (e *byeError) interval() (from, to time.Duration) {
	const limit = int64(maxWait / time.Millisecond)
	return time.Duration(min(e.ReconnectAfterMs[0], limit)) * time.Millisecond,
		time.Duration(min(e.ReconnectAfterMs[1], limit)) * time.Millisecond
}

// refusedError is an answer by HTTP instead of a connection.
type refusedError struct {
	status     int
	retryAfter time.Duration
}

func (e *refusedError) Error() string {
	return fmt.Sprintf("connecting: HTTP status %d", e.status)
}

// Is matches [ErrProtocol] where the answer is such as no node gives.
func (e *refusedError) Is(target error) bool {
	return target == ErrProtocol && (e.status < 400 || e.status == http.StatusNotFound || e.status == http.StatusMethodNotAllowed)
}

// CloseCode is the code with which the node closed the connection, from the error
// of [Disconnected]; 0 if it did not.
func CloseCode(err error) wire.CloseCode {
	if code := websocket.CloseStatus(err); code > 0 {
		return wire.CloseCode(code)
	}
	return 0
}

// session is one connection; Run's goroutine owns it.
type session struct {
	*Subscriber
	conn     *websocket.Conn
	handle   func(Event)
	signOuts int // when it began
	welcomed bool
	interval time.Duration // of heartbeats
	silence  time.Duration
	alive    *time.Timer  // fires when the node was silent for too long
	vigil    *time.Timer  // fires when heads vouch no longer, and when it is time to leave
	acks     *time.Ticker // nil while there is none to send
}

// session makes a connection and serves it to its end, whose reason it returns.
func (s *Subscriber) session(ctx context.Context, handle func(Event)) error {
	x := &session{Subscriber: s, handle: handle, silence: welcomeTimeout}
	cursor := x.begin(ctx)
	defer s.login.drop()
	conn, err := s.dial(ctx)
	if err != nil {
		return err
	}
	defer conn.CloseNow()
	conn.SetReadLimit(wire.MaxServerFrame)
	x.conn = conn
	hello := x.hello(ctx, cursor)
	if x.void() { // since it began: hello may tell who it was
		return ErrSignedOut
	}
	if err := x.write(ctx, hello); err != nil {
		return err
	}
	return x.serve(ctx)
}

// begin begins a session in the feed, and asks for tokens. It returns the cursor to say
// hello with.
func (x *session) begin(ctx context.Context) (cursor string) {
	x.mu.Lock()
	signedOut := x.orders.signedOut
	x.signOuts = x.orders.signOuts
	x.orders.tokens, x.orders.wake, x.orders.acks = false, false, nil
	cursor = x.feed.begin().String()
	x.mu.Unlock()
	if !signedOut {
		x.ask(ctx, toBegin)
	}
	return cursor
}

func (s *Subscriber) dial(ctx context.Context) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, response, err := websocket.Dial(ctx, s.address, &websocket.DialOptions{
		HTTPClient: s.http, Subprotocols: []string{wire.Subprotocol},
	})
	if err != nil {
		if response != nil && response.StatusCode != http.StatusSwitchingProtocols {
			seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
			seconds = min(max(seconds, 0), int(maxWait/time.Second))
			return nil, &refusedError{status: response.StatusCode, retryAfter: time.Duration(seconds) * time.Second}
		}
		return nil, fmt.Errorf("connecting: %w", err)
	}
	if conn.Subprotocol() != wire.Subprotocol {
		conn.CloseNow()
		return nil, fmt.Errorf("connecting: %w: no subprotocol %s", ErrProtocol, wire.Subprotocol)
	}
	return conn, nil
}

// received is a frame, or the end of the connection.
type received struct {
	frame wire.ServerFrame
	err   error
}

// serve handles frames and orders until the session ends.
func (x *session) serve(ctx context.Context) error {
	frames := make(chan received)
	reading, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan struct{})
	go func() {
		defer close(done)
		x.read(reading, frames)
	}()
	x.alive = time.NewTimer(x.silence)
	x.vigil = time.NewTimer(x.silence)
	x.watchHeads()
	defer func() {
		x.alive.Stop()
		x.vigil.Stop()
		if x.acks != nil {
			x.acks.Stop()
		}
		stop()
		<-done
	}()
	for {
		var pace <-chan time.Time
		if x.acks != nil {
			pace = x.acks.C
		}
		var err error
		select {
		case <-ctx.Done():
			x.conn.Close(websocket.StatusNormalClosure, "")
			return ctx.Err()
		case r := <-frames:
			err = x.take(ctx, r)
		case <-x.alive.C:
			err = ErrSilent
		case <-x.vigil.C:
			err = x.unvouched()
		case <-x.poked:
			err = x.obey(ctx)
		case a := <-x.login.answers:
			err = x.sendTokens(ctx, a)
		case <-pace:
			err = x.sendAck(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// read hands over frames until the connection ends.
func (x *session) read(ctx context.Context, frames chan<- received) {
	for {
		r := received{}
		kind, message, err := x.conn.Read(ctx)
		if err == nil && kind != websocket.MessageText {
			err = fmt.Errorf("%w: a binary frame", ErrProtocol)
		}
		if err == nil {
			r.frame, err = wire.DecodeServer(message)
		}
		if errors.Is(err, wire.ErrUnknownType) { // of a newer version; still a sign of life
			err = nil
		}
		r.err = err
		select {
		case frames <- r:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

func (x *session) take(ctx context.Context, r received) error {
	if r.err != nil {
		return fmt.Errorf("reading: %w", r.err)
	}
	events, err := x.frame(r.frame)
	x.report(x.handle, events...)
	x.alive.Reset(x.silence) // now: what handle took is not the node's silence
	x.watchHeads()
	if err != nil {
		return err
	}
	return x.obey(ctx) // what handle has asked for
}

// obey carries out what callers asked for.
func (x *session) obey(ctx context.Context) error {
	x.mu.Lock()
	void := x.orders.signOuts != x.signOuts
	tokens := x.orders.tokens
	x.orders.tokens, x.orders.wake = false, false
	acks := len(x.orders.acks) > 0
	x.mu.Unlock()
	x.report(x.handle, x.takeDropped()...)
	if void {
		return ErrSignedOut
	}
	if acks && x.acks == nil {
		x.acks = time.NewTicker(ackInterval)
	}
	if tokens {
		x.ask(ctx, toChange)
	}
	return nil
}

// sendAck sends one of the acks that wait.
func (x *session) sendAck(ctx context.Context) error {
	x.mu.Lock()
	var next *wire.Ack
	if len(x.orders.acks) > 0 {
		next = &x.orders.acks[0]
		x.orders.acks = x.orders.acks[1:]
	}
	x.mu.Unlock()
	if next == nil {
		x.acks.Stop()
		x.acks = nil
		return nil
	}
	return x.write(ctx, *next)
}

func (x *session) write(ctx context.Context, frame wire.ClientFrame) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	if err := x.conn.Write(ctx, websocket.MessageText, frame.AppendTo(nil)); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	return nil
}
