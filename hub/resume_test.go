package hub_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/hub"
	"tocsin/notice/noticetest"
	"tocsin/wire"
)

// What is published reaches a connected client, verbatim and once.
func TestLive(t *testing.T) {
	w := newWorld(t)
	w.alert()
	n := w.follow()
	c := n.hello(wire.Hello{Labels: []string{"surface:portal"}})

	welcome, seqs, synced := c.begin()
	require.Equal(t, wire.ResumeSnapshot, welcome.Resume)
	require.Equal(t, wire.TierPublic, welcome.Tier)
	require.Equal(t, []string{"surface:portal"}, welcome.Labels)
	require.Equal(t, wire.AuthNone, welcome.Auth.State)
	require.Equal(t, int64(15_000), welcome.HeartbeatMs)
	require.Equal(t, wire.Source{State: wire.SourceLive}, welcome.Source)
	require.WithinDuration(t, time.Now(), welcome.ServerTime, time.Minute)
	require.NotEmpty(t, welcome.Session)
	require.Equal(t, []uint64{1, 2}, seqs)
	require.Equal(t, w.log.cursor(), synced.Cursor)

	_, e := w.alert()
	n.Entry(e)
	got := expect[wire.EntryFrame](c)
	require.Equal(t, e.Seq, got.Seq)
	require.Equal(t, string(e.Body), string(got.Envelope))
}

// A client that was away gets the Alert, the Update and the Cancel that it missed,
// in order and nothing else, from any node on the log.
func TestReplay(t *testing.T) {
	w := newWorld(t)
	w.alert()
	n, other := w.follow(), w.follow()
	c := n.hello(wire.Hello{})
	_, _, synced := c.begin()
	require.NoError(t, c.ws.CloseNow())

	alert, _ := w.alert()
	update := w.staff.Update(alert, nil)
	w.log.append(w.staff.Sign(update))
	w.log.append([]byte(`{"refused":true}`))
	w.log.append(w.staff.Sign(w.staff.Cancel(alert, nil)))
	for _, e := range w.log.entries[2:] {
		n.Entry(e)
		other.Entry(e)
	}
	for _, n := range []*node{n, other} {
		c := n.hello(wire.Hello{Cursor: synced.Cursor.String()})
		welcome, seqs, synced := c.begin()
		require.Equal(t, wire.ResumeReplay, welcome.Resume)
		require.Equal(t, []uint64{3, 4, 6}, seqs)
		require.Equal(t, w.log.cursor(), synced.Cursor)
	}
}

func TestResume(t *testing.T) {
	w := newWorld(t)
	for range 9 {
		w.alert()
	}
	n := w.follow(func(c *hub.Config) { c.WindowEntries = 5 })
	all := []uint64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	foreign := w.log.cursorAt(8)
	foreign.Epoch = "0badf00d"
	rewritten := w.log.cursorAt(8)
	rewritten.Hash = "12345678"
	for name, test := range map[string]struct {
		cursor string
		resume wire.Resume
		seqs   []uint64
	}{
		"none":              {"", wire.ResumeSnapshot, all},
		"malformed":         {"00c0ffee:08:xyz", wire.ResumeSnapshot, all},
		"another epoch":     {foreign.String(), wire.ResumeSnapshot, all},
		"another history":   {rewritten.String(), wire.ResumeSnapshot, all},
		"before the window": {w.log.cursorAt(4).String(), wire.ResumeSnapshot, all},
		"from the start":    {w.log.cursorAt(0).String(), wire.ResumeSnapshot, all},
		"window's edge":     {w.log.cursorAt(5).String(), wire.ResumeReplay, all[5:]},
		"inside":            {w.log.cursorAt(8).String(), wire.ResumeReplay, all[8:]},
		"up to date":        {w.log.cursorAt(10).String(), wire.ResumeReplay, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := n.hello(wire.Hello{Cursor: test.cursor})
			welcome, seqs, synced := c.begin()
			require.Equal(t, test.resume, welcome.Resume)
			require.Equal(t, test.seqs, seqs)
			require.Equal(t, w.log.cursor(), synced.Cursor)
		})
	}
}

// A whole log fits the window: then the cursor of its start is as good as any.
func TestReplayFromStart(t *testing.T) {
	w := newWorld(t)
	w.alert()
	_, seqs, _ := w.follow().hello(wire.Hello{Cursor: w.log.cursorAt(0).String()}).begin()
	require.Equal(t, []uint64{1, 2}, seqs)
}

