package desk

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"tocsin/notice"
)

// maxLookups bounds the proposals that strangers have looked up at a time.
const maxLookups = 32

// result is what became of a submission: published, or waiting.
type result struct {
	*submission
	seq      uint64 // 0: waiting
	tally    notice.Tally
	voids    []string
	proposal *proposal // nil: published
}

// review judges a submission: what its signatures are worth, and whether it may be
// published at all. Of an envelope that was sent, it refuses signatures that should
// not have been; then s.env is left with those that count.
func (d *Desk) review(ctx context.Context, s *submission) (j judgement, err error) {
	err = d.checking(ctx, func() error {
		d.mu.Lock()
		defer d.mu.Unlock()
		j, err = d.reviewLocked(s)
		return err
	})
	if err != nil {
		d.countRule(err)
		return j, d.refusal(s, err)
	}
	return j, nil
}

func (d *Desk) reviewLocked(s *submission) (judgement, error) {
	if err := d.readyLocked(); err != nil {
		return judgement{}, err
	}
	if a, ok := d.held[s.hash]; ok {
		return judgement{}, &alreadyError{seq: a.Seq}
	}
	if err := d.clean(s); err != nil {
		return judgement{}, err
	}
	j, err := d.judge(s)
	if err == nil && len(j.tally.Signers) == 0 {
		err = s.unsigned(&j.tally)
	}
	return j, err
}

// submit publishes s, or keeps it until enough have signed. A proposal of the same
// payload gives the signatures that it has.
func (d *Desk) submit(ctx context.Context, s *submission) (result, error) {
	j, err := d.review(ctx, s)
	if err != nil {
		return result{}, err
	}
	if j.tally.Met { // then it needs no store of proposals: sweep clears up there
		return d.publishNow(ctx, s, j)
	}
	for range storeTries {
		before, revision, err := d.waitingFor(ctx, s.identifier)
		if errors.Is(err, errWithdrawn) {
			revision, err = s.vacant(revision, err)
		}
		if err != nil {
			return result{}, err
		}
		r, err := d.combine(ctx, s, before, revision)
		if !errors.Is(err, ErrConflict) {
			return r, err
		}
	}
	return result{}, errTooMany.of(s.identifier)
}

// combine adds s to the proposal that waits, if any, and publishes what is complete.
// A proposal that gains signatures is kept before it is published: should that fail,
// nobody has to sign again.
func (d *Desk) combine(ctx context.Context, s *submission, before *proposal, revision uint64) (result, error) {
	merged := *s
	if before != nil {
		if before.submission.hash != s.hash {
			return result{}, d.inTheWay(before)
		}
		d.mu.Lock()
		d.merge(&merged, before.submission.env.Signatures)
		d.mu.Unlock()
	}
	j, err := d.review(ctx, &merged)
	if err != nil {
		return result{}, err
	}
	if !j.tally.HasLead() {
		err := &notice.RuleError{Rule: "publisher", Detail: fmt.Sprintf("a proposal needs the signature of a %s first", j.tally.Lead)}
		if s.keyset != nil { // else anybody could have the desk keep keysets, and keep out the true one
			err = &notice.RuleError{Rule: "root", Detail: "a proposal needs the signature of a root in force first"}
		}
		d.countRule(err)
		return result{}, err
	}
	after := before
	if before == nil || !subset(merged.env, before.submission.env) {
		if after, err = d.keep(ctx, &merged, before, revision, j.tally); err != nil {
			return result{}, err
		}
	}
	if j.tally.Met {
		r, err := d.publishNow(ctx, &merged, j)
		if err == nil {
			d.dropPublished(ctx, s.identifier, s.hex())
		}
		return r, err
	}
	return result{submission: &merged, tally: j.tally, voids: j.voids, proposal: after}, nil
}

// subset tells whether all of a's signatures are in b.
func subset(a, b *notice.Envelope) bool {
	return !slices.ContainsFunc(a.Signatures, func(s notice.Signature) bool {
		return !slices.ContainsFunc(b.Signatures, func(have notice.Signature) bool {
			return have.KeyID == s.KeyID && bytes.Equal(have.Sig, s.Sig)
		})
	})
}

func (d *Desk) publishNow(ctx context.Context, s *submission, j judgement) (result, error) {
	seq, err := d.publish(ctx, s)
	if err != nil {
		d.countRule(err)
		return result{}, err
	}
	return result{submission: s, seq: seq, tally: j.tally, voids: j.voids}, nil
}

