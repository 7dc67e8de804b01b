package desk

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"tocsin/notice"
)

// actTimeout bounds an act with all its tries, within the time for the answer.
const actTimeout = 25 * time.Second

// acting is the context of an act: whoever asked may hang up.
func acting(r *http.Request) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(r.Context()), actTimeout)
}

// readSubmission reads a signed document of one type.
func (d *Desk) readSubmission(w http.ResponseWriter, r *http.Request, payloadType string) (s *submission, err error) {
	body, err := d.readBody(w, r)
	if err != nil {
		return nil, err
	}
	err = d.checking(r.Context(), func() error {
		env, err := notice.ParseEnvelope(body)
		if err == nil {
			s, err = newSubmission(env, payloadType)
		}
		return err
	})
	return s, err
}

// postDocument takes a signed document of one type.
func (d *Desk) postDocument(payloadType string) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		s, err := d.readSubmission(w, r, payloadType)
		if err == nil {
			err = d.Ready()
		}
		if err != nil {
			d.countRule(err)
			return err
		}
		if r.URL.Query().Get("check") == "true" {
			return d.check(w, r, s)
		}
		ctx, cancel := acting(r)
		defer cancel()
		result, err := d.submit(ctx, s)
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
	ctx, cancel := acting(r)
	defer cancel()
	result, err := d.sign(ctx, r.PathValue("identifier"), sig)
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
		v.Superseded = slices.Contains(supersededRules, v.Blocked)
	}
	return v
}

// inTheWay says whose p is, to somebody whose signature counts and who can't go on for it.
func (d *Desk) inTheWay(p *proposal) problem {
	v := d.view(p)
	signers := "nobody whose signature counts any more"
	if len(v.Signers) > 0 {
		var names []string
		for _, s := range v.Signers {
			names = append(names, cmp.Or(s.Owner, s.KeyID))
		}
		signers = strings.Join(names, ", ")
	}
	return errOtherWaits.with(fmt.Sprintf("it is signed by %s, waits since %s and lapses at %s", signers,
		notice.FormatTime(p.stored.Created), notice.FormatTime(p.expires()))).of(p.identifier)
}

// deleteProposal withdraws a proposal: for an owner who signed it, or, of a keyset,
// whose signers have no login, for an operator; what is superseded, for anybody on the staff.
func (d *Desk) deleteProposal(w http.ResponseWriter, r *http.Request, who staff) error {
	identifier := r.PathValue("identifier")
	p, revision, err := d.waitingFor(r.Context(), identifier)
	if err != nil {
		return err
	}
	if p == nil {
		return errNotFound
	}
	if !d.view(p).Superseded && !d.mayWithdraw(p, who) {
		return errNotSigned
	}
	if d.complete(p) { // perhaps on its way into the log, by any desk
		return errOtherWaits.with("enough have signed it: it is being published, and can be cancelled").of(identifier)
	}
	ctx, cancel := acting(r)
	defer cancel()
	err = d.perform(ctx, p.act(ActWithdraw, who.owner), func() error {
		return d.takeBack(ctx, p, revision)
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

// complete tells whether a proposal could be published as it is.
func (d *Desk) complete(p *proposal) bool {
	s := *p.submission
	d.mu.Lock()
	defer d.mu.Unlock()
	s.env = withSignatures(s.env, nil)
	d.merge(&s, p.submission.env.Signatures)
	j, err := d.judge(&s)
	return err == nil && j.tally.Met
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
