//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// fullRecover is how long it may take after all disks were full: servers are restarted by hand.
const fullRecover = time.Minute

// steered is how long a client may wait while servers are killed one after the other
// ([natsServer.steer]).
const steered = 2 * oneDown

// disks are stores that fail.
func disks() []fault {
	return []fault{
		slow("slow disk of the leader", "every sync to the disk of the server that leads the log takes 500 ms longer, for 20 s",
			500*time.Millisecond, func(ctx context.Context, s *stage) ([]string, error) {
				leader, _, err := s.leader(ctx)
				if err != nil {
					return nil, err
				}
				return []string{leader.name}, nil
			}),
		slow("slow disks", "every sync to the disk takes 300 ms longer on all servers, for 20 s",
			300*time.Millisecond, func(context.Context, *stage) ([]string, error) { return natsNames, nil }),
		full("full disk of one server", natsNames[:1], expectations{wait: oneDown, stay: true, goesOn: true}),
		full("full disks", natsNames, expectations{stay: true, ready: edgeNames, refused: saysNo, recover: fullRecover}),
		{
			name: "flipped bit", about: "one bit in a block of the log flips on nats-2, which is killed and started again, and then leads",
			inject: func(ctx context.Context, s *stage, t *trial) error {
				if err := s.process("nats-2").kill(); err != nil {
					return err
				}
				t.damaged = "nats-2"
				var err error
				if t.damage, err = s.flip(t.damaged); err != nil {
					return err
				}
				return s.process("nats-2").start()
			},
			hold: 5 * time.Second,
			check: func(ctx context.Context, s *stage, t *trial) error {
				if err := s.until(ctx, "all copies to be current", s.wholeCluster); err != nil {
					return err
				}
				if err := s.server("nats-2").steer(ctx, s); err != nil {
					return err
				}
				return s.readAnew(ctx, t)
			},
			tidy:   mendDisk,
			expect: expectations{wait: steered, stay: true, met: true},
		},
		{
			name: "flipped bit, running", about: "one bit in a block of the log flips on the server that leads the log, which goes on",
			inject: func(ctx context.Context, s *stage, t *trial) error {
				leader, _, err := s.leader(ctx)
				if err != nil {
					return err
				}
				t.damaged = leader.name
				t.damage, err = s.flip(leader.name)
				return err
			},
			hold:   15 * time.Second, // what a server has read it keeps in memory for 10 s
			check:  func(ctx context.Context, s *stage, t *trial) error { return s.readAnew(ctx, t) },
			tidy:   mendDisk,
			expect: expectations{wait: oneDown, stay: true},
		},
		{
			name: "wiped volume", about: "nats-3 is killed, all that it stored is removed, and it is started again",
			inject: func(ctx context.Context, s *stage, t *trial) error {
				if err := killServer("nats-3")(ctx, s, t); err != nil {
					return err
				}
				return empty(s.server("nats-3").store)
			},
			hold:   5 * time.Second,
			heal:   start("nats-3"),
			check:  func(ctx context.Context, s *stage, t *trial) error { return s.readAnew(ctx, t) },
			expect: expectations{wait: oneDown, stay: true, goesOn: true},
		},
	}
}

// mendDisk takes a damage that nobody met out of the way of the faults that follow.
func mendDisk(ctx context.Context, s *stage, t *trial) error {
	if t.damaged == "" {
		return nil
	}
	return s.wipe(ctx, t.damaged)
}

func (s *stage) server(name string) *natsServer {
	i := slices.IndexFunc(s.nats, func(n *natsServer) bool { return n.name == name })
	return s.nats[i] // names come from the table of faults
}

// slow is a fault in which syncs take longer on some servers.
func slow(name, about string, delay time.Duration, which func(context.Context, *stage) ([]string, error)) fault {
	return fault{
		name: name, about: about, hold: 20 * time.Second,
		prepare: func(ctx context.Context, s *stage, t *trial) (err error) {
			if t.names, err = which(ctx, s); err != nil {
				return err
			}
			t.disk = new(slowDisk)
			if err := s.swap(ctx, t.names, func(p *program) { p.launch = t.disk.launch }); err != nil {
				return err
			}
			if len(t.names) == 1 { // that has made another one lead
				return s.server(t.names[0]).steer(ctx, s)
			}
			return nil
		},
		inject: func(_ context.Context, _ *stage, t *trial) error {
			t.disk.delay.Store(int64(delay))
			return nil
		},
		heal: func(_ context.Context, _ *stage, t *trial) error {
			t.disk.delay.Store(0)
			if t.disk.syncs.Load() == 0 {
				return errors.New("no sync was delayed")
			}
			t.note("%d syncs were delayed", t.disk.syncs.Load())
			return nil
		},
		tidy: func(ctx context.Context, s *stage, t *trial) error {
			defer t.disk.close()
			return s.swap(ctx, t.names, func(p *program) { p.launch = nil })
		},
		expect: expectations{wait: oneDown, stay: true, goesOn: true, overload: true},
	}
}

