package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"tocsin/broker"
	"tocsin/desk"
)

// said is what a start says of itself: only addresses at which something listens.
func (cmd *serveCmd) said() []any {
	all := []any{"version", build().Version, "roles", cmd.Roles}
	if cmd.has("edge") {
		all = append(all, "listen", cmd.Listen)
	}
	if cmd.has("desk") {
		all = append(all, "desk_listen", cmd.DeskListen)
	}
	return append(all, "admin_listen", cmd.AdminListen)
}

// Run serves until ctx ends, by a signal.
func (cmd *serveCmd) Run(ctx context.Context, c console) error {
	log := cmd.logger(c)
	if err := cmd.complete(log); err != nil {
		return err
	}
	boundMemory(log)
	p, err := open(ctx, cmd, log)
	if err != nil {
		return err
	}
	log.Info("serving", cmd.said()...)
	if cmd.Dev {
		fmt.Fprint(c.Out, cmd.whatNext(c.program))
	}
	ended := make(chan error, 1)
	go func() {
		err := p.run(ctx)
		p.close()
		ended <- err
	}()
	select {
	case err := <-ended:
		return err
	case <-p.overdue:
		return errOverdue
	}
}

// errOverdue: whatever holds the process up, those who wait for its end do not.
var errOverdue = errors.New("not everything ended in time; what was answered is on disk")

// run runs every part until ctx ends or one of them fails, and then shuts down
// in order. The parts' own context outlives ctx: clients are still served while
// they are sent elsewhere.
func (p *process) run(ctx context.Context) error {
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	parts, life := errgroup.WithContext(life)
	servers := p.servers()
	p.start(parts, life)
	for _, s := range servers {
		parts.Go(s.serve)
	}
	select {
	case <-ctx.Done():
	case <-life.Done():
	}
	time.AfterFunc(p.cmd.farewell().end, func() { close(p.overdue) })
	p.shutDown(life, servers)
	end()
	return parts.Wait()
}

// start starts everything but the servers.
func (p *process) start(parts *errgroup.Group, ctx context.Context) {
	part := func(run func(context.Context) error) {
		parts.Go(func() error {
			if err := run(ctx); err != nil && ctx.Err() == nil {
				return err
			}
			return nil
		})
	}
	part(p.broker.Run)
	part(p.cohorts.run)
	if len(p.cmd.NATS) > 0 {
		part(p.followRights)
	}
	if p.provider != nil {
		part(p.provider.run)
	}
	for _, f := range p.followers() {
		part(func(ctx context.Context) error { return p.broker.Follow(ctx, f) })
	}
	if p.hub != nil {
		part(p.auth.Run)
		part(p.hub.Run)
		part(func(ctx context.Context) error { return p.broker.FollowHeads(ctx, p.hub.Head) })
	}
	if p.hub == nil { // where there is an edge, its authority watches them
		part(func(ctx context.Context) error {
			p.tickets.Watch(ctx, p.log, nil)
			return nil
		})
	}
	if p.desk != nil {
		part(p.desk.Run)
		part(func(ctx context.Context) error {
			p.deskKeys.Watch(ctx, p.log, nil)
			return nil
		})
	}
}

// followers are those of the log. Edge and desk each have a reader of their own, so that
// neither waits for the other; the watch has none.
func (p *process) followers() (all []broker.Follower) {
	if p.hub != nil {
		all = append(all, hubFollower{p.hub})
	}
	if p.desk != nil {
		all = append(all, deskFollower{p.desk})
	}
	all[0] = watched{all[0], &p.watch} // there is no process without a role
	return all
}

// shutDown says that the process is not ready, serves on for a while, sends clients
// elsewhere, and lets requests finish; life ends early if a part has failed. The admin
// address answers until the end.
func (p *process) shutDown(life context.Context, servers []server) {
	plan := p.cmd.farewell()
	p.log.Info("shutting down", "drain", *p.cmd.Drain, "serving_on", plan.hold, "at_most", plan.end)
	p.draining.Store(true)
	hold := time.NewTimer(plan.hold)
	defer hold.Stop()
	select {
	case <-hold.C:
	case <-life.Done():
	}
	var ending sync.WaitGroup
	for _, s := range servers {
		if s.lingers {
			ending.Go(func() { s.shutDown(plan.requests - plan.hold) })
		}
	}
	if p.hub != nil {
		ctx, cancel := context.WithTimeout(context.Background(), plan.byes+byeGrace)
		_ = p.hub.Drain(ctx, plan.byes) // what is left at the deadline is closed below
		cancel()
	}
	ending.Wait()
	for _, s := range servers {
		if !s.lingers {
			s.shutDown(lastAnswers)
		}
	}
}

// server is one address and what answers there.
type server struct {
	*http.Server
	listener net.Listener
	// lingers: its requests may take their time, and are let finish while clients are sent
	// elsewhere.
	lingers bool
}

func (s server) serve() error {
	if err := s.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serving %s: %w", s.listener.Addr(), err)
	}
	return nil
}

// shutDown lets requests finish for so long.
func (s server) shutDown(patience time.Duration) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		_ = s.Close()
	}
}

// servers makes a server for each address, the admin one last.
func (p *process) servers() []server {
	var all []server
	if p.hub != nil {
		all = append(all, server{newServer(p.publicHandler(), p.log), withTLS(p.hub.WrapListener(p.listener.public), p.tls), false})
	}
	if p.desk != nil {
		s := desk.Server(nil, p.log)
		s.Handler = endStreams(s, p.desk.Handler())
		all = append(all, server{s, withTLS(p.listener.desk, p.tls), true})
	}
	if p.listener.backups != nil {
		all = append(all, server{newServer(backups(p.broker), p.log), p.listener.backups, true})
	}
	admin := checkHost(adminHandler(p.state, p.metrics), p.cmd.AdminHost...)
	return append(all, server{newServer(admin, p.log), p.listener.admin, false})
}

// endStreams ends streams of events when s shuts down, which otherwise waits for
// them. Other requests are left to finish.
func endStreams(s *http.Server, next http.Handler) http.Handler {
	closing, end := context.WithCancel(context.Background())
	s.RegisterOnShutdown(end)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Accept") == "text/event-stream" {
			ctx, cancel := context.WithCancel(r.Context())
			defer cancel()
			defer context.AfterFunc(closing, cancel)()
			r = r.WithContext(ctx)
		}
		next.ServeHTTP(w, r)
	})
}
