package broker_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"

	"tocsin/broker"
	"tocsin/notice"
)

func TestFollowFromTheBeginningAndOn(t *testing.T) {
	t.Parallel()
	b := openEmbedded(t)
	head := appendAll(t, b, 0, numbered(1, 20)...)
	r := newRecorder()
	stop := follow(t, b, r)
	v := r.awaitLive(t, 20)
	require.Equal(t, numbered(1, 20), v.bodies)
	require.Len(t, v.begins, 1)
	require.Regexp(t, "^[0-9a-f]{8}$", v.begins[0])
	require.Equal(t, uint64(20), v.source.Head)
	require.WithinDuration(t, time.Now(), v.source.Checked, patience)
	require.Empty(t, v.source.Reason)
	require.Equal(t, 20, v.liveAt[0], "live only at the end of the log")

	appendAll(t, b, head, numbered(21, 40)...)
	v = r.awaitLive(t, 40)
	require.Equal(t, numbered(1, 40), v.bodies)
	require.Len(t, v.begins, 1)
	require.NoError(t, stop(), "a context that ends is no error")
}

func TestFollowEntryCarriesWhatTheLogHas(t *testing.T) {
	t.Parallel()
	b := openEmbedded(t)
	before := time.Now()
	appendAll(t, b, 0, "a")
	seen := make(chan notice.Entry, 1)
	follow(t, b, onEntry(func(e notice.Entry) { seen <- e }))
	entry := <-seen
	require.Equal(t, uint64(1), entry.Seq)
	require.Equal(t, subjectA, entry.Subject)
	require.Equal(t, "a", string(entry.Body))
	require.WithinDuration(t, before, entry.Time, patience)
}

// onEntry is a Follower that looks at entries only.
type onEntry func(notice.Entry)

func (f onEntry) Begin(string)         {}
func (f onEntry) Entry(e notice.Entry) { f(e) }
func (f onEntry) Source(broker.Source) {}

func TestFollowSource(t *testing.T) {
	t.Parallel()
	b := openEmbedded(t)
	r := newRecorder()
	follow(t, b, r)
	live := r.awaitLive(t, 0)
	require.False(t, live.sources[0].Live, "stale until proved otherwise")
	require.NotEmpty(t, live.sources[0].Reason)

	// Checked again while nothing happens, and live since the same moment.
	later := r.await(t, "another check", func(v view) bool { return v.source.Checked.After(live.source.Checked) })
	require.True(t, later.source.Live)
	require.Equal(t, live.source.Since, later.source.Since)
}

func TestFollowSeveral(t *testing.T) {
	t.Parallel()
	b := openEmbedded(t)
	var recorders [5]*recorder
	for i := range recorders {
		recorders[i] = newRecorder()
		follow(t, b, recorders[i])
	}
	appendAll(t, b, 0, numbered(1, 50)...)
	for _, r := range recorders {
		v := r.awaitLive(t, 50)
		require.Equal(t, numbered(1, 50), v.bodies)
		require.Equal(t, recorders[0].awaitLive(t, 50).begins, v.begins)
	}
}

// One follower that is stuck in Entry delays nobody else.
func TestFollowSlow(t *testing.T) {
	t.Parallel()
	b := openEmbedded(t)
	release := make(chan struct{})
	var once sync.Once
	defer once.Do(func() { close(release) })
	slow, quick := newRecorder(), newRecorder()
	follow(t, b, gated{slow, release})
	follow(t, b, quick)
	// More than are in flight at once.
	appendAll(t, b, 0, numbered(1, 300)...)
	quick.awaitLive(t, 300)
	once.Do(func() { close(release) })
	require.Equal(t, numbered(1, 300), slow.awaitLive(t, 300).bodies)
}

// gated is a recorder whose Entry waits until the gate opens.
type gated struct {
	*recorder
	gate <-chan struct{}
}

func (g gated) Entry(e notice.Entry) { <-g.gate; g.recorder.Entry(e) }

func TestFollowEndsWithTheBroker(t *testing.T) {
	t.Parallel()
	b := openEmbedded(t)
	r := newRecorder()
	result := make(chan error, 1)
	go func() { result <- b.Follow(context.Background(), r) }()
	r.awaitLive(t, 0)
	b.Close()
	require.ErrorIs(t, <-result, broker.ErrClosed)
	require.ErrorIs(t, b.Follow(context.Background(), r), broker.ErrClosed)
}

