package main

import (
	"crypto/tls"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"

	"tocsin/client"
	"tocsin/notice"
	"tocsin/wire"
)

// An edge that starts and can't verify NATS serves its cache, and a client that has read
// further waits with what it holds; one that can verify it goes on with the log.
func TestStartWithoutTrustInNATS(t *testing.T) {
	t.Parallel()
	f := newFleet(t)
	cert, key, err := newCertificate()
	require.NoError(t, err)
	other, _, err := newCertificate()
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(f.path("ca.pem"), cert, 0o600))
	require.NoError(t, os.WriteFile(f.path("other.pem"), other, 0o600))
	pair, err := tls.X509KeyPair(cert, key)
	require.NoError(t, err)
	address := freeAddress()
	port, err := strconv.Atoi(address[strings.LastIndex(address, ":")+1:])
	require.NoError(t, err)
	up := func() {
		f.nats, err = startNATS(f.path("nats"), func(o *natsserver.Options) {
			o.Port, o.TLS, o.TLSTimeout = port, true, 5
			o.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}
		})
		require.NoError(t, err)
	}
	up()
	t.Cleanup(f.stopNATS)
	good := []string{"--nats", "tls://" + address, "--nats-ca", f.path("ca.pem")}
	status, _ := tocsin(t, append([]string{"broker", "init", "--replicas", "1"}, good...)...)
	require.Zero(t, status)
	f.office = f.serve("desk", append([]string{"--roles", "desk"}, good...)...)
	f.publishKeyset()
	edge := f.serve("edge", append([]string{"--roles", "edge", "--cache", f.path("cache")}, good...)...).ready(t)
	p := f.connect(edge)
	known := f.publish(f.Alert())
	p.await("a notice", showing(known))
	require.Eventually(t, func() bool {
		saved, err := readCache(f.path("cache"))
		return err == nil && saved.Last == 2
	}, patience, 10*time.Millisecond)
	saved, err := os.ReadFile(f.path("cache"))
	require.NoError(t, err)
	later := f.publish(f.Alert())
	p.await("a later one", showing(later))
	state := p.State()
	edge.stop()
	p.stop()

	wrongHost := (&url.URL{Scheme: "tls", Host: net.JoinHostPort("localhost", strconv.Itoa(port))}).String()
	for name, args := range map[string][]string{
		"another authority": {"--nats", "tls://" + address, "--nats-ca", f.path("other.pem")},
		"another host":      {"--nats", wrongHost, "--nats-ca", f.path("ca.pem")},
		"no TLS":            {"--nats", "nats://" + address},
	} {
		t.Run(name, func(t *testing.T) {
			require.NoError(t, os.WriteFile(f.path("old"), saved, 0o600))
			m := f.serve("edge", append([]string{"--roles", "edge", "--cache", f.path("old")}, args...)...).ready(t)
			fresh := f.connect(m)
			require.True(t, fresh.has(known))
			require.False(t, fresh.has(later))
			require.False(t, m.state().Source.Live)
			fresh.stop()
			m.stop()
		})
	}
	// Who has read further than the cache is held, keeps what it has, and goes on from there
	// when NATS is back.
	f.stopNATS()
	require.NoError(t, os.WriteFile(f.path("old"), saved, 0o600))
	m := f.serve("edge", append([]string{"--roles", "edge", "--cache", f.path("old")}, good...)...).ready(t)
	ahead := f.subscribe(m, func(c *client.Config) { c.State = &state })
	ahead.await("a welcome", func(e client.Event) bool {
		c, ok := e.(client.Connected)
		return ok && c.Source.State == wire.SourceStale
	})
	require.True(t, ahead.has(later))
	up()
	last := f.publishWhenUp(f.Alert())
	ahead.awaitWithout("what follows", showing(last), func(e client.Event) bool {
		_, changed := e.(client.NoticeChanged)
		return changed && !showing(last)(e)
	})
	require.Len(t, ahead.Threads(), 3)
}

// publishWhenUp publishes as soon as the desk can.
func (f *fleet) publishWhenUp(n *notice.Notice) *notice.Notice {
	f.t.Helper()
	require.Eventually(f.t, func() bool {
		return f.office.state().Source.Live && f.office.broker.Available(f.t.Context()) == nil
	}, patience, 20*time.Millisecond)
	return f.publish(n)
}
