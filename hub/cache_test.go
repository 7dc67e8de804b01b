package hub_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/hub"
	"tocsin/notice/noticetest"
	"tocsin/wire"
)

// cached makes a cache of the log as it stands, by running a node on it.
func (w *world) cached() (file string) {
	w.t.Helper()
	file = filepath.Join(w.t.TempDir(), "cache.json")
	n := w.make(func(c *hub.Config) { c.CacheFile = file })
	stop := w.serve(n, plain)
	n.read(w.log)
	stop() // saves at the end, if not before
	require.FileExists(w.t, file)
	return file
}

func withCache(file string) func(*hub.Config) {
	return func(c *hub.Config) { quick(c); c.CacheFile = file }
}

// A node without a broker serves its cache: verified, marked stale, without a
// cursor, and never anything private. When the broker answers, sessions get what
// the cache lacked, and a cursor.
func TestCache(t *testing.T) {
	w := newWorld(t)
	_, public := w.alert()
	_, restricted := w.alert(noticetest.Restricted("tenant:north"))
	_, private := w.alert(noticetest.Private("tenant:north"))
	file := w.cached()
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	body, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NotContains(t, string(body), string(private.Body))

	n := w.start(withCache(file))
	require.ErrorIs(t, n.Ready(), hub.ErrReading)
	state := n.State()
	require.Equal(t, hub.FromCache, state.From)
	require.WithinDuration(t, time.Now(), state.Saved, time.Minute)
	require.Equal(t, private.Seq, state.Seq)
	require.EqualValues(t, 1, state.Keyset.Version)
	require.Equal(t, 2, state.Active, "nothing private")
	hello := wire.Hello{Tokens: []string{w.token("north")}}
	c := n.hello(hello)
	welcome, seqs, synced := c.begin()
	require.Equal(t, wire.SourceStale, welcome.Source.State)
	require.Equal(t, wire.ResumeSnapshot, welcome.Resume)
	require.Equal(t, []uint64{1, public.Seq, restricted.Seq}, seqs)
	require.True(t, synced.Cursor.IsZero())
	beat := c.heartbeat(func(wire.Heartbeat) bool { return true })
	require.True(t, beat.Cursor.IsZero())
	require.Equal(t, wire.SourceStale, beat.Source.State)

	anybody := n.hello(wire.Hello{})
	_, seqs, _ = anybody.begin()
	require.Equal(t, []uint64{1, public.Seq}, seqs)

	_, later := w.alert()
	n.read(w.log)
	require.Equal(t, []uint64{private.Seq, later.Seq}, c.entries(2), "and nothing twice")
	require.Equal(t, []uint64{later.Seq}, anybody.entries(1))
	for _, c := range []*client{c, anybody} {
		beat := c.heartbeat(func(b wire.Heartbeat) bool { return !b.Cursor.IsZero() })
		require.Equal(t, w.log.cursor(), beat.Cursor)
		require.Equal(t, wire.SourceLive, beat.Source.State)
	}
	state = n.State()
	require.Empty(t, state.From)
	require.Zero(t, state.Saved)
	require.Equal(t, later.Seq, state.Seq)
	require.Equal(t, 4, state.Active)
	_, last := w.alert()
	n.Entry(last)
	require.Equal(t, []uint64{last.Seq}, c.entries(1))
}

// An entry of the cache that is not as it was signed is left out, and that is said.
func TestDamagedCache(t *testing.T) {
	w := newWorld(t)
	w.alert()
	w.alert()
	file := w.cached()
	body, err := os.ReadFile(file)
	require.NoError(t, err)
	at := bytes.LastIndex(body, []byte(`"sig":"`)) + 20
	body[at] ^= 1 // of one letter of base64, another
	require.NoError(t, os.WriteFile(file, body, 0o600))
	var said bytes.Buffer
	n := w.make(withCache(file), func(c *hub.Config) { c.Logger = slog.New(slog.NewTextHandler(&said, nil)) })
	require.Equal(t, 1, n.State().Active)
	require.Contains(t, said.String(), "entries=1 from=cache")
}

// What a client's cursor makes of a node that has only a cache.
func TestCacheCursor(t *testing.T) {
	w := newWorld(t)
	w.alert()
	w.alert()
	n := w.start(withCache(w.cached()))
	before := w.log.cursorAt(2)
	foreign := w.log.cursor()
	foreign.Epoch = "0badf00d"
	for name, cursor := range map[string]wire.Cursor{"before": before, "foreign": foreign} {
		_, seqs, synced := n.hello(wire.Hello{Cursor: cursor.String()}).begin()
		require.Equal(t, []uint64{1, 2, 3}, seqs, name)
		require.True(t, synced.Cursor.IsZero(), name)
	}
	// The same place, or a later one: the client has it all, and is held.
	at := n.hello(wire.Hello{Cursor: w.log.cursor().String()})
	w.alert()
	ahead := n.hello(wire.Hello{Cursor: w.log.cursor().String()})
	w.alert()
	for _, c := range []*client{at, ahead} {
		welcome := expect[wire.Welcome](c)
		require.Equal(t, wire.ResumeReplay, welcome.Resume)
		require.Equal(t, wire.SourceStale, welcome.Source.State)
		f, err := c.read(patience)
		require.NoError(t, err)
		require.IsType(t, wire.Heartbeat{}, f)
	}
	n.read(w.log)
	seqs, synced := at.untilSynced()
	require.Equal(t, []uint64{4, 5}, seqs)
	require.Equal(t, w.log.cursor(), synced.Cursor)
	seqs, _ = ahead.untilSynced()
	require.Equal(t, []uint64{5}, seqs)
}

