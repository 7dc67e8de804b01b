//go:build linux

// Loadtest measures a Tocsin: how long the last client waits for a notice, what a
// delivery, an idle connection and a reconnect cost the server, and whether anything is
// missed, doubled or out of order. In the same run it measures the floor: what a bare
// write(2) per socket and a bare handshake cost on this machine. docs/performance.md
// says how to read the results.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

func main() {
	if len(os.Args) == 2 && serveWorker(os.Args[1]) {
		return
	}
	os.Exit(run(os.Args[1:]))
}

// cli is the command line.
type cli struct {
	Fanout fanoutCmd `cmd:"" help:"How long a notice takes to the last client, and what a delivery costs."`
	Storm  stormCmd  `cmd:"" help:"What it costs when everybody reconnects at once, and what those who stayed feel of it."`
	Idle   idleCmd   `cmd:"" help:"How much memory a connection takes that does nothing."`
	Scale  scaleCmd  `cmd:"" help:"Fanout for growing crowds: does the cost grow linearly?"`
	Soak   soakCmd   `cmd:"" help:"Publish, reconnect and stall for an hour: does it end with the memory it began with?"`
	Floor  floorCmd  `cmd:"" help:"What no server can beat on this machine: bare writes, bare handshakes."`
}

const about = `Measures a Tocsin. By default one that it builds from this module and starts for itself, on free
ports of loopback; it ends with the measurement, and so does everything else that it starts.

    go run ./loadtest fanout                        10,000 clients, five runs, a minute
    go run ./loadtest storm --clients 5000 --html storm.html
    go run ./loadtest fanout --url ws://127.0.0.1:8080/v1/connect --desk http://127.0.0.1:8081 \
        --key .tocsin/dev/publisher.key --key .tocsin/dev/approver.key --admin http://127.0.0.1:9090 --pid 4711

Each client is a socket at either end: "ulimit -n" must allow as many open files, and some. The
table goes to stdout, progress to stderr.`

func run(args []string) int {
	if len(args) == 0 {
		args = []string{"--help"}
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	parser, err := kong.New(&cli{},
		kong.Name("loadtest"), kong.Description(about),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 100}),
		kong.ValueFormatter(func(v *kong.Value) string { return v.Help }),
		kong.ExplicitGroups([]kong.Group{
			{Key: "crowd", Title: "The crowd:"},
			{Key: "target", Title: "What is measured (default: a Tocsin of this module):"},
			{Key: "out", Title: "Results:"},
		}),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		return fail(err)
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		fail(err)
		return 2
	}
	return fail(parsed.Run())
}

// fail prints err, if there is one, and returns the exit status for it.
func fail(err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintf(os.Stderr, "loadtest: %v\n", err)
	var m misuse
	if errors.As(err, &m) {
		return 2
	}
	return 1
}

// misuse is an error of whoever typed the command: exit status 2.
type misuse struct{ error }

func (m misuse) Unwrap() error { return m.error }

func misusef(format string, args ...any) error { return misuse{fmt.Errorf(format, args...)} }
