package hub_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"tocsin/auth"
	"tocsin/auth/authtest"
	"tocsin/hub"
	"tocsin/notice"
	"tocsin/notice/noticetest"
	"tocsin/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

const epoch = "00c0ffee"

// history is a log as a test keeps it: any number of nodes can follow it.
type history struct {
	epoch   string
	entries []notice.Entry
}

// newHistory begins with a keyset.
func newHistory(staff *noticetest.Staff) *history {
	l := &history{epoch: epoch}
	l.append(staff.KeysetBody(1))
	return l
}

func (l *history) append(body []byte) notice.Entry {
	e := notice.Entry{Seq: uint64(len(l.entries) + 1), Body: body, Time: time.Now()}
	l.entries = append(l.entries, e)
	return e
}

// head is the sequence of the last entry; cursor is there.
func (l *history) head() uint64 { return uint64(len(l.entries)) }

func (l *history) cursor() wire.Cursor { return l.cursorAt(l.head()) }

func (l *history) cursorAt(seq uint64) wire.Cursor {
	if seq == 0 {
		return wire.StartOf(l.epoch)
	}
	return wire.Cursor{Epoch: l.epoch, Seq: seq, Hash: wire.EntryHash(l.entries[seq-1].Body)}
}

// node is a hub behind a real HTTP server on loopback.
type node struct {
	*hub.Hub
	t           testing.TB
	addr        string
	mu          sync.Mutex // guards clients
	clients     []*client
	compression websocket.CompressionMode       // that its clients offer
	inner       func(net.Listener) net.Listener // below the hub's; nil: nothing
}

// world is what the nodes of one test have in common.
type world struct {
	t         testing.TB
	staff     *noticetest.Staff
	issuer    *authtest.Issuer
	authority *auth.Authority
	log       *history
}

func newWorld(t testing.TB) *world {
	w := &world{t: t, staff: noticetest.NewStaff(t), issuer: authtest.New(t)}
	w.authority = authtest.Run(t, auth.Config{}, w.issuer)
	w.log = newHistory(w.staff)
	return w
}

// token proves a tenant, and more if given as pairs of claim and value.
func (w *world) token(tenant string, more ...string) string {
	claims := map[string]any{"tenant": tenant}
	for i := 0; i+1 < len(more); i += 2 {
		claims[more[i]] = more[i+1]
	}
	return w.issuer.Token(claims)
}

// alert signs and appends an Alert.
func (w *world) alert(edits ...noticetest.Edit) (*notice.Notice, notice.Entry) {
	n := w.staff.Alert(edits...)
	return n, w.log.append(w.staff.Sign(n))
}

// start runs a node that has not seen a log yet.
func (w *world) start(edits ...func(*hub.Config)) *node {
	w.t.Helper()
	n := w.make(edits...)
	w.run(n, plain)
	return n
}

func (w *world) make(edits ...func(*hub.Config)) *node {
	w.t.Helper()
	c := hub.Config{Trust: w.staff.Trust(), Authority: w.authority}
	for _, edit := range edits {
		edit(&c)
	}
	h, err := hub.New(c)
	require.NoError(w.t, err)
	return &node{Hub: h, t: w.t}
}

// run serves a node until the test ends.
func (w *world) run(n *node, outer func(net.Listener) net.Listener) {
	w.t.Helper()
	w.t.Cleanup(w.serve(n, outer))
	w.t.Cleanup(n.hangUp)
}

// serve serves a node until stop is called.
func (w *world) serve(n *node, outer func(net.Listener) net.Listener) (stop func()) {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(w.t, err)
	n.addr = l.Addr().String()
	if n.inner != nil {
		l = n.inner(l)
	}
	server := &http.Server{Handler: n.Handler(), ReadHeaderTimeout: hub.HeaderTimeout}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { _ = n.Run(ctx) })
	wg.Go(func() {
		if err := server.Serve(outer(n.WrapListener(l))); !errors.Is(err, http.ErrServerClosed) {
			w.t.Errorf("serving: %v", err)
		}
	})
	return func() {
		cancel()
		_ = server.Close()
		wg.Wait()
	}
}

// hangUp closes all clients.
func (n *node) hangUp() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, c := range n.clients {
		_ = c.ws.CloseNow()
	}
	n.clients = nil
}

func plain(l net.Listener) net.Listener { return l }

// brief runs a node for one case of a property test.
func (w *world) brief(t *rapid.T) (n *node, stop func()) {
	n = w.make()
	n.t = testing.TB(w.t)
	t.Helper()
	ended := w.serve(n, plain)
	return n, func() {
		n.hangUp()
		ended()
	}
}

// follow starts a node that has read the log to its end.
func (w *world) follow(edits ...func(*hub.Config)) *node {
	w.t.Helper()
	n := w.start(edits...)
	n.read(w.log)
	return n
}

// read lets the node follow a log from its beginning to its end.
func (n *node) read(l *history) {
	n.Begin(l.epoch)
	for _, e := range l.entries {
		n.Entry(e)
	}
	n.live(l)
}

// live tells the node that it is at the end of the log.
func (n *node) live(l *history) {
	n.Source(hub.Source{Live: true, Since: time.Now(), Head: l.head(), Checked: time.Now()})
}

// stale tells it that the broker is away.
func (n *node) stale() { n.Source(hub.Source{Since: time.Now(), Reason: "gone"}) }

