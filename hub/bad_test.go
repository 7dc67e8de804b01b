package hub_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/hub"
	"tocsin/notice/noticetest"
	"tocsin/wire"
)

// Bad frames get the close code that says what was wrong, before hello and after.
func TestBadFrames(t *testing.T) {
	w := newWorld(t)
	n := w.follow(func(c *hub.Config) { c.FrameBurst, c.FrameRate = 40, 1 })
	hello := `{"type":"hello"}`
	text := func(s ...string) []string { return s }
	for name, test := range map[string]struct {
		frames []string
		code   wire.CloseCode
	}{
		"not JSON":          {text("hello"), wire.CloseBadFrame},
		"not an object":     {text("[]"), wire.CloseBadFrame},
		"empty":             {text(""), wire.CloseBadFrame},
		"no type":           {text("{}"), wire.CloseBadFrame},
		"unknown type":      {text(`{"type":"shout"}`), wire.CloseBadFrame},
		"a node's frame":    {text(`{"type":"synced"}`), wire.CloseBadFrame},
		"duplicate name":    {text(`{"type":"hello","ticket":"a","ticket":"b"}`), wire.CloseBadFrame},
		"hello of 1 MB":     {text(`{"type":"hello","ticket":"` + strings.Repeat("x", 1<<20) + `"}`), wire.CloseTooBig},
		"hello over 16 KiB": {text(`{"type":"hello","ticket":"` + strings.Repeat("x", 16<<10) + `"}`), wire.CloseTooBig},
		"ack first":         {text(`{"type":"ack","identifier":"a","revision":0,"state":"received"}`), wire.CloseBadFrame},
		"hello twice":       {text(hello, hello), wire.CloseBadFrame},
		"not JSON later":    {text(hello, "{"), wire.CloseBadFrame},
		"too big later":     {text(hello, strings.Repeat(" ", 20<<10)), wire.CloseTooBig},
		"bad ack":           {text(hello, `{"type":"ack","identifier":"a","revision":-1,"state":"received"}`), wire.CloseBadFrame},
		"too many": {append(text(hello), strings.Split(strings.Repeat(`{"type":"ack","identifier":"a","revision":0,"state":"received"}|`, 50), "|")[:50]...),
			wire.CloseTooMany},
		"too many tokens": {text(hello, `{"type":"tokens","tokens":[]}`, `{"type":"tokens","tokens":[]}`, `{"type":"tokens","tokens":[]}`),
			wire.CloseTooMany},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := n.dial()
			c.t = t
			for _, frame := range test.frames {
				if c.sendText([]byte(frame)) != nil {
					break // the node has closed
				}
			}
			require.Equal(t, test.code, c.closed())
		})
	}
}

func TestBinaryFrame(t *testing.T) {
	w := newWorld(t)
	c := w.follow().dial()
	require.NoError(t, c.ws.Write(context.Background(), websocket.MessageBinary, []byte(`{"type":"hello"}`)))
	require.Equal(t, wire.CloseBadFrame, c.closed())
}

func TestNoHello(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.follow(func(c *hub.Config) { c.HelloTimeout = 100 * time.Millisecond })
	require.Equal(t, wire.CloseNoHello, n.dial().closed())
	// A ping is not a hello, and half a hello is none.
	raw := n.raw(t)
	_, err := raw.Write([]byte{0x89, 0x80, 0, 0, 0, 0, 0x81, 0x90, 1, 2})
	require.NoError(t, err)
	rest, err := io.ReadAll(raw)
	require.NoError(t, err)
	require.True(t, bytes.HasSuffix(rest, closeFrame(wire.CloseNoHello)), "%q", rest)
}

// Pongs that nobody asked for cost of a session's rate what pings do.
func TestPongFlood(t *testing.T) {
	w := newWorld(t)
	n := w.follow(func(c *hub.Config) { c.FrameRate, c.FrameBurst = 1, 10 })
	raw := n.raw(t)
	_, err := raw.Write(append(maskedText(`{"type":"hello"}`), bytes.Repeat([]byte{0x8a, 0x80, 0, 0, 0, 0}, 100)...))
	require.NoError(t, err)
	rest, _ := io.ReadAll(raw) // what is not read of the flood may reset the connection
	require.Contains(t, string(rest), string(closeFrame(wire.CloseTooMany)))
}

// panicky is an authority with a fault.
type panicky struct{ *auth.Authority }

func (p panicky) Admit(c auth.Credentials) *auth.Holder {
	if len(c.Tokens) > 0 {
		panic("no tokens today")
	}
	return p.Authority.Admit(c)
}

