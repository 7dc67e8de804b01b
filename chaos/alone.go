//go:build linux

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"
)

// aloneFaults are those of one tocsin with an embedded log.
func aloneFaults() []fault {
	return []fault{
		{
			name: "alone: kill", alone: true, about: "one tocsin with an embedded log is killed, and started again after 3 s",
			inject: kill("alone"), hold: 3 * time.Second, heal: start("alone"),
			expect: expectations{displaced: true, away: allAway, everybody: allAway},
		},
		{
			name: "alone: hang", alone: true, about: "it hangs for 20 s (SIGSTOP)",
			inject: hang("alone"), hold: 20 * time.Second, heal: unhang("alone"),
		},
		{
			name: "alone: full disk", alone: true, missing: needsRoot, about: "the volume of its data has no byte left for 20 s",
			inject: func(_ context.Context, s *stage, _ *trial) error { return fill(s.alone()) },
			hold:   20 * time.Second,
			heal: func(_ context.Context, s *stage, _ *trial) error {
				return os.Remove(ballast(s.alone()))
			},
			expect: expectations{stay: true, ready: []string{"alone"}, refused: saysNo},
		},
		{
			name: "alone: slow disk", alone: true, about: "every sync to its disk takes 300 ms longer, for 20 s: a publication then takes about a second of the disk, and more are signed",
			prepare: func(ctx context.Context, s *stage, t *trial) error {
				t.disk = new(slowDisk)
				return s.swap(ctx, []string{"alone"}, func(p *program) { p.launch = t.disk.launch })
			},
			inject: func(_ context.Context, _ *stage, t *trial) error {
				t.disk.delay.Store(int64(300 * time.Millisecond))
				return nil
			},
			hold: 20 * time.Second,
			heal: func(_ context.Context, _ *stage, t *trial) error {
				t.disk.delay.Store(0)
				if t.disk.syncs.Load() == 0 {
					return errors.New("no sync was delayed")
				}
				return nil
			},
			tidy: func(ctx context.Context, s *stage, t *trial) error {
				defer t.disk.close()
				return s.swap(ctx, []string{"alone"}, func(p *program) { p.launch = nil })
			},
			expect: expectations{wait: oneDown, stay: true, goesOn: true, overload: true},
		},
	}
}

// alone is the folder of a tocsin with an embedded log.
func (s *stage) alone() string { return filepath.Join(s.dir, "alone") }
