package broker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats-server/v2/server"
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

// fits tells whether a message can be the answer. Whoever has this hub's key as well can answer
// in the server's place: what stands elsewhere must not pass for what was asked for.
func (l lookup) fits(subject string, seq uint64) bool {
	switch {
	case l.Last != "":
		return subject == l.Last
	case l.Next != "":
		return seq >= l.Seq && server.SubjectMatchesFilter(subject, l.Next)
	}
	return seq == l.Seq
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
	case !which.fits(m.Subject, m.Seq):
		return message{}, false, fmt.Errorf("reading %s: %w", stream, errors.New("an answer to another question"))
	}
	return message{subject: m.Subject, seq: m.Seq, body: m.Data, time: m.Time}, true, nil
}

// scan calls each for what stream holds now on these subjects from a place on, in order,
// until it returns an error.
func (b *Broker) scan(ctx context.Context, stream, subjects string, from lookup, each func(message) error) error {
	from.Next = subjects
	m, found, err := b.fetchWithin(ctx, stream, from)
	if err != nil || !found {
		return err
	}
	if err := each(m); err != nil {
		return err
	}
	for l := b.list(stream, subjects, m.seq+1); ; l.take() {
		m, found, err := l.peek(ctx)
		if err != nil || !found {
			return err
		}
		if err := each(m); err != nil {
			return err
		}
	}
}

// listing reads what a stream holds on some subjects, in order. It asks for several messages
// at once where they stand close together, and for two where they are far between.
type listing struct {
	place
	batch []message
}

// list lists from a place on.
func (b *Broker) list(stream, subjects string, from uint64) *listing {
	return &listing{place: place{b: b, stream: stream, subjects: subjects, next: from, ahead: 1}}
}

// peek returns the next message; found is false at the end.
func (l *listing) peek(ctx context.Context) (m message, found bool, err error) {
	for len(l.batch) == 0 && !l.end {
		l.batch, err = l.askOnce(ctx)
		switch n := len(l.batch); {
		case err != nil && l.ahead > 1: // too much at once, perhaps
			l.ahead = 1
		case err != nil:
			return message{}, false, err
		case n > 0:
			l.next, l.ahead = l.batch[n-1].seq+1, min(2*n, readAhead)
		}
	}
	if len(l.batch) == 0 {
		return message{}, false, nil
	}
	return l.batch[0], true, nil
}

// take goes on to the message after the one that peek returned.
func (l *listing) take() { l.batch = l.batch[1:] }

// fetchWithin is fetch, for one question by itself.
func (b *Broker) fetchWithin(ctx context.Context, stream string, which lookup) (message, bool, error) {
	ctx, done, err := b.link.within(ctx, requestTimeout)
	if err != nil {
		return message{}, false, err
	}
	defer done()
	return b.fetch(ctx, stream, which)
}
