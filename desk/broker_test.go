package desk_test

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"tocsin/broker"
	"tocsin/desk"
	"tocsin/notice"
)

// What fits a broker to a desk. cmd/tocsin has the same.

type deskLog struct{ b *broker.Broker }

func (l deskLog) Append(ctx context.Context, subject string, body []byte, after uint64) (uint64, error) {
	seq, err := l.b.Append(ctx, subject, body, after)
	return seq, translate(err)
}

func (l deskLog) Available(ctx context.Context) error { return translate(l.b.Available(ctx)) }

type deskStore struct{ s *broker.Store }

func (s deskStore) Get(ctx context.Context, key string) (desk.Item, error) {
	r, err := s.s.Get(ctx, key)
	return item(r), translate(err)
}

func (s deskStore) List(ctx context.Context) ([]desk.Item, error) {
	records, err := s.s.List(ctx)
	var items []desk.Item
	for _, r := range records {
		items = append(items, item(r))
	}
	return items, translate(err)
}

func (s deskStore) Put(ctx context.Context, key string, body []byte, revision uint64) (uint64, error) {
	written, err := s.s.Put(ctx, key, body, revision)
	return written, translate(err)
}

func (s deskStore) Delete(ctx context.Context, key string, revision uint64) error {
	return translate(s.s.Delete(ctx, key, revision))
}

func item(r broker.Record) desk.Item {
	return desk.Item{Key: r.Key, Body: r.Body, Revision: r.Revision}
}

func translate(err error) error {
	for _, pair := range []struct{ from, to error }{
		{broker.ErrConflict, desk.ErrConflict},
		{broker.ErrNotFound, desk.ErrNotFound},
		{broker.ErrUnavailable, desk.ErrUnavailable},
		{broker.ErrFull, desk.ErrUnavailable},
		{broker.ErrTooLarge, desk.ErrUnavailable},
	} {
		if errors.Is(err, pair.from) {
			return fmt.Errorf("%w: %w", pair.to, err)
		}
	}
	return err
}

// follower hands the log to a desk, unless a test holds the gate.
type follower struct {
	d    *desk.Desk
	gate *sync.Mutex
}

func (f follower) Begin(epoch string)     { f.d.Begin(epoch) }
func (f follower) Source(s broker.Source) { f.d.Source(desk.Source(s)) }

func (f follower) Entry(e notice.Entry) {
	f.gate.Lock()
	defer f.gate.Unlock()
	f.d.Entry(e)
}
