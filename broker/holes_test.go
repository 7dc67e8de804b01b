package broker_test

import (
	"bytes"
	"sync/atomic"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"tocsin/broker"
	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// holed is a log of a keyset and the entries "a" to "e", at 2 to 6, whose messages a
// test deletes, as anyone with the broker's password can.
type holed struct {
	t       testing.TB
	staff   *noticetest.Staff
	server  *natsServer
	config  broker.Config
	broker  *broker.Broker
	stream  jetstream.Stream
	metrics *prometheus.Registry
	head    uint64
}

func newHoled(t testing.TB) *holed {
	t.Helper()
	staff, config := staffTrust(t)
	h := &holed{t: t, staff: staff, config: config, server: startNATS(t), metrics: prometheus.NewRegistry()}
	h.config.Registerer = h.metrics
	h.broker = openExternal(t, h.server, h.config)
	h.append("tocsin.log.keyset", staff.KeysetBody(1))
	for _, body := range []string{"a", "b", "c", "d", "e"} {
		h.append(subjectA, []byte(body))
	}
	_, js := h.server.admin()
	var err error
	h.stream, err = js.Stream(testContext(t), broker.StreamLog)
	require.NoError(t, err)
	return h
}

func (h *holed) append(subject string, body []byte) {
	h.t.Helper()
	seq, err := h.broker.Append(testContext(h.t), subject, body, h.head)
	require.NoError(h.t, err)
	h.head = seq
}

func (h *holed) delete(seqs ...uint64) {
	h.t.Helper()
	for _, seq := range seqs {
		require.NoError(h.t, h.stream.SecureDeleteMsg(testContext(h.t), seq))
	}
}

// redact appends a redaction of the entry at seq, signed by keys (by the operators if
// none is given).
func (h *holed) redact(seq uint64, body string, keys ...*notice.PrivateKey) {
	h.t.Helper()
	h.append("tocsin.log.redaction", h.staff.RedactionBody(seq, []byte(body), keys...))
}

func (h *holed) restart() {
	h.t.Helper()
	h.server.stop()
	h.server.start()
}

// awaitStuck waits until the follower stands before a hole, having handed on what
// comes before it and nothing else.
func (h *holed) awaitStuck(r *recorder, reason string, seqs ...uint64) {
	h.t.Helper()
	v := r.await(h.t, reason, func(v view) bool { return v.source.Reason == reason })
	require.False(h.t, v.source.Live)
	require.Equal(h.t, seqs, v.seqs)
	require.Equal(h.t, 1.0, gather(h.t, h.metrics)["tocsin_broker_followers_stuck"])
	require.GreaterOrEqual(h.t, gather(h.t, h.metrics)["tocsin_broker_holes_total"], 1.0)
}

func (h *holed) awaitLive(r *recorder, seqs ...uint64) {
	h.t.Helper()
	v := r.awaitLive(h.t, len(seqs))
	require.Equal(h.t, seqs, v.seqs)
	require.Len(h.t, v.begins, 1)
	require.Zero(h.t, gather(h.t, h.metrics)["tocsin_broker_followers_stuck"])
}

func TestHoleWithRedaction(t *testing.T) {
	t.Parallel()
	h := newHoled(t)
	h.redact(3, "b")
	h.redact(4, "c")
	h.delete(3, 4)
	r := newRecorder()
	follow(t, h.broker, r)
	h.awaitLive(r, 1, 2, 5, 6, 7, 8)
	require.Zero(t, gather(t, h.metrics)["tocsin_broker_holes_total"])
}

func TestHoleAtTheBeginning(t *testing.T) {
	t.Parallel()
	staff, config := staffTrust(t)
	h := &holed{t: t, staff: staff, server: startNATS(t), metrics: prometheus.NewRegistry()}
	config.Registerer = h.metrics
	h.broker = openExternal(t, h.server, config)
	h.append(subjectA, []byte("before any keyset"))
	h.append("tocsin.log.keyset", staff.KeysetBody(1))
	h.redact(1, "before any keyset")
	_, js := h.server.admin()
	var err error
	h.stream, err = js.Stream(testContext(t), broker.StreamLog)
	require.NoError(t, err)
	h.delete(1)
	r := newRecorder()
	follow(t, h.broker, r)
	h.awaitLive(r, 2, 3)
}

func TestHoleWithoutRedaction(t *testing.T) {
	t.Parallel()
	h := newHoled(t)
	h.delete(3, 4)
	r := newRecorder()
	follow(t, h.broker, r)
	h.awaitStuck(r, "entries 3 to 4 are missing and no redaction explains it", 1, 2)

	// Explaining one of them is not enough; explaining both lets it go on by itself.
	h.redact(3, "b")
	h.awaitStuck(r, "entries 3 to 4 are missing and no redaction explains it", 1, 2)
	h.redact(4, "c")
	h.awaitLive(r, 1, 2, 5, 6, 7, 8)
}

// Whoever deletes an entry can't explain it away without the operators' keys.
func TestHoleWithForgedRedaction(t *testing.T) {
	t.Parallel()
	h := newHoled(t)
	s := h.staff
	h.redact(3, "b", s.Stranger)
	h.redact(3, "b", s.Operator)                // too few
	h.redact(3, "b", s.Publisher, s.Publisher2) // not their role
	h.redact(3, "b", s.Removed, s.Operator)
	good := s.RedactionBody(3, []byte("b"))
	h.append("tocsin.log.redaction", []byte(string(good[:len(good)-10])+"AAAAAAAA\"}"))
	h.append("tocsin.log.keyset", noticetest.NewStaff(t).SignKeyset(s.Keyset(2), s.Stranger))
	h.delete(3)
	r := newRecorder()
	follow(t, h.broker, r)
	h.awaitStuck(r, "entries 3 to 3 are missing and no redaction explains it", 1, 2)
	h.append("tocsin.log.redaction", good)
	r.awaitLive(t, int(h.head)-1)
}

// Whoever has a desk's key of NATS can fill the log with what reads like redactions. It is
// read in few steps, and once.
func TestHoleAmongJunk(t *testing.T) {
	t.Parallel()
	h := newHoled(t)
	h.delete(3)
	conn, js := h.server.admin()
	var questions atomic.Int64
	_, err := conn.Subscribe("$JS.API.STREAM.MSG.GET.TOCSIN_LOG", func(m *nats.Msg) {
		if bytes.Contains(m.Data, []byte("tocsin.log.redaction")) {
			questions.Add(1)
		}
	})
	require.NoError(t, err)
	const junk = 300
	for i := range junk {
		subject := "tocsin.log.redaction"
		if i%10 == 0 {
			subject = "tocsin.log.keyset"
		}
		_, err := js.PublishAsync(subject, []byte("junk"))
		require.NoError(t, err)
	}
	<-js.PublishAsyncComplete()
	h.head += junk
	r := newRecorder()
	follow(t, h.broker, r)
	h.awaitStuck(r, "entries 3 to 3 are missing and no redaction explains it", 1, 2)
	h.redact(3, "b")
	r.awaitLive(t, int(h.head)-1)
	require.NoError(t, conn.Flush())
	require.Greater(t, questions.Load(), int64(junk/2), "they are counted")
	require.Less(t, questions.Load(), int64(3*junk/2))
}

// The newest entry is gone: no later one tells, only the log's own count.
func TestHoleAtTheEnd(t *testing.T) {
	t.Parallel()
	h := newHoled(t)
	h.delete(5, 6)
	r := newRecorder()
	follow(t, h.broker, r)
	h.awaitStuck(r, "entries 5 to 6 are missing and no redaction explains it", 1, 2, 3, 4)
	h.redact(5, "d")
	h.redact(6, "e")
	h.awaitLive(r, 1, 2, 3, 4, 7, 8)
}

// An entry that comes in while the follower is live, and is gone before it is read.
func TestHoleInALiveLog(t *testing.T) {
	t.Parallel()
	h := newHoled(t)
	r := newRecorder()
	gate := make(chan struct{}, 100)
	for range 6 {
		gate <- struct{}{}
	}
	follow(t, h.broker, gated{r, gate})
	h.awaitLive(r, 1, 2, 3, 4, 5, 6)

	h.append(subjectA, []byte("f"))
	h.append(subjectA, []byte("g"))
	h.redact(8, "g")
	h.delete(8)
	h.restart() // nothing that was in flight survives
	close(gate)
	r.await(t, "the end", func(v view) bool { return v.source.Live && len(v.seqs) > 6 && v.seqs[len(v.seqs)-1] == 9 })
}

// The entry at the follower's own position is gone when the server comes back. It is
// not another log: the follower does not begin again, and stops.
func TestHoleAtThePosition(t *testing.T) {
	t.Parallel()
	h := newHoled(t)
	r := newRecorder()
	follow(t, h.broker, r)
	h.awaitLive(r, 1, 2, 3, 4, 5, 6)
	h.delete(6)
	h.restart()
	h.awaitStuck(r, "entries 6 to 6 are missing and no redaction explains it", 1, 2, 3, 4, 5, 6)
	h.redact(6, "e")
	h.awaitLive(r, 1, 2, 3, 4, 5, 6, 7)
}
