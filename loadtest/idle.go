//go:build linux

package main

import (
	"context"
	"fmt"
	"time"

	"tocsin/loadtest/crowd"
	"tocsin/loadtest/report"
	"tocsin/loadtest/target"
)

type idleCmd struct {
	crowdFlags
	Settle time.Duration `group:"crowd" default:"20s" placeholder:"TIME" help:"How long memory may settle before it is read (default ${default})."`
	targetFlags
	outFlags
}

func (idleCmd) Help() string {
	return `Reads the server's memory without clients, with half of them, and with all, and gives the slope between
half and all: what one more connection costs once the fixed part is paid. It is the anonymous resident
memory of the process; what the kernel keeps for a socket is not in it. Clients connect gently, since
what a storm of handshakes needs for a moment is not what they need idle. --runs is not used.`
}

const (
	figureIdle = "server memory per idle connection"
	// gently is how fast idle clients come.
	gently = 500 * time.Microsecond
)

func (cmd *idleCmd) Run(ctx context.Context) error {
	l, err := openLab(ctx, "Memory of idle connections", cmd.crowdFlags, cmd.targetFlags, cmd.outFlags, cmd.Clients)
	if err != nil {
		return err
	}
	defer l.close()
	if l.server == nil && l.Admin == "" {
		return misusef("idle needs to see the server: --pid N, or --admin URL")
	}
	line := report.Line{Name: "resident", Dots: true}
	var before footprint
	for _, n := range []int{0, cmd.Clients / 2, cmd.Clients} {
		from := int(before.clients)
		if _, err := l.connect(ctx, l.people, crowd.Plan{From: from, To: n, Over: time.Duration(n-from) * gently}); err != nil {
			return err
		}
		l.progress("%d clients; settling for %v", n, cmd.Settle)
		if err := pause(ctx, cmd.Settle); err != nil {
			return err
		}
		now, err := l.footprint(ctx)
		if err != nil {
			return err
		}
		now.clients = float64(n)
		l.report.Add(fmt.Sprintf("server memory with %d clients", n), "MiB", now.resident/(1<<20))
		line.Points = append(line.Points, [2]float64{now.clients, now.resident / (1 << 20)})
		if n == cmd.Clients && n > from {
			now.slope(&l.report, before)
		}
		before = now
	}
	l.report.Bar(figureIdle, 9)
	l.report.Note("Memory of the kernel (socket buffers, some 3 to 5 KiB for each idle connection) is not counted.")
	l.report.Plots = append(l.report.Plots, report.Plot{Title: "Memory", X: "idle connections", Y: "MiB", Lines: []report.Line{line}})
	return l.finish(ctx)
}

// footprint is what a server holds.
type footprint struct {
	clients               float64
	resident, heap, stack float64 // bytes; heap and stack are 0 if nobody says
	goroutines, files     float64
}

func (l *lab) footprint(ctx context.Context) (f footprint, err error) {
	if l.Admin != "" {
		gauges, err := target.Scrape(ctx, l.Admin)
		if err != nil {
			return f, err
		}
		f.resident, f.goroutines = gauges["process_resident_memory_bytes"], gauges["go_goroutines"]
		f.heap, f.stack = gauges["go_memstats_heap_inuse_bytes"], gauges["go_memstats_stack_inuse_bytes"]
		f.files = gauges["process_open_fds"]
	}
	if l.server == nil {
		return f, nil
	}
	resident, err := l.server.Memory()
	if err != nil {
		return f, err
	}
	f.resident = float64(resident)
	files, err := l.server.Files()
	f.files = float64(files)
	return f, err
}

// slope adds what one connection more costs.
func (f footprint) slope(r *report.Report, before footprint) {
	each := func(now, then float64) float64 { return (now - then) / 1024 / (f.clients - before.clients) }
	r.Add(figureIdle, "KiB", each(f.resident, before.resident))
	if f.heap > 0 {
		r.Add("of it heap of Go", "KiB", each(f.heap, before.heap))
		r.Add("of it stacks of goroutines", "KiB", each(f.stack, before.stack))
		r.Add("goroutines per connection", "", (f.goroutines-before.goroutines)/(f.clients-before.clients))
	}
}

// pause waits, unless ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
