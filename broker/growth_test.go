package broker_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"tocsin/broker"
)

// tell sends around what a server sends when it has stored an entry.
func tell(t testing.TB, conn *nats.Conn, seq uint64, body string) {
	t.Helper()
	msg := nats.NewMsg("tocsin.grown." + subjectA[len("tocsin.log."):])
	msg.Data = []byte(body)
	msg.Header.Set(jetstream.StreamHeader, broker.StreamLog)
	msg.Header.Set(jetstream.SubjectHeader, subjectA)
	msg.Header.Set(jetstream.SequenceHeader, strconv.FormatUint(seq, 10))
	msg.Header.Set(jetstream.TimeStampHeaer, time.Now().UTC().Format(time.RFC3339Nano))
	require.NoError(t, conn.PublishMsg(msg))
	require.NoError(t, conn.Flush())
}

// What was confirmed just before the server died, and not read before, is there all the same,
// and once. Live is nobody for that.
func TestFollowTakesWhatItWasTold(t *testing.T) {
	t.Parallel()
	s := startNATS(t)
	b := openExternal(t, s, broker.Config{})
	r := newRecorder()
	gate := make(chan struct{})
	follow(t, b, gated{r, gate})
	r.awaitLive(t, 0)
	appendAll(t, b, 0, numbered(1, 8)...) // the follower is at the first; its reader has two more at most
	s.stop()
	close(gate)
	v := r.await(t, "all entries", func(v view) bool { return len(v.bodies) == 8 })
	require.Equal(t, numbered(1, 8), v.bodies)
	require.False(t, v.source.Live)
	s.start()
	r.awaitLive(t, 8)
	appendAll(t, b, 8, numbered(9, 10)...)
	v = r.awaitLive(t, 10)
	require.Equal(t, numbered(1, 10), v.bodies)
	require.Len(t, v.begins, 1)
}

// Whoever could pretend to be a server (no hub may) is believed while there is no leader, and
// not live through it; then everything is read anew.
func TestFollowIsToldLies(t *testing.T) {
	t.Parallel()
	s := startNATS(t)
	b := openExternal(t, s, broker.Config{})
	r := newRecorder()
	follow(t, b, r)
	r.awaitLive(t, 0)
	conn, _ := s.admin()
	appendAll(t, b, 0, numbered(1, 2)...)
	r.awaitLive(t, 2)
	tell(t, conn, 3, "forged")
	s.stop()
	v := r.await(t, "the lie", func(v view) bool { return len(v.bodies) == 3 })
	require.Equal(t, "forged", v.bodies[2])
	require.False(t, v.source.Live)
	s.start()
	v = r.await(t, "the log from its beginning", func(v view) bool { return len(v.begins) == 2 && v.source.Live })
	require.Equal(t, numbered(1, 2), v.bodies)
}
