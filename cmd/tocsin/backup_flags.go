package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tocsin/broker"
	"tocsin/notice"
)

// logFlags say where a log is, and whose signatures count in it.
type logFlags struct {
	NATS      []string `name:"nats" group:"log" placeholder:"URL" help:"An external NATS; without it the log is the embedded one, in DATA/jetstream."`
	NATSCreds string   `name:"nats-creds" group:"log" placeholder:"FILE" help:"Its credentials."`
	NATSCA    string   `name:"nats-ca" group:"log" placeholder:"FILE" help:"The authorities that its certificates are checked against."`
	NATSInbox string   `name:"nats-inbox" group:"log" placeholder:"PREFIX" help:"The prefix of this user's inboxes."`
	Data      string   `group:"log" default:".tocsin" placeholder:"DIR" help:"Where the embedded log is kept (default ${default})."`
	Trust     string   `group:"log" placeholder:"FILE" help:"The pinned root keys."`
	Dev       bool     `group:"log" help:"The log of tocsin serve --dev: roots from DATA/dev."`
}

// roots are the keys that the log must be signed by in the end.
func (f logFlags) roots() (notice.Trust, error) {
	switch {
	case f.Dev && f.Trust != "":
		return notice.Trust{}, misusef("--dev means the roots in DATA/dev; leave --trust out")
	case f.Dev:
		return readTrust(devMode{filepath.Join(f.Data, "dev")}.path(devTrust))
	case f.Trust == "":
		return notice.Trust{}, misusef("whose signatures count? --trust FILE names the pinned root keys (for the log of serve --dev: --dev)")
	}
	return readTrust(f.Trust)
}

// connectPatience is how long NATS servers may take to answer at all.
const connectPatience = 15 * time.Second

// exists is nil unless an embedded log is meant that is not there.
func (f logFlags) exists() error {
	if len(f.NATS) > 0 {
		return nil
	}
	_, err := os.Stat(filepath.Join(f.Data, "jetstream"))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("--data %s: no log is kept there; for one in NATS: --nats URL,…", f.Data)
	}
	return err
}

// open opens the log as it is; maxBytes is for streams that are to be made. ErrLocked:
// the process of an embedded one runs.
func (f logFlags) open(ctx context.Context, c console, trust notice.Trust, maxBytes int64) (*broker.Broker, error) {
	config := broker.Config{
		MaxBytes: maxBytes,
		URLs:     f.NATS, CredsFile: f.NATSCreds, CAFile: f.NATSCA, InboxPrefix: f.NATSInbox,
		AsIs: true, Trust: trust, AllowDev: f.Dev,
		Logger: slog.New(slog.NewTextHandler(c.Err, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	if len(f.NATS) == 0 {
		config.Dir = f.Data
		return broker.Open(ctx, config)
	}
	b, err := broker.Open(ctx, config)
	if err != nil {
		return nil, err
	}
	waiting, cancel := context.WithTimeout(ctx, connectPatience)
	defer cancel()
	if err := b.Reachable(waiting); err != nil {
		b.Close()
		return nil, fmt.Errorf("--nats %s: %w", strings.Join(f.NATS, ","), err)
	}
	return b, nil
}
