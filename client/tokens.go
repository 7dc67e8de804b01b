package client

import (
	"context"
	"time"

	"tocsin/wire"
)

// loginGrace is how long hello waits for tokens once there is a connection: long enough
// for a login that works, so that most sessions begin in their tier; short enough that
// one that hangs does not keep public notices away.
const loginGrace = 250 * time.Millisecond

// login asks Config.Tokens while Run goes on, one question at a time. Run's goroutine
// owns it; what asks hands its answer over and ends.
type login struct {
	answers chan answer        // of the open question, capacity 1; nil: none is open
	cancel  context.CancelFunc // of the open question
	asked   purpose            // of the open question; nothing: the answer is to be dropped
	next    purpose            // of the question that follows it
}

type answer struct {
	tokens []string
	err    error
}

// purpose is what a question is for.
type purpose int

const (
	nothing  purpose = iota
	toBegin          // a session: without tokens, the ticket speaks
	toChange         // the tokens of an open session: to have none is a sign-out
)

// ask asks for tokens, after the open question if there is one. The answer comes
// through login.answers.
func (s *Subscriber) ask(ctx context.Context, to purpose) {
	if s.login.answers != nil {
		s.login.next = max(s.login.next, to)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, s.config.tokenTimeout())
	answers := make(chan answer, 1)
	s.login = login{answers: answers, cancel: cancel, asked: to}
	go func() {
		var a answer
		if s.config.Tokens != nil {
			a.tokens, a.err = s.config.Tokens(ctx)
		}
		answers <- a
	}()
}

// answered closes the question, whose answer has come, and asks the next.
func (s *Subscriber) answered(ctx context.Context, a answer) (asked purpose) {
	asked, next := s.login.asked, s.login.next
	s.login.cancel()
	s.login = login{}
	if next != nothing {
		s.ask(ctx, next)
	}
	if a.err != nil && asked != nothing {
		s.config.logger().Warn("no tokens", "error", a.err)
	}
	return asked
}

// awaits tells whether an answer will be of use.
func (l *login) awaits() bool { return l.asked != nothing || l.next != nothing }

// drop ends the questions of a session that is over. It does not wait for the answer:
// a program that is slow to give up its login must not keep the next session away.
func (l *login) drop() {
	l.asked, l.next = nothing, nothing
	if l.cancel != nil {
		l.cancel()
	}
}

// end waits until nobody asks.
func (l *login) end() {
	l.drop()
	if l.answers != nil {
		<-l.answers
	}
	*l = login{}
}

// hello waits a little for tokens. Those that come later follow in a frame of their own.
func (x *session) hello(ctx context.Context, cursor string) wire.Hello {
	h := wire.Hello{Cursor: cursor, Labels: x.config.Labels}
	grace, cancel := context.WithTimeout(ctx, loginGrace)
	defer cancel()
	for x.login.awaits() && grace.Err() == nil {
		select {
		case a := <-x.login.answers:
			if x.answered(ctx, a) != nothing && a.err == nil {
				h.Tokens = a.tokens
			}
		case <-grace.Done():
		}
	}
	h.Ticket = x.loadTicket()
	h.Tokens = x.fit(h.Tokens, func(tokens []string) wire.ClientFrame { h.Tokens = tokens; return h })
	return h
}

// sendTokens tells the node of tokens that came while the session was open. It says
// nothing if login does not answer: to have no tokens is a sign-out, which would take
// away what the session's ticket gives.
func (x *session) sendTokens(ctx context.Context, a answer) error {
	asked := x.answered(ctx, a)
	if x.void() { // meanwhile
		return ErrSignedOut
	}
	if asked == nothing || a.err != nil {
		return nil
	}
	frame := func(tokens []string) wire.ClientFrame { return wire.Tokens{Tokens: tokens} }
	tokens := x.fit(a.tokens, frame)
	if len(tokens) == 0 && (asked == toBegin || len(a.tokens) > 0) { // nobody signed out
		return nil
	}
	return x.write(ctx, frame(tokens))
}

// fit leaves out the last tokens if there are more than a frame takes. A node would
// close the connection because of them, again and again.
func (s *Subscriber) fit(tokens []string, frame func([]string) wire.ClientFrame) []string {
	all := len(tokens)
	tokens = tokens[:min(all, wire.MaxTokens)]
	for len(tokens) > 0 && len(frame(tokens).AppendTo(nil)) > wire.MaxClientFrame {
		tokens = tokens[:len(tokens)-1]
	}
	if out := all - len(tokens); out > 0 {
		s.config.logger().Warn("left out tokens: more than a frame takes", "count", out, "sent", len(tokens))
	}
	return tokens
}

func (s *Subscriber) loadTicket() string {
	s.ticketMu.Lock()
	defer s.ticketMu.Unlock()
	ticket, err := s.tickets.Load()
	if err != nil {
		s.config.logger().Warn("connecting without ticket", "error", err)
	}
	return ticket.Value
}
