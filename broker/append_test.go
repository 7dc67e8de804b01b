package broker_test

import (
	"bytes"
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"tocsin/broker"
)

func TestAppendNumbersEntriesFromOne(t *testing.T) {
	t.Parallel()
	b := openEmbedded(t)
	require.Equal(t, uint64(3), appendAll(t, b, 0, "a", "b", "c"))
}

func TestAppendConflicts(t *testing.T) {
	t.Parallel()
	b := openEmbedded(t)
	appendAll(t, b, 0, "a", "b")
	for _, after := range []uint64{0, 1, 3, 1 << 40} {
		_, err := b.Append(testContext(t), subjectA, []byte("x"), after)
		require.ErrorIs(t, err, broker.ErrConflict, "after %d", after)
		require.NotErrorIs(t, err, broker.ErrUnconfirmed)
	}
	appendAll(t, b, 2, "c") // none of them was written
}

func TestAppendRefusesWhatIsNoEntry(t *testing.T) {
	t.Parallel()
	b := openEmbedded(t)
	for _, subject := range []string{
		"", "tocsin.log.", "tocsin.desk.x", "$JS.API.STREAM.DELETE.TOCSIN_LOG", "tocsin.log.a..b",
		"tocsin.log.*", "tocsin.log.>", "tocsin.log.a b", "tocsin.log.a\r\nPUB x 0", "tocsin.log.é",
	} {
		_, err := b.Append(testContext(t), subject, []byte("x"), 0)
		require.Error(t, err, "%q", subject)
	}
	_, err := b.Append(testContext(t), subjectA, nil, 0)
	require.Error(t, err)
	appendAll(t, b, 0, "a")
}

func TestAppendTooLarge(t *testing.T) {
	t.Parallel()
	b := openEmbedded(t)
	_, err := b.Append(testContext(t), subjectA, bytes.Repeat([]byte("x"), broker.MaxBody+1), 0)
	require.ErrorIs(t, err, broker.ErrTooLarge)

	// What is just allowed does fit, headers and all.
	largest := bytes.Repeat([]byte("x"), broker.MaxBody)
	_, err = b.Append(testContext(t), subjectA, largest, 0)
	require.NoError(t, err)
	r := newRecorder()
	follow(t, b, r)
	require.Equal(t, string(largest), r.awaitLive(t, 1).bodies[0])
}

func TestAppendTooLargeForTheServer(t *testing.T) {
	t.Parallel()
	s := startNATS(t)
	b := openExternal(t, s, broker.Config{})
	_, js := s.admin()
	stream, err := js.Stream(testContext(t), broker.StreamLog)
	require.NoError(t, err)
	config := stream.CachedInfo().Config
	config.MaxMsgSize = 1000
	_, err = js.UpdateStream(testContext(t), config)
	require.NoError(t, err)
	_, err = b.Append(testContext(t), subjectA, make([]byte, 2000), 0)
	require.ErrorIs(t, err, broker.ErrTooLarge)

	s.stop()
	s.opts.MaxPayload = 1000
	s.start()
	require.Eventually(t, func() bool { return b.Available(testContext(t)) == nil }, patience, 10*time.Millisecond)
	_, err = b.Append(testContext(t), subjectA, make([]byte, 1500), 0)
	require.ErrorIs(t, err, broker.ErrTooLarge)
}

// Several desks, each with a connection of its own, append at each place at once.
func TestAppendRace(t *testing.T) {
	t.Parallel()
	s := startNATS(t)
	openExternal(t, s, broker.Config{})
	const places = 50
	var desks [3]*broker.Broker
	for i := range desks {
		desks[i] = open(t, broker.Config{URLs: []string{s.url()}})
		require.Eventually(t, func() bool { return desks[i].Available(testContext(t)) == nil }, patience, 10*time.Millisecond)
	}
	var winners []string
	for place := range uint64(places) {
		var results [len(desks)]error
		var wg sync.WaitGroup
		for i, desk := range desks {
			wg.Go(func() {
				_, results[i] = desk.Append(testContext(t), subjectA, fmt.Appendf(nil, "desk %d at %d", i, place), place)
			})
		}
		wg.Wait()
		for i, err := range results {
			if err == nil {
				winners = append(winners, fmt.Sprintf("desk %d at %d", i, place))
				continue
			}
			requireOnly(t, err, broker.ErrConflict, "loser")
		}
		require.Len(t, winners, int(place)+1, "exactly one wins each place")
	}
	r := newRecorder()
	follow(t, desks[0], r)
	require.Equal(t, winners, r.awaitLive(t, places).bodies)
}

