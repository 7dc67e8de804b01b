package main

import (
	"context"
	"fmt"

	"tocsin/notice"
)

type cancelCmd struct {
	ID     string `arg:"" name:"id" help:"The notice: the identifier of any message of its thread."`
	Note   string `required:"" placeholder:"TEXT" help:"Why; readers see it."`
	Sender string `placeholder:"NAME" help:"Who sends, as CAP has it (default: the key's owner @ the desk's host)."`
	Key    string `required:"" placeholder:"FILE" help:"Your key."`
	Yes    bool   `short:"y" help:"Don't ask; needed without a terminal."`
	JSON   bool   `help:"Print what became of it as one object, for programs."`
	deskFlags
}

func (cancelCmd) Help() string {
	return `A Cancel is final. Readers see the notice as withdrawn, with the time and the note, for a
day. By the usual policy one signature is enough: taking back is easier than sending.

    tocsin cancel 0198c1f2-… --note "Video visits work again." --key ana.key`
}

func (cmd cancelCmd) Run(ctx context.Context, c console) error {
	s, err := cmd.signIn(cmd.Key)
	if err != nil {
		return err
	}
	t, err := s.thread(ctx, cmd.ID)
	if err != nil {
		return err
	}
	if t.cancelled {
		return fmt.Errorf("%w: %s is withdrawn already", errNotDone, cmd.ID)
	}
	c.show(t.current, false)
	if err := c.confirm(cmd.Yes, "Withdraw it, as "+s.key.Owner+"?", errNotDone); err != nil {
		return err
	}
	n, err := cmd.compose(s, t)
	if err != nil {
		return err
	}
	envelope, err := s.sign(n)
	if err != nil {
		return err
	}
	return s.submit(ctx, c, envelope, cmd.JSON)
}

// compose makes the Cancel of a thread.
func (cmd cancelCmd) compose(s *signIn, t thread) (*notice.Notice, error) {
	options, err := s.identity(cmd.Sender)
	if err != nil {
		return nil, err
	}
	n := &notice.Notice{
		Identifier: options.Identifier, Sender: options.Sender, Sent: options.Sent,
		MsgType: notice.MsgCancel, Note: cmd.Note, References: t.references,
	}
	keepAudience(n, t.alert)
	return n, nil
}

// show prints a notice on stderr, for whoever is about to sign.
func (c console) show(n *notice.Notice, whole bool) {
	p := newPage(c.Err)
	p.whole = whole
	p.notice(n)
	fmt.Fprintln(c.Err, p.String())
}
