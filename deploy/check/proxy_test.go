package check

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestProxyTellsWhoAsks: whatever a client writes there, an edge is told the address that
// it has; and neither an edge nor a desk that is not ready gets anybody.
func TestProxyTellsWhoAsks(t *testing.T) {
	r := &rehearsal{t: t, project: composed(t), dir: t.TempDir(), ports: map[string]string{}, running: map[string]*exec.Cmd{}}
	for _, port := range []string{"8080", "8081", "9090", "8443"} {
		r.ports[port] = freePort(t)
	}
	require.NoError(t, os.MkdirAll(r.keys("proxy"), 0o755))
	certify(t, filepath.Join(r.keys("proxy"), "site.pem"), filepath.Join(r.dir, "keys/staff"))
	for _, dir := range []string{r.dir, filepath.Dir(r.dir)} {
		require.NoError(t, os.Chmod(dir, 0o755))
	}
	heard := make(chan http.Header, 10)
	ready := map[string]int{"edge-1": http.StatusServiceUnavailable, "edge-2": http.StatusOK, "desk-1": http.StatusServiceUnavailable}
	for service, status := range ready {
		listen(t, addresses[service]+":"+r.ports["9090"], func(w http.ResponseWriter, q *http.Request) {
			require.Equal(t, "/readyz", q.URL.Path)
			w.WriteHeader(status)
		})
	}
	for _, edge := range []string{"edge-1", "edge-2"} {
		listen(t, addresses[edge]+":"+r.ports["8080"], func(w http.ResponseWriter, q *http.Request) {
			w.Header().Set("Edge", edge)
			heard <- q.Header
		})
	}
	listen(t, addresses["desk-1"]+":"+r.ports["8081"], func(http.ResponseWriter, *http.Request) {})
	r.proxy()
	client := r.https()
	ask := func() string {
		req, err := http.NewRequest(http.MethodGet, "https://localhost:"+r.ports["8443"]+"/v1/snapshot", nil)
		require.NoError(t, err)
		req.Header["X-Forwarded-For"] = []string{"203.0.113.9", "198.51.100.1"}
		req.Header.Set("Forwarded", "for=203.0.113.9")
		req.Header.Set("X-Real-Ip", "203.0.113.9")
		resp, err := client.Do(req)
		if err != nil {
			return "" // it is starting
		}
		defer resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			h := <-heard
			require.Equal(t, []string{"127.0.0.1"}, h["X-Forwarded-For"])
			require.Empty(t, h.Get("Forwarded"))
			require.Empty(t, h.Get("X-Real-Ip"))
		}
		return resp.Header.Get("Edge")
	}
	// Both get requests until checks of the first have failed; then it gets none.
	require.Eventually(t, func() bool {
		for range 8 {
			if ask() != "edge-2" {
				return false
			}
		}
		return true
	}, patience, 100*time.Millisecond)
	require.Eventually(t, func() bool {
		req, err := http.NewRequest(http.MethodGet, "https://localhost:"+r.ports["8443"]+"/", nil)
		require.NoError(t, err)
		req.Host = "desk.localhost"
		resp, err := client.Do(req)
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusServiceUnavailable
	}, patience, 100*time.Millisecond)
}

// certify makes a certificate for localhost, in HAProxy's form, and its authority.
func certify(t *testing.T, site, authority string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		DNSNames: []string{"localhost"},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	require.NoError(t, err)
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	secret := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private})
	require.NoError(t, os.MkdirAll(authority, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(authority, "ca.pem"), cert, 0o644))
	require.NoError(t, os.WriteFile(site, append(cert, secret...), 0o644))
}

func listen(t *testing.T, address string, handler http.HandlerFunc) {
	l, err := net.Listen("tcp", address)
	require.NoError(t, err)
	s := httptest.NewUnstartedServer(handler)
	s.Listener.Close()
	s.Listener = l
	s.Start()
	t.Cleanup(s.Close)
}
