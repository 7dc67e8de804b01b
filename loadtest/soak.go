//go:build linux

package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"tocsin/loadtest/crowd"
	"tocsin/loadtest/report"
	"tocsin/loadtest/target"
)

type soakCmd struct {
	crowdFlags
	For   time.Duration `group:"crowd" default:"1h" placeholder:"TIME" help:"How long (default ${default})."`
	Every time.Duration `group:"crowd" default:"30s" placeholder:"TIME" help:"Time between notices (default ${default}). The server remembers each as long as its log does."`
	targetFlags
	outFlags
}

func (soakCmd) Help() string {
	return `Most clients stay connected and get a notice every half minute. A twentieth of them come and go all the
time, with ticket and cursor, and one in a hundred reads nothing, until the server ends it, and comes back.
Every notice stays in the server's memory, some 10 KiB of it, as it stays in the log: with many of them
(--every 2s) memory grows for that reason alone. Memory, goroutines and open files at the end are compared with those after the first tenth, when pools,
the window and the heap have their size. --runs is not used.`
}

const (
	figureMemoryGrowth = "server memory, at the end ÷ after the first tenth"
	// moment is how long the server is given to settle before its memory is read.
	moment = 5 * time.Second
	// breath is the time between those who come and go, if notices are further apart.
	breath = 2 * time.Second
	// worthABar is how long the heap needs to have seen everything.
	worthABar = 10 * time.Minute
)

// soak is one command's work. Clients are, in order: those who stay, those who come and
// go, those who do not read.
type soak struct {
	*soakCmd
	lab         *lab
	stay, deaf  int // where the others begin
	memory      report.Line
	last        latencies
	notices     int
	turns       int
	reconnected int
}

func (cmd *soakCmd) Run(ctx context.Context) error {
	if cmd.Clients < 40 || cmd.For < 10*cmd.Every || cmd.Every <= 0 {
		return misusef("soak takes 40 clients or more, and ten notices or more (--for, --every)")
	}
	l, err := openLab(ctx, fmt.Sprintf("A soak of %v", cmd.For), cmd.crowdFlags, cmd.targetFlags, cmd.outFlags, cmd.Clients)
	if err != nil {
		return err
	}
	defer l.close()
	s := &soak{
		soakCmd: cmd, lab: l, last: newLatencies(), memory: report.Line{Name: "resident"},
		stay: cmd.Clients - cmd.Clients/20 - cmd.Clients/100, deaf: cmd.Clients - max(1, cmd.Clients/100),
	}
	if err := s.run(ctx); err != nil {
		return err
	}
	l.report.Add("notices", "", float64(s.notices))
	l.report.Add("reconnects", "", float64(s.reconnected))
	s.last.figures(&l.report, "latency from the first client")
	if cmd.For >= worthABar {
		l.report.Bar(figureMemoryGrowth, 1.1)
	} else {
		l.report.Note("This was too short for memory to settle: what is held to a bar takes %v or more.", worthABar)
	}
	l.report.Plots = append(l.report.Plots, report.Plot{Title: "Memory of the server", X: "s", Y: "MiB", Lines: []report.Line{s.memory}})
	return l.finish(ctx)
}

func (s *soak) run(ctx context.Context) error {
	first := crowd.Plan{To: s.stay, Token: true}
	if _, err := s.lab.connect(ctx, s.lab.people, first); err != nil {
		return err
	}
	began := time.Now()
	var published, said time.Time
	var early footprint
	for now := began; now.Sub(began) < s.For; now = time.Now() {
		if err := s.comeAndGo(ctx); err != nil {
			return err
		}
		if now.Sub(published) >= s.Every {
			published = now
			if err := s.publish(ctx); err != nil {
				return err
			}
		}
		f, err := s.lab.footprint(ctx)
		if err != nil {
			return err
		}
		s.memory.Points = append(s.memory.Points, [2]float64{time.Since(began).Seconds(), f.resident / (1 << 20)})
		if early.clients == 0 && time.Since(began) > s.For/10 {
			if early, err = s.rest(ctx); err != nil {
				return err
			}
			early.clients = 1
		}
		if now.Sub(said) >= time.Minute {
			said = now
			s.lab.progress("%v: %d notices, %d reconnects, %.0f MiB", time.Since(began).Round(time.Second), s.notices, s.reconnected, f.resident/(1<<20))
		}
		if err := pause(ctx, min(s.Every, breath)-time.Since(now)); err != nil {
			return err
		}
	}
	late, err := s.rest(ctx)
	if err != nil {
		return err
	}
	s.compare(early, late)
	return nil
}

func (s *soak) publish(ctx context.Context) error {
	b, err := s.lab.broadcast(ctx, target.Text{Expires: time.Minute}, 0, s.stay)
	if err != nil {
		return err
	}
	s.notices++
	s.last.add(b.arrival.At, b.arrival.First)
	return nil
}

// comeAndGo lets a random part of those who come and go do so, and those who do not
// read begin anew now and then.
func (s *soak) comeAndGo(ctx context.Context) error {
	if s.deaf > s.stay {
		from := s.stay + rand.IntN(s.deaf-s.stay)
		to := min(s.deaf, from+max(1, (s.deaf-s.stay)/4))
		if err := s.again(ctx, crowd.Plan{From: from, To: to, Group: groupStorm, Ticket: true, Cursor: true}); err != nil {
			return err
		}
	}
	if s.turns++; s.turns%20 != 1 {
		return nil
	}
	return s.again(ctx, crowd.Plan{From: s.deaf, To: s.Clients, Group: groupDeaf, Deaf: true, Labels: []string{deafLabel}})
}

func (s *soak) again(ctx context.Context, p crowd.Plan) error {
	if _, err := call[struct{}](ctx, s.lab.people, "Drop", Span{From: p.From, To: p.To, Abruptly: rand.IntN(2) == 0}); err != nil {
		return err
	}
	_, err := s.lab.connect(ctx, s.lab.people, p)
	s.reconnected += p.To - p.From
	return err
}

// rest lets the server settle, with those who stay alone, and reads what it holds.
func (s *soak) rest(ctx context.Context) (footprint, error) {
	if _, err := call[struct{}](ctx, s.lab.people, "Drop", Span{From: s.stay, To: s.Clients}); err != nil {
		return footprint{}, err
	}
	if err := s.lab.gone(ctx, s.stay); err != nil {
		return footprint{}, err
	}
	if err := pause(ctx, min(moment, s.For/10)); err != nil {
		return footprint{}, err
	}
	return s.lab.footprint(ctx)
}

func (s *soak) compare(early, late footprint) {
	r := &s.lab.report
	for _, f := range []struct {
		name, unit  string
		early, late float64
		scale       float64
	}{
		{"server memory", "MiB", early.resident, late.resident, 1 << 20},
		{"goroutines", "", early.goroutines, late.goroutines, 1},
		{"open files", "", early.files, late.files, 1},
	} {
		if f.late > 0 {
			r.Add(f.name+", after the first tenth", f.unit, f.early/f.scale)
			r.Add(f.name+", at the end", f.unit, f.late/f.scale)
		}
	}
	if early.resident > 0 {
		r.Add(figureMemoryGrowth, "", late.resident/early.resident)
	}
}
