package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"tocsin/broker"
	"tocsin/desk"
	"tocsin/hub"
)

const (
	// audiencePrefix is where edges say who is connected to them, among the receipts,
	// which they may write: "sessions.<incarnation>".
	audiencePrefix = "sessions"
	// audienceLife is how long that holds without being repeated; an edge that died is
	// no longer counted then. Edges repeat it in half the time.
	audienceLife = 30 * time.Second
)

// audiences keeps who is connected to this process's hub in the broker's store, and sums
// what all have there. Put and Remove are called by one goroutine; Audience by any.
type audiences struct {
	store    *broker.Store
	key      string
	life     time.Duration // audienceLife, but in tests
	revision uint64        // of what Put wrote last; 0: nothing

	mu    sync.Mutex               // guards known; not held while the broker is asked
	known map[string]broker.Record // what was read, as long as it holds
}

func newAudiences(store *broker.Store, incarnation string) *audiences {
	return &audiences{store: store, key: audiencePrefix + "." + incarnation, life: audienceLife, known: make(map[string]broker.Record)}
}

// Put replaces this process's audience.
func (s *audiences) Put(ctx context.Context, a hub.Audience) error {
	body, err := encodeAudience(a)
	if err != nil {
		return fmt.Errorf("encoding the audience: %w", err)
	}
	revision, err := overwrite(ctx, s.store, s.key, body, s.revision)
	if err != nil {
		return fmt.Errorf("keeping the audience: %w", err)
	}
	s.revision = revision
	return nil
}

// encodeAudience leaves <, > and & as they are: hubs count on what a label takes.
func encodeAudience(a hub.Audience) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(a)
	return b.Bytes(), err
}

// Remove takes it back.
func (s *audiences) Remove(ctx context.Context) error {
	if s.revision == 0 {
		return nil
	}
	return s.store.Delete(ctx, s.key, s.revision)
}

// Audience sums what all processes said within its life, by the broker's clock.
func (s *audiences) Audience(ctx context.Context) (desk.Audience, error) {
	records, now, err := s.store.Recent(ctx, audiencePrefix, s.life)
	if err != nil {
		return desk.Audience{}, deskError(err)
	}
	var all []hub.Audience
	for _, record := range s.take(records, now) {
		var a hub.Audience
		if json.Unmarshal(record.Body, &a) == nil { // else not written by a hub
			all = append(all, a)
		}
	}
	sum := hub.SumAudiences(all)
	return desk.Audience{
		Nodes: len(all), Sessions: sum.Sessions, ByTier: sum.ByTier, BySurface: sum.BySurface, ByLabel: sum.ByLabel,
	}, nil
}

// take adds what was read to what was known, since one read may miss a record that is
// being replaced, and returns what holds.
func (s *audiences) take(records []broker.Record, now time.Time) (holds []broker.Record) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range records {
		if r.Revision > s.known[r.Key].Revision {
			s.known[r.Key] = r
		}
	}
	for key, r := range s.known {
		switch {
		case now.Sub(r.Time) >= s.life:
			delete(s.known, key)
		case len(r.Body) > 0: // else it was taken back
			holds = append(holds, r)
		}
	}
	return holds
}
