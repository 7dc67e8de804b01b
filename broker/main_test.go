package broker_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"tocsin/broker"
	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// These make the test binary act as another process: see child_test.go and
// cluster_test.go.
const (
	childEnv = "TOCSIN_BROKER_TEST_CHILD"
	limitEnv = "TOCSIN_BROKER_TEST_LIMIT"
	nodeEnv  = "TOCSIN_BROKER_TEST_NODE"
)

func TestMain(m *testing.M) {
	if act := os.Getenv(childEnv); act != "" {
		runChild(act)
		return
	}
	if act := os.Getenv(nodeEnv); act != "" {
		runNode(act)
		return
	}
	// The client library's own: a quick Put of an object may end before the goroutine that it
	// began has looked for what to wait for, which then waits for nothing, for good.
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("github.com/nats-io/nats.go/jetstream.(*jetStream).resetPendingAcksOnReconnect"))
}

// patience bounds a wait for what must come; it is long because the machine may be busy.
const patience = 30 * time.Second

const (
	subjectA = "tocsin.log.notice.a"
	mebibyte = 1 << 20
)

func testContext(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	t.Cleanup(cancel)
	return ctx
}

// testLog discards the log, unless TOCSIN_BROKER_TEST_LOG is set.
func testLog() *slog.Logger {
	if os.Getenv("TOCSIN_BROKER_TEST_LOG") == "" {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// open opens a broker and closes it when the test ends.
func open(t testing.TB, config broker.Config) *broker.Broker {
	t.Helper()
	b, err := broker.Open(testContext(t), withDefaults(config))
	require.NoError(t, err)
	t.Cleanup(b.Close)
	return b
}

func withDefaults(config broker.Config) broker.Config {
	if config.Logger == nil {
		config.Logger = testLog()
	}
	if config.MaxBytes == 0 {
		config.MaxBytes = 64 * mebibyte
	}
	return config
}

// openEmbedded opens a broker with its own store.
func openEmbedded(t testing.TB) *broker.Broker {
	t.Helper()
	return open(t, broker.Config{Dir: t.TempDir()})
}

// natsServer is a real nats-server in this process, on loopback, that can be stopped
// and started again at the same address.
type natsServer struct {
	t      testing.TB
	opts   server.Options
	server *server.Server
}

func newNATS(t testing.TB, edit ...func(*server.Options)) *natsServer {
	t.Helper()
	s := &natsServer{t: t, opts: server.Options{
		ServerName: "external", Host: "127.0.0.1", Port: freePort(t), NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: t.TempDir(), MaxPayload: notice.MaxBody,
		JetStreamMaxMemory: 64 * mebibyte, JetStreamMaxStore: 256 * mebibyte,
		DisableJetStreamBanner: true,
	}}
	for _, e := range edit {
		e(&s.opts)
	}
	t.Cleanup(s.stop)
	return s
}

func startNATS(t testing.TB, edit ...func(*server.Options)) *natsServer {
	t.Helper()
	s := newNATS(t, edit...)
	s.start()
	return s
}

func (s *natsServer) url() string {
	return "nats://" + net.JoinHostPort("127.0.0.1", strconv.Itoa(s.opts.Port))
}

func (s *natsServer) start() {
	s.t.Helper()
	opts := s.opts // the server changes it
	srv, err := server.NewServer(&opts)
	require.NoError(s.t, err)
	srv.Start()
	require.True(s.t, srv.ReadyForConnections(patience))
	s.server = srv
}

func (s *natsServer) stop() {
	if s.server != nil {
		s.server.Shutdown()
		s.server.WaitForShutdown()
		s.server = nil
	}
}

// admin is a plain NATS client: what someone with the broker's password can do.
func (s *natsServer) admin() (*nats.Conn, jetstream.JetStream) {
	s.t.Helper()
	conn, err := nats.Connect(s.url(), nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond))
	require.NoError(s.t, err)
	s.t.Cleanup(conn.Close)
	js, err := jetstream.New(conn)
	require.NoError(s.t, err)
	return conn, js
}

func freePort(t testing.TB) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// openExternal opens a broker on a running server and makes the streams.
func openExternal(t testing.TB, s *natsServer, config broker.Config) *broker.Broker {
	t.Helper()
	config.URLs = []string{s.url()}
	b := open(t, config)
	require.NoError(t, b.Init(testContext(t), 1))
	return b
}

// appendAll appends bodies behind after and returns the new head.
func appendAll(t testing.TB, b *broker.Broker, after uint64, bodies ...string) uint64 {
	t.Helper()
	for _, body := range bodies {
		seq, err := b.Append(testContext(t), subjectA, []byte(body), after)
		require.NoError(t, err)
		require.Equal(t, after+1, seq)
		after = seq
	}
	return after
}

func numbered(from, to int) []string {
	var bodies []string
	for i := from; i <= to; i++ {
		bodies = append(bodies, fmt.Sprintf("entry %d", i))
	}
	return bodies
}

// recorder is a Follower that keeps what it is told.
type recorder struct {
	mu      sync.Mutex
	changed chan struct{}
	begins  []string
	entries []notice.Entry // since the last Begin
	sources []broker.Source
	liveAt  []int // how many entries there were at each of sources that was live
}

func newRecorder() *recorder { return &recorder{changed: make(chan struct{})} }

func (r *recorder) update(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f()
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *recorder) Begin(epoch string) {
	r.update(func() { r.begins, r.entries = append(r.begins, epoch), nil })
}

func (r *recorder) Entry(e notice.Entry) { r.update(func() { r.entries = append(r.entries, e) }) }

func (r *recorder) Source(s broker.Source) {
	r.update(func() {
		r.sources = append(r.sources, s)
		if s.Live {
			r.liveAt = append(r.liveAt, len(r.entries))
		}
	})
}

// view is a copy of a recorder at one moment.
type view struct {
	begins  []string
	bodies  []string
	seqs    []uint64
	sources []broker.Source
	source  broker.Source
	liveAt  []int
}

func (r *recorder) view() (view, <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	v := view{begins: append([]string(nil), r.begins...), sources: append([]broker.Source(nil), r.sources...),
		liveAt: append([]int(nil), r.liveAt...)}
	for _, e := range r.entries {
		v.bodies, v.seqs = append(v.bodies, string(e.Body)), append(v.seqs, e.Seq)
	}
	if n := len(r.sources); n > 0 {
		v.source = r.sources[n-1]
	}
	return v, r.changed
}

// await returns the first view for which ok holds.
func (r *recorder) await(t testing.TB, what string, ok func(view) bool) view {
	t.Helper()
	timeout := time.After(patience)
	for {
		v, changed := r.view()
		if ok(v) {
			return v
		}
		select {
		case <-changed:
		case <-timeout:
			require.FailNow(t, "waited in vain for "+what, "%d entries, begins %v, source %+v", len(v.bodies), v.begins, v.source)
		}
	}
}

func (r *recorder) awaitLive(t testing.TB, entries int) view {
	t.Helper()
	return r.await(t, fmt.Sprintf("%d entries, live", entries), func(v view) bool {
		return v.source.Live && len(v.bodies) == entries
	})
}

func (r *recorder) awaitStale(t testing.TB) view {
	t.Helper()
	return r.await(t, "stale", func(v view) bool { return len(v.sources) > 0 && !v.source.Live })
}

// follow runs a follower until the test ends, or stop is called, which returns what
// Follow returned.
func follow(t testing.TB, b *broker.Broker, to broker.Follower) (stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	result := make(chan error, 1)
	go func() { result <- b.Follow(ctx, to) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-result
	})
	t.Cleanup(func() { stop() })
	return stop
}

// staffTrust is a staff and the configuration that trusts it.
func staffTrust(t testing.TB) (*noticetest.Staff, broker.Config) {
	t.Helper()
	staff := noticetest.NewStaff(t)
	return staff, broker.Config{Trust: staff.Trust()}
}
