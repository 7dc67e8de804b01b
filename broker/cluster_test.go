//go:build unix

package broker_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tocsin/broker"
	"tocsin/notice"
)

// node is one nats-server of a cluster, a process of its own: so it can be killed, or
// stopped like a machine that hangs.
type node struct {
	Name        string
	Port        int
	ClusterPort int
	Routes      []string
	Dir         string

	t   testing.TB
	cmd *exec.Cmd
}

// runNode is the main of a node's process; it runs until it is killed, or its parent is
// gone.
func runNode(config string) {
	var n node
	if err := json.Unmarshal([]byte(config), &n); err != nil {
		panic(err)
	}
	var routes []*url.URL
	for _, route := range n.Routes {
		routes = append(routes, &url.URL{Scheme: "nats", Host: route})
	}
	srv, err := server.NewServer(&server.Options{
		ServerName: n.Name, Host: "127.0.0.1", Port: n.Port, NoSigs: true, NoLog: true,
		JetStream: true, StoreDir: n.Dir, MaxPayload: notice.MaxBody,
		JetStreamMaxMemory: 64 * mebibyte, JetStreamMaxStore: 256 * mebibyte,
		Cluster: server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: n.ClusterPort},
		Routes:  routes,
	})
	if err != nil {
		panic(err)
	}
	go srv.Start()
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func (n *node) start() {
	n.t.Helper()
	config, err := json.Marshal(n)
	require.NoError(n.t, err)
	n.cmd = exec.Command(os.Args[0])
	n.cmd.Env = append(os.Environ(), nodeEnv+"="+string(config))
	n.cmd.Stderr = os.Stderr
	_, err = n.cmd.StdinPipe()
	require.NoError(n.t, err)
	require.NoError(n.t, n.cmd.Start())
}

func (n *node) kill() {
	if n.cmd != nil {
		_ = n.cmd.Process.Kill()
		_ = n.cmd.Wait()
		n.cmd = nil
	}
}

func (n *node) signal(s unix.Signal) {
	n.t.Helper()
	require.NoError(n.t, n.cmd.Process.Signal(s))
}

func (n *node) url() string { return fmt.Sprintf("nats://127.0.0.1:%d", n.Port) }

type cluster []*node

func startCluster(t testing.TB) cluster {
	t.Helper()
	var c cluster
	var routes []string
	for i := range 3 {
		n := &node{t: t, Name: fmt.Sprint("node", i), Port: freePort(t), ClusterPort: freePort(t), Dir: t.TempDir()}
		routes = append(routes, fmt.Sprintf("127.0.0.1:%d", n.ClusterPort))
		c = append(c, n)
	}
	for _, n := range c {
		n.Routes = routes
		n.start()
		t.Cleanup(n.kill)
	}
	return c
}

func (c cluster) urls() (urls []string) {
	for _, n := range c {
		urls = append(urls, n.url())
	}
	return urls
}

// leader is the node that leads the log, and the others, asked of any that runs.
func (c cluster) leader(t testing.TB) (leader *node, others []*node) {
	t.Helper()
	conn, err := nats.Connect(c.urls()[0], nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1))
	require.NoError(t, err)
	defer conn.Close()
	js, err := jetstream.New(conn)
	require.NoError(t, err)
	var name string
	require.Eventually(t, func() bool {
		stream, err := js.Stream(testContext(t), broker.StreamLog)
		if err == nil && stream.CachedInfo().Cluster != nil {
			name = stream.CachedInfo().Cluster.Leader
			requireReplicated(t, stream)
		}
		return name != ""
	}, patience, 50*time.Millisecond)
	for _, n := range c {
		if n.Name == name {
			leader = n
		} else {
			others = append(others, n)
		}
	}
	return leader, others
}

func requireReplicated(t testing.TB, stream jetstream.Stream) {
	t.Helper()
	require.Equal(t, 3, stream.CachedInfo().Config.Replicas)
	require.Equal(t, jetstream.FileStorage, stream.CachedInfo().Config.Storage)
}

