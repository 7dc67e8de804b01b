package notice

import (
	"encoding/hex"
	"slices"
)

// document is an entry that has been read, with what is known of its signatures.
type document struct {
	entry    Entry
	envelope *Envelope
	hash     [32]byte // of the payload
	doc      any      // *Notice, *Keyset, *Contacts, *Posture or *Redaction
	verifier *verifier
	checked  bool // Check has passed once
}

// readDocument reads an entry without judging it. A nil document and no error is
// one of a type that does not belong in the log.
func readDocument(e Entry) (*document, error) {
	env, err := ParseEnvelope(e.Body)
	if err != nil {
		return nil, err
	}
	return newDocument(e, env)
}

func newDocument(e Entry, env *Envelope) (*document, error) {
	doc, err := decodeLogged(env)
	if err != nil || doc == nil {
		return nil, err
	}
	return &document{entry: e, envelope: env, hash: env.Hash(), doc: doc, verifier: newVerifier(env)}, nil
}

// hex is the payload's hash as redactions name it.
func (d *document) hex() string { return hex.EncodeToString(d.hash[:]) }

// accepted makes the entry that the board hands out.
func (d *document) accepted(t Tally) *Accepted {
	a := &Accepted{
		Seq: d.entry.Seq, Body: d.entry.Body, Envelope: d.envelope, Hash: d.hash,
		Signers: t.Signers, BreakGlass: t.BreakGlass(),
	}
	if n, ok := d.doc.(*Notice); ok {
		a.Notice, a.Revision = n, len(n.References)
	}
	return a
}

// Fold applies the next entry. It never fails and never panics: what is bad is
// refused and stops nothing.
func (b *Board) Fold(e Entry) Outcome {
	b.seq = max(b.seq, e.Seq)
	d, err := readDocument(e)
	if err != nil {
		return Outcome{Verdict: VerdictRejected, Err: err}
	}
	if d == nil {
		return Outcome{Verdict: VerdictSkipped, Err: errNotLogged}
	}
	t, err := b.tally(d)
	if err == nil {
		err = t.Err()
	}
	if err != nil {
		return Outcome{Verdict: VerdictRejected, Err: err}
	}
	a := d.accepted(t)
	out := Outcome{Verdict: VerdictAccepted, Accepted: a}
	switch doc := d.doc.(type) {
	case *Keyset:
		b.install(doc, a)
		out.refold(b)
	case *Redaction:
		if b.redact(doc) {
			out.refold(b)
		}
	default:
		b.kept = append(b.kept, d)
		b.holds.apply(d, a, b.keyset)
	}
	return out
}

var errNotLogged error = broken("type", "of a type that does not belong in the log")

// Try tells what Fold would say of body at the head, and changes nothing. Its
// error is a *RuleError; the sequence of what it returns is the one after Seq.
func (b *Board) Try(body []byte) (*Accepted, error) {
	d, err := readDocument(Entry{Seq: b.seq + 1, Body: body})
	if err != nil {
		return nil, err
	}
	if d == nil {
		return nil, errNotLogged
	}
	t, err := b.tally(d)
	if err == nil {
		err = t.Err()
	}
	if err != nil {
		return nil, err
	}
	return d.accepted(t), nil
}

// Tally counts the signatures of any document of the log, a keyset included, as
// the board stands: an Update may need more than by itself. An error is a
// *RuleError that more signatures would not mend.
func (b *Board) Tally(e *Envelope) (Tally, error) {
	d, err := newDocument(Entry{Seq: b.seq + 1}, e)
	if err != nil {
		return Tally{}, err
	}
	if d == nil {
		return Tally{}, errNotLogged
	}
	return b.tally(d)
}

// WouldVoid lists what holds now and would not under ks, in the log's order: what
// must be signed again before ks is published.
func (b *Board) WouldVoid(ks *Keyset) []*Accepted {
	return b.holds.missing(foldKept(b.kept, ks))
}

