package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/client"
	"tocsin/notice"
)

type redactCmd struct {
	ID     string `arg:"" optional:"" name:"id" help:"The message: its identifier, or its number in the log."`
	Reason string `placeholder:"TEXT" help:"Why; it stays in the log for good. No names of patients."`
	Key    string `placeholder:"FILE" help:"Your key, of role operator."`
	Backup string `placeholder:"FILE" help:"Take the entry from this backup of the log, by its number: one that the desk no longer shows."`
	Now    bool   `help:"Redact an Alert that has not run out: readers who were away when it was withdrawn go on seeing it as in force."`
	Due    bool   `help:"Delete from the log what enough operators have signed for."`
	Yes    bool   `short:"y" help:"Don't ask; needed without a terminal."`
	JSON   bool   `help:"Print what became of it as one object, for programs."`
	deskFlags
	logFlags
}

func (redactCmd) Help() string {
	return `For a text that must not stay, such as one with a patient's name: a Cancel leaves it in the log.
Withdraw the notice first, and wait until it has run out (or say --now: nodes do not send the
Cancel of a redacted notice, so readers who were away when it was withdrawn, and have it, would
see it as in force until it runs out). Operators then sign that a message goes, each message of
its thread by itself; and whoever has the administrator's key of NATS deletes what they have signed for:

    tocsin redact 0198c1f2-… --reason "It named a patient." --key ana.key
    tocsin approve redaction-41 --key ben.key
    tocsin redact --due --trust trust.pem --nats tls://n1:4222,tls://n2:4222,tls://n3:4222 \
        --nats-ca ca.pem --nats-creds admin.nk --nats-inbox _INBOX_admin
    tocsin redact --due --trust trust.pem --data /var/lib/tocsin

--due verifies every signature of the log first. Of an embedded log the process does it, by
the roots that it has pinned, if it runs. Backups, and what else holds the text, are in
docs/operations.md, "A notice has to leave the log".`
}

func (cmd redactCmd) Run(ctx context.Context, c console) error {
	switch {
	case cmd.Due && cmd.ID+cmd.Reason+cmd.Backup != "":
		return misusef("--due deletes what is signed for, and signs nothing; leave out what is to be signed")
	case cmd.Due:
		return cmd.carryOut(ctx, c)
	case cmd.ID == "":
		return misusef("which message? tocsin redact ID --reason TEXT --key FILE; or, to delete what is signed for: tocsin redact --due")
	case cmd.Reason == "":
		return misusef("--reason TEXT: why it has to go")
	}
	return cmd.propose(ctx, c)
}

// propose signs that a message goes.
func (cmd redactCmd) propose(ctx context.Context, c console) error {
	s, err := cmd.signIn(cmd.Key)
	if err != nil {
		return err
	}
	gone, err := cmd.find(ctx, s)
	if err != nil {
		return err
	}
	if err := gone.check(c, s, cmd.Now); err != nil {
		return err
	}
	envelope, err := gone.redaction(cmd.Reason)
	if err != nil {
		return err
	}
	gone.show(c)
	if err := c.confirm(cmd.Yes, "Sign that it goes for good, as "+s.key.Owner+"?", errNotDone); err != nil {
		return err
	}
	envelope.Sign(s.key)
	identifier := fmt.Sprintf("redaction-%d", gone.seq)
	answer, err := s.desk.PublishRedaction(ctx, envelope)
	if errors.Is(err, client.ErrUnconfirmed) {
		return fmt.Errorf("publishing %s: %w; to do the same again is harmless", identifier, err)
	}
	if err != nil {
		return s.waysOut(c, deskFailure(s.flags.Desk, "publishing "+identifier, err), identifier, "")
	}
	return c.printAnswer(answer, envelope, s.approveLine(c, answer), cmd.JSON)
}

// condemned is a message that is to go.
type condemned struct {
	seq      uint64
	envelope *notice.Envelope
	thread   client.Thread // as the desk shows it; empty if it does not
}

// find looks for the message on the desk, or in the backup.
func (cmd redactCmd) find(ctx context.Context, s *signIn) (condemned, error) {
	seq, notNumber := strconv.ParseUint(cmd.ID, 10, 64)
	identifier := cmd.ID
	var gone condemned
	switch {
	case cmd.Backup != "" && notNumber != nil:
		return condemned{}, misusef("--backup goes by numbers, and %q is none", cmd.ID)
	case cmd.Backup != "":
		envelope, err := entryOf(cmd.Backup, seq)
		if err != nil {
			return condemned{}, err
		}
		gone = condemned{seq: seq, envelope: envelope}
		if identifier, err = client.Identifier(envelope); err != nil {
			return gone, nil // of what is no document no desk knows
		}
	case notNumber == nil:
		m, err := s.entry(ctx, seq)
		if err != nil {
			return condemned{}, err
		}
		if m == nil {
			return condemned{}, fmt.Errorf("the desk shows no message with the number %d; --backup FILE takes it from a backup of today", seq)
		}
		identifier = m.Identifier
	}
	thread, err := s.desk.Notice(ctx, identifier)
	switch {
	case errors.Is(err, client.ErrNotFound) && gone.envelope != nil:
		return gone, nil
	case errors.Is(err, client.ErrNotFound):
		return condemned{}, fmt.Errorf("the desk knows no notice %s; tocsin redact NUMBER --backup FILE takes it from a backup of today", identifier)
	case err != nil:
		return condemned{}, deskFailure(s.flags.Desk, "looking for "+identifier, err)
	}
	return gone.of(thread, identifier)
}

