package broker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tocsin/notice"
)

const (
	// readTries is how often in a row a copying reader may get nowhere: with the pauses
	// between, longer than an election takes.
	readTries = 12
	readPause = time.Second
	// copyIdle is how long it waits for an entry that is due before it asks again from
	// where it stands: the entry may have been deleted meanwhile.
	copyIdle = 2 * time.Second
	// copyPasses is how often a log with holes is read. One leader may lack what the next
	// has; and what is redacted meanwhile is explained further on.
	copyPasses = 3
	// shortReads is how often a read must end before the log does for that to be believed.
	shortReads = 2
)

// Progress is told how far some long work is. It is called often, and must be quick.
type Progress func(done, last uint64)

// Backup reads the log up to its present end, and verifies it against the pinned roots
// of the Config. The rights of an edge suffice. What is redacted is left out, and a log
// with holes is read as it is: the review says so.
func (b *Broker) Backup(ctx context.Context, progress Progress) (*Copy, *Review, error) {
	c, err := b.ReadLog(ctx, progress)
	if err != nil {
		return nil, nil, err
	}
	review := c.Review(b.config.Trust, b.config.AllowDev)
	for pass := 1; len(review.Missing) > 0 && pass < copyPasses; pass++ {
		again, err := b.ReadLog(ctx, progress)
		if err != nil {
			return nil, nil, err
		}
		if again.Epoch != c.Epoch {
			return nil, nil, errReplaced
		}
		c.add(again)
		review = c.Review(b.config.Trust, b.config.AllowDev)
	}
	c.drop(review.Due)
	return c, review, nil
}

// add fills the empty places of c from a later copy of the same log.
func (c *Copy) add(later *Copy) {
	entries := slices.Concat(c.Entries, later.Entries)
	slices.SortStableFunc(entries, func(a, b notice.Entry) int { return cmp.Compare(a.Seq, b.Seq) })
	c.Entries = slices.CompactFunc(entries, func(a, b notice.Entry) bool { return a.Seq == b.Seq })
	c.Last, c.Time = max(c.Last, later.Last), later.Time
}

// drop empties places.
func (c *Copy) drop(seqs []uint64) {
	c.Entries = slices.DeleteFunc(c.Entries, func(e notice.Entry) bool { return slices.Contains(seqs, e.Seq) })
}

// ReadLog reads all that the log holds, up to the end that it has now. It survives what
// a follower survives, for some time; that the log is replaced meanwhile is an error.
func (b *Broker) ReadLog(ctx context.Context, progress Progress) (*Copy, error) {
	return b.readLog(ctx, progress, b.logState)
}

// readLog reads the log whose state that is.
func (b *Broker) readLog(ctx context.Context, progress Progress, state func(context.Context) (logState, error)) (*Copy, error) {
	c := &Copy{}
	var why error
	short := 0 // how often in a row it ended before the log did
	for tries := 0; tries < readTries; tries++ {
		if tries > 0 && !b.sleep(ctx, readPause) {
			break
		}
		before := c.top()
		if why = b.readOn(ctx, c, progress, state); why == nil {
			if short++; c.top() >= c.Last || short == shortReads {
				break // the end of it is empty
			}
			why = errStuck // a leader just elected may lag behind
		}
		if errors.Is(why, errReplaced) || b.ended(ctx) {
			break
		}
		if c.top() > before {
			tries, short = 0, 0
		}
		b.log.Debug("reading the log", "error", why, "sequence", c.top())
	}
	if err := ctx.Err(); err != nil {
		why = err
	}
	if why != nil {
		return nil, fmt.Errorf("reading the log: %w", why)
	}
	return c, nil
}

// readOn reads on from where c ends, until nothing is left.
func (b *Broker) readOn(ctx context.Context, c *Copy, progress Progress, ask func(context.Context) (logState, error)) error {
	state, err := ask(ctx)
	switch {
	case err != nil:
		return err
	case c.Epoch == "":
		c.Epoch, c.Last, c.Time = state.epoch, state.last, state.asked
	case c.Epoch != state.epoch, state.last < c.Last:
		return errReplaced
	}
	r, err := b.readBy(ctx, ask, c.Epoch, c.top()+1)
	if err != nil {
		return err
	}
	defer r.stop()
	idle := time.NewTimer(copyIdle)
	defer idle.Stop()
	for left := r.pending; left > 0 && c.top() < c.Last; {
		idle.Reset(copyIdle)
		select {
		case m := <-r.messages:
			if m.seq <= c.top() {
				return errSkipped
			}
			if left = m.pending; m.seq > c.Last {
				continue
			}
			c.Entries = append(c.Entries, notice.Entry{Seq: m.seq, Subject: m.subject, Body: m.body, Time: m.time})
			if progress != nil {
				progress(m.seq, c.Last)
			}
		case err := <-r.failed:
			return err
		case <-idle.C:
			return errStuck
		}
	}
	return nil
}

// Reachable waits until there is a connection. An error says that ctx ended before.
func (b *Broker) Reachable(ctx context.Context) error {
	if err := b.link.wait(ctx); err != nil {
		return fmt.Errorf("%w: no server answers, or none lets this user in: %w", ErrUnavailable, err)
	}
	return nil
}
