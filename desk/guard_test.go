package desk_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/desk"
	"tocsin/notice/noticetest"
)

// bare is a desk without a log: what is decided before any handler.
func bare(t testing.TB, edits ...func(*desk.Config)) http.Handler {
	t.Helper()
	journal, err := desk.OpenJournal(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { journal.Close() })
	config := desk.Config{
		Trust: noticetest.NewStaff(t).Trust(), Log: deskLog{}, Proposals: deskStore{}, Recorder: journal,
		Keyring: auth.NewKeyring(), Logger: testLog(),
	}
	for _, edit := range edits {
		edit(&config)
	}
	d, err := desk.New(config)
	require.NoError(t, err)
	return d.Handler()
}

func serve(h http.Handler, method, host, path string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, "http://placeholder"+path, nil)
	r.Host = host
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

// What was put into a query does not come back in a Location.
func TestNoRedirects(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/v1?token=x", "/%2e%2e/v1?token=x", "//v1/challenge?token=x", "/v1/./challenge?token=x", "/v1//notices?token=x"} {
		w := serve(bare(t), http.MethodGet, "127.0.0.1", path)
		require.Equal(t, http.StatusNotFound, w.Code, path)
		require.Empty(t, w.Header().Get("Location"), path)
		require.NotContains(t, w.Body.String(), "token=x")
	}
}

func TestHostIsChecked(t *testing.T) {
	t.Parallel()
	loopback := bare(t)
	configured := bare(t, func(c *desk.Config) {
		c.Origins = []string{"https://desk.clinic.example", "https://second.example:8443"}
		c.Hosts = []string{"proxy.internal"}
	})
	for host, want := range map[string][2]int{ // loopback default, configured
		"127.0.0.1:8081":            {200, 421},
		"127.9.9.9":                 {200, 421},
		"localhost:8081":            {200, 421},
		"[::1]:8081":                {200, 421},
		"LOCALHOST":                 {200, 421},
		"evil.example":              {421, 421},
		"127.0.0.1.evil.example":    {421, 421},
		"localhost.evil.example:80": {421, 421},
		"10.0.0.7":                  {421, 421},
		"":                          {421, 421},
		"desk.clinic.example":       {421, 200},
		"Desk.Clinic.Example":       {421, 200},
		"second.example:8443":       {421, 200},
		"second.example":            {421, 421},
		"second.example:9999":       {421, 421},
		"proxy.internal:1234":       {421, 200},
		"a.proxy.internal":          {421, 421},
	} {
		require.Equal(t, want[0], serve(loopback, "GET", host, "/v1/challenge").Code, "default, %q", host)
		w := serve(configured, "GET", host, "/v1/challenge")
		require.Equal(t, want[1], w.Code, "configured, %q", host)
		if want[1] == 421 {
			require.Contains(t, w.Body.String(), "urn:tocsin:problem:misdirected")
		}
	}
}

func TestOriginIsChecked(t *testing.T) {
	t.Parallel()
	h := bare(t, func(c *desk.Config) {
		c.Origins = []string{"https://desk.clinic.example"}
		c.ConsoleOrigins = []string{"https://console.clinic.example"}
	})
	for origin, want := range map[string]int{
		"https://desk.clinic.example":          200,
		"https://desk.clinic.example:443":      200,
		"https://console.clinic.example":       200,
		"http://desk.clinic.example":           403,
		"https://desk.clinic.example:8443":     403,
		"https://desk.clinic.example.evil.com": 403,
		"https://evil.example":                 403,
		"null":                                 403,
		"":                                     403,
		"https://console.clinic.example/":      403,
	} {
		w := serve(h, "GET", "desk.clinic.example", "/v1/challenge", "Origin", origin)
		require.Equal(t, want, w.Code, "%q", origin)
		if want == 200 {
			require.Equal(t, origin, w.Header().Get("Access-Control-Allow-Origin"))
		} else {
			require.Empty(t, w.Header().Get("Access-Control-Allow-Origin"))
		}
		require.Empty(t, w.Header().Get("Access-Control-Allow-Credentials"))
	}
	w := serve(h, "GET", "desk.clinic.example", "/v1/challenge",
		"Origin", "https://desk.clinic.example", "Origin", "https://evil.example")
	require.Equal(t, 403, w.Code)

	loopback := bare(t)
	require.Equal(t, 200, serve(loopback, "GET", "127.0.0.1:8081", "/v1/challenge", "Origin", "http://127.0.0.1:8081").Code)
	require.Equal(t, 403, serve(loopback, "GET", "127.0.0.1:8081", "/v1/challenge", "Origin", "http://127.0.0.1:3000").Code,
		"a page of another port is another site")
	require.Equal(t, 403, serve(loopback, "GET", "localhost:8081", "/v1/challenge", "Origin", "http://127.0.0.1:8081").Code)
}

