package target

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Audience is that of an Issuer's tokens, and TokenLabels what a server maps.
const (
	Audience   = "tocsin-loadtest"
	TokenLabel = "tenant=tenant"
)

// Algorithms of tokens: RS256 as identity providers have it; EdDSA where it only
// matters that there is a token, since it is signed fifty times as fast.
const (
	RS256 = "RS256"
	EdDSA = "EdDSA"
)

// tokenLife is within what servers believe.
const tokenLife = 12 * time.Hour

// Issuer is an identity provider: it has keys, serves them on loopback, and signs.
type Issuer struct {
	URL string // its name, and what /jwks.json is below

	rsa     *rsa.PrivateKey
	ed      ed25519.PrivateKey
	server  *http.Server
	serving sync.WaitGroup
	number  atomic.Int64
}

// NewIssuer starts an issuer. Whoever calls it calls Close.
func NewIssuer() (*Issuer, error) {
	i := &Issuer{}
	var err error
	if i.rsa, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	if _, i.ed, err = ed25519.GenerateKey(rand.Reader); err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	set, err := i.set()
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for who fetches keys: %w", err)
	}
	i.URL = "http://" + l.Addr().String()
	mux := http.NewServeMux()
	mux.HandleFunc("GET /jwks.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(set)
	})
	i.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	i.serving.Go(func() { _ = i.server.Serve(l) })
	return i, nil
}

// Close ends it.
func (i *Issuer) Close() {
	_ = i.server.Close()
	i.serving.Wait()
}

func (i *Issuer) set() ([]byte, error) {
	b64 := base64.RawURLEncoding.EncodeToString
	return json.Marshal(object{"keys": []object{
		{"kty": "RSA", "use": "sig", "alg": RS256, "kid": RS256,
			"n": b64(i.rsa.N.Bytes()), "e": b64(big.NewInt(int64(i.rsa.E)).Bytes())},
		{"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": EdDSA, "kid": EdDSA, "x": b64(i.ed.Public().(ed25519.PublicKey))},
	}})
}

// Tokens makes n tokens that nobody has seen, each of another patient, on all cores.
func (i *Issuer) Tokens(alg string, n int) ([]string, error) {
	tokens, errs := make([]string, n), make([]error, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for core := range errs {
		wg.Go(func() {
			for j := core; j < n && errs[core] == nil; j += len(errs) {
				tokens[j], errs[core] = i.token(alg)
			}
		})
	}
	wg.Wait()
	return tokens, errors.Join(errs...)
}

// Check verifies one RS256 signature n times, on all cores, with package crypto/rsa: that
// much of what a token costs is arithmetic that every server in Go has to do.
func (i *Issuer) Check(n int) error {
	token, err := i.token(RS256)
	if err != nil {
		return err
	}
	dot := strings.LastIndexByte(token, '.')
	signature, err := base64.RawURLEncoding.DecodeString(token[dot+1:])
	if err != nil {
		return err
	}
	sum := sha256.Sum256([]byte(token[:dot]))
	errs := make([]error, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for core := range errs {
		wg.Go(func() {
			for j := core; j < n && errs[core] == nil; j += len(errs) {
				errs[core] = rsa.VerifyPKCS1v15(&i.rsa.PublicKey, crypto.SHA256, sum[:], signature)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

// maxToken bounds an answer in bytes.
const maxToken = 16 << 10

// FetchTokens gets n tokens from an issuer that gives them to whoever asks, as that of
// dev mode does. "{i}" in the URL becomes a number of each.
func FetchTokens(ctx context.Context, url string, n int) ([]string, error) {
	tokens := make([]string, n)
	for i := range tokens {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.ReplaceAll(url, "{i}", strconv.Itoa(i)), nil)
		if err != nil {
			return nil, err
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(io.LimitReader(response.Body, maxToken))
		_ = response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK {
			return nil, errors.Join(fmt.Errorf("%s: %s", url, response.Status), err)
		}
		tokens[i] = strings.TrimSpace(string(body))
	}
	return tokens, nil
}

func (i *Issuer) token(alg string) (string, error) {
	now, number := time.Now(), i.number.Add(1)
	head, err := json.Marshal(object{"alg": alg, "typ": "JWT", "kid": alg})
	if err != nil {
		return "", err
	}
	claims, err := json.Marshal(object{
		"iss": i.URL, "aud": Audience, "sub": fmt.Sprintf("patient-%d", number), "sid": fmt.Sprintf("session-%d", number),
		"iat": now.Unix(), "exp": now.Add(tokenLife).Unix(), "tenant": "north",
	})
	if err != nil {
		return "", err
	}
	b64 := base64.RawURLEncoding.EncodeToString
	signed := b64(head) + "." + b64(claims)
	if alg == EdDSA {
		return signed + "." + b64(ed25519.Sign(i.ed, []byte(signed))), nil
	}
	sum := sha256.Sum256([]byte(signed))
	signature, err := rsa.SignPKCS1v15(nil, i.rsa, crypto.SHA256, sum[:])
	if err != nil {
		return "", fmt.Errorf("signing a token: %w", err)
	}
	return signed + "." + b64(signature), nil
}
