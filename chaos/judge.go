//go:build linux

package main

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// seen is what was seen during a trial.
type seen struct {
	all     []*publication
	earlier []*publication // since the last trial: while things were tidied up, and prepared
	counts  map[fate]int
	codes   map[int]int // answers by status; 0: none came

	unconfirmed   int           // publications that were answered 504 at least once
	lateDone      int           // of them, in the log in the end
	lateAbsent    int           // of them, not there, as the desk says
	latest        time.Duration // the longest from an answer 504 until it was known
	slowestAnswer time.Duration // of any desk, 201 apart; or how long none came
	meanwhile     int           // published from beginning to end while it was broken
	lately        int           // of them, in the last seconds of it

	missed, doubled, disorder, altered, phantom int
	misplaced                                   int           // of all that clients got, elsewhere in the log than the publisher was told
	rejected                                    int           // entries of the log that an edge did not take
	longestWait                                 time.Duration // of who stayed connected
	silent                                      time.Duration // the longest that a client lacked a notice and said that it is live
	away                                        time.Duration // the longest without a session
	delayed                                     time.Duration // the longest of it beyond the wait before the first attempt
	moved                                       int           // clients that lost a session
	clients                                     int           // in all

	stale                      time.Duration // until the last of those that are out of touch said so
	clientsStale               time.Duration // until the last client said so
	unaware                    int           // clients that did not
	live, recovered, everybody time.Duration // from the end of the fault
	vitals                     map[string]vitals
	readings                   map[string]reading // of the edges, in the end
	entries                    uint64             // of the log, in the end
	drain                      time.Duration      // the longest end of a process in order
}

// judge counts what was seen and holds it against what is expected.
func (s *stage) judge(t *trial) {
	v := &t.seen
	v.counts, v.codes, v.clients = make(map[fate]int), make(map[int]int), len(s.audience.listeners)
	for _, p := range v.earlier {
		s.judgeFate(t, p)
	}
	for _, p := range v.all {
		if s.judgeFate(t, p) {
			v.counts[p.fate]++
			s.judgeTimes(t, p)
		}
	}
	phantoms := s.countPhantoms()
	v.phantom, s.phantoms = phantoms-s.phantoms, phantoms
	for i, l := range s.audience.listeners {
		f, before := l.faults(), s.faults[i]
		s.faults[i] = f
		v.doubled += f.doubled - before.doubled
		v.disorder += f.disorder - before.disorder
		if f.altered != before.altered {
			v.altered += f.altered - before.altered
			l.mu.Lock()
			t.note("%s: %v", l.name, l.errors)
			l.mu.Unlock()
		}
		if away, delayed := l.moved(t.injected); away > 0 {
			v.moved++
			v.away, v.delayed = max(v.away, away), max(v.delayed, delayed)
		}
	}
	s.judgeEntries(t)
	s.judgeSources(t)
	s.judgeClients(t)
	s.judgeVitals(t)
	t.verdict()
}

// judgeFate looks whether a publication has ended, and whether everybody has what was
// published; false if it has not ended.
func (s *stage) judgeFate(t *trial, p *publication) bool {
	if !p.isDone() {
		t.fail("the fate of %s is open", p.id)
		return false
	}
	if p.fate == fateRefused || p.fate == fateGivenUp {
		last := p.attempts[len(p.attempts)-1]
		t.fail("%s: %s after %d attempts, the last: %d %s", p.id, p.fate, len(p.attempts), last.status, last.problem)
	}
	if p.fate == fatePublished {
		for _, l := range s.audience.listeners {
			got, ok := l.has(p.id)
			if !ok {
				t.seen.missed++
			} else if got.seq != p.seq {
				t.seen.misplaced++
			}
		}
	}
	return true
}

// countPhantoms counts what clients have though nobody was told that it is published: what
// no publisher signed, or what a desk said will not be there.
func (s *stage) countPhantoms() (n int) {
	var got []string
	for _, l := range s.audience.listeners {
		got = append(got, l.identifiers()...)
	}
	fine := make(map[string]bool) // asked for last, so that it has all that could have come
	for _, p := range s.publisher.book.since(time.Time{}) {
		fine[p.id] = !p.isDone() || p.fate == fatePublished
	}
	for _, id := range got {
		if !fine[id] {
			n++
		}
	}
	return n
}

// judgeTimes looks how long the answers took, and the way to the clients.
func (s *stage) judgeTimes(t *trial, p *publication) {
	v := &t.seen
	for _, a := range p.attempts {
		v.codes[a.status]++
		if a.status != 201 {
			v.slowestAnswer = max(v.slowestAnswer, a.took)
		}
	}
	if p.fate == fatePublished && p.signed.After(t.injected) && p.decided.Before(t.healed) {
		v.meanwhile++
		if t.healed.Sub(p.decided) < lateWindow {
			v.lately++
		}
	}
	if n := p.unconfirmed(); n > 0 {
		v.unconfirmed++
		for _, a := range p.attempts {
			if a.status == 504 {
				v.latest = max(v.latest, p.decided.Sub(a.at.Add(a.took)))
				break
			}
		}
		switch p.fate {
		case fatePublished:
			v.lateDone++
		case fateAbsent:
			v.lateAbsent++
		}
	}
	for _, l := range s.audience.listeners {
		if got, ok := l.has(p.id); ok && p.fate == fatePublished {
			if wait, stayed := l.waited(p.decided, got.at); stayed {
				v.longestWait = max(v.longestWait, wait)
			}
			v.silent = max(v.silent, l.unaware(p.decided, got.at))
		}
	}
}

