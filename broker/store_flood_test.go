package broker_test

import (
	"fmt"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"tocsin/broker"
)

// flood writes that many records of a few bytes, as a thief of an edge's key can, and
// returns when the server has dealt with all.
func flood(t testing.TB, conn *nats.Conn, records int) {
	t.Helper()
	for i := range records {
		require.NoError(t, conn.Publish(fmt.Sprintf("tocsin.receipts.flood.%d", i), []byte("0")))
	}
	_, err := conn.Request("tocsin.receipts.flood.0", []byte("0"), patience) // whatever the answer
	require.NoError(t, err)
}

// The receipts' stream takes only so many records, however small: servers keep an index of
// them in memory. A full one harms nothing but receipts: new ones, and on a cluster every one,
// see TestStolenKey.
func TestReceiptsAreBounded(t *testing.T) {
	t.Parallel()
	ctx, s := testContext(t), startNATS(t)
	b := openExternal(t, s, broker.Config{MaxBytes: broker.MinMaxBytes})
	receipts := b.Store(broker.StreamReceipts)
	revision, err := receipts.Put(ctx, "notice.edge", []byte("1"), 0)
	require.NoError(t, err)
	conn, js := s.admin()
	flood(t, conn, 1000)
	stream, err := js.Stream(ctx, broker.StreamReceipts)
	require.NoError(t, err)
	require.EqualValues(t, 512, stream.CachedInfo().State.Msgs)
	_, err = receipts.Put(ctx, "notice.other", []byte("1"), 0)
	requireOnly(t, err, broker.ErrFull, "a new record")
	_, err = receipts.Put(ctx, "notice.edge", []byte("2"), revision)
	require.NoError(t, err, "in the place of an older one, on one server")
	appendAll(t, b, 0, "goes on")
	_, err = b.Store(broker.StreamDesk).Put(ctx, "a", []byte("goes on"), 0)
	require.NoError(t, err)
	require.NoError(t, b.Cohorts().Put(ctx, "a", []byte("goes on"), nil))

	// One that was made larger takes more, also when its size is not named again.
	larger := open(t, broker.Config{URLs: []string{s.url()}, MaxBytes: 4 * broker.MinMaxBytes})
	require.NoError(t, larger.Init(ctx, 1))
	unnamed, err := broker.Open(ctx, broker.Config{URLs: []string{s.url()}, Logger: testLog()})
	require.NoError(t, err)
	t.Cleanup(unnamed.Close)
	require.NoError(t, unnamed.Init(ctx, 1))
	stream, err = js.Stream(ctx, broker.StreamReceipts)
	require.NoError(t, err)
	require.EqualValues(t, 2048, stream.CachedInfo().Config.MaxMsgs)
	_, err = receipts.Put(ctx, "notice.other", []byte("1"), 0)
	require.NoError(t, err)
}

// A subject with a wildcard in it can be stored, and is nobody's record: asked for, it
// would be a pattern, and find another's.
func TestRecordsUnderPatterns(t *testing.T) {
	t.Parallel()
	ctx, s := testContext(t), startNATS(t)
	receipts := openExternal(t, s, broker.Config{}).Store(broker.StreamReceipts)
	_, err := receipts.Put(ctx, "notice.edge", []byte("1"), 0)
	require.NoError(t, err)
	conn, _ := s.admin()
	for _, key := range []string{"notice.>", "notice.*", ">"} {
		_, err := conn.Request("tocsin.receipts."+key, []byte("forged"), patience)
		require.NoError(t, err)
	}
	_, err = receipts.Put(ctx, "notice.last", []byte("2"), 0)
	require.NoError(t, err)
	records, err := receipts.List(ctx)
	require.NoError(t, err)
	require.Len(t, records, 2)
	require.Equal(t, []string{"notice.edge", "notice.last"}, []string{records[0].Key, records[1].Key})
}
