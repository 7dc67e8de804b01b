package client

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/notice"
	"tocsin/notice/noticetest"
	"tocsin/wire"
)

// modelNode is a node as docs/protocol.md has it, without a connection: a board and
// what it would send.
type modelNode struct {
	board *notice.Board
	log   [][]byte
	heads []*notice.Head       // by place in the log, from 1
	sends [][]*notice.Accepted // by place in the log: the entry, if it holds, and what a refold has nodes send again
}

func (n *modelNode) append(body []byte) {
	n.log = append(n.log, body)
	out := n.board.Fold(notice.Entry{Seq: uint64(len(n.log)), Body: body})
	var sends []*notice.Accepted
	if out.Accepted != nil {
		sends = append([]*notice.Accepted{out.Accepted}, out.Resend...)
	}
	for i, before := range n.sends {
		n.sends[i] = slices.DeleteFunc(before, func(a *notice.Accepted) bool { return holds(out.Voided, a) })
	}
	n.sends = append(n.sends, sends)
	n.heads = append(n.heads, n.board.Head("0a1b2c3d", time.Now()))
}

// judged holds an honest node's client against what a desk signed: of now, which must fit,
// and of some time before, which must at least not look wrong.
func (n *modelNode) judged(t *rapid.T, f *feed) {
	judge := func(h *notice.Head) verdict {
		said, _ := h.Time.Time()
		f.heads.pending = &heard{notice.SignedHead{Head: *h, Said: said}, said}
		_, v := f.judge(said)
		return v
	}
	require.Equal(t, headFits, judge(n.heads[len(n.heads)-1]))
	require.NotEqual(t, headWrong, judge(rapid.SampledFrom(n.heads).Draw(t, "head")))
}

func holds(list []*notice.Accepted, a *notice.Accepted) bool {
	return slices.ContainsFunc(list, func(b *notice.Accepted) bool { return a.Hash == b.Hash })
}

func (n *modelNode) cursor() wire.Cursor {
	seq := len(n.log)
	return wire.Cursor{Epoch: "0a1b2c3d", Seq: uint64(seq), Hash: wire.EntryHash(n.log[seq-1])}
}

// since is what a session gets for the places behind seq.
func (n *modelNode) since(seq uint64, tier notice.Scope) []wire.EntryFrame {
	return visible(tier, slices.Concat(n.sends[seq:]...))
}

func (n *modelNode) snapshot(tier notice.Scope, now time.Time) []wire.EntryFrame {
	return visible(tier, n.board.Snapshot(now))
}

func visible(tier notice.Scope, entries []*notice.Accepted) []wire.EntryFrame {
	var frames []wire.EntryFrame
	for _, a := range entries {
		if a.Notice == nil || a.Notice.VisibleTo(tier, notice.NewLabels("tenant:north")) {
			frames = append(frames, wire.EntryFrame{Seq: a.Seq, Envelope: a.Body})
		}
	}
	return frames
}

// shown is what a board has to show, in any order.
func shown(b *notice.Board, now time.Time) []string {
	list := []string{}
	for _, t := range b.Threads() {
		if phase := t.Phase(now); phase != notice.Over {
			list = append(list, fmt.Sprintf("%s %x %d %t", t.Alert.Notice.Identifier, t.Current.Hash[:4], phase, t.Cancelled))
		}
	}
	slices.Sort(list)
	return list
}

// However often a client loses its connection, at whatever moment, whatever it was
// allowed to see at the time, and whether it comes back by replay or by snapshot: in
// the end it shows what the log says.
func TestFeedConverges(t *testing.T) {
	staff := noticetest.NewStaff(t)
	now := time.Now()
	staff.Clock = func() time.Time { return now }
	rapid.Check(t, func(t *rapid.T) {
		id := 0
		staff.NewID = func() string { id++; return fmt.Sprintf("0190a7c0-0000-7000-8000-%012d", id) }
		n := &modelNode{board: notice.NewBoard(staff.Trust(), false)}
		n.append(staff.KeysetBody(1, fewKeys(staff)))
		writer := &modelWriter{t: t, staff: staff, node: n, version: 1}
		f := newFeed(staff.Trust(), false)
		for range rapid.IntRange(1, 4).Draw(t, "sessions") {
			modelSession(t, f, n, writer, rapid.Bool().Draw(t, "restricted"), false)
		}
		modelSession(t, f, n, writer, true, true)
		require.Equal(t, shown(n.board, now), shown(f.board, now))
		require.Equal(t, n.board.Keyset().Version, f.board.Keyset().Version)
		keepsStandings(t, f)
	})
}

