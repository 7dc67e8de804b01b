//go:build linux

package main

import (
	"context"

	"tocsin/loadtest/crowd"
	"tocsin/loadtest/report"
	"tocsin/loadtest/target"
)

type fanoutCmd struct {
	crowdFlags
	Size       int     `group:"crowd" default:"1024" placeholder:"BYTES" help:"Size of an entry's frame (default ${default})."`
	Repeat     int     `group:"crowd" default:"5" placeholder:"N" help:"Notices in each run (default ${default})."`
	Burst      int     `group:"crowd" placeholder:"N" help:"Then publish N at once, in each run."`
	NotReading float64 `group:"crowd" placeholder:"PERCENT" help:"Then again with so many of the clients not reading at all (1 for 1%)."`
	NoFloor    bool    `group:"crowd" help:"Do not measure the floor between the notices."`
	targetFlags
	outFlags
}

func (fanoutCmd) Help() string {
	return `Publishes notices to a crowd that is connected and idle, and in turn with each lets a bare
server write the same frame to as many sockets, so that a busy machine is busy for both.

    go run ./loadtest fanout --clients 10000 --burst 100 --not-reading 1 --html fanout.html

"CPU per delivery" is without what a notice costs that nobody gets (desk, log, sync to disk), which
is measured in turn too. "Time to the last" is counted from the first client that has the notice, for both; "from the
request" from the moment when the notice is sent to the desk, which syncs it to disk.`
}

// Names of figures that bars and plots refer to.
const (
	figurePublishing    = "server CPU per notice that nobody gets"
	figureDelivery      = "server CPU per delivery"
	figureWrite         = "floor: CPU per write"
	figureDeliveryRatio = "server CPU per delivery ÷ floor"
	figureLast          = "time to the last client"
	figureFloorLast     = "floor: time to the last client"
	figureLastRatio     = "time to the last client ÷ floor"
	figureGrowth        = "with clients that do not read: time to the last of the others ÷ without"
)

func (cmd *fanoutCmd) Run(ctx context.Context) error {
	l, err := openLab(ctx, "Fan-out of a notice", cmd.crowdFlags, cmd.targetFlags, cmd.outFlags, cmd.Clients)
	if err != nil {
		return err
	}
	defer l.close()
	var g *ground
	if !cmd.NoFloor {
		if g, err = l.openGround(ctx, listenRaw, cmd.Clients); err != nil {
			return err
		}
		defer g.close()
	}
	if err := cmd.measure(ctx, l, g); err != nil {
		return err
	}
	l.report.Bar(figureDeliveryRatio, 1.15)
	l.report.Bar(figureLastRatio, 1.10)
	return l.finish(ctx)
}

func (cmd *fanoutCmd) measure(ctx context.Context, l *lab, g *ground) error {
	l.progress("connecting %d clients", cmd.Clients)
	if _, err := l.connect(ctx, l.people, crowd.Plan{To: cmd.Clients}); err != nil {
		return err
	}
	if g != nil {
		if _, err := l.connect(ctx, g.people, crowd.Plan{To: cmd.Clients}); err != nil {
			return err
		}
	}
	ours, floor := newLatencies(), newLatencies()
	for run := range cmd.Runs + 1 { // the first warms up
		m, err := l.notices(ctx, g, target.Text{Size: cmd.Size}, cmd.Repeat, cmd.Clients)
		if err != nil {
			return err
		}
		if run == 0 {
			continue
		}
		m.report(&l.report)
		ours.Merge(m.ours.Histogram)
		floor.Merge(m.floor.Histogram)
		l.progress("run %d of %d: last of %d after %.0f ms (floor %.0f ms)", run, cmd.Runs, cmd.Clients, m.last, m.floorLast)
		if err := cmd.more(ctx, l); err != nil {
			return err
		}
	}
	ours.figures(&l.report, "latency from the first client")
	plot := report.Plot{Title: "Clients that have the notice", X: "ms after the first client", Y: "% of clients", Lines: []report.Line{ours.line("Tocsin")}}
	if g != nil {
		plot.Lines = append(plot.Lines, floor.line("floor"))
	}
	l.report.Plots = append(l.report.Plots, plot)
	return nil
}

