package hub_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/hub"
	"tocsin/notice/noticetest"
	"tocsin/wire"
)

// A snapshot or a replay, followed by live push, misses nothing and repeats nothing
// while a publisher runs flat out: public, restricted and private entries alike, and
// with clients that come, go, and come back to another node with their cursor.
func TestNothingMissedNothingTwice(t *testing.T) {
	w := newWorld(t)
	const published = 150
	var bodies [][]byte
	for i := range published {
		edits := [][]noticetest.Edit{nil, {noticetest.Restricted("tenant:north")}, {noticetest.Private("tenant:north")}}[i%3]
		bodies = append(bodies, w.staff.Sign(w.staff.Alert(edits...)))
	}
	nodes := []*node{w.follow(), w.follow(func(c *hub.Config) { c.Shards = 1 })}
	token := w.token("north")

	var wg sync.WaitGroup
	var stop atomic.Bool
	clients := 6
	if testing.Short() {
		clients = 4
	}
	seen := make([]map[uint64]int, clients)
	for i := range clients {
		seen[i] = make(map[uint64]int)
		wg.Go(func() {
			cursor := ""
			for round := 0; ; round++ {
				last := stop.Load()
				c := nodes[rand.IntN(len(nodes))].hello(wire.Hello{Tokens: []string{token}, Cursor: cursor})
				cursor = follow(t, c, seen[i], last, published+1)
				_ = c.ws.CloseNow()
				if last || t.Failed() {
					return
				}
			}
		})
	}
	for _, body := range bodies {
		e := w.log.append(body)
		for _, n := range nodes {
			n.Entry(e)
		}
	}
	for _, n := range nodes {
		n.live(w.log)
	}
	stop.Store(true)
	wg.Wait()
	for i := range clients {
		for seq := uint64(2); seq <= published+1; seq++ {
			require.Equal(t, 1, seen[i][seq], "client %d, entry %d", i, seq)
		}
	}
}

// follow reads a session: to the log's end if toEnd, otherwise until some entries
// after synced. It returns the cursor to come back with, and counts in seen what
// that cursor covers.
func follow(t *testing.T, c *client, seen map[uint64]int, toEnd bool, end uint64) string {
	var order []uint64
	var cursor wire.Cursor
	few := rand.IntN(20)
	for {
		f, err := c.read(patience)
		if err != nil {
			t.Errorf("reading: %v", err)
			return ""
		}
		switch f := f.(type) {
		case wire.EntryFrame:
			order = append(order, f.Seq)
			if !cursor.IsZero() {
				few--
			}
			if i := len(order) - 1; i > 0 && order[i] <= order[i-1] {
				t.Errorf("%d after %d", order[i], order[i-1])
			}
		case wire.Synced:
			cursor = f.Cursor
		}
		if cursor.IsZero() {
			continue
		}
		have := cursor.Seq
		if n := len(order); n > 0 {
			have = max(have, order[n-1])
		}
		if have == end || (!toEnd && few <= 0) {
			break
		}
	}
	// A real client keeps only the cursors of synced and heartbeats, and what comes
	// after them it gets again. So this one forgets that, too.
	for _, seq := range order {
		if seq <= cursor.Seq || toEnd {
			seen[seq]++
		}
	}
	return cursor.String()
}

// A burst reaches everyone whole and in order, joined into few writes or not.
func TestBurst(t *testing.T) {
	w := newWorld(t)
	n := w.follow()
	var cs []*client
	for range 5 {
		c := n.hello(wire.Hello{Tokens: []string{w.token("north")}})
		c.begin()
		cs = append(cs, c)
	}
	want := []uint64{}
	for i := range 200 {
		edits := []noticetest.Edit{noticetest.Headline(fmt.Sprintf("%0*d", 1+i*7%2000, i))}
		if i >= 100 && i%2 == 0 {
			edits = append(edits, noticetest.Restricted("tenant:north"))
		}
		if i%50 == 49 {
			edits = append(edits, noticetest.Restricted("tenant:south"))
		} else {
			want = append(want, w.log.head()+1)
		}
		w.alert(edits...)
	}
	for _, e := range w.log.entries[1:] {
		n.Entry(e)
	}
	for _, c := range cs {
		require.Equal(t, want, c.entries(len(want)))
	}
}
