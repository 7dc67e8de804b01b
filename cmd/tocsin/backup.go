package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"tocsin/broker"
	"tocsin/notice"
)

type backupCmd struct {
	File    string `arg:"" optional:"" help:"Where to; stdout if there is none."`
	Verify  string `placeholder:"FILE" help:"Check this backup, and make none. Needs no broker; signatures are verified with --trust or --dev."`
	Replace bool   `help:"Put the backup in the place of a file that is there; not one of a log that is damaged, or not wholly there."`
	JSON    bool   `help:"Print what it holds as one object, for programs."`
	logFlags
}

func (backupCmd) Help() string {
	return `A backup is read with an edge's rights, from NATS or from the log embedded in --data, whether
its process runs or not. It appears whole or not at all, and can be read by you alone: it
holds restricted and private notices. docs/backup.md has the drill.

    tocsin backup tocsin.backup --trust trust.pem --nats tls://n1:4222 \
        --nats-ca ca.pem --nats-creds edge-1.nk --nats-inbox _INBOX_edge-1
    tocsin backup tocsin.backup --trust trust.pem --data /var/lib/tocsin
    tocsin backup --verify tocsin.backup --trust trust.pem`
}

// copyWords is what a copy of the log holds, for people and programs.
type copyWords struct {
	File     string    `json:"file,omitempty"`
	Epoch    string    `json:"epoch"`
	Last     uint64    `json:"last"`
	Entries  int       `json:"entries"`
	Made     time.Time `json:"made"`
	SHA256   string    `json:"sha256,omitempty"`
	Verified bool      `json:"verified"` // signatures, by pinned roots
	Keyset   int64     `json:"keyset,omitempty"`
	Active   int       `json:"active,omitempty"` // threads
	Redacted uint64    `json:"redacted,omitempty"`
	Doubt    string    `json:"doubt,omitempty"`   // why the newest may be missing
	Missing  []string  `json:"missing,omitempty"` // places that nothing explains
	Refused  []string  `json:"refused,omitempty"`
}

// maxListed bounds how many refusals are listed one by one.
const maxListed = 20

func describeCopy(file string, c *broker.Copy, review *broker.Review) copyWords {
	w := copyWords{File: file, Epoch: c.Epoch, Last: c.Last, Entries: len(c.Entries), Made: c.Time, SHA256: c.SHA256}
	if c.Doubt != nil {
		w.Doubt = c.Doubt.Error()
	}
	if review == nil {
		return w
	}
	w.Verified, w.Active = true, review.Active
	if review.Keyset != nil {
		w.Keyset = review.Keyset.Version
	}
	w.Redacted = broker.Places(review.Redacted)
	for _, s := range review.Missing {
		w.Missing = append(w.Missing, s.String())
	}
	for i, r := range review.Refused {
		if i == maxListed {
			w.Refused = append(w.Refused, fmt.Sprintf("and %d more", len(review.Refused)-i))
			break
		}
		w.Refused = append(w.Refused, fmt.Sprintf("%d: %v", r.Seq, r.Err))
	}
	return w
}

func (w copyWords) say(out io.Writer) error {
	text := fmt.Sprintf("log       epoch %s, %s", w.Epoch, extent(w.Entries, w.Last))
	if w.Redacted > 0 {
		text += fmt.Sprintf(", %d redacted", w.Redacted)
	}
	text += "\n"
	if w.SHA256 != "" {
		text += fmt.Sprintf("file      %s, of %s\nSHA-256   %s\n", cmp.Or(w.File, "stdout"), w.Made.UTC().Format(time.RFC3339), w.SHA256)
	}
	switch {
	case !w.Verified:
		text += "NOT VERIFIED: the file is as it was written; whose signatures are in it, only --trust FILE tells\n"
	case w.Keyset == 0:
		text += "NO KEYSET in it is signed by these roots\n"
	default:
		text += fmt.Sprintf("verified  keyset version %d, %s active\n", w.Keyset, many(w.Active, "notice", "notices"))
	}
	if w.Doubt != "" {
		text += fmt.Sprintf("DOUBTFUL  %s: what was published last may be missing\n", w.Doubt)
	}
	for _, s := range w.Missing {
		text += fmt.Sprintf("MISSING   %s: no redaction explains it\n", s)
	}
	for _, s := range w.Refused {
		text += fmt.Sprintf("REFUSED   %s\n", s)
	}
	_, err := io.WriteString(out, printable(text))
	return err
}

// extent is how many entries a copy holds, and, where places are empty, which is the last.
func extent(entries int, last uint64) string {
	text := many(entries, "entry", "entries")
	if uint64(entries) != last {
		text += fmt.Sprintf(" in %d places", last)
	}
	return text
}

// print says what a copy holds: on stdout, unless the copy itself goes there.
func (cmd backupCmd) print(c console, w copyWords) error {
	switch {
	case cmd.JSON && (cmd.File != "" || cmd.Verify != ""):
		return c.printJSON(w)
	case cmd.File != "" || cmd.Verify != "":
		return w.say(c.Out)
	}
	return w.say(c.Err)
}