func TestAppendFullAndReadingGoesOn(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(t testing.TB) *broker.Broker{
		"embedded": func(t testing.TB) *broker.Broker {
			return open(t, broker.Config{Dir: t.TempDir(), MaxBytes: broker.MinMaxBytes})
		},
		"external": func(t testing.TB) *broker.Broker {
			return openExternal(t, startNATS(t), broker.Config{MaxBytes: broker.MinMaxBytes})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := open(t)
			body := bytes.Repeat([]byte("x"), 64<<10)
			var head uint64
			var err error
			for err == nil && head < 100 {
				var seq uint64
				if seq, err = b.Append(testContext(t), subjectA, body, head); err == nil {
					head = seq
				}
			}
			require.ErrorIs(t, err, broker.ErrFull)
			require.NotErrorIs(t, err, broker.ErrUnconfirmed)
			require.Equal(t, uint64(7), head, "half of a mebibyte")

			r := newRecorder()
			follow(t, b, r)
			r.awaitLive(t, int(head))
			appendAll(t, b, head, "a small one fits")
			r.awaitLive(t, int(head)+1)
		})
	}
}

// answering is a broker whose log's subjects somebody else listens to, so that a test
// chooses what a write is answered. The stream exists, and is available.
func answering(t testing.TB, answer func(*nats.Msg)) (*broker.Broker, *natsServer) {
	t.Helper()
	s := startNATS(t)
	conn, js := s.admin()
	_, err := js.CreateStream(testContext(t), jetstream.StreamConfig{Name: broker.StreamLog, Subjects: []string{"elsewhere"}})
	require.NoError(t, err)
	if answer != nil {
		_, err = conn.Subscribe("tocsin.log.>", answer)
		require.NoError(t, err)
		require.NoError(t, conn.Flush())
	}
	b := open(t, broker.Config{URLs: []string{s.url()}})
	require.Eventually(t, func() bool { return b.Available(testContext(t)) == nil }, patience, 10*time.Millisecond)
	return b, s
}

func TestAppendMapsAnswers(t *testing.T) {
	t.Parallel()
	var answer string
	b, _ := answering(t, func(m *nats.Msg) { _ = m.Respond([]byte(answer)) })
	refusal := func(code int, description string) string {
		return fmt.Sprintf(`{"error":{"code":400,"err_code":%d,"description":%q},"stream":"TOCSIN_LOG","seq":0}`, code, description)
	}
	for _, c := range []struct {
		answer string
		want   error
	}{
		{`{"stream":"TOCSIN_LOG","seq":8}`, nil},
		{refusal(10071, "wrong last sequence: 7"), broker.ErrConflict},
		{refusal(10164, "wrong last sequence"), broker.ErrConflict},
		{refusal(10054, "message size exceeds maximum allowed"), broker.ErrTooLarge},
		{refusal(10077, "maximum bytes exceeded"), broker.ErrFull},
		{refusal(10077, "maximum messages exceeded"), broker.ErrFull},
		{refusal(10023, "insufficient resources"), broker.ErrFull},
		{refusal(10002, "resource limits exceeded for account"), broker.ErrFull},
		{refusal(10047, "insufficient storage resources available"), broker.ErrFull},
		// Whether these wrote anything can't be told from the answer.
		{refusal(10077, "store is closed"), broker.ErrUnconfirmed},
		{refusal(10063, "expected sequence does not match"), broker.ErrUnconfirmed},
		{refusal(99999, "something new"), broker.ErrUnconfirmed},
		{`{"stream":"OTHER","seq":8}`, broker.ErrUnconfirmed},
		{`{"stream":"TOCSIN_LOG"}`, broker.ErrUnconfirmed},
		{`{}`, broker.ErrUnconfirmed},
		{`null`, broker.ErrUnconfirmed},
		{`+OK`, broker.ErrUnconfirmed},
		{``, broker.ErrUnconfirmed},
	} {
		answer = c.answer
		seq, err := b.Append(testContext(t), subjectA, []byte("x"), 7)
		if c.want == nil {
			require.NoError(t, err)
			require.Equal(t, uint64(8), seq)
			continue
		}
		requireOnly(t, err, c.want, c.answer)
		require.Zero(t, seq)
	}
}

