package hub

import (
	"bytes"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/wire"
)

// pair is a conn and the client's end of it, with small socket buffers.
func pair(t *testing.T) (*conn, *net.TCPConn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	near, err := net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	far, err := l.Accept()
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	require.NoError(t, near.(*net.TCPConn).SetReadBuffer(128<<10))
	require.NoError(t, far.(*net.TCPConn).SetWriteBuffer(64<<10))
	return newConn(far, nil, time.Second), near.(*net.TCPConn)
}

// counter counts the stalls of a conn.
type counter struct{ stalls *int }

func (c counter) flushDue()            { *c.stalls++ }
func (c counter) look()                {}
func (c counter) waiting(block func()) { block() }

// stall fills the socket, and returns what was sent.
func stall(t *testing.T, c *conn) (sent []byte) {
	t.Helper()
	for i := byte(0); ; i++ {
		frame := appendFrame(nil, opText, bytes.Repeat([]byte{'a' + i%26}, 100_000))
		stalled, err := c.send(frame, true)
		require.NoError(t, err)
		sent = append(sent, frame...)
		clear(frame) // as a caller may that said so
		if stalled {
			return sent
		}
		require.Less(t, i, byte(200), "the socket takes everything")
	}
}

// A control frame, and a close frame with its farewell, never land inside a data
// frame, whatever the socket took of it.
func TestNothingInsideAFrame(t *testing.T) {
	c, client := pair(t)
	stalls := 0
	c.owner = counter{&stalls}
	want := stall(t, c)
	got := make([]byte, 64_000)
	_, err := io.ReadFull(client, got) // there is room again, in the middle of a frame
	require.NoError(t, err)
	pong := appendFrame(nil, 0xA, []byte("pong"))
	_, err = c.Write(pong)
	require.NoError(t, err)
	require.Zero(t, stalls, "a flush is due already")
	refused, err := c.send(appendFrame(nil, opText, []byte("refused")), false)
	require.ErrorIs(t, err, errStalled)
	require.True(t, refused)
	bye := wire.Bye{Reason: wire.ByeDrain}
	c.close(wire.CloseGoingAway, bye)
	c.close(wire.CloseInternal, nil) // only the first counts
	_, err = c.Write(pong)
	require.ErrorIs(t, err, errEnded)

	want = append(want, pong...)
	want = appendFrame(want, opText, bye.AppendTo(nil))
	want = append(want, 0x88, 12, 0x03, 0xe9)
	want = append(want, "going away"...)
	flushed := make(chan error, 1)
	go func() { flushed <- c.flush(); _ = c.Close() }()
	rest, err := io.ReadAll(client)
	require.NoError(t, err)
	require.NoError(t, <-flushed)
	got = append(got, rest...)
	require.True(t, bytes.Equal(want, got), "%d bytes, want %d", len(got), len(want))
	require.False(t, c.isStalled())
}

// After a flush the connection is as before.
func TestFlushed(t *testing.T) {
	c, client := pair(t)
	want := stall(t, c)
	go func() { _, _ = io.Copy(io.Discard, io.LimitReader(client, int64(len(want)))) }()
	require.NoError(t, c.flush())
	stalled, err := c.send([]byte("x"), false)
	require.NoError(t, err)
	require.False(t, stalled)
}

// A socket that takes nothing for the whole time-out is slow.
func TestSlow(t *testing.T) {
	c, _ := pair(t)
	c.timeout = 50 * time.Millisecond
	stall(t, c)
	err := c.flush() // the kernel may have found room for a little more
	for range 100 {
		if err == nil {
			err = c.write(make([]byte, 1<<20))
		}
	}
	require.ErrorIs(t, err, errSlow)
}

// One that takes a little now and then is not, however long it takes in all.
func TestSlowly(t *testing.T) {
	c, client := pair(t)
	c.timeout = 300 * time.Millisecond
	stall(t, c)
	started := time.Now()
	go func() {
		for tick := time.NewTicker(20 * time.Millisecond); ; <-tick.C {
			if _, err := io.CopyN(io.Discard, client, 100_000); err != nil {
				tick.Stop()
				return
			}
		}
	}()
	for time.Since(started) < 2*c.timeout { // so that it is the whole that takes long
		require.NoError(t, c.write(bytes.Repeat([]byte("y"), 500_000)))
	}
	_ = c.Close()
}

// Who pings without reading is cut off: what waits for a socket is bounded.
func TestPingsWithoutReading(t *testing.T) {
	c, _ := pair(t)
	stall(t, c)
	pong := appendFrame(nil, 0xA, make([]byte, 125))
	sent := 0
	for ; ; sent++ {
		if _, err := c.Write(pong); err != nil {
			require.ErrorIs(t, err, errSlow)
			break
		}
		require.Less(t, sent, 1000)
	}
	require.LessOrEqual(t, sent*len(pong), maxPendingControl)
}

// A control frame that does not fit tells that a flush is due.
func TestControlStalls(t *testing.T) {
	c, _ := pair(t)
	stalls := 0
	c.owner = counter{&stalls}
	ping := appendFrame(nil, 0x9, make([]byte, 125))
	for range 1 << 16 {
		if _, err := c.Write(ping); err != nil || c.isStalled() {
			break
		}
	}
	require.True(t, c.isStalled())
	require.Equal(t, 1, stalls)
}
