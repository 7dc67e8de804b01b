package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"tocsin/client"
	"tocsin/notice"
)

type postureCmd struct {
	Show          postureShowCmd      `cmd:"" help:"Say what is void now, and for whom."`
	LoginDown     postureLoginDownCmd `cmd:"" help:"Login is broken, nothing is stolen: declare an incident, void nothing."`
	KeysStolen    postureStolenCmd    `cmd:"" help:"An issuer's signing keys are stolen: believe none of its tokens."`
	EveryoneReset postureResetCmd     `cmd:"" help:"Everyone's credentials were reset: tokens of before are void."`
	Set           postureSetCmd       `cmd:"" help:"Change single settings."`
	Clear         postureClearCmd     `cmd:"" help:"The crisis is over: end the incident, believe blocked issuers again."`
}

func (postureCmd) Help() string {
	return `The posture says which tokens and tickets are void though their signatures are good. It
is signed by operators, two by the usual policy, and edges apply it to open sessions at
once. Public notices reach everybody, whatever it says.

    tocsin posture show --key ana.key
    tocsin posture login-down --note "IdP is down since 08:10" --key ana.key
    tocsin posture keys-stolen --issuer https://idp.example --since 2026-03-01T06:00:00Z --note "…" --key ana.key
    tocsin posture everyone-reset --issuer https://idp.example --note "…" --key ana.key
    tocsin approve posture-1 --key ben.key
    tocsin posture set --revoke https://idp.example=pat-7 --ticket-keys ticket.keys --note "stolen tablet" --key ana.key
    tocsin posture set --unrevoke https://idp.example=pat-7 --ticket-keys ticket.keys --note "found" --key ana.key
    tocsin posture clear --note "all is well" --key ana.key`
}

// inForce is the posture from which a change starts.
type inForce struct {
	doc      *notice.Posture // nil: none is in force
	seq      uint64
	size     int             // of its payload, in bytes
	signers  []notice.Signer // as verified
	verified bool            // from the pinned roots; otherwise it is the desk's word
}

// posture fetches what is in force, and verifies it if pinned roots are at hand.
func (s *signIn) posture(ctx context.Context, trust trustFlags) (inForce, error) {
	found, err := s.desk.Posture(ctx)
	none := errors.Is(err, client.ErrNotFound)
	if err != nil && !none {
		return inForce{}, deskFailure(s.flags.Desk, "fetching the posture", err)
	}
	roots, err := trust.roots(s.flags.Desk)
	if err != nil && !errors.Is(err, errNoRoots) {
		return inForce{}, err
	}
	switch verify := err == nil; {
	case none: // that there is none, nobody can prove
		return inForce{}, nil
	case verify:
		return s.verifiedPosture(ctx, roots, found)
	}
	envelope, err := found.Envelope.Open()
	if err != nil {
		return inForce{}, fmt.Errorf("reading the posture: %w", err)
	}
	doc, err := notice.DecodePosture(envelope.Payload)
	if err != nil {
		return inForce{}, fmt.Errorf("reading the posture: %w", err)
	}
	return inForce{doc: doc, seq: found.Seq, size: len(envelope.Payload)}, nil
}

func (s *signIn) verifiedPosture(ctx context.Context, roots notice.Trust, found client.Document) (inForce, error) {
	board, err := s.board(ctx, roots)
	if err != nil {
		return inForce{}, err
	}
	out := board.Fold(notice.Entry{Seq: found.Seq, Body: found.Envelope})
	if out.Err != nil || board.Posture() == nil {
		return inForce{}, fmt.Errorf("the desk's posture is not signed as the keyset asks: %w", out.Err)
	}
	return inForce{
		doc: board.Posture(), seq: found.Seq, size: len(out.Accepted.Envelope.Payload), signers: out.Accepted.Signers, verified: true,
	}, nil
}

// next is a copy to change: the version after it, without what has lapsed.
func (f inForce) next() *notice.Posture {
	p := &notice.Posture{}
	if f.doc != nil {
		*p = *f.doc
	}
	at := now()
	p.Version, p.Sent, p.Note = p.Version+1, notice.FormatTime(at), ""
	p.TokensNotBefore, p.IssuerBlocked = maps.Clone(p.TokensNotBefore), withoutSpent(p.IssuerBlocked, at)
	p.Revoked = slices.DeleteFunc(slices.Clone(p.Revoked), func(r notice.Revoked) bool {
		return !timeOf(r.Until).After(at)
	})
	return p
}

type postureShowCmd struct {
	Key        string   `required:"" placeholder:"FILE" help:"Your key, to log in."`
	Who        []string `sep:"none" placeholder:"ISS=ID" help:"Say whether this person (sub) or login (sid) is revoked (repeat for more)."`
	TicketKeys string   `placeholder:"FILE" help:"The edges' ticket keys: they make the pseudonyms that --who is looked for by."`
	JSON       bool     `help:"Print one object, for programs."`
	trustFlags
	deskFlags
}

func (postureShowCmd) Help() string {
	return `Who is revoked is listed by pseudonym, since nobody else is to know; whoever has the name
and the edges' ticket keys can ask for it.

    tocsin posture show --key ana.key --trust trust.pem
    tocsin posture show --who https://idp.example=pat-7 --ticket-keys ticket.keys --key ana.key`
}

