package hub

import (
	"time"

	"tocsin/wire"
)

// view is what sessions are served from: one log's window at one moment. It is
// immutable, and replaced whole by every fold.
type view struct {
	gen       *generation // nil: nothing to serve yet
	items     []*item
	floor     uint64
	floorHash string
	seq       uint64 // of the newest entry folded
	hash      string
}

// generation is the time during which one log is served. A node passes from one to
// the next when the broker's log takes the place of a cache, or of another log. It
// is immutable.
type generation struct {
	epoch string // "" if not known
	// cached tells that the state came from a file or a peer: it vouches for no
	// cursor, since it lacks what is private (and, from a peer, restricted).
	cached bool
	// base is all that held when the generation began, at baseSeq; delta is base
	// without what a session had been sent that was at the end of former.
	base    []*item
	baseSeq uint64
	// former is what was served before, up to formerSeq; nil if nothing was.
	former    *generation
	formerSeq uint64
	delta     []*item
}

// place is how far a session is: everything up to seq that it may see was sent, or
// is owed to it explicitly.
type place struct {
	gen *generation
	seq uint64
}

func (v *view) place() place { return place{v.gen, v.seq} }

// cursor is what may be told to a session that has everything in v; zero if the
// node can vouch for none.
func (v *view) cursor() wire.Cursor {
	if v.gen == nil || v.gen.cached {
		return wire.Cursor{}
	}
	return wire.Cursor{Epoch: v.gen.epoch, Seq: v.seq, Hash: v.hash}
}

// due lists what a session at p is still to be sent, in two parts: on a change of
// generation what it may lack of the new one, then the entries after it. ok is
// false if the window no longer reaches back to p: then only a snapshot will do.
func (v *view) due(p place) (first, rest []*item, ok bool) {
	if v.gen == nil {
		return nil, nil, true
	}
	from := p.seq
	if p.gen != v.gen {
		first, from = v.gen.base, v.gen.baseSeq
		if p.gen != nil && p.gen == v.gen.former && p.seq >= v.gen.formerSeq {
			first = v.gen.delta
		}
	}
	if from < v.floor {
		return nil, nil, false
	}
	return first, itemsAfter(v.items, from), true
}

// hashAt is the hash of the entry at seq, if the window knows it.
func (v *view) hashAt(seq uint64) (hash string, ok bool) {
	if seq == v.floor {
		return v.floorHash, true
	}
	if after := itemsAfter(v.items, seq-1); len(after) > 0 && after[0].seq == seq {
		return after[0].hash, true
	}
	return "", false
}

// resume is how a session is served from where its client left off.
type resume int

const (
	resumeSnapshot resume = iota
	resumeReplay
	// resumeHold: the node is behind the client, and waits.
	resumeHold
)

// resumeAt decides how to serve a client with cursor c (docs/protocol.md, "The log
// and the cursor"). since is when the client said hello: a source that was checked
// later and is live, and whose log still ends before c, proves that the log was
// replaced by a shorter one (docs/adr/0002).
func (v *view) resumeAt(c wire.Cursor, src Source, since time.Time) resume {
	switch {
	case v.gen == nil:
		return resumeHold
	case c.IsZero(), c.Epoch != v.gen.epoch:
		return resumeSnapshot
	case v.gen.cached:
		// What a cache lacks, a client may have; what both have need not be sent.
		if c.Seq >= v.seq {
			return resumeHold
		}
		return resumeSnapshot
	case c.Seq > v.seq:
		if src.Live && src.Checked.After(since) && src.Head < c.Seq && v.seq >= src.Head {
			return resumeSnapshot
		}
		return resumeHold
	case c.Seq < v.floor:
		return resumeSnapshot
	}
	if hash, ok := v.hashAt(c.Seq); ok && hash == c.Hash {
		return resumeReplay
	}
	return resumeSnapshot
}
