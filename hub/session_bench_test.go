//go:build linux

package hub_test

import (
	"bytes"
	"cmp"
	"fmt"
	"net"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/hub"
	"tocsin/notice"
	"tocsin/notice/noticetest"
	"tocsin/wire"
)

// BenchmarkEntry is what a node does once for each entry, however many clients it has:
// verify, fold, prepare the frame.
func BenchmarkEntry(b *testing.B) {
	w := newWorld(b)
	n := w.follow()
	entries := make([]notice.Entry, b.N)
	for i := range entries {
		_, entries[i] = w.alert(noticetest.Restricted("tenant:north"))
	}
	b.ReportAllocs()
	b.ResetTimer()
	for _, e := range entries {
		n.Entry(e)
	}
}

// BenchmarkReturn is a client that comes back with ticket and cursor, from its TCP
// connection to synced, with one missed entry and with a hundred.
func BenchmarkReturn(b *testing.B) {
	for _, missed := range []int{1, 100} {
		b.Run(fmt.Sprintf("missed=%d", missed), func(b *testing.B) {
			w := newWorld(b)
			n := w.follow()
			c := n.hello(wire.Hello{Tokens: []string{w.token("north")}})
			welcome, _, synced := c.begin()
			require.NotEmpty(b, welcome.Ticket)
			for range missed {
				_, e := w.alert(noticetest.Restricted("tenant:north"))
				n.Entry(e)
			}
			c.entries(missed)
			hello := maskedText(string(wire.Hello{Ticket: welcome.Ticket, Cursor: synced.Cursor.String()}.AppendTo(nil)))
			b.ReportAllocs()
			for b.Loop() {
				conn := n.raw(b)
				_, err := conn.Write(hello)
				require.NoError(b, err)
				readSynced(b, conn)
				require.NoError(b, conn.Close())
			}
		})
	}
}

// BenchmarkSnapshot is a client that comes with a ticket alone while a hundred notices
// hold.
func BenchmarkSnapshot(b *testing.B) {
	w := newWorld(b)
	for range 100 {
		w.alert(noticetest.Restricted("tenant:north"))
	}
	n := w.follow()
	c := n.hello(wire.Hello{Tokens: []string{w.token("north")}})
	welcome, _, _ := c.begin()
	hello := maskedText(string(wire.Hello{Ticket: welcome.Ticket}.AppendTo(nil)))
	b.ReportAllocs()
	for b.Loop() {
		conn := n.raw(b)
		_, err := conn.Write(hello)
		require.NoError(b, err)
		readSynced(b, conn)
		require.NoError(b, conn.Close())
	}
}

// BenchmarkOneAddress publishes notices that are each for one of many sessions with
// different labels, and waits until it has them. If a node touches only who a notice is
// for, many sessions cost no more than few. TOCSIN_BENCH_CLIENTS sets the larger number.
func BenchmarkOneAddress(b *testing.B) {
	most, err := strconv.Atoi(cmp.Or(os.Getenv("TOCSIN_BENCH_CLIENTS"), "2000"))
	require.NoError(b, err)
	for _, clients := range []int{10, most} {
		b.Run(fmt.Sprintf("sessions=%d", clients), func(b *testing.B) {
			w := newWorld(b)
			n := w.start(func(c *hub.Config) { c.Heartbeat = time.Hour })
			n.read(w.log)
			taps := make([]*tap, 2) // of the one that is addressed, and of the others
			for i := range taps {
				taps[i] = newTap(b)
			}
			for i := range clients {
				conn := n.raw(b)
				label := fmt.Sprintf("surface:seat-%06d", i)
				_, err := conn.Write(maskedText(string(wire.Hello{Labels: []string{label, "lang:en", "lang:en-US"}, Cursor: w.log.cursor().String()}.AppendTo(nil))))
				require.NoError(b, err)
				awaitSynced(b, conn)
				taps[min(i, 1)].add(conn)
			}
			entries := make([]notice.Entry, b.N)
			for i := range entries {
				_, entries[i] = w.alert(noticetest.Addressed("surface:seat-000000"))
			}
			b.ReportAllocs()
			b.ResetTimer()
			for _, e := range entries {
				n.Entry(e)
				taps[0].await(frameSize(e))
			}
		})
	}
}

// readSynced reads until the session is caught up, and looks at each byte once.
func readSynced(b *testing.B, conn net.Conn) {
	const sign = `"type":"synced"`
	var buf [64 << 10]byte
	kept := 0 // the end of what came before: the sign may be in two parts
	for {
		n, err := conn.Read(buf[kept:])
		require.NoError(b, err)
		got := buf[:kept+n]
		if bytes.Contains(got, []byte(sign)) {
			return
		}
		kept = copy(buf[:], got[max(0, len(got)-len(sign)):])
	}
}
