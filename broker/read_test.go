package broker_test

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"tocsin/broker"
)

// Whoever holds an edge's key can make hints that the log has grown, any number of them.
// Readers ask in vain now and then, not all the time, and miss nothing.
func TestForgedHintsAreCheap(t *testing.T) {
	t.Parallel()
	s := startNATS(t)
	b := openExternal(t, s, broker.Config{})
	r := newRecorder()
	follow(t, b, r)
	r.awaitLive(t, 0)
	conn, _ := s.admin()
	var asked atomic.Int64
	_, err := conn.Subscribe("$JS.API.STREAM.MSG.GET."+broker.StreamLog, func(*nats.Msg) { asked.Add(1) })
	require.NoError(t, err)
	const flood = 500 * time.Millisecond
	for end := time.Now().Add(flood); time.Now().Before(end); {
		require.NoError(t, conn.Publish("tocsin.grown.forged", nil))
		require.NoError(t, conn.Flush())
	}
	require.Less(t, asked.Load(), int64(100))
	_, err = b.Append(testContext(t), subjectA, []byte("genuine"), 0)
	require.NoError(t, err)
	require.Equal(t, []string{"genuine"}, r.awaitLive(t, 1).bodies)
}
