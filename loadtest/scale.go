//go:build linux

package main

import (
	"context"
	"fmt"
	"slices"

	"tocsin/loadtest/crowd"
	"tocsin/loadtest/report"
	"tocsin/loadtest/target"
)

type scaleCmd struct {
	Sizes   []int `group:"crowd" default:"1000,2500,5000,7500,10000,12500,15000" placeholder:"N,…" help:"Sizes of the crowd, growing (default ${default})."`
	Runs    int   `group:"crowd" default:"5" placeholder:"N" help:"Runs at each size; results are their medians (default ${default})."`
	Repeat  int   `group:"crowd" default:"3" placeholder:"N" help:"Notices in each run (default ${default})."`
	Size    int   `group:"crowd" default:"1024" placeholder:"BYTES" help:"Size of an entry's frame (default ${default})."`
	Readers int   `group:"crowd" default:"1" placeholder:"N" help:"Threads that read for the clients (default ${default})."`
	Deflate bool  `group:"crowd" help:"Offer permessage-deflate."`
	targetFlags
	outFlags
}

func (scaleCmd) Help() string {
	return `Lets a crowd grow, and measures the fan-out and the floor at each size. If cost grows linearly, the
time to the last client divided by the number of clients stays the same.`
}

const figureLinear = "time to the last for each client, the largest crowd ÷ the smallest"

func (cmd *scaleCmd) Run(ctx context.Context) error {
	if len(cmd.Sizes) == 0 || !slices.IsSorted(cmd.Sizes) || cmd.Sizes[0] < 1 {
		return misusef("--sizes grow, from 1 or more")
	}
	most := cmd.Sizes[len(cmd.Sizes)-1]
	flags := crowdFlags{Clients: most, Runs: cmd.Runs, Readers: cmd.Readers, Deflate: cmd.Deflate}
	l, err := openLab(ctx, "Fan-out as the crowd grows", flags, cmd.targetFlags, cmd.outFlags, most)
	if err != nil {
		return err
	}
	defer l.close()
	g, err := l.openGround(ctx, listenRaw, most)
	if err != nil {
		return err
	}
	defer g.close()
	times := report.Plot{Title: "Time to the last client", X: "clients", Y: "ms", Lines: []report.Line{{Name: "Tocsin", Dots: true}, {Name: "floor", Dots: true}}}
	costs := report.Plot{Title: "CPU for one notice", X: "clients", Y: "ms", Lines: slices.Clone(times.Lines)}
	before := 0
	for _, n := range cmd.Sizes {
		at, err := cmd.grow(ctx, l, g, before, n)
		if err != nil {
			return err
		}
		before = n
		times.Lines[0].Points = append(times.Lines[0].Points, [2]float64{float64(n), at.last})
		times.Lines[1].Points = append(times.Lines[1].Points, [2]float64{float64(n), at.floorLast})
		costs.Lines[0].Points = append(costs.Lines[0].Points, [2]float64{float64(n), at.cpu * float64(n) / 1e3})
		costs.Lines[1].Points = append(costs.Lines[1].Points, [2]float64{float64(n), at.floorCPU * float64(n) / 1e3})
	}
	least, largest := times.Lines[0].Points[0], times.Lines[0].Points[len(cmd.Sizes)-1]
	l.report.Add(figureLinear, "", (largest[1]/largest[0])/(least[1]/least[0]))
	if l.server == nil {
		costs.Lines = costs.Lines[1:]
	}
	l.report.Plots = append(l.report.Plots, times, costs)
	return l.finish(ctx)
}

// grow brings the crowd to n clients and measures it there. It returns medians.
func (cmd *scaleCmd) grow(ctx context.Context, l *lab, g *ground, from, n int) (at measured, err error) {
	for _, w := range []*worker{l.people, g.people} {
		if _, err := l.connect(ctx, w, crowd.Plan{From: from, To: n}); err != nil {
			return at, err
		}
	}
	var here report.Report
	for run := range cmd.Runs + 1 { // the first warms up
		m, err := l.notices(ctx, g, target.Text{Size: cmd.Size}, cmd.Repeat, n)
		if err != nil {
			return at, err
		}
		if run > 0 {
			m.report(&here)
		}
	}
	for _, f := range here.Figures {
		if f.Name == figurePublishing || f.Name == "from the request to the desk's answer" {
			continue
		}
		f.Name = fmt.Sprintf("%6d clients: %s", n, f.Name)
		l.report.Figures = append(l.report.Figures, f)
	}
	at.cpu, _ = here.Of(figureDelivery)
	at.floorCPU, _ = here.Of(figureWrite)
	at.last, _ = here.Of(figureLast)
	at.floorLast, _ = here.Of(figureFloorLast)
	l.progress("%d clients: last after %.0f ms (floor %.0f ms)", n, at.last, at.floorLast)
	return at, nil
}
