package main

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"tocsin/auth"
)

// devProvider is the demo issuer's place on the network: an address of its own, where
// edges fetch its keys as they would from any provider. It can be made to fail, so that
// one can watch what becomes of sessions then.
type devProvider struct {
	keys     []byte // the JWK Set
	down     atomic.Bool
	listener net.Listener
}

// The pace at which an edge in dev mode asks for the demo issuer's keys. Production has
// minutes and a day for what shows here in 3 s (degraded) and 30 s (closed).
const (
	devRefresh    = 3 * time.Second
	devFetchGap   = 500 * time.Millisecond
	devStaleLimit = 30 * time.Second
)

// devJWKSPath is where the keys are, on the provider's own address.
const devJWKSPath = "/dev/jwks.json"

// provider opens the demo issuer's address, on a port that is free.
func (d devMode) provider() (*devProvider, error) {
	keys, err := os.ReadFile(d.path(devJWKS))
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	return &devProvider{keys: keys, listener: l}, nil
}

// over is the demo issuer, with its keys behind the provider.
func (p *devProvider) over(issuers []auth.IssuerConfig) []auth.IssuerConfig {
	for i := range issuers {
		if issuers[i].Issuer == devIssuerName {
			issuers[i].KeyFile = ""
			issuers[i].JWKSURL = "http://" + p.listener.Addr().String() + devJWKSPath
			issuers[i].Refresh, issuers[i].FetchGap, issuers[i].StaleLimit = devRefresh, devFetchGap, devStaleLimit
		}
	}
	return issuers
}

// run serves the keys until ctx ends.
func (p *devProvider) run(ctx context.Context) error {
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+devJWKSPath, p.serveKeys)
	s := &http.Server{Handler: checkHost(mux), ReadHeaderTimeout: 10 * time.Second, MaxHeaderBytes: 8 << 10}
	defer context.AfterFunc(ctx, func() { _ = s.Close() })()
	if err := s.Serve(p.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func (p *devProvider) close() {
	if p != nil {
		_ = p.listener.Close()
	}
}

func (p *devProvider) serveKeys(w http.ResponseWriter, _ *http.Request) {
	if p.down.Load() {
		http.Error(w, "503: the demo provider was told to be down", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(p.keys)
}

// ServeHTTP is /dev/provider: GET tells how it is, POST ?state=up|down changes it. A
// page of another origin is refused.
func (p *devProvider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	switch state := r.URL.Query().Get("state"); {
	case r.Method == http.MethodPost && !sameOrigin(r):
		http.Error(w, "403: not from a page of another origin", http.StatusForbidden)
		return
	case r.Method == http.MethodPost && (state == "up" || state == "down"):
		p.down.Store(state == "down")
	case r.Method == http.MethodPost:
		http.Error(w, "say state=up or state=down", http.StatusBadRequest)
		return
	}
	state := "up"
	if p.down.Load() {
		state = "down"
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]string{"state": state})
}

// sameOrigin tells whether a request comes from a page of the address that it was sent
// to, or from no page.
func sameOrigin(r *http.Request) bool {
	origins := r.Header.Values("Origin")
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	switch len(origins) {
	case 0: // browsers send one with every POST
		site := r.Header.Get("Sec-Fetch-Site")
		return site == "" || site == "same-origin"
	case 1:
		return origins[0] == scheme+r.Host
	}
	return false
}
