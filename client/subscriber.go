package client

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"tocsin/notice"
	"tocsin/wire"
)

// maxAcks bounds the acks that wait to be sent. They are statistics: what does not
// fit is lost.
const maxAcks = 1024

// Subscriber follows a node. Make it with [NewSubscriber], then call [Subscriber.Run].
// All methods are safe for concurrent use; those that do not say otherwise do not
// block.
type Subscriber struct {
	config   Config
	address  string
	http     *http.Client
	tickets  TicketStore
	running  atomic.Bool
	backoff  backoff       // owned by Run
	login    login         // owned by Run
	poked    chan struct{} // capacity 1: something of orders is new
	ticketMu sync.Mutex    // orders calls of tickets, and nothing else; taken before mu

	mu     sync.Mutex
	feed   *feed
	clock  serverClock
	fresh  freshness
	orders orders
}

// orders are what callers want done; Run does it.
type orders struct {
	signOuts  int     // so far; a session that began before the last one is void
	dropped   []Event // by SignOut, not reported yet
	signedOut bool    // Tokens is not to be asked
	tokens    bool    // Tokens is to be asked again
	wake      bool    // connect now
	acks      []wire.Ack
}

// NewSubscriber checks the configuration; its errors are ErrConfig.
func NewSubscriber(c Config) (*Subscriber, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	address, loopback, err := c.endpoint()
	if err != nil {
		return nil, err
	}
	s := &Subscriber{
		config: c, address: address, http: withoutRedirects(c.HTTPClient), tickets: c.Tickets,
		backoff: backoff{jitter: c.jitter}, poked: make(chan struct{}, 1),
		feed: newFeed(c.Trust, loopback), fresh: freshness{last: Freshness{Reason: StaleConnecting}},
	}
	if s.tickets == nil {
		s.tickets = new(memoryTickets)
	}
	if c.State != nil {
		if err := s.feed.restore(*c.State); err != nil {
			return nil, fmt.Errorf("%w: State: %w", ErrConfig, err)
		}
	} else {
		s.feed.prime = c.Cursor
	}
	return s, nil
}

// ErrRunning is a second Run at the same time.
var ErrRunning = errors.New("the subscriber is running already")

// Run follows the node until ctx ends, whose error it returns; it never gives up.
// It calls handle for each event, in order, from one goroutine. While handle runs,
// nothing is read: it must not take long. It may call the Subscriber's methods.
func (s *Subscriber) Run(ctx context.Context, handle func(Event)) error {
	if !s.running.CompareAndSwap(false, true) {
		return ErrRunning
	}
	defer s.running.Store(false)
	defer s.login.end()
	for {
		err := s.session(ctx, handle)
		if errors.Is(err, errAgain) {
			continue
		}
		s.report(handle, s.takeDropped()...)
		s.report(handle, s.disconnected()...)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		wait := s.waitAfter(err)
		s.config.logger().Info("disconnected", "error", err, "retry_in", wait)
		handle(Disconnected{Err: err, RetryIn: wait})
		if err := s.wait(ctx, wait, handle); err != nil {
			return err
		}
	}
}

// waitAfter is how long to wait after a session that ended with err.
func (s *Subscriber) waitAfter(err error) time.Duration {
	var bye *byeError
	var refused *refusedError
	switch {
	case errors.Is(err, ErrSignedOut):
		return 0
	case errors.As(err, &bye):
		return s.backoff.within(bye.interval())
	case errors.As(err, &refused) && refused.retryAfter > 0:
		return s.backoff.after(refused.retryAfter)
	default:
		return s.backoff.next()
	}
}

// wait lets d pass, or until someone is in a hurry.
func (s *Subscriber) wait(ctx context.Context, d time.Duration, handle func(Event)) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-timer.C:
			return nil
		case <-s.poked:
			s.report(handle, s.takeDropped()...)
			s.mu.Lock()
			wake := s.orders.wake
			s.mu.Unlock()
			if wake {
				return nil
			}
		}
	}
}

