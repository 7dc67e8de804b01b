package client

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"tocsin/notice"
	"tocsin/wire"
)

// feed is what a Subscriber knows, and how entries change it. It does no I/O.
//
// Entries of a replay or snapshot are held back until synced, so that nothing of
// them shows before, and a connection that breaks in between leaves no trace. Then
// they are folded into the board that is there: what a snapshot omits stays, since
// no node is to be believed that a notice no longer holds. What the board has
// already is known by its payload, and does nothing.
type feed struct {
	trust    notice.Trust
	allowDev bool

	board  *notice.Board
	known  map[[32]byte]struct{} // payloads of the keysets and contacts once accepted
	keyset place                 // of the one in force
	cursor wire.Cursor           // zero: a snapshot is needed
	reach  reach                 // what cursor covers
	prime  wire.Cursor           // not zero: the board is to be filled up to here first

	granted reach // of this session
	synced  bool  // in this session
	grown   bool  // what granted came to allow since then may still be on its way
	whole   bool  // its replay is a snapshot
	staged  []wire.EntryFrame
	size    int      // of staged, in bytes
	refused refusals // in this session

	heads heads
	sent  time.Time // the latest of the notices that were ever accepted
}

// reach is what a session may see. A cursor covers no more than that: what was
// published meanwhile for a higher tier, or for a label that the session lacked,
// lies before the cursor and would never be replayed.
type reach struct {
	tier   wire.Tier
	labels notice.Labels
}

func reachOf(tier wire.Tier, labels []string) reach {
	return reach{tier: tier, labels: notice.NewLabels(labels...)}
}

// covers tells whether whoever has r sees all that one with other sees.
func (r reach) covers(other reach) bool {
	return rank(r.tier) >= rank(other.tier) && r.labels.HasAll(other.labels)
}

func rank(t wire.Tier) int {
	return slices.Index([]wire.Tier{wire.TierPublic, wire.TierRestricted, wire.TierPrivate}, t)
}

// errFlood is a replay or snapshot larger than any honest one.
var errFlood = errors.New("the replay is too large")

func newFeed(t notice.Trust, allowDev bool) *feed {
	return &feed{
		trust: t, allowDev: allowDev,
		board: notice.NewBoard(t, allowDev), known: make(map[[32]byte]struct{}), heads: newHeads(),
	}
}

// restore folds what an earlier Subscriber knew.
func (f *feed) restore(s State) error {
	cursor, err := wire.ParseCursor(s.Cursor)
	if s.Cursor != "" && err != nil {
		return err
	}
	for _, h := range s.Held {
		_, _ = f.fold(wire.EntryFrame{Seq: h.Seq, Envelope: h.Body}) // what is refused is not held
	}
	if f.board.Keyset() != nil { // without one, a replay could not be verified
		f.cursor, f.reach = cursor, reachOf(s.Tier, s.Labels)
		if !cursor.IsZero() {
			f.heads.reached(cursor, f.standing)
		}
	}
	return nil
}

// begin starts a session. It returns the cursor to say hello with.
func (f *feed) begin() wire.Cursor {
	f.keyset.behind = false
	f.granted, f.synced, f.grown, f.whole, f.staged, f.size = reach{}, false, false, false, nil, 0
	f.refused.begin()
	return f.cursor
}

// welcome takes the terms of the session. It reports false if a replay would not
// bring all that the session may see; the cursor is gone then, and the caller
// connects again, for a snapshot.
func (f *feed) welcome(w wire.Welcome) bool {
	f.granted = reachOf(w.Tier, w.Labels)
	f.whole = w.Resume == wire.ResumeSnapshot || f.cursor.IsZero()
	if w.Resume == wire.ResumeReplay && !f.cursor.IsZero() && !f.reach.covers(f.granted) {
		f.cursor = wire.Cursor{}
		return false
	}
	return true
}

// regrant takes the new terms of an open session. When it may see more, entries follow
// that it could not see before, and then a heartbeat.
func (f *feed) regrant(to reach) {
	f.grown = f.grown || f.synced && !f.granted.covers(to)
	f.granted = to
}

// complete tells, once, that a heartbeat ends what regrant began.
func (f *feed) complete() bool {
	grown := f.grown
	f.grown = false
	return grown
}

