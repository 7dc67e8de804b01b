//go:build linux

package main

import (
	"context"
	"errors"
	"math"
	"time"

	"tocsin/loadtest/crowd"
	"tocsin/loadtest/target"
)

const (
	groupDeaf = 2
	deafLabel = "surface:loadtest-deaf"
	// fillerSize and maxFillers are what makes a socket of a client that does not read
	// stall: 4 MiB is the most that Linux lets a send buffer grow to by default.
	fillerSize = 30_000
	maxFillers = 160
)

// withDeaf measures the fan-out to the others, first while those who are not going to
// read are away, and then while their sockets are full.
func (cmd *fanoutCmd) withDeaf(ctx context.Context, l *lab) error {
	deaf := int(math.Ceil(float64(cmd.Clients) * cmd.NotReading / 100))
	others := cmd.Clients - deaf
	if others < 1 {
		return misusef("--not-reading %v: somebody must read", cmd.NotReading)
	}
	drop := Span{From: others, To: cmd.Clients, Abruptly: true}
	if _, err := call[struct{}](ctx, l.people, "Drop", drop); err != nil {
		return err
	}
	quiet, err := l.notices(ctx, nil, target.Text{Size: cmd.Size}, cmd.Repeat, others)
	if err != nil {
		return err
	}
	plan := crowd.Plan{From: others, To: cmd.Clients, Group: groupDeaf, Deaf: true, Labels: []string{deafLabel}}
	if _, err := l.connect(ctx, l.people, plan); err != nil {
		return err
	}
	stalled, err := l.fill(ctx, deaf)
	if err != nil {
		return err
	}
	loud, err := l.notices(ctx, nil, target.Text{Size: cmd.Size}, cmd.Repeat, others)
	if err != nil {
		return err
	}
	l.report.Add("clients that do not read", "", float64(deaf))
	l.report.Add("of them stalled before the measurement", "", float64(stalled))
	l.report.Add(figureGrowth, "", loud.last/quiet.last)
	l.report.Bar(figureGrowth, 1.05)
	l.progress("%d of %d do not read: last of the others %.0f ms, without them %.0f ms", deaf, cmd.Clients, loud.last, quiet.last)
	if _, err := call[struct{}](ctx, l.people, "Drop", drop); err != nil {
		return err
	}
	_, err = l.connect(ctx, l.people, crowd.Plan{From: others, To: cmd.Clients})
	return err
}

// fill publishes large notices for those alone who do not read, until their sockets
// take no more. It returns how many stalls the server has counted; -1 if it can't say.
func (l *lab) fill(ctx context.Context, deaf int) (stalled int, err error) {
	before, err := l.stalls(ctx)
	seen := err == nil
	for n := range maxFillers {
		prepared, err := l.publisher.Prepare(target.Text{Size: fillerSize, Addresses: []string{deafLabel}, Expires: time.Minute})
		if err != nil {
			return 0, err
		}
		if _, err := l.publisher.Publish(ctx, prepared); err != nil {
			return 0, err
		}
		if !seen || n%4 != 3 {
			continue
		}
		if now, err := l.stalls(ctx); err == nil && int(now-before) >= deaf {
			return int(now - before), nil
		}
	}
	if !seen {
		return -1, nil
	}
	now, err := l.stalls(ctx)
	return int(now - before), err
}

var errNoAdmin = errors.New("no --admin")

func (l *lab) stalls(ctx context.Context) (float64, error) {
	if l.Admin == "" {
		return 0, errNoAdmin
	}
	gauges, err := target.Scrape(ctx, l.Admin)
	return gauges["tocsin_hub_stalls_total"], err
}
