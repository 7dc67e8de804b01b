package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tocsin/client"
	"tocsin/notice"
)

type approveCmd struct {
	ID   string `arg:"" name:"id" help:"What waits, as publish and proposals name it."`
	Key  string `required:"" placeholder:"FILE" help:"Your key."`
	Yes  bool   `short:"y" help:"Don't ask; needed without a terminal."`
	JSON bool   `help:"Print what became of it as one object, for programs."`
	trustFlags
	deskFlags
}

func (approveCmd) Help() string {
	return `It shows the whole notice, in every language, and of an Update what it changes (or
the posture, the contact cards, the keyset or the redaction, in words, and what they
change), and asks. You sign exactly what was shown, whatever the desk may hold by then.
With the pinned root keys (--trust) it verifies by itself who has signed already, and what
is replaced; without them you have the desk's word. Without a terminal
to ask on (in a script, or over ssh without -t) it signs only with --yes.

    tocsin approve 0198c1f2-… --key ben.key
    tocsin approve posture-3 --key ben.key --trust trust.pem`
}

func (cmd approveCmd) Run(ctx context.Context, c console) error {
	s, err := cmd.signIn(cmd.Key)
	if err != nil {
		return err
	}
	proposal, err := cmd.fetch(ctx, s)
	if err != nil {
		return err
	}
	if proposal.Superseded {
		return fmt.Errorf("%w: %s is superseded (%s), something newer holds. Anyone can take it back: %s",
			errNotDone, cmd.ID, printable(oneLine(proposal.Blocked)), s.withdrawLine(c, cmd.ID, cmd.Key))
	}
	envelope, err := cmd.present(ctx, c, s, proposal)
	if err != nil {
		return err
	}
	if err := c.confirm(cmd.Yes, "Sign this, as "+s.key.Owner+"?", errNotDone); err != nil {
		return err
	}
	answer, err := s.desk.Approve(ctx, proposal)
	if err != nil {
		return deskFailure(s.flags.Desk, "approving "+cmd.ID, err)
	}
	return c.printAnswer(answer, envelope, s.approveLine(c, answer), cmd.JSON)
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
	if errors.Is(err, client.ErrLogin) && strings.HasPrefix(cmd.ID, "keyset-") {
		return proposal, fmt.Errorf("fetching %s: %w. Root keys have no login: sign the file, offline (tocsin keyset sign FILE --key %s), "+
			"and hand it over (tocsin keyset publish FILE)", cmd.ID, err, cmd.Key)
	}
	return proposal, deskFailure(s.flags.Desk, "fetching "+cmd.ID, err)
}

// present shows what is to be signed: all of it, and that it is what was asked for.
func (cmd approveCmd) present(ctx context.Context, c console, s *signIn, p client.Proposal) (*notice.Envelope, error) {
	envelope, err := p.Envelope.Open()
	if err != nil {
		return nil, fmt.Errorf("reading the proposal %s: %w", cmd.ID, err)
	}
	identifier, err := client.Identifier(envelope)
	if err != nil {
		return nil, fmt.Errorf("reading the proposal %s: %w", cmd.ID, err)
	}
	if identifier != cmd.ID {
		return nil, fmt.Errorf("the desk answered with %s, not with %s", printable(identifier), cmd.ID)
	}
	if slices.ContainsFunc(p.Signers, func(by client.Signer) bool { return by.KeyID == s.key.KeyID() }) {
		c.say("%s has signed this already: it waits for somebody else.", s.key.Owner)
	}
	switch envelope.PayloadType {
	case notice.TypeNotice:
		return envelope, cmd.presentNotice(ctx, c, s, p, envelope)
	case notice.TypePosture, notice.TypeContacts, notice.TypeKeyset, notice.TypeRedaction:
		return envelope, cmd.presentDocument(ctx, c, s, p, envelope)
	}
	c.say("%s, %s:\n%s\n", identifier, oneLine(kindOf(envelope.PayloadType)), printable(string(envelope.Payload)))
	return envelope, nil
}

// presentDocument shows in words what is no notice, and what it changes.
func (cmd approveCmd) presentDocument(ctx context.Context, c console, s *signIn, p client.Proposal, e *notice.Envelope) error {
	words, err := cmd.documentWords(ctx, s, e)
	if err != nil {
		return fmt.Errorf("reading the proposal %s: %w", cmd.ID, err)
	}
	signed, err := cmd.signers(ctx, s, p, e, nil)
	if err != nil {
		return err
	}
	c.say("%s", printable(words))
	cmd.sayWaits(c, signed, p)
	if e.PayloadType == notice.TypeKeyset {
		return s.mayRoot(e)
	}
	return nil
}

func (cmd approveCmd) sayWaits(c console, signed string, p client.Proposal) {
	c.say("%s It waits until %s.\n", printable(signed), p.Expires.Local().Format("2006-01-02 15:04:05 -07:00"))
}

func (cmd approveCmd) presentNotice(ctx context.Context, c console, s *signIn, p client.Proposal, e *notice.Envelope) error {
	n, err := notice.Decode(e.Payload)
	if err != nil {
		return fmt.Errorf("reading the proposal %s: %w", cmd.ID, err)
	}
	signed, err := cmd.signers(ctx, s, p, e, func(ks *notice.Keyset) error { return notice.Check(n, &ks.Policy) })
	if err != nil {
		return err
	}
	change, err := cmd.changeWords(ctx, s, n)
	if err != nil {
		return err
	}
	c.show(n, true)
	if change != "" {
		c.say("%s", change)
	}
	cmd.sayWaits(c, signed, p)
	return nil
}

// signers says who has signed, as verified from the pinned roots; without them, as
// the desk says. What breaks a rule is not put before anyone.
func (cmd approveCmd) signers(ctx context.Context, s *signIn, p client.Proposal, e *notice.Envelope, check func(*notice.Keyset) error) (string, error) {
	roots, err := cmd.roots(s.flags.Desk)
	if errors.Is(err, errNoRoots) {
		return fmt.Sprintf("The desk says that it is signed by %s; --trust FILE would verify it.", owners(p.Signers)), nil
	}
	if err != nil {
		return "", err
	}
	board, err := s.board(ctx, roots)
	if err != nil {
		return "", err
	}
	if check != nil {
		err = check(board.Keyset())
	}
	if err != nil {
		return "", fmt.Errorf("the proposal %s would be refused: %w", cmd.ID, err)
	}
	tally, err := tallyOf(board, e)
	if err != nil {
		return "", fmt.Errorf("reading the proposal %s: %w", cmd.ID, err)
	}
	var names []string
	for _, signer := range tally.Signers {
		role := string(signer.Role)
		if signer.BreakGlass {
			role += ", BREAK-GLASS"
		}
		if signer.Owner == "" {
			names = append(names, "root "+signer.KeyID)
			continue
		}
		names = append(names, fmt.Sprintf("%s (%s)", signer.Owner, role))
	}
	if len(names) == 0 {
		return "No signature on it counts.", nil
	}
	return fmt.Sprintf("Signed by %s: verified.", strings.Join(names, ", ")), nil
}

// tallyOf counts signatures: of a keyset those of roots, old and new, for which it takes
// a board. Of other documents this one holds too little to check more.
func tallyOf(board *notice.Board, e *notice.Envelope) (notice.Tally, error) {
	if e.PayloadType == notice.TypeKeyset {
		return board.Tally(e)
	}
	return notice.Count(e, board.Keyset(), 0)
}