// sign adds one signature to a proposal.
func (d *Desk) sign(ctx context.Context, identifier string, sig notice.Signature) (result, error) {
	for range storeTries {
		p, err := d.lookUp(ctx, identifier)
		if err != nil {
			return result{}, err
		}
		if p == nil {
			return result{}, d.gone(identifier)
		}
		if err := d.checking(ctx, func() error { return d.checkAdds(p, sig) }); err != nil {
			d.countRule(err)
			return result{}, err
		}
		s := *p.submission
		s.env = withSignatures(s.env, []notice.Signature{sig})
		r, err := d.combine(ctx, &s, p, p.revision)
		if !errors.Is(err, ErrConflict) {
			return r, err
		}
	}
	return result{}, errTooMany.of(identifier)
}

// lookUp is waitingFor, for a stranger: few at a time.
func (d *Desk) lookUp(ctx context.Context, identifier string) (*proposal, error) {
	select {
	case d.lookups <- struct{}{}:
		defer func() { <-d.lookups }()
	default:
		d.metrics.busy.Inc()
		return nil, errTooMany
	}
	p, _, err := d.waitingFor(ctx, identifier)
	if errors.Is(err, errWithdrawn) {
		return nil, nil // gone, or published since: the caller finds out
	}
	return p, err
}

// checkAdds refuses a signature that does not count, and one of an owner who has
// signed already: two keys of one person are one person. The same signature again
// is no mistake, but a retry.
func (d *Desk) checkAdds(p *proposal, sig notice.Signature) error {
	s := p.submission
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.readyLocked(); err != nil {
		return err
	}
	if _, ok := d.held[s.hash]; ok {
		return nil // combine says so
	}
	ok, err := d.counts(s.env, sig)
	if err != nil {
		return err
	}
	if !ok {
		return &notice.RuleError{Rule: "signature.key", Detail: "the key " + sig.KeyID + " can't sign this"}
	}
	have := *s
	have.env = withSignatures(s.env, nil)
	d.merge(&have, s.env.Signatures)
	if slices.ContainsFunc(have.env.Signatures, func(h notice.Signature) bool { return h.KeyID == sig.KeyID }) {
		return nil
	}
	before, err := d.board.Tally(have.env)
	if err != nil {
		return nil // combine says so
	}
	after, err := d.board.Tally(withSignatures(s.env, append(slices.Clip(have.env.Signatures), sig)))
	if err == nil && len(after.Signers) == len(before.Signers) && after.HasLead() == before.HasLead() && after.Met == before.Met {
		return &notice.RuleError{Rule: "signature.owner", Detail: "its owner has signed already; another has to"}
	}
	return nil
}

// gone tells what became of a proposal that does not wait: it may just have been
// published, by the very request whose answer got lost.
func (d *Desk) gone(identifier string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err := d.readyLocked(); err != nil {
		return err
	}
	for _, a := range d.held {
		if d.taken[a.Seq].identifier == identifier {
			return errAlready.of(identifier).at(a.Seq)
		}
	}
	return errNotFound.with("no proposal of this identifier waits").of(identifier)
}

// answer writes what became of a submission.
func (d *Desk) answer(w http.ResponseWriter, r result) error {
	if r.proposal == nil {
		w.Header().Set("Location", "/v1/notices/"+r.identifier)
		return writeJSON(w, http.StatusCreated, published{
			Status: "published", Identifier: r.identifier, Seq: r.seq,
			Signers: signersOf(r.tally.Signers), BreakGlass: r.tally.BreakGlass(), Voids: r.voids,
		})
	}
	w.Header().Set("Location", "/v1/proposals/"+r.identifier)
	expires := stamp(r.proposal.expires())
	v := waitingOf("waiting", r)
	v.Expires, v.Hint = &expires, hintFor(r.submission)
	return writeJSON(w, http.StatusAccepted, v)
}

func waitingOf(status string, r result) waiting {
	return waiting{
		Status: status, Identifier: r.identifier, Need: r.tally.Need, Signers: signersOf(r.tally.Signers),
		Candidates: orEmpty(r.tally.Candidates), Voids: r.voids,
	}
}

// hintFor is what one who may sign types. Root keys are offline: they sign the file.
func hintFor(s *submission) string {
	if s.keyset != nil {
		return "tocsin keyset sign FILE --key FILE"
	}
	return "tocsin approve " + s.identifier + " --key FILE"
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// countRule counts a broken rule by its name.
func (d *Desk) countRule(err error) {
	if p := problemOf(err); p.Rule != "" {
		d.metrics.rules.WithLabelValues(p.Rule).Inc()
	}
}

// parseSignature checks the form of a signature: 64 bytes, and a key's id.
func parseSignature(keyID string, sig []byte) (notice.Signature, error) {
	if raw, err := hex.DecodeString(keyID); err != nil || len(raw) != 32 || keyID != hex.EncodeToString(raw) || len(sig) != 64 {
		return notice.Signature{}, errBadRequest.with("not a keyid and an Ed25519 signature")
	}
	return notice.Signature{KeyID: keyID, Sig: sig}, nil
}
