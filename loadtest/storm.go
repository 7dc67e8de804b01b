//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"tocsin/loadtest/crowd"
	"tocsin/loadtest/report"
	"tocsin/loadtest/target"
)

type stormCmd struct {
	crowdFlags
	InFlight  int           `group:"crowd" default:"256" placeholder:"N" help:"Handshakes under way at once (default ${default})."`
	Over      time.Duration `group:"crowd" placeholder:"TIME" help:"Spread the reconnects over this time (default: as fast as they are taken)."`
	Connected int           `group:"crowd" placeholder:"M" help:"M more clients stay connected, and get a notice during the storm."`
	NoTickets bool          `group:"crowd" help:"Leave out the storms with tickets."`
	NoTokens  bool          `group:"crowd" help:"Leave out the storms with RS256 tokens that were never seen before."`
	NoFloor   bool          `group:"crowd" help:"Do not measure bare upgrades between the storms."`
	targetFlags
	outFlags
}

func (stormCmd) Help() string {
	return `Everybody has connected once, with a token, and has a ticket and a cursor. Then all connections are
reset, a notice is published that all have missed, and all come back: with ticket and cursor, and in a
second storm with the cursor and an RS256 token that nobody has seen before. In turn with that, as many
connect to a bare server: accept, upgrade, read a hello, write a welcome.

    go run ./loadtest storm --clients 9000 --connected 9000 --html storm.html

--connected adds what those feel who stayed: the time of a broadcast during the storm, against quiet.`
}

const (
	groupStorm = 1 // those who come and go; those who stay are group 0

	figureTicket      = "server CPU per reconnect, ticket"
	figureToken       = "server CPU per reconnect, RS256 token"
	figureTicketRatio = "server CPU per reconnect, ticket ÷ bare upgrade"
	figureTokenRatio  = "server CPU per reconnect, RS256 token ÷ bare upgrade"
	figureSignature   = "floor: CPU for one RS256 signature, crypto/rsa"
	figureSignedRatio = "server CPU per reconnect, RS256 token ÷ (bare upgrade + signature)"
	figureStormRatio  = "broadcast during a storm ÷ quiet"
)

func (cmd *stormCmd) Run(ctx context.Context) error {
	if cmd.Connected < 0 {
		return misusef("--connected is 0 or more")
	}
	l, err := openLab(ctx, "A storm of reconnects", cmd.crowdFlags, cmd.targetFlags, cmd.outFlags, cmd.Connected+cmd.Clients)
	if err != nil {
		return err
	}
	defer l.close()
	s := &storm{stormCmd: cmd, lab: l}
	if !cmd.NoFloor {
		if s.floor, err = l.openGround(ctx, listenPlain, cmd.Clients); err != nil {
			return err
		}
		defer s.floor.close()
	}
	if err := s.run(ctx); err != nil {
		return err
	}
	l.report.Bar(figureTicketRatio, 1.6)
	l.report.Bar(figureTokenRatio, 2.6)
	l.report.Bar(figureStormRatio, 3)
	l.report.Plots = append(l.report.Plots, s.curve, s.rates)
	return l.finish(ctx)
}

// storm is one command's work.
type storm struct {
	*stormCmd
	lab   *lab
	floor *ground // nil: none
	curve report.Plot
	rates report.Plot
}

// span is the clients that come and go.
func (s *storm) span() (from, to int) { return s.Connected, s.Connected + s.Clients }

func (s *storm) plan() crowd.Plan {
	from, to := s.span()
	return crowd.Plan{From: from, To: to, Group: groupStorm, InFlight: s.InFlight, Over: s.Over}
}

