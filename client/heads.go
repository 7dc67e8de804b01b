package client

import (
	"slices"
	"time"

	"tocsin/notice"
	"tocsin/wire"
)

// maxMarks bounds what is kept of boards that were: a desk signs a head every ten
// seconds, and a node passes it on within fifteen.
const maxMarks = 64

// snapshotGrace is how long what has ended stays in snapshots (docs/protocol.md).
const snapshotGrace = 10 * time.Minute

// heads hold what desks sign of the log against what this client was sent of it. Part
// of the feed.
type heads struct {
	beacons notice.Beacons
	epoch   string
	seq     uint64 // the place up to which this client was sent everything
	marks   []mark // ascending; empty while no node vouches for a cursor
	// counted are the payloads of notices that the log has, by what nodes said since
	// the last snapshot. The board may hold more: what was redacted since then stays
	// shown, and yet no desk counts it.
	counted map[[32]byte]struct{}
	stands  standings
	pending *heard // of a place that this client has not reached
	last    heard  // the last that advanced
	// good are the heads that fitted last, by beacon.
	good map[string]heard
}

// heard is a head, and when it came; rather, when it would have as the quickest of its
// beacon: who delays it does not make it last longer.
type heard struct {
	notice.SignedHead
	at time.Time
}

// mark is what stood from a place of the log on.
type mark struct {
	seq      uint64
	standing []notice.Standing // by hash
}

func newHeads() heads {
	return heads{counted: make(map[[32]byte]struct{}), good: make(map[string]heard)}
}

// standing is what heads count of the board.
func (f *feed) standing() []notice.Standing { return f.heads.stands.now(f.board, f.heads.counted) }

// counts notes a notice that the board accepted.
func (f *feed) counts(a *notice.Accepted) {
	f.heads.counted[a.Hash] = struct{}{}
	f.heads.stands.changed(a.Notice)
	if sent, err := a.Notice.Sent.Time(); err == nil && sent.After(f.sent) {
		f.sent = sent
	}
}

// repeated notes what a node says that the log has, and the board held already. What is
// counted stands as before, however often a node repeats it.
func (h *heads) repeated(env *notice.Envelope) {
	hash := env.Hash()
	if _, ok := h.counted[hash]; ok {
		return
	}
	h.counted[hash] = struct{}{}
	h.stands.refolded()
}

// begin forgets the boards that were: a snapshot tells anew what the log has.
func (h *heads) begin() {
	h.marks, h.pending = nil, nil
	clear(h.counted)
	h.stands.refolded()
}

// marked notes what stands once apply has folded entry i of n. It spares itself the marks
// that would be dropped at once.
func (f *feed) marked(i, n int, seq uint64) {
	h := &f.heads
	switch first := n - maxMarks; {
	case len(h.marks) == 0 || i < first:
	case i == first: // what stood before says nothing of what was left out
		h.seq = max(h.seq, seq)
		h.marks = []mark{{h.seq, f.standing()}}
	default:
		h.moved(seq, f.standing())
	}
}

// moved notes what stands after the entry at seq, if it is known what stood before.
func (h *heads) moved(seq uint64, standing []notice.Standing) {
	h.seq = max(h.seq, seq)
	last := &h.marks[len(h.marks)-1]
	switch {
	case slices.EqualFunc(last.standing, standing, sameStanding):
	case last.seq == h.seq:
		last.standing = standing
	default:
		h.marks = append(h.marks, mark{h.seq, standing})
		h.marks = h.marks[max(0, len(h.marks)-maxMarks):]
	}
}

func sameStanding(a, b notice.Standing) bool { return a.Hash == b.Hash && a.Expires.Equal(b.Expires) }

// reached notes that everything up to a node's cursor was sent.
func (h *heads) reached(c wire.Cursor, standing func() []notice.Standing) {
	if len(h.marks) == 0 || h.epoch != c.Epoch {
		h.epoch, h.seq, h.marks = c.Epoch, c.Seq, []mark{{c.Seq, standing()}}
		return
	}
	h.seq = max(h.seq, c.Seq)
}

// at is the mark that holds at seq; nil if it is too long ago.
func (h *heads) at(seq uint64) *mark {
	for i := len(h.marks) - 1; i >= 0; i-- {
		if h.marks[i].seq <= seq {
			return &h.marks[i]
		}
	}
	return nil
}

// hear takes a head that a node passes on. A bad one, like one that is old or repeated,
// says nothing.
func (f *feed) hear(body []byte, now time.Time) {
	ks := f.board.Keyset()
	if len(body) == 0 || ks == nil {
		return
	}
	h, err := notice.VerifyHead(body, ks)
	if err != nil {
		return
	}
	switch progress, lag := f.heads.beacons.Hear(h, ks, now); {
	case progress == notice.HeadAdvances:
		f.heads.last = heard{h, now.Add(-lag)}
	case h != f.heads.last.SignedHead: // that one may fit now, after a snapshot; it lasts no longer for that
		return
	}
	last := f.heads.last
	f.heads.pending = &last
}

// verdict is what came of the head that waits.
type verdict int

const (
	headSilent verdict = iota // there is none, or it says nothing
	headFits
	headWrong
)

// judge holds the head that waits, which came at a time of this machine, against what
// was sent up to its place. serverTime is the server's as far as it is known.
func (f *feed) judge(serverTime time.Time) (came time.Time, _ verdict) {
	h := &f.heads
	p := h.pending
	if p == nil || len(h.marks) == 0 || p.Seq > h.seq && p.Epoch == h.epoch {
		return came, headSilent
	}
	h.pending = nil
	m := h.at(p.Seq)
	if m == nil || p.Epoch != h.epoch || p.KeysetVersion != f.board.Keyset().Version {
		return came, headSilent
	}
	if notice.BoardHash(m.standing, p.Said) == p.Board {
		h.good[p.KeyID] = *p
		return p.at, headFits
	}
	if serverTime.Sub(p.Said) > snapshotGrace {
		return came, headSilent // its desk's clock is behind: it counts what no snapshot has any more
	}
	return p.at, headWrong
}

// expectsHeads tells whether heads are to come: a beacon is valid at one of these times.
func (f *feed) expectsHeads(times ...time.Time) bool {
	ks := f.board.Keyset()
	return ks != nil && ks.HasBeacon(times...)
}

// bound is what to take for the server's time, where a node says that it is serverTime:
// that, or if it is further from every beacon than slack, what the nearest of them says.
// Beacons count as long as their heads vouch for anything.
func (h *heads) bound(serverTime, now time.Time, slack time.Duration) time.Time {
	nearest, off := serverTime, time.Duration(-1)
	for _, g := range h.good {
		age := now.Sub(g.at)
		if age >= notice.HeadLag {
			continue
		}
		says := g.Said.Add(age)
		if d := serverTime.Sub(says).Abs(); off < 0 || d < off {
			nearest, off = says, d
		}
	}
	if off <= slack {
		return serverTime
	}
	return nearest
}