// judgeSources looks when who is out of touch said so, and whether it stayed ready.
func (s *stage) judgeSources(t *trial) {
	names := t.expect.outOfTouch
	if len(names) == 0 {
		for _, e := range s.edges {
			names = append(names, e.name)
		}
	}
	for _, name := range names {
		at, stale := s.watch.first(name, t.injected, func(v sight) bool { return v.answered && !v.live })
		if stale {
			t.seen.stale = max(t.seen.stale, at.Sub(t.injected))
		}
		if t.expect.stale > 0 && (!stale || at.Sub(t.injected) > t.expect.stale) {
			t.fail("%s did not say within %v that it is stale", name, t.expect.stale)
		}
	}
	for _, name := range t.expect.ready {
		if !s.watch.always(name, t.injected, t.healed, sight.inService) {
			t.fail("%s was not ready", name)
		}
	}
}

// judgeClients looks when clients said that they are stale, where no edge could be live.
func (s *stage) judgeClients(t *trial) {
	if t.expect.stale == 0 || len(t.expect.outOfTouch) > 0 {
		return
	}
	for _, l := range s.audience.listeners {
		at := l.staleFrom(t.injected)
		if at.IsZero() || at.After(t.healed) {
			t.seen.unaware++
			continue
		}
		t.seen.clientsStale = max(t.seen.clientsStale, at.Sub(t.injected))
	}
	if t.seen.unaware > 0 || t.seen.clientsStale > t.expect.stale {
		t.fail("the last client said after %s that it is stale, %d did not", seconds(t.seen.clientsStale), t.seen.unaware)
	}
}

func (s *stage) judgeVitals(t *trial) {
	for _, name := range slices.Sorted(maps.Keys(t.before)) {
		before := t.before[name]
		now, measured := t.seen.vitals[name]
		if !measured {
			t.fail("what %s takes could not be measured", name)
		} else if !now.back(before) {
			t.fail("%s has %d goroutines and %s, before %d and %s", name,
				now.Goroutines, mebibytes(now.Memory), before.Goroutines, mebibytes(before.Memory))
		}
		if measured && !now.bounded(t.seen.entries) {
			heap := heapBound(t.seen.entries)
			t.fail("%s has %s, of which %s live, after %d entries: at most %s, and %s", name,
				mebibytes(now.Memory), mebibytes(now.Heap), t.seen.entries, mebibytes(heapTimes*heap), mebibytes(heap))
		}
	}
}

// verdict holds what was seen against what is expected.
func (t *trial) verdict() {
	v, e := &t.seen, t.expect
	for _, check := range []struct {
		what string
		n    int
	}{
		{"missed", v.missed}, {"doubled", v.doubled}, {"out of order", v.disorder}, {"altered", v.altered},
		{"shown, though nobody was told that it is published", v.phantom},
		{"elsewhere in the log than its publisher was told", v.misplaced},
		{"not taken from the log by an edge: one that is there twice, perhaps", v.rejected},
	} {
		if check.n > 0 {
			t.fail("%d %s", check.n, check.what)
		}
	}
	within := func(what string, took, limit time.Duration) {
		if limit > 0 && took > limit {
			t.fail("%s: %s, at most %s", what, seconds(took), seconds(limit))
		}
	}
	within("a connected client waited", v.longestWait, e.wait)
	within("a client was away", v.away, e.away)
	within("a client was away, besides its wait before the first attempt", v.delayed, e.delayed)
	within("a client lacked a notice and said that it is live", v.silent, silence)
	limit := max(e.recover, recoverLimit)
	within("all was well again after", v.recovered, limit)
	within("every client had it after", v.everybody, max(e.everybody, limit))
	if e.refused > 0 {
		within("a desk answered after", v.slowestAnswer, e.refused)
		if v.codes[503]+v.codes[504] == 0 {
			t.fail("no desk said that it can't publish")
		}
	}
	if e.displaced && v.moved == 0 {
		t.fail("no client lost its session")
	}
	if e.stay && v.moved > max(v.clients/100, 1) {
		t.fail("%d of %d clients lost their session", v.moved, v.clients)
	}
	if e.goesOn && v.meanwhile == 0 {
		t.fail("nothing was published while it was broken")
	} else if e.goesOn && !e.overload && v.lately == 0 {
		t.fail("nothing was published any more after it had been broken for a while")
	}
	if e.late && v.lateDone == 0 {
		t.fail("no publication that was answered 504 came true")
	}
	if len(v.all) == 0 || v.counts[fatePublished] == 0 {
		t.fail("nothing was published")
	}
}

// lateWindow is how long before the end of a fault something must still be published.
const lateWindow = 5 * time.Second

// silence is for how long a client may not notice that it hears nothing: what a head may be
// late, and a little.
const silence = 47 * time.Second

func seconds(d time.Duration) string {
	if d < 10*time.Second {
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return fmt.Sprintf("%.0f s", d.Seconds())
}

func mebibytes(n int64) string { return fmt.Sprintf("%d MiB", n>>20) }
