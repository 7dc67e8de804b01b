package webclient

import (
	"compress/gzip"
	"crypto/sha512"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

var script1 = strings.Repeat("console.log('hello');\n", 100)

func testSite() http.Handler {
	return newSite(fstest.MapFS{
		"index.html":        {Data: []byte("<!doctype html><title>home</title>")},
		"call.html":         {Data: []byte("<!doctype html><title>call</title>")},
		"assets/app-1a.js":  {Data: []byte(script1)},
		"assets/app-2b.css": {Data: []byte("a{}")},
		"icon.svg":          {Data: []byte("<svg/>")},
	}, false)
}

func ask(h http.Handler, method, path string, header ...string) *http.Response {
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func text(t *testing.T, resp *http.Response) string {
	t.Helper()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(body)
}

func TestSite(t *testing.T) {
	s := testSite()
	for _, c := range []struct {
		path, kind, cache, has string
	}{
		{"/", "text/html; charset=utf-8", again, "home"},
		{"/call", "text/html; charset=utf-8", again, "call"},
		{"/icon.svg", "image/svg+xml", again, "<svg/>"},
		{"/assets/app-1a.js", "text/javascript; charset=utf-8", forever, "console.log"},
		{"/assets/app-2b.css", "text/css; charset=utf-8", forever, "a{}"},
	} {
		resp := ask(s, "GET", c.path)
		require.Equal(t, 200, resp.StatusCode, c.path)
		require.Equal(t, c.kind, resp.Header.Get("Content-Type"), c.path)
		require.Equal(t, c.cache, resp.Header.Get("Cache-Control"), c.path)
		require.Contains(t, text(t, resp), c.has, c.path)

		tag := resp.Header.Get("ETag")
		require.Regexp(t, `^"[0-9a-f]{32}"$`, tag)
		require.Equal(t, 304, ask(s, "GET", c.path, "If-None-Match", tag).StatusCode)
		require.Empty(t, text(t, ask(s, "HEAD", c.path)))
	}
	for _, path := range []string{"/index.html", "/call.html", "/call/", "/assets", "/assets/", "/embed.go", "/../site.go", "/v1/connect"} {
		require.Equal(t, 404, ask(s, "GET", path).StatusCode, path)
	}
	require.Equal(t, 405, ask(s, "POST", "/").StatusCode)
}

// Each answer, whatever it is, keeps a page from anything that it does not need.
func TestSiteHeaders(t *testing.T) {
	for _, path := range []string{"/", "/assets/app-1a.js", "/nothing"} {
		h := ask(testSite(), "GET", path).Header
		csp := h.Get("Content-Security-Policy")
		for _, directive := range []string{
			"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "frame-ancestors 'none'",
			"base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'",
		} {
			require.Contains(t, strings.Split(csp, "; "), directive, path)
		}
		require.NotContains(t, csp, "unsafe")
		require.NotContains(t, csp, "http")
		require.NotContains(t, csp, "*")
		require.Equal(t, "nosniff", h.Get("X-Content-Type-Options"))
		require.Equal(t, "no-referrer", h.Get("Referrer-Policy"))
		require.Equal(t, "same-origin", h.Get("Cross-Origin-Opener-Policy"))
		require.Equal(t, "same-origin", h.Get("Cross-Origin-Resource-Policy"))
		require.Empty(t, h.Get("Access-Control-Allow-Origin"))
	}
}

func TestSiteGzip(t *testing.T) {
	s := testSite()
	const path = "/assets/app-1a.js"
	plain := ask(s, "GET", path)
	for header, want := range map[string]string{
		"gzip": "gzip", "br, GZIP;q=0.5": "gzip", "gzip;q=0": "", "gzip; q=0.0": "", "br": "", "": "",
	} {
		resp := ask(s, "GET", path, "Accept-Encoding", header)
		require.Equal(t, want, resp.Header.Get("Content-Encoding"), header)
		require.Equal(t, "Accept-Encoding", resp.Header.Get("Vary"))
		if want == "" {
			require.Equal(t, plain.Header.Get("ETag"), resp.Header.Get("ETag"))
			continue
		}
		require.NotEqual(t, plain.Header.Get("ETag"), resp.Header.Get("ETag"))
		z, err := gzip.NewReader(resp.Body)
		require.NoError(t, err)
		body, err := io.ReadAll(z)
		require.NoError(t, err)
		require.Equal(t, script1, string(body))
	}
	small := ask(s, "GET", "/assets/app-2b.css", "Accept-Encoding", "gzip")
	require.Empty(t, small.Header.Get("Content-Encoding"), "it would be longer")
}

// Without a build, the page says what to type, and no cache keeps that.
func TestMissing(t *testing.T) {
	for folder, what := range map[string]string{"apps/portal": "portal", "apps/console": "console"} {
		s := newSite(sub(folder+"/dist-placeholder"), true)
		resp := ask(s, "GET", "/")
		require.Equal(t, 503, resp.StatusCode)
		require.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
		page := text(t, resp)
		require.Contains(t, page, what)
		require.Contains(t, page, "make web build")
	}
	resp := ask(newScript(nil), "GET", "/tocsin.js")
	require.Equal(t, 404, resp.StatusCode)
	require.Equal(t, "no-store", resp.Header.Get("Cache-Control"))
	require.Empty(t, integrity(nil))
}

func TestScript(t *testing.T) {
	body := []byte(script1)
	resp := ask(newScript(body), "GET", "/tocsin.js", "Origin", "https://portal.example")
	require.Equal(t, 200, resp.StatusCode)
	require.Equal(t, "*", resp.Header.Get("Access-Control-Allow-Origin"))
	require.Equal(t, "cross-origin", resp.Header.Get("Cross-Origin-Resource-Policy"))
	require.Equal(t, "nosniff", resp.Header.Get("X-Content-Type-Options"))
	require.Equal(t, "text/javascript; charset=utf-8", resp.Header.Get("Content-Type"))
	require.Contains(t, resp.Header.Get("Cache-Control"), "max-age=300")
	require.Regexp(t, `^"`, resp.Header.Get("ETag"))
	sum := sha512.Sum384([]byte(text(t, resp)))
	require.Equal(t, "sha384-"+base64.StdEncoding.EncodeToString(sum[:]), integrity(body))
}

// Whatever is embedded, the handlers are made.
func TestEmbedded(t *testing.T) {
	for _, h := range []http.Handler{Portal(), Console()} {
		require.Contains(t, []int{200, 503}, ask(h, "GET", "/").StatusCode)
	}
	require.Contains(t, []int{200, 404}, ask(Script(), "GET", "/tocsin.js").StatusCode)
	require.Equal(t, script() == nil, Integrity() == "")
}
