package main

import (
	"context"
	"errors"
	"fmt"

	"tocsin/client"
	"tocsin/notice"
)

type approveCmd struct {
	ID   string `arg:"" name:"id" help:"What waits, as publish and proposals name it."`
	Key  string `required:"" placeholder:"FILE" help:"Your key."`
	Yes  bool   `short:"y" help:"Don't ask."`
	JSON bool   `help:"Print what became of it as one object, for programs."`
	deskFlags
}

func (approveCmd) Help() string {
	return `It shows the whole notice, in every language, and asks. You sign exactly what was shown,
whatever the desk may hold by then. Without a terminal (in a script), or with --yes, it
does not ask.

    tocsin approve 0198c1f2-… --key ben.key`
}

var errNotDone = errors.New("nothing was signed")

func (cmd approveCmd) Run(ctx context.Context, c console) error {
	s, err := cmd.signIn(cmd.Key)
	if err != nil {
		return err
	}
	proposal, err := cmd.fetch(ctx, s)
	if err != nil {
		return err
	}
	if err := cmd.present(c, proposal); err != nil {
		return err
	}
	if !cmd.Yes && !c.confirm("Sign this, as "+s.key.Owner+"?") {
		return errNotDone
	}
	answer, err := s.desk.Approve(ctx, proposal)
	if err != nil {
		return deskFailure(s.flags.Desk, "approving "+cmd.ID, err)
	}
	return c.printAnswer(answer, s.approveLine(c, answer), cmd.JSON)
}

// fetch gets the proposal, or says why there is none.
func (cmd approveCmd) fetch(ctx context.Context, s *signIn) (client.Proposal, error) {
	proposal, err := s.desk.Proposal(ctx, cmd.ID)
	if err == nil {
		return proposal, nil
	}
	if errors.Is(err, client.ErrNotFound) {
		if _, published := s.desk.Notice(ctx, cmd.ID); published != nil {
			return proposal, fmt.Errorf("nothing waits under %s; tocsin proposals --key %s lists what does", cmd.ID, cmd.Key)
		}
		err = client.ErrAlreadyPublished
	}
	if errors.Is(err, client.ErrAlreadyPublished) {
		return proposal, fmt.Errorf("%s is published already", cmd.ID)
	}
	return proposal, deskFailure(s.flags.Desk, "fetching "+cmd.ID, err)
}

// present shows what is to be signed: all of it, and that it is what was asked for.
func (cmd approveCmd) present(c console, p client.Proposal) error {
	envelope, err := p.Envelope.Open()
	if err != nil {
		return fmt.Errorf("reading the proposal %s: %w", cmd.ID, err)
	}
	identifier, err := client.Identifier(envelope)
	if err != nil {
		return fmt.Errorf("reading the proposal %s: %w", cmd.ID, err)
	}
	if identifier != cmd.ID {
		return fmt.Errorf("the desk answered with %s, not with %s", identifier, cmd.ID)
	}
	if envelope.PayloadType == notice.TypeNotice {
		return cmd.presentNotice(c, p, envelope)
	}
	c.say("%s", printable(fmt.Sprintf("%s, of type %s:\n%s\n", identifier, envelope.PayloadType, envelope.Payload)))
	return nil
}

func (cmd approveCmd) presentNotice(c console, p client.Proposal, e *notice.Envelope) error {
	n, err := notice.Decode(e.Payload)
	if err != nil {
		return fmt.Errorf("reading the proposal %s: %w", cmd.ID, err)
	}
	c.show(n, true)
	c.say("The desk says it is signed by %s; it waits until %s.\n", printable(owners(p.Signers)),
		p.Expires.Local().Format("2006-01-02 15:04:05 -07:00"))
	return nil
}
