package authtest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// serve answers for /jwks.json and for discovery, as the issuer behaves.
func (i *Issuer) serve(w http.ResponseWriter, r *http.Request) {
	i.requests.Add(1)
	i.mu.Lock()
	behaviour, set, release := i.behaviour, i.keys.set, i.release
	i.mu.Unlock()
	switch behaviour {
	case Error500:
		http.Error(w, "out of order", http.StatusInternalServerError)
	case Hang:
		select {
		case <-release:
		case <-r.Context().Done():
		}
	case EmptySet:
		io.WriteString(w, `{"keys":[]}`)
	case Garbage:
		io.WriteString(w, "<html>Please log in</html>")
	case Huge:
		// A good set, but for its size.
		io.WriteString(w, `{"padding":"`)
		pad := strings.Repeat("x", 1<<20)
		for range 10 {
			if _, err := io.WriteString(w, pad); err != nil {
				return
			}
		}
		io.WriteString(w, `",`+string(set[1:]))
	case ManyKeys:
		io.WriteString(w, `{"keys":[`+strings.Repeat(`{},`, 300_000)+string(set[len(`{"keys":[`):]))
	case Elsewhere:
		http.Redirect(w, r, i.other+r.URL.Path, http.StatusFound)
	default:
		i.serveHealthy(w, r, set)
	}
}

func (i *Issuer) serveHealthy(w http.ResponseWriter, r *http.Request, set []byte) {
	switch r.URL.Path {
	case "/jwks.json":
		w.Write(set)
	case "/.well-known/openid-configuration":
		json.NewEncoder(w).Encode(map[string]string{"issuer": i.URL, "jwks_uri": i.URL + "/jwks.json"})
	default:
		http.NotFound(w, r)
	}
}

// Transport is an http.RoundTripper that asks the issuer without a socket, so
// that it works inside a testing/synctest bubble.
func (i *Issuer) Transport() http.RoundTripper { return transport{i} }

type transport struct{ i *Issuer }

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	t.i.mu.Lock()
	refuse := t.i.behaviour == Refuse
	t.i.mu.Unlock()
	if refuse {
		return nil, syscall.ECONNREFUSED
	}
	w := httptest.NewRecorder()
	if strings.HasPrefix(r.URL.String(), t.i.other) {
		t.i.serveElsewhere(w, r)
	} else {
		t.i.serve(w, r)
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	resp := w.Result()
	resp.Request = r
	return resp, nil
}

// publish writes the keys as a JWK Set, by hand: the package under test reads
// it with a library.
func (k *keys) publish(t testing.TB) []byte {
	t.Helper()
	b64 := base64.RawURLEncoding.EncodeToString
	point, err := k.ec.PublicKey.Bytes() // 4 ‖ X ‖ Y
	require.NoError(t, err)
	set, err := json.Marshal(map[string]any{"keys": []map[string]string{
		{"kty": "RSA", "use": "sig", "kid": fmt.Sprintf("rsa-%d", k.round), "n": b64(k.rsa.N.Bytes()), "e": b64(big.NewInt(int64(k.rsa.E)).Bytes())},
		{"kty": "EC", "use": "sig", "alg": "ES256", "kid": fmt.Sprintf("ec-%d", k.round), "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:])},
		{"kty": "OKP", "use": "sig", "alg": "EdDSA", "kid": fmt.Sprintf("ed-%d", k.round), "crv": "Ed25519", "x": b64(k.ed[32:])},
	}})
	require.NoError(t, err)
	return set
}
