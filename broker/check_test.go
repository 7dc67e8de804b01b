package broker_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"tocsin/broker"
)

// Each setting that someone changed is found, and told with what it should be.
func TestCheckFindsWhatWasChanged(t *testing.T) {
	t.Parallel()
	ctx, s := testContext(t), startNATS(t)
	b := openExternal(t, s, broker.Config{})
	require.Equal(t, []string{
		"server external: the connection is not encrypted",
		"server external: it admits whoever has no credentials",
	}, whats(t, b), "all that a server without TLS and accounts lacks")

	_, js := s.admin()
	change := func(name string, edit func(*jetstream.StreamConfig)) {
		stream, err := js.Stream(ctx, name)
		require.NoError(t, err)
		config := stream.CachedInfo().Config
		edit(&config)
		_, err = js.UpdateStream(ctx, config)
		require.NoError(t, err)
	}
	change(broker.StreamLog, func(c *jetstream.StreamConfig) {
		c.MaxMsgSize, c.MaxAge, c.Discard, c.RePublish = -1, proposalAge, jetstream.DiscardOld, nil
		c.SubjectTransform = &jetstream.SubjectTransformConfig{Source: "tocsin.log.>", Destination: "elsewhere.>"}
	})
	change(broker.StreamReceipts, func(c *jetstream.StreamConfig) { c.AllowDirect = true })
	change("OBJ_"+broker.BucketCohorts, func(c *jetstream.StreamConfig) { c.MaxBytes = 7 * mebibyte })
	require.NoError(t, js.DeleteStream(ctx, broker.StreamDesk))
	_, err := js.CreateStream(ctx, jetstream.StreamConfig{Name: "COPY", Mirror: &jetstream.StreamSource{Name: broker.StreamLog}})
	require.NoError(t, err)
	_, err = js.CreateConsumer(ctx, broker.StreamLog, jetstream.ConsumerConfig{Durable: "spy"})
	require.NoError(t, err)
	found := strings.Join(whats(t, b), "\n")
	for _, what := range []string{
		"stream TOCSIN_LOG: max_msg_size is -1, not 131072",
		"stream TOCSIN_LOG: max_age is 168h0m0s, not 0s",
		"stream TOCSIN_LOG: discard is DiscardOld, not DiscardNew",
		"stream TOCSIN_LOG: republish is",
		"stream TOCSIN_LOG: subject_transform is {tocsin.log.> elsewhere.>}",
		"stream TOCSIN_LOG: it has ",
		"stream TOCSIN_RECEIPTS: allow_direct is true, not false",
		"stream OBJ_TOCSIN_COHORTS: max_bytes is 7340032, not 8388608",
		"stream TOCSIN_DESK: it is missing",
		"stream COPY: Tocsin did not make it",
	} {
		require.Contains(t, found, what)
	}

	require.NoError(t, js.DeleteStream(ctx, "COPY"))
	require.NoError(t, js.DeleteConsumer(ctx, broker.StreamLog, "spy"))
	require.NoError(t, b.Init(ctx, 1))
	require.Len(t, whats(t, b), 2, "Init brings all in line")
}

// A size that is not named again shrinks no log, and is found right.
func TestInitKeepsSizes(t *testing.T) {
	t.Parallel()
	ctx, s := testContext(t), startNATS(t)
	large := openExternal(t, s, broker.Config{MaxBytes: 80 * mebibyte})
	before := whats(t, large)
	again, err := broker.Open(ctx, broker.Config{URLs: []string{s.url()}, Logger: testLog()})
	require.NoError(t, err)
	t.Cleanup(again.Close)
	require.NoError(t, again.Init(ctx, 1))
	require.NotContains(t, strings.Join(whats(t, again), "\n"), "max_bytes is")
	require.Equal(t, before, whats(t, large), "as large as it was made")
	openExternal(t, s, broker.Config{MaxBytes: 40 * mebibyte})
	require.Contains(t, strings.Join(whats(t, large), "\n"), "max_bytes is 20971520, not 41943040", "one that is named is taken")
}

