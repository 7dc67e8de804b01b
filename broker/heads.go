package broker

import (
	"context"
	"errors"
	"fmt"

	"github.com/nats-io/nats.go"

	"tocsin/notice"
)

const (
	// SubjectHead carries the heads that desks sign. No stream keeps it: a head that was
	// missed is followed by another.
	SubjectHead = "tocsin.head"
	// maxHeads bounds the heads that wait for a subscriber; further ones are lost.
	maxHeads = 16
)

// PublishHead hands a signed head of at most [notice.MaxHead] bytes to everybody who
// follows heads now. It does not wait, and nil does not mean that anybody got it; of its
// errors, those that wrap ErrUnavailable say that nothing was sent.
func (b *Broker) PublishHead(head []byte) error {
	if len(head) > notice.MaxHead {
		return fmt.Errorf("publishing a head: %w", ErrTooLarge)
	}
	if up, _ := b.link.state(); !up {
		return fmt.Errorf("publishing a head: %w: %w", ErrUnavailable, errDisconnected)
	}
	if err := b.conn.Publish(SubjectHead, head); err != nil {
		return fmt.Errorf("publishing a head: %w: %w", ErrUnavailable, err)
	}
	return nil
}

// FollowHeads hands on what is published as heads, one at a time, until ctx ends (then it
// returns nil) or the Broker is closed ([ErrClosed]). Nothing about them has been
// checked. What is published while the connection is lost is not handed on.
func (b *Broker) FollowHeads(ctx context.Context, each func(head []byte)) error {
	heads := make(chan *nats.Msg, maxHeads)
	sub, err := b.conn.ChanSubscribe(SubjectHead, heads)
	if errors.Is(err, nats.ErrConnectionClosed) {
		return ErrClosed
	}
	if err != nil {
		return fmt.Errorf("following heads: %w", err)
	}
	defer func() { _ = sub.Unsubscribe() }() // the connection may be gone
	for {
		select {
		case m := <-heads:
			each(m.Data)
		case <-ctx.Done():
			return nil
		case <-b.closed:
			return ErrClosed
		}
	}
}
