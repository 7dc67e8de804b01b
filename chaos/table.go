//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// table is every fault, in the order in which they are played.
func table() []fault {
	all := slices.Concat(kills(), hangs(), partitions(), starts(), disks(), clocks(), rolls(), restores())
	return append(all, aloneFaults()...)
}

// everyone are the processes of the cluster's stage.
var (
	natsNames = []string{"nats-1", "nats-2", "nats-3"}
	edgeNames = []string{"edge-1", "edge-2"}
	deskNames = []string{"desk-1", "desk-2"}
)

const (
	// oneDown is how long a client may wait while one server is down, or neither works nor goes
	// away: an edge that it serves leaves it after two seconds (docs/adr/0017).
	oneDown = 3 * time.Second
	// saysStale is how long an edge may take to say that the log is out of reach.
	saysStale = 15 * time.Second
	// saysNo is how long a desk may take to say that it can't publish.
	saysNo = 10 * time.Second
	// moves is how long the way to another edge may take, catching up and all, besides
	// the client's wait before its first attempt.
	moves = time.Second
	// allAway is how long a client may be away that found no edge at all for a while: the wait
	// that it has drawn by then is a minute at most (docs/protocol.md).
	allAway = 75 * time.Second
)

type act = func(context.Context, *stage, *trial) error

// each does something to processes, and goes on when it fails with one.
func each(names []string, do func(*program) error) act {
	return func(_ context.Context, s *stage, _ *trial) error {
		var problems []error
		for _, name := range names {
			problems = append(problems, do(s.process(name)))
		}
		return errors.Join(problems...)
	}
}

func kill(names ...string) act   { return each(names, (*program).kill) }
func start(names ...string) act  { return each(names, (*program).start) }
func hang(names ...string) act   { return each(names, (*program).stop) }
func unhang(names ...string) act { return each(names, (*program).goOn) }

// killServer kills servers. If one of them leads the log, nothing need be published meanwhile: an
// election may take longer than they are dead.
func killServer(names ...string) act {
	return func(ctx context.Context, s *stage, t *trial) error {
		leader, _, err := s.leader(ctx)
		if err != nil {
			return err
		}
		if slices.Contains(names, leader.name) {
			t.expect.goesOn = false
			t.note("%s led the log", leader.name)
		}
		return kill(names...)(ctx, s, t)
	}
}

// kills end processes as a power cut would.
func kills() (all []fault) {
	one := func(names []string, die func(...string) act, e expectations) {
		for _, name := range names {
			all = append(all, fault{
				name: "kill " + name, about: name + " is killed (SIGKILL), and started again after 5 s",
				inject: die(name), hold: 5 * time.Second, heal: start(name), expect: e,
			})
		}
	}
	one(natsNames, killServer, expectations{wait: oneDown, stay: true, goesOn: true})
	one(edgeNames, kill, expectations{wait: oneDown, delayed: moves, displaced: true, goesOn: true})
	one(deskNames, kill, expectations{wait: oneDown, stay: true, goesOn: true})
	all = append(all, fault{
		name: "kill the leader", about: "the server that leads the log is killed, and started again after 5 s",
		inject: func(ctx context.Context, s *stage, t *trial) error {
			leader, _, err := s.leader(ctx)
			if err != nil {
				return err
			}
			t.names = []string{leader.name}
			return killServer(leader.name)(ctx, s, t)
		},
		hold:   5 * time.Second,
		heal:   func(ctx context.Context, s *stage, t *trial) error { return start(t.names...)(ctx, s, t) },
		expect: expectations{wait: oneDown, stay: true},
	})
	everybody := slices.Concat(natsNames, edgeNames, deskNames)
	return append(all,
		fault{
			name: "kill two servers", about: "two of three servers are killed, and started again after 20 s",
			inject: kill("nats-1", "nats-2"), hold: 20 * time.Second, heal: start("nats-1", "nats-2"),
			expect: expectations{stay: true, stale: saysStale, ready: edgeNames, refused: saysNo},
		},
		fault{
			name: "kill all servers", about: "all three servers are killed, and started again after 20 s",
			inject: kill(natsNames...), hold: 20 * time.Second, heal: start(natsNames...),
			expect: expectations{stay: true, stale: saysStale, ready: edgeNames, refused: saysNo},
		},
		fault{
			name: "kill everything", about: "servers, edges and desks are killed at once, and started again after 3 s",
			inject: kill(everybody...), hold: 3 * time.Second, heal: start(everybody...),
			expect: expectations{displaced: true, away: allAway, everybody: allAway},
		},
	)
}

