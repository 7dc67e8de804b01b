package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tocsin/client"
	"tocsin/notice"
)

// documentWords says what a document means and what it changes.
func (cmd approveCmd) documentWords(ctx context.Context, s *signIn, e *notice.Envelope) (string, error) {
	switch e.PayloadType {
	case notice.TypeContacts:
		doc, err := notice.DecodeContacts(e.Payload)
		if err != nil {
			return "", err
		}
		return contactsWords(doc), nil
	case notice.TypeKeyset:
		return s.keysetWords(ctx, cmd.trustFlags, e)
	case notice.TypeRedaction:
		doc, err := notice.DecodeRedaction(e.Payload)
		if err != nil {
			return "", err
		}
		return s.redactionWords(ctx, doc)
	}
	doc, err := notice.DecodePosture(e.Payload)
	if err != nil {
		return "", err
	}
	held, err := s.posture(ctx, cmd.trustFlags)
	if err != nil {
		return "", err
	}
	slips, err := s.unknownIssuers(ctx, doc)
	return postureChange(held, doc) + slips, err
}

// unknownIssuers names what whoever proposed the posture may have misspelt.
func (s *signIn) unknownIssuers(ctx context.Context, doc *notice.Posture) (string, error) {
	known, err := s.knownIssuers(ctx)
	if err != nil || len(known) == 0 {
		return "", err
	}
	var b strings.Builder
	for _, issuer := range slices.Compact(slices.Sorted(slices.Values(
		slices.Concat(sortedKeys(doc.IssuerBlocked), sortedKeys(doc.TokensNotBefore))))) {
		if !slices.Contains(known, issuer) {
			fmt.Fprintf(&b, "CAUTION: the desk knows no issuer %q, so this does nothing; it knows %s\n",
				oneLine(issuer), oneLine(strings.Join(known, ", ")))
		}
	}
	return b.String(), nil
}

// keysetWords says what a keyset changes, and what the desk says that it voids.
func (s *signIn) keysetWords(ctx context.Context, trust trustFlags, e *notice.Envelope) (string, error) {
	to, err := notice.DecodeKeyset(e.Payload)
	if err != nil {
		return "", err
	}
	from, verified, err := s.keysetInForce(ctx, trust)
	if err != nil {
		return "", err
	}
	words := keysetChange(from, verified, to)
	check, err := s.desk.CheckKeyset(ctx, e)
	if err != nil {
		return words + "What it voids, the desk does not say: " + oneLine(err.Error()) + "\n", nil
	}
	var b strings.Builder
	voids(&b, check)
	return words + b.String(), nil
}

// keysetInForce is what the desk says is in force, verified if pinned roots are at
// hand; nil if there is none.
func (s *signIn) keysetInForce(ctx context.Context, trust trustFlags) (ks *notice.Keyset, verified bool, err error) {
	roots, err := trust.roots(s.flags.Desk)
	if err == nil {
		ks, err = s.keyset(ctx, roots)
		return ks, true, err
	}
	if !errors.Is(err, errNoRoots) {
		return nil, false, err
	}
	found, err := s.desk.Keyset(ctx)
	if errors.Is(err, client.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, deskFailure(s.flags.Desk, "fetching the keyset", err)
	}
	envelope, err := found.Envelope.Open()
	if err != nil {
		return nil, false, fmt.Errorf("reading the keyset in force: %w", err)
	}
	ks, err = notice.DecodeKeyset(envelope.Payload)
	return ks, false, err
}

// mayRoot refuses to sign a keyset by a key that is none of its roots: that signature
// would not count. Root keys stay offline, and have no login.
func (s *signIn) mayRoot(e *notice.Envelope) error {
	to, err := notice.DecodeKeyset(e.Payload)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(to.Roots, func(r notice.RootKey) bool { return r.KeyID == s.key.KeyID() }) {
		return nil
	}
	return fmt.Errorf("%w: a keyset is signed by its root keys alone, and this key is none of them. Whoever has one types, offline: "+
		"tocsin keyset sign FILE --key root.key; and hands the file over with: tocsin keyset publish FILE", errNotDone)
}

// redactionWords says what a redaction takes away: the notice, if the desk has it, and only
// if it is the very one that the redaction names.
func (s *signIn) redactionWords(ctx context.Context, doc *notice.Redaction) (string, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "A redaction, sent %s: entry %d of the log goes for good, and its text is never taken again.\n", clock(doc.Sent), doc.Seq)
	fmt.Fprintf(&b, "Why: %s\n\n", oneLine(doc.Reason))
	found, err := s.entry(ctx, doc.Seq)
	if err != nil {
		return "", err
	}
	if found == nil {
		fmt.Fprintf(&b, "  The desk shows no notice there. The entry's text has the SHA-256\n  %s\n"+
			"  Before it asks, tocsin redact %d --backup FILE shows the text, and its SHA-256.\n", doc.SHA256, doc.Seq)
		return b.String(), nil
	}
	envelope, err := found.Envelope.Open()
	if err != nil {
		return "", fmt.Errorf("reading entry %d: %w", doc.Seq, err)
	}
	if hash := envelope.Hash(); hex.EncodeToString(hash[:]) != doc.SHA256 {
		fmt.Fprintf(&b, "  CAUTION: another notice (%s) is there than the one that is named by its SHA-256,\n  %s: nothing will be deleted.\n",
			oneLine(found.Identifier), doc.SHA256)
		return b.String(), nil
	}
	n, err := found.Envelope.Notice()
	if err != nil {
		return "", fmt.Errorf("reading entry %d: %w", doc.Seq, err)
	}
	thread, err := s.desk.Notice(ctx, found.Identifier)
	if err != nil {
		return "", deskFailure(s.flags.Desk, "looking for the notice", err)
	}
	if err := mayGo(thread, doc.Seq); err != nil {
		return "", err
	}
	if thread.Phase == "active" {
		b.WriteString("  CAUTION: it is active, and readers would not be told that it does not hold. Withdraw it first: tocsin cancel\n\n")
	}
	p := &page{}
	p.line("This notice goes, once enough have signed and tocsin redact --due is run:")
	p.notice(n)
	return b.String() + p.String() + "\n", nil
}

// entry finds the message at a place of the log, or nil.
func (s *signIn) entry(ctx context.Context, seq uint64) (*client.Message, error) {
	list, err := s.desk.Notices(ctx, "")
	if err != nil {
		return nil, deskFailure(s.flags.Desk, "looking for the notice", err)
	}
	for _, t := range list.Notices {
		if t.Current != nil && t.Current.Seq == seq {
			return t.Current, nil
		}
	}
	for _, t := range list.Notices { // an earlier message of a thread
		whole, err := s.desk.Notice(ctx, t.Identifier)
		if err != nil {
			return nil, deskFailure(s.flags.Desk, "looking for the notice", err)
		}
		for i, m := range whole.Messages {
			if m.Seq == seq {
				return &whole.Messages[i], nil
			}
		}
	}
	return nil, nil
}
