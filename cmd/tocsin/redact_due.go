package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"tocsin/broker"
)

// stillThere is what to do once enough have signed.
const stillThere = "Nodes send that entry to nobody any more. Its text is still in the log, and in browsers that have it. " +
	"Whoever has the administrator's key of NATS deletes it: tocsin redact --due (--help)\n"

var errKept = errors.New("nothing was deleted")

// carriedOut is what became of redactions, for programs.
type carriedOut struct {
	*broker.Redactions
	Deleted bool `json:"deleted"` // what was due
}

// carryOut deletes from the log what redactions name.
func (cmd redactCmd) carryOut(ctx context.Context, c console) error {
	trust, err := cmd.roots()
	if err != nil {
		return err
	}
	if err := cmd.exists(); err != nil {
		return err
	}
	b, err := cmd.open(ctx, c, trust, 0)
	if errors.Is(err, broker.ErrLocked) {
		return cmd.delete(ctx, c, runningLog{cmd.Data})
	}
	if err != nil {
		return err
	}
	defer b.Close()
	return cmd.delete(ctx, c, b)
}

func (cmd redactCmd) delete(ctx context.Context, c console, log redacting) error {
	found, err := log.Redactions(ctx, progress(c, "read"))
	if err != nil {
		return adviseRedaction(err)
	}
	c.say("%s", printable(redactionsFound(found)))
	if len(found.Due) == 0 {
		return cmd.told(c, carriedOut{found, false})
	}
	if err := c.confirm(cmd.Yes, "Delete "+many(len(found.Due), "entry", "entries")+" for good?", errKept); err != nil {
		return err
	}
	if err := log.Redact(ctx, found.Due); err != nil {
		return fmt.Errorf("%w\nWhat is still due, the same command says, and deletes", adviseRedaction(err))
	}
	return cmd.told(c, carriedOut{found, true})
}

// told says what was done, and what is left to do.
func (cmd redactCmd) told(c console, done carriedOut) error {
	if cmd.JSON {
		return c.printJSON(done)
	}
	if !done.Deleted {
		return nil
	}
	_, err := fmt.Fprintf(c.Out, "Deleted, and overwritten: %s of the log.\n"+
		"Older backups hold the text yet, and so may caches, and NATS itself for a while: make a new backup, delete those, "+
		"and see docs/operations.md, \"A notice has to leave the log\".\n", many(len(done.Due), "entry", "entries"))
	return err
}

// redactionsFound says how far redactions are carried out.
func redactionsFound(r *broker.Redactions) string {
	var b strings.Builder
	for _, d := range r.Due {
		fmt.Fprintf(&b, "due       entry %d, %s\n          by redaction-%d (entry %d), sent %s, signed by %s: %s\n",
			d.Seq, oneLine(d.Entry), d.Seq, d.Redaction, clock(d.Sent), oneLine(strings.Join(d.Signers, ", ")), oneLine(d.Reason))
	}
	for _, seq := range r.Other {
		fmt.Fprintf(&b, "LEFT      entry %d is another than its redaction names by SHA-256\n", seq)
	}
	for _, seq := range r.Copies {
		fmt.Fprintf(&b, "COPY      entry %d has the text of one that was redacted: somebody put it there again. "+
			"tocsin redact %d --backup FILE takes it, too\n", seq, seq)
	}
	if len(r.Due) == 0 {
		fmt.Fprintf(&b, "Nothing is due: no redaction that enough operators have signed waits to be carried out.\n")
	}
	fmt.Fprintf(&b, "%d carried out before.", r.Done)
	return b.String()
}

func adviseRedaction(err error) error {
	advice := ""
	switch {
	case errors.Is(err, broker.ErrNotSigned):
		advice = "Nothing was deleted. Is --trust the file that these nodes have?"
	case errors.Is(err, broker.ErrMissing):
		advice = "Nothing was deleted. Mend the log first: tocsin broker repair --help"
	case errors.Is(err, broker.ErrAway):
		advice = "It would keep the text. Start it, or put another in its place, and try again"
	case errors.Is(err, context.DeadlineExceeded):
		advice = "Servers that do not answer at all may not let this user do it: to delete needs the administrator's credentials"
	default:
		return err
	}
	return fmt.Errorf("%w\n%s", err, advice)
}
