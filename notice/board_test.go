package notice_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// follow folds bodies behind what the board has; all must be accepted.
func follow(t testing.TB, b *notice.Board, bodies ...[]byte) []*notice.Accepted {
	t.Helper()
	var list []*notice.Accepted
	for _, body := range bodies {
		out := b.Fold(notice.Entry{Seq: b.Seq() + 1, Body: body})
		require.NoError(t, out.Err)
		list = append(list, out.Accepted)
	}
	return list
}

func TestEmptyBoard(t *testing.T) {
	b := notice.NewBoard(notice.Trust{}, false)
	require.Nil(t, b.Keyset())
	require.Nil(t, b.Contacts())
	require.Nil(t, b.Posture())
	require.Empty(t, b.Threads())
	require.Empty(t, b.Snapshot(time.Now()))
	require.Zero(t, b.Seq())
	require.False(t, b.Redacted(1))
	_, ok := b.Thread("x")
	require.False(t, ok)
	s := noticetest.NewStaff(t)
	require.Error(t, b.Fold(notice.Entry{Seq: 4, Body: s.Sign(s.Alert())}).Err)
	require.EqualValues(t, 4, b.Seq())
	require.Empty(t, b.WouldVoid(s.Keyset(1)))
	_, err := b.Try([]byte("x"))
	require.Equal(t, "json.syntax", ruleOf(t, err))
}

// Without pinned roots no keyset is ever taken: a forgotten trust is no open door.
func TestNoRootsNoKeyset(t *testing.T) {
	s := noticetest.NewStaff(t)
	for _, trust := range []notice.Trust{{}, {Threshold: 1}, {Roots: s.Trust().Roots}} {
		b := notice.NewBoard(trust, false)
		out := b.Fold(notice.Entry{Seq: 1, Body: s.SignKeyset(s.Keyset(1, noticetest.Roots(1, s.Stranger)), s.Stranger)})
		require.Error(t, out.Err, "%+v", trust)
		require.Nil(t, b.Keyset())
	}
}

func TestPhases(t *testing.T) {
	s := noticetest.NewStaff(t)
	s.Clock = func() time.Time { return logEpoch }
	b, alert := s.Board(), s.Alert()
	phase := func(at time.Time) notice.Phase {
		thread, ok := b.Thread(alert.Identifier)
		require.True(t, ok)
		return thread.Phase(at)
	}
	end := logEpoch.Add(2 * time.Hour)
	follow(t, b, s.Sign(alert))
	require.Equal(t, notice.Active, phase(end.Add(-time.Second)))
	require.Equal(t, notice.Over, phase(end))
	update := s.Update(alert, nil, noticetest.Expires(end.Add(time.Hour)))
	follow(t, b, s.Sign(update))
	require.Equal(t, notice.Active, phase(end))
	require.Equal(t, notice.Over, phase(end.Add(time.Hour)))
	follow(t, b, s.Sign(s.Cancel(alert, []*notice.Notice{update})))
	require.Equal(t, notice.Withdrawn, phase(logEpoch))
	require.Equal(t, notice.Withdrawn, phase(logEpoch.Add(notice.WithdrawnFor-time.Second)))
	require.Equal(t, notice.Over, phase(logEpoch.Add(notice.WithdrawnFor)))
}

