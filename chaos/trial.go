//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// fault is one way to break things: a row of the table.
type fault struct {
	name  string
	about string // what is done, for people
	alone bool   // of a tocsin with an embedded log

	prepare act // before: all must be well afterwards
	inject  act
	hold    time.Duration // how long it stays broken
	heal    act
	check   act // once all is well again
	tidy    act // takes back what prepare did
	expect  expectations
	// missing says what this machine lacks for it; "" if nothing.
	missing func() string
}

// expectations are what must be seen, beside what must always be: nothing lost, doubled,
// out of order or altered, and recovery. Zero asks nothing.
type expectations struct {
	// wait bounds how long a client that stays connected waits for what was answered 201.
	wait time.Duration
	// stale bounds how long those that are out of touch with the log (all edges, if none is
	// named) take to say so.
	stale      time.Duration
	outOfTouch []string
	// ready are edges that stay ready.
	ready []string
	// refused bounds a desk's answer while it can't publish; and there must be one.
	refused time.Duration
	// recover bounds the time from the end of the fault until all is well (default 30 s), and
	// everybody the same until every client has what was published then (default: as recover).
	recover, everybody time.Duration
	// away bounds how long a client is without a session, and delayed the same besides its
	// wait before the first attempt.
	away, delayed time.Duration
	// late: a publication that was answered 504 must come true later.
	late bool
	// displaced: clients must lose their session.
	displaced bool
	// stay: no more than a client in a hundred loses its session.
	stay bool
	// goesOn: something is signed and published while it is broken, and also in the end, unless
	// more is signed than can be published (overload).
	goesOn, overload bool
	// otherLog: edges read another one in the end, from its beginning; each entry is where it was.
	otherLog bool
	// met: it is made sure that somebody meets what was broken. Otherwise that is chance.
	met bool
}

const (
	recoverLimit = 30 * time.Second
	// lead is for how long all is well before a fault.
	lead = time.Second
	// tail is for how long what was begun may take to end.
	tail = publisherPatience + 10*time.Second
)

// trial is one fault, played.
type trial struct {
	fault
	began, injected, healed, ended time.Time
	before                         map[string]vitals
	logs                           map[string]int64 // where they ended before
	notes                          []string
	names                          []string // of the processes that were chosen
	held                           []*link
	disk                           *slowDisk
	damaged                        string // the server that has a damage on its disk; "" if none
	damage                         damage

	seen     seen
	failures []string
	skipped  string // why it was not played
	untested string // why nothing was tested though it was played
	took     time.Duration
}

// note adds a remark to the table.
func (t *trial) note(format string, args ...any) {
	t.notes = append(t.notes, fmt.Sprintf(format, args...))
}

func (t *trial) fail(format string, args ...any) {
	t.failures = append(t.failures, fmt.Sprintf(format, args...))
}

// play plays a fault on a stage where all is well. An error is one of the harness, or of
// things that did not become well again; what was seen before it is in the trial.
func (s *stage) play(ctx context.Context, f fault) (*trial, error) {
	t := &trial{fault: f, before: make(map[string]vitals), logs: make(map[string]int64)}
	entered := time.Now()
	defer func() { t.took = time.Since(entered) }()
	if err := s.measure(ctx, t); err != nil {
		return t, err
	}
	if f.prepare != nil {
		if err := f.prepare(ctx, s, t); err != nil {
			return t, fmt.Errorf("preparing: %w", err)
		}
		if err := s.until(ctx, "all to be live", s.allLive); err != nil {
			return t, fmt.Errorf("preparing: %w", err)
		}
	}
	if err := s.until(ctx, "clients at every edge", s.spread); err != nil {
		return t, fmt.Errorf("preparing: %w", err)
	}
	t.began = time.Now()
	pause(ctx, lead)
	if err := s.measure(ctx, t); err != nil {
		return t, err
	}
	t.injected = time.Now()
	if err := f.inject(ctx, s, t); err != nil {
		return t, fmt.Errorf("breaking: %w", err)
	}
	pause(ctx, f.hold)
	t.healed = time.Now()
	if f.heal != nil {
		if err := f.heal(ctx, s, t); err != nil {
			return t, fmt.Errorf("mending: %w", err)
		}
	}
	err := s.recovers(ctx, t)
	if err == nil && f.check != nil {
		err = f.check(ctx, s, t)
	}
	t.ended = time.Now()
	s.settle(ctx, t)
	s.judge(t)
	if f.tidy != nil {
		if tidied := f.tidy(ctx, s, t); tidied != nil {
			err = errors.Join(err, fmt.Errorf("tidying up: %w", tidied))
		}
	}
	return t, err
}

