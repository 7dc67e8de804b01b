//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"tocsin/loadtest/bare"
	"tocsin/loadtest/crowd"
	"tocsin/wire"
)

// ground is the floor of a measurement: a bare server, and a crowd of its own that is
// the same program as the one at the target.
type ground struct {
	lab    *lab
	server *worker
	people *worker
	seq    uint64 // of made-up entries
}

// ticketLength is about that of a ticket with a tenant and a session.
const ticketLength = 270

// welcome is what the bare server answers to a hello: a welcome with a ticket, as a
// Tocsin writes it, and synced.
func welcome() []byte {
	now := time.Now()
	cursor := wire.Cursor{Epoch: "00000000", Seq: 1, Hash: "00000000"}
	w := wire.Welcome{
		Session: strings.Repeat("S", 26), Tier: wire.TierRestricted, Labels: []string{"tenant:north"},
		Auth: wire.AuthState{State: wire.AuthOK}, Ticket: strings.Repeat("t", ticketLength), TicketExpires: now,
		Resume: wire.ResumeReplay, HeartbeatMs: 15_000, ServerTime: now, Source: wire.Source{State: wire.SourceLive},
	}
	return append(bare.Frame(w.AppendTo(nil), false), bare.Frame(wire.Synced{Cursor: cursor}.AppendTo(nil), false)...)
}

// Ways in which the bare server listens.
const (
	listenRaw   = "Listen"      // epoll by hand: for rounds of writes, and to know the kernel's part
	listenPlain = "ListenPlain" // package net: the bare upgrade that reconnects are compared with
)

// openGround starts the floor, with room for size clients.
func (l *lab) openGround(ctx context.Context, how string, size int) (*ground, error) {
	g := &ground{lab: l, seq: 1}
	if err := g.open(ctx, how, size); err != nil {
		g.close()
		return nil, err
	}
	return g, nil
}

func (g *ground) open(ctx context.Context, how string, size int) (err error) {
	if g.server, err = startWorker(bareWorker); err != nil {
		return err
	}
	address, err := call[netip.AddrPort](ctx, g.server, how, welcome())
	if err != nil {
		return fmt.Errorf("starting the bare server: %w", err)
	}
	g.people, err = startCrowd(ctx, crowd.Options{Address: address, Size: size, Readers: g.lab.Readers, Deflate: g.lab.Deflate})
	return err
}

func (g *ground) close() {
	for _, w := range []*worker{g.people, g.server} {
		if w != nil {
			w.close()
		}
	}
}

// round lets the bare server write a frame that Tocsin has written, and measures it.
func (g *ground) round(ctx context.Context, frame []byte, packed bool, seq uint64, clients int) (broadcast, error) {
	before := costOf(&g.server.Process)
	if _, err := call[int](ctx, g.server, "Round", bare.Frame(frame, packed)); err != nil {
		return broadcast{}, fmt.Errorf("the floor's round: %w", err)
	}
	got, err := call[crowd.Arrival](ctx, g.people, "Await", crowd.Wait{Seqs: []uint64{seq}, Each: clients})
	if err != nil {
		return broadcast{}, err
	}
	if got.Missing > 0 {
		return broadcast{}, fmt.Errorf("the floor: %d of %d writes did not arrive", got.Missing, clients)
	}
	time.Sleep(settle)
	return broadcast{arrival: got, clients: clients, from: before, to: costOf(&g.server.Process)}, nil
}

// rehearse is round with a made-up entry, where there is no Tocsin to copy.
func (g *ground) rehearse(ctx context.Context, size, clients int) (broadcast, error) {
	g.seq++
	filler := fmt.Sprintf(`{"payload":"%s"}`, strings.Repeat("x", max(0, size-60)))
	return g.round(ctx, wire.EncodeEntry(g.seq, []byte(filler)), false, g.seq, clients)
}

var errStill = errors.New("the bare server still has connections")

// empty waits until the bare server has no connection left.
func (g *ground) empty(ctx context.Context) error {
	for range 200 {
		open, err := call[int](ctx, g.server, "Open", struct{}{})
		if err != nil || open == 0 {
			return err
		}
		time.Sleep(25 * time.Millisecond)
	}
	return errStill
}
