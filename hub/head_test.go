package hub_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/hub"
	"tocsin/notice"
	"tocsin/notice/noticetest"
	"tocsin/wire"
)

// headOf is a head of what a log holds, as a desk would sign it.
func headOf(t testing.TB, l *history, staff *noticetest.Staff, key *notice.PrivateKey, at time.Time, edits ...func(*notice.Head)) []byte {
	t.Helper()
	board := notice.NewBoard(staff.Trust(), false)
	for _, e := range l.entries {
		board.Fold(e)
	}
	h := board.Head(l.epoch, at)
	for _, edit := range edits {
		edit(h)
	}
	body, err := notice.SignHead(h, key)
	require.NoError(t, err)
	return body
}

// A head is passed on in synced, heartbeats, event streams and the HTTP snapshot.
func TestHeadIsPassedOn(t *testing.T) {
	w := newWorld(t)
	n := w.follow(quick)
	c := n.hello(wire.Hello{})
	_, _, synced := c.begin()
	require.Nil(t, synced.Head)
	head := headOf(t, w.log, w.staff, w.staff.Beacon, time.Now())
	n.Head(head)
	require.Equal(t, head, c.heartbeat(func(b wire.Heartbeat) bool { return b.Head != nil }).Head)
	for range 3 {
		_, _, synced = n.hello(wire.Hello{}).begin()
		require.Equal(t, wire.Synced{Cursor: w.log.cursor(), Head: head}, synced)
		_, _, synced = n.hello(wire.Hello{Cursor: w.log.cursor().String()}).begin()
		require.Equal(t, wire.Synced{Cursor: w.log.cursor(), Head: head}, synced)
	}
	e := n.events(t, "")
	for beats := 0; beats < 2; {
		switch f := e.read().(type) {
		case wire.Synced:
			require.Equal(t, head, f.Head)
		case wire.Heartbeat:
			require.Equal(t, head, f.Head)
			beats++
		}
	}
	resp, body := n.get("/v1/snapshot")
	require.Equal(t, http.StatusOK, resp.StatusCode)
	snapshot, err := wire.DecodeSnapshot([]byte(body))
	require.NoError(t, err)
	require.Equal(t, head, snapshot.Head)

	// Another entry, another head: nothing of the old one stays.
	_, entry := w.alert()
	n.Entry(entry)
	head = headOf(t, w.log, w.staff, w.staff.Beacon, time.Now().Add(time.Second))
	n.Head(head)
	_, _, synced = n.hello(wire.Hello{}).begin()
	require.Equal(t, wire.Synced{Cursor: w.log.cursor(), Head: head}, synced)
	again, _ := n.get("/v1/snapshot", "If-None-Match", resp.Header.Get("ETag"))
	require.Equal(t, http.StatusOK, again.StatusCode)
}

// The first head after a gap does not wait for the next heartbeat, as clients may not be live
// for want of it; the next ones do.
func TestFirstHeadIsToldAtOnce(t *testing.T) {
	w := newWorld(t)
	n := w.follow(seldom)
	var clients []*client
	for range 20 {
		c := n.hello(wire.Hello{})
		c.begin()
		clients = append(clients, c)
	}
	e := n.events(t, "")
	for synced := false; !synced; {
		_, synced = e.next().(wire.Synced)
	}
	head := headOf(t, w.log, w.staff, w.staff.Beacon, time.Now())
	n.Head(head)
	for _, c := range clients {
		said := c.beat()
		require.Equal(t, head, said.Head)
		require.Equal(t, w.log.cursor(), said.Cursor)
	}
	said, ok := e.read().(wire.Heartbeat)
	require.True(t, ok)
	require.Equal(t, head, said.Head)

	n.Head(headOf(t, w.log, w.staff, w.staff.Beacon, time.Now().Add(time.Second)))
	late := n.hello(wire.Hello{})
	late.begin()
	_, alert := w.alert()
	n.Entry(alert)
	for _, c := range append(clients, late) {
		f, err := c.read(patience)
		require.NoError(t, err)
		require.IsType(t, wire.EntryFrame{}, f, "no heartbeat without cause")
	}
}

// The head of a log that was replaced is not passed on beside the new one, and is not counted
// as one of that.
func TestHeadOfALogThatWasReplaced(t *testing.T) {
	w := newWorld(t)
	n := w.follow()
	n.Head(headOf(t, w.log, w.staff, w.staff.Beacon, time.Now()))
	_, _, synced := n.hello(wire.Hello{}).begin()
	require.NotNil(t, synced.Head)
	n.read(w.log) // anew, as after every loss of the broker
	_, _, again := n.hello(wire.Hello{}).begin()
	require.Equal(t, synced, again)

	next := newHistory(w.staff)
	next.epoch = "ffffffff"
	n.Begin(next.epoch)
	_, _, again = n.hello(wire.Hello{}).begin()
	require.Equal(t, synced, again, "while the old one is served")
	n.read(next)
	_, _, again = n.hello(wire.Hello{}).begin()
	require.Equal(t, wire.Synced{Cursor: next.cursor()}, again)
	require.True(t, n.State().HeadCame.IsZero())
	n.Head(headOf(t, w.log, w.staff, w.staff.Beacon, time.Now().Add(time.Second)))
	head := headOf(t, next, w.staff, w.staff.Beacon, time.Now().Add(2*time.Second))
	n.Head(head)
	_, _, again = n.hello(wire.Hello{}).begin()
	require.Equal(t, wire.Synced{Cursor: next.cursor(), Head: head}, again)
}

