package desk

import (
	"context"
	"fmt"
	"time"
)

const (
	// maxProposals bounds what waits of one owner, since all owners share the store. A
	// desk lets no more in; what others let in it counts after countFor at the latest.
	maxProposals = 100
	// maxWithdrawn bounds what one owner has proposed and taken back within a day, since
	// the store remembers it. No person does; a program in a loop would.
	maxWithdrawn = 1000
	// countFor is how long a count is good, so that not every new proposal has the
	// whole store read. Nobody is refused by an old count.
	countFor = 5 * time.Second
)

// room counts the proposals that wait, by owner.
type room struct {
	turn chan struct{} // held from the count until what it let in is kept; guards the rest

	counts    map[string]int
	withdrawn map[string]int
	at        time.Time // of both; zero: never counted
}

func newRoom() room { return room{turn: make(chan struct{}, 1)} }

// takeRoom refuses a proposal too many of one owner. The caller calls done once the
// proposal is kept, or is not. A store that can't be listed just now stops nobody: what
// it is to be guarded from takes longer.
func (d *Desk) takeRoom(ctx context.Context, proposer string) (done func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, d.config.publishTimeout())
	defer cancel()
	r := &d.room
	select {
	case r.turn <- struct{}{}:
	case <-ctx.Done():
		d.metrics.busy.Inc()
		return nil, errTooMany
	}
	done = func() { <-r.turn }
	age := d.now().Sub(r.at)
	known := age >= 0 && age < countFor && r.counts[proposer] < maxProposals && r.withdrawn[proposer] < maxWithdrawn
	if !known && d.count(ctx) != nil {
		return done, nil
	}
	if n := r.withdrawn[proposer]; n >= maxWithdrawn {
		done()
		return nil, errTooMany.with(fmt.Sprintf("%d proposals of %s were withdrawn within a day", n, proposer)).after(time.Hour)
	}
	if n := r.counts[proposer]; n >= maxProposals {
		done()
		return nil, errTooMany.with(fmt.Sprintf("%d proposals of %s wait already", n, proposer)).after(time.Minute)
	}
	r.counts[proposer]++ // should it not be kept after all, the next count mends it
	return done, nil
}

// count counts anew. The caller holds the turn.
func (d *Desk) count(ctx context.Context) error {
	at := d.now()
	all, withdrawn, err := d.all(ctx)
	if err != nil {
		return err
	}
	d.room.at, d.room.counts, d.room.withdrawn = at, make(map[string]int), withdrawn
	for _, p := range all {
		d.room.counts[p.stored.Proposer]++
	}
	return nil
}
