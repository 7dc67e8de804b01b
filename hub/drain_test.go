package hub_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"tocsin/hub"
	"tocsin/notice/noticetest"
	"tocsin/wire"
)

// A drain says bye to everyone, spread over its time, and takes nobody new.
func TestDrain(t *testing.T) {
	w := newWorld(t)
	n := w.follow()
	const clients, over = 20, time.Second
	type ending struct {
		bye  wire.Bye
		code wire.CloseCode
		at   time.Duration
	}
	ends := make(chan ending, clients)
	var cs []*client
	for range clients {
		c := n.hello(wire.Hello{})
		c.begin()
		cs = append(cs, c)
	}
	n.dial() // never says hello, and goes as well
	started := time.Now()
	for _, c := range cs {
		go func() {
			var e ending
			for {
				f, err := c.read(patience)
				if err != nil {
					e.code, e.at = wire.CloseCode(websocket.CloseStatus(err)), time.Since(started)
					ends <- e
					return
				}
				if bye, ok := f.(wire.Bye); ok {
					e.bye = bye
				}
			}
		}()
	}
	require.NoError(t, n.Drain(context.Background(), over))
	require.ErrorIs(t, n.Ready(), hub.ErrDraining)
	early := 0
	for range clients {
		e := <-ends
		require.Equal(t, wire.CloseGoingAway, e.code)
		require.Equal(t, wire.Bye{Reason: wire.ByeDrain, ReconnectAfterMs: [2]int64{0, 8000}}, e.bye)
		if e.at < over/2 {
			early++
		}
	}
	require.InDelta(t, clients/2, early, clients/2-1, "spread")
	refusedWith(t, n, http.StatusServiceUnavailable)
}

// A drain that has no time left says so, and Run ends what it left.
func TestDrainInterrupted(t *testing.T) {
	w := newWorld(t)
	n := w.make()
	stop := w.serve(n, plain)
	n.read(w.log)
	c := n.hello(wire.Hello{})
	c.begin()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, n.Drain(ctx, time.Hour), context.DeadlineExceeded)
	done := make(chan wire.CloseCode, 1)
	go func() { done <- c.closed() }()
	stop()
	require.Equal(t, wire.CloseGoingAway, <-done)
	n.hangUp()
}

// Over TLS sessions have lanes of their own; everything else is the same.
func TestTLS(t *testing.T) {
	w := newWorld(t)
	_, restricted := w.alert(noticetest.Restricted("tenant:north"))
	cert, roots := certificate(t)
	n := w.make(quick)
	w.run(n, func(l net.Listener) net.Listener {
		return tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"http/1.1"}})
	})
	n.read(w.log)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: "localhost"}}
	ws, _, err := websocket.Dial(context.Background(), "wss://"+n.addr+"/v1/connect", &websocket.DialOptions{
		Subprotocols: []string{wire.Subprotocol}, HTTPClient: &http.Client{Transport: transport},
	})
	require.NoError(t, err)
	defer ws.CloseNow()
	ws.SetReadLimit(wire.MaxServerFrame)
	c := &client{t: t, ws: ws}
	c.send(wire.Hello{})
	_, seqs, _ := c.begin()
	require.Equal(t, []uint64{1}, seqs)
	c.heartbeat(func(b wire.Heartbeat) bool { return b.Cursor == w.log.cursor() })
	c.send(wire.Tokens{Tokens: []string{w.token("north")}})
	require.Equal(t, wire.TierPrivate, expect[wire.Auth](c).Tier)
	require.Equal(t, []uint64{restricted.Seq}, c.entries(1))
	long := strings.Repeat("long ", 5000)
	var want []uint64
	for range 100 {
		_, e := w.alert(noticetest.Headline(long))
		n.Entry(e)
		want = append(want, e.Seq)
	}
	pinged := make(chan error, 1)
	go func() { pinged <- c.ws.Ping(context.Background()) }()
	require.Equal(t, want, c.entries(len(want)))
	for done := false; !done; {
		select {
		case err := <-pinged:
			require.NoError(t, err)
			done = true
		default:
			_, err := c.read(patience)
			require.NoError(t, err)
		}
	}
	go func() { _ = n.Drain(context.Background(), 0) }()
	require.Equal(t, wire.CloseGoingAway, c.closed())
}

// certificate is one for localhost, signed by itself.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "localhost"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, roots
}
