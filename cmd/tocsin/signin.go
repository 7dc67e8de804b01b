package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"tocsin/client"
	"tocsin/notice"
)

// deskFlags say where the desk is.
type deskFlags struct {
	Desk          string `default:"http://127.0.0.1:8081" placeholder:"URL" help:"The desk (default ${default})."`
	DeskPlaintext bool   `help:"Allow http:// to a desk on another machine."`
}

// asTyped is how to say the same on another command line.
func (f deskFlags) asTyped() string {
	if f.Desk == "http://127.0.0.1:8081" {
		return ""
	}
	return " --desk " + f.Desk
}

// client is a desk's client; key may be nil where no login is needed.
func (f deskFlags) client(key *notice.PrivateKey) (*client.Desk, error) {
	d, err := client.NewDesk(client.DeskConfig{URL: f.Desk, Key: key, AllowPlaintext: f.DeskPlaintext})
	if err != nil {
		return nil, misusef("--desk: %w", err)
	}
	return d, nil
}

// signIn is a desk, and the key with which a person signs and logs in there.
type signIn struct {
	flags   deskFlags
	desk    *client.Desk
	key     *notice.PrivateKey // nil when nothing is signed
	keyFile string
}

func (f deskFlags) signIn(keyFile string) (*signIn, error) {
	if keyFile == "" {
		return nil, misusef("--key FILE: whose signature? See tocsin key --help")
	}
	key, err := readKey(keyFile)
	if err != nil {
		return nil, err
	}
	d, err := f.client(key)
	return &signIn{flags: f, desk: d, key: key, keyFile: keyFile}, err
}

// identity is what a new message of this person is called.
func (s *signIn) identity(sender string) (notice.ReissueOptions, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return notice.ReissueOptions{}, fmt.Errorf("making an identifier: %w", err)
	}
	u, err := url.Parse(s.flags.Desk)
	if err != nil {
		return notice.ReissueOptions{}, misusef("--desk %s: %w", s.flags.Desk, err)
	}
	return notice.ReissueOptions{
		Identifier: id.String(),
		Sent:       notice.FormatTime(now()),
		Sender:     cmp.Or(sender, senderOf(s.key.Owner, u.Hostname())),
	}, nil
}

// sign puts n into an envelope with this person's signature.
func (s *signIn) sign(n *notice.Notice) (*notice.Envelope, error) {
	payload, err := notice.Encode(n)
	if err != nil {
		return nil, fmt.Errorf("writing the notice: %w", err)
	}
	envelope := &notice.Envelope{PayloadType: notice.TypeNotice, Payload: payload}
	envelope.Sign(s.key)
	return envelope, nil
}

// submit hands a signed notice to the desk, and says what became of it.
func (s *signIn) submit(ctx context.Context, c console, e *notice.Envelope, asJSON bool) error {
	answer, err := s.desk.Publish(ctx, e)
	if errors.Is(err, client.ErrUnconfirmed) {
		return s.leave(c, e, err)
	}
	if err != nil {
		return deskFailure(s.flags.Desk, "publishing", err)
	}
	if err := c.printAnswer(answer, e, s.approveLine(c, answer), asJSON); err != nil {
		return err
	}
	s.noteReach(ctx, c, e)
	return nil
}

// noteReach says that nobody can tell whether a notice with addresses reaches anybody,
// where the desk was told of no issuers. It is a note: what can't be asked is not said.
func (s *signIn) noteReach(ctx context.Context, c console, e *notice.Envelope) {
	n, err := notice.Decode(e.Payload)
	if err != nil || s.key == nil || n.MsgType == notice.MsgCancel || !(n.NamesProven() || n.Scope != notice.ScopePublic) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, noteTimeout)
	defer cancel()
	if known, err := s.desk.Issuers(ctx); err != nil || len(known) > 0 {
		return
	}
	c.say("Note: the desk at %s knows no issuers, so it can't tell whether anybody can prove to be meant by it (%s).\n"+
		"If the edges know none either, it reaches nobody.", s.flags.Desk, printable(oneLine(reach(n))))
}

// noteTimeout bounds a question of which nothing depends: the notice is out.
const noteTimeout = 3 * time.Second

// leave keeps a notice whose fate is not known: composed anew it would be another
// notice, and readers could get both.
func (s *signIn) leave(c console, e *notice.Envelope, cause error) error {
	identifier, err := client.Identifier(e)
	if err != nil {
		return errors.Join(cause, err)
	}
	file := identifier + ".envelope.json"
	if !filepath.IsLocal(file) || filepath.Base(file) != file { // of an envelope from elsewhere
		return fmt.Errorf("publishing %q: %w\nTo find out, submit the same envelope again", identifier, cause)
	}
	if err := replace(file, append(e.Marshal(), '\n'), 0o600); err != nil {
		return errors.Join(cause, fmt.Errorf("keeping the signed notice: %w", err))
	}
	return fmt.Errorf("publishing %s: %w\nTo find out, type this; do not compose the notice anew:\n\n  %s publish --envelope %s%s",
		identifier, cause, c.program, file, s.flags.asTyped())
}

// withdrawLine is what takes a proposal back.
func (s *signIn) withdrawLine(c console, identifier, key string) string {
	return fmt.Sprintf("%s proposals --withdraw %s --key %s%s", c.program, identifier, key, s.flags.asTyped())
}

// waysOut adds to err what to do where another document waits under the identifier.
func (s *signIn) waysOut(c console, err error, identifier, more string) error {
	if !errors.Is(err, client.ErrConflict) {
		return err
	}
	return fmt.Errorf("%w\nWays out:\n    %s\n        reads it, and signs that instead\n    %s\n        by whoever signed it%s", err,
		s.approveLine(c, client.Answer{Identifier: identifier}), s.withdrawLine(c, identifier, "FILE"), more)
}

// approveLine is what the next signer types. Which file their key is in is theirs
// to know; in dev mode it lies beside the publisher's.
func (s *signIn) approveLine(c console, a client.Answer) string {
	keyFile := "FILE"
	beside := filepath.Join(filepath.Dir(s.keyFile), devApprover)
	if _, err := os.Stat(beside); err == nil && filepath.Base(s.keyFile) == devPublisher {
		keyFile = beside
	}
	return fmt.Sprintf("%s approve %s --key %s%s", c.program, a.Identifier, keyFile, s.flags.asTyped())
}
