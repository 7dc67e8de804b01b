package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"time"

	"tocsin/client"
	"tocsin/wire"
)

type tailCmd struct {
	URL        string        `name:"url" default:"ws://127.0.0.1:8080" placeholder:"URL" help:"An edge's address for clients (default ${default})."`
	TokenFile  string        `placeholder:"FILE" help:"Tokens (JWT) to show, one a line; read again at every connection."`
	TicketFile string        `placeholder:"FILE" help:"Where the ticket is kept over restarts."`
	Cursor     string        `placeholder:"C" help:"Begin behind this place of the log, as --json told it."`
	Label      []string      `sep:"none" placeholder:"LABEL" help:"A label to claim: surface:portal, lang:es (repeat for more)."`
	JSON       bool          `help:"Print one object a line, for programs."`
	Once       bool          `help:"Print what holds now, and exit (with --json, all of each thread)."`
	Count      int           `placeholder:"N" help:"Exit after N messages; with --timeout, fail if they did not come."`
	Timeout    time.Duration `placeholder:"10s" help:"Exit after this time; 1 if --once or --count is not fulfilled by then."`
	trustFlags
}

func (tailCmd) Help() string {
	return `It verifies every notice itself, from the pinned root keys on, reconnects by itself, and
says on stderr whether what it shows is up to date.

    tocsin tail
    tocsin tail --url wss://hub.clinic.example --trust trust.pem --json`
}

func (cmd tailCmd) Run(ctx context.Context, c console) error {
	config, err := cmd.config(c)
	if err != nil {
		return err
	}
	subscriber, err := client.NewSubscriber(config)
	if err != nil {
		return misuse{error: err}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if cmd.Timeout > 0 {
		timer := time.AfterFunc(cmd.Timeout, func() { cancel(errTimeout) })
		defer timer.Stop()
	}
	printer := tailPrinter{cmd: cmd, console: c, end: func() { cancel(errDone) }, now: subscriber.Now}
	_ = subscriber.Run(ctx, printer.event) // ends with ctx, whose cause says more
	return cmd.outcome(context.Cause(ctx), printer)
}

var (
	errDone    = errors.New("done")
	errTimeout = errors.New("time is over")
)

// outcome is the command's error, from what ended it.
func (cmd tailCmd) outcome(cause error, p tailPrinter) error {
	switch {
	case p.err != nil:
		return p.err
	case errors.Is(cause, errTimeout) && cmd.Once:
		return fmt.Errorf("no answer from %s in %s", cmd.URL, cmd.Timeout)
	case errors.Is(cause, errTimeout) && p.printed < cmd.Count:
		return fmt.Errorf("%d of %d messages in %s", p.printed, cmd.Count, cmd.Timeout)
	}
	return nil
}

func (cmd tailCmd) config(c console) (client.Config, error) {
	config := client.Config{URL: cmd.URL, Labels: cmd.Label, NoReceipts: cmd.Once}
	config.Logger = slog.New(slog.NewTextHandler(c.Err, &slog.HandlerOptions{Level: slog.LevelWarn}))
	var err error
	if cmd.Cursor != "" {
		if config.Cursor, err = wire.ParseCursor(cmd.Cursor); err != nil {
			return config, misusef("--cursor %q: %w", cmd.Cursor, err)
		}
	}
	if config.Trust, err = cmd.roots(cmd.URL); errors.Is(err, errNoRoots) {
		return config, misuse{error: err}
	} else if err != nil {
		return config, err
	}
	if cmd.TokenFile != "" {
		config.Tokens = func(context.Context) ([]string, error) {
			tokens, other, err := readTokens(cmd.TokenFile)
			if other > 0 {
				config.Logger.Warn("left out of the token file what is no token (JWT)", "count", other, "tokens", len(tokens))
			}
			return tokens, err
		}
		if _, _, err := readTokens(cmd.TokenFile); err != nil {
			return config, err
		}
	}
	if cmd.TicketFile != "" {
		config.Tickets = client.TicketFile(cmd.TicketFile)
	}
	return config, nil
}

// readTokens reads a file of tokens, one a line, and counts the words in it that are none.
func readTokens(path string) (tokens []string, other int, err error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, 0, fmt.Errorf("reading the tokens: %w", err)
	}
	for word := range strings.FieldsSeq(strings.TrimPrefix(string(data), "\ufeff")) {
		if jwt.MatchString(word) {
			tokens = append(tokens, word)
		} else {
			other++
		}
	}
	return tokens, other, nil
}

// jwt is the compact form of a signed token (RFC 7515, section 7.1).
var jwt = regexp.MustCompile(`^[\w-]+\.[\w-]+\.[\w-]+$`)
