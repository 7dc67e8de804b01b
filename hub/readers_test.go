package hub_test

import (
	"bytes"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/hub"
	"tocsin/wire"
)

// Readers are few; clients that stop in the middle of a frame, of hello or later, or of
// the request, hold up nobody else.
func TestHalfFramesHoldNobodyUp(t *testing.T) {
	w := newWorld(t)
	n := w.follow()
	hello := maskedText(`{"type":"hello"}`)
	for i := range 60 {
		conn := n.raw(t)
		part := hello[:1+i%(len(hello)-1)]
		if i%2 == 0 {
			part = append(append([]byte(nil), hello...), part...)
		}
		_, err := conn.Write(part)
		require.NoError(t, err)
		half, err := net.Dial("tcp", n.addr)
		require.NoError(t, err)
		t.Cleanup(func() { _ = half.Close() })
		_, err = half.Write([]byte(handshake[:1+i]))
		require.NoError(t, err)
	}
	for range 20 {
		c := n.hello(wire.Hello{})
		c.begin()
		c.send(wire.Tokens{Tokens: []string{w.token("north")}})
		require.Equal(t, wire.TierPrivate, expect[wire.Auth](c).Tier)
	}
	_, body := n.get("/v1/snapshot")
	require.Contains(t, body, `"epoch"`)
}

// Who begins a frame and does not end it is told so, in time, and so is who was silent all
// along. That others send in between changes nothing.
func TestHalfFrameIsGivenUp(t *testing.T) {
	w := newWorld(t)
	n := w.follow(func(c *hub.Config) { c.HelloTimeout = 200 * time.Millisecond })
	conn := n.raw(t)
	_, err := conn.Write(append([]byte{0x89, 0x80, 0, 0, 0, 0}, maskedText(`{"type":"hello"}`)[:3]...)) // a ping, half a hello
	require.NoError(t, err)
	started := time.Now()
	require.Equal(t, fmt.Sprint(uint16(wire.CloseNoHello)), closeCodeOf(t, conn))
	require.Less(t, time.Since(started), patience)
}

// closeCodeOf reads frames until one is a close frame.
func closeCodeOf(t *testing.T, conn net.Conn) string {
	t.Helper()
	var got []byte
	for buf := make([]byte, 4096); ; {
		n, err := conn.Read(buf)
		got = append(got, buf[:n]...)
		for len(got) >= 2 && len(got) >= 2+int(got[1]) {
			if got[0] == 0x88 {
				return fmt.Sprint(uint16(got[2])<<8 | uint16(got[3]))
			}
			got = got[2+int(got[1]):]
		}
		require.NoError(t, err)
	}
}

// flood sends pings, some of them in one write, until the connection ends.
func flood(conn net.Conn, ping []byte) {
	many := bytes.Repeat(ping, 100)
	for {
		if _, err := conn.Write(many); err != nil {
			return
		}
	}
}

// Who floods is read in turn with the others, whether what it sends ends where reads end or
// not, and nothing that it may send is lost.
func TestFloodsAreReadInTurn(t *testing.T) {
	w := newWorld(t)
	n := w.follow(func(c *hub.Config) { c.FrameRate, c.FrameBurst = 1<<30, 1<<30 }) // no other end
	var floods sync.WaitGroup
	defer floods.Wait()
	for i := range 16 { // more than there are readers
		conn := n.raw(t)
		defer conn.Close()
		_, err := conn.Write(maskedText(`{"type":"hello"}`))
		require.NoError(t, err)
		size := i % 3 * 61
		ping := append([]byte{0x8a, 0x80 | byte(size), 0, 0, 0, 0}, make([]byte, size)...) // a pong: no answer
		require.NoError(t, conn.SetDeadline(time.Now().Add(2*patience)))
		floods.Go(func() { flood(conn, ping) })
	}
	for range 3 {
		n.hello(wire.Hello{}).begin()
	}
	n.hangUp()
}
