package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"tocsin/broker"
	"tocsin/desk"
	"tocsin/hub"
)

// receipts keeps the counts of this process's hub in the broker's store, under
// "<identifier>.<incarnation>": every process writes records of its own, whose
// counts only grow, so that a retry can't double them and no two writers meet.
// Put is called by one goroutine; Counts by any.
type receipts struct {
	store       *broker.Store
	incarnation string            // of this process; one token
	revisions   map[string]uint64 // of what was written, by key; owned by Put
}

// Put replaces this process's counts of a notice.
func (r *receipts) Put(ctx context.Context, identifier string, counts map[int]hub.Counts) error {
	body, err := json.Marshal(counts)
	if err != nil {
		return fmt.Errorf("encoding the receipts of %s: %w", identifier, err)
	}
	key := identifier + "." + r.incarnation
	revision, err := overwrite(ctx, r.store, key, body, r.revisions[key])
	if err != nil {
		return fmt.Errorf("keeping the receipts of %s: %w", identifier, err)
	}
	r.revisions[key] = revision
	return nil
}

// overwrite writes a record that no other process writes. So a conflict means that an
// earlier write, unconfirmed then, has come through, or that the stream was made anew.
func overwrite(ctx context.Context, store *broker.Store, key string, body []byte, revision uint64) (uint64, error) {
	written, err := store.Put(ctx, key, body, revision)
	if !errors.Is(err, broker.ErrConflict) {
		return written, err
	}
	record, err := store.Get(ctx, key)
	if err != nil && !errors.Is(err, broker.ErrNotFound) {
		return 0, err
	}
	return store.Put(ctx, key, body, record.Revision)
}

// longest is the size in bytes that a hub's record of so many revisions can have: some 81 for
// each with counts of seven digits, and a few that the desk has not heard of. Whoever has an
// edge's key can write longer ones.
func longest(revisions int) int { return 256 + 128*revisions }

// Counts sums what all processes have counted, by revision from 0 to below revisions.
func (r *receipts) Counts(ctx context.Context, identifier string, revisions int) ([]desk.Counts, error) {
	records, err := r.store.ListUnder(ctx, identifier)
	if err != nil {
		return nil, deskError(err)
	}
	sums := make(map[int]desk.Counts)
	for _, record := range records {
		var counts map[string]hub.Counts
		if len(record.Body) > longest(revisions) || json.Unmarshal(record.Body, &counts) != nil {
			continue // not written by a hub; receipts are statistics
		}
		for text, c := range counts {
			if revision, err := strconv.Atoi(text); err == nil && revision >= 0 && revision < revisions {
				sums[revision] = sum(sums[revision], revision, c)
			}
		}
	}
	var out []desk.Counts
	for _, revision := range slices.Sorted(maps.Keys(sums)) {
		out = append(out, sums[revision])
	}
	return out, nil
}

func sum(to desk.Counts, revision int, c hub.Counts) desk.Counts {
	return desk.Counts{
		Revision: revision, Sent: to.Sent + c.Sent, Received: to.Received + c.Received,
		Displayed: to.Displayed + c.Displayed, Confirmed: to.Confirmed + c.Confirmed,
	}
}