// swap changes programs, one at a time, while all goes on.
func (s *stage) swap(ctx context.Context, names []string, change func(*program)) error {
	for _, name := range names {
		p := s.process(name)
		if err := p.kill(); err != nil {
			return err
		}
		change(p)
		if err := p.start(); err != nil {
			return err
		}
		if err := s.well(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// steer makes a server lead the log: those that lead in its place are killed until it does.
func (n *natsServer) steer(ctx context.Context, s *stage) error {
	for range 10 { // each time it is one of two
		leader, _, err := s.leader(ctx)
		if err != nil || leader == n {
			return err
		}
		if err := errors.Join(leader.kill(), leader.start()); err != nil {
			return err
		}
		if err := s.well(ctx, leader.program); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s does not come to lead %s", n.name, logStream)
}

// needsRoot is what mounts need.
func needsRoot() string {
	if os.Geteuid() != 0 {
		return "a small file system can be mounted by root alone"
	}
	return ""
}

// spareDisk is how much more a small volume holds than what is on it.
const spareDisk = 24 << 20

// moveStores has servers go to other volumes, one after the other.
func (s *stage) moveStores(ctx context.Context, names []string, move func(folder string) error) error {
	for _, name := range names {
		n := s.server(name)
		if err := n.kill(); err != nil {
			return err
		}
		if err := move(n.store); err != nil {
			return err
		}
		if err := n.start(); err != nil {
			return err
		}
		if err := s.well(ctx, n.program); err != nil {
			return err
		}
	}
	return nil
}

// full is a fault in which the volumes of servers fill up.
func full(name string, names []string, e expectations) fault {
	return fault{
		name: name, missing: needsRoot, hold: 20 * time.Second, expect: e,
		about: fmt.Sprintf("the volume of %d of %d servers has no byte left for 20 s", len(names), servers),
		prepare: func(ctx context.Context, s *stage, t *trial) error {
			return s.moveStores(ctx, names, s.small)
		},
		inject: func(_ context.Context, s *stage, _ *trial) error {
			for _, name := range names {
				if err := fill(s.server(name).store); err != nil {
					return err
				}
			}
			return nil
		},
		heal: func(ctx context.Context, s *stage, t *trial) error {
			met := 0
			for _, name := range names {
				n := s.server(name)
				if len(n.said(t.logs[name], "no space left")) > 0 {
					met++
				}
				if err := os.Remove(ballast(n.store)); err != nil {
					return err
				}
			}
			t.note("%d of %d servers met the end of their volume", met, len(names))
			if met == 0 {
				t.fail("no server met the end of its volume")
			}
			return s.afterFull(ctx, t, names)
		},
		tidy: func(ctx context.Context, s *stage, t *trial) error {
			return s.moveStores(ctx, names, s.large)
		},
	}
}

// byItself is how long servers may take to get over a full disk alone.
const byItself = 10 * time.Second

// afterFull waits whether servers get over it, and otherwise does what the runbook says:
// restart them, one at a time.
func (s *stage) afterFull(ctx context.Context, t *trial, names []string) error {
	waiting, cancel := context.WithTimeout(ctx, byItself)
	defer cancel()
	for ; waiting.Err() == nil; pause(waiting, 200*time.Millisecond) {
		if s.wholeCluster(waiting) == nil && s.allLive(waiting) == nil {
			t.note("the servers got over it by themselves")
			return nil
		}
	}
	t.note("by hand: each server that was full was restarted once there was room (the runbook)")
	for _, name := range names {
		if err := s.process(name).terminate(); err != nil {
			return err
		}
		if err := s.process(name).start(); err != nil {
			return err
		}
	}
	return nil
}
