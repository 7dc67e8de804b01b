package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"tocsin/broker"
	"tocsin/notice"
	"tocsin/wire"
)

type repairCmd struct {
	Backup     []string `sep:"none" placeholder:"FILE" help:"A backup; what is whole of a damaged one counts, too (repeat for more)."`
	Cache      []string `sep:"none" placeholder:"FILE" help:"The --cache file of a node (repeat for more)."`
	Yes        bool     `help:"Make the log anew, mended. Without it nothing is changed."`
	DryRun     bool     `help:"Change nothing (which is the default)."`
	Save       string   `default:"." placeholder:"DIR" help:"Where the log as it was and the mended one are kept as backups, before anything is changed (default ${default})."`
	JSON       bool     `help:"Print what was found, and done, as one object, for programs."`
	AcceptLoss bool     `help:"Go on though entries stay missing: their places say that they were lost."`
	logFlags
}

func (repairCmd) Help() string {
	return `For a log that has lost entries, or holds damaged ones: nodes then stop before the place, with
"entries … are missing and no redaction explains it". It says what is missing and which
source has it; with --yes the log is made anew, under a new epoch, and nodes and clients
go on by themselves. No source is believed: every signature is verified, and what was
redacted does not come back. docs/backup.md has the drill.

    tocsin broker repair --backup tocsin.backup --cache edge1.cache --trust trust.pem \
        --nats … --nats-ca ca.pem --nats-creds admin.nk --nats-inbox _INBOX_admin`
}

var errUnrepaired = errors.New("nothing was changed. --yes makes the log anew, mended")

func (cmd repairCmd) Run(ctx context.Context, c console) error {
	if cmd.Yes && cmd.DryRun {
		return misusef("--dry-run and --yes exclude each other")
	}
	trust, err := cmd.roots()
	if err != nil {
		return err
	}
	if err := cmd.exists(); err != nil {
		return err
	}
	sources, err := cmd.sources(c)
	if err != nil {
		return err
	}
	b, err := cmd.open(ctx, c, trust, 0)
	if errors.Is(err, broker.ErrLocked) {
		return fmt.Errorf("--data %s: its tocsin serve runs; stop it first", cmd.Data)
	}
	if err != nil {
		return err
	}
	defer b.Close()
	log, review, err := b.Backup(ctx, progress(c, "read"))
	if err != nil {
		return err
	}
	repair := broker.Mend(log, sources, trust, cmd.Dev)
	report := cmd.report(log, review, repair)
	err = cmd.act(ctx, c, b, log, repair, &report)
	return errors.Join(report.print(c, cmd.JSON), err)
}

// act does what there is to do, and what the flags allow.
func (cmd repairCmd) act(ctx context.Context, c console, b *broker.Broker, log *broker.Copy, repair *broker.Repair, report *repairReport) error {
	missing := broker.Places(repair.Review.Missing)
	switch {
	case !repair.Changed() && missing == 0:
		return nil
	case missing > 0 && !cmd.AcceptLoss:
		return fmt.Errorf("%d places stay empty: name more --backup and --cache files, or say --accept-loss", missing)
	case !cmd.Yes:
		return errUnrepaired
	case log.Doubt != nil:
		return fmt.Errorf("nothing was changed, since the log may be whole on servers that do not answer: %w. Start them first", log.Doubt)
	}
	return cmd.replace(ctx, c, b, log, repair, report)
}

// sources reads what the flags name.
func (cmd repairCmd) sources(c console) ([]broker.Supply, error) {
	var sources []broker.Supply
	for _, path := range cmd.Backup {
		saved, err := readAnyBackup(path)
		if errors.Is(err, broker.ErrBackupDamaged) && saved != nil {
			c.say("%s: %v; %d entries in it are whole", path, err, len(saved.Entries))
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		sources = append(sources, broker.Supply{Name: path, Copy: saved})
	}
	for _, path := range cmd.Cache {
		saved, err := readCache(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		sources = append(sources, broker.Supply{Name: path, Copy: saved, Cache: true})
	}
	return sources, nil
}

// readCache reads the cache of a node as a part of a log.
func readCache(path string) (*broker.Copy, error) {
	body, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	snapshot, err := wire.DecodeSnapshot(body)
	if err != nil {
		return nil, fmt.Errorf("reading a node's cache: %w", err)
	}
	saved := &broker.Copy{Epoch: snapshot.Epoch, Last: snapshot.Cursor.Seq, Time: snapshot.ServerTime}
	for _, e := range snapshot.Entries {
		envelope, err := notice.ParseEnvelope(e.Envelope)
		if err != nil {
			return nil, fmt.Errorf("reading a node's cache: entry %d: %w", e.Seq, err)
		}
		if subject, err := notice.Subject(envelope); err == nil {
			saved.Entries = append(saved.Entries, notice.Entry{Seq: e.Seq, Subject: subject, Body: e.Envelope})
		}
	}
	return saved.Sorted(), nil
}

// replace keeps both logs as files, and then makes the log anew.
func (cmd repairCmd) replace(ctx context.Context, c console, b *broker.Broker, log *broker.Copy, repair *broker.Repair, report *repairReport) error {
	name := filepath.Join(cmd.Save, fmt.Sprintf("tocsin-%s-%s", log.Epoch, time.Now().UTC().Format("20060102T150405Z")))
	was, mended := name+"-damaged.backup", name+"-mended.backup"
	for path, one := range map[string]*broker.Copy{was: log, mended: repair.Copy} {
		err := writeWhole(path, false, func(w io.Writer) error {
			_, err := one.WriteBackup(w)
			return err
		})
		if err != nil {
			return fmt.Errorf("keeping the log as a file: %w", err)
		}
	}
	c.say("kept the log as it was in %s, and the mended one in %s", was, mended)
	epoch, err := b.Restore(ctx, repair.Copy, broker.RestoreConfig{
		KeepRefused: true, AcceptLoss: cmd.AcceptLoss, Replace: log, Progress: progress(c, "written"),
	})
	if err != nil {
		return fmt.Errorf("%w\nIf the log was taken away already, tocsin restore %s brings the mended one", err, mended)
	}
	report.NewEpoch, report.Entries = epoch, len(repair.Copy.Entries)
	return nil
}