// A node that is behind the client's cursor says so, sends nothing, and replays
// when it has caught up.
func TestHold(t *testing.T) {
	w := newWorld(t)
	n := w.follow(quick)
	w.alert()
	seen := w.log.entries[1]
	cursor := w.log.cursor()
	c := n.hello(wire.Hello{Cursor: cursor.String()})
	welcome := expect[wire.Welcome](c)
	require.Equal(t, wire.ResumeReplay, welcome.Resume)
	require.Equal(t, wire.SourceStale, welcome.Source.State)
	for range 3 {
		f, err := c.read(patience)
		require.NoError(t, err)
		beat, ok := f.(wire.Heartbeat)
		require.True(t, ok, "%T", f)
		require.True(t, beat.Cursor.IsZero())
		require.Equal(t, wire.SourceStale, beat.Source.State)
	}
	n.Entry(seen)
	_, e := w.alert()
	n.Entry(e)
	seqs, synced := c.untilSynced()
	if len(seqs) == 0 { // released between the two entries
		require.Equal(t, cursor, synced.Cursor)
		seqs = c.entries(1)
	}
	require.Equal(t, []uint64{3}, seqs)
	c.heartbeat(func(b wire.Heartbeat) bool { return b.Cursor == w.log.cursor() && b.Source.State == wire.SourceLive })
}

// The entry that the node comes to have at the cursor is another one: the log was
// replaced while the client was away.
func TestHoldThenOtherEntry(t *testing.T) {
	w := newWorld(t)
	n := w.follow()
	cursor := w.log.cursor()
	cursor.Seq, cursor.Hash = 2, "12345678"
	c := n.hello(wire.Hello{Cursor: cursor.String()})
	expect[wire.Welcome](c)
	_, e := w.alert()
	n.Entry(e)
	seqs, synced := c.untilSynced()
	require.Equal(t, []uint64{1, 2}, seqs)
	require.Equal(t, w.log.cursor(), synced.Cursor)
}

// The log was replaced by a shorter one of the same epoch: known once a check that
// began after hello finds its end before the cursor.
func TestHoldThenShorterLog(t *testing.T) {
	w := newWorld(t)
	n := w.follow(quick)
	before := time.Now()
	cursor := w.log.cursor()
	cursor.Seq = 7
	c := n.hello(wire.Hello{Cursor: cursor.String()})
	expect[wire.Welcome](c)
	// An earlier check proves nothing, nor does one that found the source stale.
	n.Source(hub.Source{Live: true, Head: 1, Checked: before})
	n.Source(hub.Source{Head: 1, Checked: time.Now()})
	f, err := c.read(patience)
	require.NoError(t, err)
	require.IsType(t, wire.Heartbeat{}, f)
	n.live(w.log)
	seqs, synced := c.untilSynced()
	require.Equal(t, []uint64{1}, seqs)
	require.Equal(t, w.log.cursor(), synced.Cursor)
}

// Who comes before the node has read the log to its end waits, whatever the cursor.
func TestHoldAtStart(t *testing.T) {
	w := newWorld(t)
	alert, _ := w.alert()
	w.log.append(w.staff.Sign(w.staff.Cancel(alert, nil)))
	n := w.start()
	require.ErrorIs(t, n.Ready(), hub.ErrNoState)
	n.Begin(w.log.epoch)
	n.Entry(w.log.entries[0])
	n.Entry(w.log.entries[1])
	fresh := n.hello(wire.Hello{})
	back := n.hello(wire.Hello{Cursor: w.log.cursorAt(2).String()})
	require.Equal(t, wire.ResumeSnapshot, expect[wire.Welcome](fresh).Resume)
	require.Equal(t, wire.ResumeReplay, expect[wire.Welcome](back).Resume)
	require.ErrorIs(t, n.Ready(), hub.ErrNoState)
	n.Entry(w.log.entries[2])
	n.live(w.log)
	require.NoError(t, n.Ready())
	seqs, _ := fresh.untilSynced()
	require.Equal(t, []uint64{1, 2, 3}, seqs)
	seqs, _ = back.untilSynced()
	require.Equal(t, []uint64{3}, seqs)
}

// A log that stops in the middle, with nothing better to serve, is served after a
// while, marked stale.
func TestSettle(t *testing.T) {
	w := newWorld(t)
	n := w.start(func(c *hub.Config) { c.Settle = 200 * time.Millisecond })
	c := n.hello(wire.Hello{})
	n.Begin(w.log.epoch)
	n.Entry(w.log.entries[0])
	n.Source(hub.Source{Head: 5, Checked: time.Now()})
	require.Equal(t, wire.SourceStale, expect[wire.Welcome](c).Source.State)
	seqs, _ := c.untilSynced()
	require.Equal(t, []uint64{1}, seqs)
	require.NoError(t, n.Ready())
}

// Losing the broker changes what is said, and nothing else.
func TestStale(t *testing.T) {
	w := newWorld(t)
	n := w.follow(quick)
	c := n.hello(wire.Hello{})
	c.begin()
	n.stale()
	require.NoError(t, n.Ready())
	first := c.heartbeat(func(b wire.Heartbeat) bool { return b.Source.State == wire.SourceStale })
	require.Equal(t, w.log.cursor(), first.Cursor)
	c.heartbeat(func(b wire.Heartbeat) bool { return b.Source.SinceMs > first.Source.SinceMs })
	head := headOf(t, w.log, w.staff, w.staff.Beacon, time.Now())
	n.Head(head)
	n.live(w.log)
	beat := c.heartbeat(func(b wire.Heartbeat) bool { return b.Source.State == wire.SourceLive && b.Head != nil })
	require.Equal(t, head, beat.Head)
}

