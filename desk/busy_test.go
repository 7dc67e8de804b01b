package desk_test

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/desk"
	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// slowDisk takes its time for each record and each entry, one after the other, whether anybody
// waits for it or not.
type slowDisk struct {
	nowhere
	*desk.Journal
	takes time.Duration
	desk  *desk.Desk

	busy chan struct{} // held by who writes
	seq  uint64
}

func (d *slowDisk) write() (done func()) {
	d.busy <- struct{}{}
	time.Sleep(d.takes)
	return func() { <-d.busy }
}

func (*slowDisk) Available(context.Context) error { return nil }

func (d *slowDisk) Record(ctx context.Context, r desk.Record) error {
	defer d.write()()
	return d.Journal.Record(ctx, r)
}

func (d *slowDisk) Append(ctx context.Context, _ string, body []byte, after uint64) (uint64, error) {
	if ctx.Err() != nil {
		return 0, desk.ErrUnavailable
	}
	defer d.write()()
	if after != d.seq {
		return 0, desk.ErrConflict
	}
	d.seq++
	d.desk.Entry(notice.Entry{Seq: d.seq, Body: body})
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	return d.seq, nil
}

// More is signed than a slow disk takes: what it takes is published all the same, and the others
// are told, rather than that all wait until it is too late for any of them.
func TestMoreThanTheDiskTakes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		staff := noticetest.NewStaff(t)
		journal, err := desk.OpenJournal(t.TempDir())
		require.NoError(t, err)
		disk := &slowDisk{Journal: journal, takes: 200 * time.Millisecond, busy: make(chan struct{}, 1), seq: 1}
		disk.desk, err = desk.New(desk.Config{
			Trust: staff.Trust(), Log: disk, Proposals: nowhere{}, Recorder: disk, Keyring: auth.NewKeyring(),
			Logger: slog.New(slog.DiscardHandler),
		})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() { _ = disk.desk.Run(ctx) })
		disk.desk.Begin("0a1b2c3d")
		disk.desk.Entry(notice.Entry{Seq: 1, Body: staff.KeysetBody(1)})
		disk.desk.Source(desk.Source{Live: true, Head: 1, Checked: time.Now()})
		handler := disk.desk.Handler()

		const posted, every = 150, 400 * time.Millisecond
		type answer struct {
			code int
			took time.Duration
		}
		answers := make(chan answer, posted)
		var clients sync.WaitGroup
		for range posted {
			body := staff.Sign(staff.Alert())
			clients.Go(func() {
				began := time.Now()
				w := httptest.NewRecorder()
				r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "http://localhost/v1/notices", bytes.NewReader(body))
				r.Header.Set("Content-Type", "application/json")
				handler.ServeHTTP(w, r)
				answers <- answer{w.Code, time.Since(began)}
			})
			time.Sleep(every)
		}
		clients.Wait()
		close(answers)
		counts := map[int]int{}
		for a := range answers {
			require.LessOrEqual(t, a.took, 10*time.Second)
			counts[a.code]++
		}
		taken := int(posted * every / (3 * disk.takes)) // intended, stored, done
		t.Logf("answers: %v; the disk takes %d", counts, taken)
		require.GreaterOrEqual(t, counts[http.StatusCreated], taken*9/10)
		require.Equal(t, posted, counts[http.StatusCreated]+counts[http.StatusServiceUnavailable], "and nobody is left in doubt: %v", counts)
		require.EqualValues(t, 1+counts[http.StatusCreated], disk.seq)
		cancel()
		all.Wait()
		require.NoError(t, journal.Close())
	})
}
