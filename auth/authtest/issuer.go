// Package authtest is an identity provider for tests: a real HTTP server on
// loopback that publishes keys, makes tokens, and breaks in the ways that
// providers break in.
package authtest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"maps"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"tocsin/auth"
)

// Behaviour is how an Issuer answers requests for its keys.
type Behaviour int

// The behaviours. Healthy is the default.
const (
	Healthy   Behaviour = iota
	Error500            // status 500
	Hang                // takes the request and says nothing
	Refuse              // nobody listens on its port
	EmptySet            // {"keys":[]}
	Garbage             // status 200, not JSON
	Huge                // 10 MB of JSON
	ManyKeys            // more keys than anybody has
	Elsewhere           // a redirect to another host, which has good keys
)

// Audience is that of every Issuer's tokens.
const Audience = "tocsin-test"

// Issuer is one identity provider. Its methods are safe for concurrent use.
type Issuer struct {
	// URL is the issuer's name, and where it serves /jwks.json and
	// /.well-known/openid-configuration.
	URL string

	t         testing.TB
	addr      string // "" without sockets
	other     string // URL that Elsewhere points to
	requests  atomic.Int64
	elsewhere atomic.Int64

	mu        sync.Mutex
	behaviour Behaviour
	release   chan struct{} // closed by the next Behave: lets hung requests go, empty-handed
	server    *http.Server
	served    chan struct{} // closed when server has ended
	keys      *keys
	round     int
	now       func() time.Time
}

// New starts an Issuer, which ends with the test.
func New(t testing.TB) *Issuer {
	t.Helper()
	i := NewOffline(t)
	i.mu.Lock()
	defer i.mu.Unlock()
	i.listen("127.0.0.1:0")
	i.URL = "http://" + i.addr
	i.listenElsewhere()
	t.Cleanup(i.close)
	return i
}

// NewOffline makes an Issuer that has no socket and answers through Transport.
func NewOffline(t testing.TB) *Issuer {
	t.Helper()
	i := &Issuer{
		URL:     "https://issuer.example",
		t:       t,
		other:   "https://elsewhere.example",
		release: make(chan struct{}),
		now:     time.Now,
	}
	i.Rotate()
	return i
}

// Config is what an Authority (with Dev set, since this is http) needs to
// believe this issuer. It maps the claims tenant, group and session.
func (i *Issuer) Config() auth.IssuerConfig {
	return auth.IssuerConfig{
		Issuer:   i.URL,
		Audience: Audience,
		JWKSURL:  i.URL + "/jwks.json",
		Labels:   map[string]string{"tenant": "tenant", "group": "group", "session": "session"},
	}
}

// Behave changes how the issuer answers from now on.
func (i *Issuer) Behave(b Behaviour) {
	i.mu.Lock()
	defer i.mu.Unlock()
	was := i.behaviour
	i.behaviour = b
	close(i.release)
	i.release = make(chan struct{})
	switch {
	case i.addr == "":
	case b == Refuse && was != Refuse:
		i.stop()
	case b != Refuse && was == Refuse:
		i.listen(i.addr)
	}
}

// Requests counts the requests for keys and for discovery that came in.
func (i *Issuer) Requests() int { return int(i.requests.Load()) }

// ElsewhereRequests counts those that followed the redirect of Elsewhere.
func (i *Issuer) ElsewhereRequests() int { return int(i.elsewhere.Load()) }

// SetNow sets the clock of iat and exp.
func (i *Issuer) SetNow(now func() time.Time) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.now = now
}

// Rotate makes new keys with new kids, and forgets the old ones.
func (i *Issuer) Rotate() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.round++
	i.keys = newKeys(i.t, i.round)
}

// Token makes an EdDSA token. The claims are added to the ones that every
// token has (iss, aud, sub "patient-1", iat now, exp in an hour); a nil value
// removes one.
func (i *Issuer) Token(claims map[string]any) string { return i.TokenAlg("EdDSA", claims) }