// A fault in what handles a client's bytes ends that session alone.
func TestPanic(t *testing.T) {
	w := newWorld(t)
	n := w.follow(func(c *hub.Config) { c.Authority = panicky{w.authority} })
	fine := n.hello(wire.Hello{})
	fine.begin()
	require.Equal(t, wire.CloseInternal, n.hello(wire.Hello{Tokens: []string{"x"}}).closed())
	_, e := w.alert()
	n.Entry(e)
	require.Equal(t, e.Seq, expect[wire.EntryFrame](fine).Seq)
	fine.send(wire.Tokens{Tokens: []string{"x"}})
	require.Equal(t, wire.CloseInternal, fine.closed())
}

// A frame that is begun and never finished does not hold a buffer forever.
func TestUnfinishedFrame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	n := w.follow(func(c *hub.Config) { c.HelloTimeout = 200 * time.Millisecond })
	raw := n.raw(t)
	_, err := raw.Write(append(maskedText(`{"type":"hello"}`), 0x81, 0x90, 0, 0, 0, 0, '{'))
	require.NoError(t, err)
	rest, err := io.ReadAll(raw)
	require.NoError(t, err)
	require.Contains(t, string(rest), `"synced"`)
	require.True(t, bytes.HasSuffix(rest, closeFrame(wire.CloseBadFrame)), "%q", rest)
}

// A frame in fragments of one byte is a frame; one in endless empty fragments, of
// which no message tells, is a flood.
func TestFragments(t *testing.T) {
	w := newWorld(t)
	n := w.follow()
	raw := n.raw(t)
	hello := `{"type":"hello"}`
	frame := []byte{0x01, 0x80, 0, 0, 0, 0}
	for _, b := range []byte(hello) {
		frame = append(frame, 0x00, 0x81, 0, 0, 0, 0, b)
	}
	_, err := raw.Write(append(frame, 0x80, 0x80, 0, 0, 0, 0))
	require.NoError(t, err)
	empty := []byte{0x00, 0x80, 0, 0, 0, 0}
	_, err = raw.Write(append([]byte{0x01, 0x80, 0, 0, 0, 0}, bytes.Repeat(empty, 50_000)...))
	require.NoError(t, err)
	rest, err := io.ReadAll(raw)
	require.NoError(t, err)
	require.Contains(t, string(rest), `"synced"`)
	require.Contains(t, string(rest), string(closeFrame(wire.CloseTooMany)))
}

func closeFrame(code wire.CloseCode) []byte {
	body := append([]byte{byte(code >> 8), byte(code)}, code.String()...)
	return append([]byte{0x88, byte(len(body))}, body...)
}

// raw is a connection after the handshake, without a library.
func (n *node) raw(t testing.TB) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", n.addr)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	upgrade(t, conn)
	return conn
}

const handshake = "GET /v1/connect HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: tocsin.v1\r\n\r\n"

// upgrade does the handshake, and reads exactly its answer.
func upgrade(t testing.TB, conn net.Conn) {
	t.Helper()
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	_, err := io.WriteString(conn, handshake)
	require.NoError(t, err)
	var answer []byte
	for one := make([]byte, 1); !bytes.HasSuffix(answer, []byte("\r\n\r\n")); {
		_, err := io.ReadFull(conn, one)
		require.NoError(t, err)
		answer = append(answer, one...)
	}
	require.True(t, bytes.HasPrefix(answer, []byte("HTTP/1.1 101 ")), "%s", answer)
}

// maskedText is a text frame of a client, masked by zero.
func maskedText(text string) []byte {
	frame := []byte{0x81, 0xfe, byte(len(text) >> 8), byte(len(text)), 0, 0, 0, 0}
	return append(frame, text...)
}

// A hello that comes in the same packet as the handshake is not lost.
func TestHelloWithHandshake(t *testing.T) {
	w := newWorld(t)
	n := w.follow()
	conn, err := net.Dial("tcp", n.addr)
	require.NoError(t, err)
	defer conn.Close()
	require.NoError(t, conn.SetDeadline(time.Now().Add(patience)))
	_, err = conn.Write(append([]byte(handshake), maskedText(`{"type":"hello"}`)...))
	require.NoError(t, err)
	var got []byte
	for buf := make([]byte, 4096); !bytes.Contains(got, []byte(`"synced"`)); {
		n, err := conn.Read(buf)
		require.NoError(t, err)
		got = append(got, buf[:n]...)
	}
	require.Contains(t, string(got), `"welcome"`)
}

