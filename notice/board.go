package notice

import "time"

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
	// Refolded: the entry was a keyset or a redaction, so the whole board was folded
	// anew. Voided no longer hold, Revived hold again; both in the log's order.
	Refolded        bool
	Voided, Revived []*Accepted
}

// Board is what holds now, folded from the log: the keyset in force, the contacts,
// the posture and the threads. It is a pure function of the entries, their order
// and the pinned roots. What was refused is not kept, so its memory is bounded by
// what staff signed. Not safe for concurrent use; what its methods return is.
type Board struct {
	trust    Trust
	allowDev bool
	seq      uint64
}

// NewBoard makes an empty board that accepts a first keyset signed by t. A keyset
// with dev: true is refused unless allowDev.
func NewBoard(t Trust, allowDev bool) *Board { return &Board{trust: t, allowDev: allowDev} }

// Fold applies the next entry. It never fails and never panics: what is bad is
// refused and stops nothing.
func (b *Board) Fold(e Entry) Outcome {
	b.seq = max(b.seq, e.Seq)
	return Outcome{Verdict: VerdictRejected, Err: broken("unfinished", "fold")}
}

// Try tells what Fold would say of body at the head, and changes nothing.
func (b *Board) Try(body []byte) (*Accepted, error) { return nil, broken("unfinished", "try") }

// Tally counts the signatures of any document of the log, a keyset included, as
// the board stands: an Update may need more than by itself. Its error is that the
// payload does not decode or breaks a rule that more signatures would not mend.
func (b *Board) Tally(e *Envelope) (Tally, error) { return Tally{}, broken("unfinished", "tally") }

// WouldVoid lists what holds now and would not under ks: what must be signed again
// before ks is published.
func (b *Board) WouldVoid(ks *Keyset) []*Accepted { return nil }

// Keyset is the newest keyset, or nil before the first.
func (b *Board) Keyset() *Keyset { return nil }

// Contacts are the newest contact cards that hold, or nil.
func (b *Board) Contacts() *Contacts { return nil }

// Posture is the newest posture that holds, or nil.
func (b *Board) Posture() *Posture { return nil }

// Thread returns the thread whose Alert has that identifier.
func (b *Board) Thread(identifier string) (Thread, bool) { return Thread{}, false }

// Threads returns all threads in the order of their Alerts.
func (b *Board) Threads() []Thread { return nil }

// Snapshot is all that a client needs to reach this board: every keyset that
// changed the roots, oldest first; the newest keyset; the contacts; and the
// threads that are active or withdrawn at now, whole.
func (b *Board) Snapshot(now time.Time) []*Accepted { return nil }

// Redacted tells whether a signed redaction explains that entry seq is missing.
func (b *Board) Redacted(seq uint64) bool { return false }

// Seq is the highest sequence folded so far; 0 at first.
func (b *Board) Seq() uint64 { return b.seq }
