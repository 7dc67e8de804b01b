package broker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// ackTimeout is how long the answer to a write is waited for. A write to a cluster
// takes milliseconds; an election some seconds, and a write rarely survives one.
const ackTimeout = 5 * time.Second

// Append writes one entry, if the log's last sequence still is after, and returns
// its sequence, after+1. It returns once the entry is on stable storage: of this
// machine when embedded, of a majority on a cluster.
//
// subject begins with "tocsin.log."; body is the envelope, verbatim. The errors are
// [ErrConflict], [ErrUnavailable], [ErrUnconfirmed], [ErrFull] and [ErrTooLarge].
// After ErrUnconfirmed, also when ctx ended, only the log itself tells what became
// of the entry: fold forward and look.
func (b *Broker) Append(ctx context.Context, subject string, body []byte, after uint64) (uint64, error) {
	start := time.Now()
	seq, err := b.append(ctx, subject, body, after)
	b.metrics.appended(err, time.Since(start))
	if err != nil {
		return 0, fmt.Errorf("appending to %s: %w", subject, err)
	}
	return seq, nil
}

func (b *Broker) append(ctx context.Context, subject string, body []byte, after uint64) (uint64, error) {
	if !strings.HasPrefix(subject, logPrefix) || !validSubject(subject) {
		return 0, errors.New("broker: not a subject of the log")
	}
	if err := checkBody(body); err != nil {
		return 0, err
	}
	if err := b.Available(ctx); err != nil {
		return 0, err
	}
	// No message id: JetStream's check for duplicates differs between one replica
	// and several. The expected sequence is check enough.
	return b.write(ctx, StreamLog, subject, body, jetstream.ExpectedLastSeqHeader, after)
}

func checkBody(body []byte) error {
	switch {
	case len(body) == 0:
		return errors.New("broker: empty body")
	case len(body) > MaxBody:
		return fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, len(body), MaxBody)
	}
	return nil
}

// write sends one message, once, and waits for the stream's answer. Nothing here
// retries: a second copy could meet the first.
func (b *Broker) write(ctx context.Context, stream, subject string, body []byte, condition string, seq uint64) (uint64, error) {
	msg := &nats.Msg{Subject: subject, Data: body, Header: nats.Header{
		jetstream.ExpectedStreamHeader: {stream},
		condition:                      {strconv.FormatUint(seq, 10)},
	}}
	asking, done, err := b.link.within(ctx, ackTimeout)
	if err == nil {
		defer done()
		err = ctx.Err()
	}
	if err != nil {
		return 0, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	answer, err := b.conn.RequestMsgWithContext(asking, msg)
	if err != nil {
		return 0, b.unanswered(ctx, err)
	}
	return readAck(answer.Data, stream)
}

// unanswered tells what never left this process, or found no stream, from what may
// have been written.
func (b *Broker) unanswered(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, nats.ErrMaxPayload):
		return fmt.Errorf("%w: the server's own limit is lower", ErrTooLarge)
	case errors.Is(err, nats.ErrReconnectBufExceeded), // not connected, and nothing is buffered
		errors.Is(err, nats.ErrNoResponders): // the server knows of no stream for it
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	select {
	case b.suspect <- struct{}{}: // an embedded stream with a write error does not answer
	default:
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return fmt.Errorf("%w: %w", ErrUnconfirmed, err)
}

// The server's error codes for a write (nats-server, server/errors.json).
const (
	codeWrongLastSequence         = 10071
	codeWrongLastSequenceInflight = 10164
	codeTooLarge                  = 10054
	codeStoreFailed               = 10077
	codeInsufficientResources     = 10023
	codeAccountResources          = 10002
	codeStorageResources          = 10047
)

// readAck reads the stream's answer: the sequence, or what its refusal means.
func readAck(answer []byte, stream string) (uint64, error) {
	var ack struct {
		Stream string `json:"stream"`
		Seq    uint64 `json:"seq"`
		Error  *struct {
			Code        int    `json:"err_code"`
			Description string `json:"description"`
		} `json:"error"`
	}
	if err := json.Unmarshal(answer, &ack); err != nil {
		return 0, fmt.Errorf("%w: unreadable answer: %w", ErrUnconfirmed, err)
	}
	if ack.Error == nil {
		if ack.Stream != stream || ack.Seq == 0 {
			return 0, fmt.Errorf("%w: stream %q answered in place of %s", ErrUnconfirmed, ack.Stream, stream)
		}
		return ack.Seq, nil
	}
	reason := fmt.Sprintf("%s (%d)", ack.Error.Description, ack.Error.Code)
	switch ack.Error.Code {
	case codeWrongLastSequence, codeWrongLastSequenceInflight:
		refused := &conflict{reason: reason}
		_, err := fmt.Sscanf(ack.Error.Description, "wrong last sequence: %d", &refused.last)
		refused.told = err == nil
		return 0, refused
	case codeTooLarge:
		return 0, fmt.Errorf("%w: %s", ErrTooLarge, reason)
	case codeInsufficientResources, codeAccountResources, codeStorageResources:
		return 0, fmt.Errorf("%w: %s", ErrFull, reason)
	case codeStoreFailed:
		// Among its causes, a limit refuses beforehand; the others may come after the
		// replicas have agreed.
		if strings.HasPrefix(ack.Error.Description, "maximum ") {
			return 0, fmt.Errorf("%w: %s", ErrFull, reason)
		}
	}
	return 0, fmt.Errorf("%w: %s", ErrUnconfirmed, reason)
}

// conflict is [ErrConflict], with what the stream said.
type conflict struct {
	reason string
	last   uint64 // its last sequence, or that of the subject; writes on their way count
	told   bool   // whether it said last
}

func (c *conflict) Error() string { return ErrConflict.Error() + ": " + c.reason }
func (c *conflict) Unwrap() error { return ErrConflict }

// validSubject is whether s has only tokens of visible ASCII, none of them a wildcard.
func validSubject(s string) bool {
	for token := range strings.SplitSeq(s, ".") {
		if token == "" {
			return false
		}
		for i := range len(token) {
			if c := token[i]; c <= ' ' || c > '~' || c == '*' || c == '>' {
				return false
			}
		}
	}
	return true
}
