package broker

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"tocsin/notice"
)

// sentAroundAs is what a server sends around when it has stored an entry in place 7; then edited.
func sentAroundAs(edit func(*nats.Msg)) *nats.Msg {
	msg := nats.NewMsg("tocsin.grown.notice.x")
	msg.Data = []byte("body")
	msg.Header = nats.Header{
		"Nats-Expected-Last-Sequence": {"6"}, // its author's
		"Nats-Stream":                 {"TOCSIN_LOG"}, "Nats-Subject": {"tocsin.log.notice.x"}, "Nats-Sequence": {"7"},
		"Nats-Time-Stamp": {"2026-11-22T10:00:00.123456789Z"}, "Nats-Last-Sequence": {"6"},
	}
	edit(msg)
	return msg
}

// Whoever appends chooses headers too; what is not the server's own word is a hint and no more.
func TestWhatIsSentAround(t *testing.T) {
	t.Parallel()
	m, ok := entryOf(sentAroundAs(func(*nats.Msg) {}))
	require.True(t, ok)
	require.Equal(t, message{
		subject: "tocsin.log.notice.x", seq: 7, body: []byte("body"),
		time: time.Date(2026, 11, 22, 10, 0, 0, 123456789, time.UTC),
	}, m)
	for name, edit := range map[string]func(*nats.Msg){
		"no headers":               func(m *nats.Msg) { m.Header = nil },
		"two places":               func(m *nats.Msg) { m.Header.Add("Nats-Sequence", "8") },
		"two subjects":             func(m *nats.Msg) { m.Header["Nats-Subject"] = []string{"tocsin.log.keyset", "tocsin.log.notice.x"} },
		"two streams":              func(m *nats.Msg) { m.Header.Add("Nats-Stream", "TOCSIN_LOG") },
		"two times":                func(m *nats.Msg) { m.Header.Add("Nats-Time-Stamp", "2026-11-22T10:00:00Z") },
		"another stream":           func(m *nats.Msg) { m.Header.Set("Nats-Stream", "TOCSIN_DESK") },
		"another subject":          func(m *nats.Msg) { m.Header.Set("Nats-Subject", "tocsin.log.keyset") },
		"not the log's":            func(m *nats.Msg) { m.Header.Set("Nats-Subject", "tocsin.desk.notice.x") },
		"sent around as another":   func(m *nats.Msg) { m.Subject = "tocsin.grown.keyset" },
		"no place":                 func(m *nats.Msg) { m.Header.Del("Nats-Sequence") },
		"a place that is none":     func(m *nats.Msg) { m.Header.Set("Nats-Sequence", "-1") },
		"a time that is none":      func(m *nats.Msg) { m.Header.Set("Nats-Time-Stamp", "now") },
		"a header of the author's": func(m *nats.Msg) { m.Header.Set("Nats-Msg-Id", "x") },
		"the headers alone":        func(m *nats.Msg) { m.Data = nil },
		"larger than an entry is":  func(m *nats.Msg) { m.Data = make([]byte, notice.MaxBody+1) },
	} {
		_, ok := entryOf(sentAroundAs(edit))
		require.False(t, ok, name)
	}
}

// A real server adds its own headers to those that an author forged.
func TestForgedHeadersOfAnEntry(t *testing.T) {
	t.Parallel()
	options := denying("", "")
	options.JetStream, options.StoreDir = true, t.TempDir()
	desk := openAs(t, t.Context(), "desk", startServer(t, options))
	require.NoError(t, desk.Init(t.Context(), 1))
	heard, err := desk.conn.SubscribeSync(subjectGrown)
	require.NoError(t, err)
	store := func(header nats.Header) *nats.Msg {
		_, err := desk.conn.RequestMsg(&nats.Msg{Subject: "tocsin.log.notice.x", Data: []byte("body"), Header: header}, time.Minute)
		require.NoError(t, err)
		msg, err := heard.NextMsg(time.Minute)
		require.NoError(t, err)
		return msg
	}
	m, ok := entryOf(store(nil))
	require.True(t, ok)
	require.EqualValues(t, 1, m.seq)
	require.Equal(t, "tocsin.log.notice.x", m.subject)
	for name, value := range map[string]string{
		"Nats-Sequence": "9", "Nats-Subject": "tocsin.log.keyset", "Nats-Stream": "TOCSIN_LOG", "Nats-Time-Stamp": "2026-11-22T10:00:00Z",
	} {
		msg := store(nats.Header{name: {value}})
		require.Len(t, msg.Header.Values(name), 2)
		_, ok := entryOf(msg)
		require.False(t, ok, name)
	}
}

