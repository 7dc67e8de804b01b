//go:build unix

package broker_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"tocsin/broker"
	"tocsin/broker/natstest"
)

// "A NATS key was stolen" of docs/operations.md, step by step: a thief of an edge's key
// fills the receipts and asks without end. Its user is given another key while the servers
// run; the thief is out, nobody else is, and the receipts begin anew.
func TestStolenKey(t *testing.T) {
	t.Parallel()
	ctx := testContext(t)
	c := natstest.Start(t, natstest.Config{MaxBytes: broker.MinMaxBytes})
	desk, edge := open(t, c.Broker("desk-1")), open(t, c.Broker("edge-2"))
	r := newRecorder()
	follow(t, edge, r)
	appendToCluster(t, desk, 0, numbered(1, 1)...)
	r.awaitLive(t, 1)
	receipts := edge.Store(broker.StreamReceipts)
	revision, err := receipts.Put(ctx, "notice.edge-2", []byte("1"), 0)
	require.NoError(t, err)

	silent := nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})
	thief := connect(t, c, "edge-1", silent)
	flood(t, thief, 1000)
	_, err = receipts.Put(ctx, "notice.new", []byte("1"), 0)
	requireOnly(t, err, broker.ErrFull, "receipts")
	// A cluster refuses before it looks what would be replaced.
	_, err = receipts.Put(ctx, "notice.edge-2", []byte("2"), revision)
	requireOnly(t, err, broker.ErrFull, "in the place of an older one")
	appendToCluster(t, desk, 1, numbered(2, 2)...)
	r.awaitLive(t, 2)
	_, err = desk.Store(broker.StreamDesk).Put(ctx, "goes-on", []byte("proposal"), 0)
	require.NoError(t, err)
	require.NoError(t, desk.Cohorts().Put(ctx, "goes-on", []byte("list"), nil))

	stolen := c.Creds("edge-1")
	ending := askWithoutEnd(thief)
	cut := make(chan error, 10)
	untouched := connect(t, c, "edge-2", nats.DisconnectErrHandler(func(_ *nats.Conn, err error) { cut <- err }))
	heads, err := untouched.SubscribeSync(broker.SubjectHead)
	require.NoError(t, err)
	grown, err := untouched.SubscribeSync("tocsin.grown.>")
	require.NoError(t, err)
	require.NoError(t, untouched.Flush())
	fresh, key := newEdgeKey(t)
	require.NoError(t, c.EditAccounts(func(conf string) string {
		require.Equal(t, 1, strings.Count(conf, "$NATS_EDGE_1"))
		return strings.Replace(conf, "$NATS_EDGE_1", key, 1)
	}))
	for _, s := range c.Servers {
		require.NoError(t, s.Reload(ctx))
	}
	require.Eventually(t, func() bool { return !thief.IsConnected() }, patience, 5*time.Millisecond)
	ending()
	option, err := nats.NkeyOptionFromSeed(stolen)
	require.NoError(t, err)
	for _, url := range c.URLs() {
		_, err := nats.Connect(url, option, nats.RootCAs(c.CA()), silent)
		require.ErrorIs(t, err, nats.ErrAuthorization, "a server that lets the thief in")
	}
	require.Empty(t, cut, "another edge was cut off")
	require.True(t, untouched.IsConnected())

	config := c.Broker("edge-1")
	config.CredsFile = fresh
	again := newRecorder()
	follow(t, open(t, config), again)
	appendToCluster(t, desk, 2, numbered(3, 3)...)
	require.Equal(t, numbered(1, 3), again.awaitLive(t, 3).bodies)
	require.Equal(t, numbered(1, 3), r.awaitLive(t, 3).bodies)
	require.NoError(t, desk.PublishHead([]byte("a head")))
	for _, imported := range []*nats.Subscription{heads, grown} { // as before the reload
		_, err := imported.NextMsgWithContext(ctx)
		require.NoError(t, err, imported.Subject)
	}

	admin, err := jetstream.New(connect(t, c, "admin"))
	require.NoError(t, err)
	require.NoError(t, admin.DeleteStream(ctx, broker.StreamReceipts))
	require.NoError(t, open(t, c.Broker("admin")).Init(ctx, 3))
	_, err = receipts.Put(ctx, "notice.edge-2", []byte("2"), revision)
	requireOnly(t, err, broker.ErrConflict, "the former counts")
	_, err = receipts.Put(ctx, "notice.edge-2", []byte("2"), 0)
	require.NoError(t, err)
	found, err := broker.CheckRights(ctx, config, broker.RoleEdge)
	require.NoError(t, err)
	require.Empty(t, found)
}

// newEdgeKey makes a key as the runbook says: among those of another "tocsin broker keys".
func newEdgeKey(t testing.TB) (file, public string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "new")
	require.NoError(t, broker.MakeKeys(dir, nil))
	env, err := os.ReadFile(filepath.Join(dir, "nats.env"))
	require.NoError(t, err)
	line := regexp.MustCompile(`(?m)^NATS_EDGE_1=(\w+)$`).FindSubmatch(env)
	require.NotNil(t, line)
	return filepath.Join(dir, "edge-1.nk"), string(line[1])
}

// askWithoutEnd floods the log's leader with questions until the function that it returns
// is called.
func askWithoutEnd(conn *nats.Conn) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var asking sync.WaitGroup
	for _, question := range []string{"$JS.API.STREAM.INFO.", "$JS.API.STREAM.MSG.GET."} {
		asking.Go(func() {
			for ctx.Err() == nil {
				if conn.PublishRequest(question+broker.StreamLog, conn.NewInbox(), []byte(`{"seq":1}`)) != nil {
					time.Sleep(time.Millisecond) // until it is let in again
				}
			}
		})
	}
	return func() { cancel(); asking.Wait() }
}
