package main

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
)

func newDevMode(t *testing.T) devMode {
	t.Helper()
	dev := devMode{filepath.Join(t.TempDir(), "dev")}
	_, err := dev.prepare()
	require.NoError(t, err)
	return dev
}

// The demo provider is a real one to an edge: down, its keys turn stale and then
// closed; up again, they are found.
func TestDevProvider(t *testing.T) {
	dev := newDevMode(t)
	provider, err := dev.provider()
	require.NoError(t, err)
	issuers := provider.over([]auth.IssuerConfig{dev.issuerConfig()})
	require.Equal(t, devStaleLimit, issuers[0].StaleLimit)
	require.Empty(t, issuers[0].KeyFile)
	issuers[0].Refresh, issuers[0].FetchGap, issuers[0].StaleLimit = 50*time.Millisecond, 5*time.Millisecond, 300*time.Millisecond
	authority, err := auth.New(auth.Config{Issuers: issuers, Dev: true})
	require.NoError(t, err)

	ctx, cancel := context.WithCancel(context.Background())
	served, ran := make(chan error, 1), make(chan error, 1)
	go func() { served <- provider.run(ctx) }()
	go func() { ran <- authority.Run(ctx) }()
	defer func() {
		cancel()
		require.NoError(t, <-served)
		<-ran
	}()
	tokens, err := dev.issuer()
	require.NoError(t, err)
	token := tokens.sign(tokens.claims(url.Values{"sub": {"pat-1"}, "tenant": {"north"}}, devTokenLife))
	holder := authority.Admit(auth.Credentials{Tokens: []string{token}})
	becomes := func(want auth.Reason) {
		t.Helper()
		require.Eventually(t, func() bool {
			return authority.Grant(holder).Reason == want
		}, 20*time.Second, time.Millisecond, "%q", want)
	}
	becomes("")
	require.Equal(t, auth.Private, authority.Grant(holder).Tier)
	require.Equal(t, `{"state":"down"}`, provide(t, provider, "POST", "down", 200))
	becomes(auth.ReasonKeysStale)
	becomes(auth.ReasonKeysClosed)
	require.Equal(t, `{"state":"up"}`, provide(t, provider, "POST", "up", 200))
	becomes("")
}

// provide asks /dev/provider, as a page would with these headers.
func provide(t *testing.T, p http.Handler, method, state string, want int, header ...string) string {
	t.Helper()
	r := httptest.NewRequest(method, "http://127.0.0.1:8080/dev/provider?state="+state, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	p.ServeHTTP(w, r)
	require.Equal(t, want, w.Code)
	body, err := io.ReadAll(w.Body)
	require.NoError(t, err)
	return string(body[:max(0, len(body)-1)])
}

// Only a page of the same address may break the provider.
func TestDevProviderOrigin(t *testing.T) {
	p := &devProvider{}
	for _, header := range [][]string{
		{"Origin", "https://evil.example"},
		{"Origin", "http://127.0.0.1:8081"},
		{"Origin", "https://127.0.0.1:8080"},
		{"Origin", "null"},
		{"Origin", "http://127.0.0.1:8080", "Origin", "http://127.0.0.1:8080"},
		{"Sec-Fetch-Site", "cross-site"},
	} {
		provide(t, p, "POST", "down", 403, header...)
		require.False(t, p.down.Load(), header)
	}
	provide(t, p, "POST", "sideways", 400)
	require.Equal(t, `{"state":"up"}`, provide(t, p, "GET", "down", 200), "GET changes nothing")
	provide(t, p, "POST", "down", 200, "Origin", "http://127.0.0.1:8080")
	require.True(t, p.down.Load())
}

// ttl is how long edges believe a token, whatever they allow for clocks.
func TestDevTokenLife(t *testing.T) {
	dev := newDevMode(t)
	tokens, err := dev.issuer()
	require.NoError(t, err)
	start := time.Now().Truncate(time.Second)
	at := start
	tokens.now = func() time.Time { return at }
	authority, err := auth.New(auth.Config{
		Issuers: []auth.IssuerConfig{dev.issuerConfig()}, Dev: true, Now: func() time.Time { return at },
	})
	require.NoError(t, err)
	w := httptest.NewRecorder()
	tokens.ServeHTTP(w, httptest.NewRequest("GET", "/dev/token?sub=pat-1&tenant=north&ttl=5s", nil))
	require.Equal(t, 200, w.Code)
	holder := authority.Admit(auth.Credentials{Tokens: []string{w.Body.String()[:w.Body.Len()-1]}})
	require.Equal(t, auth.Private, authority.Grant(holder).Tier)
	at = start.Add(4 * time.Second)
	require.Equal(t, auth.Private, authority.Grant(holder).Tier)
	at = start.Add(5 * time.Second)
	require.Equal(t, auth.Restricted, authority.Grant(holder).Tier)
	require.Equal(t, auth.ReasonExpired, authority.Grant(holder).Reason)

	for _, ttl := range []string{"0s", "999ms", "1h1s", "-5s", "5", "soon"} {
		w := httptest.NewRecorder()
		tokens.ServeHTTP(w, httptest.NewRequest("GET", "/dev/token?sub=pat-1&ttl="+ttl, nil))
		require.Equal(t, 400, w.Code, ttl)
	}
}
