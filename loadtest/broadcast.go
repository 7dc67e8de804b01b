//go:build linux

package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"tocsin/loadtest/crowd"
	"tocsin/loadtest/report"
	"tocsin/loadtest/target"
)

// broadcast is how one notice, or one round of the floor, got to a group.
type broadcast struct {
	arrival  crowd.Arrival
	clients  int
	from, to cost
	read     time.Duration // CPU that the crowd took for it
	answered int64         // when the desk said 201
	seq      uint64        // the last one's
}

// perDelivery is the server's CPU for each client, in microseconds.
func (b broadcast) perDelivery(notices int) float64 {
	return float64((b.to.cpu - b.from.cpu).Nanoseconds()) / 1e3 / float64(b.clients*notices)
}

// spread is from the first arrival to the last, in milliseconds: what the server and
// the machine take for the crowd, whatever the way to the server took.
func (b broadcast) spread() float64 { return millis(b.arrival.Last - b.arrival.First) }

// whole is from the request to the desk to the last arrival, in milliseconds.
func (b broadcast) whole() float64 { return millis(b.arrival.Last - b.from.at) }

func millis(nanos int64) float64 { return float64(nanos) / 1e6 }

// broadcast publishes a notice and waits until a group of clients has it.
func (l *lab) broadcast(ctx context.Context, t target.Text, group, clients int) (broadcast, error) {
	prepared, err := l.publisher.Prepare(t)
	if err != nil {
		return broadcast{}, err
	}
	b := broadcast{clients: clients, from: l.cost()}
	idle := costOf(&l.people.Process)
	if b.seq, err = l.publisher.Publish(ctx, prepared); err != nil {
		return broadcast{}, err
	}
	b.answered = crowd.Now()
	b.arrival, err = call[crowd.Arrival](ctx, l.people, "Await", crowd.Wait{Seqs: []uint64{b.seq}, Group: group, Each: clients})
	if err != nil {
		return broadcast{}, err
	}
	time.Sleep(settle)
	b.to = l.cost()
	b.read = costOf(&l.people.Process).cpu - idle.cpu
	if clients > 0 && b.arrival.Missing == 0 && !prepared.Is(b.arrival.Entries[0]) {
		return broadcast{}, fmt.Errorf("entry %d is not what was published", b.seq)
	}
	return b, nil
}

// nobodyLabel is claimed by no client.
const nobodyLabel = "surface:loadtest-nobody"

// publishing is the server's CPU for a notice that no client gets, in microseconds:
// what the desk, the log and its sync to disk cost, however large the crowd.
func (l *lab) publishing(ctx context.Context, t target.Text) (float64, error) {
	t.Addresses = []string{nobodyLabel}
	prepared, err := l.publisher.Prepare(t)
	if err != nil {
		return 0, err
	}
	before := l.cost()
	if _, err := l.publisher.Publish(ctx, prepared); err != nil {
		return 0, err
	}
	time.Sleep(settle)
	return float64((l.cost().cpu - before.cpu).Nanoseconds()) / 1e3, nil
}

// publishers is how many notices of a burst are on their way to the desk at once.
const publishers = 8

// burst publishes many notices as fast as the desk takes them.
func (l *lab) burst(ctx context.Context, n, clients int) (broadcast, error) {
	prepared := make([]target.Prepared, n)
	for i := range prepared {
		var err error
		if prepared[i], err = l.publisher.Prepare(target.Text{}); err != nil {
			return broadcast{}, err
		}
	}
	b := broadcast{clients: clients, from: l.cost()}
	seqs, err := l.publishAll(ctx, prepared)
	if err != nil {
		return broadcast{}, err
	}
	b.answered = crowd.Now()
	b.arrival, err = call[crowd.Arrival](ctx, l.people, "Await", crowd.Wait{Seqs: seqs, Each: clients})
	if err != nil {
		return broadcast{}, err
	}
	time.Sleep(settle)
	b.to = l.cost()
	for i, entry := range b.arrival.Entries {
		if b.arrival.Missing == 0 && !prepared[i].Is(entry) {
			return broadcast{}, fmt.Errorf("entry %d is not what was published", seqs[i])
		}
	}
	return b, nil
}

// publishAll publishes from several connections at once.
func (l *lab) publishAll(ctx context.Context, prepared []target.Prepared) ([]uint64, error) {
	seqs, errs := make([]uint64, len(prepared)), make([]error, publishers)
	var wg sync.WaitGroup
	for p := range publishers {
		wg.Go(func() {
			for i := p; i < len(prepared) && errs[p] == nil; i += publishers {
				seqs[i], errs[p] = l.publisher.Publish(ctx, prepared[i])
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return seqs, nil
}

// latencies gathers arrivals in microseconds, up to a minute, to three digits.
type latencies struct{ *hdrhistogram.Histogram }

func newLatencies() latencies { return latencies{hdrhistogram.New(1, 60_000_000, 3)} }

// add takes arrivals, counted from a moment.
func (h latencies) add(at []int64, since int64) {
	for _, t := range at {
		_ = h.RecordValue(max(1, (t-since)/1e3)) // a minute is as good as more
	}
}

// figures adds percentiles in milliseconds.
func (h latencies) figures(r *report.Report, name string) {
	for _, q := range []struct {
		name string
		at   float64
	}{{"p50", 50}, {"p99", 99}, {"last", 100}} {
		r.Add(name+", "+q.name, "ms", float64(h.ValueAtQuantile(q.at))/1e3)
	}
}

// line is the cumulative distribution: milliseconds, per cent of clients.
func (h latencies) line(name string) report.Line {
	l := report.Line{Name: name, Points: [][2]float64{{0, 0}}}
	for q := 1.0; q <= 100; q++ {
		l.Points = append(l.Points, [2]float64{float64(h.ValueAtQuantile(q)) / 1e3, q})
	}
	return l
}
