//go:build linux

package hub_test

import (
	"cmp"
	"fmt"
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tocsin/hub"
	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// BenchmarkFanOut publishes a notice of about 1 kB to many clients on loopback, and
// waits until the last one has it. In turn with that it measures the floor: the same
// number of bytes to the same sockets by one bare write(2) each, from as many
// goroutines as there are cores, read by the same reader. It reports both in ns per
// delivery, and their ratio. TOCSIN_BENCH_CLIENTS sets the number of clients (default
// 1,000); both ends of each connection count against the limit of open files.
func BenchmarkFanOut(b *testing.B) {
	clients, err := strconv.Atoi(cmp.Or(os.Getenv("TOCSIN_BENCH_CLIENTS"), "1000"))
	require.NoError(b, err)
	w := newWorld(b)
	n := w.make(func(c *hub.Config) { c.Heartbeat = time.Hour })
	floor := &floor{}
	n.inner = floor.listen
	w.run(n, plain)
	n.read(w.log)
	tap := newTap(b)
	for range clients {
		conn := n.raw(b)
		_, err := conn.Write(maskedText(`{"type":"hello"}`))
		require.NoError(b, err)
		awaitSynced(b, conn)
		tap.add(conn)
	}
	entries := make([]notice.Entry, b.N)
	for i := range entries {
		_, entries[i] = w.alert(noticetest.Headline(strings.Repeat("crisis ", 14)))
	}
	frame := make([]byte, frameSize(entries[0]))
	var hubTime, floorTime time.Duration
	b.ResetTimer()
	for _, e := range entries { // in turn, so that a busy machine is busy for both
		started := time.Now()
		n.Entry(e)
		tap.await(clients * frameSize(e))
		hubTime += time.Since(started)
		started = time.Now()
		floor.round(frame)
		tap.await(clients * len(frame))
		floorTime += time.Since(started)
	}
	b.StopTimer()
	deliveries := float64(b.N * clients)
	b.ReportMetric(0, "ns/op") // says nothing
	b.ReportMetric(float64(hubTime.Nanoseconds())/deliveries, "ns/delivery")
	b.ReportMetric(float64(floorTime.Nanoseconds())/deliveries, "floor-ns/delivery")
	b.ReportMetric(float64(hubTime)/float64(floorTime), "ratio")
	b.ReportMetric(float64(len(frame)), "B/frame")
}

// frameSize is the size of the WebSocket frame of an entry.
func frameSize(e notice.Entry) int {
	return 4 + len(fmt.Sprintf(`{"type":"entry","seq":%d,"envelope":%s}`, e.Seq, e.Body))
}

// floor is what no hub can beat: a bare write per socket. It uses the sockets that
// the hub has accepted, behind its back.
type floor struct {
	net.Listener
	sockets []syscall.RawConn
}

func (f *floor) listen(l net.Listener) net.Listener {
	f.Listener = l
	return f
}

func (f *floor) Accept() (net.Conn, error) {
	conn, err := f.Listener.Accept()
	if err != nil {
		return nil, err
	}
	raw, err := conn.(syscall.Conn).SyscallConn()
	f.sockets = append(f.sockets, raw) // read after the last client was welcomed
	return conn, err
}

// round writes to all sockets.
func (f *floor) round(frame []byte) {
	cores := runtime.GOMAXPROCS(0)
	for core := range cores {
		go func() {
			write := func(fd uintptr) { _, _ = syscall.Write(int(fd), frame) }
			for i := core; i < len(f.sockets); i += cores {
				_ = f.sockets[i].Control(write)
			}
		}()
	}
}

// awaitSynced reads until the session is caught up.
func awaitSynced(b *testing.B, conn net.Conn) {
	var got []byte
	for buf := make([]byte, 4096); !strings.Contains(string(got), `"synced"`); {
		n, err := conn.Read(buf)
		require.NoError(b, err)
		got = append(got, buf[:n]...)
	}
}

// tap counts what arrives at many sockets, by one epoll set and one goroutine.
type tap struct {
	tb    testing.TB
	epoll int
	buf   [64 << 10]byte
	ready [256]unix.EpollEvent
}

func newTap(tb testing.TB) *tap {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	require.NoError(tb, err)
	tb.Cleanup(func() { _ = unix.Close(fd) })
	return &tap{tb: tb, epoll: fd}
}

func (r *tap) add(conn net.Conn) {
	raw, err := conn.(*net.TCPConn).SyscallConn()
	require.NoError(r.tb, err)
	require.NoError(r.tb, raw.Control(func(fd uintptr) {
		err = unix.EpollCtl(r.epoll, unix.EPOLL_CTL_ADD, int(fd), &unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)})
	}))
	require.NoError(r.tb, err)
}

// await reads until total bytes have come.
func (r *tap) await(total int) {
	for total > 0 {
		n, err := unix.EpollWait(r.epoll, r.ready[:], int(patience.Milliseconds()))
		if err == unix.EINTR {
			continue
		}
		require.NoError(r.tb, err)
		require.NotZero(r.tb, n, "nothing came; %d bytes are missing", total)
		for _, e := range r.ready[:n] {
			n, err := unix.Read(int(e.Fd), r.buf[:])
			require.NoError(r.tb, err)
			require.NotZero(r.tb, n, "closed")
			total -= n
		}
	}
	require.Zero(r.tb, total, "more came than was sent")
}
