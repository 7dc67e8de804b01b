package broker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// message is one stored message.
type message struct {
	subject string
	seq     uint64
	pending uint64 // of a reader: 0 if none was behind it; how many, it does not know
	body    []byte
	time    time.Time
}

// lookup names one message of a stream. It is all that Tocsin asks a stream for: a
// consumer would need the right to have the server send to subjects of one's choice
// (docs/adr/0012).
type lookup struct {
	Seq   uint64     `json:"seq,omitempty"`          // this one; with Next, or the first after it
	Next  string     `json:"next_by_subj,omitempty"` // the first on these subjects
	Start *time.Time `json:"start_time,omitempty"`   // with Next: not written before
	Last  string     `json:"last_by_subj,omitempty"` // the last one on this subject
}

const (
	// errCodeNoMessage is the server's answer to a lookup that finds nothing.
	errCodeNoMessage jetstream.ErrorCode = 10037
	anySubject                           = ">"
)

// fetch asks the stream's leader for one message, so that what was confirmed before is
// there. ctx bounds it; the caller holds it within the connection's life.
func (b *Broker) fetch(ctx context.Context, stream string, which lookup) (message, bool, error) {
	question, err := json.Marshal(which)
	if err != nil {
		return message{}, false, err
	}
	msg, err := b.conn.RequestWithContext(ctx, "$JS.API.STREAM.MSG.GET."+stream, question)
	if err != nil {
		return message{}, false, fmt.Errorf("reading %s: %w", stream, err)
	}
	var answer struct {
		Error   *jetstream.APIError `json:"error"`
		Message *struct {
			Subject string    `json:"subject"`
			Seq     uint64    `json:"seq"`
			Data    []byte    `json:"data"`
			Time    time.Time `json:"time"`
		} `json:"message"`
	}
	err = json.Unmarshal(msg.Data, &answer)
	m := answer.Message
	switch {
	case err != nil:
		return message{}, false, fmt.Errorf("reading %s: %w", stream, err)
	case answer.Error != nil && answer.Error.ErrorCode == errCodeNoMessage:
		return message{}, false, nil
	case answer.Error != nil:
		return message{}, false, fmt.Errorf("reading %s: %w", stream, answer.Error)
	case m == nil:
		return message{}, false, fmt.Errorf("reading %s: %w", stream, errors.New("an answer without a message"))
	}
	return message{subject: m.Subject, seq: m.Seq, body: m.Data, time: m.Time}, true, nil
}

// scan calls each for what stream holds now on these subjects from a place on, in order.
func (b *Broker) scan(ctx context.Context, stream, subjects string, from lookup, each func(message)) error {
	from.Next = subjects
	for {
		m, found, err := b.fetchWithin(ctx, stream, from)
		if err != nil || !found {
			return err
		}
		each(m)
		from = lookup{Seq: m.seq + 1, Next: subjects}
	}
}

// fetchWithin is fetch, for one question by itself.
func (b *Broker) fetchWithin(ctx context.Context, stream string, which lookup) (message, bool, error) {
	ctx, done, err := b.link.within(ctx, requestTimeout)
	if err != nil {
		return message{}, false, err
	}
	defer done()
	return b.fetch(ctx, stream, which)
}

// watchGrowth returns a channel that gets a token after the log grew. It is a hint: one
// may be lost, and anything may make one.
func (b *Broker) watchGrowth() (<-chan struct{}, func(), error) {
	grown := make(chan struct{}, 1)
	sub, err := b.conn.Subscribe(subjectGrown, func(*nats.Msg) {
		select {
		case grown <- struct{}{}:
		default:
		}
	})
	if err != nil {
		return nil, nil, fmt.Errorf("listening for growth: %w", err)
	}
	return grown, func() { _ = sub.Unsubscribe() }, nil
}