// The epoch is that of docs/protocol.md: a client's cursor depends on it.
func TestFollowEpoch(t *testing.T) {
	t.Parallel()
	s := startNATS(t)
	b := openExternal(t, s, broker.Config{})
	_, js := s.admin()
	stream, err := js.Stream(testContext(t), broker.StreamLog)
	require.NoError(t, err)
	created := stream.CachedInfo().Created.UTC().Format(time.RFC3339Nano)
	sum := sha256.Sum256([]byte("TOCSIN_LOG" + created))
	r := newRecorder()
	follow(t, b, r)
	require.Equal(t, []string{hex.EncodeToString(sum[:4])}, r.awaitLive(t, 0).begins)
}

func TestFollowAcrossRestarts(t *testing.T) {
	t.Parallel()
	s := startNATS(t)
	b := openExternal(t, s, broker.Config{})
	r := newRecorder()
	follow(t, b, r)
	r.awaitLive(t, 0)
	var head uint64
	for round := range 3 {
		head = appendAll(t, b, head, numbered(round*10+1, round*10+10)...)
		r.awaitLive(t, int(head))
		s.stop()
		require.NotEmpty(t, r.awaitStale(t).source.Reason)
		s.start()
		r.awaitLive(t, int(head))
	}
	v := r.awaitLive(t, 30)
	require.Equal(t, numbered(1, 30), v.bodies, "none twice, none missing")
	require.Len(t, v.begins, 1, "the same log")
}

func TestFollowBeginsWhileTheServerIsDown(t *testing.T) {
	t.Parallel()
	s := newNATS(t)
	b := open(t, broker.Config{URLs: []string{s.url()}})
	r := newRecorder()
	follow(t, b, r)
	require.Empty(t, r.awaitStale(t).begins)

	s.start()
	r.await(t, "the missing stream", func(v view) bool { return v.source.Reason != "" && len(v.sources) > 1 })
	other := openExternal(t, s, broker.Config{})
	appendAll(t, other, 0, numbered(1, 3)...)
	require.Equal(t, numbered(1, 3), r.awaitLive(t, 3).bodies)
}

func TestFollowRecreatedStream(t *testing.T) {
	t.Parallel()
	for name, entries := range map[string][]string{
		"shorter": numbered(101, 101), "longer": numbered(101, 109), "the same": numbered(1, 5), "empty": nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startNATS(t)
			b := openExternal(t, s, broker.Config{})
			appendAll(t, b, 0, numbered(1, 5)...)
			r := newRecorder()
			follow(t, b, r)
			first := r.awaitLive(t, 5)

			_, js := s.admin()
			require.NoError(t, js.DeleteStream(testContext(t), broker.StreamLog))
			require.NoError(t, b.Init(testContext(t), 1))
			appendAll(t, b, 0, entries...)
			v := r.await(t, "a new log", func(v view) bool {
				return len(v.begins) == 2 && len(v.bodies) == len(entries) && v.source.Live
			})
			require.Equal(t, entries, v.bodies)
			require.NotEqual(t, first.begins[0], v.begins[1])
		})
	}
}

// The store's files are put back from an older copy: the same epoch, another history.
func TestFollowRestoredStore(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		after []string
		want  []string
	}{
		"shorter than what was read":       {nil, numbered(1, 3)},
		"another entry at the position":    {numbered(104, 105), append(numbered(1, 3), numbered(104, 105)...)},
		"another entry before, and longer": {numbered(104, 109), append(numbered(1, 3), numbered(104, 109)...)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startNATS(t)
			b := openExternal(t, s, broker.Config{})
			appendAll(t, b, 0, numbered(1, 3)...)
			s.stop()
			copied := t.TempDir()
			require.NoError(t, os.CopyFS(copied, os.DirFS(s.opts.StoreDir)))
			s.start()
			require.Eventually(t, func() bool { return b.Available(testContext(t)) == nil }, patience, 10*time.Millisecond)
			appendAll(t, b, 3, numbered(4, 5)...)
			r := newRecorder()
			follow(t, b, r)
			first := r.awaitLive(t, 5)

			s.stop()
			r.awaitStale(t)
			// What comes back has grown on its own before the follower sees it.
			other := newNATS(t, func(o *server.Options) { o.StoreDir = copied })
			other.start()
			appendAll(t, openExternal(t, other, broker.Config{}), 3, c.after...)
			other.stop()
			s.opts.StoreDir = copied
			s.start()

			v := r.await(t, "the other history", func(v view) bool { return len(v.begins) == 2 && len(v.bodies) == len(c.want) })
			require.Equal(t, c.want, v.bodies)
			require.Equal(t, first.begins[0], v.begins[1], "the epoch is the same: only the entries tell")
			r.awaitLive(t, len(c.want))
		})
	}
}

