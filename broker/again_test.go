package broker_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"tocsin/broker"
)

// lossy stands between a client and a nats-server, and loses messages on their way to
// the client: as a server does that is too busy to answer in time.
type lossy struct {
	url    string
	lose   atomic.Int64 // the how manieth message from now; 0 or less: none
	losing atomic.Bool  // all of them
	passed atomic.Int64 // messages to the client, lost ones among them
}

func newLossy(t testing.TB, s *natsServer) *lossy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	l := &lossy{url: "nats://" + listener.Addr().String()}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			srv, err := net.Dial("tcp", strings.TrimPrefix(s.url(), "nats://"))
			if err != nil {
				client.Close()
				continue
			}
			wg.Go(func() { _, _ = io.Copy(srv, client); srv.Close() })
			wg.Go(func() { l.pass(client, srv); client.Close() })
		}
	})
	t.Cleanup(func() { listener.Close(); wg.Wait() }) // after the brokers have hung up
	return l
}

// pass speaks as much of NATS as it takes to tell where a message ends.
func (l *lossy) pass(to io.Writer, from io.Reader) {
	r := bufio.NewReader(from)
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return
		}
		message := []byte(line)
		words := strings.Fields(line)
		if words[0] == "MSG" || words[0] == "HMSG" {
			size, _ := strconv.Atoi(words[len(words)-1])
			body := make([]byte, size+len("\r\n"))
			if _, err := io.ReadFull(r, body); err != nil {
				return
			}
			l.passed.Add(1)
			if l.lose.Add(-1) == 0 || l.losing.Load() {
				continue
			}
			message = append(message, body...)
		}
		if _, err := to.Write(message); err != nil {
			return
		}
	}
}

// Whichever message of a read is lost, it is asked for again, and what comes is whole.
func TestReadsOutlastALostMessage(t *testing.T) {
	t.Parallel()
	for name, read := range map[string]func(ctx context.Context, b *broker.Broker) (string, error){
		"get": func(ctx context.Context, b *broker.Broker) (string, error) {
			record, err := b.Store(broker.StreamDesk).Get(ctx, "a")
			return string(record.Body), err
		},
		"list": func(ctx context.Context, b *broker.Broker) (string, error) {
			records, err := b.Store(broker.StreamDesk).List(ctx)
			var bodies strings.Builder
			for _, record := range records {
				bodies.Write(record.Body)
			}
			return bodies.String(), err
		},
		"object": func(ctx context.Context, b *broker.Broker) (string, error) {
			body, err := b.Cohorts().Get(ctx, "a")
			return string(body), err
		},
		"objects": func(ctx context.Context, b *broker.Broker) (string, error) {
			list, err := b.Cohorts().List(ctx)
			var names strings.Builder
			for _, object := range list {
				names.WriteString(object.Name)
			}
			return names.String(), err
		},
	} {
		want := map[string]string{"get": "1", "list": "123", "object": "large", "objects": "ab"}[name]
		s := startNATS(t)
		direct := openExternal(t, s, broker.Config{})
		for key, body := range map[string]string{"a": "1", "b": "2", "c": "3"} {
			_, err := direct.Store(broker.StreamDesk).Put(testContext(t), key, []byte(body), 0)
			require.NoError(t, err)
		}
		require.NoError(t, direct.Cohorts().Put(testContext(t), "a", []byte("large"), nil))
		require.NoError(t, direct.Cohorts().Put(testContext(t), "b", []byte("larger"), nil))

		measure := newLossy(t, s)
		b := open(t, broker.Config{URLs: []string{measure.url}})
		before := measure.passed.Load()
		got, err := read(testContext(t), b)
		require.NoError(t, err, name)
		require.Equal(t, want, got)
		messages := measure.passed.Load() - before
		require.GreaterOrEqual(t, messages, int64(1), name)
		for n := range messages {
			t.Run(fmt.Sprintf("%s/%d of %d", name, n+1, messages), func(t *testing.T) {
				t.Parallel()
				l := newLossy(t, s)
				b := open(t, broker.Config{URLs: []string{l.url}})
				l.lose.Store(n + 1)
				got, err := read(testContext(t), b)
				require.NoError(t, err)
				require.Equal(t, want, got)
			})
		}
	}
}

// A broker that answers nothing is asked for some seconds, not for ever, and no longer
// than the caller wants.
func TestReadsGiveUp(t *testing.T) {
	t.Parallel()
	s := startNATS(t)
	openExternal(t, s, broker.Config{})
	l := newLossy(t, s)
	b := open(t, broker.Config{URLs: []string{l.url}})
	l.losing.Store(true)
	_, err := b.Store(broker.StreamDesk).Get(testContext(t), "a")
	requireOnly(t, err, broker.ErrUnavailable, "get")
	require.GreaterOrEqual(t, l.passed.Load(), int64(2), "it was asked again")

	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	asked := l.passed.Load()
	_, err = b.Store(broker.StreamDesk).List(ctx)
	requireOnly(t, err, broker.ErrUnavailable, "list")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.LessOrEqual(t, l.passed.Load(), asked+1)
}

// What is an answer, though not the one hoped for, is not asked for again: a server
// without the streams.
func TestReadsTakeNoForAnAnswer(t *testing.T) {
	t.Parallel()
	s := startNATS(t)
	b := open(t, broker.Config{URLs: []string{s.url()}})
	conn, _ := s.admin()
	var asked atomic.Int64
	_, err := conn.Subscribe("$JS.API.>", func(*nats.Msg) { asked.Add(1) })
	require.NoError(t, err)
	require.NoError(t, conn.Flush())
	_, err = b.Store(broker.StreamDesk).Get(testContext(t), "a")
	requireOnly(t, err, broker.ErrUnavailable, "get")
	require.NoError(t, conn.Flush())
	require.LessOrEqual(t, asked.Load(), int64(1))
}

// A cluster that has no leader yet answers nothing. Whatever of the making of the streams is
// lost, it is tried again, well before a command's usual patience ends.
func TestInitOutlastsALostMessage(t *testing.T) {
	t.Parallel()
	for _, n := range []int64{1, 2} { // whether there is the first stream; whether it was made
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			s := startNATS(t)
			l := newLossy(t, s)
			b := open(t, broker.Config{URLs: []string{l.url}})
			l.lose.Store(n)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			require.NoError(t, b.Init(ctx, 1))
			require.LessOrEqual(t, l.lose.Load(), int64(0), "one was lost")
		})
	}
}
