package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/broker"
	"tocsin/desk"
	"tocsin/hub"
	"tocsin/notice"
)

// TestReceipts sums what several processes count, and does not double what a
// process wrote without learning that it had.
func TestReceipts(t *testing.T) {
	ctx := context.Background()
	b, err := broker.Open(ctx, broker.Config{Dir: t.TempDir(), Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer b.Close()
	process := func(incarnation string) *receipts {
		return &receipts{store: b.Store(broker.StreamReceipts), incarnation: incarnation, revisions: make(map[string]uint64)}
	}
	const alert, other = "0198c1f2-0000-7000-8000-000000000000", "0198c1f2-0000-7000-8000-000000000001"
	one, two := process("one"), process("two")
	require.NoError(t, one.Put(ctx, alert, map[int]hub.Counts{0: {Sent: 3, Received: 2}}))
	require.NoError(t, one.Put(ctx, alert, map[int]hub.Counts{0: {Sent: 5, Received: 4, Displayed: 1}, 1: {Sent: 2}}))
	require.NoError(t, two.Put(ctx, alert, map[int]hub.Counts{0: {Sent: 10, Confirmed: 7}}))
	require.NoError(t, two.Put(ctx, other, map[int]hub.Counts{0: {Sent: 100}}))

	forgetful := process("one") // as if the first process had not heard of its writes
	require.NoError(t, forgetful.Put(ctx, alert, map[int]hub.Counts{0: {Sent: 6, Received: 4, Displayed: 1}, 1: {Sent: 2}}))

	counts, err := two.Counts(ctx, alert, 2)
	require.NoError(t, err)
	require.Equal(t, []desk.Counts{
		{Revision: 0, Sent: 16, Received: 4, Displayed: 1, Confirmed: 7},
		{Revision: 1, Sent: 2},
	}, counts)
	counts, err = one.Counts(ctx, "0198c1f2-0000-7000-8000-000000000002", 2)
	require.NoError(t, err)
	require.Empty(t, counts)
}

// Whoever has an edge's key can write anything under a notice.
func TestReceiptsForged(t *testing.T) {
	ctx := context.Background()
	store := openStore(t)
	r := &receipts{store: store, incarnation: "one", revisions: make(map[string]uint64)}
	require.NoError(t, r.Put(ctx, "notice", map[int]hub.Counts{0: {Sent: 3}, 1: {Sent: 2}}))
	many := make(map[int]hub.Counts)
	for i := range 1_000 {
		many[i] = hub.Counts{Sent: 1}
	}
	long, err := json.Marshal(many)
	require.NoError(t, err)
	for key, body := range map[string]string{
		"notice.long": string(long), "notice.far": `{"2":{"Sent":1},"-1":{"Sent":1},"99999999999999999999":{"Sent":1}}`, "notice.junk": "{", "notice.list": "[1]",
	} {
		_, err := store.Put(ctx, key, []byte(body), 0)
		require.NoError(t, err)
	}
	counts, err := r.Counts(ctx, "notice", 2)
	require.NoError(t, err)
	require.Equal(t, []desk.Counts{{Sent: 3}, {Revision: 1, Sent: 2}}, counts)
}

// Records go on in a stream that was made anew, as after somebody filled it.
func TestReceiptsMadeAnew(t *testing.T) {
	ctx := context.Background()
	store := openStore(t)
	r := &receipts{store: store, incarnation: "one", revisions: map[string]uint64{"notice.one": 7}} // of the former stream
	require.NoError(t, r.Put(ctx, "notice", map[int]hub.Counts{0: {Sent: 3}}))
	counts, err := r.Counts(ctx, "notice", 1)
	require.NoError(t, err)
	require.Equal(t, []desk.Counts{{Sent: 3}}, counts)
	a := newAudiences(store, "one")
	a.revision = 8
	require.NoError(t, a.Put(ctx, hub.Audience{Sessions: 5}))
	audience, err := a.Audience(ctx)
	require.NoError(t, err)
	require.Equal(t, 5, audience.Sessions)
}

// What reads the log asks the cluster, so there is one reader for a role, and none for the
// status alone, which knows all the same.
func TestReadersOfTheLog(t *testing.T) {
	f := newFleetApart(t)
	both := f.serve("both")
	for _, c := range []struct {
		member  *member
		readers float64
	}{
		{f.office, 1}, {f.serve("edge", "--roles", "edge"), 1}, {both, 2},
	} {
		c.member.ready(t)
		require.Eventually(t, func() bool {
			s := c.member.state()
			return s.Source.Live && s.Source.Read == 1 && s.Keyset.Version == 1
		}, patience, 5*time.Millisecond)
		require.Equal(t, c.readers, gauge(c.member.metrics, "tocsin_broker_followers"))
	}
	f.stopNATS()
	require.Eventually(t, func() bool { return !both.state().Source.Live }, patience, 5*time.Millisecond)
}

// What /status tells is what the log says.
func TestStatusDescribes(t *testing.T) {
	f := newFleetApart(t)
	edge := f.serve("edge", "--roles", "edge")
	alert := f.publish(f.Alert())
	f.publish(f.Alert())
	f.publish(f.Cancel(alert, nil))
	for _, m := range []*member{f.office, edge} {
		require.Eventually(t, func() bool {
			s := m.state()
			return s.Source.Read == 4 && s.Source.Head == 4 && s.Active == 1 && s.Keyset.Version == 1
		}, patience, 5*time.Millisecond)
	}
}

func TestWatchIsNotBehindWhatItRead(t *testing.T) {
	var w watch
	w.Begin("00000000")
	w.Entry(notice.Entry{Seq: 5})
	w.Source(broker.Source{Live: true, Head: 3})
	require.EqualValues(t, 5, w.describe().Head, "what was read is in the log")
	w.Begin("00000001")
	require.Zero(t, w.describe().Read)
}

func TestShutDownIsNotReady(t *testing.T) {
	drain := time.Duration(0)
	p := &process{cmd: &serveCmd{Drain: &drain}, log: slog.New(slog.DiscardHandler)}
	require.NoError(t, p.ready())
	p.shutDown(t.Context(), nil)
	require.ErrorIs(t, p.ready(), errDraining)
}

// TestShutDownEndsStreams: a stream of events ends, other requests finish.
func TestShutDownEndsStreams(t *testing.T) {
	started, finish := make(chan string, 2), make(chan struct{})
	s := &http.Server{}
	s.Handler = endStreams(s, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		started <- r.URL.Path
		if r.URL.Path == "/stream" {
			<-r.Context().Done()
			return
		}
		<-finish
		_, _ = io.WriteString(w, fmt.Sprint(r.Context().Err()))
	}))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	get := func(path string) <-chan string {
		answer := make(chan string, 1)
		go func() {
			req, _ := http.NewRequest(http.MethodGet, "http://"+l.Addr().String()+path, nil)
			if path == "/stream" {
				req.Header.Set("Accept", "text/event-stream")
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				answer <- err.Error()
				return
			}
			defer resp.Body.Close()
			body, _ := io.ReadAll(resp.Body)
			answer <- string(body)
		}()
		return answer
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	stream, act := get("/stream"), get("/act")
	<-started
	<-started
	done := make(chan error, 1)
	go func() { done <- s.Shutdown(context.Background()) }()
	require.Empty(t, <-stream)
	close(finish)
	require.Equal(t, "<nil>", <-act)
	require.NoError(t, <-done)
	require.ErrorIs(t, <-served, http.ErrServerClosed)
}
