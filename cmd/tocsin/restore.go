package main

import (
	"context"
	"errors"
	"fmt"

	"tocsin/broker"
	"tocsin/notice"
)

type restoreCmd struct {
	File        string `arg:"" help:"The backup."`
	Replicas    int    `default:"3" placeholder:"N" help:"Copies of the log on a cluster without its stream (default ${default}); one that broker init made keeps its own."`
	MaxBytes    int64  `placeholder:"N" help:"Size of all streams together, likewise (default 1 GiB)."`
	KeepRefused bool   `help:"Restore entries too that every node refuses, so that all keep their places."`
	AcceptLoss  bool   `help:"Restore a backup that lacks entries: their places say that they were lost."`
	JSON        bool   `help:"Print what was restored as one object, for programs."`
	logFlags
}

func (restoreCmd) Help() string {
	return `The log must be empty, and becomes a new one (another epoch): clients get a snapshot and go on.
Every signature is verified first. Until the end desks refuse to publish and edges serve
what they hold. Interrupted, it goes on when it is run again. Proposals, receipts and
cohorts are not in a backup. docs/backup.md has the drill.

    tocsin broker init --nats … --nats-ca ca.pem --nats-creds admin.nk --nats-inbox _INBOX_admin
    tocsin restore tocsin.backup --trust trust.pem \
        --nats … --nats-ca ca.pem --nats-creds admin.nk --nats-inbox _INBOX_admin
    tocsin restore tocsin.backup --trust trust.pem --data /var/lib/tocsin    (its process stopped)`
}

// restored is what a restore did.
type restored struct {
	copyWords
	NewEpoch string `json:"newEpoch"`
}

func (cmd restoreCmd) Run(ctx context.Context, c console) error {
	trust, err := cmd.roots()
	if err != nil {
		return err
	}
	saved, err := readBackup(cmd.File)
	if err != nil {
		return err
	}
	review := saved.Review(trust, cmd.Dev)
	words := describeCopy(cmd.File, saved, review)
	if err := words.say(c.Err); err != nil {
		return err
	}
	epoch, err := cmd.restore(ctx, c, trust, saved)
	if err != nil {
		return err
	}
	if cmd.JSON {
		return c.printJSON(restored{words, epoch})
	}
	_, err = fmt.Fprintf(c.Out, "Restored: %d entries, in a new log with epoch %s.\n", len(saved.Entries), epoch)
	return err
}

func (cmd restoreCmd) restore(ctx context.Context, c console, trust notice.Trust, saved *broker.Copy) (epoch string, err error) {
	b, err := cmd.open(ctx, c, trust, cmd.MaxBytes)
	if err != nil {
		return "", cmd.advise(err)
	}
	defer b.Close()
	replicas := cmd.Replicas
	if len(cmd.NATS) == 0 {
		replicas = 1
	}
	epoch, err = b.Restore(ctx, saved, broker.RestoreConfig{
		Replicas: replicas, KeepRefused: cmd.KeepRefused, AcceptLoss: cmd.AcceptLoss, Progress: progress(c, "restored"),
	})
	return epoch, cmd.advise(err)
}

// advise says what to do about an error.
func (cmd restoreCmd) advise(err error) error {
	advice := ""
	switch {
	case errors.Is(err, broker.ErrLocked):
		return fmt.Errorf("--data %s: its tocsin serve runs; stop it first", cmd.Data)
	case errors.Is(err, broker.ErrNotEmpty):
		advice = "Nothing was changed. A restore is for an empty log; what a log has lost, tocsin broker repair puts back"
	case errors.Is(err, broker.ErrNotSigned):
		advice = "Nothing was changed. Is --trust the file that these nodes have?"
	case errors.Is(err, broker.ErrRefused):
		advice = "Nothing was changed. Unless you know how they came into the log (an Update whose Alert was redacted is one), " +
			"the backup was tampered with. --keep-refused restores them too, and nodes refuse them again"
	case errors.Is(err, broker.ErrMissing):
		advice = "Nothing was changed. Another backup may have them (tocsin broker repair); --accept-loss goes on without"
	case errors.Is(err, context.DeadlineExceeded):
		advice = "Servers that do not answer at all may not let this user do it: a restore needs an administrator's credentials"
	default:
		return err
	}
	return fmt.Errorf("%w\n%s", err, advice)
}