// hangs are machines that neither work nor go away.
func hangs() (all []fault) {
	one := func(names []string, e expectations) {
		for _, name := range names {
			all = append(all, fault{
				name: "hang " + name, about: name + " hangs for 20 s (SIGSTOP): its sockets stay open, and nothing comes from it",
				inject: hang(name), hold: 20 * time.Second, heal: unhang(name), expect: e,
			})
		}
	}
	one(natsNames, expectations{wait: oneDown, stay: true, goesOn: true})
	one(edgeNames, expectations{goesOn: true}) // its clients wait for two heartbeats
	one(deskNames, expectations{wait: oneDown, stay: true, goesOn: true})
	return append(all, fault{
		name: "hang two servers",
		about: "the two servers that do not lead the log hang for 40 s while desks reach the one that does: " +
			"what they send before anybody notices commits when the others go on",
		prepare: func(ctx context.Context, s *stage, t *trial) error {
			leader, others, err := s.leader(ctx)
			if err != nil {
				return err
			}
			for _, n := range others {
				t.names = append(t.names, n.name)
			}
			t.held = s.between(deskNames, t.names...)
			for _, l := range t.held {
				l.hold()
				l.cut()
			}
			pause(ctx, time.Second)
			again, _, err := s.leader(ctx)
			if err == nil && again != leader {
				err = errors.New("another server leads now")
			}
			return err
		},
		inject: func(ctx context.Context, s *stage, t *trial) error { return hang(t.names...)(ctx, s, t) },
		hold:   40 * time.Second,
		heal: func(ctx context.Context, s *stage, t *trial) error {
			for _, l := range t.held {
				l.letGo()
			}
			return unhang(t.names...)(ctx, s, t)
		},
		expect: expectations{stay: true, stale: saysStale, ready: edgeNames, refused: saysNo, late: true},
	})
}

// partitions are networks that swallow packets, and close nothing.
func partitions() []fault {
	cut := func(name, about string, hold time.Duration, e expectations, links func(*stage, *trial) []*link) fault {
		return fault{
			name: "partition " + name, about: about + fmt.Sprintf(" for %.0f s: packets vanish, nothing is closed", hold.Seconds()),
			hold: hold, expect: e,
			inject: func(ctx context.Context, s *stage, t *trial) error {
				if name == "leader" {
					leader, _, err := s.leader(ctx)
					if err != nil {
						return err
					}
					t.names = []string{leader.name}
				}
				t.held = links(s, t)
				if len(t.held) == 0 {
					return errors.New("there is nothing between them")
				}
				for _, l := range t.held {
					l.hold()
				}
				return nil
			},
			heal: func(ctx context.Context, s *stage, t *trial) error {
				if name == "leader" {
					if err := s.takenOver(ctx, t.names[0]); err != nil {
						t.fail("nobody leads in place of %s: %v", t.names[0], err)
					}
				}
				for _, l := range t.held {
					l.letGo()
				}
				return nil
			},
		}
	}
	const hold = 20 * time.Second
	return []fault{
		cut("leader", "the server that leads the log reaches nobody", 30*time.Second, expectations{wait: oneDown, stay: true, goesOn: true},
			func(s *stage, t *trial) []*link { return s.between(t.names) }),
		cut("servers", "no server reaches another", 30*time.Second, expectations{stay: true, stale: saysStale, ready: edgeNames, refused: saysNo},
			func(s *stage, _ *trial) []*link { return s.between(natsNames, natsNames...) }),
		cut("edge-1 from servers", "edge-1 reaches no server", hold, expectations{stay: true, stale: saysStale, outOfTouch: edgeNames[:1], ready: edgeNames, goesOn: true},
			func(s *stage, _ *trial) []*link { return s.between(edgeNames[:1], natsNames...) }),
		cut("desk-1 from servers", "desk-1 reaches no server", hold, expectations{wait: oneDown, stay: true, stale: saysStale, outOfTouch: deskNames[:1], goesOn: true},
			func(s *stage, _ *trial) []*link { return s.between(deskNames[:1], natsNames...) }),
		cut("edge-1 from clients", "edge-1 and its clients do not reach each other", 40*time.Second, expectations{displaced: true, goesOn: true},
			func(s *stage, _ *trial) []*link { return s.between(edgeNames[:1], "clients") }),
		cut("desk-1 from publisher", "the publisher does not reach desk-1", hold, expectations{wait: oneDown, stay: true, goesOn: true},
			func(s *stage, _ *trial) []*link { return s.between(deskNames[:1], "publisher") }),
	}
}

// rolls are what is done on purpose.
func rolls() []fault {
	return []fault{{
		name: "rolling restart", about: "every process ends in order (SIGTERM with the default drain; servers SIGUSR2) and is started again, edges before desks before servers; clients stay",
		inject: func(ctx context.Context, s *stage, t *trial) error {
			for _, name := range slices.Concat(edgeNames, deskNames, natsNames) {
				p := s.process(name)
				began := time.Now()
				if err := p.terminate(); err != nil {
					return err
				}
				ended := time.Since(began)
				if ended > drainLimit {
					t.fail("%s took %s to end", name, seconds(ended))
				}
				t.seen.drain = max(t.seen.drain, ended)
				if err := p.start(); err != nil {
					return err
				}
				if err := s.well(ctx, p); err != nil {
					return err
				}
			}
			t.note("the longest end took %s", seconds(t.seen.drain))
			return nil
		},
		expect: expectations{wait: oneDown, away: byeWait + oneDown, delayed: oneDown, displaced: true, goesOn: true},
	}}
}

// byeWait is the longest that a node which drains by default tells its clients to wait.
const byeWait = 8 * time.Second

// drainLimit is how long a process may take to end after SIGTERM.
const drainLimit = 25 * time.Second

// well waits until a process that was started again does its part.
func (s *stage) well(ctx context.Context, p *program) error {
	if p.metrics {
		began := time.Now()
		return s.until(ctx, p.name+" to be live", func(context.Context) error {
			if v := s.watch.now(p.name); !v.ready || !v.live || v.at.Before(began) {
				return errors.New(v.String())
			}
			return nil
		})
	}
	return s.until(ctx, "all copies to be current", s.wholeCluster)
}