func (s *Subscriber) report(handle func(Event), events ...Event) {
	for _, e := range events {
		handle(e)
	}
}

func (s *Subscriber) poke() {
	select {
	case s.poked <- struct{}{}:
	default:
	}
}

// TokensChanged says that Config.Tokens has other tokens to give: after login, when
// they were renewed, on joining or leaving a call. An open session goes on with them.
// It also ends what [Subscriber.SignOut] began.
func (s *Subscriber) TokensChanged() {
	s.mu.Lock()
	s.orders.tokens, s.orders.signedOut, s.orders.wake = true, false, true
	s.mu.Unlock()
	s.poke()
}

// Wake makes a Subscriber that waits connect at once: the network is back, or the
// user is.
func (s *Subscriber) Wake() {
	s.mu.Lock()
	s.orders.wake = true
	s.mu.Unlock()
	s.poke()
}

// SignOut forgets the ticket and every notice that is not for everyone; when it
// returns, they are gone. The session goes on, in the public tier, and Config.Tokens
// is not asked until [Subscriber.TokensChanged]. It blocks while the ticket store
// does; an error is the store's, and then the ticket may still be there.
func (s *Subscriber) SignOut() error {
	s.ticketMu.Lock()
	defer s.ticketMu.Unlock()
	s.mu.Lock()
	s.orders.signOuts++
	s.orders.signedOut, s.orders.tokens, s.orders.wake = true, false, true
	s.orders.acks = nil
	s.orders.dropped = append(s.orders.dropped, s.feed.signOut(s.clock.now())...)
	s.mu.Unlock()
	s.poke()
	return s.tickets.Delete()
}

// Ack tells the node what became of a notice. "received" is told without being
// asked ([Config.NoReceipts]). It is a statistic, sent when the connection allows:
// acks of a session that ends first are lost, as the node would not count them.
func (s *Subscriber) Ack(a wire.Ack) {
	s.mu.Lock()
	if len(s.orders.acks) < maxAcks {
		s.orders.acks = append(s.orders.acks, a)
	}
	s.mu.Unlock()
	s.poke()
}

// Threads are the notices to show now, active or just withdrawn, in the order of
// their Alerts. Nothing of a replay is among them before it is complete. A node whose
// time is more than a day ahead of this machine's hides nothing: what is over by [Subscriber.Now]
// is to be marked, "may have ended".
func (s *Subscriber) Threads() []notice.Thread {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.clock.ended()
	var shown []notice.Thread
	for _, t := range s.feed.board.Threads() {
		if t.Phase(now) != notice.Over {
			shown = append(shown, t)
		}
	}
	return shown
}

// Thread returns the thread whose Alert has that identifier, also if it is over.
func (s *Subscriber) Thread(identifier string) (notice.Thread, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.feed.board.Thread(identifier)
}

// Contacts are the contact cards that hold, or nil. Not to be changed.
func (s *Subscriber) Contacts() *notice.Contacts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.feed.board.Contacts()
}

// Keyset is the keyset in force, or nil before the first. Not to be changed. One
// that has expired still holds; what it supports is to be marked.
func (s *Subscriber) Keyset() *notice.Keyset {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.feed.board.Keyset()
}

// State is what the Subscriber knows, to be given to another as Config.State.
func (s *Subscriber) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.feed.state(s.clock.now())
}

// Now is the server's time as far as it is known, otherwise this machine's. It is never
// before the sent of a notice that was accepted; heads that fit bound it, where they come;
// and a jump of this machine's clock does not move it.
func (s *Subscriber) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clock.now()
}

// Freshness says how far Threads can be relied on at this moment.
func (s *Subscriber) Freshness() Freshness {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fresh.at(time.Now())
}

// takeDropped returns what SignOut dropped and nobody was told yet.
func (s *Subscriber) takeDropped() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	dropped := s.orders.dropped
	s.orders.dropped = nil
	return dropped
}
