package desk

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tocsin/notice"
)

// submission is a document that was posted: what it is, and the signatures that
// count.
type submission struct {
	identifier string
	thread     string // of a notice: its Alert's identifier
	subject    string
	hash       [32]byte
	env        *notice.Envelope // with signatures that count, and no others
	notice     *notice.Notice   // nil for another document
	sent       notice.DateTime  // empty for a keyset, which has none
	keyset     *notice.Keyset   // nil for another document
	document   any              // a pointer to it, if it is neither
	version    int64            // of contacts and posture
	uncounted  []string         // why signatures that came do not count, in words
}

func (s *submission) hex() string { return hex.EncodeToString(s.hash[:]) }

// newSubmission reads the document of env, whose type must be want.
func newSubmission(env *notice.Envelope, want string) (*submission, error) {
	if env.PayloadType != want {
		return nil, &notice.RuleError{Rule: "type", Detail: fmt.Sprintf("%q is not what this address takes: %s", env.PayloadType, want)}
	}
	s := &submission{env: env, hash: env.Hash()}
	var err error
	switch want {
	case notice.TypeNotice:
		if s.notice, err = notice.Decode(env.Payload); err == nil {
			s.identifier, s.sent = s.notice.Identifier, s.notice.Sent
			s.thread, err = s.notice.ThreadID()
		}
	case notice.TypeKeyset:
		if s.keyset, err = notice.DecodeKeyset(env.Payload); err == nil {
			s.identifier = fmt.Sprintf("keyset-%d", s.keyset.Version)
		}
	case notice.TypeContacts:
		var doc *notice.Contacts
		if doc, err = notice.DecodeContacts(env.Payload); err == nil {
			s.identifier, s.sent, s.document, s.version = fmt.Sprintf("contacts-%d", doc.Version), doc.Sent, doc, doc.Version
		}
	case notice.TypePosture:
		var doc *notice.Posture
		if doc, err = notice.DecodePosture(env.Payload); err == nil {
			s.identifier, s.sent, s.document, s.version = fmt.Sprintf("posture-%d", doc.Version), doc.Sent, doc, doc.Version
		}
	case notice.TypeRedaction:
		var doc *notice.Redaction
		if doc, err = notice.DecodeRedaction(env.Payload); err == nil {
			s.identifier, s.sent, s.document = fmt.Sprintf("redaction-%d", doc.Seq), doc.Sent, doc
		}
	}
	if err != nil {
		return nil, err
	}
	s.subject, err = notice.Subject(env)
	return s, err
}

// alreadyError says that a payload is on the board.
type alreadyError struct{ seq uint64 }

func (e *alreadyError) Error() string { return fmt.Sprintf("published as %d", e.seq) }

// judgement is what the rules say of a submission as the board stands.
type judgement struct {
	epoch string
	head  uint64
	tally notice.Tally
	voids []string // identifiers that a keyset would void
}

// judge applies every rule that binds at the desk, but the number of signatures.
// Its error is *alreadyError or *notice.RuleError. The caller holds mu.
func (d *Desk) judge(s *submission) (judgement, error) {
	j := judgement{epoch: d.epoch, head: d.board.Seq()}
	if a, ok := d.held[s.hash]; ok {
		return j, &alreadyError{seq: a.Seq}
	}
	var err error
	if j.tally, err = d.board.Tally(s.env); err != nil {
		return j, err
	}
	if s.notice != nil {
		return j, notice.Admit(s.notice, s.env, d.board, notice.AdmissionContext{
			Now: d.now(), AudienceExists: d.config.AudienceExists,
		})
	}
	if s.keyset != nil {
		for _, a := range d.board.WouldVoid(s.keyset) {
			j.voids = append(j.voids, d.taken[a.Seq].identifier)
		}
		return j, nil
	}
	if err := admitSent(s.sent, d.now()); err != nil {
		return j, err
	}
	if err := d.admitVersion(s); err != nil {
		return j, err
	}
	return j, notice.AdmitText(s.document)
}

