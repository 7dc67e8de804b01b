package notice_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// world draws a log of all kinds of entries, good and bad, and folds it.
type world struct {
	*noticetest.Staff
	*rapid.T
	board    *notice.Board
	now      time.Time
	version  int64
	orderly  bool // a desk admits: nothing follows a thread that is over, and one threshold fits all
	alerts   []*notice.Notice
	messages []*notice.Notice
	bodies   [][]byte
	accepted []notice.Entry
	last     notice.Outcome
}

func newWorld(t *testing.T, rt *rapid.T, orderly bool) *world {
	w := &world{Staff: noticetest.NewStaff(t), T: rt, now: logEpoch, orderly: orderly}
	w.Clock = func() time.Time { return w.now }
	w.board = notice.NewBoard(w.Trust(), false)
	w.fold(w.KeysetBody(w.nextVersion(), w.small()))
	return w
}

// small leaves out the keys that no entry of a world is signed with, which cost time.
func (w *world) small() func(*notice.Keyset) {
	return noticetest.Without(w.Operator, w.Operator2, w.Beacon, w.BreakGlass)
}

func (w *world) nextVersion() int64 { w.version++; return w.version }

func (w *world) fold(body []byte) {
	if w.orderly && w.followsEnded(body) {
		return
	}
	e := notice.Entry{Seq: w.board.Seq() + 1, Body: body}
	w.last = w.board.Fold(e)
	w.bodies = append(w.bodies, body)
	if w.last.Verdict == notice.VerdictAccepted {
		w.accepted = append(w.accepted, e)
	}
}

// followsEnded tells whether body is an Update or Cancel of a thread that is over.
func (w *world) followsEnded(body []byte) bool {
	e, err := notice.ParseEnvelope(body)
	if err != nil || e.PayloadType != notice.TypeNotice {
		return false
	}
	n, err := notice.Decode(e.Payload)
	if err != nil {
		return false
	}
	id, _ := n.ThreadID()
	t, ok := w.board.Thread(id)
	return ok && t.Phase(w.now) == notice.Over
}

// step appends one random entry.
func (w *world) step() {
	switch rapid.IntRange(0, 19).Draw(w.T, "kind") {
	case 0, 1:
		w.fold(w.randomKeyset(w.nextVersion()))
	case 2:
		w.fold(w.SignContacts(w.Cards(rapid.Int64Range(1, 6).Draw(w.T, "contacts")), w.signers()...))
	case 3, 4: // something that was there before
		w.fold(w.bodies[w.pick("replay", len(w.bodies))])
	case 5: // a changed byte
		body := bytes.Clone(w.bodies[w.pick("tamper", len(w.bodies))])
		body[rapid.IntRange(0, len(body)-1).Draw(w.T, "at")] ^= 1
		w.fold(body)
	case 6, 7, 8: // signed again, by others
		if len(w.messages) > 0 {
			w.fold(w.Sign(w.messages[w.pick("again", len(w.messages))], w.signers()...))
		}
	default:
		w.message()
	}
}

func (w *world) message() {
	severity := rapid.SampledFrom([]notice.Severity{"Severe", "Minor"}).Draw(w.T, "severity")
	edits := []noticetest.Edit{noticetest.Severity(severity)}
	if rapid.IntRange(0, 9).Draw(w.T, "over") == 0 { // ended an hour ago
		edits = append(edits, noticetest.Sent(w.now.Add(-2*time.Hour)), noticetest.Expires(w.now.Add(-time.Hour)))
	}
	if rapid.IntRange(0, 4).Draw(w.T, "linked") == 0 {
		edits = append(edits, func(n *notice.Notice) { n.Info[0].Web = "https://clinic.example/" })
	}
	if len(w.alerts) == 0 || rapid.IntRange(0, 3).Draw(w.T, "alert") == 0 {
		if rapid.Bool().Draw(w.T, "staff") {
			edits = append(edits, noticetest.Addressed("group:staff"))
		}
		n := w.Alert(edits...)
		w.alerts, w.messages = append(w.alerts, n), append(w.messages, n)
		w.fold(w.Sign(n, w.signers()...))
		return
	}
	alert := w.alerts[w.pick("thread", len(w.alerts))]
	earlier := w.earlier(alert)
	n := w.Update(alert, earlier, edits...)
	if rapid.IntRange(0, 3).Draw(w.T, "cancel") == 0 {
		n = w.Cancel(alert, earlier)
	}
	w.messages = append(w.messages, n)
	w.fold(w.Sign(n, w.signers()...))
}

