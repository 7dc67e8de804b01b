//go:build linux

package hub

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"tocsin/wire"
)

// busy keeps a reader from all others.
type busy struct {
	turn
	begun chan<- struct{}
	until <-chan struct{}
}

func (b *busy) attend() {
	b.begun <- struct{}{}
	<-b.until
}

// shaken is a hub that only reads, and a client of it whose handshake has ended.
func shaken(t *testing.T) (*Hub, *session, *websocket.Conn) {
	t.Helper()
	h, _ := still(t, 16)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	srv := &http.Server{Handler: h.Handler()}
	go func() { _ = srv.Serve(h.WrapListener(l)) }()
	h.readers.start()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	ws, _, err := websocket.Dial(ctx, "ws://"+l.Addr().String()+"/v1/connect", &websocket.DialOptions{Subprotocols: []string{wire.Subprotocol}})
	require.NoError(t, err)
	t.Cleanup(func() {
		cancel()
		_ = ws.CloseNow()
		_ = srv.Close()
		h.readers.stop()
	})
	var s *session
	require.Eventually(t, func() bool {
		for _, s = range h.all() {
			if s.booked().calls.Load() == 0 { // the reader has left it
				return true
			}
		}
		return false
	}, 10*time.Second, time.Millisecond)
	return h, s, ws
}

// A hello that waits to be read while the node can't keep up has come in time.
func TestHelloWaitsToBeRead(t *testing.T) {
	h, s, ws := shaken(t)
	begun, until := make(chan struct{}), make(chan struct{})
	for range h.readers.most {
		h.readers.call(&busy{begun: begun, until: until})
		<-begun
	}
	require.NoError(t, ws.Write(t.Context(), websocket.MessageText, wire.Hello{}.AppendTo(nil)))
	require.Eventually(t, func() bool {
		var one [1]byte
		_, err := peekNow(s.conn.raw, one[:])
		return err == nil
	}, 10*time.Second, time.Millisecond)
	s.impatient()
	require.False(t, s.socket.isLate())
	close(until)
	_, welcome, err := ws.Read(t.Context())
	require.NoError(t, err)
	require.Contains(t, string(welcome), `"welcome"`)
	s.impatient()
	require.False(t, s.socket.isLate(), "hello is there")
}

// Who has said nothing gets no more time.
func TestHelloNotWaitedFor(t *testing.T) {
	_, s, ws := shaken(t)
	s.impatient()
	require.True(t, s.socket.isLate())
	_, _, err := ws.Read(t.Context())
	require.EqualValues(t, wire.CloseNoHello, websocket.CloseStatus(err))
}