func (cmd backupCmd) Run(ctx context.Context, c console) error {
	switch {
	case cmd.Verify != "" && cmd.File != "":
		return misusef("--verify %s checks a backup and makes none; leave %s out", cmd.Verify, cmd.File)
	case cmd.Verify != "":
		return cmd.verify(c)
	}
	trust, err := cmd.roots()
	if err != nil {
		return err
	}
	if err := cmd.mayWrite(c); err != nil {
		return err
	}
	saved, err := cmd.read(ctx, c, trust)
	if err != nil {
		return err
	}
	return cmd.keep(c, saved, saved.Review(trust, cmd.Dev))
}

// keep writes what was read, and says what is wrong with it. What is not as it should be
// replaces no older backup.
func (cmd backupCmd) keep(c console, saved *broker.Copy, review *broker.Review) error {
	flaws := afterBackup(saved, review)
	if _, err := os.Lstat(cmd.File); flaws != nil && cmd.Replace && err == nil {
		return fmt.Errorf("%s was kept, and no backup made. Name another file: %w", cmd.File, flaws)
	}
	write := func(w io.Writer) (err error) {
		saved.SHA256, err = saved.WriteBackup(w)
		return err
	}
	var err error
	if cmd.File == "" {
		err = write(c.Out)
	} else {
		err = writeWhole(cmd.File, cmd.Replace && flaws == nil, write)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("writing the backup: %w", err), flaws)
	}
	if err := cmd.print(c, describeCopy(cmd.File, saved, review)); err != nil {
		return err
	}
	return flaws
}

// afterBackup says what is wrong with a log of which there is now a backup.
func afterBackup(saved *broker.Copy, review *broker.Review) error {
	var flaws []error
	switch err := review.Check(); {
	case errors.Is(err, broker.ErrMissing):
		flaws = append(flaws, fmt.Errorf("the log is damaged: %w. See tocsin broker repair --help", err))
	case errors.Is(err, broker.ErrNotSigned):
		flaws = append(flaws, fmt.Errorf("a backup of it can't be restored with these --trust roots: %w", err))
	} // what boards refuse is in the log, and harmless
	if saved.Doubt != nil {
		flaws = append(flaws, fmt.Errorf("the log may have gone on without the server that was read: %w. "+
			`Start the NATS servers that are down (docs/operations.md, "The quorum is lost"), and make another backup`, saved.Doubt))
	}
	return errors.Join(flaws...)
}

// mayWrite refuses early what would fail after all the reading.
func (cmd backupCmd) mayWrite(c console) error {
	if cmd.File == "" {
		if isTerminal(c.Out) {
			return misusef("where to? tocsin backup FILE (or into a pipe)")
		}
		return nil
	}
	if _, err := os.Lstat(cmd.File); err == nil && !cmd.Replace {
		return fmt.Errorf("%s exists, and is not overwritten without --replace", cmd.File)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// read reads the log from wherever it is.
func (cmd backupCmd) read(ctx context.Context, c console, trust notice.Trust) (*broker.Copy, error) {
	if err := cmd.exists(); err != nil {
		return nil, err
	}
	b, err := cmd.open(ctx, c, trust, 0)
	if errors.Is(err, broker.ErrLocked) {
		return askRunning(ctx, cmd.Data)
	}
	if err != nil {
		return nil, err
	}
	defer b.Close()
	saved, _, err := b.Backup(ctx, progress(c, "read"))
	if err != nil && len(cmd.NATS) > 0 && ctx.Err() == nil {
		err = fmt.Errorf("%w. Do most of the NATS servers run? (docs/operations.md, \"The quorum is lost\")", err)
	}
	return saved, err
}

func (cmd backupCmd) verify(c console) error {
	saved, err := readBackup(cmd.Verify)
	if err != nil {
		return err
	}
	var review *broker.Review
	if cmd.Trust != "" || cmd.Dev {
		trust, err := cmd.roots()
		if err != nil {
			return err
		}
		review = saved.Review(trust, cmd.Dev)
	}
	if err := cmd.print(c, describeCopy(cmd.Verify, saved, review)); err != nil || review == nil {
		return err
	}
	return review.Check()
}

// readBackup reads a backup that is whole.
func readBackup(path string) (*broker.Copy, error) {
	saved, err := readAnyBackup(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return saved, nil
}

// readAnyBackup reads what is whole of a backup.
func readAnyBackup(path string) (*broker.Copy, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return broker.ReadBackup(f)
}

// progressEvery is how often long work says how far it is.
const progressEvery = 2 * time.Second

// progress says on stderr how far long work is; short work says nothing.
func progress(c console, done string) broker.Progress {
	next := time.Now().Add(progressEvery)
	return func(at, last uint64) {
		if now := time.Now(); now.After(next) {
			next = now.Add(progressEvery)
			c.say("%s %d of %d (%d %%)", done, at, last, 100*at/max(last, 1))
		}
	}
}
