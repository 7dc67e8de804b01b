//go:build linux

package main

import (
	"context"
	"path/filepath"
	"time"
)

// restores is the drill of docs/backup.md.
func restores() []fault {
	return []fault{{
		name: "restore of a backup",
		about: "publishing is interrupted, a backup made (with an edge's rights); then all three volumes are lost, and the backup is restored " +
			"into a new log; clients stay",
		inject: func(ctx context.Context, s *stage, t *trial) error {
			t.held = s.between(deskNames, "publisher")
			for _, l := range t.held {
				l.hold()
			}
			pause(ctx, saysNo) // what is under way ends
			began := time.Now()
			if err := s.restore(ctx); err != nil {
				return err
			}
			t.note("the backup, new servers and the restore took %s", seconds(time.Since(began)))
			return nil
		},
		hold: 2 * time.Second,
		heal: func(_ context.Context, _ *stage, t *trial) error {
			for _, l := range t.held {
				l.letGo()
			}
			return nil
		},
		expect: expectations{otherLog: true},
	}}
}

// restore makes a backup, loses every volume, and restores.
func (s *stage) restore(ctx context.Context) error {
	var addresses []string
	for _, n := range s.nats {
		addresses = append(addresses, n.client)
	}
	file := filepath.Join(s.dir, "tocsin.backup")
	as := func(user string, args ...string) error {
		_, err := s.command(append(append(args, "--trust", "trust.pem"), s.natsFlags(user, addresses)...)...)
		return err
	}
	if err := as("edge-1", "backup", file); err != nil {
		return err
	}
	for _, n := range s.nats {
		if err := n.kill(); err != nil {
			return err
		}
	}
	for _, n := range s.nats {
		if err := empty(n.store); err != nil {
			return err
		}
		if err := n.start(); err != nil {
			return err
		}
	}
	if err := s.initBroker(ctx); err != nil {
		return err
	}
	return as("admin", "restore", file)
}
