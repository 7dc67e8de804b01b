package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"tocsin/client"
	"tocsin/notice"
	"tocsin/notice/noticetest"
	"tocsin/wire"
)

const epoch = "0a1b2c3d"

// node is a WebSocket server whose every frame the test decides. It is real but for
// its listener, which is in memory, so that it runs in a synctest bubble.
type node struct {
	t      *testing.T
	http   *http.Client
	peers  chan *peer
	answer func(http.ResponseWriter, *http.Request) bool // if set and true, instead of a connection

	mu    sync.Mutex
	tries []time.Time // when requests came
}

// peer is the node's end of one connection.
type peer struct {
	t    *testing.T
	conn *websocket.Conn
	done chan struct{}
}

func newNode(t *testing.T) *node {
	n := &node{t: t, peers: make(chan *peer)}
	n.http = serveInMemory(t, n)
	return n
}

func (n *node) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	n.tries = append(n.tries, time.Now())
	n.mu.Unlock()
	if n.answer != nil && n.answer(w, r) {
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{wire.Subprotocol}})
	if err != nil {
		return
	}
	defer conn.CloseNow()
	conn.SetReadLimit(wire.MaxClientFrame)
	p := &peer{t: n.t, conn: conn, done: make(chan struct{})}
	select {
	case n.peers <- p:
	case <-r.Context().Done():
		return
	}
	select {
	case <-p.done:
	case <-r.Context().Done():
	}
}

// attempts are when requests came.
func (n *node) attempts() []time.Time {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.tries)
}

// accept waits for a connection and its hello.
func (n *node) accept() (*peer, wire.Hello) {
	n.t.Helper()
	select {
	case p := <-n.peers:
		hello, ok := p.next().(wire.Hello)
		require.True(n.t, ok, "the first frame is not hello")
		return p, hello
	case <-time.After(10 * time.Minute):
		n.t.Fatal("no connection")
		return nil, wire.Hello{}
	}
}

// next reads a frame of the client.
func (p *peer) next() wire.ClientFrame {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Minute)
	defer cancel()
	kind, message, err := p.conn.Read(ctx)
	require.NoError(p.t, err)
	require.Equal(p.t, websocket.MessageText, kind)
	frame, err := wire.DecodeClient(message)
	require.NoError(p.t, err)
	return frame
}

// ended waits for the end of the connection and returns the client's close code, or
// -1 if it just went away.
func (p *peer) ended() websocket.StatusCode {
	defer close(p.done)
	for {
		_, _, err := p.conn.Read(context.Background())
		if err != nil {
			return websocket.CloseStatus(err)
		}
	}
}

func (p *peer) send(frames ...wire.ServerFrame) {
	p.t.Helper()
	for _, f := range frames {
		p.sendText(string(f.AppendTo(nil)))
	}
}

func (p *peer) sendText(text string) {
	p.t.Helper()
	require.NoError(p.t, p.conn.Write(context.Background(), websocket.MessageText, []byte(text)))
}

// close ends the connection from the node's side.
func (p *peer) close(code wire.CloseCode) {
	p.conn.Close(websocket.StatusCode(code), code.String())
	close(p.done)
}

// cut ends the connection without a word.
func (p *peer) cut() {
	p.conn.CloseNow()
	close(p.done)
}

// serveInMemory serves HTTP until the test ends. Whatever address the client that it
// returns dials is this server's.
func serveInMemory(t *testing.T, handler http.Handler) *http.Client {
	listener := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	transport := &http.Transport{DialContext: listener.dial}
	ctx, cancel := context.WithCancel(context.Background())
	server := &http.Server{Handler: handler, BaseContext: func(net.Listener) context.Context { return ctx }}
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.Serve(listener)
	}()
	t.Cleanup(func() {
		cancel()
		server.Close()
		transport.CloseIdleConnections()
		<-done
	})
	return &http.Client{Transport: transport}
}

// pipeListener hands the ends of pipes from dial to Accept.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case l.conns <- theirs:
		return ours, nil
	case <-l.closed:
		return nil, errors.New("connection refused")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

// logbook numbers entries as a log would, and folds them as a desk would.
type logbook struct {
	*noticetest.Staff
	seq     uint64
	board   *notice.Board
	beacons bool // keysets name some
}

func newLogbook(t *testing.T) *logbook {
	staff := noticetest.NewStaff(t)
	return &logbook{Staff: staff, board: notice.NewBoard(staff.Trust(), false)}
}

