package hub

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// A node whose keyset names a beacon, and that gets no heads, says so once. (Run waits
// for sockets, which keep a bubble's time from passing; so the watch runs alone.)
func TestMissingHeadsAreAnAlarm(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		staff := noticetest.NewStaff(t)
		var log safeLog
		authority, err := auth.New(auth.Config{})
		require.NoError(t, err)
		h, err := New(Config{Trust: staff.Trust(), Authority: authority, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		require.NoError(t, err)
		board := notice.NewBoard(staff.Trust(), false)
		entry := func(body []byte) {
			e := notice.Entry{Seq: board.Seq() + 1, Body: body}
			board.Fold(e)
			h.Entry(e)
		}
		head := func() {
			body, err := notice.SignHead(board.Head("0a1b2c3d", time.Now()), staff.Beacon)
			require.NoError(t, err)
			h.Head(body)
		}
		var watch sync.WaitGroup
		ctx, cancel := context.WithCancel(t.Context())
		watch.Go(func() { h.watchHeads(ctx) })
		defer func() { cancel(); watch.Wait() }()
		h.Begin("0a1b2c3d")
		entry(staff.KeysetBody(1))
		h.Source(Source{Live: true, Head: 1, Checked: time.Now()})
		const missing, back = "no signed head", "signed heads come again"
		for range 6 {
			time.Sleep(10 * time.Second)
			head()
		}
		require.NotContains(t, log.String(), missing)
		require.True(t, h.State().Beacon)
		require.Zero(t, h.State().HeadAge)
		time.Sleep(51 * time.Second)
		require.Equal(t, 1, strings.Count(log.String(), missing))
		require.Equal(t, 51*time.Second, h.State().HeadAge)
		time.Sleep(time.Hour)
		require.Equal(t, 1, strings.Count(log.String(), missing))
		head()
		time.Sleep(6 * time.Second)
		require.Equal(t, 1, strings.Count(log.String(), back))

		h.Begin("ffffffff") // another log: its heads are awaited from now on
		board = notice.NewBoard(staff.Trust(), false)
		entry(staff.KeysetBody(1))
		h.Source(Source{Live: true, Head: 1, Checked: time.Now()})
		require.True(t, h.State().HeadCame.IsZero())
		require.Zero(t, h.State().HeadAge)
		time.Sleep(40 * time.Second)
		require.Equal(t, 1, strings.Count(log.String(), missing))

		entry(staff.KeysetBody(2, noticetest.Without(staff.Beacon)))
		time.Sleep(time.Hour)
		require.Equal(t, 1, strings.Count(log.String(), missing))
		require.False(t, h.State().Beacon)
		require.Zero(t, h.State().HeadAge)
	})
}

// safeLog keeps what is logged.
type safeLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *safeLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *safeLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// What is no head takes nothing from the rate at which heads are looked at: who has an
// edge's credentials can have NATS send its own answers here, as many as it likes.
func TestAnswersAreNoHeads(t *testing.T) {
	h, staff := still(t, 16)
	answer := []byte(`{"type":"io.nats.jetstream.api.v1.stream_msg_get_response","message":{"subject":"tocsin.log.keyset","seq":1}}`)
	now := time.Now()
	for range 100 * maxHeadRate {
		require.Equal(t, headRefused, h.takeHead(answer, now))
	}
	require.Equal(t, headRefused, h.takeHead([]byte(strings.Repeat(" ", notice.MaxHead+1)), now))
	board := notice.NewBoard(staff.Trust(), false)
	board.Fold(notice.Entry{Seq: 1, Body: staff.KeysetBody(1)})
	head, err := notice.SignHead(board.Head("00c0ffee", now), staff.Beacon)
	require.NoError(t, err)
	require.Equal(t, string(notice.HeadAdvances), h.takeHead(head, now))
}
