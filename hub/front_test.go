package hub_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/wire"
)

// exhausted is a listener in a process that may open no more files, for a while.
type exhausted struct {
	net.Listener
	fails atomic.Int32
}

func (l *exhausted) Accept() (net.Conn, error) {
	if l.fails.Add(-1) >= 0 {
		return nil, &net.OpError{Op: "accept", Net: "tcp", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
	}
	return l.Listener.Accept()
}

// A node that once had no descriptor left accepts again when it has.
func TestAcceptAfterExhaustion(t *testing.T) {
	w := newWorld(t)
	n := w.make()
	n.inner = func(l net.Listener) net.Listener {
		short := &exhausted{Listener: l}
		short.fails.Store(3)
		return short
	}
	w.run(n, plain)
	n.read(w.log)
	n.live(w.log)
	n.hello(wire.Hello{}).begin()
	answer, _ := n.get("/v1/snapshot")
	require.Equal(t, http.StatusOK, answer.StatusCode)
}

// Whoever is accepted and not taken by net/http is let go when the listener is closed,
// also after the hub has ended.
func TestCloseWithArrivals(t *testing.T) {
	w := newWorld(t)
	n := w.make()
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	var ran sync.WaitGroup
	ran.Go(func() { _ = n.Run(ctx) })
	cancel()
	ran.Wait()

	l := n.WrapListener(inner)
	var conns []net.Conn
	for range 3 {
		c, err := net.Dial("tcp", inner.Addr().String())
		require.NoError(t, err)
		defer c.Close()
		conns = append(conns, c)
	}
	taken, err := l.Accept() // the next one waits for the next Accept, which does not come
	require.NoError(t, err)
	require.NoError(t, taken.Close())
	require.NoError(t, l.Close())
	for _, c := range conns {
		require.NoError(t, c.SetReadDeadline(time.Now().Add(patience)))
		_, err := c.Read(make([]byte, 1))
		require.Error(t, err)
		require.NotErrorIs(t, err, os.ErrDeadlineExceeded)
	}
	_, err = l.Accept()
	require.True(t, errors.Is(err, net.ErrClosed), "%v", err)
}

// A request that announces a body, and does not send it, holds no connection: there is no
// time-out for bodies.
func TestBodiesAreNotAwaited(t *testing.T) {
	w := newWorld(t)
	n := w.follow()
	var conns []net.Conn
	for _, body := range []string{"Content-Length: 10", "Transfer-Encoding: chunked"} {
		for _, path := range []string{"/v1/connect", "/v1/snapshot", "/v1/events", "/emergency", "/elsewhere"} {
			conn, err := net.Dial("tcp", n.addr)
			require.NoError(t, err)
			defer conn.Close()
			request := strings.Replace(handshake, "/v1/connect", path, 1)
			request = strings.Replace(request, "\r\n\r\n", "\r\n"+body+"\r\n\r\n", 1)
			_, err = io.WriteString(conn, request)
			require.NoError(t, err)
			require.NoError(t, conn.SetReadDeadline(time.Now().Add(patience)))
			conns = append(conns, conn)
		}
	}
	for i, conn := range conns {
		answer, err := io.ReadAll(conn) // to the end
		require.NoError(t, err, i)
		require.True(t, bytes.HasPrefix(answer, []byte("HTTP/1.1 413 ")), "%d: %s", i, answer)
	}
}