// A follower makes no consumer: nothing for others to delete or stop, nothing that stays
// behind, and no right that edges would need for it.
func TestFollowMakesNoConsumer(t *testing.T) {
	t.Parallel()
	s := startNATS(t)
	b := openExternal(t, s, broker.Config{})
	appendAll(t, b, 0, numbered(1, 3)...)
	r := newRecorder()
	follow(t, b, r)
	r.awaitLive(t, 3)
	_, js := s.admin()
	stream, err := js.Stream(testContext(t), broker.StreamLog)
	require.NoError(t, err)
	require.Zero(t, stream.CachedInfo().State.Consumers)
}

// A stream made anew has the same name and the same places. Not one entry of it is taken
// for one of the log before it.
func TestFollowMixesNoLogs(t *testing.T) {
	t.Parallel()
	s := startNATS(t)
	b := openExternal(t, s, broker.Config{})
	_, js := s.admin()
	r := newRecorder()
	follow(t, b, r)
	for life := range 5 {
		v := r.awaitLive(t, life)
		require.Len(t, v.begins, life+1)
		require.NoError(t, js.DeleteStream(testContext(t), broker.StreamLog))
		// A stream that is deleted while the files of one before it are still being removed
		// stays on disk, and the next begins with what it held (nats-server 2.15.2,
		// fileStore.Delete: a rename in the way of another).
		require.Eventually(t, func() bool {
			left, err := filepath.Glob(filepath.Join(s.opts.StoreDir, "jetstream", "*", "streams", ".*"))
			return err == nil && len(left) == 0
		}, patience, time.Millisecond)
		require.NoError(t, b.Init(testContext(t), 1))
		appendAll(t, b, 0, numbered(1, life+1)...)
		v, _ = r.view()
		require.True(t, len(v.begins) == life+2 || len(v.bodies) == life, "entries of the next log")
	}
}

// What the log had before it is read many at a time: all of it, in order, once.
func TestFollowCatchesUp(t *testing.T) {
	t.Parallel()
	b := openEmbedded(t)
	appendAll(t, b, 0, numbered(1, 500)...)
	r := newRecorder()
	follow(t, b, r)
	require.Equal(t, numbered(1, 500), r.awaitLive(t, 500).bodies)
	appendAll(t, b, 500, numbered(501, 510)...)
	v := r.awaitLive(t, 510)
	require.Equal(t, numbered(1, 510), v.bodies)
	require.Len(t, v.begins, 1)
}

// The hint that the log has grown is no more than that. Without one a follower looks by
// itself; one that says what is not so changes nothing.
func TestFollowHints(t *testing.T) {
	t.Parallel()
	s := startNATS(t)
	b := openExternal(t, s, broker.Config{})
	r := newRecorder()
	follow(t, b, r)
	r.awaitLive(t, 0)
	conn, js := s.admin()
	stream, err := js.Stream(testContext(t), broker.StreamLog)
	require.NoError(t, err)
	silent := stream.CachedInfo().Config
	silent.RePublish = nil
	_, err = js.UpdateStream(testContext(t), silent)
	require.NoError(t, err)
	appendAll(t, b, 0, numbered(1, 3)...)
	r.awaitLive(t, 3)
	for range 10 {
		require.NoError(t, conn.Publish("tocsin.grown.forged", []byte("forged")))
	}
	require.NoError(t, conn.Flush())
	appendAll(t, b, 3, numbered(4, 4)...)
	require.Equal(t, numbered(1, 4), r.awaitLive(t, 4).bodies)
}