// Nor does it look where the author's end: what stands behind an empty line nobody reads.
func TestForgedEndOfHeaders(t *testing.T) {
	t.Parallel()
	options := denying("", "")
	options.JetStream, options.StoreDir = true, t.TempDir()
	srv := startServer(t, options)
	desk := openAs(t, t.Context(), "desk", srv)
	require.NoError(t, desk.Init(t.Context(), 1))
	heard, err := desk.conn.SubscribeSync(subjectGrown)
	require.NoError(t, err)
	require.NoError(t, desk.conn.Flush())
	conn, err := net.Dial("tcp", srv.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	forged := "NATS/1.0\r\nNats-Stream: TOCSIN_LOG\r\nNats-Subject: tocsin.log.notice.x\r\nNats-Sequence: 99\r\n" +
		"Nats-Time-Stamp: 2020-01-01T00:00:00Z\r\n\r\nx: y\r\n\r\n"
	_, err = fmt.Fprintf(conn, "CONNECT {\"user\":\"desk\",\"pass\":\"x\",\"headers\":true,\"verbose\":false}\r\nHPUB tocsin.log.notice.x %d %d\r\n%sbody\r\n",
		len(forged), len(forged)+len("body"), forged)
	require.NoError(t, err)
	msg, err := heard.NextMsg(time.Minute)
	require.NoError(t, err)
	require.Equal(t, []string{"99"}, msg.Header.Values("Nats-Sequence"), "a client sees the author's")
	_, ok := entryOf(msg)
	require.False(t, ok)
}

// listening is a follower in a bubble that stands at place 6, behind a reader that the test
// plays, and the entries that it has handed on.
func listening(t *testing.T) (f *follow, r *reader, silent *atomic.Bool, handed *[]string) {
	m, err := newMetrics(nil)
	require.NoError(t, err)
	silent, handed = new(atomic.Bool), new([]string)
	r = &reader{messages: make(chan message), failed: make(chan error), unheard: silent.Load}
	f = &follow{
		b: &Broker{log: slog.New(slog.DiscardHandler), metrics: m, link: newLink(m)}, to: noting{entries: handed},
		grown: &growth{hints: make(chan struct{}, 1)}, liveness: newLiveness(), epoch: "0011aabb", seq: 6,
	}
	return f, r, silent, handed
}

type noting struct {
	Follower
	entries *[]string
}

func (n noting) Begin(string)         { *n.entries = append(*n.entries, "begin") }
func (n noting) Entry(e notice.Entry) { *n.entries = append(*n.entries, string(e.Body)) }
func (n noting) Source(s Source) {
	if s.Live {
		*n.entries = append(*n.entries, "live")
	}
}

// What was sent around counts while no leader answers, and makes nobody live; the leader has the
// last word on each of it.
func TestListenWithoutALeader(t *testing.T) {
	t.Parallel()
	say := func(f *follow, seq, body string) {
		f.grown.hear(sentAroundAs(func(m *nats.Msg) { m.Header.Set("Nats-Sequence", seq); m.Data = []byte(body) }))
	}
	for name, c := range map[string]struct {
		leader []string // what it hands out from place 7 on
		want   []string
		err    error
	}{
		"the same":         {[]string{"seven", "eight", "nine"}, []string{"seven", "eight", "live", "nine"}, context.Canceled},
		"another":          {[]string{"other"}, []string{"seven", "eight", "begin"}, errReplaced},
		"another, further": {[]string{"seven", "other"}, []string{"seven", "eight", "begin"}, errReplaced},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f, r, silent, handed := listening(t)
				ctx, cancel := context.WithCancel(t.Context())
				f.target = logState{epoch: f.epoch, last: 8, asked: time.Now().Add(time.Hour)}
				ended := make(chan error, 1)
				go func() { ended <- f.listen(ctx, r, nil) }()
				say(f, "7", "seven")
				say(f, "8", "eight")
				time.Sleep(time.Minute)
				synctest.Wait()
				require.Empty(t, *handed, "while the leader answers")
				silent.Store(true)
				time.Sleep(overdueAfter)
				synctest.Wait()
				require.Equal(t, []string{"seven", "eight"}, *handed)
				silent.Store(false)
				for i, body := range c.leader {
					m, _ := entryOf(sentAroundAs(func(*nats.Msg) {}))
					m.seq, m.body = uint64(7+i), []byte(body)
					r.messages <- m
				}
				synctest.Wait()
				cancel()
				require.ErrorIs(t, <-ended, c.err)
				require.Equal(t, c.want, *handed)
			})
		})
	}
}

func TestOverdue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &growth{hints: make(chan struct{}, 1)}
		say := func(seq, body string) {
			g.hear(sentAroundAs(func(m *nats.Msg) { m.Header.Set("Nats-Sequence", seq); m.Data = []byte(body) }))
		}
		overdue := func(seq uint64) string {
			m, ok := g.overdue(seq)
			require.Equal(t, ok, m.body != nil)
			return string(m.body)
		}
		say("7", "seven")
		say("9", "nine")
		require.Len(t, g.hints, 1)
		time.Sleep(overdueAfter - time.Millisecond)
		require.Empty(t, overdue(7), "the leader has time")
		time.Sleep(time.Millisecond)
		require.Equal(t, "seven", overdue(7))
		require.Empty(t, overdue(8), "it was not said")
		require.Equal(t, "nine", overdue(9))
		require.Empty(t, overdue(7), "what is behind is forgotten")
		say("9", "nine")
		require.Equal(t, "nine", overdue(9), "twice is once")
		say("9", "of another log")
		require.Empty(t, overdue(9))

		g.forget()
		for range keptGrowth {
			say("12", "twelve")
		}
		say("13", "thirteen")
		require.Len(t, g.entries, keptGrowth, "the newest are kept")
		time.Sleep(overdueAfter)
		require.Equal(t, "thirteen", overdue(13))
	})
}
