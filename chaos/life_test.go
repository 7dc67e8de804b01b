//go:build linux

package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// No process has more than its log explains, whatever it had before; and what has most is told,
// of whatever stage.
func TestJudgeBounds(t *testing.T) {
	large, small := vitals{Goroutines: 100, Memory: 170 << 20, Heap: 35 << 20}, vitals{Goroutines: 90, Memory: 90 << 20, Heap: 18 << 20}
	p := new(player)
	for i, c := range []struct {
		name    string
		now     vitals
		entries uint64
		say     string
	}{
		{"a long log", large, 2320, ""},
		{"another stage", vitals{Goroutines: 100, Memory: 170 << 20, Heap: 18 << 20}, 100, "edge-1 has 170 MiB, of which 18 MiB live, after 100 entries: at most 95 MiB, and 19 MiB"},
		{"much of it alive", vitals{Goroutines: 100, Memory: 90 << 20, Heap: 35 << 20}, 100, "edge-1 has 90 MiB, of which 35 MiB live, after 100 entries: at most 95 MiB, and 19 MiB"},
		{"less again", small, 100, ""},
	} {
		one := answered("one", fatePublished, 201)
		r := &trial{fault: fault{name: c.name}, injected: time.Now(), before: map[string]vitals{"edge-1": large, "nats-1": {Memory: 13 << 20}}}
		r.seen.all, r.seen.entries = []*publication{one}, c.entries
		r.seen.vitals = map[string]vitals{"edge-1": c.now, "nats-1": {Memory: int64(10+i) << 20}}
		judging(t, r.seen.all).judge(r)
		if c.say == "" {
			require.Empty(t, r.failures, c.name)
		} else {
			require.Equal(t, []string{c.say}, r.failures, c.name)
		}
		p.rows = append(p.rows, r.row())
	}
	require.Equal(t, []string{
		"| edge-1 | 170 MiB | 35 MiB | 100 | 2320 | a long log |", "| nats-1 | 13 MiB |  |  | 100 | less again |",
	}, p.life())
}