// An entry that a new keyset brings back reaches those who came while it was void.
func TestRevived(t *testing.T) {
	w := newWorld(t)
	w.log.append(w.staff.KeysetBody(2, w.staff.With(w.staff.Removed, "publisher")))
	n3 := w.staff.Alert()
	w.log.append(w.staff.Sign(n3, w.staff.Removed, w.staff.Approver))
	w.log.append(w.staff.KeysetBody(3))
	n := w.follow()
	c := n.hello(wire.Hello{})
	_, seqs, _ := c.begin()
	require.Equal(t, []uint64{4}, seqs, "void, so not in the snapshot")
	n.Entry(w.log.append(w.staff.KeysetBody(4, w.staff.With(w.staff.Removed, "publisher"))))
	require.Equal(t, []uint64{5, 3}, c.entries(2))
	_, seqs, _ = n.hello(wire.Hello{Cursor: w.log.cursorAt(4).String()}).begin()
	require.Equal(t, []uint64{5, 3}, seqs)
}

// A thread that was over comes back when the last Update is voided, and reaches those
// who came while it was over, whole.
func TestResent(t *testing.T) {
	w := newWorld(t)
	w.log.append(w.staff.KeysetBody(2, w.staff.With(w.staff.Removed, "publisher")))
	first := w.staff.Alert(noticetest.Expires(time.Now().Add(2 * time.Hour)))
	alert := w.log.append(w.staff.Sign(first))
	over := w.staff.Update(first, nil, noticetest.Expires(time.Now().Add(-time.Hour)), noticetest.Sent(time.Now().Add(-2*time.Hour)))
	w.log.append(w.staff.Sign(over, w.staff.Removed, w.staff.Approver))
	n := w.follow()
	c := n.hello(wire.Hello{})
	_, seqs, _ := c.begin()
	require.Equal(t, []uint64{2}, seqs, "over, so not in the snapshot")
	keyset := w.log.append(w.staff.KeysetBody(3))
	n.Entry(keyset)
	require.Equal(t, []uint64{keyset.Seq, alert.Seq}, c.entries(2))
}

// What was redacted is not sent any more, but its place in the log still counts.
func TestRedacted(t *testing.T) {
	w := newWorld(t)
	_, e := w.alert(noticetest.Headline("Jane Doe"))
	at := w.log.cursor()
	w.alert()
	n := w.follow()
	n.Entry(w.log.append(w.staff.RedactionBody(e.Seq, e.Body)))
	for cursor, want := range map[string][]uint64{
		"": {1, 3}, w.log.cursorAt(1).String(): {3}, at.String(): {3},
	} {
		_, seqs, synced := n.hello(wire.Hello{Cursor: cursor}).begin()
		require.Equal(t, want, seqs, cursor)
		require.Equal(t, w.log.cursor(), synced.Cursor)
	}
}

// What hangs on a redacted Alert goes with it, and what a keyset voids does: a reader
// could not take it up.
func TestReplayBringsWhatHolds(t *testing.T) {
	w := newWorld(t)
	alert, e := w.alert(noticetest.Headline("Jane Doe"))
	w.log.append(w.staff.Sign(w.staff.Update(alert, nil)))
	w.log.append(w.staff.RedactionBody(e.Seq, e.Body))
	w.log.append(w.staff.KeysetBody(2, w.staff.With(w.staff.Removed, "publisher")))
	void := w.staff.Alert()
	w.log.append(w.staff.Sign(void, w.staff.Removed, w.staff.Approver))
	w.log.append(w.staff.Sign(w.staff.Update(void, nil)))
	n := w.follow()
	_, seqs, _ := n.hello(wire.Hello{Cursor: w.log.cursorAt(1).String()}).begin()
	require.Equal(t, []uint64{5, 6, 7}, seqs)
	n.Entry(w.log.append(w.staff.KeysetBody(3)))
	_, seqs, _ = n.hello(wire.Hello{Cursor: w.log.cursorAt(1).String()}).begin()
	require.Equal(t, []uint64{5, 8}, seqs)
	n.Entry(w.log.append(w.staff.KeysetBody(4, w.staff.With(w.staff.Removed, "publisher"))))
	_, seqs, _ = n.hello(wire.Hello{Cursor: w.log.cursorAt(1).String()}).begin()
	require.Equal(t, []uint64{5, 8, 9, 6, 7}, seqs, "brought back, and what it brings again leaves with it")
	n.Entry(w.log.append(w.staff.KeysetBody(5)))
	_, seqs, _ = n.hello(wire.Hello{Cursor: w.log.cursorAt(1).String()}).begin()
	require.Equal(t, []uint64{5, 8, 9, 10}, seqs)
}
