//go:build linux

package crowd

import (
	"errors"
	"time"

	"tocsin/wire"
)

// Plan is clients that are to connect, From ≤ index < To.
type Plan struct {
	From, To int
	// Group is what they are counted in, below [Groups].
	Group int
	// InFlight is how many handshakes may be under way at once (default 256).
	InFlight int
	// Over spreads the first attempts evenly over a time. Default: as fast as InFlight
	// allows.
	Over time.Duration
	// Patience is how long those that are refused try again (default 60 s).
	Patience time.Duration
	// Token, Ticket and Cursor say what of it a hello has.
	Token, Ticket, Cursor bool
	// Labels are claimed; "{i}" becomes the client's index.
	Labels []string
	// Deaf clients read nothing more once they are synced.
	Deaf bool
}

// Outcome is what became of a plan.
type Outcome struct {
	// Began and Ended are times of [Now].
	Began, Ended int64
	// Synced is when each client was, in the order of time; Took how long it was on
	// the way, from the first attempt.
	Synced, Took []int64
	// Failed clients gave up. Refused and Broken count attempts: answered with another
	// HTTP status, and ended in any other way.
	Failed, Refused, Broken int
}

const (
	defaultInFlight = 256
	defaultPatience = time.Minute
	brokenPause     = 200 * time.Millisecond
)

// campaign is one reader's part of a plan. It belongs to the reader's thread until
// done is closed.
type campaign struct {
	Plan
	Outcome
	clients  []*client // not begun yet
	again    []*client // to try again
	underWay map[*client]struct{}
	left     int // clients whose fate is open
	every    int64
	deadline int64
	checked  int64 // when expire last looked
	done     chan struct{}
}

func newCampaign(p Plan, readers int, clients []*client) *campaign {
	now := Now()
	g := &campaign{
		Plan: p, Outcome: Outcome{Began: now}, clients: clients, left: len(clients),
		underWay: make(map[*client]struct{}), deadline: now + int64(p.Patience+p.Over), done: make(chan struct{}),
	}
	g.InFlight = max(1, p.InFlight/readers)
	if len(clients) > 0 {
		g.every = int64(p.Over) / int64(len(clients))
	}
	return g
}

// begin takes the clients of a campaign in hand.
func (r *reader) begin(g *campaign) {
	for i, c := range g.clients {
		c.group, c.deaf, c.began = uint8(g.Group), g.Deaf, 0
		c.notUntil = g.Began + int64(i)*g.every
	}
	r.plan = g
}

// next is a client whose turn to dial is now; nil if none.
func (g *campaign) next(now int64) *client {
	if len(g.underWay) >= g.InFlight || now > g.deadline {
		return nil
	}
	for i, c := range g.again {
		if c.notUntil <= now {
			g.again[i] = g.again[len(g.again)-1]
			g.again = g.again[:len(g.again)-1]
			g.underWay[c] = struct{}{}
			return c
		}
	}
	if len(g.clients) == 0 || g.clients[0].notUntil > now {
		return nil
	}
	c := g.clients[0]
	g.clients = g.clients[1:]
	c.began = now
	if g.every > 0 {
		c.began = c.notUntil // a client that waits for its turn is waiting
	}
	g.underWay[c] = struct{}{}
	return c
}

func (g *campaign) succeeded(c *client) {
	delete(g.underWay, c)
	g.left--
	g.Synced = append(g.Synced, c.synced)
	g.Took = append(g.Took, c.synced-c.began)
}

func (g *campaign) failed(c *client, err error) {
	delete(g.underWay, c)
	pause := brokenPause
	var r *refusal
	if errors.As(err, &r) {
		g.Refused++
		pause = r.after
	} else {
		g.Broken++
	}
	c.notUntil = jittered(pause)
	g.again = append(g.again, c)
}

var errPatience = errors.New("no synced in time")

// expire ends attempts that take too long.
func (g *campaign) expire(r *reader, now int64) {
	if now-g.checked < int64(time.Second) {
		return
	}
	g.checked = now
	for c := range g.underWay {
		if now-c.attempt > int64(handshakeLimit) {
			r.lose(c, errPatience)
		}
	}
}

func (g *campaign) isOver(now int64) bool { return g.left == 0 || now > g.deadline }

// finish gives up what has not succeeded.
func (g *campaign) finish(r *reader) {
	for c := range g.underWay {
		r.close(c, true)
	}
	g.Failed, g.Ended = g.left, Now()
	close(g.done)
}

func cursorSeq(s string) (uint64, bool) {
	c, err := wire.ParseCursor(s)
	return c.Seq, err == nil
}
