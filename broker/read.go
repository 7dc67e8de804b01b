package broker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

const (
	// readHeartbeat makes the server say, while it has nothing to deliver, that it is
	// still there; two missed ones end the reader.
	readHeartbeat = time.Second
	// readIdle is how long the server keeps the consumer of a reader that vanished.
	readIdle = 30 * time.Second
	// readAhead bounds the messages in flight: 16 MiB of the largest.
	readAhead = 128
	// scanIdle is how long a scan waits for a message before it asks whether there
	// are any left (those that it waits for may have been deleted).
	scanIdle = time.Second
)

var errMissedDelivery = errors.New("a delivery from the broker was lost")

// message is one stored message.
type message struct {
	subject string
	seq     uint64
	pending uint64 // how many were behind it when it was delivered
	body    []byte
	time    time.Time
}

// reader delivers a stream's messages in order, from a place on.
//
// It is one ordered consumer (ephemeral, in memory, without acknowledgements, its
// delivery sequence checked), but not jetstream.OrderedConsumer. That one repairs
// itself: when its consumer is lost it makes another from its own position, with a
// patience that no context ends, and does not notice that the stream is another one
// by then, or shorter. Here any trouble ends the reader, and whoever wants to go on
// looks first at what the stream is now.
type reader struct {
	messages chan message
	failed   chan error // receives one error, after the last message
	pending  uint64     // what was to be read when it began
	consumer jetstream.Consumer
	stop     func()
}

// read begins to read stream at sequence from, only the subjects named if any are.
// The caller stops the reader; ctx ends it too.
func (b *Broker) read(ctx context.Context, stream string, from uint64, subjects ...string) (*reader, error) {
	return b.consume(ctx, stream, jetstream.ConsumerConfig{
		DeliverPolicy:  jetstream.DeliverByStartSequencePolicy,
		OptStartSeq:    max(from, 1),
		FilterSubjects: subjects,
	})
}

// consume begins to read stream from where config says; the rest of config is the same
// for every reader.
func (b *Broker) consume(ctx context.Context, stream string, config jetstream.ConsumerConfig) (*reader, error) {
	asking, done, err := b.link.within(ctx, requestTimeout)
	if err != nil {
		return nil, err
	}
	defer done()
	config.AckPolicy = jetstream.AckNonePolicy
	config.InactiveThreshold = readIdle
	config.MemoryStorage = true
	config.Replicas = 1
	consumer, err := b.js.CreateConsumer(asking, stream, config)
	if err != nil {
		return nil, fmt.Errorf("making a consumer of %s: %w", stream, err)
	}
	iterator, err := consumer.Messages(
		jetstream.PullMaxMessages(readAhead), jetstream.PullHeartbeat(readHeartbeat))
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", stream, err)
	}

	r := &reader{
		messages: make(chan message),
		failed:   make(chan error, 1),
		pending:  consumer.CachedInfo().NumPending,
		consumer: consumer,
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	wg.Go(func() { r.failed <- fmt.Errorf("reading %s: %w", stream, r.run(ctx, iterator)) })
	r.stop = func() {
		cancel()
		iterator.Stop()
		wg.Wait()
		b.dropConsumer(ctx, stream, consumer)
	}
	return r, nil
}

// run returns why it ended.
func (r *reader) run(ctx context.Context, iterator jetstream.MessagesContext) error {
	for delivery := uint64(1); ; delivery++ {
		msg, err := iterator.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		meta, err := msg.Metadata()
		if err != nil {
			return err
		}
		if meta.Sequence.Consumer != delivery {
			return errMissedDelivery
		}
		m := message{
			subject: msg.Subject(), seq: meta.Sequence.Stream, pending: meta.NumPending,
			body: msg.Data(), time: meta.Timestamp,
		}
		select {
		case r.messages <- m:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// dropConsumer is a courtesy to the server, which would keep it for readIdle.
func (b *Broker) dropConsumer(ctx context.Context, stream string, consumer jetstream.Consumer) {
	ctx, done, err := b.link.within(context.WithoutCancel(ctx), time.Second)
	if err != nil {
		return
	}
	defer done()
	if err := b.js.DeleteConsumer(ctx, stream, consumer.CachedInfo().Name); err != nil {
		b.log.Debug("dropping a consumer", "stream", stream, "error", err)
	}
}

// scan calls each for what stream holds now, in order, and returns when all was read.
func (b *Broker) scan(ctx context.Context, stream string, each func(message), subjects ...string) error {
	r, err := b.read(ctx, stream, 1, subjects...)
	if err != nil {
		return err
	}
	return b.drain(ctx, stream, r, each)
}

// drain calls each for all that a reader has still to deliver, and stops it.
func (b *Broker) drain(ctx context.Context, stream string, r *reader, each func(message)) (err error) {
	defer r.stop()
	left := r.pending
	idle := time.NewTimer(scanIdle)
	defer idle.Stop()
	for left > 0 {
		idle.Reset(scanIdle)
		select {
		case m := <-r.messages:
			each(m)
			left = m.pending
		case err := <-r.failed:
			return err
		case <-idle.C:
			if left, err = b.pending(ctx, r); err != nil {
				return fmt.Errorf("reading %s: %w", stream, err)
			}
		}
	}
	return nil
}

// pending asks how much the reader has still to deliver. What is already on its way
// is not counted, so the answer can be too low only while messages arrive; a scan
// asks when none have for a while.
func (b *Broker) pending(ctx context.Context, r *reader) (uint64, error) {
	ctx, done, err := b.link.within(ctx, requestTimeout)
	if err != nil {
		return 0, err
	}
	defer done()
	info, err := r.consumer.Info(ctx)
	if err != nil {
		return 0, err
	}
	return info.NumPending, nil
}
