package client

import (
	"fmt"
	"time"

	"tocsin/notice"
	"tocsin/wire"
)

// frame applies one frame of the node; nil is one to be ignored. The events hold
// even if there is an error.
func (x *session) frame(f wire.ServerFrame) ([]Event, error) {
	if f == nil {
		return nil, nil
	}
	events, ticket, err := x.apply(f)
	if ticket.Value != "" {
		x.saveTicket(ticket)
	}
	return events, err
}

func (x *session) apply(f wire.ServerFrame) ([]Event, Ticket, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.orders.signOuts != x.signOuts {
		return nil, Ticket{}, ErrSignedOut
	}
	x.fresh.heard = time.Now()
	if w, ok := f.(wire.Welcome); ok {
		return x.welcome(w)
	}
	if !x.welcomed {
		return nil, Ticket{}, fmt.Errorf("%w: no welcome", ErrProtocol)
	}
	var events []Event
	var ticket Ticket
	var err error
	switch f := f.(type) {
	case wire.Auth:
		x.feed.regrant(reachOf(f.Tier, f.Labels))
		ticket = Ticket{Value: f.Ticket, Expires: f.TicketExpires}
		events = []Event{AuthChanged{f}}
	case wire.EntryFrame:
		events, err = x.feed.entry(f)
		x.receipts(events)
	case wire.Synced:
		events, err = x.sync(f)
	case wire.Heartbeat:
		events, err = x.heartbeat(f)
	case wire.Bye:
		return []Event{Bye{f}}, ticket, &byeError{f}
	}
	x.fresh.doubt = x.feed.doubt()
	x.clock.atLeast(x.feed.sent)
	x.expectHeads()
	return x.withFreshness(events), ticket, err
}

// heartbeat, like what precedes and follows, needs the lock.
func (x *session) heartbeat(f wire.Heartbeat) (events []Event, err error) {
	if err = x.feed.reached(f.Cursor); err == nil {
		err = x.heads(f.Head)
	}
	if err := x.setTime(f.ServerTime, f.Source); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	if !x.fresh.heads.refuted() { // or a node that never lets it come to that is tried in a tight loop
		x.backoff.worked()
	}
	if x.feed.complete() {
		events = []Event{Synced{Cursor: f.Cursor}}
	}
	return events, nil
}

// setTime takes what a node says of the time and of itself.
func (x *session) setTime(serverTime time.Time, source wire.Source) error {
	if serverTime.Before(minServerTime) || !serverTime.Before(maxServerTime) {
		return fmt.Errorf("%w: a serverTime before 1970 or after 2096", ErrProtocol)
	}
	x.clock.set(x.feed.heads.bound(serverTime, time.Now(), timeSlack+x.interval))
	x.clock.atLeast(x.feed.sent)
	x.fresh.told(source, x.clock.now())
	return nil
}

// welcome, like what follows, needs the lock.
func (x *session) welcome(w wire.Welcome) ([]Event, Ticket, error) {
	ticket := Ticket{Value: w.Ticket, Expires: w.TicketExpires}
	x.welcomed = true
	x.interval = interval(w.HeartbeatMs)
	x.silence = silence(x.interval)
	x.fresh.silence = x.silence
	if err := x.setTime(w.ServerTime, w.Source); err != nil {
		return nil, ticket, err
	}
	if !x.feed.welcome(w) {
		return nil, ticket, errAgain
	}
	if x.feed.priming() {
		return nil, ticket, nil
	}
	return []Event{Connected{w}}, ticket, nil
}

func (x *session) sync(f wire.Synced) ([]Event, error) {
	events, primed, err := x.feed.sync(f.Cursor)
	x.receipts(events)
	switch {
	case err != nil:
		return events, err
	case primed:
		return nil, errAgain
	}
	if err := x.heads(f.Head); err != nil {
		return events, err
	}
	x.fresh.synced = true
	x.fresh.note(x.clock.now())
	return append(events, Synced{Cursor: f.Cursor}), nil
}

// receipts acknowledges what is on the board now.
func (x *session) receipts(events []Event) {
	if x.config.NoReceipts {
		return
	}
	for _, e := range events {
		changed, ok := e.(NoticeChanged)
		if !ok || len(x.orders.acks) >= maxAcks {
			continue
		}
		switch changed.Change {
		case ChangeNew, ChangeUpdated, ChangeOutdated, ChangeCancelled:
			x.orders.acks = append(x.orders.acks, ackOf(changed.Message, wire.AckReceived))
		}
	}
}

func ackOf(a *notice.Accepted, state wire.AckState) wire.Ack {
	id, _ := a.Notice.ThreadID() // the board took it, so it has one
	return wire.Ack{Identifier: id, Revision: int64(a.Revision), State: state}
}

// Displayed tells the node that a program drew the message ([Subscriber.Ack]).
func (s *Subscriber) Displayed(a *notice.Accepted) { s.Ack(ackOf(a, wire.AckDisplayed)) }

// Confirmed tells the node that somebody confirmed the message ([Subscriber.Ack]).
func (s *Subscriber) Confirmed(a *notice.Accepted) { s.Ack(ackOf(a, wire.AckConfirmed)) }

// withFreshness adds an event if the freshness has changed in kind.
func (s *Subscriber) withFreshness(events []Event) []Event {
	now := s.fresh.at(time.Now())
	if now.Live == s.fresh.last.Live && now.Reason == s.fresh.last.Reason {
		return events
	}
	s.fresh.last = now
	return append(events, FreshnessChanged{now})
}

// disconnected notes the end of a session.
func (s *Subscriber) disconnected() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fresh.synced = false
	s.fresh.heads.leave = time.Time{} // the next node has its own time
	return s.withFreshness(nil)
}

// saveTicket keeps the newest ticket, unless somebody has signed out meanwhile.
func (x *session) saveTicket(t Ticket) {
	x.ticketMu.Lock()
	defer x.ticketMu.Unlock()
	if x.void() {
		return
	}
	if err := x.tickets.Save(t); err != nil {
		x.config.logger().Warn("keeping the ticket", "error", err)
	}
}

// void tells whether SignOut has ended the session.
func (x *session) void() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.orders.signOuts != x.signOuts
}
