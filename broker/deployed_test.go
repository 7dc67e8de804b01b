//go:build unix

package broker_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"tocsin/broker"
	"tocsin/broker/natstest"
	"tocsin/notice"
)

// The files of deploy/nats, three real servers: what hubs need is permitted, through
// restarts too, and the rest is not.
func TestDeployed(t *testing.T) {
	t.Parallel()
	c := natstest.Start(t, natstest.Config{})
	requireAllIsWell(t, c)

	edge, desk := open(t, c.Broker("edge-1")), open(t, c.Broker("desk-1"))
	r := newRecorder()
	follow(t, edge, r)
	r.awaitLive(t, 0)
	appendToCluster(t, desk, 0, numbered(1, 20)...)
	require.Equal(t, numbered(1, 20), r.awaitLive(t, 20).bodies)
	requireHubsWork(t, edge, desk, "first")

	for _, hub := range []struct {
		*broker.Broker
		role  broker.Role
		lacks []string
	}{
		{edge, broker.RoleEdge, nil},
		{desk, broker.RoleDesk, nil},
		{desk, broker.RoleEdge, []string{"hear heads (tocsin.head)", "write receipts (tocsin.receipts.>)"}},
		{edge, broker.RoleDesk, []string{
			"append to the log (tocsin.log.>)", "keep proposals (tocsin.desk.>)", "hand heads on (tocsin.head)",
		}},
	} {
		lacks, err := hub.Lacks(testContext(t), hub.role)
		require.NoError(t, err)
		require.Equal(t, hub.lacks, lacks)
	}

	requireSmallQuestions(t, c)
	attack(t, c, "edge-1", edgeMust{})
	attack(t, c, "desk-1", deskMust{})

	// Whatever edges need, they need it of servers that were started anew, too.
	c.Servers[0].Kill()
	appendToCluster(t, desk, 20, numbered(21, 21)...)
	r.awaitLive(t, 21)
	for _, s := range c.Servers {
		s.Kill()
	}
	r.awaitStale(t)
	for _, s := range c.Servers {
		require.NoError(t, s.Start())
	}
	appendToCluster(t, desk, 21, numbered(22, 22)...)
	v := r.awaitLive(t, 22)
	require.Equal(t, numbered(1, 22), v.bodies)
	require.Len(t, v.begins, 1)
	awaitLeaders(t, c)
	requireHubsWork(t, edge, desk, "second")
	requireRedacts(t, c, desk, r)
}

// requireAllIsWell is that "broker check" finds nothing.
func requireAllIsWell(t testing.TB, c *natstest.Cluster) {
	t.Helper()
	ctx := testContext(t)
	found, err := open(t, c.Broker("admin")).Check(ctx, len(c.Servers))
	require.NoError(t, err)
	require.Empty(t, found)
	found, err = broker.CheckServers(ctx, c.Broker("sys"), len(c.Servers))
	require.NoError(t, err)
	require.Empty(t, found)
	for user, role := range map[string]broker.Role{"edge-1": broker.RoleEdge, "desk-2": broker.RoleDesk} {
		found, err = broker.CheckRights(ctx, c.Broker(user), role)
		require.NoError(t, err)
		require.Empty(t, found, user)
	}
}

// requireHubsWork does what hubs do beside following.
func requireHubsWork(t testing.TB, edge, desk *broker.Broker, key string) {
	t.Helper()
	ctx := testContext(t)
	proposals := desk.Store(broker.StreamDesk)
	revision, err := proposals.Put(ctx, key, []byte("proposal"), 0)
	require.NoError(t, err)
	records, err := proposals.List(ctx)
	require.NoError(t, err)
	require.Len(t, records, 1)
	require.NoError(t, proposals.Delete(ctx, key, revision))

	receipts := edge.Store(broker.StreamReceipts)
	revision, err = receipts.Put(ctx, key+".edge", []byte("1"), 0)
	require.NoError(t, err)
	_, err = receipts.Put(ctx, key+".edge", []byte("2"), revision)
	require.NoError(t, err)
	record, err := receipts.Get(ctx, key+".edge") // after a conflict
	require.NoError(t, err)
	require.Equal(t, "2", string(record.Body))
	records, err = desk.Store(broker.StreamReceipts).ListUnder(ctx, key)
	require.NoError(t, err)
	require.Len(t, records, 1)
	records, _, err = desk.Store(broker.StreamReceipts).Recent(ctx, key, time.Minute)
	require.NoError(t, err)
	require.Len(t, records, 1)

	heads, stop := context.WithCancel(ctx)
	got := make(chan string, 1)
	followed := make(chan error, 1)
	go func() {
		followed <- edge.FollowHeads(heads, func(head []byte) {
			select {
			case got <- string(head):
			default:
			}
		})
	}()
	require.Eventually(t, func() bool {
		require.NoError(t, desk.PublishHead([]byte("head of "+key)))
		return len(got) > 0
	}, patience, 20*time.Millisecond)
	stop()
	require.NoError(t, <-followed)
	require.Equal(t, "head of "+key, <-got)

	value := []byte(strings.Repeat("x", 200<<10))
	require.NoError(t, desk.Cohorts().Put(ctx, key, []byte("older"), nil))
	require.NoError(t, desk.Cohorts().Put(ctx, key, value, map[string]string{"members": "7"}))
	list, err := edge.Cohorts().List(ctx)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, "7", list[0].Metadata["members"])
	whole, err := edge.Cohorts().Get(ctx, key)
	require.NoError(t, err)
	require.Equal(t, value, whole)
	require.NoError(t, desk.Cohorts().Delete(ctx, key))
	list, err = edge.Cohorts().List(ctx)
	require.NoError(t, err)
	require.Empty(t, list)
}

// awaitLeaders returns when every stream has one.
func awaitLeaders(t testing.TB, c *natstest.Cluster) {
	t.Helper()
	js, err := jetstream.New(connect(t, c, "admin"))
	require.NoError(t, err)
	for _, name := range []string{broker.StreamLog, broker.StreamDesk, broker.StreamReceipts, "OBJ_" + broker.BucketCohorts} {
		require.Eventually(t, func() bool {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			stream, err := js.Stream(ctx, name) // its leader answers
			return err == nil && stream.CachedInfo().Cluster.Leader != ""
		}, patience, 50*time.Millisecond, name)
	}
}

// connect is a plain client with a user's key: what a thief of it has.
func connect(t testing.TB, c *natstest.Cluster, user string, options ...nats.Option) *nats.Conn {
	t.Helper()
	key, err := nats.NkeyOptionFromSeed(c.Creds(user))
	require.NoError(t, err)
	conn, err := nats.Connect(strings.Join(c.URLs(), ","), append([]nats.Option{
		key, nats.RootCAs(c.CA()), nats.CustomInboxPrefix(broker.InboxOf(user)), nats.MaxReconnects(-1),
	}, options...)...)
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	return conn
}

// streams is what all streams are, and how much they hold. Receipts are left out: edges
// may write them.
func streams(t testing.TB, c *natstest.Cluster) map[string]string {
	t.Helper()
	js, err := jetstream.New(connect(t, c, "admin"))
	require.NoError(t, err)
	all := make(map[string]string)
	list := js.ListStreams(testContext(t))
	for info := range list.Info() {
		if info.Config.Name == broker.StreamReceipts {
			info.State = jetstream.StreamState{Consumers: info.State.Consumers}
		}
		config, err := json.Marshal(info.Config)
		require.NoError(t, err)
		all[info.Config.Name] = fmt.Sprint(string(config), info.Created, info.State.Msgs, info.State.LastSeq,
			info.State.NumDeleted, info.State.Consumers)
	}
	require.NoError(t, list.Err())
	require.Len(t, all, 5)
	return all
}

// requireSmallQuestions is that an edge's questions, which wait in the leader's memory, are no
// larger than what it has to say.
func requireSmallQuestions(t testing.TB, c *natstest.Cluster) {
	t.Helper()
	thief := connect(t, c, "edge-2")
	require.Eventually(t, func() bool { return thief.MaxPayload() == 64<<10 }, patience, 10*time.Millisecond, "what the server enforces")
	require.EqualValues(t, notice.MaxBody, connect(t, c, "desk-1").MaxPayload())
}
