package broker

import "context"

// copyPasses is how often a log with holes is read. One leader may lack what the next
// has; and what is redacted meanwhile is explained further on.
const copyPasses = 3

// doubtPasses is how often a log that can't vouch for its end is asked again: an election
// is no reason for doubt.
const doubtPasses = 4

// Backup reads the log up to its present end, and verifies it against the pinned roots
// of the Config. The rights of an edge suffice. What is redacted is left out, and a log
// with holes is read as it is: the review says so. One whose majority is away is read as
// well, since it may be all that is left: [Copy.Doubt] says so.
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
	c.Doubt = b.doubt(ctx, c)
	for pass := 1; c.Doubt != nil && pass < doubtPasses && b.sleep(ctx, readPause); pass++ {
		c.Doubt = b.doubt(ctx, c)
	}
	return c, review, nil
}

// doubt is why a copy may lack entries that were confirmed before it was made. A leader
// that was cut off from the others answers questions for a while, and does not know what
// they have confirmed since.
func (b *Broker) doubt(ctx context.Context, c *Copy) error {
	state, err := b.logState(ctx)
	switch {
	case err != nil:
		return err
	case state.epoch != c.Epoch:
		return errReplaced
	case state.last < c.Last:
		return errShorter
	}
	return state.degraded
}