// entry takes an entry of the session. Before synced it gives no events.
func (f *feed) entry(e wire.EntryFrame) ([]Event, error) {
	if f.synced {
		return f.apply([]wire.EntryFrame{e}), nil
	}
	f.size += len(e.Envelope)
	if f.size > wire.MaxSnapshot {
		return nil, errFlood
	}
	f.staged = append(f.staged, e)
	return nil, nil
}

// priming tells whether the session only serves to fill the board.
func (f *feed) priming() bool { return !f.prime.IsZero() }

// sync applies what was held back. primed tells that it was not the session that
// was wanted but the one before it: the caller connects again. ErrRefused ends the
// session.
func (f *feed) sync(cursor wire.Cursor) (events []Event, primed bool, err error) {
	entries := f.staged
	f.staged, f.size = nil, 0
	if f.whole {
		f.heads.begin()
	}
	if f.priming() && cursor.Epoch == f.prime.Epoch {
		return nil, true, f.primeWith(entries)
	}
	f.prime = wire.Cursor{}
	f.synced = true
	events = f.apply(entries)
	return events, false, f.reached(cursor)
}

// primeWith folds what held at the cursor to prime: of a snapshot that is newer,
// the keysets and contacts, and the messages that stood in the log by then.
func (f *feed) primeWith(entries []wire.EntryFrame) error {
	f.apply(slices.DeleteFunc(entries, func(e wire.EntryFrame) bool {
		env, err := notice.ParseEnvelope(e.Envelope)
		return err == nil && env.PayloadType == notice.TypeNotice && e.Seq > f.prime.Seq
	}))
	if f.doubt() {
		return ErrRefused
	}
	f.cursor, f.reach, f.prime = f.prime, f.granted, wire.Cursor{}
	return nil
}

// reached keeps a node's cursor. A node that can vouch for none leaves the old one
// in force, which still holds. One that says that all was sent, while something is still
// refused, is not to be believed: ErrRefused, and the next session gets a snapshot.
func (f *feed) reached(cursor wire.Cursor) error {
	switch {
	case f.synced && f.doubt():
		f.cursor = wire.Cursor{}
		return ErrRefused
	case f.synced && !cursor.IsZero():
		f.cursor, f.reach = cursor, f.granted
		f.heads.reached(cursor, f.standing)
	}
	return nil
}

// apply folds entries, and anew what was refused before them, and then looks up the
// threads that they changed.
func (f *feed) apply(entries []wire.EntryFrame) []Event {
	var events []Event
	for i, e := range entries {
		more, err := f.fold(e)
		if err != nil {
			more = []Event{Rejected{e.Seq, err}}
		}
		events = append(events, more...)
		f.marked(i, len(entries), e.Seq)
	}
	for f.refused.due {
		for _, r := range f.refused.take() {
			more, _ := f.fold(r.entry) // that it is refused is told
			events = append(events, more...)
		}
		f.marked(0, 1, f.heads.seq)
	}
	for i, event := range events {
		if changed, ok := event.(NoticeChanged); ok {
			changed.Thread = f.threadOf(changed.Message)
			events[i] = changed
		}
	}
	return events
}

// fold applies one entry, or says why it is refused. Threads in its events are not
// filled in.
func (f *feed) fold(e wire.EntryFrame) ([]Event, error) {
	env, err := notice.ParseEnvelope(e.Envelope)
	if err != nil {
		f.refused.lie = true
		return nil, err
	}
	switch env.PayloadType {
	case notice.TypeNotice, notice.TypeKeyset, notice.TypeContacts:
	case notice.TypePosture, notice.TypeRedaction, notice.TypeHead, notice.TypeSession:
		f.refused.lie = true
		return nil, fmt.Errorf("%q is not for clients", env.PayloadType)
	default:
		return nil, nil // of a newer version
	}
	out := f.board.Fold(notice.Entry{Seq: e.Seq, Body: e.Envelope})
	if a := out.Accepted; a != nil {
		f.refused.due = true
		if a.Notice == nil {
			f.known[a.Hash] = struct{}{}
		} else {
			f.counts(a)
		}
		if env.PayloadType == notice.TypeKeyset {
			f.keyset.saw(a.Hash, e.Seq, true)
			f.heads.stands.refolded()
		}
		return f.report(out), nil
	}
	return nil, f.refuse(e, env, out.Err)
}

