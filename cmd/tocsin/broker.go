package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tocsin/broker"
)

type brokerCmd struct {
	Init   brokerInitCmd  `cmd:"" help:"Make the streams on an external NATS."`
	Check  brokerCheckCmd `cmd:"" help:"Say what is not as it should be: servers, streams, rights."`
	Keys   brokerKeysCmd  `cmd:"" help:"Make keys and certificates for a first cluster."`
	Repair repairCmd      `cmd:"" help:"Put back what the log has lost, from backups and nodes' caches."`
}

// brokerFlags say which NATS, and as whom.
type brokerFlags struct {
	NATS      []string      `name:"nats" required:"" placeholder:"URL" help:"The servers."`
	NATSCreds string        `name:"nats-creds" placeholder:"FILE" help:"The administrator's credentials; serve should not have them."`
	NATSCA    string        `name:"nats-ca" placeholder:"FILE" help:"The authorities that its certificates are checked against."`
	NATSInbox string        `name:"nats-inbox" placeholder:"PREFIX" help:"The prefix of this user's inboxes."`
	Replicas  int           `default:"3" placeholder:"N" help:"Copies of each stream: 1, 3 or 5 (default ${default})."`
	MaxBytes  int64         `placeholder:"N" help:"Size of all streams together on each server, in bytes (default 1 GiB, or as they are). Below the volume's size."`
	Timeout   time.Duration `default:"30s" help:"How long to try (default ${default})."`
}

func (f brokerFlags) config(c console) broker.Config {
	return broker.Config{
		URLs: f.NATS, CredsFile: f.NATSCreds, CAFile: f.NATSCA, InboxPrefix: f.NATSInbox, MaxBytes: f.MaxBytes,
		Logger: slog.New(slog.NewTextHandler(c.Err, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
}

// unanswered adds to a silence what it may be due to: a server leaves unanswered what a
// user may not ask, or may not hear the answer of.
func (f brokerFlags) unanswered(err error, as string) error {
	switch {
	case errors.Is(err, broker.ErrUnavailable) && f.NATSCA == "":
		return fmt.Errorf("%w\nDoes a server answer there (--nats)? Is its certificate's authority to be named by --nats-ca?", err)
	case errors.Is(err, broker.ErrUnavailable):
		return fmt.Errorf("%w\nDoes a server answer there (--nats)? Is its certificate of an authority in --nats-ca, and are --nats-creds known to it?", err)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%w\nNo answer. Are --nats-creds of a user who may do that (%s), and is --nats-inbox this user's?", err, as)
	}
	return err
}

type brokerInitCmd struct {
	brokerFlags
}

func (brokerInitCmd) Help() string {
	return `It is safe to repeat: streams that are there are brought in line, their size and
copies as well. So give the same --replicas each time; without --max-bytes, sizes stay as they are.

    tocsin broker init --nats tls://n1:4222,tls://n2:4222,tls://n3:4222 \
        --nats-ca ca.pem --nats-creds admin.nk --nats-inbox _INBOX_admin`
}

func (cmd brokerInitCmd) Run(ctx context.Context, c console) error {
	ctx, cancel := context.WithTimeout(ctx, cmd.Timeout)
	defer cancel()
	b, err := broker.Open(ctx, cmd.config(c))
	if err != nil {
		return err
	}
	defer b.Close()
	if err := b.Reachable(ctx); err != nil {
		return cmd.unanswered(err, "")
	}
	err = b.Init(ctx, cmd.Replicas)
	if errors.Is(err, broker.ErrReplicas) {
		return fmt.Errorf("%w\n%d copies need a cluster of %d servers, each with room for its share (--max-bytes).\n"+
			"For one server, say: --replicas 1", err, cmd.Replicas, cmd.Replicas)
	}
	if err != nil {
		return cmd.unanswered(err, "admin.nk")
	}
	_, err = fmt.Fprintln(c.Out, "The streams are there.")
	return err
}