// A broker that answers with less than the cache holds, and can't say that this is
// all, does not take its place; one that can, does.
func TestCacheIsFurtherOn(t *testing.T) {
	w := newWorld(t)
	w.alert()
	w.alert()
	n := w.start(withCache(w.cached()))
	c := n.hello(wire.Hello{})
	_, seqs, _ := c.begin()
	require.Equal(t, []uint64{1, 2, 3}, seqs)
	short := &history{epoch: w.log.epoch, entries: w.log.entries[:2]}
	n.Begin(short.epoch)
	for _, e := range short.entries {
		n.Entry(e)
	}
	n.Source(hub.Source{Head: 2, Checked: time.Now()})
	require.True(t, c.heartbeat(func(wire.Heartbeat) bool { return true }).Cursor.IsZero())
	n.live(short)
	c.heartbeat(func(b wire.Heartbeat) bool { return b.Cursor == short.cursor() })
}

// A log without a keyset is no reason to forget what is known.
func TestEmptyLogAfterCache(t *testing.T) {
	w := newWorld(t)
	n := w.start(withCache(w.cached()))
	empty := &history{epoch: "0badf00d"}
	n.read(empty)
	require.NoError(t, n.Ready())
	_, seqs, synced := n.hello(wire.Hello{}).begin()
	require.Equal(t, []uint64{1}, seqs)
	require.True(t, synced.Cursor.IsZero())
}

// Another log takes the place of the one that was served, without dropping anyone.
func TestAnotherLog(t *testing.T) {
	w := newWorld(t)
	w.alert()
	n := w.follow(quick)
	c := n.hello(wire.Hello{})
	c.begin()
	other := &history{epoch: "0badf00d", entries: w.log.entries[:1:1]}
	fresh := other.append(w.staff.Sign(w.staff.Alert()))
	n.Begin(other.epoch)
	n.Entry(other.entries[0])
	n.Entry(fresh)
	beat := c.heartbeat(func(b wire.Heartbeat) bool { return b.Source.State == wire.SourceStale })
	require.Equal(t, w.log.cursor(), beat.Cursor, "until the other log is read to its end")
	n.live(other)
	got := expect[wire.EntryFrame](c)
	require.Equal(t, string(fresh.Body), string(got.Envelope))
	c.heartbeat(func(b wire.Heartbeat) bool { return b.Cursor == other.cursor() && b.Source.State == wire.SourceLive })
	_, seqs, _ := n.hello(wire.Hello{Cursor: w.log.cursor().String()}).begin()
	require.Equal(t, []uint64{1, 2}, seqs, "a cursor of the old log gets a snapshot")
}

// What was tampered with is not served: every signature is verified again.
func TestBadCache(t *testing.T) {
	w := newWorld(t)
	stranger := noticetest.NewStaff(t)
	forged := wire.Snapshot{Epoch: epoch, Source: wire.Source{State: wire.SourceLive}, Entries: []wire.EntryFrame{
		{Seq: 1, Envelope: stranger.SignKeyset(stranger.Keyset(1), stranger.Stranger)},
	}}
	for name, body := range map[string][]byte{
		"empty": nil, "not JSON": []byte("{"), "forged": forged.AppendTo(nil),
	} {
		file := filepath.Join(t.TempDir(), "cache")
		require.NoError(t, os.WriteFile(file, body, 0o600))
		n := w.make(withCache(file))
		require.ErrorIs(t, n.Ready(), hub.ErrNoState, name)
	}
	good := wire.Snapshot{Epoch: epoch, Source: wire.Source{State: wire.SourceLive}, Entries: []wire.EntryFrame{
		{Seq: 1, Envelope: w.staff.KeysetBody(1)},
		{Seq: 2, Envelope: w.staff.Sign(w.staff.Alert(), w.staff.Stranger)},
	}}
	file := filepath.Join(t.TempDir(), "cache")
	require.NoError(t, os.WriteFile(file, good.AppendTo(nil), 0o600))
	n := w.start(withCache(file))
	_, seqs, _ := n.hello(wire.Hello{}).begin()
	require.Equal(t, []uint64{1}, seqs)
}

// A node without a broker takes the public state from a peer.
func TestSeed(t *testing.T) {
	w := newWorld(t)
	_, public := w.alert()
	_, restricted := w.alert(noticetest.Restricted("tenant:north"))
	peer := w.follow()
	n := w.start(func(c *hub.Config) { quick(c); c.SeedURL = "http://" + peer.addr })
	c := n.hello(wire.Hello{Tokens: []string{w.token("north")}})
	welcome, seqs, synced := c.begin()
	require.Equal(t, wire.SourceStale, welcome.Source.State)
	require.Equal(t, []uint64{1, public.Seq}, seqs)
	require.True(t, synced.Cursor.IsZero())
	n.read(w.log)
	require.Equal(t, []uint64{restricted.Seq}, c.entries(1))
}

// A peer that is broken, or not there, is no harm; one that recovers is used.
func TestSeedRecovers(t *testing.T) {
	w := newWorld(t)
	peer := w.follow()
	_, body := peer.get("/v1/snapshot")
	answers := make(chan func(http.ResponseWriter), 3)
	answers <- func(r http.ResponseWriter) { r.WriteHeader(http.StatusInternalServerError) }
	answers <- func(r http.ResponseWriter) { _, _ = r.Write([]byte("{}")) }
	answers <- func(r http.ResponseWriter) { _, _ = r.Write([]byte(body)) }
	bad := httptest.NewServer(http.HandlerFunc(func(r http.ResponseWriter, _ *http.Request) { (<-answers)(r) }))
	defer bad.Close()
	n := w.start(func(c *hub.Config) {
		c.SeedURL = bad.URL
		c.Client = bad.Client()
	})
	eventually(t, func() bool { return n.Ready() == nil }, "seeded")
}
