package broker

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// checkInterval is how often a follower asks for the log's state. Without asking,
	// a node on a cluster that lost its majority sees no error at all.
	checkInterval = 3 * time.Second
	// liveFor is how long one proof keeps a follower live: that at some moment the log
	// had a leader and a majority, and the follower has since reached the end that it
	// had then.
	liveFor = 5 * time.Second
)

// liveness is what a follower knows of how fresh it is.
type liveness struct {
	source  Source
	expiry  *time.Timer // ends a live source
	target  logState    // the check whose end is yet to be reached; zero if none
	idleAt  uint64      // the position at the latest check
	waiting bool        // at that check an entry was due and had not come
	failure error       // of the latest check
	stuck   bool        // stands before a hole; counted in the metrics
	fresh   bool        // was live in the session under way
}

func newLiveness() liveness {
	expiry := time.NewTimer(liveFor)
	expiry.Stop()
	return liveness{expiry: expiry}
}

// check is the outcome of one question for the log's state.
type check struct {
	state logState
	err   error
	from  uint64 // the follower's position when it was asked
}

// checks asks for the log's state on its own goroutine, one question at a time, so
// that a broker that does not answer holds up no entry.
type checks struct {
	tick    *time.Ticker
	results chan check
	begin   func(from uint64)
	stop    func()
}

func (b *Broker) newChecks(ctx context.Context) *checks {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	free := make(chan struct{}, 1) // holds a token while no question is open
	free <- struct{}{}
	c := &checks{tick: time.NewTicker(checkInterval), results: make(chan check)}
	c.begin = func(from uint64) {
		select {
		case <-free:
		default:
			return
		}
		wg.Go(func() {
			state, err := b.logState(ctx)
			select {
			case c.results <- check{state: state, err: err, from: from}:
				free <- struct{}{}
			case <-ctx.Done():
			}
		})
	}
	c.stop = func() {
		cancel()
		c.tick.Stop()
		wg.Wait()
	}
	return c
}

// checked deals with what a check of the log's state found.
func (f *follow) checked(ctx context.Context, c check) error {
	if errors.Is(c.err, ErrRestoring) {
		return c.err
	}
	if f.failure = c.err; c.err != nil {
		return nil // what was proved before expires by itself
	}
	state := c.state
	switch {
	case state.epoch != f.epoch:
		return errReplaced
	case state.last < c.from:
		return errShorter
	}
	f.source.Head, f.source.Checked = state.last, state.asked
	if state.degraded != nil {
		f.target = logState{}
		f.stale(state.degraded.Error())
		return nil
	}
	if err := f.passIdle(ctx, state); err != nil {
		return err
	}
	if f.seq >= f.target.last || state.asked.Sub(f.target.asked) >= liveFor {
		f.target = state
	}
	if !f.reached() {
		f.to.Source(f.source)
	}
	return nil
}

// passIdle looks why the follower has not moved since the last check although the log
// is longer: either what comes next was deleted, or the broker does not deliver.
func (f *follow) passIdle(ctx context.Context, state logState) error {
	idle := f.seq == f.idleAt && f.seq < state.last
	waited := f.waiting
	if idle {
		if err := f.passHoles(ctx, state.last+1); err != nil {
			return err
		}
	}
	f.waiting = idle && f.seq == f.idleAt
	f.idleAt = f.seq
	if f.waiting && waited {
		return errStuck
	}
	return nil
}

// reached makes the follower live if it stands where the log ended at a check, and has read
// all of that from a leader. It returns whether it told the Follower.
func (f *follow) reached() bool {
	if f.target.asked.IsZero() || f.seq < f.target.last || len(f.taken) > 0 {
		return false
	}
	valid := time.Until(f.target.asked.Add(liveFor))
	f.target = logState{}
	if valid <= 0 {
		return false
	}
	f.setStuck(false)
	f.expiry.Reset(valid)
	if !f.source.Live {
		f.source.Live, f.source.Reason, f.source.Since = true, "", time.Now()
		f.fresh = true
		f.b.metrics.live.Inc()
		f.b.log.Info("following the log live", "epoch", f.epoch, "sequence", f.seq)
	}
	f.to.Source(f.source)
	return true
}

// expire ends a liveness that no check has renewed.
func (f *follow) expire() {
	switch {
	case f.failure != nil:
		f.stale(f.failure.Error())
	case f.seq < f.target.last:
		f.stale(fmt.Sprintf("%d entries behind", f.target.last-f.seq))
	default:
		f.stale(errNoAnswer.Error())
	}
}

// stale says that the source is not live, if that is news.
func (f *follow) stale(reason string) {
	if !f.source.Live && f.source.Reason == reason {
		return
	}
	if f.source.Live || f.source.Since.IsZero() {
		f.source.Since = time.Now()
	}
	if f.source.Live {
		f.b.metrics.live.Dec()
		f.b.log.Warn("no longer following the log live", "reason", reason, "sequence", f.seq)
	}
	f.expiry.Stop()
	f.source.Live, f.source.Reason = false, reason
	f.to.Source(f.source)
}

// failed says why a session ended.
func (f *follow) failed(err error) {
	f.b.log.Debug("a session with the broker ended", "error", err, "sequence", f.seq)
	f.target, f.failure = logState{}, nil
	var hole *holeError
	f.setStuck(errors.As(err, &hole))
	if hole != nil && f.source.Reason != err.Error() {
		f.b.metrics.alarms.Inc()
		f.b.log.Error("the log lacks entries that no redaction explains", "first", hole.first, "last", hole.last)
	}
	f.stale(err.Error())
}

func (f *follow) setStuck(stuck bool) {
	switch {
	case stuck && !f.stuck:
		f.b.metrics.stuck.Inc()
	case !stuck && f.stuck:
		f.b.metrics.stuck.Dec()
	}
	f.stuck = stuck
}

// leave takes the follower out of the metrics.
func (f *follow) leave() {
	f.expiry.Stop()
	f.setStuck(false)
	f.b.metrics.followers.Dec()
	if f.source.Live {
		f.b.metrics.live.Dec()
	}
}