func (s *storm) run(ctx context.Context) error {
	s.lab.progress("connecting %d clients, each with a token", s.Clients+s.Connected)
	if err := s.tokens(ctx, target.EdDSA); err != nil {
		return err
	}
	first := s.plan()
	first.Token = true
	if _, err := s.lab.connect(ctx, s.lab.people, first); err != nil {
		return err
	}
	if s.hasTokens() || s.lab.TokenURL != "" {
		if err := s.holdTickets(ctx); err != nil {
			return err
		}
	}
	if s.Connected > 0 {
		if _, err := s.lab.connect(ctx, s.lab.people, crowd.Plan{To: s.Connected}); err != nil {
			return err
		}
	}
	if s.floor != nil {
		if _, err := s.lab.connect(ctx, s.floor.people, crowd.Plan{To: s.Clients}); err != nil {
			return err
		}
	}
	s.curve = report.Plot{Title: "Clients that are back", X: "s", Y: "clients that are synced"}
	s.rates = report.Plot{Title: "Reconnects per second", X: "s", Y: "clients per second"}
	for run := range s.Runs {
		if err := s.once(ctx, run); err != nil {
			return err
		}
	}
	return nil
}

// once is a run: the floor, a storm with tickets, one with tokens, and one that a
// broadcast comes into.
func (s *storm) once(ctx context.Context, run int) error {
	withTokens := !s.NoTokens && s.hasTokens()
	if withTokens { // first, so that what is compared follows closely on one another
		s.lab.progress("signing %d tokens", s.Clients)
		if err := s.tokens(ctx, target.RS256); err != nil {
			return err
		}
	}
	bare, err := s.bare(ctx)
	if err != nil {
		return err
	}
	withTicket := s.plan()
	withTicket.Ticket, withTicket.Cursor = true, true
	if !s.NoTickets {
		if err := s.withTickets(ctx, run, withTicket, bare); err != nil {
			return err
		}
	}
	if withTokens {
		if err := s.withTokens(ctx, run, bare); err != nil {
			return err
		}
	}
	if s.Connected > 0 {
		return s.during(ctx, withTicket)
	}
	return nil
}

func (s *storm) withTickets(ctx context.Context, run int, p crowd.Plan, bare float64) error {
	cpu, out, err := s.reconnect(ctx, p)
	if err != nil {
		return err
	}
	if err := s.inTier(ctx, "restricted"); err != nil {
		return err
	}
	s.report("ticket", figureTicket, figureTicketRatio, cpu, bare, out)
	if run == s.Runs-1 {
		s.draw("tickets", out)
	}
	s.lab.progress("run %d of %d: %d back with tickets after %.1f s", run+1, s.Runs, s.Clients, seconds(out))
	return nil
}

func (s *storm) withTokens(ctx context.Context, run int, bare float64) error {
	p := s.plan()
	p.Token, p.Cursor = true, true
	cpu, out, err := s.reconnect(ctx, p)
	if err != nil {
		return err
	}
	if err := s.inTier(ctx, "private"); err != nil {
		return err
	}
	signature, err := s.signature()
	if err != nil {
		return err
	}
	s.report("RS256 token", figureToken, figureTokenRatio, cpu, bare, out)
	s.lab.report.Add(figureSignature, "µs", signature)
	if bare > 0 {
		s.lab.report.Add(figureSignedRatio, "", cpu/(bare+signature))
	}
	if run == s.Runs-1 {
		s.draw("RS256 tokens", out)
	}
	s.lab.progress("run %d of %d: %d back with RS256 tokens after %.1f s", run+1, s.Runs, s.Clients, seconds(out))
	return nil
}

// signature is what crypto/rsa takes to check one, in microseconds, in this process and at
// this moment: neighbours on a shared machine change that twofold within minutes.
func (s *storm) signature() (float64, error) {
	self := target.Process{PID: os.Getpid()}
	n := min(s.Clients, 5000)
	before := costOf(&self)
	if err := s.lab.child.Issuer.Check(n); err != nil {
		return 0, fmt.Errorf("checking signatures: %w", err)
	}
	return float64((costOf(&self).cpu - before.cpu).Nanoseconds()) / 1e3 / float64(n), nil
}

// bare is what a bare upgrade costs, in microseconds; 0 without a floor.
func (s *storm) bare(ctx context.Context) (float64, error) {
	if s.floor == nil {
		return 0, nil
	}
	cpu, took, err := s.floor.upgrade(ctx, crowd.Plan{To: s.Clients, InFlight: s.InFlight, Over: s.Over, Ticket: true, Cursor: true})
	if err != nil {
		return 0, err
	}
	s.lab.report.Add(figureUpgrade, "µs", cpu)
	s.lab.report.Add(figureUpTime, "s", took)
	return cpu, nil
}

