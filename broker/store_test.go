package broker_test

import (
	"bytes"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"tocsin/broker"
)

func eachStore(t *testing.T, test func(t *testing.T, s *broker.Store)) {
	for _, stream := range []string{broker.StreamDesk, broker.StreamReceipts} {
		t.Run(stream, func(t *testing.T) {
			t.Parallel()
			test(t, openEmbedded(t).Store(stream))
		})
	}
}

func TestStorePutGet(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, s *broker.Store) {
		ctx := testContext(t)
		_, err := s.Get(ctx, "a")
		require.ErrorIs(t, err, broker.ErrNotFound)
		first, err := s.Put(ctx, "a", []byte("one"), 0)
		require.NoError(t, err)
		second, err := s.Put(ctx, "a", []byte("two"), first)
		require.NoError(t, err)
		require.Greater(t, second, first)
		record, err := s.Get(ctx, "a")
		require.NoError(t, err)
		require.Equal(t, "a", record.Key)
		require.Equal(t, "two", string(record.Body))
		require.Equal(t, second, record.Revision)
		require.WithinDuration(t, time.Now(), record.Time, patience)
	})
}

func TestStorePutConflicts(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, s *broker.Store) {
		ctx := testContext(t)
		first, err := s.Put(ctx, "a", []byte("one"), 0)
		require.NoError(t, err)
		_, err = s.Put(ctx, "b", []byte("another key does not matter"), 0)
		require.NoError(t, err)
		for _, revision := range []uint64{0, first + 1, first + 2} {
			_, err = s.Put(ctx, "a", []byte("x"), revision)
			requireOnly(t, err, broker.ErrConflict, fmt.Sprint(revision))
		}
		_, err = s.Put(ctx, "a", []byte("two"), first)
		require.NoError(t, err)
		_, err = s.Put(ctx, "a", []byte("x"), first)
		requireOnly(t, err, broker.ErrConflict, "an old revision")
	})
}

func TestStoreDelete(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, s *broker.Store) {
		ctx := testContext(t)
		first, err := s.Put(ctx, "a", []byte("one"), 0)
		require.NoError(t, err)
		require.ErrorIs(t, s.Delete(ctx, "a", first+1), broker.ErrConflict)
		require.NoError(t, s.Delete(ctx, "a", first))
		_, err = s.Get(ctx, "a")
		require.ErrorIs(t, err, broker.ErrNotFound)
		records, err := s.List(ctx)
		require.NoError(t, err)
		require.Empty(t, records)

		_, err = s.Put(ctx, "a", []byte("late"), first)
		require.ErrorIs(t, err, broker.ErrConflict, "a Put that was overtaken by the Delete")
		again, err := s.Put(ctx, "a", []byte("again"), 0)
		require.NoError(t, err)
		_, err = s.Put(ctx, "a", []byte("twice"), 0)
		require.ErrorIs(t, err, broker.ErrConflict)
		record, err := s.Get(ctx, "a")
		require.NoError(t, err)
		require.Equal(t, again, record.Revision)
	})
}

func TestStoreList(t *testing.T) {
	t.Parallel()
	eachStore(t, func(t *testing.T, s *broker.Store) {
		ctx := testContext(t)
		records, err := s.List(ctx)
		require.NoError(t, err)
		require.Empty(t, records)
		var want []string
		for i := range 300 {
			key := fmt.Sprintf("n%d.node%03d", i%2, i)
			revision, err := s.Put(ctx, key, []byte("old"), 0)
			require.NoError(t, err)
			if i%3 == 0 {
				require.NoError(t, s.Delete(ctx, key, revision))
				continue
			}
			_, err = s.Put(ctx, key, []byte(key), revision)
			require.NoError(t, err)
			want = append(want, key)
		}
		records, err = s.List(ctx)
		require.NoError(t, err)
		require.Len(t, records, len(want))
		for i, record := range records {
			require.Equal(t, record.Key, string(record.Body), "the newest revision alone")
			if i > 0 {
				require.Less(t, records[i-1].Key, record.Key)
			}
		}
		under, err := s.ListUnder(ctx, "n1")
		require.NoError(t, err)
		require.Len(t, under, len(want)/2)
		for _, record := range under {
			require.Regexp(t, `^n1\.`, record.Key)
		}
	})
}