func (l *logbook) entry(body []byte) wire.EntryFrame {
	l.seq++
	l.board.Fold(notice.Entry{Seq: l.seq, Body: body})
	return wire.EntryFrame{Seq: l.seq, Envelope: body}
}

// KeysetBody is the staff's, without the beacon unless heads are what is tested.
func (l *logbook) KeysetBody(version int64, edits ...func(*notice.Keyset)) []byte {
	if !l.beacons {
		edits = append(edits, noticetest.Without(l.Beacon))
	}
	return l.Staff.KeysetBody(version, edits...)
}

func (l *logbook) cursor() wire.Cursor {
	if l.seq == 0 {
		return wire.StartOf(epoch)
	}
	return wire.Cursor{Epoch: epoch, Seq: l.seq, Hash: "89abcdef"}
}

func (l *logbook) synced() wire.Synced { return wire.Synced{Cursor: l.cursor()} }

func (l *logbook) heartbeat() wire.Heartbeat {
	return wire.Heartbeat{Cursor: l.cursor(), ServerTime: time.Now(), Source: live}
}

var (
	live  = wire.Source{State: wire.SourceLive}
	stale = wire.Source{State: wire.SourceStale, SinceMs: 60_000}
)

func welcome(resume wire.Resume, tier wire.Tier, labels ...string) wire.Welcome {
	state := wire.AuthNone
	if tier != wire.TierPublic {
		state = wire.AuthOK
	}
	return wire.Welcome{Session: "s1", Tier: tier, Labels: labels, Auth: wire.AuthState{State: state},
		Resume: resume, HeartbeatMs: 15_000, ServerTime: time.Now(), Source: live}
}

// watcher runs a Subscriber and keeps its events.
type watcher struct {
	*client.Subscriber
	mu     sync.Mutex
	events []client.Event
	stop   func() error // ends Run and returns its error
}

// watch runs a Subscriber of n. Edits change its Config.
func watch(t *testing.T, n *node, trust notice.Trust, edits ...func(*client.Config)) *watcher {
	return watchWith(t, n, trust, func(client.Event) {}, edits...)
}

// watchWith is watch with a handler of the test's own, called after the event is kept.
func watchWith(t *testing.T, n *node, trust notice.Trust, handle func(client.Event), edits ...func(*client.Config)) *watcher {
	config := client.Config{
		URL: "ws://127.0.0.1", Trust: trust, HTTPClient: n.http,
		Jitter: func(limit time.Duration) time.Duration { return limit - 1 },
	}
	for _, edit := range edits {
		edit(&config)
	}
	s, err := client.NewSubscriber(config)
	require.NoError(t, err)
	w := &watcher{Subscriber: s}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() {
		done <- s.Run(ctx, func(e client.Event) {
			w.mu.Lock()
			w.events = append(w.events, e)
			w.mu.Unlock()
			handle(e)
		})
	}()
	w.stop = sync.OnceValue(func() error {
		cancel()
		return <-done
	})
	t.Cleanup(func() { w.stop() })
	return w
}

// take returns the events so far, and forgets them.
func (w *watcher) take() []client.Event {
	w.mu.Lock()
	defer w.mu.Unlock()
	events := w.events
	w.events = nil
	return events
}

// of picks the events of one type.
func of[E client.Event](events []client.Event) []E {
	var picked []E
	for _, e := range events {
		if e, ok := e.(E); ok {
			picked = append(picked, e)
		}
	}
	return picked
}

// changes are the changes of notices among events, with the headline shown.
func changes(events []client.Event) []string {
	var list []string
	for _, c := range of[client.NoticeChanged](events) {
		list = append(list, string(c.Change)+" "+c.Message.Notice.Identifier)
	}
	return list
}

// open accepts a connection and sends frames, then synced.
func (n *node) open(l *logbook, frames ...wire.ServerFrame) *peer {
	n.t.Helper()
	p, _ := n.accept()
	p.send(frames...)
	p.send(l.synced())
	synctest.Wait()
	return p
}

// ready opens a public session whose snapshot is the staff's keyset and frames.
func (n *node) ready(l *logbook, frames ...wire.ServerFrame) *peer {
	n.t.Helper()
	first := []wire.ServerFrame{welcome(wire.ResumeSnapshot, wire.TierPublic), l.entry(l.KeysetBody(1))}
	return n.open(l, append(first, frames...)...)
}

// types names the types of events.
func types(events []client.Event) []string {
	var names []string
	for _, e := range events {
		names = append(names, fmt.Sprintf("%T", e))
	}
	return names
}

func roundTrip[T any](t *testing.T, v T) (out T) {
	text, err := json.Marshal(v)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &out))
	return out
}