// TokenAlg is Token for another algorithm: RS256, PS256, ES256 or EdDSA.
func (i *Issuer) TokenAlg(alg string, claims map[string]any) string {
	i.t.Helper()
	i.mu.Lock()
	defer i.mu.Unlock()
	now := i.now()
	all := jwt.MapClaims{
		"iss": i.URL, "aud": Audience, "sub": "patient-1",
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	maps.Copy(all, claims)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	kid, key := i.keys.signer(alg)
	token := jwt.NewWithClaims(jwt.GetSigningMethod(alg), all)
	token.Header["kid"] = kid
	signed, err := token.SignedString(key)
	require.NoError(i.t, err)
	return signed
}

// PublicKey is the key that verifies tokens of this algorithm, and its kid, for
// tests that forge.
func (i *Issuer) PublicKey(alg string) (kid string, key crypto.PublicKey) {
	i.mu.Lock()
	defer i.mu.Unlock()
	kid, private := i.keys.signer(alg)
	return kid, private.Public()
}

// JWKS is the set that the issuer publishes while it is healthy.
func (i *Issuer) JWKS() []byte {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.keys.set
}

// keys are one round's: a key of each type, and the set of them.
type keys struct {
	round int
	rsa   *rsa.PrivateKey
	ec    *ecdsa.PrivateKey
	ed    ed25519.PrivateKey
	set   []byte
}

// rsaKeys are made once for all tests of a process, since that takes long: a
// rotation swaps them.
var rsaKeys = [2]func() *rsa.PrivateKey{sync.OnceValue(newRSA), sync.OnceValue(newRSA)}

func newRSA() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
}

func newKeys(t testing.TB, round int) *keys {
	t.Helper()
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	k := &keys{round: round, rsa: rsaKeys[round%2](), ec: ec, ed: ed}
	k.set = k.publish(t)
	return k
}

func (k *keys) signer(alg string) (kid string, key crypto.Signer) {
	switch alg {
	case "RS256", "PS256":
		return fmt.Sprintf("rsa-%d", k.round), k.rsa
	case "ES256":
		return fmt.Sprintf("ec-%d", k.round), k.ec
	case "EdDSA":
		return fmt.Sprintf("ed-%d", k.round), k.ed
	}
	panic("authtest: no key for " + alg)
}

// listen starts the server; its caller holds mu.
func (i *Issuer) listen(addr string) {
	var l net.Listener
	require.Eventually(i.t, func() (ok bool) { // somebody's outgoing connection may have our port for a moment
		var err error
		l, err = net.Listen("tcp", addr)
		return err == nil
	}, 10*time.Second, 10*time.Millisecond)
	i.addr = l.Addr().String()
	server, served := &http.Server{Handler: http.HandlerFunc(i.serve)}, make(chan struct{})
	i.server, i.served = server, served
	go func() {
		defer close(served)
		server.Serve(l)
	}()
}

// stop ends the server; its caller holds mu.
func (i *Issuer) stop() {
	i.server.Close()
	<-i.served
}

func (i *Issuer) listenElsewhere() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(i.t, err)
	i.other = "http://" + l.Addr().String()
	server, served := &http.Server{Handler: http.HandlerFunc(i.serveElsewhere)}, make(chan struct{})
	go func() {
		defer close(served)
		server.Serve(l)
	}()
	i.t.Cleanup(func() {
		server.Close()
		<-served
	})
}

func (i *Issuer) serveElsewhere(w http.ResponseWriter, _ *http.Request) {
	i.elsewhere.Add(1)
	w.Write(i.JWKS())
}

func (i *Issuer) close() {
	i.mu.Lock()
	defer i.mu.Unlock()
	close(i.release)
	if i.behaviour != Refuse {
		i.stop()
	}
}

// Sign signs bytes with the issuer's Ed25519 key, for tests that forge.
func (i *Issuer) Sign(b []byte) []byte {
	i.mu.Lock()
	defer i.mu.Unlock()
	return ed25519.Sign(i.keys.ed, b)
}