// Clients that never read cost the others nothing, are cut off, and what is kept
// for them is bounded: no frame of theirs is copied, no control frame heaped up.
func TestNeverReads(t *testing.T) {
	w := newWorld(t)
	registry := prometheus.NewRegistry()
	n := w.follow(func(c *hub.Config) { c.SendTimeout, c.Registerer = 500*time.Millisecond, registry })
	const idle = 10
	for i := range idle {
		conn := n.raw(t)
		require.NoError(t, conn.(*net.TCPConn).SetReadBuffer(4<<10))
		_, err := conn.Write(maskedText(`{"type":"hello"}`))
		require.NoError(t, err)
		if i == 0 {
			go func() { // and one that pings all the while
				for {
					if _, err := conn.Write([]byte{0x89, 0x80, 0, 0, 0, 0}); err != nil {
						return
					}
					time.Sleep(time.Millisecond)
				}
			}()
		}
	}
	c := n.hello(wire.Hello{})
	_, seqs, _ := c.begin()
	eventually(t, func() bool { return metric(t, registry, "tocsin_hub_welcomed_total") == idle+1 }, "all welcomed")
	last := seqs[len(seqs)-1]
	long := strings.Repeat("long ", 5000)
	for metric(t, registry, "tocsin_hub_slow_total") < idle-1 {
		_, e := w.alert(noticetest.Headline(long))
		n.Entry(e)
		last++
		sent := time.Now()
		require.Equal(t, last, expect[wire.EntryFrame](c).Seq)
		require.Less(t, time.Since(sent), 5*time.Second)
		require.Less(t, last, uint64(20_000), "nobody is slow")
	}
	eventually(t, func() bool { return metric(t, registry, "tocsin_hub_sessions") == 1 }, "cut off")
	require.NotZero(t, metric(t, registry, "tocsin_hub_stalls_total"))
}

// A client that reads slowly, but reads, gets everything whole and in order.
func TestSlowButAlive(t *testing.T) {
	w := newWorld(t)
	n := w.follow(func(c *hub.Config) { c.Heartbeat, c.SendTimeout = 50*time.Millisecond, time.Minute }) // a busy machine signs slowly, and nothing is read meanwhile
	c := n.hello(wire.Hello{})
	c.begin()
	long := strings.Repeat("long ", 5000)
	const burst = 250
	for range burst {
		_, e := w.alert(noticetest.Headline(long))
		n.Entry(e)
	}
	pings := make(chan error, 1)
	go func() { // answered between entries, never inside one
		var err error
		for i := 0; i < 20 && err == nil; i++ {
			ctx, cancel := context.WithTimeout(context.Background(), patience)
			err = c.ws.Ping(ctx)
			cancel()
		}
		pings <- err
	}()
	for i := range uint64(burst) {
		require.Equal(t, i+2, expect[wire.EntryFrame](c).Seq)
	}
	for done := false; !done; {
		select {
		case err := <-pings:
			require.NoError(t, err)
			done = true
		default:
			_, err := c.read(patience)
			require.NoError(t, err)
		}
	}
}

// Many connections that never say hello end by themselves, and clients are served
// meanwhile.
func TestSilentConnections(t *testing.T) {
	w := newWorld(t)
	registry := prometheus.NewRegistry()
	silent := 2_000
	switch {
	case os.Getenv("TOCSIN_FULL") != "":
		silent = 9_500 // both ends count against 20,000 open files
	case testing.Short():
		silent = 500
	}
	n := w.follow(func(c *hub.Config) { c.HelloTimeout, c.Registerer = 2*time.Second, registry })
	conns := make([]net.Conn, 0, silent)
	for range silent {
		conn, err := net.Dial("tcp", n.addr)
		require.NoError(t, err)
		defer conn.Close()
		conns = append(conns, conn)
		_, err = io.WriteString(conn, handshake)
		require.NoError(t, err)
	}
	c := n.hello(wire.Hello{})
	c.begin()
	_, e := w.alert()
	n.Entry(e)
	require.Equal(t, e.Seq, expect[wire.EntryFrame](c).Seq)
	for _, conn := range conns {
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(patience)))
		got, err := io.ReadAll(conn)
		require.NoError(t, err)
		require.True(t, bytes.HasSuffix(got, closeFrame(wire.CloseNoHello)), "%q", got)
	}
	eventually(t, func() bool { return metric(t, registry, "tocsin_hub_sessions") == 1 }, "all ended")
}

// metric is the sum of a metric's values over its labels.
func metric(t testing.TB, g prometheus.Gatherer, name string) float64 {
	t.Helper()
	families, err := g.Gather()
	require.NoError(t, err)
	sum := 0.0
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			sum += m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return sum
}
