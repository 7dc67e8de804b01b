//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// starts are edges that start, or are met, at a bad moment.
func starts() []fault {
	return []fault{
		{
			name:  "start from the cache",
			about: "all servers are killed; then edge-2 is killed and started again: it has nothing but its cache",
			inject: func(ctx context.Context, s *stage, t *trial) error {
				if err := kill(natsNames...)(ctx, s, t); err != nil {
					return err
				}
				pause(ctx, 3*time.Second) // the cache is written a second after a change
				edge := s.process("edge-2")
				if err := edge.kill(); err != nil {
					return err
				}
				return s.servesAlone(ctx, t, edge, "cache")
			},
			hold: 2 * time.Second, heal: start(natsNames...),
			expect: expectations{stale: saysStale, ready: edgeNames[:1], displaced: true},
		},
		{
			name:  "start from a peer",
			about: "all servers are killed; then an edge starts that never was: it has nothing but --seed, edge-1's snapshot",
			inject: func(ctx context.Context, s *stage, t *trial) error {
				if err := kill(natsNames...)(ctx, s, t); err != nil {
					return err
				}
				pause(ctx, time.Second)
				p, err := s.extra("seeded", "--seed", "http://"+s.process("edge-1").flag("--listen"))
				if err != nil {
					return err
				}
				return s.servesAlone(ctx, t, p, "peer")
			},
			hold:   2 * time.Second,
			heal:   start(natsNames...),
			check:  func(ctx context.Context, s *stage, _ *trial) error { return s.reads(ctx, "seeded") },
			tidy:   func(_ context.Context, s *stage, _ *trial) error { return s.dismiss("seeded") },
			expect: expectations{stay: true, stale: saysStale, ready: edgeNames},
		},
		{
			name:  "an edge that lags",
			about: "edge-2 reaches no server for 25 s; in the middle edge-1 is killed, so that its clients land on edge-2, which is behind their cursors",
			inject: func(ctx context.Context, s *stage, t *trial) error {
				t.held = s.between(edgeNames[1:], natsNames...)
				for _, l := range t.held {
					l.hold()
				}
				pause(ctx, 10*time.Second)
				return s.process("edge-1").kill()
			},
			hold: 15 * time.Second,
			heal: func(ctx context.Context, s *stage, t *trial) error {
				for _, l := range t.held {
					l.letGo()
				}
				pause(ctx, 5*time.Second) // so that it is edge-2 that gives them what they lack
				return s.process("edge-1").start()
			},
			expect: expectations{displaced: true, goesOn: true},
		},
	}
}

// aloneWait is how long an edge may take that starts without the log: it waits a little for
// it, and then serves what it has (hub.ErrReading).
const aloneWait = 6 * time.Second

// servesAlone starts an edge that can't reach the log, and checks that it serves what
// it has.
func (s *stage) servesAlone(ctx context.Context, t *trial, p *program, from string) error {
	began := time.Now()
	if err := p.start(); err != nil {
		return err
	}
	waiting, cancel := context.WithTimeout(ctx, aloneWait)
	defer cancel()
	err := s.until(waiting, p.name+" to be ready", func(context.Context) error {
		if v := s.watch.now(p.name); !v.ready || v.at.Before(began) {
			return errors.New(v.String())
		}
		return nil
	})
	if err != nil {
		t.fail("%v", firstLine(err))
		return nil
	}
	took, v := time.Since(began), s.watch.now(p.name)
	served, err := s.snapshotSize(ctx, p.name)
	if err != nil {
		return err
	}
	held, err := s.snapshotSize(ctx, "edge-1")
	if err != nil {
		return err
	}
	if v.from != from || v.live || served < held {
		t.fail("%s serves %d of %d entries, from %q, live: %v", p.name, served, held, v.from, v.live)
	}
	t.note("ready after %s, marked stale, with all %d entries from its %s", seconds(took), served, from)
	return nil
}

// snapshotSize is how many entries an edge's public snapshot has.
func (s *stage) snapshotSize(ctx context.Context, edge string) (int, error) {
	url := "http://" + s.process(edge).flag("--listen") + "/v1/snapshot"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	var snapshot struct {
		Entries []json.RawMessage `json:"entries"`
	}
	err = json.NewDecoder(response.Body).Decode(&snapshot)
	return len(snapshot.Entries), err
}