// tally applies every rule to d at the head but that its signatures suffice.
func (b *Board) tally(d *document) (Tally, error) {
	if ks, ok := d.doc.(*Keyset); ok {
		return b.tallyKeyset(ks, d.verifier)
	}
	if b.keyset == nil {
		return Tally{}, broken("keyset.none", "no keyset says whose signatures count")
	}
	if r, ok := d.doc.(*Redaction); ok {
		return b.tallyRedaction(r, d)
	}
	if _, gone := b.forgotten[d.hex()]; gone && d.envelope.PayloadType == TypeNotice {
		return Tally{}, broken("redacted", "this document was redacted, and does not come back")
	}
	return b.holds.tally(d, b.keyset)
}

func (b *Board) tallyKeyset(ks *Keyset, v *verifier) (Tally, error) {
	if ks.Dev && !b.allowDev {
		return Tally{}, broken("keyset.dev", "a developer's keyset, outside dev mode")
	}
	if b.keyset != nil && ks.Version <= b.keyset.Version {
		return Tally{}, broken("keyset.version", "%d, where %d holds", ks.Version, b.keyset.Version)
	}
	return v.tallyRoots(b.roots(), ks.Trust()), nil
}

func (b *Board) tallyRedaction(r *Redaction, d *document) (Tally, error) {
	if r.Seq >= d.entry.Seq {
		return Tally{}, broken("redaction.seq", "%d is not before %d", r.Seq, d.entry.Seq)
	}
	if b.Redacted(r.Seq) {
		return Tally{}, broken("duplicate", "entry %d is redacted already", r.Seq)
	}
	if err := b.checkRedacted(r); err != nil {
		return Tally{}, err
	}
	demand, err := demandOf(r, &b.keyset.Policy)
	if err != nil {
		return Tally{}, err
	}
	return d.verifier.tally(b.keyset, demand), nil
}

// checkRedacted lets notices be redacted, which may name a person, and nothing else:
// later keysets could not be verified, and older contacts would come back. What the
// board did not accept may be anything.
func (b *Board) checkRedacted(r *Redaction) error {
	i := b.keptAt(r.Seq)
	if _, keyset := b.keysets[r.Seq]; keyset || i >= 0 && b.kept[i].envelope.PayloadType != TypeNotice {
		return broken("redaction.kind", "entry %d is not a notice", r.Seq)
	}
	if i < 0 {
		return nil
	}
	if b.kept[i].hex() != r.SHA256 {
		return broken("redaction.sha256", "entry %d is another", r.Seq)
	}
	return nil
}

// install puts a keyset in force.
func (b *Board) install(ks *Keyset, a *Accepted) {
	if !b.roots().equal(ks.Trust()) {
		b.chain = append(b.chain, a)
	}
	b.keyset, b.newest = ks, a
	b.keysets[a.Seq] = struct{}{}
}

// redact forgets a notice, and tells whether the board kept it. It goes by the payload:
// where the entry itself is deleted, a copy of it may stand further on.
func (b *Board) redact(r *Redaction) bool {
	b.redacted[r.Seq] = struct{}{}
	b.forgotten[r.SHA256] = struct{}{}
	before := len(b.kept)
	b.kept = slices.DeleteFunc(b.kept, func(d *document) bool {
		return d.envelope.PayloadType == TypeNotice && d.hex() == r.SHA256
	})
	return len(b.kept) < before
}

func (b *Board) keptAt(seq uint64) int {
	return slices.IndexFunc(b.kept, func(d *document) bool { return d.entry.Seq == seq })
}

// refold folds what was accepted anew, under the keyset in force.
func (o *Outcome) refold(b *Board) {
	before := b.holds
	b.holds = foldKept(b.kept, b.keyset)
	o.Refolded = true
	o.Voided = before.missing(b.holds)
	o.Revived = b.holds.missing(before)
	o.Resend = b.holds.changed(before)
}
