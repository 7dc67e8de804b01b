package desk

import (
	"cmp"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/google/uuid"

	"tocsin/notice"
)

const (
	// proposalLife is how long a proposal waits for its signatures.
	proposalLife = 24 * time.Hour
	// storeTries bounds the rounds of compare and set: more have never been met by
	// people who sign.
	storeTries = 8
)

// proposal is an envelope that waits for signatures.
type proposal struct {
	identifier string
	revision   uint64
	stored     storedProposal
	submission *submission
}

// storedProposal is a proposal's form in the store.
type storedProposal struct {
	// Proposer is the owner (of a keyset, the root key) whose signature got it in.
	Proposer string          `json:"proposer"`
	Created  time.Time       `json:"created"`
	Envelope json.RawMessage `json:"envelope,omitzero"`
	// Withdrawn is what stands in a notice's place once it was taken back.
	Withdrawn *withdrawn `json:"withdrawn,omitzero"`
}

// proposalKey is what identifiers of proposals look like; anything else was never one.
var proposalKey = regexp.MustCompile(`^[A-Za-z0-9-]{1,128}$`)

// parseProposal reads what the store holds. Others may write there, so all of it is
// checked: the document must be the one that the key names.
func parseProposal(item Item) (*proposal, error) {
	p := &proposal{identifier: item.Key, revision: item.Revision}
	if err := json.Unmarshal(item.Body, &p.stored); err != nil {
		return nil, fmt.Errorf("reading proposal: %w", err)
	}
	if p.stored.Withdrawn != nil {
		return p, &withdrawnError{p}
	}
	env, err := notice.ParseEnvelope(p.stored.Envelope)
	if err != nil {
		return nil, fmt.Errorf("reading proposal: %w", err)
	}
	if p.submission, err = newSubmission(env, env.PayloadType); err != nil {
		return nil, fmt.Errorf("reading proposal: %w", err)
	}
	if p.submission.identifier != item.Key {
		return nil, errors.New("reading proposal: it is kept under another identifier")
	}
	return p, nil
}

func (p *proposal) expires() time.Time { return p.stored.Created.Add(proposalLife) }

func (p *proposal) lapsed(now time.Time) bool { return !now.Before(p.expires()) }

// signedBy tells whether there is a signature of each of the owners; roots go by their
// key. What the signatures are worth was settled when they came.
func (p *proposal) signedBy(ks *notice.Keyset, owners []string) bool {
	return !slices.ContainsFunc(owners, func(owner string) bool {
		return !slices.ContainsFunc(p.submission.env.Signatures, func(sig notice.Signature) bool {
			var key *notice.Key
			if ks != nil {
				key = ks.Key(sig.KeyID)
			}
			return sig.KeyID == owner || key != nil && key.Owner == owner
		})
	})
}

// load reads one proposal; a key that nothing sensible is under is ErrNotFound.
func (d *Desk) load(ctx context.Context, identifier string) (*proposal, error) {
	if !proposalKey.MatchString(identifier) {
		return nil, ErrNotFound
	}
	item, err := d.config.Proposals.Get(ctx, identifier)
	if err != nil {
		return nil, err
	}
	p, err := parseProposal(item)
	if errors.Is(err, errWithdrawn) {
		return p, err
	}
	if err != nil {
		d.log.Error("proposal is damaged", "identifier", identifier, "error", err)
		return &proposal{identifier: identifier, revision: item.Revision}, errDamaged
	}
	return p, nil
}

// errDamaged: something is kept that is no proposal. It may be written over.
var errDamaged = fmt.Errorf("%w: damaged", ErrNotFound)

// waitingFor reads the proposal of an identifier; one that lapsed or is published is
// gone; if it was withdrawn, that is the error. The second result is the revision that a new one replaces.
func (d *Desk) waitingFor(ctx context.Context, identifier string) (*proposal, uint64, error) {
	p, err := d.load(ctx, identifier)
	switch {
	case errors.Is(err, errWithdrawn) && !p.lapsed(d.now()):
		return nil, p.revision, err
	case errors.Is(err, errDamaged), errors.Is(err, errWithdrawn):
		return nil, p.revision, nil
	case errors.Is(err, ErrNotFound):
		return nil, 0, nil
	case err != nil:
		d.log.Warn("proposal not read", "identifier", identifier, "error", err)
		return nil, 0, errUnavailable
	case p.lapsed(d.now()), d.holds(p):
		return nil, p.revision, nil
	}
	return p, p.revision, nil
}

// holds tells whether a proposal is published, and only its dropping is due.
func (d *Desk) holds(p *proposal) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	_, ok := d.held[p.submission.hash]
	return ok
}

// keep stores s as a proposal, in place of the one that was read before, and records
// that. It is ErrConflict if another desk was first.
func (d *Desk) keep(ctx context.Context, s *submission, before *proposal, revision uint64, t notice.Tally) (*proposal, error) {
	next := storedProposal{Created: d.now().UTC(), Envelope: s.env.Marshal()}
	act := ActPropose
	if before != nil {
		next.Proposer, next.Created, act = before.stored.Proposer, before.stored.Created, ActSign
	} else {
		next.Proposer = proposerOf(t)
		done, err := d.takeRoom(ctx, next.Proposer)
		if err != nil {
			return nil, err
		}
		defer done()
	}
	body, err := json.Marshal(next)
	if err != nil {
		return nil, err
	}
	err = d.perform(ctx, Record{
		Act: act, Type: s.env.PayloadType, Identifier: s.identifier, SHA256: s.hex(), Owners: ownersOf(t),
	}, func() error {
		revision, err = d.config.Proposals.Put(ctx, s.identifier, body, revision)
		return err
	})
	if err != nil {
		return nil, err
	}
	return &proposal{identifier: s.identifier, revision: revision, stored: next, submission: s}, nil
}