// maxVersionStep is how far a version may rise at a time. What clients have seen of a log
// that was restored from a backup may be some versions ahead, so one is not all; but a
// document that is built on a lie about what holds must not use up the numbers for good.
const maxVersionStep = 1000

// admitVersion bounds the rise of contacts' and posture's version. The caller holds mu.
func (d *Desk) admitVersion(s *submission) error {
	var held int64
	switch s.env.PayloadType {
	case notice.TypeContacts:
		if c := d.board.Contacts(); c != nil {
			held = c.Version
		}
	case notice.TypePosture:
		if p := d.board.Posture(); p != nil {
			held = p.Version
		}
	}
	if s.version > held+maxVersionStep {
		return &notice.RuleError{Rule: "admission.version", Detail: fmt.Sprintf(
			"version %d is more than %d after the one in force, %d: was it made from what holds?", s.version, maxVersionStep, held)}
	}
	return nil
}

// The bounds of sent for documents other than notices, as [notice.Admit] has them.
const (
	maxSentAge   = 24 * time.Hour
	maxSentAhead = 5 * time.Minute
)

func admitSent(sent notice.DateTime, now time.Time) error {
	t, err := sent.Time()
	if err != nil {
		return err
	}
	if t.Before(now.Add(-maxSentAge)) || t.After(now.Add(maxSentAhead)) {
		return &notice.RuleError{Rule: "admission.sent", Detail: fmt.Sprintf("%s is not within 24 h before and 5 min after %s", sent, notice.FormatTime(now))}
	}
	return nil
}

// clean leaves s with the signatures that count now, each by itself: what does not
// must neither fill the envelope's 16 places nor be kept. It refuses a signature by a
// key of the keyset that does not fit the bytes, or whose key is not valid now. The
// caller holds mu.
func (d *Desk) clean(s *submission) error {
	var kept []notice.Signature
	for _, sig := range s.env.Signatures {
		counts, err := d.counts(s.env, sig)
		if err != nil {
			return err
		}
		if counts {
			kept = append(kept, sig)
		} else {
			s.uncounted = append(s.uncounted, d.whyNot(s, sig.KeyID))
		}
	}
	s.env = withSignatures(s.env, kept)
	return nil
}

// whyNot says why a signature of that key does not count. The caller holds mu.
func (d *Desk) whyNot(s *submission, keyID string) string {
	ks := d.board.Keyset()
	if s.keyset != nil {
		return "the key " + keyID + " is no root key"
	}
	if ks == nil {
		return "there is no keyset yet"
	}
	key := ks.Key(keyID)
	if key == nil {
		return "the key " + keyID + " is not in the keyset in force"
	}
	sent, err := s.sent.Time()
	switch {
	case err == nil && !key.ValidAt(sent):
		return fmt.Sprintf("the key %s of %s was not valid at %s", keyID, key.Owner, s.sent)
	case key.BreakGlass:
		return fmt.Sprintf("the break-glass key %s of %s needs a note, and a role for this document", keyID, key.Owner)
	}
	return fmt.Sprintf("the key %s of %s has no role for this document", keyID, key.Owner)
}

// unsigned is the rule that s breaks if none of its signatures counts, with why.
func (s *submission) unsigned(t *notice.Tally) error {
	err := t.Err()
	var broken *notice.RuleError
	if errors.As(err, &broken) && len(s.uncounted) > 0 {
		return &notice.RuleError{Rule: broken.Rule, Detail: broken.Detail + ": " + strings.Join(s.uncounted, "; ")}
	}
	return err
}

