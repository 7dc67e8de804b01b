package hub_test

import (
	"net/http"
	"net/netip"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/hub"
	"tocsin/wire"
)

func refusedWith(t *testing.T, n *node, code int, header ...string) {
	t.Helper()
	_, resp, err := n.tryDial(header...)
	require.Error(t, err)
	require.NotNil(t, resp)
	require.Equal(t, code, resp.StatusCode)
	if code != http.StatusForbidden {
		require.NotEmpty(t, resp.Header.Get("Retry-After"))
	}
}

// A page may connect if its origin matches a pattern; what sends no Origin is not a
// browser.
func TestOrigin(t *testing.T) {
	w := newWorld(t)
	n := w.follow(func(c *hub.Config) {
		c.Origins = []string{"https://portal.example", "https://*.clinic.example", "localhost:3000"}
	})
	for _, good := range []string{
		"https://portal.example", "https://a.clinic.example", "HTTPS://A.B.Clinic.Example",
		"http://localhost:3000", "https://localhost:3000",
	} {
		n.dial("Origin", good)
	}
	for _, bad := range []string{
		"http://portal.example", "https://portal.example:8443", "https://portal.example.evil.example",
		"https://evilclinic.example", "https://clinic.example", "null", "file://", "https://" + n.addr, "portal.example", "%",
	} {
		refusedWith(t, n, http.StatusForbidden, "Origin", bad)
	}
}

func TestOriginPatterns(t *testing.T) {
	w := newWorld(t)
	for _, bad := range []string{"", "https://[", "a[b-"} {
		_, err := hub.New(hub.Config{Trust: w.staff.Trust(), Authority: w.authority, Origins: []string{bad}})
		require.Error(t, err, bad)
	}
}

// All sessions of the node together, and its last places for those who can prove
// something.
func TestMaxSessions(t *testing.T) {
	w := newWorld(t)
	n := w.follow(func(c *hub.Config) { c.MaxSessions, c.Reserve = 4, 1 })
	var cs []*client
	for range 3 {
		c := n.hello(wire.Hello{})
		c.begin()
		cs = append(cs, c)
	}
	room := func() (c *client) { // once those who were closed have left
		eventually(t, func() (ok bool) {
			var err error
			c, _, err = n.tryDial()
			return err == nil
		}, "room")
		return c
	}
	for _, hello := range []wire.Hello{{}, {Tokens: []string{"forged"}}} {
		c := room()
		c.send(hello)
		require.Equal(t, wire.CloseTooMany, c.closed())
	}
	proven := room()
	proven.send(wire.Hello{Tokens: []string{w.token("north")}})
	proven.begin()
	refusedWith(t, n, http.StatusServiceUnavailable)
	require.NoError(t, cs[0].ws.CloseNow())
	again := room()
	again.send(wire.Hello{})
	again.begin()
}

// Sessions of one address, which only trusted proxies may tell.
func TestMaxPerAddress(t *testing.T) {
	w := newWorld(t)
	n := w.follow(func(c *hub.Config) {
		c.MaxPerAddress = 2
		c.TrustedProxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("10.0.0.0/8")}
	})
	const forwarded = "X-Forwarded-For"
	n.dial(forwarded, "192.0.2.1")
	n.dial(forwarded, "203.0.113.9, 192.0.2.1, 10.1.2.3") // what the client says itself counts for nothing
	refusedWith(t, n, http.StatusTooManyRequests, forwarded, "192.0.2.1")
	refusedWith(t, n, http.StatusTooManyRequests, forwarded, "192.0.2.1:4711")
	refusedWith(t, n, http.StatusTooManyRequests, forwarded, "203.0.113.10, ::ffff:192.0.2.1")
	n.dial(forwarded, "192.0.2.2")
	// An IPv6 subscriber has a /64.
	n.dial(forwarded, "2001:db8:0:1::1")
	c := n.dial(forwarded, "[2001:db8:0:1::2]:4711")
	refusedWith(t, n, http.StatusTooManyRequests, forwarded, "2001:db8:0:1:ffff::3")
	n.dial(forwarded, "2001:db8:0:2::1")
	// Loopback itself is not limited, nor is nonsense of the proxy's taken for an address.
	for range 5 {
		n.dial()
		n.dial(forwarded, "unknown")
	}
	require.NoError(t, c.ws.CloseNow())
	eventually(t, func() bool {
		_, _, err := n.tryDial(forwarded, "2001:db8:0:1:ffff::3")
		return err == nil
	}, "place given back")
}

// Without trusted proxies, the header is not even looked at.
func TestForwardedIsNotTrusted(t *testing.T) {
	w := newWorld(t)
	n := w.follow(func(c *hub.Config) { c.MaxPerAddress = 1 })
	for range 3 {
		n.dial("X-Forwarded-For", "192.0.2.1")
	}
}

func TestSubprotocolIsRequired(t *testing.T) {
	w := newWorld(t)
	resp, body := w.follow().get("/v1/connect", "Connection", "Upgrade", "Upgrade", "websocket",
		"Sec-WebSocket-Version", "13", "Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")
	require.Equal(t, http.StatusBadRequest, resp.StatusCode)
	require.Contains(t, body, wire.Subprotocol)
}
