package client

import (
	"errors"
	"slices"

	"tocsin/notice"
	"tocsin/wire"
)

// ErrRefused ends a session whose node says that it has sent all there is, while an
// entry of it is still refused: it left out or moved about what belongs before that. The
// next session begins without a cursor.
var ErrRefused = errors.New("the node sent what can't be believed")

// maxRefused bounds the entries that are kept. A session with more of them is no
// honest node's.
const maxRefused = 64

// refusals are the entries that the board refused in this session. It is right to
// refuse them for good where the log is (its order is everyone's), but a node may have
// changed that order. So they are folded again once something else was accepted.
type refusals struct {
	kept []refusal
	lie  bool // something came that nothing can mend, or more than is kept
	due  bool // something was accepted since kept was tried
}

// refusal is an entry that may yet be accepted.
type refusal struct {
	entry  wire.EntryFrame
	keyset bool // it is one, and so nothing that a keyset voids
}

func (r *refusals) begin() { *r = refusals{} }

// keep takes an entry that was refused.
func (r *refusals) keep(e refusal, in place) {
	if len(r.kept) < maxRefused {
		r.kept = append(r.kept, e)
	} else if !in.voids(e) {
		r.lie = true
	}
}

// take hands the entries out, to be tried again.
func (r *refusals) take() []refusal {
	kept := r.kept
	r.kept, r.due = nil, false
	return kept
}

// doubt tells whether what was refused speaks against the node.
func (r *refusals) doubt(in place) bool {
	return r.lie || slices.ContainsFunc(r.kept, func(e refusal) bool { return !in.voids(e) })
}

// place is where the keyset in force stands, by which the client tells what a node sends
// of before it: an honest one that is behind does, or one whose log was put back.
type place struct {
	hash   [32]byte // of the keyset's payload
	seq    uint64   // as the node said that sent it last
	behind bool     // the last keyset that a node sent is older
}

// saw takes a keyset that a node sent, in force or not.
func (p *place) saw(hash [32]byte, seq uint64, inForce bool) {
	if inForce || hash == p.hash {
		*p = place{hash: hash, seq: seq}
		return
	}
	p.behind = true
}

// voids tells whether the keyset in force may be why e is refused.
func (p place) voids(e refusal) bool { return !e.keyset && (p.behind || e.entry.Seq < p.seq) }

// isOlder tells whether a document was refused for its version alone: a newer one is held.
func isOlder(err error) bool {
	var broken *notice.RuleError
	return errors.As(err, &broken) && (broken.Rule == "keyset.version" || broken.Rule == "contacts.version")
}
