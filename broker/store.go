package broker

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"
)

// Record is one key's value at one revision.
type Record struct {
	Key  string
	Body []byte
	// Revision rises with every write to the store; it is what [Store.Put] compares.
	Revision uint64
	// Time is when it was written, by the broker's clock.
	Time time.Time
}

// Store keeps the newest record of each key in a stream beside the log. It is safe
// for concurrent use, by several processes too.
//
// A key is one or more tokens of visible ASCII joined by dots; "*" and ">" are not
// allowed in it.
type Store struct {
	b      *Broker
	stream string
	prefix string
	most   int   // of records in one list
	bytes  int64 // of their bodies
}

const (
	// edgePayload is the largest message that deploy/nats lets an edge send, headers included: the
	// server ends the connection of one who sends more.
	edgePayload    = 64 << 10
	maxReceiptBody = edgePayload - 1<<10
)

// Store returns the store that a stream holds: [StreamDesk] or [StreamReceipts]. It
// panics on any other name.
func (b *Broker) Store(stream string) *Store {
	switch stream {
	case StreamDesk:
		return &Store{b: b, stream: stream, prefix: deskPrefix, most: maxRecords, bytes: maxProposals}
	case StreamReceipts:
		return &Store{b: b, stream: stream, prefix: receiptsPrefix, most: maxRecords, bytes: maxReceipts}
	}
	panic("broker: no store is kept in stream " + stream)
}

// Put writes key's record if its revision still is the one given, and returns the new
// revision. 0 stands for a key that has no record: never written, deleted, or lapsed.
// The errors are those of [Broker.Append]; after [ErrUnconfirmed], Get tells.
func (s *Store) Put(ctx context.Context, key string, body []byte, revision uint64) (uint64, error) {
	if err := checkBody(body); err != nil {
		return 0, fmt.Errorf("storing %s: %w", key, err)
	}
	if s.stream == StreamReceipts && len(body) > maxReceiptBody {
		return 0, fmt.Errorf("storing %s: %w: %d bytes, at most %d", key, ErrTooLarge, len(body), maxReceiptBody)
	}
	written, err := s.put(ctx, key, body, revision)
	if errors.Is(err, ErrConflict) && revision == 0 {
		// A tombstone is no record, and yet the stream's last message for the key.
		last, found, getErr := s.last(ctx, key)
		if getErr == nil && found && len(last.Body) == 0 {
			written, err = s.put(ctx, key, body, last.Revision)
		}
	}
	if err != nil {
		return 0, fmt.Errorf("storing %s: %w", key, err)
	}
	return written, nil
}

// Delete removes key's record if its revision still is the one given. What remains is
// an empty message, a tombstone, so that a delayed Put conflicts with it.
func (s *Store) Delete(ctx context.Context, key string, revision uint64) error {
	if _, err := s.put(ctx, key, nil, revision); err != nil {
		return fmt.Errorf("deleting %s: %w", key, err)
	}
	return nil
}

func (s *Store) put(ctx context.Context, key string, body []byte, revision uint64) (uint64, error) {
	subject, err := s.subject(key)
	if err != nil {
		return 0, err
	}
	return s.b.write(ctx, s.stream, subject, body, jetstream.ExpectedLastSubjSeqHeader, revision)
}

// Get returns key's record, or [ErrNotFound]. It is the leader's answer, so it holds
// every write that was confirmed before. It is asked for some seconds, within ctx;
// [ErrUnavailable] means that there was none.
func (s *Store) Get(ctx context.Context, key string) (Record, error) {
	record, found, err := s.last(ctx, key)
	switch {
	case err != nil:
		return Record{}, fmt.Errorf("reading %s: %w", key, err)
	case !found || len(record.Body) == 0:
		return Record{}, fmt.Errorf("reading %s: %w", key, ErrNotFound)
	}
	return record, nil
}

// last returns key's last message, which may be a tombstone.
func (s *Store) last(ctx context.Context, key string) (record Record, found bool, err error) {
	subject, err := s.subject(key)
	if err != nil {
		return Record{}, false, err
	}
	err = s.b.again(ctx, readPatience, func() (err error) {
		record, found, err = s.askLast(ctx, key, subject)
		return err
	})
	return record, found, err
}

