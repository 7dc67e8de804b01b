//go:build linux

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"tocsin/loadtest/crowd"
	"tocsin/loadtest/target"
)

// during measures what those who stay feel: a broadcast in quiet, then one that begins
// when a quarter of the storm may be back.
func (s *storm) during(ctx context.Context, p crowd.Plan) error {
	missed, err := s.miss(ctx)
	if err != nil {
		return err
	}
	quiet, err := s.lab.broadcast(ctx, target.Text{}, 0, s.Connected)
	if err != nil {
		return err
	}
	type ended struct {
		out crowd.Outcome
		err error
	}
	done := make(chan ended, 1)
	go func() {
		out, err := s.lab.connect(ctx, s.lab.people, p)
		done <- ended{out, err}
	}()
	if err := s.underWay(ctx); err != nil {
		<-done
		return err
	}
	loud, err := s.lab.broadcast(ctx, target.Text{}, 0, s.Connected)
	end := <-done
	if err := cmp.Or(err, end.err); err != nil {
		return err
	}
	if end.out.Ended < loud.arrival.Last {
		s.lab.report.Note("A storm was over before the broadcast into it had reached everybody: take more --clients.")
	}
	r := &s.lab.report
	r.Add("broadcast in quiet, from the request to the last", "ms", quiet.whole())
	r.Add("broadcast during a storm, from the request to the last", "ms", loud.whole())
	r.Add("broadcast in quiet, from the first to the last", "ms", quiet.spread())
	r.Add("broadcast during a storm, from the first to the last", "ms", loud.spread())
	r.Add(figureStormRatio, "", loud.whole()/quiet.whole())
	s.lab.progress("a broadcast to %d during the storm: %.0f ms, quiet %.0f ms", s.Connected, loud.whole(), quiet.whole())
	return s.replayed(ctx, missed)
}

// underWay waits until a quarter of the storm is back.
func (s *storm) underWay(ctx context.Context) error {
	for {
		state, err := call[crowd.State](ctx, s.lab.people, "State", struct{}{})
		if err != nil || int(state.Here) >= s.Connected+s.Clients/4 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (s *storm) hasTokens() bool { return s.lab.child != nil }

// tokens gives everybody who comes and goes a new token.
func (s *storm) tokens(ctx context.Context, alg string) error {
	from, _ := s.span()
	var tokens []string
	var err error
	switch {
	case s.lab.child != nil:
		tokens, err = s.lab.child.Issuer.Tokens(alg, s.Clients)
	case s.lab.TokenURL != "":
		tokens, err = target.FetchTokens(ctx, s.lab.TokenURL, s.Clients)
		s.lab.report.Note("RS256 tokens that were never seen before are made for a Tocsin of the tool's own alone.")
	default:
		s.lab.report.Note("Without --token-url the clients have no token, so they get no ticket either: the storms are anonymous.")
		return nil
	}
	if err != nil {
		return fmt.Errorf("getting tokens: %w", err)
	}
	_, err = call[struct{}](ctx, s.lab.people, "SetTokens", Tokens{From: from, Tokens: tokens})
	return err
}

var errTier = errors.New("credentials were not honoured, so this is not the storm that was asked for")

// holdTickets checks that everybody who comes and goes got a ticket for the token.
func (s *storm) holdTickets(ctx context.Context) error {
	state, err := call[crowd.State](ctx, s.lab.people, "State", struct{}{})
	if err == nil && int(state.Tickets) < s.Clients {
		err = fmt.Errorf("%w: %d of %d clients have a ticket", errTier, state.Tickets, s.Clients)
	}
	return err
}

// inTier checks that all who came back are in the tier that their credentials give.
// Only a Tocsin of the tool's own has no other clients.
func (s *storm) inTier(ctx context.Context, tier string) error {
	if s.lab.child == nil {
		return nil
	}
	gauges, err := target.Scrape(ctx, s.lab.Admin)
	if n := int(gauges[`tocsin_hub_audience{tier="`+tier+`"}`]); err == nil && n != s.Clients {
		err = fmt.Errorf("%w: %d of %d clients are in the tier %s", errTier, n, s.Clients, tier)
	}
	return err
}

const (
	goneLimit = 30 * time.Second
	// blindPause is how long a server that can't be asked is given to see that clients
	// went away.
	blindPause = 2 * time.Second
)

var errThere = errors.New("the server still has sessions of clients that went away")

// gone waits until the server has no more than so many sessions.
func (l *lab) gone(ctx context.Context, left int) error {
	if l.Admin == "" {
		time.Sleep(blindPause)
		return nil
	}
	for end := time.Now().Add(goneLimit); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		gauges, err := target.Scrape(ctx, l.Admin)
		if err != nil {
			return err
		}
		if l.child == nil || int(gauges["tocsin_hub_sessions"]) <= left {
			return nil
		}
	}
	return errThere
}