// counts tells whether a signature counts by itself. The error is of the document,
// or of a signature that should not have been sent. The caller holds mu.
func (d *Desk) counts(env *notice.Envelope, sig notice.Signature) (bool, error) {
	t, err := d.board.Tally(withSignatures(env, []notice.Signature{sig}))
	if err != nil {
		return false, err
	}
	if len(t.Invalid) > 0 {
		return false, &notice.RuleError{Rule: "signature.invalid", Detail: "the signature of key " + sig.KeyID + " does not fit the document"}
	}
	if len(t.Signers) == 0 {
		return false, nil
	}
	if ks := d.board.Keyset(); ks != nil {
		if key := ks.Key(sig.KeyID); key != nil && !key.ValidAt(d.now()) {
			return false, &notice.RuleError{Rule: "admission.key", Detail: fmt.Sprintf("the key %s of %s is not valid now", sig.KeyID, key.Owner)}
		}
	}
	return true, nil
}

// merge puts those of an earlier envelope's signatures that still count before s's
// own. What no longer does is dropped: its author may have left since. The caller
// holds mu.
func (d *Desk) merge(s *submission, earlier []notice.Signature) {
	var merged []notice.Signature
	for _, sig := range earlier {
		if ok, err := d.counts(s.env, sig); ok && err == nil {
			merged = append(merged, sig)
		}
	}
	for _, sig := range s.env.Signatures {
		has := slices.ContainsFunc(merged, func(have notice.Signature) bool { return have.KeyID == sig.KeyID })
		if !has && len(merged) < notice.MaxSignatures {
			merged = append(merged, sig)
		}
	}
	s.env = withSignatures(s.env, merged)
}

func withSignatures(e *notice.Envelope, sigs []notice.Signature) *notice.Envelope {
	return &notice.Envelope{PayloadType: e.PayloadType, Payload: e.Payload, Signatures: sigs}
}

// supersededRules are broken by what was overtaken, not by a mistake in it.
var supersededRules = []string{"superseded", "admission.cancelled", "keyset.version", "contacts.version", "posture.version"}

// refusal turns what judge found into the answer.
func (d *Desk) refusal(s *submission, err error) error {
	var already *alreadyError
	var rule *notice.RuleError
	switch {
	case errors.As(err, &already):
		return errAlready.of(s.identifier).at(already.seq)
	case errors.As(err, &rule) && slices.Contains(supersededRules, rule.Rule):
		p := errSuperseded.with(rule.Detail).of(s.identifier)
		p.Rule, p.Missing = rule.Rule, d.missing(s.notice)
		return p
	}
	return err
}

// missing lists the messages of its thread that n does not reference.
func (d *Desk) missing(n *notice.Notice) []string {
	if n == nil {
		return nil
	}
	id, err := n.ThreadID()
	if err != nil {
		return nil
	}
	d.mu.Lock()
	t, _ := d.board.Thread(id)
	d.mu.Unlock()
	var list []string
	for _, m := range t.Messages {
		if ref := m.Notice.Reference(); !slices.Contains(n.References, ref) {
			list = append(list, ref)
		}
	}
	return list
}

// identifierOf is the identifier by which the API names an entry.
func identifierOf(a *notice.Accepted) string {
	if a.Notice != nil {
		return a.Notice.Identifier
	}
	s, err := newSubmission(a.Envelope, a.Envelope.PayloadType)
	if err != nil {
		return hex.EncodeToString(a.Hash[:])
	}
	return s.identifier
}

// ownersOf names those who signed; a root by its key.
func ownersOf(t notice.Tally) []string {
	owners := make([]string, 0, len(t.Signers))
	for _, s := range t.Signers {
		owners = append(owners, who(s))
	}
	return owners
}

func who(s notice.Signer) string {
	if s.Owner != "" {
		return s.Owner
	}
	return s.KeyID
}

func signersOf(list []notice.Signer) []signer {
	out := make([]signer, 0, len(list))
	for _, s := range list {
		out = append(out, signer{Owner: s.Owner, KeyID: s.KeyID, Role: s.Role, BreakGlass: s.BreakGlass})
	}
	return out
}
