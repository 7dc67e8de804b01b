package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/client"
	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// Nothing is redacted that keeps a notice from showing again.
func TestWhatMayBeRedacted(t *testing.T) {
	t.Parallel()
	s := noticetest.NewStaff(t)
	at := time.Now()
	later, over := noticetest.Expires(at.Add(time.Hour)), noticetest.Expires(at.Add(-time.Minute))
	sent := noticetest.Sent(at.Add(-time.Hour))
	alert, ended := s.Alert(sent, later), s.Alert(sent, over)
	const first, second, third = 2, 3, 4 // places in the log
	for name, c := range map[string]struct {
		thread   []*notice.Notice
		may, not []uint64
	}{
		"nothing shown":      {nil, []uint64{first}, nil},
		"an Alert":           {[]*notice.Notice{alert}, []uint64{first}, nil},
		"withdrawn":          {[]*notice.Notice{alert, s.Cancel(alert, nil)}, []uint64{first}, []uint64{second}},
		"withdrawn, over":    {[]*notice.Notice{ended, s.Cancel(ended, nil)}, []uint64{first, second}, nil},
		"ended by an Update": {[]*notice.Notice{alert, s.Update(alert, nil, sent, over)}, []uint64{first}, []uint64{second}},
		"an Update, withdrawn": {[]*notice.Notice{
			alert, s.Update(alert, nil, sent, over), s.Cancel(alert, nil),
		}, []uint64{first, second, third}, nil},
	} {
		var thread client.Thread
		for i, n := range c.thread {
			thread.Messages = append(thread.Messages, client.Message{Seq: first + uint64(i), Revision: i, Envelope: s.Sign(n)})
		}
		for _, seq := range c.may {
			require.NoError(t, mayGo(thread, seq), "%s: %d", name, seq)
		}
		for _, seq := range c.not {
			require.ErrorIs(t, mayGo(thread, seq), errNotDone, "%s: %d", name, seq)
		}
	}
}

// Of an Alert it counts until when somebody who was away could see it, with all that is behind it.
func TestWhenANoticeRunsOut(t *testing.T) {
	t.Parallel()
	s := noticetest.NewStaff(t)
	at := time.Now().Truncate(time.Second)
	sent := noticetest.Sent(at.Add(-time.Hour))
	alert := s.Alert(sent, noticetest.Expires(at.Add(time.Hour)))
	update := s.Update(alert, nil, sent, noticetest.Expires(at.Add(2*time.Hour)))
	var thread client.Thread
	for i, n := range []*notice.Notice{alert, update, s.Cancel(alert, nil)} {
		thread.Messages = append(thread.Messages, client.Message{Seq: 2 + uint64(i), Revision: i, Envelope: s.Sign(n)})
	}
	require.True(t, runsOut(thread, 2).Equal(at.Add(2*time.Hour)))
	require.Zero(t, runsOut(thread, 3))
	require.Zero(t, runsOut(client.Thread{}, 2))
}