// However a node shuffles a snapshot, and repeats parts of it, it shows what the log says.
func TestFeedShuffled(t *testing.T) {
	staff := noticetest.NewStaff(t)
	now := time.Now()
	staff.Clock = func() time.Time { return now }
	rapid.Check(t, func(t *rapid.T) {
		id := 0
		staff.NewID = func() string { id++; return fmt.Sprintf("0190a7c0-0000-7000-8000-%012d", id) }
		n := &modelNode{board: notice.NewBoard(staff.Trust(), false)}
		n.append(staff.KeysetBody(1, fewKeys(staff)))
		writer := &modelWriter{t: t, staff: staff, node: n, version: 1}
		for range rapid.IntRange(1, 30).Draw(t, "entries") {
			writer.write()
		}
		entries := n.snapshot(notice.ScopePublic, now)
		entries = append(entries, entries[:rapid.IntRange(0, len(entries)).Draw(t, "repeated")]...)
		f := newFeed(staff.Trust(), false)
		f.begin()
		f.welcome(wire.Welcome{Tier: wire.TierPublic, Resume: wire.ResumeSnapshot})
		for _, e := range rapid.Permutation(entries).Draw(t, "order") {
			_, err := f.entry(e)
			require.NoError(t, err)
		}
		_, _, err := f.sync(n.cursor())
		require.NoError(t, err)
		honest := newFeed(staff.Trust(), false)
		for _, e := range entries {
			_, _ = honest.fold(e)
		}
		require.Equal(t, shown(honest.board, now), shown(f.board, now))
		keepsStandings(t, f)
	})
}

// What is held already counts once a node says that the log has it. What it repeats then
// costs no look at all threads, however often.
func TestFeedRepeats(t *testing.T) {
	staff := noticetest.NewStaff(t)
	f := newFeed(staff.Trust(), false)
	keyset := wire.EntryFrame{Seq: 1, Envelope: staff.KeysetBody(1)}
	alert := wire.EntryFrame{Seq: 2, Envelope: staff.Sign(staff.Alert())}
	session := func(entries ...wire.EntryFrame) {
		f.begin()
		f.welcome(wire.Welcome{Tier: wire.TierPublic, Resume: wire.ResumeSnapshot})
		f.staged = entries
		_, _, err := f.sync(wire.Cursor{Epoch: "0a1b2c3d", Seq: 2})
		require.NoError(t, err)
	}
	repeat := func() {
		events, err := f.entry(alert)
		require.NoError(t, err)
		require.Empty(t, events)
	}
	session(keyset, alert)
	require.Len(t, f.standing(), 1)
	session(keyset)
	require.Empty(t, f.standing())
	repeat()
	require.Len(t, f.standing(), 1)
	before := &f.standing()[0]
	for range 3 {
		repeat()
		require.Same(t, before, &f.standing()[0], "as it was made before")
	}
}

// keepsStandings requires what a look at all threads finds.
func keepsStandings(t *rapid.T, f *feed) {
	var anew standings
	require.True(t, slices.EqualFunc(anew.now(f.board, f.heads.counted), f.standing(), sameStanding))
}