// Records that are overwritten all the time are listed all the same, once each.
func TestStoreListWhileWriting(t *testing.T) {
	t.Parallel()
	b := openEmbedded(t)
	s := b.Store(broker.StreamReceipts)
	ctx := testContext(t)
	const keys = 20
	revisions := make([]uint64, keys)
	put := func(i int) {
		var err error
		revisions[i], err = s.Put(ctx, fmt.Sprint("k", i), []byte("x"), revisions[i])
		require.NoError(t, err)
	}
	for i := range keys {
		put(i)
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := 0; ; i = (i + 1) % keys {
			select {
			case <-stop:
				return
			default:
				revision, err := s.Put(ctx, fmt.Sprint("k", i), []byte("x"), revisions[i])
				if err != nil {
					t.Errorf("putting: %v", err)
					return
				}
				revisions[i] = revision
			}
		}
	})
	defer wg.Wait()
	defer close(stop)
	for range 20 {
		records, err := s.List(ctx)
		require.NoError(t, err)
		require.Len(t, records, keys)
	}
}

func TestStoreRace(t *testing.T) {
	t.Parallel()
	b := openEmbedded(t)
	s := b.Store(broker.StreamDesk)
	var revision uint64
	for range 20 {
		var revisions [4]uint64
		var results [4]error
		var wg sync.WaitGroup
		for i := range results {
			wg.Go(func() { revisions[i], results[i] = s.Put(testContext(t), "a", []byte("x"), revision) })
		}
		wg.Wait()
		winners := 0
		for i, err := range results {
			if err == nil {
				winners++
				revision = revisions[i]
				continue
			}
			requireOnly(t, err, broker.ErrConflict, "loser")
		}
		require.Equal(t, 1, winners)
	}
}

func TestStoreKeys(t *testing.T) {
	t.Parallel()
	b := openEmbedded(t)
	s := b.Store(broker.StreamDesk)
	for _, key := range []string{"", ".", "a.", ".a", "a..b", "*", ">", "a.>", "a b", "a\r\n", "ö"} {
		_, err := s.Put(testContext(t), key, []byte("x"), 0)
		require.Error(t, err, "%q", key)
		_, err = s.Get(testContext(t), key)
		require.Error(t, err, "%q", key)
		require.Error(t, s.Delete(testContext(t), key, 0), "%q", key)
		_, err = s.ListUnder(testContext(t), key)
		require.Error(t, err, "%q", key)
	}
	_, err := s.Put(testContext(t), "a", nil, 0)
	require.Error(t, err)
	_, err = s.Put(testContext(t), "a", make([]byte, broker.MaxBody+1), 0)
	require.ErrorIs(t, err, broker.ErrTooLarge)
	_, err = b.Store(broker.StreamReceipts).Put(testContext(t), "a", make([]byte, 64<<10), 0)
	require.ErrorIs(t, err, broker.ErrTooLarge, "a server of deploy/nats would end the connection")
	require.Panics(t, func() { b.Store(broker.StreamLog) })
}

func TestStoreFull(t *testing.T) {
	t.Parallel()
	b := open(t, broker.Config{Dir: t.TempDir(), MaxBytes: broker.MinMaxBytes})
	s := b.Store(broker.StreamDesk)
	body := bytes.Repeat([]byte("x"), 16<<10)
	var last uint64
	var err error
	for i := 0; err == nil && i < 100; i++ {
		var revision uint64
		if revision, err = s.Put(testContext(t), fmt.Sprint("k", i), body, 0); err == nil {
			last = revision
		}
	}
	requireOnly(t, err, broker.ErrFull, "full")
	records, err := s.List(testContext(t))
	require.NoError(t, err)
	require.Len(t, records, int(last))
	// What takes no more room than it gives back is still possible.
	require.NoError(t, s.Delete(testContext(t), "k0", 1))
	appendAll(t, b, 0, "the log has room of its own")
}

func TestStoreUnavailable(t *testing.T) {
	t.Parallel()
	b := open(t, broker.Config{URLs: []string{newNATS(t).url()}})
	s := b.Store(broker.StreamDesk)
	_, err := s.Put(testContext(t), "a", []byte("x"), 0)
	requireOnly(t, err, broker.ErrUnavailable, "put")
	_, err = s.Get(testContext(t), "a")
	requireOnly(t, err, broker.ErrUnavailable, "get")
	require.NotErrorIs(t, err, broker.ErrNotFound)
	_, err = s.List(testContext(t))
	requireOnly(t, err, broker.ErrUnavailable, "list")
	requireOnly(t, s.Delete(testContext(t), "a", 1), broker.ErrUnavailable, "delete")
}