func TestSnapshotHoldsWhatAClientNeeds(t *testing.T) {
	s := noticetest.NewStaff(t)
	s.Clock = func() time.Time { return logEpoch }
	b := s.Board()
	over := s.Alert(noticetest.Expires(logEpoch.Add(time.Minute)))
	shown, withdrawn := s.Alert(), s.Alert()
	list := follow(t, b,
		s.ContactsBody(1),
		s.Sign(over), s.Sign(shown), s.Sign(withdrawn), // 1, 2, 3
		s.SignKeyset(s.Keyset(2, noticetest.Roots(1, s.Root2)), s.Root, s.Root2),      // 4
		s.SignKeyset(s.Keyset(3, noticetest.Roots(1, s.Root2)), s.Root2),              // 5
		s.Sign(s.Update(shown, nil)),                                                  // 6
		s.SignKeyset(s.Keyset(4, noticetest.Roots(1, s.NewRoot)), s.Root2, s.NewRoot), // 7
		s.SignKeyset(s.Keyset(5, noticetest.Roots(1, s.NewRoot)), s.NewRoot),          // 8
		s.Sign(s.Cancel(withdrawn, nil)),                                              // 9
		s.PostureBody(&notice.Posture{Version: 1}),                                    // 10, for nodes only
		s.ContactsBody(2), // 11
	)
	hashes := func(entries []*notice.Accepted) (list [][32]byte) {
		for _, a := range entries {
			list = append(list, a.Hash)
		}
		return list
	}
	pick := func(indices ...int) (picked []*notice.Accepted) {
		for _, i := range indices {
			picked = append(picked, list[i])
		}
		return picked
	}
	after := logEpoch.Add(time.Hour)
	require.Equal(t, hashes(pick(4, 7, 8, 11, 2, 6, 3, 9)), hashes(b.Snapshot(after)))
	require.Equal(t, hashes(pick(4, 7, 8, 11, 1, 2, 6, 3, 9)), hashes(b.Snapshot(logEpoch.Add(10*time.Minute))), "just ended")
	require.Equal(t, hashes(pick(4, 7, 8, 11)), hashes(b.Snapshot(logEpoch.Add(25*time.Hour))))
}

// What the board handed out stays as it was, whatever is folded afterwards.
func TestWhatWasHandedOutDoesNotChange(t *testing.T) {
	s := noticetest.NewStaff(t)
	b, alert := s.Board(), s.Alert()
	ks := s.KeysetBody(2, s.With(s.Removed, notice.RoleApprover))
	list := follow(t, b, ks, s.Sign(alert, s.Publisher, s.Approver, s.Removed))
	before, _ := b.Thread(alert.Identifier)
	require.Len(t, list[1].Signers, 3)
	follow(t, b, s.Sign(s.Update(alert, nil)), s.KeysetBody(3), s.Sign(s.Cancel(alert, nil)))
	require.Len(t, before.Messages, 1)
	require.Same(t, list[1], before.Current)
	require.Len(t, list[1].Signers, 3)
	now, _ := b.Thread(alert.Identifier)
	require.Len(t, now.Alert.Signers, 2, "under the new keyset")
	_ = append(before.Messages, list[0])
	require.Equal(t, notice.MsgAlert, now.Messages[0].Notice.MsgType)
	require.Equal(t, notice.MsgUpdate, now.Messages[1].Notice.MsgType)
}

func TestAcceptedSaysWhoSigned(t *testing.T) {
	s := noticetest.NewStaff(t)
	b := s.Board()
	alert := s.Alert(noticetest.Note("Nobody else can be reached."))
	body := s.Sign(alert, s.BreakGlass)
	a := follow(t, b, body)[0]
	require.True(t, a.BreakGlass)
	require.Equal(t, []notice.Signer{{Owner: "safe-deposit", KeyID: s.BreakGlass.KeyID(), Role: notice.RolePublisher, BreakGlass: true}}, a.Signers)
	require.Equal(t, body, a.Body)
	require.Equal(t, a.Envelope.Hash(), a.Hash)
	require.Equal(t, alert, a.Notice)
	other := follow(t, b, s.Sign(s.Alert()), s.ContactsBody(1))
	require.False(t, other[0].BreakGlass)
	require.Nil(t, other[1].Notice)
	require.Len(t, other[1].Signers, 2)
}

// A keyset refolds what was accepted without verifying any signature again.
func BenchmarkRefold(b *testing.B) {
	s := noticetest.NewStaff(b)
	board := s.Board()
	for range 1000 {
		follow(b, board, s.Sign(s.Alert()))
	}
	version := int64(1)
	for b.Loop() {
		version++
		follow(b, board, s.KeysetBody(version))
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/1000, "µs/notice")
}

func BenchmarkFold(b *testing.B) {
	s := noticetest.NewStaff(b)
	board := s.Board()
	for b.Loop() {
		b.StopTimer()
		body := s.Sign(s.Alert())
		b.StartTimer()
		follow(b, board, body)
	}
}