// requireOnly requires that err is exactly one of the sentinels.
func requireOnly(t testing.TB, err, want error, about string) {
	t.Helper()
	for _, sentinel := range []error{
		broker.ErrConflict, broker.ErrUnavailable, broker.ErrUnconfirmed, broker.ErrFull, broker.ErrTooLarge,
	} {
		if sentinel == want {
			require.ErrorIs(t, err, sentinel, about)
		} else {
			require.NotErrorIs(t, err, sentinel, about)
		}
	}
}

func TestAppendUnconfirmed(t *testing.T) {
	t.Parallel()
	received := make(chan struct{}, 10)
	b, s := answering(t, func(*nats.Msg) { received <- struct{}{} })

	t.Run("when the context ends", func(t *testing.T) {
		ctx, cancel := context.WithCancel(testContext(t))
		go func() { <-received; cancel() }()
		_, err := b.Append(ctx, subjectA, []byte("x"), 0)
		requireOnly(t, err, broker.ErrUnconfirmed, "cancelled")
		require.ErrorIs(t, err, context.Canceled)
	})
	t.Run("when the connection is lost, at once", func(t *testing.T) {
		stopped := make(chan struct{})
		var lost time.Time
		go func() { <-received; lost = time.Now(); s.stop(); close(stopped) }()
		_, err := b.Append(testContext(t), subjectA, []byte("x"), 0)
		answered := time.Now()
		<-stopped
		requireOnly(t, err, broker.ErrUnconfirmed, "lost")
		require.Less(t, answered.Sub(lost), 3*time.Second)
	})
}

func TestAppendUnavailable(t *testing.T) {
	t.Parallel()
	t.Run("never connected", func(t *testing.T) {
		t.Parallel()
		b := open(t, broker.Config{URLs: []string{newNATS(t).url()}})
		_, err := b.Append(testContext(t), subjectA, []byte("x"), 0)
		requireOnly(t, err, broker.ErrUnavailable, "down")
		require.ErrorIs(t, b.Available(testContext(t)), broker.ErrUnavailable)
	})
	t.Run("disconnected", func(t *testing.T) {
		t.Parallel()
		s := startNATS(t)
		b := openExternal(t, s, broker.Config{})
		appendAll(t, b, 0, "a")
		s.stop()
		_, err := b.Append(testContext(t), subjectA, []byte("x"), 1)
		requireOnly(t, err, broker.ErrUnavailable, "down")
		s.start()
		require.Eventually(t, func() bool { return b.Available(testContext(t)) == nil }, patience, 10*time.Millisecond)
		appendAll(t, b, 1, "b") // what was refused was not kept to be sent now
	})
	t.Run("no stream", func(t *testing.T) {
		t.Parallel()
		b := open(t, broker.Config{URLs: []string{startNATS(t).url()}})
		_, err := b.Append(testContext(t), subjectA, []byte("x"), 0)
		requireOnly(t, err, broker.ErrUnavailable, "no stream")
	})
	t.Run("nobody takes the subject", func(t *testing.T) {
		t.Parallel()
		b, _ := answering(t, nil)
		_, err := b.Append(testContext(t), subjectA, []byte("x"), 0)
		requireOnly(t, err, broker.ErrUnavailable, "no responders")
	})
	t.Run("closed", func(t *testing.T) {
		t.Parallel()
		b := openEmbedded(t)
		b.Close()
		_, err := b.Append(testContext(t), subjectA, []byte("x"), 0)
		requireOnly(t, err, broker.ErrUnavailable, "closed")
	})
}