// extra is an edge that has no clients, and that goes with the fault. It shares edge-2's user.
func (s *stage) extra(name string, args ...string) (*program, error) {
	p, err := s.newTocsin(name, "edge", "--listen", "edge-2")
	if err != nil {
		return nil, err
	}
	p.args = append(p.args, args...)
	s.extras = append(s.extras, p)
	s.watch.add(p)
	return p, nil
}

// dismiss ends an extra edge, and removes what it left.
func (s *stage) dismiss(name string) error {
	p := s.process(name)
	if err := p.kill(); err != nil {
		return err
	}
	s.watch.forget(name)
	s.extras = slices.DeleteFunc(s.extras, func(e *program) bool { return e == p })
	for _, l := range s.between([]string{name}) {
		l.close()
	}
	s.links = slices.DeleteFunc(s.links, func(l *link) bool { return l.from == name })
	return os.RemoveAll(filepath.Join(s.dir, name))
}

// readers is how many edges read a log anew: which server's copy one gets is for the
// servers to say.
const readers = 4

// readAnew has edges read the whole log from the beginning, after a copy was damaged: what
// is damaged must be mended, or seen, and never be skipped.
func (s *stage) readAnew(ctx context.Context, t *trial) error {
	if lacking := s.lacks(ctx); len(lacking) > 0 {
		t.note("by the servers' own account, %s", strings.Join(lacking, ", "))
	}
	if leader, _, err := s.leader(ctx); err == nil {
		t.note("%s leads the log", leader.name)
	}
	var names []string
	for i := range readers {
		name := fmt.Sprint("reader-", i+1)
		p, err := s.extra(name)
		if err != nil {
			return err
		}
		if err := p.start(); err != nil {
			return err
		}
		names = append(names, name)
	}
	stuck := s.stuck(ctx, names, readLimit)
	switch {
	case t.damaged == "":
	case len(stuck) == 0 && !t.damage.remains():
		t.note("%s itself found the damage, and has its copy from the others", t.damaged)
	case len(stuck) == 0:
		t.untested = "nobody met the damage"
		t.note("none of %d edges that read the log anew met the damage, nor did %s: this tested nothing", readers, t.damaged)
	default:
		t.note("%d of %d edges that read the log anew met the damage, and stopped there with an alarm; "+
			"by hand: %s was stopped, its volume wiped, and started again (the runbook)", len(stuck), readers, t.damaged)
		if err := s.wipe(ctx, t.damaged); err != nil {
			return err
		}
		t.damaged = ""
		stuck = s.stuck(ctx, names, readLimit)
	}
	for _, name := range stuck {
		lines := s.process(name).said(0, "level=ERROR", "level=WARN")
		t.fail("%s has not read the log: %s; it says: %s", name, s.watch.now(name), lines[max(0, len(lines)-2):])
	}
	t.note("%d edges that read the log anew have it", readers-len(stuck))
	var problems []error
	for _, name := range names {
		problems = append(problems, s.dismiss(name))
	}
	return errors.Join(problems...)
}

// stuck are those of some edges that do not get to the end of the log.
func (s *stage) stuck(ctx context.Context, names []string, limit time.Duration) (left []string) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var all sync.WaitGroup
	reads := make([]bool, len(names))
	for i, name := range names {
		all.Go(func() { reads[i] = s.reads(ctx, name) == nil })
	}
	all.Wait()
	for i, name := range names {
		if !reads[i] {
			left = append(left, name)
		}
	}
	return left
}

// wipe gives a server an empty volume.
func (s *stage) wipe(ctx context.Context, name string) error {
	n := s.server(name)
	if err := n.kill(); err != nil {
		return err
	}
	if err := empty(n.store); err != nil {
		return err
	}
	if err := n.start(); err != nil {
		return err
	}
	return s.well(ctx, n.program)
}

// readLimit is how long several edges together may take to read the log of a run.
const readLimit = recoverLimit

// reads waits until an extra edge has read what edge-1 has, and serves as much.
func (s *stage) reads(ctx context.Context, name string) error {
	held, err := s.snapshotSize(ctx, "edge-1")
	if err != nil {
		return err
	}
	return s.until(ctx, name+" to have read the log", func(ctx context.Context) error {
		v := s.watch.now(name)
		if have := s.watch.now("edge-1").read; !v.live || v.from != "" || v.read+5 < have {
			return fmt.Errorf("%s, %d of %d", v, v.read, have)
		}
		if served, err := s.snapshotSize(ctx, name); err != nil || served < held {
			return errors.Join(fmt.Errorf("it serves %d of %d entries", served, held), err)
		}
		return nil
	})
}
