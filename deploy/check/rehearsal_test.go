package check

import (
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestRehearsal brings up what docker-compose.yml describes, and breaks it: clients of the
// proxy, over TLS, move to the other edge when theirs is killed, and miss nothing.
func TestRehearsal(t *testing.T) {
	r := newRehearsal(t)
	r.up()
	r.proxy()
	require.Eventually(t, func() bool {
		code, _ := r.get("https://localhost:8443/v1/snapshot")
		return code == http.StatusOK
	}, patience, 100*time.Millisecond)

	code, page := r.get("https://desk.localhost:8443/")
	require.Equal(t, http.StatusOK, code, page)
	code, _ = r.get("https://desk.localhost:8443/v1/challenge")
	require.Equal(t, http.StatusOK, code)
	code, _ = r.get("https://localhost:8443/v1/challenge")
	require.Equal(t, http.StatusNotFound, code, "the desk has a name of its own")
	code, _ = r.get("https://localhost:8443/metrics")
	require.Equal(t, http.StatusNotFound, code, "what is the administrator's is not on the site")

	// Prometheus calls an edge by its name.
	req, err := http.NewRequest(http.MethodGet, "http://"+addresses["edge-1"]+":"+r.ports["9090"]+"/metrics", nil)
	require.NoError(t, err)
	req.Host = "edge-1:9090"
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)

	follower := r.client()
	r.publish("One")
	r.receives(follower, "One")

	on, other := "edge-1", "edge-2"
	if r.sessions(on) == 0 {
		on, other = other, on
	}
	require.Equal(t, 1, r.sessions(on))
	require.NoError(t, r.running[on].Process.Kill())
	r.publish("Two")
	r.receives(follower, "Two")
	require.Equal(t, 1, r.sessions(other))

	// It comes back with its volume, and the other drains: SIGTERM, as an upgrade has it.
	_ = r.running[on].Wait()
	r.serve(on)
	r.ready(on)
	require.NoError(t, r.running[other].Process.Signal(syscall.SIGTERM))
	r.publish("Three")
	r.receives(follower, "Three")
	require.Eventually(t, func() bool { return r.sessions(on) == 1 }, patience, 100*time.Millisecond)
	require.Empty(t, follower, "once, each of them")
}