// shownPosture is what show prints for programs.
type shownPosture struct {
	Seq      uint64          `json:"seq,omitempty"`
	Verified bool            `json:"verified"`
	Signers  []string        `json:"signers,omitempty"`
	Room     int             `json:"room"`    // for so many more revocations
	Posture  *notice.Posture `json:"posture"` // null: none is in force
}

// Run shows what is in force.
func (cmd postureShowCmd) Run(ctx context.Context, c console) error {
	s, err := cmd.signIn(cmd.Key)
	if err != nil {
		return err
	}
	held, err := s.posture(ctx, cmd.trustFlags)
	if err != nil {
		return err
	}
	if cmd.JSON {
		return c.printJSON(held.shown())
	}
	names, err := cmd.names()
	if err != nil {
		return err
	}
	if _, err = fmt.Fprint(c.Out, printable(held.words(names))); err != nil {
		return err
	}
	return cmd.answerWho(c, held, names)
}

func (f inForce) shown() shownPosture {
	shown := shownPosture{Seq: f.seq, Verified: f.verified, Room: roomFor(f.size, 0), Posture: f.doc}
	if f.doc != nil {
		shown.Room = roomFor(f.size, len(f.doc.Revoked))
	}
	for _, signer := range f.signers {
		shown.Signers = append(shown.Signers, signer.Owner)
	}
	return shown
}

// names are those of --who by the pseudonyms that they have, as a person and as a login.
func (cmd postureShowCmd) names() (map[string]string, error) {
	names := make(map[string]string)
	for _, login := range []bool{false, true} {
		hashes, err := pseudonyms("--who", cmd.Who, cmd.TicketKeys, login)
		if err != nil {
			return nil, err
		}
		for i, h := range hashes {
			names[h] = cmd.Who[i]
		}
	}
	return names, nil
}

// answerWho says of each --who that is not on the list that it is not.
func (cmd postureShowCmd) answerWho(c console, held inForce, names map[string]string) error {
	listed := make(map[string]bool)
	if held.doc != nil {
		for _, r := range held.doc.Revoked {
			listed[names[r.Hash]] = true
		}
	}
	for _, who := range cmd.Who {
		if listed[who] {
			continue
		}
		if _, err := fmt.Fprintf(c.Out, "%s is not revoked.\n", printable(oneLine(who))); err != nil {
			return err
		}
	}
	return nil
}

// postureFlags are those of every command that changes the posture.
type postureFlags struct {
	Note      string `required:"" placeholder:"TEXT" help:"Why; other operators read it. No names of patients."`
	Key       string `required:"" placeholder:"FILE" help:"Your key, of role operator."`
	AnyIssuer bool   `help:"Take an issuer's name as it is, though the desk does not know it."`
	AsVersion int64  `placeholder:"N" help:"Its version, where edges know a higher one than the desk (default: the next)."`
	Yes       bool   `short:"y" help:"Don't ask; needed without a terminal."`
	JSON      bool   `help:"Print what became of it as one object, for programs."`
	trustFlags
	deskFlags
}

// publish changes the posture in force, shows what that means, asks, signs and submits.
// The issuers are those that it is about, for their spelling to be checked.
func (f postureFlags) publish(ctx context.Context, c console, issuers []string, change func(*notice.Posture) error) error {
	s, err := f.signIn(f.Key)
	if err != nil {
		return err
	}
	if err := s.checkIssuers(ctx, c, issuers, f.AnyIssuer); err != nil {
		return err
	}
	before, err := s.posture(ctx, f.trustFlags)
	if err != nil {
		return err
	}
	after := before.next()
	after.Note = f.Note
	if f.AsVersion != 0 {
		after.Version = f.AsVersion
	}
	if err := change(after); err != nil {
		return err
	}
	if len(after.Revoked) == 0 {
		after.Pseudonyms = ""
	}
	envelope, err := sealPosture(after)
	if err != nil {
		return err
	}
	c.say("%s", printable(postureChange(before, after)))
	if err := c.confirm(f.Yes, "Sign this, as "+s.key.Owner+"?", errNotDone); err != nil {
		return err
	}
	envelope.Sign(s.key)
	answer, err := s.desk.PublishPosture(ctx, envelope)
	if errors.Is(err, client.ErrUnconfirmed) {
		return fmt.Errorf("publishing posture-%d: %w; \"%s posture show\" tells, and to do the same again is harmless",
			after.Version, err, c.program)
	}
	if err != nil {
		err = deskFailure(s.flags.Desk, fmt.Sprintf("publishing posture-%d", after.Version), err)
		return s.waysOut(c, err, fmt.Sprintf("posture-%d", after.Version), fmt.Sprintf(`
    --as-version %d
        puts yours beside it: the higher version holds
    --key of break-glass
        signs alone: what waits is not in its way`, after.Version+1))
	}
	return c.printAnswer(answer, envelope, s.approveLine(c, answer), f.JSON)
}

// sealPosture puts a posture into an envelope without signatures.
func sealPosture(p *notice.Posture) (*notice.Envelope, error) {
	payload, err := notice.EncodePosture(p)
	if full(err) {
		return nil, errPostureFull(p, err)
	}
	if err != nil {
		return nil, fmt.Errorf("the posture would be refused: %w", err)
	}
	return &notice.Envelope{PayloadType: notice.TypePosture, Payload: payload}, nil
}
