package notice

import (
	"slices"
	"time"
)

// Entry is one message of the log.
type Entry struct {
	Seq     uint64
	Subject string    // not interpreted: see [Subject]
	Body    []byte    // kept; the caller must not change it afterwards
	Time    time.Time // when the log took it; not interpreted
}

// Verdict is what became of an entry.
type Verdict string

// The verdicts.
const (
	VerdictAccepted Verdict = "accepted"
	VerdictRejected Verdict = "rejected" // for good
	VerdictSkipped  Verdict = "skipped"  // of a type that has no place in the log, or is not known yet
)

// Accepted is an entry that the board took. It is immutable: where a new keyset
// changes who counts, the board makes another.
type Accepted struct {
	Seq      uint64
	Body     []byte // verbatim
	Envelope *Envelope
	Hash     [32]byte // of the payload
	Notice   *Notice  // nil for other documents
	Revision int      // the number of references; 0 for an Alert
	Signers  []Signer // under the keyset in force
	// BreakGlass: a break-glass key is among the signers.
	BreakGlass bool
}

// Outcome is what folding one entry did.
type Outcome struct {
	Verdict Verdict
	// Err says why an entry was rejected or skipped; nil if accepted. A *RuleError.
	Err error
	// Accepted is the entry as accepted, otherwise nil.
	Accepted *Accepted
	// Refolded: the whole board was folded anew, because of a keyset, or a redaction
	// of what the board held.
	Refolded bool
	// Voided no longer hold, Revived hold again; both in the log's order, and told
	// apart by payload: what was signed again is in neither.
	Voided, Revived []*Accepted
	// Resend is what readers may lack, because the board did not show it when they
	// came: every thread that the refold changed, whole, and contacts and posture if
	// they changed. (A thread may have been over until its last Update was voided.)
	// Who has an entry already refuses it as a duplicate.
	Resend []*Accepted
}

// Board is what holds now, folded from the log: the keyset in force, the contacts,
// the posture and the threads. It is a pure function of the entries, their order
// and the pinned roots. What was refused is not kept, so its memory is bounded by
// what staff signed. Not safe for concurrent use; what its methods return is.
type Board struct {
	trust    Trust
	allowDev bool
	seq      uint64

	keyset  *Keyset             // in force; nil before the first
	newest  *Accepted           // the entry of keyset
	chain   []*Accepted         // keysets that changed the roots, oldest first
	keysets map[uint64]struct{} // sequences of all accepted keysets

	redacted  map[uint64]struct{}
	forgotten map[string]struct{} // payloads of what was redacted, by their hash in hex
	kept      []*document         // what was ever accepted, but for keysets and redactions
	holds     *state              // what of kept holds under keyset
}

// NewBoard makes an empty board that accepts a first keyset signed by t. A keyset
// with dev: true is refused unless allowDev.
func NewBoard(t Trust, allowDev bool) *Board {
	return &Board{
		trust: t, allowDev: allowDev, holds: newState(),
		keysets: make(map[uint64]struct{}), redacted: make(map[uint64]struct{}), forgotten: make(map[string]struct{}),
	}
}

// Keyset is the newest keyset, or nil before the first. Not to be changed.
func (b *Board) Keyset() *Keyset { return b.keyset }

// Contacts are the newest contact cards that hold, or nil. Not to be changed.
func (b *Board) Contacts() *Contacts {
	if b.holds.contacts == nil {
		return nil
	}
	return b.holds.contacts.doc.(*Contacts)
}

// Posture is the newest posture that holds, or nil. Not to be changed.
func (b *Board) Posture() *Posture {
	if b.holds.posture == nil {
		return nil
	}
	return b.holds.posture.doc.(*Posture)
}

// PostureEntry is the entry of Posture, or nil.
func (b *Board) PostureEntry() *Accepted {
	if b.holds.posture == nil {
		return nil
	}
	return b.holds.live[b.holds.posture.hash]
}

// Thread returns the thread whose Alert has that identifier.
func (b *Board) Thread(identifier string) (Thread, bool) {
	t, ok := b.holds.threads[identifier]
	if !ok {
		return Thread{}, false
	}
	return t.copy(), true
}

// Threads returns all threads in the order of their Alerts.
func (b *Board) Threads() []Thread {
	threads := make([]Thread, len(b.holds.order))
	for i, t := range b.holds.order {
		threads[i] = t.copy()
	}
	return threads
}

// Active counts the threads that are active at now.
func (b *Board) Active(now time.Time) (n int) {
	for _, t := range b.holds.order {
		if t.Phase(now) == Active {
			n++
		}
	}
	return n
}

// snapshotGrace keeps a thread in snapshots a little beyond its end. The desk may
// just have admitted an Update of it; without the Alert, a client that came in
// between could do nothing with it.
const snapshotGrace = 10 * time.Minute

// Snapshot is all that a client needs to reach this board: every keyset that
// changed the roots, oldest first; the newest keyset; the contacts; and the
// threads that are active or withdrawn at now, or were 10 minutes ago, whole.
// A client that folds it into a new board has the same threads to show.
func (b *Board) Snapshot(now time.Time) []*Accepted {
	entries := slices.Clone(b.chain)
	if b.newest != nil && !slices.Contains(b.chain, b.newest) {
		entries = append(entries, b.newest)
	}
	if c := b.holds.contacts; c != nil {
		entries = append(entries, b.holds.live[c.hash])
	}
	for _, t := range b.holds.order {
		if t.Phase(now.Add(-snapshotGrace)) != Over { // nothing that shows at now was over then
			entries = append(entries, t.Messages...)
		}
	}
	return entries
}

// Redacted tells whether a signed redaction explains that entry seq is missing.
func (b *Board) Redacted(seq uint64) bool {
	_, ok := b.redacted[seq]
	return ok
}

// Seq is the highest sequence folded so far; 0 at first.
func (b *Board) Seq() uint64 { return b.seq }

// roots are those that must sign the next keyset.
func (b *Board) roots() Trust {
	if b.keyset == nil {
		return b.trust
	}
	return b.keyset.Trust()
}
