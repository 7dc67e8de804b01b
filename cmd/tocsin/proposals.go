package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"tocsin/client"
	"tocsin/notice"
)

type proposalsCmd struct {
	Key      string `required:"" placeholder:"FILE" help:"Your key, to log in."`
	Withdraw string `placeholder:"ID" help:"Take back one that you have signed, or that is superseded."`
	JSON     bool   `help:"Print the list, for programs."`
	deskFlags
}

func (proposalsCmd) Help() string {
	return `Notices, keysets, postures and other documents that have too few signatures yet: by whom
they are signed, who else can sign, and until when. tocsin approve ID shows one whole.

    tocsin proposals --key ben.key
    tocsin proposals --withdraw 0198c1f2-… --key ana.key`
}

func (cmd proposalsCmd) Run(ctx context.Context, c console) error {
	s, err := cmd.signIn(cmd.Key)
	if err != nil {
		return err
	}
	if cmd.Withdraw != "" {
		if err := s.desk.Withdraw(ctx, cmd.Withdraw); err != nil {
			return deskFailure(s.flags.Desk, "withdrawing "+cmd.Withdraw, err)
		}
		c.say("Taken back: %s", cmd.Withdraw)
		return nil
	}
	list, err := s.desk.Proposals(ctx)
	if err != nil {
		return deskFailure(s.flags.Desk, "listing what waits", err)
	}
	if cmd.JSON {
		return c.printJSON(list)
	}
	if len(list.Proposals) == 0 {
		c.say("Nothing waits for a signature.")
	}
	for _, p := range list.Proposals {
		if _, err := fmt.Fprint(c.Out, printable(proposalWords(p))); err != nil {
			return err
		}
	}
	return nil
}

// proposalWords is one proposal in three lines.
func proposalWords(p client.Proposal) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s  %s\n", p.Identifier, oneLine(title(p)))
	if p.Superseded {
		fmt.Fprintf(&b, "  superseded (%s): something newer holds; anyone can take it back with --withdraw\n", oneLine(p.Blocked))
	} else {
		fmt.Fprintf(&b, "  signed by %s; %d needed; can sign: %s\n", owners(p.Signers), p.Need, orNobody(p.Candidates))
	}
	fmt.Fprintf(&b, "  since %s, lapses in %s\n", p.Created.Local().Format(time.DateTime), ago(time.Until(p.Expires)))
	return b.String()
}

// documentKinds are documents other than notices, in words.
var documentKinds = map[string]string{
	notice.TypeKeyset:    "a keyset: whose keys count",
	notice.TypeContacts:  "contact cards: whom to call",
	notice.TypePosture:   "a posture: whose sign-ins are no longer believed",
	notice.TypeRedaction: "a redaction: why an entry of the log is gone",
}

func kindOf(payloadType string) string { return cmp.Or(documentKinds[payloadType], payloadType) }

// documentTitle names what is no notice.
func documentTitle(p client.Proposal) string {
	if e, err := p.Envelope.Open(); err == nil && e.PayloadType == notice.TypePosture {
		if doc, err := notice.DecodePosture(e.Payload); err == nil {
			return "Posture: " + doc.Note
		}
	}
	return kindOf(p.PayloadType)
}

// title is a notice's first headline, or what kind of document it is.
func title(p client.Proposal) string {
	n, err := p.Envelope.Notice()
	if err != nil {
		return documentTitle(p)
	}
	if len(n.Info) == 0 {
		return string(n.MsgType) + ": " + n.Note
	}
	return fmt.Sprintf("%s, %s: %s", n.MsgType, n.Info[0].Severity, n.Info[0].Headline)
}