// measure books what each process takes before the fault, and where its log ends. One that is
// started anew to prepare the fault takes less at first than it will, and took before.
func (s *stage) measure(ctx context.Context, t *trial) error {
	for _, p := range s.processes() {
		v, err := p.vitals(ctx)
		if err != nil {
			return err
		}
		before := t.before[p.name]
		t.before[p.name] = vitals{
			Goroutines: max(v.Goroutines, before.Goroutines), Memory: max(v.Memory, before.Memory), Heap: max(v.Heap, before.Heap),
		}
		t.logs[p.name] = p.logSize()
	}
	return nil
}

// recovers waits until all is well again, and books when.
func (s *stage) recovers(ctx context.Context, t *trial) error {
	err := s.until(ctx, "all to be live again", s.allLive)
	if err != nil {
		t.fail("%v", firstLine(err))
		return err
	}
	t.seen.live = time.Since(t.healed)
	// A notice that was signed after the fault is published as if there had been none, …
	var first *publication
	err = s.until(ctx, "a new notice to be published", func(context.Context) error {
		for _, p := range slices.Backward(s.publisher.book.since(t.healed)) {
			select {
			case <-p.done:
			default:
				continue
			}
			if p.fate == fatePublished && len(p.attempts) == 1 && p.attempts[0].took < 3*time.Second {
				first = p
				return nil
			}
		}
		return errors.New("none is")
	})
	if err != nil {
		t.fail("%v", firstLine(err))
		return err
	}
	t.seen.recovered = max(t.seen.live, first.decided.Sub(t.healed))
	// … and reaches everybody, once everybody has come back.
	err = s.until(ctx, "every client to have it", func(context.Context) error {
		last, all := s.audience.allHave(first.id)
		if !all {
			here, _ := s.audience.here()
			return fmt.Errorf("%d of %d are connected", here, s.clients)
		}
		t.seen.everybody = max(t.seen.recovered, last.Sub(t.healed))
		return nil
	})
	if err != nil {
		t.fail("%v", firstLine(err))
	}
	return err
}

// settle waits until what was begun has ended: publications, their way to the clients,
// doubts of clients, copies on the servers, memory.
func (s *stage) settle(ctx context.Context, t *trial) {
	limit, cancel := context.WithTimeout(ctx, tail)
	defer cancel()
	for _, p := range s.publisher.book.since(s.judged) {
		switch {
		case p.signed.After(t.ended): // the next trial's
		case p.signed.Before(t.began):
			t.seen.earlier = append(t.seen.earlier, p)
		default:
			t.seen.all = append(t.seen.all, p)
		}
	}
	s.judged = t.ended
	begun := slices.Concat(t.seen.earlier, t.seen.all)
	for _, p := range begun {
		select {
		case <-p.done:
		case <-limit.Done():
		}
	}
	_ = s.until(ctx, "all clients to have everything", func(context.Context) error {
		for _, p := range begun {
			if p.isDone() && p.fate == fatePublished {
				if _, all := s.audience.allHave(p.id); !all {
					return errors.New(p.id)
				}
			}
		}
		return nil
	})
	if err := s.until(ctx, everybody, s.everybody); err != nil {
		t.fail("%v", firstLine(err))
	}
	if len(s.nats) > 0 {
		if err := s.until(ctx, "all copies to be current", s.wholeCluster); err != nil {
			t.fail("%v", firstLine(err))
		}
	}
	t.seen.readings = s.readings(ctx)
	began := time.Now()
	_ = s.until(ctx, "memory and goroutines to be what they were", func(ctx context.Context) error {
		t.seen.vitals = make(map[string]vitals)
		for _, p := range s.tocsins() { // any of them, since one may have missed a look
			t.seen.entries = max(t.seen.entries, s.watch.now(p.name).read)
		}
		var problems []error
		for _, p := range s.processes() {
			v, err := p.vitals(ctx)
			if err != nil {
				return err
			}
			t.seen.vitals[p.name] = v
			before, known := t.before[p.name]
			fine := v.bounded(t.seen.entries) && (!known || v.back(before))
			if !fine && time.Since(began) < vitalsLimit {
				problems = append(problems, errors.New(p.name))
			}
		}
		return errors.Join(problems...)
	})
}

// vitalsLimit is how long memory may take to come back: some rounds of garbage collection.
const vitalsLimit = 20 * time.Second

func (p *publication) isDone() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// firstLine is an error in one line.
func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
