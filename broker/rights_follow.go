package broker

import (
	"context"
	"slices"
	"time"
)

const (
	// rightsEvery is how often rights are asked for: a server that reads its configuration
	// again changes them, and ends no connection for it.
	rightsEvery = time.Minute
	// The pauses after questions without an answer double, from the one to the other: a user
	// who may not ask would fill logs.
	minRightsPause = time.Second
	maxRightsPause = time.Hour
)

// FollowRights tells each what [Broker.Lacks] says, at first and whenever that has changed,
// until ctx ends (then it returns nil) or the Broker is closed ([ErrClosed]). It asks when a
// connection has come about, and every minute. Given a right that was lacking, it connects
// anew: a subscription that was refused is made again by nothing else.
func (b *Broker) FollowRights(ctx context.Context, each func(lacks []string), roles ...Role) error {
	f := &rightsFollower{b: b, every: rightsEvery, each: each, retry: minRightsPause}
	f.ask = func(ctx context.Context) ([]string, error) { return b.Lacks(ctx, roles...) }
	return f.run(ctx)
}

type rightsFollower struct {
	b     *Broker
	every time.Duration
	ask   func(context.Context) ([]string, error)
	each  func(lacks []string)

	told  bool
	lacks []string      // as told
	retry time.Duration // the pause after the next question without an answer
}

func (f *rightsFollower) run(ctx context.Context) error {
	for {
		up, changed := f.b.link.state()
		pause := f.every
		if up {
			pause = f.look(ctx)
		}
		select {
		case <-changed:
			f.retry = minRightsPause
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		case <-f.b.closed:
			return ErrClosed
		}
	}
}

// look asks once, and returns how long not to ask again.
func (f *rightsFollower) look(ctx context.Context) time.Duration {
	lacks, err := f.ask(ctx)
	if err != nil {
		pause := f.retry
		f.retry = min(2*pause, maxRightsPause)
		return pause
	}
	f.retry = minRightsPause
	if f.told && slices.Equal(f.lacks, lacks) {
		return f.every
	}
	former := f.lacks
	f.told, f.lacks = true, lacks
	f.each(lacks)
	if slices.ContainsFunc(former, func(l string) bool { return !slices.Contains(lacks, l) }) {
		// If it is a new connection that brought it, one more does no harm.
		f.b.log.Info("the broker permits more than before, connecting anew")
		_ = f.b.conn.ForceReconnect() // fails if the Broker is closed
	}
	return f.every
}
