package desk_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/desk"
	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// headOffice is a desk in a bubble, whose log the test writes, and who is told its heads.
type headOffice struct {
	t     *testing.T
	staff *noticetest.Staff
	desk  *desk.Desk
	log   *lines
	seq   uint64
	off   atomic.Int64 // the desk's clock is so many nanoseconds ahead

	mu    sync.Mutex
	heads [][]byte
	away  bool // nobody takes them
}

func (o *headOffice) PublishHead(head []byte) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.away {
		return errors.New("away")
	}
	o.heads = append(o.heads, head)
	return nil
}

// nowhere is a log and a store that are away: what these tests do needs neither.
type nowhere struct{ desk.Log }

func (nowhere) Available(context.Context) error { return desk.ErrUnavailable }
func (nowhere) Get(context.Context, string) (desk.Item, error) {
	return desk.Item{}, desk.ErrUnavailable
}
func (nowhere) List(context.Context) ([]desk.Item, error)    { return nil, desk.ErrUnavailable }
func (nowhere) Delete(context.Context, string, uint64) error { return desk.ErrUnavailable }
func (nowhere) Put(context.Context, string, []byte, uint64) (uint64, error) {
	return 0, desk.ErrUnavailable
}

func newHeadOffice(t *testing.T, edits ...func(*notice.Keyset)) *headOffice {
	o := &headOffice{t: t, staff: noticetest.NewStaff(t), log: new(lines)}
	journal, err := desk.OpenJournal(t.TempDir())
	require.NoError(t, err)
	o.desk, err = desk.New(desk.Config{
		Trust: o.staff.Trust(), Log: nowhere{}, Proposals: nowhere{}, Recorder: journal, Keyring: auth.NewKeyring(),
		Beacon: o.staff.Beacon, Heads: o, Now: func() time.Time { return time.Now().Add(time.Duration(o.off.Load())) }, Logger: o.log.logger(),
	})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = o.desk.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
		require.NoError(t, journal.Close())
	})
	o.desk.Begin("0a1b2c3d")
	o.entry(o.staff.KeysetBody(1, edits...))
	return o
}

func (o *headOffice) entry(body []byte) {
	o.seq++
	o.desk.Entry(notice.Entry{Seq: o.seq, Body: body})
}

// source says that the log's end is at head.
func (o *headOffice) source(live bool, head uint64) {
	o.desk.Source(desk.Source{Live: live, Head: head, Checked: time.Now()})
	synctest.Wait()
}

// take returns the heads since it was last called, verified.
func (o *headOffice) take() (heads []notice.SignedHead) {
	o.t.Helper()
	synctest.Wait()
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, body := range o.heads {
		h, err := notice.VerifyHead(body, o.staff.Keyset(1))
		require.NoError(o.t, err)
		heads = append(heads, h)
	}
	o.heads = nil
	return heads
}

// Threads are counted once a minute, and when something was folded.
func TestActiveThreadsAreCountedSeldom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newHeadOffice(t)
		requireActive := func(want int) {
			t.Helper()
			keyset, active := o.desk.Board()
			require.EqualValues(t, 1, keyset.Version)
			require.Equal(t, want, active)
		}
		requireActive(0)
		alert := o.staff.Alert()
		o.entry(o.staff.Sign(alert))
		requireActive(1)
		expires, err := alert.Info[0].Expires.Time()
		require.NoError(t, err)
		time.Sleep(time.Until(expires) - 30*time.Second)
		requireActive(1)
		time.Sleep(59 * time.Second)
		requireActive(1)
		time.Sleep(time.Second)
		requireActive(0)
		o.off.Store(-int64(time.Minute)) // a clock that was set back
		requireActive(1)
		o.desk.Begin("ffffffff")
		_, active := o.desk.Board()
		require.Zero(t, active)
	})
}

func TestHeadsEveryTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newHeadOffice(t)
		time.Sleep(time.Minute)
		require.Empty(t, o.take(), "before its log is live")
		o.source(true, 2)
		time.Sleep(time.Minute)
		require.Empty(t, o.take(), "before it has folded to the end")
		alert := o.staff.Alert()
		o.entry(o.staff.Sign(alert))
		began := time.Now()
		time.Sleep(time.Minute)
		heads := o.take()
		require.Len(t, heads, 7)
		board := notice.NewBoard(o.staff.Trust(), false)
		board.Fold(notice.Entry{Seq: 1, Body: o.staff.KeysetBody(1)})
		board.Fold(notice.Entry{Seq: 2, Body: o.staff.Sign(alert)})
		for i, h := range heads {
			require.Equal(t, *board.Head("0a1b2c3d", began.Add(time.Duration(i)*10*time.Second)), h.Head)
		}
		o.entry(o.staff.Sign(o.staff.Cancel(alert, nil), o.staff.Publisher))
		time.Sleep(10 * time.Second)
		heads = o.take()
		require.Len(t, heads, 1)
		require.Equal(t, uint64(3), heads[0].Seq)
		require.Equal(t, notice.BoardHash(nil, time.Now()), heads[0].Board)

		o.source(false, 3)
		time.Sleep(time.Minute)
		require.Empty(t, o.take(), "while its source is not live")
		for range 20 { // a source that comes and goes makes no more of them
			o.source(true, 3)
			o.source(false, 3)
			time.Sleep(time.Second)
		}
		require.LessOrEqual(t, len(o.take()), 3)
		o.source(true, 3)
		time.Sleep(30 * time.Second)
		require.InDelta(t, 4, len(o.take()), 1)
		o.desk.Begin("ffffffff")
		time.Sleep(time.Minute)
		require.Empty(t, o.take(), "of a log that it has not read")
	})
}

func TestHeadsAndClocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newHeadOffice(t)
		o.source(true, 1)
		last := o.take()[0].Said
		for _, step := range []struct {
			set    time.Duration // the clock, by so much
			passed time.Duration // in heads
		}{
			{0, 10 * time.Second}, {-59 * time.Second, 10 * time.Second}, {0, 10 * time.Second}, {0, 10 * time.Second}, {0, 10 * time.Second},
			{time.Hour, time.Hour - 49*time.Second}, {-time.Hour, -time.Hour + 10*time.Second}, {0, 10 * time.Second},
		} {
			o.off.Add(int64(step.set))
			time.Sleep(10 * time.Second)
			heads := o.take()
			require.Len(t, heads, 1)
			require.InDelta(t, step.passed, heads[0].Said.Sub(last), float64(2*time.Second))
			last = heads[0].Said
		}
		require.Contains(t, o.log.String(), "the clock was set back")
	})
}

// hears has a client hear what is signed within the next ten seconds.
func (o *headOffice) hears(client *notice.Beacons) (notice.Progress, time.Duration) {
	o.t.Helper()
	time.Sleep(10 * time.Second)
	heads := o.take()
	require.NotEmpty(o.t, heads)
	return client.Hear(heads[len(heads)-1], o.staff.Keyset(1), time.Now())
}

// When the clock is set back, heads either come as before, or later than is forgiven, and are then
// believed anew. What lies between would be forgiven, and vouch for a moment each, for days.
func TestHeadsOfAClockSetBack(t *testing.T) {
	for _, step := range []time.Duration{5, 20, 30, 31, 40, 45, 59, 61, 90} {
		synctest.Test(t, func(t *testing.T) {
			o, client := newHeadOffice(t), new(notice.Beacons)
			o.source(true, 1)
			o.hears(client)
			o.off.Add(-int64(step * time.Second))
			for range 20 {
				progress, lag := o.hears(client)
				require.Equal(t, step <= 60, progress == notice.HeadAdvances, "%ds", step)
				require.LessOrEqual(t, lag, 2*time.Second)
			}
		})
	}
}

// Heads that are ahead of the clock let it catch up, unseen by clients: or they would go back when the
// desk is started again.
func TestHeadsLetTheClockCatchUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o, client := newHeadOffice(t), new(notice.Beacons)
		o.source(true, 1)
		o.hears(client)
		o.off.Add(-int64(2 * time.Second))
		o.hears(client)
		o.source(false, 1)
		time.Sleep(6 * time.Hour)
		o.source(true, 1)
		head := o.take()[0]
		require.WithinDuration(t, time.Now().Add(-2*time.Second), head.Said, time.Second)
		progress, lag := client.Hear(head, o.staff.Keyset(1), time.Now())
		require.Equal(t, notice.HeadAdvances, progress)
		require.LessOrEqual(t, lag, time.Second)
	})
}

// A key that is no beacon signs nothing that anybody believes: the desk says so, once.
func TestHeadsOfAKeyThatIsNoBeacon(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := newHeadOffice(t, noticetest.Without(noticetest.NewStaff(t).Beacon))
		o.source(true, 1)
		time.Sleep(time.Minute)
		require.Empty(t, o.take())
		require.Contains(t, o.log.String(), "no heads: the keyset does not name --beacon-key")
		require.Equal(t, desk.Signing{KeyID: o.staff.Beacon.KeyID()}, o.desk.Signing())
		o.entry(o.staff.KeysetBody(2))
		require.True(t, o.desk.Signing().Listed)
		o.source(true, 2)
		time.Sleep(10 * time.Second)
		require.NotEmpty(t, o.take())
		last := o.desk.Signing().Last
		require.WithinDuration(t, time.Now(), last, 10*time.Second)
		o.mu.Lock()
		o.away = true
		o.mu.Unlock()
		time.Sleep(time.Minute)
		require.Empty(t, o.take())
		require.Contains(t, o.log.String(), "the broker did not take one")
		require.Less(t, o.desk.Signing().Last.Sub(last), 10*time.Second+1)
		o.entry(o.staff.KeysetBody(3, noticetest.Without(o.staff.Beacon)))
		require.False(t, o.desk.Signing().Listed)
	})
}