func (s *Store) askLast(ctx context.Context, key, subject string) (Record, bool, error) {
	ctx, done, err := s.b.link.within(ctx, requestTimeout)
	if err != nil {
		return Record{}, false, fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	defer done()
	m, found, err := s.b.fetch(ctx, s.stream, lookup{Last: subject})
	if err != nil || !found {
		return Record{}, false, unavailable(err)
	}
	return Record{Key: key, Body: m.body, Revision: m.seq, Time: m.time}, true, nil
}

// List returns all records, sorted by key: every one that there was when List was
// called, at that revision or a newer one. It is asked for like Get; [ErrUnavailable]
// means that there was no answer.
func (s *Store) List(ctx context.Context) ([]Record, error) { return s.list(ctx, s.prefix+">") }

// ListUnder is List for the keys that begin with the tokens of prefix and a dot.
func (s *Store) ListUnder(ctx context.Context, prefix string) ([]Record, error) {
	subject, err := s.subject(prefix)
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", s.stream, err)
	}
	return s.list(ctx, subject+".>")
}

func (s *Store) list(ctx context.Context, subjects string) (records []Record, err error) {
	err = s.b.again(ctx, readPatience, func() (err error) {
		records, err = s.askAll(ctx, subjects)
		return err
	})
	return records, err
}

// What is more than hubs leave in one list. A thief of a hub's key can write any number of
// records, and desks should not ask for each, nor hold them all.
const (
	maxRecords   = 20_000
	maxProposals = 64 << 20 // bytes
	maxReceipts  = 16 << 20
)

// askAll reads the record of each key that there is, some at once.
func (s *Store) askAll(ctx context.Context, subjects string) ([]Record, error) {
	keys, err := s.keys(ctx, subjects)
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w: %w", s.stream, ErrUnavailable, err)
	}
	if err := s.bounded(len(keys), 0); err != nil {
		return nil, fmt.Errorf("listing %s: %w: %w", s.stream, ErrUnavailable, err)
	}
	found := make([]Record, len(keys)) // without a body: gone meanwhile, or a tombstone
	var size atomic.Int64
	all, ctx := errgroup.WithContext(ctx)
	all.SetLimit(readAhead)
	for i, key := range keys {
		all.Go(func() (err error) {
			if found[i], _, err = s.askLast(ctx, key, s.prefix+key); err != nil {
				return err
			}
			return unavailable(s.bounded(0, size.Add(int64(len(found[i].Body)))))
		})
	}
	if err := all.Wait(); err != nil {
		return nil, fmt.Errorf("listing %s: %w", s.stream, err)
	}
	records := slices.DeleteFunc(found, func(r Record) bool { return len(r.Body) == 0 })
	slices.SortFunc(records, func(a, b Record) int { return strings.Compare(a.Key, b.Key) })
	return records, nil
}

// bounded is nil if that many records, of so many bytes, are no more than belong in a list.
func (s *Store) bounded(records int, bytes int64) error {
	switch {
	case records > s.most:
		return fmt.Errorf("there are more than %d records: somebody fills the store", s.most)
	case bytes > s.bytes:
		return fmt.Errorf("there are more than %d bytes of records: somebody fills the store", s.bytes)
	}
	return nil
}

// keys are the keys that have a message now, tombstones included. What is no key was not
// written by a hub, and would be a pattern of keys to whoever asks for it.
func (s *Store) keys(ctx context.Context, subjects string) ([]string, error) {
	ctx, done, err := s.b.link.within(ctx, requestTimeout)
	if err != nil {
		return nil, err
	}
	defer done()
	stream, err := s.b.js.Stream(ctx, s.stream)
	if err != nil {
		return nil, err
	}
	info, err := stream.Info(ctx, jetstream.WithSubjectFilter(subjects))
	if err != nil {
		return nil, err
	}
	keys := make([]string, 0, len(info.State.Subjects))
	for subject := range info.State.Subjects {
		if key := strings.TrimPrefix(subject, s.prefix); validSubject(key) {
			keys = append(keys, key)
		}
	}
	return keys, nil
}

// unavailable marks what a question failed by; nil stays nil.
func unavailable(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

func (s *Store) subject(key string) (string, error) {
	if !validSubject(key) {
		return "", fmt.Errorf("broker: %q is not a key", key)
	}
	return s.prefix + key, nil
}
