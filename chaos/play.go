//go:build linux

package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"
)

// Run plays the faults that were asked for.
func (c *cli) Run(ctx context.Context) error {
	faults, err := chosen(c.Only)
	if err != nil {
		return err
	}
	if c.List {
		for _, f := range faults {
			fmt.Printf("%-34s %s\n", f.name, f.about)
		}
		return nil
	}
	if c.Clients < 1 || c.Pace < 10*time.Millisecond {
		return misusef("--clients is 1 or more, --pace 10ms or more")
	}
	p := &player{options: options{clients: c.Clients, pace: c.Pace, keep: c.Keep}, began: time.Now()}
	p.say = func(format string, args ...any) {
		fmt.Fprintf(os.Stderr, "%6.1fs  %s\n", time.Since(p.began).Seconds(), fmt.Sprintf(format, args...))
	}
	defer p.close()
	if p.rows, err = readRows(c.Seen); err != nil {
		return err
	}
	faults = slices.DeleteFunc(faults, func(f fault) bool {
		return slices.ContainsFunc(p.rows, func(r row) bool { return r.Name == f.name })
	})
	p.seen = c.Seen
	if len(faults) == 0 {
		p.bins.nats = c.NatsServer
		return c.finish(p)
	}
	if err := p.build(ctx, c.Tocsin, c.NatsServer); err != nil {
		return err
	}
	for i, f := range faults {
		p.say("%d of %d: %s", i+1, len(faults), f.name)
		if err := p.play(ctx, f); err != nil {
			return err
		}
	}
	p.leave()
	return c.finish(p)
}

// finish writes what was seen.
func (c *cli) finish(p *player) error {
	order := func(r row) int {
		return slices.IndexFunc(table(), func(f fault) bool { return f.name == r.Name })
	}
	slices.SortStableFunc(p.rows, func(a, b row) int { return order(a) - order(b) })
	fmt.Print(p.table())
	if c.Report != "" {
		if err := os.WriteFile(c.Report, []byte(p.report(c)), 0o644); err != nil {
			return err
		}
	}
	return outcome(p.rows, os.Stderr)
}

// outcome is nil if all ended as it should, and tested what it can be made sure to test. It says
// what tested nothing.
func outcome(rows []row, out io.Writer) error {
	bad, vain := 0, 0
	for _, r := range rows {
		if r.Untested != "" {
			fmt.Fprintf(out, "NOT TESTED: %s: %s\n", r.Name, r.Untested)
		}
		switch {
		case len(r.Failures) > 0:
			bad++
		case r.Vain:
			vain++
		}
	}
	if bad > 0 {
		return fmt.Errorf("%d of %d faults did not end as they should", bad, len(rows))
	}
	if vain > 0 {
		return fmt.Errorf("%d of %d faults tested nothing, and not by chance", vain, len(rows))
	}
	return nil
}

// chosen are the faults whose names begin with one of these; all if there are none.
func chosen(only []string) (faults []fault, err error) {
	all := table()
	wanted := func(f fault) bool {
		return len(only) == 0 || slices.ContainsFunc(only, func(begin string) bool { return strings.HasPrefix(f.name, begin) })
	}
	for _, begin := range only {
		if !slices.ContainsFunc(all, func(f fault) bool { return strings.HasPrefix(f.name, begin) }) {
			return nil, misusef("--only %q: no fault is called so, or begins so; --list names them", begin)
		}
	}
	return slices.DeleteFunc(all, func(f fault) bool { return !wanted(f) }), nil
}

// player plays faults on stages, one after the other. It opens a stage when one is needed,
// and another after a fault that it did not get over.
type player struct {
	options
	bins  binaries
	began time.Time
	stage *stage
	alone bool // the kind of stage
	rows  []row
	seen  string // file that keeps them; "": none does
}

// build builds the programs under test, but for those that are given.
func (p *player) build(ctx context.Context, tocsin, nats string) error {
	folder, err := os.MkdirTemp("", "tocsin-chaos-")
	if err != nil {
		return err
	}
	p.say("building")
	p.bins, err = build(ctx, binaries{folder: folder, tocsin: tocsin, nats: nats})
	return err
}

// play plays a fault and keeps its row. An error is one of the harness.
func (p *player) play(ctx context.Context, f fault) error {
	if f.missing != nil {
		if why := f.missing(); why != "" {
			p.say("  left out: %s", why)
			return p.keepRow((&trial{fault: f, skipped: why}).row())
		}
	}
	if p.stage != nil && p.alone != f.alone {
		p.leave()
	}
	if p.stage == nil {
		if err := p.enter(ctx, f.alone); err != nil {
			return err
		}
	}
	t, err := p.stage.play(ctx, f)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		t.fail("%s", firstLine(err))
	}
	p.say("  %s", t.summary())
	for _, failure := range t.failures {
		p.say("  NOT AS IT SHOULD BE: %s", failure)
	}
	if err != nil {
		p.leave() // what is left of it is of no use for the next
	}
	return p.keepRow(t.row())
}

func (p *player) keepRow(r row) error {
	p.rows = append(p.rows, r)
	if p.seen == "" {
		return nil
	}
	return appendRow(p.seen, r)
}

func (p *player) enter(ctx context.Context, alone bool) error {
	dir, err := os.MkdirTemp("", "tocsin-chaos-stage-")
	if err != nil {
		return err
	}
	p.stage, p.alone = &stage{options: p.options, bins: p.bins, dir: dir}, alone
	l := layout{edges: 2, desks: 2, nats: servers}
	if alone {
		l = layout{}
	}
	p.say("opening a stage: %d servers, %d edges, %d desks, %d clients", l.nats, max(l.edges, 1), max(l.desks, 1), p.clients)
	err = p.stage.open(ctx, l)
	if err != nil {
		err = fmt.Errorf("opening a stage: %w", err)
	}
	return err
}

// leave ends the stage that is open.
func (p *player) leave() {
	if p.stage != nil {
		p.bins = p.stage.bins // one may have been built for it
		p.stage.close()
		p.stage = nil
	}
}

// close ends everything, and removes what was built.
func (p *player) close() {
	p.leave()
	if p.bins.folder != "" {
		_ = os.RemoveAll(p.bins.folder)
	}
}

// summary is a trial in a line.
func (t *trial) summary() string {
	v := &t.seen
	words := []string{fmt.Sprintf("%d of %d published", v.counts[fatePublished], len(v.all))}
	for _, code := range []int{503, 504, 422, 0} {
		if n := v.codes[code]; n > 0 {
			words = append(words, fmt.Sprintf("%d × %s", n, codeWords[code]))
		}
	}
	words = append(words, "well after "+seconds(v.recovered), "everybody after "+seconds(v.everybody), "waited "+seconds(v.longestWait))
	if v.stale > 0 {
		words = append(words, "stale after "+seconds(v.stale))
	}
	return strings.Join(append(words, t.notes...), ", ")
}

var codeWords = map[int]string{503: "503", 504: "504", 422: "422", 0: "no answer"}
