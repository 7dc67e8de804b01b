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
	// The pauses after questions without an answer, and between connections that are made
	// for the sake of what was refused, double, from the one to the other: a user who may
	// not ask would fill logs. They begin anew with a connection that came about otherwise.
	minRightsPause = time.Second
	maxRightsPause = 5 * time.Minute
)

// FollowRights tells each what [Broker.Lacks] says, at first and whenever that has changed,
// until ctx ends (then it returns nil) or the Broker is closed ([ErrClosed]). It asks when a
// connection has come about, and every minute.
//
// A subscription that was refused is made again by nothing but another connection. So it
// connects anew when what was refused is permitted now, and, since the answers themselves may
// be what was refused, when something was and no answer comes.
func (b *Broker) FollowRights(ctx context.Context, each func(lacks []string), roles ...Role) error {
	f := &rightsFollower{
		link: b.link, every: rightsEvery, least: minRightsPause, ask: b.user, each: each, roles: roles,
		anew: func() {
			b.log.Info("the broker refused a subscription, connecting anew")
			_ = b.conn.ForceReconnect() // fails if the Broker is closed
		},
	}
	return f.run(ctx, b.closed)
}

type rightsFollower struct {
	link         *link
	every, least time.Duration
	ask          func(context.Context) (userInfo, error)
	each         func(lacks []string)
	roles        []Role
	anew         func() // connects anew

	told  bool
	lacks []string        // as told
	pause time.Duration   // the last one that doubles; 0 if all was well since
	over  <-chan struct{} // ends with the connection of the last look
	deaf  bool            // that look found that it needs another
	ended bool            // anew was called for it
}

func (f *rightsFollower) run(ctx context.Context, closed <-chan struct{}) error {
	for {
		up, changed := f.link.state()
		pause := f.every
		if up {
			pause = f.look(ctx, changed)
		}
		select {
		case <-changed:
		case <-time.After(pause):
		case <-ctx.Done():
			return nil
		case <-closed:
			return ErrClosed
		}
	}
}

// look asks once over the connection that ends with over, and returns how long not to ask
// again. It connects anew when it was in need of that twice: one answer may just be late.
func (f *rightsFollower) look(ctx context.Context, over <-chan struct{}) time.Duration {
	if over != f.over {
		if !f.ended {
			f.pause = 0
		}
		f.over, f.deaf, f.ended = over, false, false
	}
	user, err := f.ask(ctx)
	if err == nil {
		f.tell(user.lacks(f.roles...))
	}
	refused := f.link.refusals()
	permitted := func(subject string) bool { return user.maySubscribe(subject) }
	before := f.deaf
	f.deaf = len(refused) > 0 && (err != nil || slices.ContainsFunc(refused, permitted))
	switch {
	case f.deaf && before:
		f.deaf, f.ended = false, true
		f.anew()
		return f.every // the connection changes before
	case err == nil && !f.deaf:
		f.pause = 0
		return f.every
	}
	f.pause = min(max(2*f.pause, f.least), maxRightsPause)
	return f.pause
}

func (f *rightsFollower) tell(lacks []string) {
	if f.told && slices.Equal(f.lacks, lacks) {
		return
	}
	f.told, f.lacks = true, lacks
	f.each(lacks)
}
