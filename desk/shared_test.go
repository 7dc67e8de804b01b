package desk_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/desk"
)

const sharedLimit = 8 * time.Second

// library is read by many at once.
type library struct {
	t       *testing.T
	shared  desk.Shared
	readers sync.WaitGroup
}

func newLibrary(t *testing.T) *library { return &library{t: t, shared: desk.NewShared(sharedLimit)} }

// slow is a reading of which no more is known than that its time is over.
func slow(ctx context.Context) (string, error) {
	<-ctx.Done()
	return "", desk.ErrUnavailable
}

func quick(context.Context) (string, error) { return "read", nil }

// ask asks for key; the outcome and how long it took are given to check later on.
func (l *library) ask(ctx context.Context, key string, read func(context.Context) (string, error), check func(status int, took time.Duration)) {
	began := time.Now()
	l.readers.Go(func() {
		status := http.StatusOK
		if _, err := l.shared.Get(ctx, key, read); err != nil {
			status = desk.Status(err)
		}
		check(status, time.Since(began))
	})
	synctest.Wait()
}

func (l *library) expect(status int, after time.Duration) func(int, time.Duration) {
	return func(got int, took time.Duration) {
		if got != status || took != after {
			l.t.Errorf("%d after %v, not %d after %v", got, took, status, after)
		}
	}
}

// What takes long keeps nothing else waiting. If too much does, others have what is left of
// their time when it ends.
func TestSharedBesideWhatTakesLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLibrary(t)
		for i := range 3 {
			l.ask(t.Context(), fmt.Sprint("slow ", i), slow, l.expect(503, sharedLimit))
		}
		l.ask(t.Context(), "quick", quick, l.expect(200, 0))
		l.ask(t.Context(), "slow", slow, l.expect(503, sharedLimit))
		l.ask(t.Context(), "quick", quick, l.expect(200, 0)) // as it was read
		time.Sleep(time.Second)
		l.ask(t.Context(), "next slow", slow, l.expect(503, sharedLimit))
		l.ask(t.Context(), "next", quick, l.expect(200, sharedLimit-time.Second))
		l.readers.Wait()
	})
}

// Who waits in vain is told so in time, though what is read never ends.
func TestSharedBesideWhatNeverEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, end := newLibrary(t), make(chan struct{})
		stuck := func(context.Context) (string, error) {
			<-end
			return "read", nil
		}
		for i := range 4 {
			l.ask(t.Context(), fmt.Sprint("stuck ", i), stuck, l.expect(200, time.Minute))
		}
		l.ask(t.Context(), "waits", quick, l.expect(503, sharedLimit))
		l.ask(t.Context(), "waits", quick, l.expect(503, sharedLimit))
		time.Sleep(time.Minute)
		close(end)
		l.ask(t.Context(), "waits", quick, l.expect(200, 0))
		l.readers.Wait()
	})
}

// Many ask, and it is read once. Who asked first and goes does not take the answer along; others
// who go don't wait for it.
func TestSharedByMany(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, reads := newLibrary(t), 0
		read := func(ctx context.Context) (string, error) {
			reads++
			time.Sleep(time.Second)
			return "read", ctx.Err()
		}
		ctx, leave := context.WithCancel(t.Context())
		l.ask(ctx, "key", read, l.expect(200, time.Second)) // and reads for the others
		l.ask(ctx, "key", read, l.expect(429, 0))
		l.ask(t.Context(), "key", read, l.expect(200, time.Second))
		leave()
		l.readers.Wait()
		l.ask(t.Context(), "key", read, l.expect(200, 0))
		require.Equal(t, 1, reads)
		time.Sleep(2 * time.Second)
		l.ask(t.Context(), "other", quick, l.expect(200, 0))
		require.Equal(t, []string{"other"}, l.shared.Keys(), "what is old goes")
		l.ask(t.Context(), "key", read, l.expect(200, time.Second))
		l.readers.Wait()
		require.Equal(t, 2, reads)
	})
}

// An error is shared too, and a reading that panics keeps nobody waiting.
func TestSharedErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, reads := newLibrary(t), 0
		fails := func(context.Context) (string, error) {
			reads++
			return "", errors.New("no")
		}
		l.ask(t.Context(), "key", fails, l.expect(500, 0))
		l.ask(t.Context(), "key", fails, l.expect(500, 0))
		require.Equal(t, 1, reads)
		require.Panics(t, func() {
			_, _ = l.shared.Get(t.Context(), "bad", func(context.Context) (string, error) { panic("bad") })
		})
		l.ask(t.Context(), "bad", quick, l.expect(503, 0))
		time.Sleep(2 * time.Second)
		l.ask(t.Context(), "bad", quick, l.expect(200, 0))
		l.readers.Wait()
	})
}