// earlier draws some of the thread's messages, so that revisions tie and skip.
func (w *world) earlier(alert *notice.Notice) []*notice.Notice {
	var list []*notice.Notice
	for _, m := range w.messages {
		if len(m.References) > 0 && m.References[0] == alert.Reference() && rapid.Bool().Draw(w.T, "knows") {
			list = append(list, m)
		}
	}
	return list
}

// signers draws 0 to 4 keys, mostly enough.
func (w *world) signers() []*notice.PrivateKey {
	keys := []*notice.PrivateKey{
		w.Publisher, w.Approver, w.Contacts, w.Contacts2, w.PublisherSpare, w.Publisher2, w.Approver2, w.Removed, w.Stranger,
	}
	if rapid.Bool().Draw(w.T, "well signed") {
		return append(keys[:4:4], keys[4+w.pick("another", len(keys)-4)])
	}
	return w.some("keys", keys, 1, 3)
}

// pick draws an index; drawing the values would fill the screen when a test fails.
func (w *world) pick(what string, n int) int { return rapid.IntRange(0, n-1).Draw(w.T, what) }

// some draws a few of the keys.
func (w *world) some(what string, keys []*notice.PrivateKey, least, most int) []*notice.PrivateKey {
	var drawn []*notice.PrivateKey
	for _, i := range rapid.SliceOfNDistinct(rapid.IntRange(0, len(keys)-1), least, most, rapid.ID).Draw(w.T, what) {
		drawn = append(drawn, keys[i])
	}
	return drawn
}

func (w *world) randomKeyset(version int64) []byte {
	removable := []*notice.PrivateKey{w.Publisher, w.Approver, w.Contacts, w.Publisher2}
	gone := w.some("gone", removable, 0, 2)
	edits := []func(*notice.Keyset){w.small(), noticetest.Without(gone...)}
	if rapid.Bool().Draw(w.T, "with") {
		edits = append(edits, w.With(w.Removed, notice.RolePublisher, notice.RoleContacts))
	}
	if rapid.Bool().Draw(w.T, "no links") {
		edits = append(edits, func(ks *notice.Keyset) { ks.Policy.LinkHosts = nil })
	}
	if !w.orderly && rapid.Bool().Draw(w.T, "mild") {
		edits = append(edits, noticetest.Thresholds(notice.Thresholds{BySeverity: map[notice.Severity]int{"Minor": 1}}))
	}
	keys := []*notice.PrivateKey{w.Root}
	if rapid.IntRange(0, 3).Draw(w.T, "roots") == 0 { // rotate there and back
		edits = append(edits, noticetest.Roots(1, w.Root, w.Root2))
		keys = append(keys, w.Root2)
	}
	return w.SignKeyset(w.Keyset(version, edits...), keys...)
}

// visible is what a reader of the board is shown.
func (w *world) visible(b *notice.Board) map[string]threadVector {
	shown, all := map[string]threadVector{}, describe(b, 0).Threads
	for i, t := range b.Threads() {
		if t.Phase(w.now) != notice.Over {
			shown[t.Alert.Notice.Identifier] = all[i]
		}
	}
	return shown
}

