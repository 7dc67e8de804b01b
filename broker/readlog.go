package broker

import (
	"context"
	"errors"
	"fmt"
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
	// shortReads is how often a read must end before the log does for that to be believed.
	shortReads = 2
)

// Progress is told how far some long work is. It is called often, and must be quick.
type Progress func(done, last uint64)

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
	r, err := b.readBy(ctx, ask, nil, c.Epoch, c.top()+1) // no hints: it reads to the end that it knows
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
