package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"unicode/utf8"

	"tocsin/notice"
)

type publishCmd struct {
	File     string `arg:"" optional:"" help:"A notice in JSON, in one or many languages."`
	CAP      string `name:"cap" placeholder:"FILE" help:"A notice in CAP 1.2 XML. It is re-issued: new identifier, sender and time; the original ones are kept as parameters."`
	Expires  moment `placeholder:"WHEN" help:"When it ends: 2h, 3d, or 2026-03-01T18:00:00+01:00. Needed unless the file says."`
	Update   string `placeholder:"ID" help:"Publish it as an Update of this notice."`
	Status   string `placeholder:"STATUS" help:"Actual, Exercise or Test (default: the file's, or Actual)."`
	Note     string `placeholder:"TEXT" help:"Why; needed with a break-glass key."`
	Sender   string `placeholder:"NAME" help:"Who sends, as CAP has it (default: the key's owner @ the desk's host)."`
	Key      string `placeholder:"FILE" help:"Your key."`
	Save     string `placeholder:"FILE" help:"Sign, write the signed notice to this file, and send nothing."`
	Envelope string `placeholder:"FILE" help:"Submit this signed notice: one that --save wrote, or that publish left behind when it could not learn its fate."`
	Print    bool   `help:"Print the notice as JSON, and do nothing. A file to begin from."`
	JSON     bool   `help:"Print what became of it as one object, for programs."`
	deskFlags
	composeFlags
}

func (publishCmd) Help() string {
	return `What can reach a patient needs a second person's signature, unless the keyset's policy
says otherwise: publish says who can give it, and how.

    tocsin publish --headline "Video visits are down" --instruction "Please call 555-0100." \
        --severity Severe --expires 2h --key ana.key
    tocsin publish --headline "Video visits are down" --instruction "Please call 555-0100." \
        --translation es.json --expires 2h --key ana.key
    tocsin publish --cap amber-alert.xml --expires 2h --key ana.key
    tocsin publish notice.json --update 0198c1f2-… --key ana.key
    tocsin publish --headline "…" --expires 2h --print > notice.json

A translation has the texts alone; all else is as in the first language:

    {"language": "es-US", "headline": "Las videoconsultas no funcionan",
     "instruction": "Llame al 555-0100."}`
}

func (cmd publishCmd) Run(ctx context.Context, c console) error {
	if cmd.Envelope != "" {
		return cmd.again(ctx, c)
	}
	source, err := cmd.source()
	if err != nil {
		return err
	}
	if err := cmd.adjust(source); err != nil {
		return err
	}
	cmd.lengths(c, source)
	if cmd.Print {
		return c.printFile(source)
	}
	s, err := cmd.signIn(cmd.Key)
	if err != nil {
		return err
	}
	n, err := cmd.issue(ctx, s, source)
	if err != nil {
		return err
	}
	envelope, err := s.sign(n)
	if err != nil {
		return err
	}
	if cmd.Save != "" {
		return writeNew(cmd.Save, append(envelope.Marshal(), '\n'), 0o600)
	}
	return s.submit(ctx, c, envelope, cmd.JSON)
}

// longHeadline is how many characters CAP 1.2 recommends at most (section 3.2.2).
const longHeadline = 160

// lengths warns of headlines that small screens cut off.
func (cmd publishCmd) lengths(c console, n *notice.Notice) {
	for i := range n.Info {
		if has := utf8.RuneCountInString(n.Info[i].Headline); has > longHeadline {
			c.say("Note: the headline in %s has %d characters; beyond %d, screens may cut it off. --description has room.",
				printable(oneLine(languageOf(&n.Info[i]))), has, longHeadline)
		}
	}
}

// issue gives the notice its identifier, time and sender, and in an Update its
// place in the thread.
func (cmd publishCmd) issue(ctx context.Context, s *signIn, source *notice.Notice) (*notice.Notice, error) {
	options, err := s.identity(cmd.Sender)
	if err != nil {
		return nil, err
	}
	if cmd.Update != "" {
		thread, err := s.thread(ctx, cmd.Update)
		if err != nil {
			return nil, err
		}
		source.MsgType = notice.MsgUpdate
		options.References = thread.references
		keepAudience(source, thread.alert)
	}
	return notice.Reissue(source, options)
}

// again submits an envelope that was signed before.
func (cmd publishCmd) again(ctx context.Context, c console) error {
	data, err := os.ReadFile(cmd.Envelope)
	if err != nil {
		return fmt.Errorf("reading the signed notice: %w", err)
	}
	envelope, err := notice.ParseEnvelope(bytes.TrimSpace(data))
	if err != nil {
		return fmt.Errorf("reading the signed notice %s: %w", cmd.Envelope, err)
	}
	d, err := cmd.client(nil)
	if err != nil {
		return err
	}
	s := &signIn{desk: d, flags: cmd.deskFlags}
	return s.submit(ctx, c, envelope, cmd.JSON)
}
