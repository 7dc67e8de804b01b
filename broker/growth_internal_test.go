package broker

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"tocsin/notice"
)

// sentAround is what a server sends around when it has stored an entry in place 7; then edited.
func sentAround(edit func(*nats.Msg)) *nats.Msg {
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
	m, ok := entryOf(sentAround(func(*nats.Msg) {}))
	require.True(t, ok)
	require.Equal(t, message{
		subject: "tocsin.log.notice.x", seq: 7, body: []byte("body"),
		time: time.Date(2026, 11, 22, 10, 0, 0, 123456789, time.UTC),
	}, m)
	for name, edit := range map[string]func(*nats.Msg){
		"no headers":              func(m *nats.Msg) { m.Header = nil },
		"two places":              func(m *nats.Msg) { m.Header.Add("Nats-Sequence", "8") },
		"two subjects":            func(m *nats.Msg) { m.Header["Nats-Subject"] = []string{"tocsin.log.keyset", "tocsin.log.notice.x"} },
		"two streams":             func(m *nats.Msg) { m.Header.Add("Nats-Stream", "TOCSIN_LOG") },
		"two times":               func(m *nats.Msg) { m.Header.Add("Nats-Time-Stamp", "2026-11-22T10:00:00Z") },
		"another stream":          func(m *nats.Msg) { m.Header.Set("Nats-Stream", "TOCSIN_DESK") },
		"another subject":         func(m *nats.Msg) { m.Header.Set("Nats-Subject", "tocsin.log.keyset") },
		"not the log's":           func(m *nats.Msg) { m.Header.Set("Nats-Subject", "tocsin.desk.notice.x") },
		"sent around as another":  func(m *nats.Msg) { m.Subject = "tocsin.grown.keyset" },
		"no place":                func(m *nats.Msg) { m.Header.Del("Nats-Sequence") },
		"a place that is none":    func(m *nats.Msg) { m.Header.Set("Nats-Sequence", "-1") },
		"a time that is none":     func(m *nats.Msg) { m.Header.Set("Nats-Time-Stamp", "now") },
		"the headers alone":       func(m *nats.Msg) { m.Data = nil },
		"larger than an entry is": func(m *nats.Msg) { m.Data = make([]byte, notice.MaxBody+1) },
	} {
		_, ok := entryOf(sentAround(edit))
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

func TestOverdue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &growth{hints: make(chan struct{}, 1)}
		say := func(seq, body string) {
			g.hear(sentAround(func(m *nats.Msg) { m.Header.Set("Nats-Sequence", seq); m.Data = []byte(body) }))
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