// modelSession feeds f what one connection brings, perhaps cut short.
func modelSession(t *rapid.T, f *feed, n *modelNode, writer *modelWriter, restricted, whole bool) {
	scope, terms := notice.ScopePublic, wire.Welcome{Tier: wire.TierPublic}
	if restricted {
		scope, terms = notice.ScopeRestricted, wire.Welcome{Tier: wire.TierRestricted, Labels: []string{"tenant:north"}}
	}
	cursor := f.begin()
	terms.Resume = wire.ResumeSnapshot
	entries := n.snapshot(scope, writer.staff.Clock())
	if !cursor.IsZero() && rapid.Bool().Draw(t, "replay") {
		terms.Resume, entries = wire.ResumeReplay, n.since(cursor.Seq, scope)
	}
	if !f.welcome(terms) {
		modelSession(t, f, n, writer, restricted, whole)
		return
	}
	for _, e := range entries {
		if !whole && rapid.IntRange(0, 9).Draw(t, "cut") == 0 {
			return
		}
		events, err := f.entry(e)
		require.NoError(t, err)
		require.Empty(t, events)
		if rapid.IntRange(0, 9).Draw(t, "heartbeat") == 0 {
			require.NoError(t, f.reached(n.cursor())) // no honest node would yet
		}
	}
	_, primed, err := f.sync(n.cursor())
	require.NoError(t, err, "an honest node is believed")
	require.False(t, primed)
	n.judged(t, f)
	for range rapid.IntRange(0, 4).Draw(t, "live") {
		at := n.cursor().Seq
		writer.write()
		for _, e := range n.since(at, scope) {
			if !whole && rapid.IntRange(0, 9).Draw(t, "cut") == 0 {
				return
			}
			events, err := f.entry(e)
			require.NoError(t, err)
			writer.believed(events)
		}
		if rapid.Bool().Draw(t, "heartbeat") {
			require.NoError(t, f.reached(n.cursor()))
			n.judged(t, f)
		}
	}
	for range rapid.IntRange(0, 3).Draw(t, "meanwhile") {
		if !whole {
			writer.write()
		}
	}
}

// fewKeys leaves out whom the model does not need; checking a key takes a while.
func fewKeys(s *noticetest.Staff) func(*notice.Keyset) {
	return noticetest.Without(s.PublisherSpare, s.Publisher2, s.Contacts, s.Contacts2, s.Operator, s.Operator2, s.Beacon, s.BreakGlass)
}

// modelWriter puts random entries into the log.
type modelWriter struct {
	t       *rapid.T
	staff   *noticetest.Staff
	node    *modelNode
	version int64
	threads [][]*notice.Notice
}

// believed checks that an honest node is not taken for a liar. (In a replay, it may
// be: what stood before a keyset that the client has already is void by now.)
func (w *modelWriter) believed(events []Event) {
	for _, e := range events {
		rejected, ok := e.(Rejected)
		require.False(w.t, ok, "%v", rejected.Err)
	}
}

func (w *modelWriter) write() {
	s := w.staff
	kind := rapid.IntRange(0, 9).Draw(w.t, "write")
	if kind >= 4 && kind <= 8 && len(w.threads) == 0 {
		kind = 0
	}
	switch {
	case kind <= 2:
		alert := s.Alert()
		if kind == 1 {
			alert = s.Alert(noticetest.Restricted("tenant:north"))
		}
		w.threads = append(w.threads, []*notice.Notice{alert})
		w.sign(alert)
	case kind == 3:
		w.node.append(s.Sign(s.Alert(), s.Stranger, s.Approver))
	case kind <= 8:
		i := rapid.IntRange(0, len(w.threads)-1).Draw(w.t, "thread")
		thread := w.threads[i]
		next := s.Update(thread[0], thread[1:])
		if kind == 8 {
			next = s.Cancel(thread[0], thread[1:])
		}
		w.threads[i] = append(thread, next)
		w.sign(next)
	default:
		w.version++
		edits := []func(*notice.Keyset){fewKeys(s)}
		if rapid.Bool().Draw(w.t, "remove a key") {
			edits = append(edits, noticetest.Without(s.Approver))
		}
		w.node.append(s.KeysetBody(w.version, edits...))
	}
}

// sign appends n, signed by either of two approvers, one of whom comes and goes.
func (w *modelWriter) sign(n *notice.Notice) {
	approver := w.staff.Approver2
	if rapid.Bool().Draw(w.t, "which approver") {
		approver = w.staff.Approver
	}
	w.node.append(w.staff.Sign(n, w.staff.Publisher, approver))
}
