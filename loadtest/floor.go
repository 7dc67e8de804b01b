//go:build linux

package main

import (
	"context"
	"os"
	"strings"
	"time"

	"tocsin/loadtest/crowd"
	"tocsin/loadtest/report"
)

type floorCmd struct {
	crowdFlags
	Size int `group:"crowd" default:"1024" placeholder:"BYTES" help:"Size of a frame (default ${default})."`
	outFlags
}

func (floorCmd) Help() string {
	return `Measures no Tocsin, but what none can beat: one write(2) per socket from a thread for each core,
and connections that are accepted, upgraded and greeted with as little as possible. The other
commands measure the same between their own runs, which is what ratios must be made of.`
}

const (
	figureUpgrade    = "floor: CPU per upgrade with hello"
	figureRawUpgrade = "floor: the same without package net"
	figureUpTime     = "floor: time until all are greeted"
)

func (cmd *floorCmd) Run(ctx context.Context) error {
	if err := cmd.check(cmd.Clients); err != nil {
		return err
	}
	l := &lab{crowdFlags: cmd.crowdFlags, outFlags: cmd.outFlags, size: cmd.Clients, began: time.Now()}
	l.report = report.Report{
		Title: "The floor of this machine", At: l.began.UTC().Truncate(time.Second),
		Command: "loadtest " + strings.Join(os.Args[1:], " "), Facts: machine(),
	}
	g, err := l.openGround(ctx, listenRaw, cmd.Clients)
	if err != nil {
		return err
	}
	defer g.close()
	plain, err := l.openGround(ctx, listenPlain, cmd.Clients)
	if err != nil {
		return err
	}
	defer plain.close()
	times := newLatencies()
	for run := range cmd.Runs + 1 { // the first warms up
		if err := cmd.once(ctx, l, g, plain, times, run > 0); err != nil {
			return err
		}
		l.progress("run %d of %d", run, cmd.Runs)
	}
	l.report.Plots = append(l.report.Plots, report.Plot{
		Title: "Clients that have the frame", X: "ms after the first client", Y: "% of clients", Lines: []report.Line{times.line("floor")},
	})
	return l.write()
}

func (cmd *floorCmd) once(ctx context.Context, l *lab, g, plain *ground, times latencies, counts bool) error {
	raw, _, err := g.upgrade(ctx, crowd.Plan{To: cmd.Clients})
	if err != nil {
		return err
	}
	up, took, err := plain.upgrade(ctx, crowd.Plan{To: cmd.Clients})
	if err != nil {
		return err
	}
	b, err := g.rehearse(ctx, cmd.Size, cmd.Clients)
	if err != nil {
		return err
	}
	if counts {
		times.add(b.arrival.At, b.arrival.First)
		l.report.Add(figureWrite, "µs", b.perDelivery(1))
		l.report.Add(figureFloorLast, "ms", b.spread())
		l.report.Add(figureUpgrade, "µs", up)
		l.report.Add(figureRawUpgrade, "µs", raw)
		l.report.Add(figureUpTime, "s", took)
	}
	return nil
}

// upgrade lets clients connect anew to the bare server: microseconds of its CPU for
// each, and seconds until all were greeted.
func (g *ground) upgrade(ctx context.Context, p crowd.Plan) (cpu, took float64, err error) {
	if _, err := call[struct{}](ctx, g.people, "Drop", Span{From: p.From, To: p.To, Abruptly: true}); err != nil {
		return 0, 0, err
	}
	if err := g.empty(ctx); err != nil {
		return 0, 0, err
	}
	before := costOf(&g.server.Process)
	out, err := g.lab.connect(ctx, g.people, p)
	if err != nil {
		return 0, 0, err
	}
	time.Sleep(settle)
	after := costOf(&g.server.Process)
	return float64((after.cpu - before.cpu).Nanoseconds()) / 1e3 / float64(p.To-p.From), millis(out.Ended-out.Began) / 1e3, nil
}