func (w *world) requireSame(want, got *notice.Board) {
	w.Helper()
	require.Equal(w, want.Keyset(), got.Keyset())
	require.Equal(w, want.Contacts(), got.Contacts())
	require.Equal(w, w.visible(want), w.visible(got))
}

// A client that folds the snapshot shows what one that folded the log shows, under
// whatever came before, and every entry of the snapshot holds with it.
func TestSnapshotReachesTheSameBoard(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, rt, false)
		for range rapid.IntRange(1, 20).Draw(rt, "steps") {
			w.step()
		}
		client := notice.NewBoard(w.Trust(), false)
		for _, a := range w.board.Snapshot(w.now) {
			require.NoError(rt, client.Fold(notice.Entry{Seq: a.Seq, Body: a.Body}).Err)
		}
		w.requireSame(w.board, client)
	})
}

// What was refused leaves no trace: the accepted entries alone make the same board.
func TestRefusedEntriesLeaveNoTrace(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, rt, false)
		for range rapid.IntRange(1, 20).Draw(rt, "steps") {
			w.step()
		}
		again := notice.NewBoard(w.Trust(), false)
		for _, e := range w.accepted {
			require.NoError(rt, again.Fold(e).Err)
		}
		require.Equal(rt, describe(w.board, 0), describe(again, 0))
	})
}

// A client that came by snapshot and then follows what the node accepts, and what
// a refold makes the node send again, stays with the node.
func TestFollowingStaysWithTheNode(t *testing.T) {
	type shown struct {
		current   string
		cancelled bool
	}
	of := func(w *world, b *notice.Board) map[string]shown {
		all := map[string]shown{}
		for id, v := range w.visible(b) {
			all[id] = shown{v.Current, v.Cancelled}
		}
		return all
	}
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, rt, true)
		for range rapid.IntRange(1, 12).Draw(rt, "before") {
			w.step()
		}
		client := notice.NewBoard(w.Trust(), false)
		receive := func(entries ...*notice.Accepted) {
			for _, a := range entries {
				client.Fold(notice.Entry{Seq: a.Seq, Body: a.Body})
			}
		}
		receive(w.board.Snapshot(w.now)...)
		for range rapid.IntRange(1, 12).Draw(rt, "after") {
			w.last = notice.Outcome{}
			w.step()
			if w.last.Accepted != nil {
				receive(w.last.Accepted)
				receive(w.last.Resend...)
			}
			require.Equal(rt, of(w, w.board), of(w, client))
			require.Equal(rt, w.board.Contacts(), client.Contacts())
		}
	})
}

// WouldVoid says beforehand what a keyset voids, and a keyset that changes nothing
// voids and revives nothing.
func TestWouldVoidForetells(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, rt, false)
		for range rapid.IntRange(1, 15).Draw(rt, "steps") {
			w.step()
		}
		before := describe(w.board, 0)
		body := w.randomKeyset(w.nextVersion())
		e, err := notice.ParseEnvelope(body)
		require.NoError(rt, err)
		ks, err := notice.DecodeKeyset(e.Payload)
		require.NoError(rt, err)
		foretold := w.board.WouldVoid(ks)
		require.Equal(rt, before, describe(w.board, 0), "WouldVoid changes nothing")
		w.fold(body)
		if w.last.Verdict != notice.VerdictAccepted { // signed by too few of changed roots
			return
		}
		require.Equal(rt, seqs(foretold), seqs(w.last.Voided))

		after := describe(w.board, 0)
		ks.Version = w.nextVersion()
		w.fold(w.SignKeyset(ks, w.Root, w.Root2))
		require.NoError(rt, w.last.Err)
		require.Empty(rt, w.last.Voided)
		require.Empty(rt, w.last.Revived)
		after.KeysetVersion = ks.Version
		require.Equal(rt, after, describe(w.board, 0))
	})
}

func seqs(entries []*notice.Accepted) []uint64 {
	var list []uint64
	for _, a := range entries {
		list = append(list, a.Seq)
	}
	return list
}
