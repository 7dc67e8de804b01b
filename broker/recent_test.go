package broker_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/broker"
)

// What was written of late comes, deletions too; what is older, or lies elsewhere, does
// not. The clock is the broker's.
func TestStoreRecent(t *testing.T) {
	t.Parallel()
	s := openEmbedded(t).Store(broker.StreamReceipts)
	ctx := testContext(t)
	records, now, err := s.Recent(ctx, "sessions", time.Minute)
	require.NoError(t, err)
	require.Empty(t, records)
	require.WithinDuration(t, time.Now(), now, patience)

	put := func(key, body string, revision uint64) broker.Record {
		t.Helper()
		_, err := s.Put(ctx, key, []byte(body), revision)
		require.NoError(t, err)
		r, err := s.Get(ctx, key)
		require.NoError(t, err)
		return r
	}
	put("other.a", "elsewhere", 0)
	put("sessions", "not under it", 0)
	first := put("sessions.one", "1", 0)
	put("sessions.one", "1 again", first.Revision)
	two := put("sessions.two", "2", 0)
	require.NoError(t, s.Delete(ctx, "sessions.two", two.Revision))

	recent := func(within time.Duration) map[string]string {
		records, _, err := s.Recent(ctx, "sessions", within)
		require.NoError(t, err)
		got := make(map[string]string)
		for _, r := range records {
			got[r.Key] = string(r.Body)
			require.NotZero(t, r.Revision)
		}
		require.Len(t, got, len(records))
		return got
	}
	require.Equal(t, map[string]string{"sessions.one": "1 again", "sessions.two": ""}, recent(time.Minute))
	require.Empty(t, recent(time.Nanosecond), "all of it was before that")
	_, _, err = s.Recent(ctx, "sessions.>", time.Minute)
	require.Error(t, err)
}

// Records that are written again while they are read come once, and are all there when
// the writing has ended.
func TestStoreRecentWhileWritten(t *testing.T) {
	t.Parallel()
	s := openEmbedded(t).Store(broker.StreamReceipts)
	ctx := testContext(t)
	const keys = 20
	var group sync.WaitGroup
	done := make(chan struct{})
	for i := range keys {
		group.Go(func() {
			for revision, n := uint64(0), 0; n < 5 && !t.Failed(); n++ {
				var err error
				if revision, err = s.Put(ctx, fmt.Sprintf("sessions.%d", i), []byte("x"), revision); err != nil {
					t.Error(err)
				}
			}
		})
	}
	go func() { group.Wait(); close(done) }()
	read := func() int {
		records, _, err := s.Recent(ctx, "sessions", time.Minute)
		require.NoError(t, err)
		once := make(map[string]bool)
		for _, r := range records {
			require.False(t, once[r.Key], r.Key)
			once[r.Key] = true
		}
		return len(records)
	}
	for writing := true; writing; {
		read()
		select {
		case <-done:
			writing = false
		default:
		}
	}
	require.Equal(t, keys, read())
}