// The streams are as the design has them.
func TestStreams(t *testing.T) {
	t.Parallel()
	s := startNATS(t)
	b := openExternal(t, s, broker.Config{})
	require.NoError(t, b.Init(testContext(t), 1), "it may be repeated")
	require.Error(t, b.Init(testContext(t), 2))
	_, js := s.admin()
	for name, perSubject := range map[string]int64{
		broker.StreamLog: -1, broker.StreamDesk: 1, broker.StreamReceipts: 1,
	} {
		stream, err := js.Stream(testContext(t), name)
		require.NoError(t, err)
		c := stream.CachedInfo().Config
		require.Equal(t, jetstream.FileStorage, c.Storage, name)
		require.Equal(t, jetstream.DiscardNew, c.Discard, name)
		require.Equal(t, int32(128<<10), c.MaxMsgSize, name)
		require.Equal(t, perSubject, c.MaxMsgsPerSubject, name)
		require.Positive(t, c.MaxBytes, name)
		require.True(t, c.DenyPurge, name)
		require.Error(t, stream.Purge(testContext(t)), name)
		require.Equal(t, name != broker.StreamLog, c.DenyDelete, name)
		require.False(t, c.AllowDirect, name)
		require.Equal(t, map[string]time.Duration{
			broker.StreamDesk: 7 * 24 * time.Hour, broker.StreamReceipts: 400 * 24 * time.Hour,
		}[name], c.MaxAge, name)
	}
}

// What someone with the broker's password could do to the log by publishing.
func TestStreamsRefuse(t *testing.T) {
	t.Parallel()
	s := startNATS(t, func(o *server.Options) { o.MaxPayload = mebibyte })
	b := openExternal(t, s, broker.Config{})
	appendAll(t, b, 0, "a", "b")
	conn, _ := s.admin()
	for name, msg := range map[string]*nats.Msg{
		"a body of 200 KiB":       {Data: make([]byte, 200<<10)},
		"rolling up the log":      {Data: []byte("x"), Header: nats.Header{"Nats-Rollup": {"all"}}},
		"rolling up a subject":    {Data: []byte("x"), Header: nats.Header{"Nats-Rollup": {"sub"}}},
		"an entry that goes away": {Data: []byte("x"), Header: nats.Header{"Nats-TTL": {"1s"}}},
		"a counter":               {Header: nats.Header{"Nats-Incr": {"1"}}},
		"a batch":                 {Data: []byte("x"), Header: nats.Header{"Nats-Batch-Id": {"b"}, "Nats-Batch-Sequence": {"1"}, "Nats-Batch-Commit": {"1"}}},
		"a schedule":              {Data: []byte("x"), Header: nats.Header{"Nats-Schedule": {"@every 1s"}, "Nats-Schedule-Target": {subjectA}}},
	} {
		msg.Subject = subjectA
		answer, err := conn.RequestMsg(msg, patience)
		require.NoError(t, err, name)
		require.Contains(t, string(answer.Data), `"error"`, name)
	}
	r := newRecorder()
	follow(t, b, r)
	require.Equal(t, []string{"a", "b"}, r.awaitLive(t, 2).bodies)
}

func TestInitChangesLimits(t *testing.T) {
	t.Parallel()
	s := startNATS(t)
	openExternal(t, s, broker.Config{MaxBytes: 8 * mebibyte})
	openExternal(t, s, broker.Config{MaxBytes: 16 * mebibyte})
	_, js := s.admin()
	stream, err := js.Stream(testContext(t), broker.StreamLog)
	require.NoError(t, err)
	require.Equal(t, int64(8*mebibyte), stream.CachedInfo().Config.MaxBytes, "half of it")
}

// A store of an earlier version kept receipts for ever; Init mends that, and what is
// kept stays.
func TestInitLimitsReceipts(t *testing.T) {
	t.Parallel()
	s := startNATS(t)
	b := openExternal(t, s, broker.Config{})
	_, err := b.Store(broker.StreamReceipts).Put(testContext(t), "a", []byte("1"), 0)
	require.NoError(t, err)
	_, js := s.admin()
	stream, err := js.Stream(testContext(t), broker.StreamReceipts)
	require.NoError(t, err)
	config := stream.CachedInfo().Config
	config.MaxAge = 0
	_, err = js.UpdateStream(testContext(t), config)
	require.NoError(t, err)

	require.NoError(t, b.Init(testContext(t), 1))
	stream, err = js.Stream(testContext(t), broker.StreamReceipts)
	require.NoError(t, err)
	require.Equal(t, 400*24*time.Hour, stream.CachedInfo().Config.MaxAge)
	record, err := b.Store(broker.StreamReceipts).Get(testContext(t), "a")
	require.NoError(t, err)
	require.Equal(t, "1", string(record.Body))
}
