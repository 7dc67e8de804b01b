//go:build linux

// Chaos breaks a running Tocsin in every way that the table of faults names, with clients
// connected and a publisher at work, and shows that no notice is lost, doubled or silently
// late. It starts everything itself: three NATS servers, two edges, two desks, as real
// processes on free ports of loopback, the network between them, and the clients.
// docs/reliability.md is what it saw, written by itself.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

func main() {
	if len(os.Args) > 2 && os.Args[1] == slowArg {
		fmt.Fprintln(os.Stderr, "chaos:", becomeSlow(os.Args[2:]))
		os.Exit(1)
	}
	os.Exit(run(os.Args[1:]))
}

// cli is the command line.
type cli struct {
	Only []string `sep:"none" placeholder:"NAME" help:"Play this fault, or all whose names begin so (repeat for more)."`
	List bool     `help:"List the faults, and do nothing."`

	Clients int           `default:"200" placeholder:"N" help:"Clients (default ${default}): every fifth is the Go client, the others see the frames as they are."`
	Pace    time.Duration `default:"400ms" placeholder:"TIME" help:"Time between notices (default ${default})."`
	Report  string        `placeholder:"FILE" help:"Write what was seen as Markdown."`
	Seen    string        `placeholder:"FILE" help:"Keep what was seen here too, and go on with what is not in it yet: for runs in pieces."`

	Tocsin     string `placeholder:"FILE" help:"The binary to break instead of building one."`
	NatsServer string `placeholder:"FILE" help:"The nats-server to use instead of building the one that go.mod names."`
	Keep       bool   `help:"Leave logs and data behind, and say where."`
}

const about = `Breaks a Tocsin on purpose, and checks that no notice is lost, doubled, altered or silently late.

It builds tocsin and nats-server from this module, and starts three servers, two edges, two desks,
some hundred clients behind a balancer, and a publisher that posts again, or asks, whatever it is
answered. Then it plays one fault after the other: breaks something, waits, mends it, waits until all
is well, and judges. It ends by itself, with everything that it started; nothing listens but on
loopback.

    go run ./chaos --list
    go run ./chaos                                  everything, about 25 minutes
    go run ./chaos --only "kill edge" --only hang
    go run ./chaos --report docs/reliability.md

Small volumes (full disks) are mounted as root alone; those faults are left out for others, and
the table says so. Progress goes to stderr, the table to stdout. Exit status: 0 all as it should be,
1 not (or nobody met the flipped bit, where that is made sure), 2 misuse.`

func run(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	parser, err := kong.New(&cli{},
		kong.Name("chaos"), kong.Description(about),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.ValueFormatter(func(v *kong.Value) string { return v.Help }),
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
	fmt.Fprintf(os.Stderr, "chaos: %v\n", err)
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