// What a beacon of the keyset did not sign, of this log, and later than before, goes no
// further.
func TestHeadsThatAreNotPassedOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		staff := noticetest.NewStaff(t)
		l := &history{epoch: epoch}
		l.append(staff.KeysetBody(1, staff.With(staff.Removed, notice.RoleBeacon)))
		l.append(staff.KeysetBody(2, staff.With(staff.Stranger, notice.RoleBeacon), func(ks *notice.Keyset) {
			ks.Keys = append(ks.Keys, notice.NewKeysetKey(staff.NewRoot.Public(), "over", time.Now().AddDate(0, 0, -9), time.Now().AddDate(0, 0, -1), notice.RoleBeacon))
		}))
		metrics := prometheus.NewRegistry()
		authority, err := auth.New(auth.Config{})
		require.NoError(t, err)
		h, err := hub.New(hub.Config{Trust: staff.Trust(), Authority: authority, Registerer: metrics})
		require.NoError(t, err)
		n := &node{Hub: h, t: t}
		passed := func() []byte {
			request, err := http.NewRequest(http.MethodGet, "/v1/snapshot", nil)
			require.NoError(t, err)
			answer := &answer{header: http.Header{}}
			h.Handler().ServeHTTP(answer, request)
			var snapshot struct{ Head json.RawMessage }
			if answer.body.Len() > 0 && answer.status == 0 {
				require.NoError(t, json.Unmarshal(answer.body.Bytes(), &snapshot))
			}
			return snapshot.Head
		}
		now := time.Now()
		n.Head(headOf(t, l, staff, staff.Beacon, now))
		n.read(l)
		require.Empty(t, passed(), "before there was a log")
		good := headOf(t, l, staff, staff.Beacon, now)
		n.Head(good)
		require.Equal(t, good, []byte(passed()))
		later := now.Add(20 * time.Second)
		time.Sleep(20 * time.Second)
		for name, bad := range map[string][]byte{
			"the same again":               good,
			"an older one":                 headOf(t, l, staff, staff.Beacon, now.Add(-time.Second)),
			"a publisher's":                headOf(t, l, staff, staff.Publisher, later),
			"an approver's":                headOf(t, l, staff, staff.Approver, later),
			"a removed beacon's":           headOf(t, l, staff, staff.Removed, later),
			"a beacon's of last week":      headOf(t, l, staff, staff.NewRoot, later.AddDate(0, 0, -3)),
			"of another log":               headOf(t, l, staff, staff.Beacon, later, func(h *notice.Head) { h.Epoch = "ffffffff" }),
			"too large":                    append(headOf(t, l, staff, staff.Beacon, later), bytes.Repeat([]byte(" "), notice.MaxHead)...),
			"a notice":                     staff.Sign(staff.Alert()),
			"nothing":                      nil,
			"another desk's, but ages old": headOf(t, l, staff, staff.Stranger, now.Add(-time.Hour)),
		} {
			n.Head(bad)
			require.Equal(t, good, []byte(passed()), name)
			time.Sleep(time.Second)
		}
		// Of two desks, the one that was heard last; a wrong clock does not push out the other.
		ahead := headOf(t, l, staff, staff.Stranger, time.Now().Add(time.Hour))
		n.Head(ahead)
		require.Equal(t, ahead, []byte(passed()))
		good = headOf(t, l, staff, staff.Beacon, time.Now())
		n.Head(good)
		require.Equal(t, good, []byte(passed()))

		time.Sleep(time.Second)
		for i := range 100 { // a flood costs no verification
			n.Head(headOf(t, l, staff, staff.Publisher, time.Now().Add(time.Duration(i))))
		}
		require.NoError(t, testutil.GatherAndCompare(metrics, strings.NewReader(`
# HELP tocsin_hub_heads_total Heads that desks published, by outcome: advances (passed on), repeats, behind, refused, other, early, flood.
# TYPE tocsin_hub_heads_total counter
tocsin_hub_heads_total{outcome="advances"} 3
tocsin_hub_heads_total{outcome="behind"} 2
tocsin_hub_heads_total{outcome="early"} 1
tocsin_hub_heads_total{outcome="flood"} 80
tocsin_hub_heads_total{outcome="other"} 1
tocsin_hub_heads_total{outcome="refused"} 27
tocsin_hub_heads_total{outcome="repeats"} 1
`), "tocsin_hub_heads_total"))
	})
}

// answer is what a handler writes.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = max(a.status, status*min(1, status/300)) }
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }
