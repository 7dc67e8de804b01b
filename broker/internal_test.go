package broker

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"tocsin/notice"
)

// What no test from outside can see: whether an answer waits for the disk.
func TestEmbeddedServerSyncsEveryWrite(t *testing.T) {
	t.Parallel()
	e, err := newEmbedded(t.TempDir(), MinMaxBytes, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer e.close()
	require.NoError(t, e.start(t.Context()))
	config := e.server.JetStreamConfig()
	require.True(t, config.SyncAlways)
	require.LessOrEqual(t, config.MaxMemory, int64(64<<20))
	require.Equal(t, e.dir+"/"+server.JetStreamStoreDir, config.StoreDir)
}

// On a busy machine a server's account of its health is wrong now and again; to believe
// it would restart a good store. What is really wrong stays so, and is told.
func TestHealthIsAskedAgain(t *testing.T) {
	bad := &server.HealthStatus{Error: "failed to be ready for connections after 1ms"}
	asked := 0
	require.NoError(t, persistent(func() *server.HealthStatus {
		if asked++; asked < healthTries {
			return bad
		}
		return &server.HealthStatus{}
	}))
	require.Equal(t, healthTries, asked)
	require.EqualError(t, persistent(func() *server.HealthStatus { return bad }), bad.Error)
}

// Closed while Run restarts it, it leaves no server on a store that is unlocked.
func TestEmbeddedCloseWhileStarting(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 5 {
		e, err := newEmbedded(dir, MinMaxBytes, slog.New(slog.DiscardHandler))
		require.NoError(t, err, "the lock is free again")
		started := make(chan error, 1)
		go func() { started <- e.start(t.Context()) }()
		e.close()
		if err := <-started; err != nil {
			require.ErrorIs(t, err, ErrClosed)
		}
		require.Error(t, e.health())
		require.ErrorIs(t, e.start(t.Context()), ErrClosed)
	}
}

// What only a cluster does that just lost its leader: its log ends, for a while, before
// what was read of it.
func TestResumeShorter(t *testing.T) {
	t.Parallel()
	m, err := newMetrics(nil)
	require.NoError(t, err)
	b := &Broker{log: slog.New(slog.DiscardHandler), metrics: m}
	at := time.Now()
	for name, c := range map[string]struct {
		clustered bool
		looks     []logState
		begins    []bool
	}{
		"one server is believed at once": {false, []logState{{last: 4}}, []bool{true}},
		"a cluster when it goes on saying so": {true, []logState{
			{last: 4, asked: at}, {last: 4, asked: at.Add(3 * time.Second)}, {last: 4, asked: at.Add(6 * time.Second)},
		}, []bool{false, false, true}},
	} {
		begun := &beginnings{}
		f := &follow{b: b, to: begun, grown: &growth{}, liveness: newLiveness(), epoch: "0011aabb", seq: 5}
		for i, look := range c.looks {
			look.epoch, look.clustered = "0011aabb", c.clustered
			err := f.resume(context.Background(), look)
			if c.begins[i] {
				require.NoError(t, err, name)
				require.Equal(t, []string{"0011aabb"}, begun.epochs, name)
				require.Zero(t, f.seq)
				continue
			}
			require.ErrorIs(t, err, errShorter, name)
			require.Empty(t, begun.epochs, name)
		}
	}
}

type beginnings struct {
	Follower
	epochs []string
}

func (b *beginnings) Begin(epoch string) { b.epochs = append(b.epochs, epoch) }
func (b *beginnings) Source(Source)      {}

// What a server says of itself, held against deploy/nats/nats.conf.
func TestServerVars(t *testing.T) {
	t.Parallel()
	const good = `{"server_name":"n1","tls_required":true,"auth_required":true,
		"cluster":{"name":"tocsin","tls_required":true,"tls_verify":true},
		"jetstream":{"config":{"sync_always":true,"strict":true,"max_storage":2147483648}}}`
	for name, c := range map[string]struct{ from, to, want string }{
		"all is well":        {"", "", ""},
		"no TLS":             {`"n1","tls_required":true`, `"n1","tls_required":false`, "clients need no TLS"},
		"no credentials":     {`"auth_required":true`, `"auth_required":false`, "clients need no credentials"},
		"routes without TLS": {`"tocsin","tls_required":true`, `"tocsin","tls_required":false`, "other servers need no TLS"},
		"routes unverified":  {`"tls_verify":true`, `"tls_verify":false`, "whoever reaches its cluster port is a server to it"},
		"no JetStream":       {`"config":`, `"other":`, "it has no JetStream"},
		"writes not synced":  {`"sync_always":true`, `"sync_always":false`, "it answers writes before they are on disk"},
		"not strict":         {`"strict":true`, `"strict":false`, "it guesses at requests that it does not understand"},
		"a small store":      {"2147483648", "1024", "max_file_store is 1024, and the streams may grow to 1073741824"},
	} {
		var vars serverVars
		require.NoError(t, json.Unmarshal([]byte(strings.Replace(good, c.from, c.to, 1)), &vars))
		found := vars.check(DefaultMaxBytes, 3)
		if c.want == "" {
			require.Empty(t, found, name)
			continue
		}
		require.Len(t, found, 1, name)
		require.Equal(t, "server n1", found[0].Where)
		require.Equal(t, c.want, found[0].What)
	}
}

func TestDegraded(t *testing.T) {
	t.Parallel()
	online := &jetstream.PeerInfo{Active: time.Second}
	offline := &jetstream.PeerInfo{Offline: true}
	silent := &jetstream.PeerInfo{Active: peerSilence + time.Second}
	for name, c := range map[string]struct {
		group *jetstream.ClusterInfo
		want  error
	}{
		"one server":          {nil, nil},
		"one replica":         {&jetstream.ClusterInfo{Leader: "a"}, nil},
		"no leader":           {&jetstream.ClusterInfo{Replicas: []*jetstream.PeerInfo{online, online, online}}, errNoLeader},
		"all of three":        {&jetstream.ClusterInfo{Leader: "a", Replicas: []*jetstream.PeerInfo{online, online}}, nil},
		"two of three":        {&jetstream.ClusterInfo{Leader: "a", Replicas: []*jetstream.PeerInfo{online, offline}}, nil},
		"one of three":        {&jetstream.ClusterInfo{Leader: "a", Replicas: []*jetstream.PeerInfo{silent, offline}}, errNoMajority},
		"one of three, hung":  {&jetstream.ClusterInfo{Leader: "a", Replicas: []*jetstream.PeerInfo{silent, silent}}, errNoMajority},
		"two of four":         {&jetstream.ClusterInfo{Leader: "a", Replicas: []*jetstream.PeerInfo{online, silent, silent}}, errNoMajority},
		"three of five, hung": {&jetstream.ClusterInfo{Leader: "a", Replicas: []*jetstream.PeerInfo{online, online, silent, offline}}, nil},
	} {
		require.Equal(t, c.want, degraded(c.group), name)
	}
}

// A list that somebody has filled is not asked for, one by one.
func TestTooManyRecords(t *testing.T) {
	t.Parallel()
	b, err := Open(t.Context(), Config{Dir: t.TempDir(), MaxBytes: MinMaxBytes, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer b.Close()
	s := b.Store(StreamReceipts)
	require.Equal(t, maxRecords, s.most)
	s.most = 2
	for _, key := range []string{"n.a", "m.a", "m.b", "m.c"} {
		_, err := s.Put(t.Context(), key, []byte("1"), 0)
		require.NoError(t, err)
	}
	_, err = s.ListUnder(t.Context(), "m")
	require.ErrorIs(t, err, ErrUnavailable)
	require.ErrorContains(t, err, "there are more than 2 records")
	_, _, err = s.Recent(t.Context(), "m", time.Minute)
	require.ErrorIs(t, err, ErrUnavailable)
	require.ErrorContains(t, err, "there are more than 2 records")
	records, err := s.ListUnder(t.Context(), "n")
	require.NoError(t, err)
	require.Len(t, records, 1)

	require.EqualValues(t, maxReceipts, s.bytes)
	s.most, s.bytes = maxRecords, 2
	_, err = s.ListUnder(t.Context(), "m")
	require.ErrorIs(t, err, ErrUnavailable)
	require.ErrorContains(t, err, "there are more than 2 bytes of records")
	_, _, err = s.Recent(t.Context(), "m", time.Minute)
	require.ErrorIs(t, err, ErrUnavailable)
	require.ErrorContains(t, err, "there are more than 2 bytes of records")
	s.bytes = 3
	_, _, err = s.Recent(t.Context(), "m", time.Minute)
	require.NoError(t, err)
}

// What another desk writes while a forged description is judged stays.
func TestOnlyWhatWasJudgedIsPurged(t *testing.T) {
	t.Parallel()
	b, err := Open(t.Context(), Config{Dir: t.TempDir(), MaxBytes: MinMaxBytes, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer b.Close()
	o := b.Cohorts()
	subject := o.metaSubject("breach")
	_, err = b.conn.RequestWithContext(t.Context(), subject, []byte("{"))
	require.NoError(t, err)
	judged, err := o.info(t.Context(), subject)
	require.ErrorIs(t, err, errObjectForged)
	require.NoError(t, o.Put(t.Context(), "breach", []byte("good"), nil))
	require.NoError(t, o.purge(t.Context(), subject, judged.seq))
	value, err := o.Get(t.Context(), "breach")
	require.NoError(t, err)
	require.Equal(t, "good", string(value))
}

// Design, "The log": the options that matter.
func TestConnectionOptions(t *testing.T) {
	t.Parallel()
	b, err := Open(t.Context(), Config{Dir: t.TempDir(), MaxBytes: MinMaxBytes, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer b.Close()
	o := b.conn.Opts
	require.Less(t, time.Duration(o.MaxPingsOut+1)*o.PingInterval, 2*time.Second)
	require.True(t, o.RetryOnFailedConnect)
	require.Equal(t, -1, o.MaxReconnect)
	require.True(t, o.IgnoreAuthErrorAbort)
	require.Equal(t, -1, o.ReconnectBufSize)
	require.Equal(t, int64(notice.MaxBody), b.conn.MaxPayload())
}

// What a cluster answers that has only just elected its leader says nothing of the next
// moment; that a server is in no cluster does.
func TestNotNow(t *testing.T) {
	t.Parallel()
	for answer, want := range map[*jetstream.APIError]bool{
		{Code: 503, ErrorCode: 10008}:                     true,  // no leader
		{Code: 400, ErrorCode: errCodeNoPeers}:            true,  // servers not heard of yet
		{Code: 500, ErrorCode: errCodeNotClustered}:       false, // replicas without a cluster
		{Code: 503, ErrorCode: codeInsufficientResources}: false,
		{Code: 404, ErrorCode: 10059}:                     false, // no such stream
	} {
		require.Equal(t, want, notNow(answer), answer)
	}
}

func TestAnswersToOtherQuestions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		which   lookup
		subject string
		seq     uint64
		fits    bool
	}{
		{lookup{Seq: 7}, "a.b", 7, true},
		{lookup{Seq: 7}, "a.b", 8, false},
		{lookup{Seq: 7, Next: anySubject}, "a.b", 9, true},
		{lookup{Seq: 7, Next: anySubject}, "a.b", 6, false},
		{lookup{Seq: 7, Next: "$O.B.C.x"}, "$O.B.C.y", 8, false},
		{lookup{Seq: 7, Next: "$O.B.M.*"}, "$O.B.M.y", 8, true},
		{lookup{Start: &time.Time{}, Next: "r.>"}, "r.a.b", 1, true},
		{lookup{Last: "a.b"}, "a.b", 3, true},
		{lookup{Last: "a.b"}, "a.c", 3, false},
	} {
		require.Equal(t, c.fits, c.which.fits(c.subject, c.seq), "%+v", c)
	}
}