// client is a WebSocket client that decodes what it gets, as strictly as it can.
type client struct {
	t    testing.TB
	ws   *websocket.Conn
	tier wire.Tier // as tierTest follows it
}

// dial connects without a word. A header may be given as pairs.
func (n *node) dial(header ...string) *client {
	n.t.Helper()
	c, _, err := n.tryDial(header...)
	require.NoError(n.t, err)
	return c
}

func (n *node) tryDial(header ...string) (*client, *http.Response, error) {
	h := http.Header{}
	for i := 0; i+1 < len(header); i += 2 {
		h.Add(header[i], header[i+1])
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	transport := &http.Transport{}
	ws, resp, err := websocket.Dial(ctx, "ws://"+n.addr+"/v1/connect", &websocket.DialOptions{
		Subprotocols: []string{wire.Subprotocol}, HTTPHeader: h,
		HTTPClient: &http.Client{Transport: transport}, CompressionMode: n.compression, CompressionThreshold: 1,
	})
	if err != nil {
		transport.CloseIdleConnections()
		return nil, resp, err
	}
	ws.SetReadLimit(wire.MaxServerFrame)
	c := &client{t: n.t, ws: ws}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.clients = append(n.clients, c)
	return c, resp, nil
}

// hello connects and says hello.
func (n *node) hello(h wire.Hello) *client {
	n.t.Helper()
	c := n.dial()
	c.send(h)
	return c
}

func (c *client) send(f wire.ClientFrame) {
	c.t.Helper()
	require.NoError(c.t, c.sendText(f.AppendTo(nil)))
}

func (c *client) sendText(text []byte) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return c.ws.Write(ctx, websocket.MessageText, text)
}

// read waits for the next frame, whatever it is.
func (c *client) read(wait time.Duration) (wire.ServerFrame, error) {
	ctx, cancel := context.WithTimeout(context.Background(), wait)
	defer cancel()
	_, text, err := c.ws.Read(ctx)
	if err != nil {
		return nil, err
	}
	f, err := wire.DecodeServer(text)
	require.NoError(c.t, err, "%s", text)
	return f, nil
}

// next waits for the next frame that is not a heartbeat.
func (c *client) next() wire.ServerFrame {
	c.t.Helper()
	for end := time.Now().Add(patience); ; {
		f, err := c.read(time.Until(end))
		require.NoError(c.t, err)
		if _, beat := f.(wire.Heartbeat); !beat {
			return f
		}
	}
}

// expect waits for a frame of type F, and lets only heartbeats pass.
func expect[F wire.ServerFrame](c *client) F {
	c.t.Helper()
	f := c.next()
	got, ok := f.(F)
	require.True(c.t, ok, "%T: %+v", f, f)
	return got
}

// heartbeat waits for a heartbeat that ok accepts, past anything else.
func (c *client) heartbeat(ok func(wire.Heartbeat) bool) wire.Heartbeat {
	c.t.Helper()
	for end := time.Now().Add(patience); ; {
		f, err := c.read(time.Until(end))
		require.NoError(c.t, err)
		if beat, is := f.(wire.Heartbeat); is && ok(beat) {
			return beat
		}
	}
}

// begin reads welcome, entries and synced.
func (c *client) begin() (w wire.Welcome, seqs []uint64, s wire.Synced) {
	c.t.Helper()
	w = expect[wire.Welcome](c)
	seqs, s = c.untilSynced()
	return w, seqs, s
}

func (c *client) untilSynced() (seqs []uint64, s wire.Synced) {
	c.t.Helper()
	for {
		switch f := c.next().(type) {
		case wire.EntryFrame:
			seqs = append(seqs, f.Seq)
		case wire.Synced:
			return seqs, f
		default:
			require.Failf(c.t, "unexpected frame", "%T: %+v", f, f)
		}
	}
}

// entries reads n entries.
func (c *client) entries(n int) (seqs []uint64) {
	c.t.Helper()
	for range n {
		seqs = append(seqs, expect[wire.EntryFrame](c).Seq)
	}
	return seqs
}

// closed reads on until the node closes, and returns the code.
func (c *client) closed() wire.CloseCode {
	c.t.Helper()
	for end := time.Now().Add(patience); ; {
		if _, err := c.read(time.Until(end)); err != nil {
			require.False(c.t, errors.Is(err, context.DeadlineExceeded), "not closed in time")
			return wire.CloseCode(websocket.CloseStatus(err))
		}
	}
}

// get fetches a path over HTTP.
func (n *node) get(path string, header ...string) (*http.Response, string) {
	n.t.Helper()
	return n.request(http.MethodGet, path, header...)
}

func (n *node) request(method, path string, header ...string) (*http.Response, string) {
	n.t.Helper()
	req, err := http.NewRequest(method, "http://"+n.addr+path, nil)
	require.NoError(n.t, err)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Add(header[i], header[i+1])
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := (&http.Client{Transport: transport, Timeout: patience}).Do(req)
	require.NoError(n.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(n.t, err)
	return resp, string(body)
}

// eventually waits until ok.
func eventually(t testing.TB, ok func() bool, what string) {
	t.Helper()
	require.Eventually(t, ok, patience, 5*time.Millisecond, what)
}

func contains(s string, parts ...string) bool {
	for _, p := range parts {
		if !strings.Contains(s, p) {
			return false
		}
	}
	return true
}

func quick(c *hub.Config) { c.Heartbeat = 100 * time.Millisecond }
