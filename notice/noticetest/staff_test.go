package noticetest_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// Whatever the kit makes by default, a board takes.
func TestKitIsAccepted(t *testing.T) {
	s := noticetest.NewStaff(t)
	alert := s.Alert(noticetest.Languages("en", "es"))
	update := s.Update(alert, nil)
	restricted := s.Alert(noticetest.Restricted("tenant:north"), noticetest.Severity(notice.SeverityMinor))
	private := s.Alert(noticetest.Private("subject:abc"))
	removed := s.Alert()
	bodies := [][]byte{
		s.Sign(alert), s.Sign(update), s.Sign(s.Cancel(alert, []*notice.Notice{update}), s.Publisher2),
		s.Sign(restricted), s.Sign(private),
		s.ContactsBody(1), s.PostureBody(&notice.Posture{Version: 1}),
		s.RedactionBody(5, s.Sign(restricted)),
		s.KeysetBody(2, s.With(s.Removed, notice.RolePublisher)), s.Sign(removed, s.Removed, s.Approver),
		s.KeysetBody(3),
	}
	b := s.Board()
	for i, body := range bodies {
		o := b.Fold(notice.Entry{Seq: uint64(i + 2), Body: body})
		require.NoError(t, o.Err, "entry %d", i)
	}
	require.Len(t, b.Threads(), 2)
	require.True(t, b.Redacted(5))
	require.EqualValues(t, 3, b.Keyset().Version)
}

func TestDevKeyset(t *testing.T) {
	s := noticetest.NewStaff(t)
	s.Dev = true
	require.True(t, s.Board().Keyset().Dev)
}