// refuse notes an entry that the board refused. Nil: it was held already.
func (f *feed) refuse(e wire.EntryFrame, env *notice.Envelope, err error) error {
	older := isOlder(err)
	if older && env.PayloadType == notice.TypeKeyset {
		f.keyset.saw(env.Hash(), e.Seq, false)
	}
	if f.repeats(env, err) {
		return nil
	}
	if !older {
		f.refused.keep(refusal{e, env.PayloadType == notice.TypeKeyset}, f.keyset)
	}
	return err
}

// doubt tells whether an entry of this session is still refused for no good reason.
func (f *feed) doubt() bool { return f.refused.doubt(f.keyset) }

// repeats tells whether an entry was refused because it, or what it brings, is held
// already: an ordinary thing in a snapshot.
func (f *feed) repeats(env *notice.Envelope, err error) bool {
	var broken *notice.RuleError
	if errors.As(err, &broken) && broken.Rule == "duplicate" {
		f.heads.repeated(env)
		return true
	}
	_, known := f.known[env.Hash()]
	return known
}

func (f *feed) report(out notice.Outcome) []Event {
	var events []Event
	if a := out.Accepted; a.Notice != nil {
		events = append(events, NoticeChanged{Change: f.changeBy(a), Message: a})
	} else if a.Envelope.PayloadType == notice.TypeContacts {
		events = append(events, ContactsChanged{f.board.Contacts()})
	} else {
		events = append(events, KeysetChanged{f.board.Keyset()})
	}
	for _, a := range out.Voided {
		events = append(events, f.refolded(ChangeVoid, a))
	}
	for _, a := range out.Revived {
		events = append(events, f.refolded(ChangeRevived, a))
	}
	return events
}

func (f *feed) refolded(change Change, a *notice.Accepted) Event {
	if a.Notice == nil {
		return ContactsChanged{f.board.Contacts()}
	}
	return NoticeChanged{Change: change, Message: a}
}

func (f *feed) changeBy(a *notice.Accepted) Change {
	switch a.Notice.MsgType {
	case notice.MsgAlert:
		return ChangeNew
	case notice.MsgCancel:
		return ChangeCancelled
	}
	if f.threadOf(a).Current == a {
		return ChangeUpdated
	}
	return ChangeOutdated
}

// threadOf is the thread of a message; zero if there is none.
func (f *feed) threadOf(a *notice.Accepted) notice.Thread {
	id, err := a.Notice.ThreadID()
	if err != nil {
		return notice.Thread{}
	}
	t, _ := f.board.Thread(id)
	return t
}

// state is what restore takes.
func (f *feed) state(now time.Time) State {
	s := State{Cursor: f.cursor.String(), Tier: f.reach.tier, Labels: f.reach.labels.Slice()}
	for _, a := range f.board.Snapshot(now) {
		s.Held = append(s.Held, Held{Seq: a.Seq, Body: a.Body})
	}
	return s
}

// signOut drops what is not for everyone, and returns it. What is left is folded
// anew, so that nothing of it stays in memory either. The cursor goes too: whoever
// signs in next is to be sent what was dropped.
func (f *feed) signOut(now time.Time) []Event {
	var dropped []Event
	entries, before := f.board.Snapshot(now), f.heads
	*f = *newFeed(f.trust, f.allowDev)
	for _, a := range entries {
		if a.Notice != nil && !isPublic(a.Notice) {
			dropped = append(dropped, NoticeChanged{Change: ChangeDropped, Message: a})
			continue
		}
		_, _ = f.fold(wire.EntryFrame{Seq: a.Seq, Envelope: a.Body}) // it held
	}
	f.heads.beacons, f.heads.good = before.beacons, before.good // nothing of a notice is in them
	return dropped
}

// isPublic tells whether anyone may see n without proving anything.
func isPublic(n *notice.Notice) bool {
	return n.Scope == notice.ScopePublic && n.Status != notice.StatusTest && !n.NamesProven()
}