// perform records an act on the proposals, does it, and records what became of it.
func (d *Desk) perform(ctx context.Context, r Record, do func() error) error {
	r.ID, r.Phase = uuid.Must(uuid.NewV7()).String(), PhaseIntended
	if err := d.record(ctx, r); err != nil {
		return errNotRecorded.of(r.Identifier)
	}
	err := do()
	ctx = context.WithoutCancel(ctx)
	switch {
	case err == nil:
		r.Phase = PhaseDone
	case errors.Is(err, ErrConflict), errors.Is(err, ErrNotFound):
		r.Phase, r.Rule = PhaseRefused, "conflict"
	case errors.Is(err, ErrUnavailable):
		r.Phase, r.Rule, err = PhaseRefused, "unavailable", errUnavailable.of(r.Identifier)
	default:
		d.log.Warn("proposal unconfirmed", "identifier", r.Identifier, "act", r.Act, "error", err)
		r.Phase, err = PhaseUnknown, errUnconfirmed.of(r.Identifier).with("to send the same again is safe")
		d.keepOpen(r)
	}
	_ = d.record(ctx, r) // it is as it is; record has said so
	d.metrics.acts.WithLabelValues(string(r.Act), string(r.Phase)).Inc()
	d.log.Info("proposal", "act", r.Act, "phase", r.Phase, "identifier", r.Identifier, "sha256", r.SHA256, "owners", r.Owners)
	return err
}

// proposerOf is the first signer of the role without which nothing is proposed.
func proposerOf(t notice.Tally) string {
	for _, s := range t.Signers {
		if t.Lead == "" || s.Role == t.Lead {
			return who(s)
		}
	}
	return ""
}

// waitingAll lists the proposals that wait, the oldest first.
func (d *Desk) waitingAll(ctx context.Context) ([]*proposal, error) {
	list, _, err := d.all(ctx)
	return list, err
}

// all is waitingAll, and counts what was withdrawn lately, by proposer.
func (d *Desk) all(ctx context.Context) (list []*proposal, withdrawn map[string]int, err error) {
	items, err := d.config.Proposals.List(ctx)
	if err != nil {
		d.log.Warn("proposals not read", "error", err)
		return nil, nil, errUnavailable
	}
	now := d.now()
	list, withdrawn = make([]*proposal, 0, len(items)), make(map[string]int)
	for _, item := range items {
		p, err := parseProposal(item)
		switch {
		case errors.Is(err, errWithdrawn):
			withdrawn[p.stored.Proposer]++
		case err != nil:
			d.log.Error("proposal is damaged", "identifier", item.Key, "error", err)
		case !p.lapsed(now) && !d.holds(p):
			list = append(list, p)
		}
	}
	slices.SortFunc(list, olderFirst)
	d.metrics.waiting(list)
	return list, withdrawn, nil
}

func olderFirst(a, b *proposal) int {
	return cmp.Or(a.stored.Created.Compare(b.stored.Created), cmp.Compare(a.identifier, b.identifier))
}

// sweep drops the proposals that have lapsed, and those that were published while
// the desk that did it could not drop them. It counts those that wait.
func (d *Desk) sweep(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	if d.Ready() != nil {
		return
	}
	items, err := d.config.Proposals.List(ctx)
	if err != nil {
		return // waitingAll says so when somebody asks
	}
	var waiting []*proposal
	for _, item := range items {
		p, err := parseProposal(item)
		if err != nil && !errors.Is(err, errWithdrawn) {
			continue // the stream drops it after a week
		}
		switch {
		case err != nil: // withdrawn
			if p.lapsed(d.now()) {
				_ = d.config.Proposals.Delete(ctx, item.Key, item.Revision)
			}
		case d.holds(p):
			_ = d.config.Proposals.Delete(ctx, item.Key, item.Revision) // or the next round
		case p.lapsed(d.now()):
			_ = d.perform(ctx, p.act(ActLapse), func() error {
				return d.config.Proposals.Delete(ctx, item.Key, item.Revision)
			})
		default:
			waiting = append(waiting, p)
		}
	}
	slices.SortFunc(waiting, olderFirst)
	d.metrics.waiting(waiting)
}

// act is a record about p.
func (p *proposal) act(a Act, owners ...string) Record {
	s := p.submission
	return Record{Act: a, Type: s.env.PayloadType, Identifier: s.identifier, SHA256: s.hex(), Owners: owners}
}

// dropPublished drops the proposal of what is published. Failing that, sweep does.
func (d *Desk) dropPublished(ctx context.Context, identifier, sha256 string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTimeout)
	defer cancel()
	p, err := d.load(ctx, identifier)
	if err != nil || p.submission.hex() != sha256 {
		return
	}
	if err := d.config.Proposals.Delete(ctx, identifier, p.revision); err != nil {
		d.log.Warn("published proposal not dropped", "identifier", identifier, "error", err)
	}
}

func parseHash(s string) (hash [32]byte, ok bool) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(hash) {
		return hash, false
	}
	return [32]byte(b), true
}
