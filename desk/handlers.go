package desk

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"slices"

	"tocsin/notice"
)

// postDocument takes a signed document of one type.
func (d *Desk) postDocument(payloadType string) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		env, err := d.readEnvelope(w, r)
		if err == nil {
			err = d.Ready()
		}
		if err != nil {
			return err
		}
		s, err := newSubmission(env, payloadType)
		if err != nil {
			d.countRule(err)
			return err
		}
		if r.URL.Query().Get("check") == "true" {
			return d.check(w, r, s)
		}
		result, err := d.submit(r.Context(), s)
		if err != nil {
			return err
		}
		return d.answer(w, result)
	}
}

// check answers what a keyset would do, and keeps nothing. It names what would be
// void, so it is for those who have logged in, or hold a root key.
func (d *Desk) check(w http.ResponseWriter, r *http.Request, s *submission) error {
	if s.keyset == nil {
		return errBadRequest.with("only keysets can be checked")
	}
	_, loginErr := d.authenticate(r)
	var j judgement
	err := d.checking(r.Context(), func() (err error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		if err = d.clean(s); err == nil {
			j, err = d.judge(s)
		}
		return err
	})
	if err != nil {
		return d.refusal(s, err)
	}
	if loginErr != nil && len(j.tally.Signers) == 0 {
		return loginErr
	}
	return writeJSON(w, http.StatusOK, waitingOf("checked", result{submission: s, tally: j.tally, voids: j.voids}))
}

// signatureBody is what POST …/signatures takes.
type signatureBody struct {
	KeyID string        `json:"keyid"`
	Sig   notice.Base64 `json:"sig"`
}

// decodeSignature reads one signature, strictly.
func decodeSignature(body []byte) (notice.Signature, error) {
	var b signatureBody
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&b); err != nil {
		return notice.Signature{}, errBadRequest.with("not one signature: keyid and sig")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return notice.Signature{}, errBadRequest.with("something stands behind the signature")
	}
	return parseSignature(b.KeyID, b.Sig)
}

func (d *Desk) postSignature(w http.ResponseWriter, r *http.Request) error {
	body, err := d.readBody(w, r)
	if err != nil {
		return err
	}
	sig, err := decodeSignature(body)
	if err == nil {
		err = d.Ready()
	}
	if err != nil {
		return err
	}
	result, err := d.sign(r.Context(), r.PathValue("identifier"), sig)
	if err != nil {
		return err
	}
	return d.answer(w, result)
}

func (d *Desk) getProposals(w http.ResponseWriter, r *http.Request, _ staff) error {
	all, err := d.waitingAll(r.Context())
	if err != nil {
		return err
	}
	views := make([]proposalView, 0, len(all))
	for _, p := range all {
		views = append(views, d.view(p))
	}
	return writeJSON(w, http.StatusOK, struct {
		Proposals []proposalView `json:"proposals"`
		Source    sourceView     `json:"source"`
	}{views, d.sourceView()})
}

func (d *Desk) getProposal(w http.ResponseWriter, r *http.Request, _ staff) error {
	p, _, err := d.waitingFor(r.Context(), r.PathValue("identifier"))
	if err != nil {
		return err
	}
	if p == nil {
		return errNotFound
	}
	return writeJSON(w, http.StatusOK, d.view(p))
}

// view shows a proposal as its signatures count now.
func (d *Desk) view(p *proposal) proposalView {
	s := *p.submission
	v := proposalView{
		Identifier: p.identifier, PayloadType: s.env.PayloadType,
		Created: stamp(p.stored.Created), Expires: stamp(p.expires()),
		Envelope: json.RawMessage(p.stored.Envelope),
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	s.env = withSignatures(s.env, nil)
	d.merge(&s, p.submission.env.Signatures)
	j, err := d.judge(&s)
	v.Need, v.Signers, v.Candidates = j.tally.Need, signersOf(j.tally.Signers), orEmpty(j.tally.Candidates)
	if err != nil {
		v.Blocked = ruleOf(problemOf(err))
	}
	return v
}

// deleteProposal withdraws a proposal: for an owner who signed it, or, of a keyset,
// whose signers have no login, for an operator.
func (d *Desk) deleteProposal(w http.ResponseWriter, r *http.Request, who staff) error {
	identifier := r.PathValue("identifier")
	p, revision, err := d.waitingFor(r.Context(), identifier)
	if err != nil {
		return err
	}
	if p == nil {
		return errNotFound
	}
	if !d.mayWithdraw(p, who) {
		return errNotSigned
	}
	err = d.perform(r.Context(), p.act(ActWithdraw, who.owner), func() error {
		return d.config.Proposals.Delete(r.Context(), identifier, revision)
	})
	if errors.Is(err, ErrConflict) {
		return errOtherWaits.with("it has just changed: look again").of(identifier)
	}
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func (d *Desk) mayWithdraw(p *proposal, who staff) bool {
	if p.submission.keyset != nil {
		return slices.Contains(who.roles, notice.RoleOperator)
	}
	ks := d.keyset()
	return slices.ContainsFunc(p.submission.env.Signatures, func(sig notice.Signature) bool {
		key := ks.Key(sig.KeyID)
		return key != nil && key.Owner == who.owner
	})
}

// getDocument serves the newest keyset or contacts to anybody: every client is sent
// them.
func (d *Desk) getDocument(payloadType string) handler {
	read := d.readDocument(payloadType)
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := d.Ready(); err != nil {
			return err
		}
		return read(w, r, staff{})
	}
}

func (d *Desk) readDocument(payloadType string) func(http.ResponseWriter, *http.Request, staff) error {
	return func(w http.ResponseWriter, _ *http.Request, _ staff) error {
		a := d.newest(payloadType)
		if a == nil {
			return errNotFound
		}
		return writeJSON(w, http.StatusOK, document{Seq: a.Seq, Envelope: a.Body})
	}
}

// newest is the document of a type that is in force, or nil. Versions only rise, so
// of what holds it is the last.
func (d *Desk) newest(payloadType string) *notice.Accepted {
	d.mu.Lock()
	defer d.mu.Unlock()
	var newest *notice.Accepted
	for _, a := range d.held {
		if a.Envelope.PayloadType == payloadType && (newest == nil || a.Seq > newest.Seq) {
			newest = a
		}
	}
	return newest
}
