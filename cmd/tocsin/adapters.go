package main

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"

	"tocsin/auth"
	"tocsin/broker"
	"tocsin/desk"
	"tocsin/hub"
	"tocsin/notice"
)

// deskLog is the broker's log as the desk wants it: its errors told apart by
// whether anything can have been written.
type deskLog struct{ broker *broker.Broker }

func (l deskLog) Append(ctx context.Context, subject string, body []byte, after uint64) (uint64, error) {
	seq, err := l.broker.Append(ctx, subject, body, after)
	return seq, deskError(err)
}

func (l deskLog) Available(ctx context.Context) error { return l.broker.Available(ctx) }

// deskError names what the desk decides upon. Any other error of a write leaves
// its fate unknown.
func deskError(err error) error {
	switch {
	case errors.Is(err, broker.ErrConflict):
		return fmt.Errorf("%w: %w", desk.ErrConflict, err)
	case errors.Is(err, broker.ErrNotFound):
		return fmt.Errorf("%w: %w", desk.ErrNotFound, err)
	case errors.Is(err, broker.ErrUnavailable), errors.Is(err, broker.ErrFull), errors.Is(err, broker.ErrTooLarge):
		return fmt.Errorf("%w: %w", desk.ErrUnavailable, err)
	}
	return err
}

// proposals keeps what waits for signatures in the broker's store.
type proposals struct{ store *broker.Store }

func (p proposals) Get(ctx context.Context, key string) (desk.Item, error) {
	r, err := p.store.Get(ctx, key)
	return itemOf(r), deskError(err)
}

func (p proposals) List(ctx context.Context) ([]desk.Item, error) {
	records, err := p.store.List(ctx)
	if err != nil {
		return nil, deskError(err)
	}
	items := make([]desk.Item, len(records))
	for i, r := range records {
		items[i] = itemOf(r)
	}
	return items, nil
}

func (p proposals) Put(ctx context.Context, key string, body []byte, revision uint64) (uint64, error) {
	revision, err := p.store.Put(ctx, key, body, revision)
	return revision, deskError(err)
}

func (p proposals) Delete(ctx context.Context, key string, revision uint64) error {
	return deskError(p.store.Delete(ctx, key, revision))
}

func itemOf(r broker.Record) desk.Item {
	return desk.Item{Key: r.Key, Body: r.Body, Revision: r.Revision}
}

// hubFollower and deskFollower hand the log on; only the type of Source differs.
type hubFollower struct{ *hub.Hub }

func (f hubFollower) Source(s broker.Source) { f.Hub.Source(hub.Source(s)) }

type deskFollower struct{ *desk.Desk }

func (f deskFollower) Source(s broker.Source) { f.Desk.Source(desk.Source(s)) }

// audience says whether anyone can have a label: a cohort of that name is there, or an
// issuer can prove it. A desk that was told of no issuers can't know the latter, and
// believes the author.
func audience(issuers []auth.IssuerConfig, cohort func(name string) bool) func(notice.Label) bool {
	return func(l notice.Label) bool {
		if l.Kind() == notice.KindCohort {
			return cohort(l.Value())
		}
		if len(issuers) == 0 {
			return true
		}
		for _, i := range issuers {
			if provable(i, l) {
				return true
			}
		}
		return l.Kind() == notice.KindSubject // made by the edge for whoever logs in
	}
}

func provable(i auth.IssuerConfig, l notice.Label) bool {
	if _, ok := i.Labels[l.Kind()]; !ok {
		return false
	}
	return i.Allowed == nil || slices.ContainsFunc(i.Allowed[l.Kind()], func(pattern string) bool {
		ok, _ := path.Match(pattern, l.Value()) // auth.New has checked the patterns
		return ok
	})
}