// In the middle of a restore, or of a repair, "broker init" is not what helps.
func TestCheckOfAnUnfinishedRestore(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	c := a.backup()
	s, b := a.emptyNATS()
	ctx, cancel := context.WithCancel(testContext(t))
	_, err := b.Restore(ctx, c, broker.RestoreConfig{Progress: func(uint64, uint64) { cancel() }})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, b.Init(testContext(t), 1), broker.ErrRestoring)
	found := ofTheLog(t, b)
	require.Len(t, found, 1)
	require.Contains(t, found[0].What, "it is being restored, or that was broken off")
	require.Contains(t, found[0].Do, `run "tocsin restore" with the same file`)
	require.NotContains(t, found[0].Do, `Run "tocsin broker init"`)
	_, err = b.Restore(testContext(t), c, broker.RestoreConfig{})
	require.NoError(t, err)
	require.Empty(t, ofTheLog(t, b))

	// Closed, by a repair that went no further.
	_, js := s.admin()
	stream, err := js.Stream(testContext(t), broker.StreamLog)
	require.NoError(t, err)
	config := stream.CachedInfo().Config
	config.Subjects = []string{"tocsin.closed.>"}
	_, err = js.UpdateStream(testContext(t), config)
	require.NoError(t, err)
	found = ofTheLog(t, b)
	require.Len(t, found, 1)
	require.Contains(t, found[0].What, "it is closed")
	require.Contains(t, found[0].Do, "run it again")
	require.NoError(t, b.Init(testContext(t), 1))
	require.Empty(t, ofTheLog(t, b))
	_, err = b.Append(testContext(t), subjectA, []byte("x"), c.Last)
	require.NoError(t, err)

	require.NoError(t, js.DeleteStream(testContext(t), broker.StreamLog))
	found = ofTheLog(t, b)
	require.Len(t, found, 1)
	require.Equal(t, "it is missing", found[0].What)
	require.Contains(t, found[0].Do, "tocsin restore")
}

// ofTheLog is what a check says of the log's stream.
func ofTheLog(t testing.TB, b *broker.Broker) []broker.Finding {
	t.Helper()
	all, err := b.Check(testContext(t), 1)
	require.NoError(t, err)
	return slices.DeleteFunc(all, func(f broker.Finding) bool { return f.Where != "stream "+broker.StreamLog })
}

const proposalAge = 7 * 24 * 60 * 60 * 1e9

func whats(t testing.TB, b *broker.Broker) (all []string) {
	t.Helper()
	found, err := b.Check(testContext(t), 1)
	require.NoError(t, err)
	for _, f := range found {
		require.NotEmpty(t, f.Do)
		all = append(all, f.Where+": "+f.What)
	}
	return all
}

// Rights that are too wide are found, and the attempts do no harm.
func TestCheckRightsFindsWhatIsTooWide(t *testing.T) {
	t.Parallel()
	s := startNATS(t, func(o *server.Options) {
		o.Users = []*server.User{
			{Username: "admin", Password: "x"},
			{Username: "edge", Password: "x", Permissions: &server.Permissions{
				Publish: &server.SubjectPermission{Allow: []string{
					"$SYS.REQ.USER.INFO", "$JS.API.STREAM.INFO.*", "$JS.API.STREAM.DELETE.*", "tocsin.log.>", "tocsin.receipts.>",
				}},
				Subscribe: &server.SubjectPermission{Allow: []string{"_INBOX.>"}},
			}},
		}
	})
	as := func(user string) broker.Config {
		return withDefaults(broker.Config{URLs: []string{strings.Replace(s.url(), "//", "//"+user+":x@", 1)}})
	}
	b := open(t, as("admin"))
	require.NoError(t, b.Init(testContext(t), 1))
	head := appendAll(t, b, 0, numbered(1, 3)...)
	found, err := broker.CheckRights(testContext(t), as("edge"), broker.RoleEdge)
	require.NoError(t, err)
	var what []string
	for _, f := range found {
		what = append(what, f.What)
	}
	require.ElementsMatch(t, []string{
		"it may delete the log ($JS.API.STREAM.DELETE.TOCSIN_LOG)",
		"it may delete proposals ($JS.API.STREAM.DELETE.TOCSIN_DESK)",
		"it may append to the log (tocsin.log.keyset)",
		"it may read everybody's answers (_INBOX.>)",
		"its account, $G, is that of the streams",
	}, what)
	appendAll(t, b, head, "another")
	_, err = b.Store(broker.StreamDesk).List(testContext(t))
	require.NoError(t, err)

	found, err = broker.CheckRights(testContext(t), as("admin"), broker.RoleDesk)
	require.NoError(t, err)
	require.Greater(t, len(found), 15, "who may do anything")
	appendAll(t, b, head+1, "and another")
	_, err = b.Store(broker.StreamReceipts).List(testContext(t))
	require.NoError(t, err)
}

// A bucket that an older version made is brought in line, with what is in it.
func TestInitTakesOverAnOlderBucket(t *testing.T) {
	t.Parallel()
	ctx, s := testContext(t), startNATS(t)
	_, js := s.admin()
	old, err := js.CreateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: broker.BucketCohorts, MaxBytes: 8 * mebibyte})
	require.NoError(t, err)
	_, err = old.PutBytes(ctx, "breach", []byte(strings.Repeat("x", 300<<10)))
	require.NoError(t, err)
	b := openExternal(t, s, broker.Config{})
	require.Len(t, whats(t, b), 2)
	value, err := b.Cohorts().Get(ctx, "breach")
	require.NoError(t, err)
	require.Len(t, value, 300<<10)
	require.NoError(t, b.Cohorts().Put(ctx, "breach", []byte("new"), nil))
}