func (cmd *fanoutCmd) more(ctx context.Context, l *lab) error {
	if cmd.Burst > 0 {
		b, err := l.burst(ctx, cmd.Burst, cmd.Clients)
		if err != nil {
			return err
		}
		l.report.Add("burst: notices", "", float64(cmd.Burst))
		l.report.Add("burst: from the request to the last of the last", "ms", b.whole())
		l.report.Add("burst: deliveries per second", "", float64(cmd.Burst*cmd.Clients)/(b.spread()/1e3))
		if l.server != nil {
			l.report.Add("burst: server CPU per delivery", "µs", b.perDelivery(cmd.Burst))
		}
		l.progress("burst of %d: %.0f ms", cmd.Burst, b.whole())
	}
	if cmd.NotReading > 0 {
		return cmd.withDeaf(ctx, l)
	}
	return nil
}

// measured is a run: sums over its notices.
type measured struct {
	ours, floor                  latencies
	notices, clients             int
	cpu, floorCPU                float64 // µs per delivery, the mean of the notices
	read                         float64 // µs of the crowd's CPU per delivery
	publishing                   float64 // µs of CPU that a notice costs without a crowd
	last, floorLast, whole, desk float64 // ms, the median of the notices
	seen, floored                bool
}

// notices publishes some, in turn with rounds of the floor if there is one.
func (l *lab) notices(ctx context.Context, g *ground, t target.Text, n, clients int) (measured, error) {
	m := measured{ours: newLatencies(), floor: newLatencies(), notices: n, clients: clients, seen: l.server != nil, floored: g != nil}
	var last, floorLast, whole, desk []float64
	for range n {
		p, err := l.publishing(ctx, t)
		if err != nil {
			return m, err
		}
		b, err := l.broadcast(ctx, t, 0, clients)
		if err != nil {
			return m, err
		}
		m.read += float64(b.read.Nanoseconds()) / 1e3 / float64(clients*n)
		m.publishing += p / float64(n)
		m.cpu += (b.perDelivery(1) - p/float64(clients)) / float64(n)
		last, whole = append(last, b.spread()), append(whole, b.whole())
		desk = append(desk, millis(b.answered-b.from.at))
		m.ours.add(b.arrival.At, b.arrival.First)
		if g == nil || b.arrival.Missing > 0 {
			continue
		}
		f, err := g.round(ctx, b.arrival.Frame, b.arrival.Packed, b.seq, clients)
		if err != nil {
			return m, err
		}
		m.floorCPU += f.perDelivery(1) / float64(n)
		floorLast = append(floorLast, f.spread())
		m.floor.add(f.arrival.At, f.arrival.First)
	}
	m.last, m.floorLast = report.Median(last), report.Median(floorLast)
	m.whole, m.desk = report.Median(whole), report.Median(desk)
	return m, nil
}

func (m measured) report(r *report.Report) {
	if m.seen {
		r.Add(figurePublishing, "µs", m.publishing)
		r.Add(figureDelivery, "µs", m.cpu)
	}
	if m.floored {
		r.Add(figureWrite, "µs", m.floorCPU)
		if m.seen {
			r.Add(figureDeliveryRatio, "", m.cpu/m.floorCPU)
		}
	}
	r.Add(figureLast, "ms", m.last)
	if m.floored {
		r.Add(figureFloorLast, "ms", m.floorLast)
		r.Add(figureLastRatio, "", m.last/m.floorLast)
	}
	r.Add("from the request to the last client", "ms", m.whole)
	r.Add("the crowd's own CPU per delivery", "µs", m.read)
	r.Add("from the request to the desk's answer", "ms", m.desk)
}