func TestPreflight(t *testing.T) {
	t.Parallel()
	h := bare(t, func(c *desk.Config) {
		c.Origins = []string{"https://desk.clinic.example"}
		c.ConsoleOrigins = []string{"https://console.clinic.example"}
	})
	w := serve(h, "OPTIONS", "desk.clinic.example", "/v1/notices",
		"Origin", "https://console.clinic.example", "Access-Control-Request-Method", "POST")
	require.Equal(t, http.StatusNoContent, w.Code)
	require.Contains(t, w.Header().Get("Access-Control-Allow-Headers"), "Authorization")
	w = serve(h, "OPTIONS", "desk.clinic.example", "/v1/notices",
		"Origin", "https://evil.example", "Access-Control-Request-Method", "POST")
	require.Equal(t, http.StatusForbidden, w.Code)
	require.Empty(t, w.Header().Get("Access-Control-Allow-Methods"))
	require.Equal(t, http.StatusMethodNotAllowed, serve(h, "OPTIONS", "desk.clinic.example", "/v1/notices").Code)
}

func TestHeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	h := bare(t)
	for _, w := range []*httptest.ResponseRecorder{
		serve(h, "GET", "localhost", "/v1/challenge"), serve(h, "GET", "localhost", "/nowhere"),
		serve(h, "GET", "evil.example", "/v1/challenge"), serve(h, "PUT", "localhost", "/v1/notices"),
	} {
		require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
		require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
		require.Equal(t, "DENY", w.Header().Get("X-Frame-Options"))
		require.Equal(t, "no-referrer", w.Header().Get("Referrer-Policy"))
		require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
		require.Empty(t, w.Header().Get("Set-Cookie"))
		if w.Code >= 400 {
			require.Equal(t, "application/problem+json", w.Header().Get("Content-Type"))
		}
	}
	require.Equal(t, "GET, POST", serve(h, "PUT", "localhost", "/v1/notices").Header().Get("Allow"))
	require.Equal(t, http.StatusNotFound, serve(h, "GET", "localhost", "/nowhere").Code)
}

func TestBadConfig(t *testing.T) {
	t.Parallel()
	journal, err := desk.OpenJournal(t.TempDir())
	require.NoError(t, err)
	defer journal.Close()
	good := desk.Config{
		Trust: noticetest.NewStaff(t).Trust(), Log: deskLog{}, Proposals: deskStore{}, Recorder: journal, Keyring: auth.NewKeyring(),
	}
	_, err = desk.New(good)
	require.NoError(t, err)
	for name, edit := range map[string]func(*desk.Config){
		"no trust":                func(c *desk.Config) { c.Trust.Roots = nil },
		"no log":                  func(c *desk.Config) { c.Log = nil },
		"no recorder":             func(c *desk.Config) { c.Recorder = nil },
		"no keyring":              func(c *desk.Config) { c.Keyring = nil },
		"origin with a path":      func(c *desk.Config) { c.Origins = []string{"https://desk.example/x"} },
		"origin without a scheme": func(c *desk.Config) { c.Origins = []string{"desk.example"} },
		"origin of any site":      func(c *desk.Config) { c.ConsoleOrigins = []string{"*"} },
		"origin with a user":      func(c *desk.Config) { c.ConsoleOrigins = []string{"https://a@desk.example"} },
		"host with a path":        func(c *desk.Config) { c.Hosts = []string{"desk.example/"} },
		"host wildcard":           func(c *desk.Config) { c.Hosts = []string{"*.desk.example"} },
	} {
		config := good
		edit(&config)
		_, err := desk.New(config)
		require.Error(t, err, name)
		require.True(t, strings.HasPrefix(err.Error(), "desk: "), name)
	}
}

// Before the log was read to its end, a key that was removed long ago may still seem
// to be in force.
func TestNothingBeforeTheLogIsRead(t *testing.T) {
	t.Parallel()
	h := bare(t)
	for _, path := range []string{"/v1/notices", "/v1/keyset", "/v1/proposals", "/v1/posture"} {
		w := serve(h, "GET", "localhost", path)
		require.Equal(t, http.StatusServiceUnavailable, w.Code, path)
		require.NotEmpty(t, w.Header().Get("Retry-After"))
	}
}