func TestCluster(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	all := open(t, broker.Config{URLs: c.urls()})
	require.Eventually(t, func() bool { return all.Init(testContext(t), 3) == nil }, patience, 50*time.Millisecond)
	appendToCluster(t, all, 0, numbered(1, 10)...)
	testClusterStore(t, all)

	// Two of three hang: nothing is closed, and the node's own server, which leads the
	// log, goes on answering. Only asking it about the others tells.
	leader, others := c.leader(t)
	b := open(t, broker.Config{URLs: []string{leader.url()}})
	r := newRecorder()
	follow(t, b, r)
	first := r.awaitLive(t, 10)
	for _, n := range others {
		n.signal(unix.SIGSTOP)
	}
	hung := time.Now()
	v := r.awaitStale(t)
	require.Less(t, time.Since(hung), 10*time.Second)
	t.Logf("two hung: stale after %v: %s", time.Since(hung), v.source.Reason)
	require.Eventually(t, func() bool { return b.Available(testContext(t)) != nil }, 10*time.Second, 50*time.Millisecond)
	_, err := b.Append(testContext(t), subjectA, []byte("x"), 10)
	requireOnly(t, err, broker.ErrUnavailable, "no majority")
	requireDoubt(t, b)
	for _, n := range others {
		n.signal(unix.SIGCONT)
	}
	r.awaitLive(t, 10)
	appendToCluster(t, b, 10, numbered(11, 20)...)
	require.Equal(t, first.begins, r.awaitLive(t, 20).begins)

	// The leader dies: another takes over; nothing is lost, and it is the same log.
	leader, others = c.leader(t)
	leader.kill()
	appendToCluster(t, all, 20, numbered(21, 30)...)
	v = r.awaitLive(t, 30)
	require.Equal(t, numbered(1, 30), v.bodies, "what was refused was not written")
	require.Equal(t, first.begins, v.begins)

	// All die at once, and come back.
	for _, n := range others {
		n.kill()
	}
	r.awaitStale(t)
	for _, n := range slices.Backward(c) {
		n.start()
	}
	appendToCluster(t, all, 30, numbered(31, 31)...)
	for _, n := range c {
		other := newRecorder()
		follow(t, open(t, broker.Config{URLs: []string{n.url()}}), other)
		w := other.awaitLive(t, 31)
		require.Equal(t, numbered(1, 31), w.bodies)
		require.Equal(t, first.begins, w.begins, "the epoch is the same on every server")
	}
	require.Equal(t, first.begins, r.awaitLive(t, 31).begins)
}

// requireDoubt is that no backup of a log without a majority passes for a good one. Its
// leader answers for some seconds yet; then nobody does.
func requireDoubt(t testing.TB, b *broker.Broker) {
	t.Helper()
	ctx, cancel := context.WithTimeout(testContext(t), 8*time.Second)
	defer cancel()
	c, _, err := b.Backup(ctx, nil)
	if err != nil {
		t.Logf("no backup: %v", err)
		return
	}
	t.Logf("a backup in doubt: %v", c.Doubt)
	require.Error(t, c.Doubt)
	require.Len(t, c.Entries, 10)
}

// appendToCluster is appendAll for servers that may be starved of processor time: then
// they take each other for dead now and again, and hold another election, and the log
// is unavailable for as long. What was refused is tried again.
func appendToCluster(t testing.TB, b *broker.Broker, after uint64, bodies ...string) {
	t.Helper()
	for _, body := range bodies {
		for written, unknown := false, false; !written; {
			awaitAvailable(t, b)
			_, err := b.Append(testContext(t), subjectA, []byte(body), after)
			switch {
			case errors.Is(err, broker.ErrUnavailable):
			case errors.Is(err, broker.ErrUnconfirmed):
				unknown = true
			case unknown && errors.Is(err, broker.ErrConflict):
				written = true // by the earlier attempt; whoever reads the log sees to it that it is this one
			default:
				require.NoError(t, err)
				written = true
			}
		}
		after++
	}
}

// testClusterStore checks what differs between one replica and three.
func testClusterStore(t testing.TB, b *broker.Broker) {
	t.Helper()
	s := b.Store(broker.StreamDesk)
	ctx := testContext(t)
	revision, err := s.Put(ctx, "a", []byte("one"), 0)
	require.NoError(t, err)
	_, err = s.Put(ctx, "a", []byte("x"), 0)
	requireOnly(t, err, broker.ErrConflict, "put")
	revision, err = s.Put(ctx, "a", []byte("two"), revision)
	require.NoError(t, err)
	record, err := s.Get(ctx, "a")
	require.NoError(t, err)
	require.Equal(t, "two", string(record.Body))
	require.NoError(t, s.Delete(ctx, "a", revision))
	_, err = s.Get(ctx, "a")
	require.ErrorIs(t, err, broker.ErrNotFound)
	_, err = b.Append(ctx, subjectA, []byte("x"), 3)
	requireOnly(t, err, broker.ErrConflict, "append")
}
