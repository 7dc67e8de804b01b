package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"tocsin/broker"
)

type brokerCheckCmd struct {
	brokerFlags
	As   string `default:"admin" enum:"admin,sys,edge,desk" placeholder:"WHO" help:"Whose the credentials are: admin (streams, connections; default), sys (the servers' settings), edge or desk (what a hub must not be permitted)."`
	JSON bool   `help:"Print for programs."`
}

func (brokerCheckCmd) Help() string {
	return `It changes nothing, and exits with 1 if anything is not as it should be. Each part
needs credentials of its own; give --replicas and --max-bytes as to broker init.

    tocsin broker check --nats … --nats-ca ca.pem --nats-creds admin.nk --nats-inbox _INBOX_admin
    tocsin broker check --nats … --nats-ca ca.pem --nats-creds sys.nk --nats-inbox _INBOX_sys --as sys
    tocsin broker check --nats … --nats-ca ca.pem --nats-creds edge-1.nk --nats-inbox _INBOX_edge-1 --as edge
    tocsin broker check --nats … --nats-ca ca.pem --nats-creds desk-1.nk --nats-inbox _INBOX_desk-1 --as desk

What a hub must not be permitted is tried, in ways that fail where they are. Whether the
servers' disks are encrypted can't be seen from here: look at cipher and key in nats.conf.`
}

// errOff ends the command with 1; what is off was printed.
var errOff = errors.New("not everything is as it should be")

func (cmd brokerCheckCmd) Run(ctx context.Context, c console) error {
	ctx, cancel := context.WithTimeout(ctx, cmd.Timeout)
	defer cancel()
	found, err := cmd.check(ctx, c)
	if err != nil {
		return cmd.unanswered(err, cmd.As)
	}
	if err := cmd.print(c, found); err != nil {
		return err
	}
	if len(found) > 0 {
		return errOff
	}
	return nil
}

func (cmd brokerCheckCmd) check(ctx context.Context, c console) ([]broker.Finding, error) {
	config := cmd.config(c)
	switch cmd.As {
	case "sys":
		return broker.CheckServers(ctx, config, cmd.Replicas)
	case "edge", "desk":
		config.Logger = slog.New(slog.DiscardHandler) // which tells of every refusal
		return broker.CheckRights(ctx, config, broker.Role(cmd.As))
	}
	b, err := broker.Open(ctx, config)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	if err := b.Reachable(ctx); err != nil {
		return nil, err
	}
	return b.Check(ctx, cmd.Replicas)
}

func (cmd brokerCheckCmd) print(c console, found []broker.Finding) error {
	if cmd.JSON {
		if found == nil {
			found = []broker.Finding{}
		}
		return c.printJSON(found)
	}
	for _, f := range found {
		if _, err := fmt.Fprintf(c.Out, "%s\n    %s: %s.\n", printable(f.Where), printable(f.What), printable(f.Do)); err != nil {
			return err
		}
	}
	if len(found) == 0 {
		_, err := fmt.Fprintf(c.Out, "All is as it should be, as far as %s can see.\n", cmd.As)
		return err
	}
	return nil
}
