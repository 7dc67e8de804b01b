package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/client"
	"tocsin/notice"
	"tocsin/wire"
)

// The plan of a shutdown: what --drain says is what clients are given, and with the usual
// 20 s all is over in 25.
func TestFarewell(t *testing.T) {
	for _, plan := range []struct {
		drain time.Duration
		dev   bool
		want  farewell
	}{
		{20 * time.Second, false, farewell{5 * time.Second, 15 * time.Second, 20 * time.Second, 25 * time.Second}},
		{60 * time.Second, false, farewell{5 * time.Second, 55 * time.Second, 60 * time.Second, 65 * time.Second}},
		{8 * time.Second, false, farewell{2 * time.Second, 6 * time.Second, 12 * time.Second, 17 * time.Second}},
		{0, false, farewell{0, 0, 12 * time.Second, 17 * time.Second}},
		{time.Second, true, farewell{0, time.Second, 12 * time.Second, 17 * time.Second}},
	} {
		cmd := serveCmd{Drain: &plan.drain, Dev: plan.dev}
		require.Equal(t, plan.want, cmd.farewell(), "%v", plan.drain)
	}
}

// A real process gets SIGTERM, with clients of every kind: it serves on for a while, lets
// a request end that is under way, is gone in time, and its store is free.
func TestSIGTERM(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	listen, deskAddress, admin := freeAddress(), freeAddress(), freeAddress()
	f.desk = "http://" + deskAddress
	start := func() *exec.Cmd {
		cmd := exec.Command("tocsin", "serve", "--data", f.path("data"), "--trust", f.path("trust.pem"),
			"--config", f.path("config.json"), "--drain", "6s",
			"--listen", listen, "--desk-listen", deskAddress, "--admin-listen", admin)
		cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0")
		cmd.Stderr = t.Output()
		require.NoError(t, cmd.Start())
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		return cmd
	}
	up := func(path string) bool {
		resp, err := http.Get("http://" + admin + path)
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	}
	cmd := start()
	require.Eventually(t, func() bool { return up("/healthz") }, patience, 10*time.Millisecond)
	keyset, err := notice.ParseEnvelope(f.KeysetBody(1))
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		_, err := f.as(nil).PublishKeyset(t.Context(), keyset)
		return err == nil
	}, patience, 50*time.Millisecond)
	require.Eventually(t, func() bool { return up("/readyz") }, patience, 10*time.Millisecond)

	m := &member{listen: listen}
	good := f.connect(m)
	stuck := heldUp(t, listen)
	defer stuck.Close()
	stream, err := http.Get("http://" + listen + "/v1/events") // and nobody reads it
	require.NoError(t, err)
	defer stream.Body.Close()
	slow := newSlowPost(t, deskAddress)

	began := time.Now()
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.Eventually(t, func() bool { return !up("/readyz") }, 1200*time.Millisecond, 5*time.Millisecond)
	late := f.connect(m) // within the first second and a half
	last := f.publish(f.Alert())
	said := func(e client.Event) bool {
		d, ok := e.(client.Disconnected)
		return ok && errors.Is(d.Err, client.ErrBye)
	}
	for _, p := range []*patient{good, late} {
		at := p.await("bye", said)
		require.GreaterOrEqual(t, at.Sub(began), 1500*time.Millisecond, "served on")
		require.Less(t, at.Sub(began), 7*time.Second)
	}
	require.Contains(t, slow.finish(), "HTTP/1.1 4", "a request under way is answered")
	require.NoError(t, cmd.Wait())
	t.Logf("gone after %v", time.Since(began))
	require.Less(t, time.Since(began), 11*time.Second)
	good.stop()
	late.stop()

	// The lock is free, and what was published is there.
	again := start()
	require.Eventually(t, func() bool { return up("/readyz") }, patience, 10*time.Millisecond)
	back := f.connect(m)
	require.True(t, back.has(last))
	back.stop()
	require.NoError(t, again.Process.Signal(syscall.SIGTERM))
	require.Eventually(t, func() bool { return !up("/readyz") }, 1200*time.Millisecond, 5*time.Millisecond)
	began = time.Now()
	require.NoError(t, again.Process.Signal(syscall.SIGTERM))
	_ = again.Wait()
	require.Less(t, time.Since(began), time.Second, "a second signal ends it at once")
	http.DefaultClient.CloseIdleConnections()
}

// heldUp is a client that says hello, and then neither reads nor answers anything.
func heldUp(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	hello := `{"type":"hello"}`
	frame := append([]byte{0x81, 0x80 | byte(len(hello)), 0, 0, 0, 0}, hello...) // text, masked by zeros
	_, err = fmt.Fprintf(conn, "GET /v1/connect HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: %s\r\n\r\n%s",
		address, wire.Subprotocol, frame)
	require.NoError(t, err)
	return conn
}

// slowPost is a publication whose body comes late.
type slowPost struct {
	t    *testing.T
	conn net.Conn
}

func newSlowPost(t *testing.T, address string) slowPost {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	_, err = fmt.Fprintf(conn, "POST /v1/notices HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{", address)
	require.NoError(t, err)
	return slowPost{t, conn}
}

func (p slowPost) finish() string {
	p.t.Helper()
	_, err := io.WriteString(p.conn, "}")
	require.NoError(p.t, err)
	line, err := bufio.NewReader(p.conn).ReadString('\n')
	require.NoError(p.t, err)
	return strings.TrimSpace(line)
}
