package broker

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"tocsin/notice"
)

// Refusal is an entry that a board refuses.
type Refusal struct {
	Seq uint64
	Err error
}

// Review is what the board of any node makes of a copy: every signature verified.
type Review struct {
	Keyset   *notice.Keyset // in force at the end; nil if the roots signed none
	Accepted int
	Refused  []Refusal // in the log's order
	Skipped  int       // of types that this program does not know
	Active   int       // threads that show now
	// Redacted are empty places that a signed redaction explains, and Missing those
	// that none does.
	Redacted, Missing []Span
	// Due are entries that a redaction names and that are there all the same: it was not
	// carried out yet. They are not restored.
	Due []uint64
}

// Review folds a copy.
func (c *Copy) Review(trust notice.Trust, allowDev bool) *Review {
	board := notice.NewBoard(trust, allowDev)
	r := &Review{}
	var redacted []uint64
	for _, e := range c.Entries {
		out := board.Fold(e)
		switch out.Verdict {
		case notice.VerdictAccepted:
			r.Accepted++
			if seq, ok := redactedBy(out.Accepted); ok {
				redacted = append(redacted, seq)
			}
		case notice.VerdictRejected:
			r.Refused = append(r.Refused, Refusal{Seq: e.Seq, Err: out.Err})
		default:
			r.Skipped++
		}
	}
	r.Keyset = board.Keyset()
	r.Active = board.Active(time.Now())
	slices.Sort(redacted)
	r.holes(c, redacted)
	return r
}

// redactedBy is the place that an accepted entry redacts.
func redactedBy(a *notice.Accepted) (uint64, bool) {
	if a.Envelope.PayloadType != notice.TypeRedaction {
		return 0, false
	}
	doc, err := notice.DecodeRedaction(a.Envelope.Payload)
	if err != nil {
		return 0, false
	}
	return doc.Seq, true
}

// holes sorts the empty places. Its time is that of the entries and redactions: a file
// may claim any number of places.
func (r *Review) holes(c *Copy, redacted []uint64) {
	next := uint64(1)
	gap := func(first, last uint64) {
		from, _ := slices.BinarySearch(redacted, first)
		for _, seq := range redacted[from:] {
			if seq > last {
				break
			}
			r.Missing = addSpan(r.Missing, first, seq-1)
			r.Redacted = addSpan(r.Redacted, seq, seq)
			first = seq + 1
		}
		r.Missing = addSpan(r.Missing, first, last)
	}
	for _, e := range c.Entries {
		gap(next, e.Seq-1)
		if _, due := slices.BinarySearch(redacted, e.Seq); due {
			r.Due = append(r.Due, e.Seq)
		}
		next = e.Seq + 1
	}
	gap(next, c.Last)
}

// What keeps a copy from being restored as it is.
var (
	// ErrNotSigned: no keyset in it is signed by the pinned roots.
	ErrNotSigned = errors.New("no keyset in it is signed by the pinned roots")
	// ErrRefused: boards refuse some of its entries.
	ErrRefused = errors.New("nodes and clients would refuse some of its entries")
	// ErrMissing: it lacks entries, and no redaction explains that.
	ErrMissing = errors.New("it lacks entries that no redaction explains")
)

// Check is nil if the copy is good: signed, whole, and nothing in it is refused. An error
// is one of those above, or several of them.
func (r *Review) Check() error {
	if r.Keyset == nil {
		return ErrNotSigned
	}
	var wrong []error
	if len(r.Refused) > 0 {
		wrong = append(wrong, fmt.Errorf("%w (%d)", ErrRefused, len(r.Refused)))
	}
	if len(r.Missing) > 0 {
		wrong = append(wrong, fmt.Errorf("%w (%d places)", ErrMissing, Places(r.Missing)))
	}
	return errors.Join(wrong...)
}
