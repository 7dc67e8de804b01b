package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
)

// cli is the command line: one field for each command, in the order of help.
type cli struct {
	Serve serveCmd `cmd:"" group:"hub" help:"Run the hub: the edge for clients, the desk for staff."`

	Publish   publishCmd   `cmd:"" group:"notice" help:"Sign a notice and hand it to the desk."`
	Approve   approveCmd   `cmd:"" group:"notice" help:"Read a waiting notice and add your signature."`
	Cancel    cancelCmd    `cmd:"" group:"notice" help:"Withdraw a published notice."`
	Proposals proposalsCmd `cmd:"" group:"notice" help:"List what waits for a signature."`
	Redact    redactCmd    `cmd:"" group:"notice" help:"Delete a notice's text from the log, when it must not stay."`
	Cohort    cohortCmd    `cmd:"" group:"notice" help:"Say who is affected, when it is known only afterwards."`
	Tail      tailCmd      `cmd:"" group:"notice" help:"Print notices as they come, as a client sees them."`

	Posture postureCmd `cmd:"" group:"keys" help:"Say which credentials are void: show it, change it."`

	Key    keyCmd    `cmd:"" group:"keys" help:"Make and show signing keys."`
	Keyset keysetCmd `cmd:"" group:"keys" help:"Say whose keys count: edit, sign and publish the keyset."`

	Status  statusCmd  `cmd:"" group:"hub" help:"Ask a running hub how it is."`
	Broker  brokerCmd  `cmd:"" group:"hub" help:"Prepare an external NATS."`
	Backup  backupCmd  `cmd:"" group:"hub" help:"Save the log to a file, or check one."`
	Restore restoreCmd `cmd:"" group:"hub" help:"Make a new log from a backup."`
	Version versionCmd `cmd:"" group:"hub" help:"Print the version."`
}

const about = `Crisis notices that are signed by staff, and reach every open portal and call.

A first try, in two terminals:

    tocsin serve --dev
    tocsin publish --headline "Video visits are down" --expires 2h --key .tocsin/dev/publisher.key

Every flag can be given as a variable: --desk-listen is TOCSIN_DESK_LISTEN. Results
go to stdout (--json for programs), everything else to stderr. Exit status: 0 done,
1 failed, 2 misuse.`

// run parses args, runs the command that they name, and returns the exit status.
func run(args []string, c console) int {
	if len(args) == 0 {
		args = []string{"--help"}
	}
	ctx, stop := interruptible()
	defer stop()
	if args[0] == "--version" {
		args = append([]string{"version"}, args[1:]...)
	}
	parser, err := newParser(c, ctx)
	if err != nil {
		return c.fail(err)
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return c.fail(misuse{spanned(err), hintFor(err)})
	}
	if err := once(parsed); err != nil {
		return c.fail(misuse{err, hintAt(parsed)})
	}
	return c.fail(parsed.Run())
}

// once refuses a flag of one value that is given several: of two nodes, or two keys, the
// first would be forgotten in silence.
func once(parsed *kong.Context) error {
	given := make(map[*kong.Flag]bool)
	for _, p := range parsed.Path {
		if p.Flag == nil || p.Resolved || p.Flag.IsCumulative() || p.Flag.IsBool() {
			continue
		}
		if given[p.Flag] {
			return fmt.Errorf("--%s is given more than once, and has one value", p.Flag.Name)
		}
		given[p.Flag] = true
	}
	return nil
}

func newParser(c console, ctx context.Context) (*kong.Kong, error) {
	return kong.New(&cli{},
		kong.Name("tocsin"),
		kong.Description(about),
		kong.DefaultEnvars("TOCSIN"),
		kong.Writers(c.Out, c.Err),
		kong.ValueFormatter(func(v *kong.Value) string { return v.Help }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true, WrapUpperBound: 96}),
		kong.Vars{"protocol": "1"},
		kong.ExplicitGroups([]kong.Group{
			{Key: "notice", Title: "Notices:"},
			{Key: "keys", Title: "Keys and credentials:"},
			{Key: "hub", Title: "The hub:"},
			{Key: "listen", Title: "Listeners:"},
			{Key: "log", Title: "The log:"},
			{Key: "tokens", Title: "Who may see what:"},
			{Key: "limits", Title: "Limits:"},
			{Key: "policy", Title: "How many must sign:"},
			{Key: "compose", Title: "A notice from flags:"},
		}),
		kong.Bind(c),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
}

// interruptible returns a context that ends with the first SIGINT or SIGTERM.
// By then the signals have their usual effect again, so a second one ends the
// process at once.
func interruptible() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	var waiting sync.WaitGroup
	waiting.Go(func() {
		select {
		case <-signals:
		case <-ctx.Done():
		}
		signal.Stop(signals)
		cancel()
	})
	return ctx, func() { cancel(); waiting.Wait() }
}

// misuse is an error of whoever typed the command: exit status 2.
type misuse struct {
	error
	hint string
}

func (m misuse) Unwrap() error { return m.error }

func misusef(format string, args ...any) error {
	return misuse{error: fmt.Errorf(format, args...)}
}

// hintFor names the help page that belongs to a parse error.
func hintFor(err error) string {
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		return hintAt(parse.Context)
	}
	return `Try "tocsin --help".`
}

// hintAt names the help page of the command that was begun.
func hintAt(ctx *kong.Context) string {
	if node := ctx.Selected(); node != nil {
		return fmt.Sprintf("Try %q.", node.FullPath()+" --help")
	}
	return `Try "tocsin --help".`
}

// fail prints err, if there is one, and returns the exit status for it.
func (c console) fail(err error) int {
	if err == nil {
		return 0
	}
	fmt.Fprintf(c.Err, "tocsin: %s\n", printable(masked(err.Error())))
	var m misuse
	if !errors.As(err, &m) {
		return 1
	}
	if m.hint != "" {
		fmt.Fprintln(c.Err, m.hint)
	}
	return 2
}

// now is the staff device's clock, to the second: CAP's times have no fraction.
func now() time.Time { return time.Now().Truncate(time.Second) }
