//go:build linux

package main

import (
	"context"

	"tocsin/loadtest/target"
)

// reading is how many entries of the log an edge did not take, since its process began. A
// second copy of a notice is one: no client ever sees it.
type reading struct{ pid, rejected int }

// rejectedMetric counts them.
const rejectedMetric = `tocsin_hub_entries_total{verdict="rejected"}`

// readings asks every edge. One that does not answer is not in it.
func (s *stage) readings(ctx context.Context) map[string]reading {
	all := make(map[string]reading)
	for _, e := range s.edges {
		gauges, err := target.Scrape(ctx, e.admin)
		if err != nil {
			continue
		}
		if n, ok := gauges[rejectedMetric]; ok {
			all[e.name] = reading{pid: e.pid(), rejected: int(n)}
		}
	}
	return all
}

// rejected is what is known of such entries.
type rejected struct {
	inLog int // as many as every edge meets that reads it from its beginning
	last  map[string]reading
}

// more is how many entries an edge did not take since it was asked last, besides those that
// were known: a process that was started again, or got another log, counts them anew.
func (r *rejected) more(name string, now reading, otherLog bool) int {
	before := r.last[name]
	n := now.rejected - before.rejected
	if before.pid != now.pid {
		n = now.rejected - r.inLog
	} else if otherLog {
		n -= r.inLog
	}
	if r.last == nil {
		r.last = make(map[string]reading)
	}
	r.last[name] = now
	return max(n, 0)
}

// judgeEntries looks whether edges took all that is in the log.
func (s *stage) judgeEntries(t *trial) {
	for _, e := range s.edges {
		now, measured := t.seen.readings[e.name]
		if !measured {
			t.fail("what %s did not take from the log could not be measured", e.name)
			continue
		}
		n := s.rejected.more(e.name, now, t.expect.otherLog)
		t.seen.rejected = max(t.seen.rejected, n)
		if n > 0 {
			t.note("%s: %s", e.name, e.said(t.logs[e.name], "entry not accepted"))
		}
	}
	s.rejected.inLog += t.seen.rejected
}