// reconnect resets all, publishes what they miss, and lets them come back. It returns
// the server's CPU for each in microseconds.
func (s *storm) reconnect(ctx context.Context, p crowd.Plan) (cpu float64, out crowd.Outcome, err error) {
	missed, err := s.miss(ctx)
	if err != nil {
		return 0, out, err
	}
	before := s.lab.cost()
	if out, err = s.lab.connect(ctx, s.lab.people, p); err != nil {
		return 0, out, err
	}
	time.Sleep(settle)
	after := s.lab.cost()
	return float64((after.cpu - before.cpu).Nanoseconds()) / 1e3 / float64(s.Clients), out, s.replayed(ctx, missed)
}

// miss resets all who come and go, waits until the server knows, and publishes a notice.
func (s *storm) miss(ctx context.Context) (seq uint64, err error) {
	from, to := s.span()
	if _, err := call[struct{}](ctx, s.lab.people, "Drop", Span{From: from, To: to, Abruptly: true}); err != nil {
		return 0, err
	}
	if err := s.lab.gone(ctx, s.Connected); err != nil {
		return 0, err
	}
	b, err := s.lab.broadcast(ctx, target.Text{}, 0, s.Connected)
	return b.seq, err
}

var errReplay = errors.New("the notice that all had missed was not replayed to all")

// replayed checks that all got what they had missed.
func (s *storm) replayed(ctx context.Context, seq uint64) error {
	got, err := call[crowd.Arrival](ctx, s.lab.people, "Await", crowd.Wait{Seqs: []uint64{seq}, Group: groupStorm, Each: s.Clients})
	if err == nil && got.Missing > 0 {
		err = fmt.Errorf("%w: %d of %d lack it", errReplay, got.Missing, s.Clients)
	}
	return err
}

func (s *storm) report(with, figure, ratio string, cpu, bare float64, out crowd.Outcome) {
	r := &s.lab.report
	if s.lab.server != nil {
		r.Add(figure, "µs", cpu)
		if bare > 0 {
			r.Add(ratio, "", cpu/bare)
		}
	}
	r.Add("time until all are synced, "+with, "s", seconds(out))
	times := newLatencies()
	times.add(out.Took, 0)
	times.figures(r, "way of one client, "+with)
	r.Add("refused attempts, "+with, "", float64(out.Refused))
	r.Add("broken attempts, "+with, "", float64(out.Broken))
}

func seconds(out crowd.Outcome) float64 { return millis(out.Ended-out.Began) / 1e3 }

func (s *storm) draw(name string, out crowd.Outcome) {
	s.curve.Lines = append(s.curve.Lines, curve(name, out))
	s.rates.Lines = append(s.rates.Lines, rate(name, out))
}

// rate is how many clients were synced per second, in each of some parts of the time.
func rate(name string, out crowd.Outcome) report.Line {
	const parts = 25
	part := max(1, (out.Ended-out.Began)/parts)
	var counts [parts + 1]int
	for _, at := range out.Synced {
		counts[min((at-out.Began)/part, parts)]++
	}
	l := report.Line{Name: name, Points: [][2]float64{{0, 0}}}
	for i, n := range counts[:parts] {
		middle := (float64(i) + 0.5) * float64(part) / 1e9
		l.Points = append(l.Points, [2]float64{middle, float64(n) / (float64(part) / 1e9)})
	}
	return l
}

// curve is how many clients were synced when, in a hundred points.
func curve(name string, out crowd.Outcome) report.Line {
	l := report.Line{Name: name, Points: [][2]float64{{0, 0}}}
	for i := range 100 {
		if n := (i + 1) * len(out.Synced) / 100; n > 0 {
			l.Points = append(l.Points, [2]float64{millis(out.Synced[n-1]-out.Began) / 1e3, float64(n)})
		}
	}
	return l
}