// of is the message as the desk shows it.
func (gone condemned) of(thread client.Thread, identifier string) (condemned, error) {
	i := slices.IndexFunc(thread.Messages, func(m client.Message) bool { return m.Identifier == identifier })
	switch {
	case i < 0 && gone.envelope == nil:
		return gone, fmt.Errorf("the desk knows no message %s yet", identifier)
	case i < 0 || gone.envelope != nil && gone.seq != thread.Messages[i].Seq:
		return gone, nil // of a backup: another one by that name
	}
	envelope, err := thread.Messages[i].Envelope.Open()
	if err != nil {
		return gone, fmt.Errorf("reading %s: %w", identifier, err)
	}
	return condemned{thread.Messages[i].Seq, envelope, thread}, nil
}

// entryOf is the entry at a place of a backup.
func entryOf(file string, seq uint64) (*notice.Envelope, error) {
	saved, err := readBackup(file)
	if err != nil {
		return nil, err
	}
	for _, e := range saved.Entries {
		if e.Seq == seq {
			return notice.ParseEnvelope(e.Body)
		}
	}
	return nil, fmt.Errorf("%s: nothing is at number %d", file, seq)
}

// check refuses what would surprise readers.
func (gone condemned) check(c console, s *signIn, now bool) error {
	if gone.thread.Phase == "active" {
		return fmt.Errorf("%w: the notice is active, and readers would not be told that it does not hold. Withdraw it first: "+
			"%s cancel %s --note TEXT --key %s%s", errNotDone, c.program, gone.thread.Identifier, s.keyFile, s.flags.asTyped())
	}
	if until := runsOut(gone.thread, gone.seq); !now && until.After(time.Now()) {
		return fmt.Errorf("%w: readers who were away when it was withdrawn, and have it, would see it as in force until it runs out (%s), "+
			"since nodes do not send the Cancel of a redacted notice. Wait until then; if its text is worse than that: --now",
			errNotDone, clock(notice.FormatTime(until)))
	}
	return mayGo(gone.thread, gone.seq)
}

// runsOut is when the last text of a thread ends whose Alert is to go; zero if another message is.
func runsOut(thread client.Thread, seq uint64) (last time.Time) {
	for _, m := range thread.Messages {
		n, err := m.Envelope.Notice()
		if err != nil || m.Revision == 0 && m.Seq != seq {
			return time.Time{}
		}
		for _, i := range n.Info {
			if end := timeOf(i.Expires); end.After(last) {
				last = end
			}
		}
	}
	return last
}

// mayGo refuses to take from a thread the message that keeps it from showing again: its
// Cancel, or an Update that has ended sooner.
func mayGo(thread client.Thread, seq uint64) error {
	var shows *notice.Notice
	revision := -1
	for _, m := range thread.Messages {
		n, err := m.Envelope.Notice()
		if err != nil {
			return fmt.Errorf("reading %s: %w", m.Identifier, err)
		}
		switch {
		case m.Seq == seq && n.MsgType == notice.MsgAlert:
			return nil // and the whole thread with it
		case m.Seq == seq:
		case n.MsgType == notice.MsgCancel:
			return nil
		case m.Revision > revision:
			shows, revision = n, m.Revision
		}
	}
	if shows == nil || !slices.ContainsFunc(shows.Info, func(i notice.Info) bool { return timeOf(i.Expires).After(time.Now()) }) {
		return nil
	}
	return fmt.Errorf("%w: without entry %d the notice would show again. Have its other messages redacted first, the Alert last of them; "+
		"this one then by its number, from a backup (tocsin redact --help)", errNotDone, seq)
}

func (gone condemned) sha256() string {
	hash := gone.envelope.Hash()
	return hex.EncodeToString(hash[:])
}

// redaction is the document, without signatures.
func (gone condemned) redaction(reason string) (*notice.Envelope, error) {
	payload, err := notice.EncodeRedaction(&notice.Redaction{
		Seq: gone.seq, SHA256: gone.sha256(), Sent: notice.FormatTime(now()), Reason: reason,
	})
	if err != nil {
		return nil, fmt.Errorf("writing the redaction: %w", err)
	}
	return &notice.Envelope{PayloadType: notice.TypeRedaction, Payload: payload}, nil
}

// show prints what goes, and what else there is of its thread.
func (gone condemned) show(c console) {
	c.say("Entry %d of the log, whose text has the SHA-256\n%s:\n", gone.seq, gone.sha256())
	if n, err := notice.Decode(gone.envelope.Payload); gone.envelope.PayloadType == notice.TypeNotice && err == nil {
		c.show(n, true)
	} else {
		c.say("%s:\n%s\n", oneLine(kindOf(gone.envelope.PayloadType)), printable(string(gone.envelope.Payload)))
	}
	var others []string
	for _, m := range gone.thread.Messages {
		if m.Seq != gone.seq {
			others = append(others, fmt.Sprintf("entry %d (%s)", m.Seq, m.Identifier))
		}
	}
	if len(others) > 0 {
		c.say("Of the same thread, with texts of their own, which stay: %s.\n", strings.Join(others, ", "))
	}
}
