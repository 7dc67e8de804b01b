package broker

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/nats-io/nats.go/jetstream"

	"tocsin/notice"
)

// Redactions is how far a log's redactions are carried out.
type Redactions struct {
	// Done counts places that are empty.
	Done uint64 `json:"done"`
	// Due are entries that are there all the same.
	Due []Due `json:"due"`
	// Other are places where another entry stands than the redaction names. It stays.
	Other []uint64 `json:"other,omitempty"`
	// Copies are entries with the text of one that was redacted, in places that no redaction
	// names: somebody put it into the log again. Boards refuse them.
	Copies []uint64 `json:"copies,omitempty"`
}

// Due is an entry that the log holds, and that a redaction names which boards accept.
type Due struct {
	Seq       uint64          `json:"seq"`
	Entry     string          `json:"entry"`     // what it is, without its text
	Redaction uint64          `json:"redaction"` // the place of the document
	Sent      notice.DateTime `json:"sent"`
	Reason    string          `json:"reason"`
	Signers   []string        `json:"signers"` // their owners

	epoch string // of the log
	body  []byte // of the entry
}

// ErrAway: not every server that keeps the log is there. One that is not would keep what is
// deleted meanwhile: when it comes back it forgets the entry, and does not overwrite it.
var ErrAway = errors.New("broker: a server that keeps the log is away")

// errHolds is a deletion that the log confirmed and did not make.
var errHolds = errors.New("the log holds it still")

// Redactions reads the log, and verifies against the pinned roots of the Config what
// redacts what. Errors are those of [Broker.ReadLog], and of [Review.Check] but [ErrRefused]:
// what a damaged log lacks may be a keyset that voids who signed.
func (b *Broker) Redactions(ctx context.Context, progress Progress) (*Redactions, error) {
	c, err := b.ReadLog(ctx, progress)
	if err != nil {
		return nil, err
	}
	review := c.Review(b.config.Trust, b.config.AllowDev)
	if err := (&RestoreConfig{KeepRefused: true}).permit(review); err != nil {
		return nil, err
	}
	r := &Redactions{Done: Places(review.Redacted), Due: []Due{}}
	r.find(c, redactionsOf(c, b.config.Trust, b.config.AllowDev))
	return r, nil
}

// redactionsOf are the redactions of a copy that boards accept, by the places that they
// name.
func redactionsOf(c *Copy, trust notice.Trust, allowDev bool) map[uint64]*notice.Accepted {
	board := notice.NewBoard(trust, allowDev)
	by := make(map[uint64]*notice.Accepted)
	for _, e := range c.Entries {
		if out := board.Fold(e); out.Accepted != nil {
			if seq, ok := redactedBy(out.Accepted); ok {
				by[seq] = out.Accepted
			}
		}
	}
	return by
}

func (r *Redactions) find(c *Copy, by map[uint64]*notice.Accepted) {
	gone := redactions{}
	for seq, a := range by {
		doc, err := notice.DecodeRedaction(a.Envelope.Payload)
		if err != nil {
			continue // a board has read it
		}
		gone[doc.SHA256] = true
		e, held := c.at(seq)
		switch {
		case !held:
		case redactions{doc.SHA256: true}.has(e.Body):
			r.Due = append(r.Due, Due{
				Seq: seq, Entry: nameOf(e), Redaction: a.Seq, Sent: doc.Sent, Reason: doc.Reason, Signers: ownersOf(a),
				epoch: c.Epoch, body: e.Body,
			})
		default:
			r.Other = append(r.Other, seq)
		}
	}
	for _, e := range c.Entries {
		if by[e.Seq] == nil && gone.has(e.Body) {
			r.Copies = append(r.Copies, e.Seq)
		}
	}
	slices.SortFunc(r.Due, func(a, b Due) int { return cmp.Compare(a.Seq, b.Seq) })
	slices.Sort(r.Other)
}

// nameOf says what an entry is, without what is to go.
func nameOf(e notice.Entry) string {
	envelope, err := notice.ParseEnvelope(e.Body)
	if err != nil || envelope.PayloadType != notice.TypeNotice {
		return "no notice"
	}
	n, err := notice.Decode(envelope.Payload)
	if err != nil {
		return "no valid notice"
	}
	return fmt.Sprintf("%s %s", n.MsgType, n.Identifier)
}

func ownersOf(a *notice.Accepted) (owners []string) {
	for _, s := range a.Signers {
		owners = append(owners, s.Owner)
	}
	return owners
}

// Redact deletes what is due, as [Broker.Redactions] has found it, so that the servers
// overwrite it, and sees that it is gone. What is gone already is no error, so it may be
// interrupted, and repeated. On a cluster it needs an administrator's rights, and every
// server: else [ErrAway], and that entry and those after it stay.
func (b *Broker) Redact(ctx context.Context, due []Due) error {
	for _, d := range due {
		if err := b.again(ctx, readPatience, func() error { return b.erase(ctx, d) }); err != nil {
			return fmt.Errorf("deleting entry %d: %w", d.Seq, err)
		}
	}
	return nil
}

func (b *Broker) erase(ctx context.Context, d Due) error {
	ctx, done, err := b.link.within(ctx, makeTimeout)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	defer done()
	stream, err := b.js.Stream(ctx, StreamLog)
	if err != nil {
		return err
	}
	if err := d.in(stream.CachedInfo()); err != nil {
		return err
	}
	switch m, found, err := b.fetch(ctx, StreamLog, lookup{Seq: d.Seq}); {
	case err != nil || !found:
		return err
	case !bytes.Equal(m.body, d.body):
		return errReplaced
	}
	if err := stream.SecureDeleteMsg(ctx, d.Seq); err != nil {
		return err
	}
	_, found, err := b.fetch(ctx, StreamLog, lookup{Seq: d.Seq})
	if err == nil && found {
		err = errHolds
	}
	return err
}

// in is nil if the log is the one that d was found in, and every server that keeps it is
// there.
func (d Due) in(info *jetstream.StreamInfo) error {
	if err := restoring(info.Config); err != nil {
		return err
	}
	if entered(info) != d.epoch {
		return errReplaced
	}
	if is := online(info.Cluster); is < info.Config.Replicas {
		return fmt.Errorf("%w (%d of %d are online)", ErrAway, is, info.Config.Replicas)
	}
	return nil
}
