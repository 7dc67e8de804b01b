package main

import (
	"context"
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/notice"
)

func TestLoopback(t *testing.T) {
	for _, good := range []string{"127.0.0.1:80", "127.9.9.9:1", "[::1]:80", "localhost:0"} {
		require.True(t, loopback(good), good)
	}
	for _, bad := range []string{"", ":80", "0.0.0.0:80", "[::]:80", "10.0.0.1:80", "example.com:80", "127.0.0.1", "localhost.example:1"} {
		require.False(t, loopback(bad), bad)
	}
}

// TestCheckHost sends what a browser would send after DNS rebinding.
func TestCheckHost(t *testing.T) {
	handler := checkHost(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), "admin.clinic.example")
	for host, want := range map[string]int{
		"127.0.0.1:9090": 200, "[::1]:9090": 200, "[::1]": 200, "10.1.2.3:9090": 200, "localhost:9090": 200,
		"admin.clinic.example:9090": 200, "Admin.Clinic.Example": 200,
		"evil.example": 421, "evil.example:9090": 421, "admin.clinic.example.evil.example": 421,
		"127.0.0.1.evil.example": 421, "": 421,
	} {
		r := httptest.NewRequest(http.MethodGet, "/status", nil)
		r.Host = host
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		require.Equal(t, want, w.Code, host)
	}
}

// TestNoRedirects: what the mux would put into a Location, query and all.
func TestNoRedirects(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(http.ResponseWriter, *http.Request) {})
	for path, want := range map[string]int{
		"/": 200, "/v1/events?token=x": 200, "/a/": 200, "/a%2Fb": 200, "/a/%2e./b": 200,
		"//v1/events?token=x": 404, "/v1/./events": 404, "/v1/../x": 404, "/a//": 404,
	} {
		w := httptest.NewRecorder()
		noRedirects(mux).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "http://127.0.0.1"+path, nil))
		require.Equal(t, want, w.Code, path)
		require.Empty(t, w.Header().Get("Location"), path)
	}
}

// parse parses a command line, and returns what serve got.
func parse(t *testing.T, args ...string) (*serveCmd, error) {
	t.Helper()
	parser, err := newParser(console{Out: t.Output(), Err: t.Output()}, context.Background())
	require.NoError(t, err)
	if _, err := parser.Parse(append([]string{"serve"}, args...)); err != nil {
		return nil, err
	}
	return &parser.Model.Target.Addr().Interface().(*cli).Serve, nil
}

// TestConfigPrecedence: the command line wins over the environment, and that
// over the file.
func TestConfigPrecedence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tocsin.json")
	require.NoError(t, os.WriteFile(file, []byte(`{
		"data": "from-file", "listen": "file:1", "desk-listen": "file:2", "drain": "7s", "dev": true,
		"roles": ["edge"], "origin": ["https://a.example", "https://b.example"], "max-sessions": 5,
		"trusted-proxy": ["10.0.0.0/8"],
		"issuers": [{"issuer": "https://idp.example", "audience": "portal", "key-file": "k",
			"labels": {"tenant": "org.id"}, "allowed": {"tenant": ["north", "south-*"]}, "session-claim": "sid"}]
	}`), 0o600))
	t.Setenv("TOCSIN_LISTEN", "env:1")
	t.Setenv("TOCSIN_DESK_LISTEN", "env:2")
	cmd, err := parse(t, "--config", file, "--listen", "flag:1")
	require.NoError(t, err)
	require.Equal(t, "flag:1", cmd.Listen)
	require.Equal(t, "env:2", cmd.DeskListen)
	require.Equal(t, "from-file", cmd.Data)
	require.Equal(t, 7*time.Second, *cmd.Drain)
	require.True(t, cmd.Dev)
	require.Equal(t, []string{"edge"}, cmd.Roles)
	require.Equal(t, []string{"https://a.example", "https://b.example"}, cmd.Origin)
	require.Equal(t, 5, cmd.MaxSessions)
	require.Equal(t, "10.0.0.0/8", cmd.TrustedProxy[0].String())
	require.Equal(t, "127.0.0.1:9090", cmd.AdminListen)

	issuers, err := cmd.Config.issuers()
	require.NoError(t, err)
	require.Equal(t, []auth.IssuerConfig{{
		Issuer: "https://idp.example", Audience: "portal", KeyFile: "k", SessionClaim: "sid",
		Labels: map[string]string{"tenant": "org.id"}, Allowed: map[string][]string{"tenant": {"north", "south-*"}},
	}}, issuers)
}

func TestConfigRefused(t *testing.T) {
	for text, want := range map[string]string{
		`{"lissten": "x"}`:              `"lissten" is not a flag of serve`,
		`{"config": "x"}`:               `"config" is not a flag of serve`,
		`{"max_sessions": 1}`:           `"max_sessions" is not a flag of serve`,
		`{"max-sessions": "many"}`:      "max-sessions",
		`{"roles": ["king"]}`:           "king",
		`{"origin": [1]}`:               "a list of strings",
		`{"origin": ["a,b"]}`:           "without commas",
		`{"data": "x"} {}`:              "something follows",
		`not JSON`:                      "not a JSON object",
		`[]`:                            "not a JSON object",
		`{"data"`:                       "it is cut off: not whole JSON",
		``:                              "it is cut off: not whole JSON",
		`{"trusted-proxy": ["ten/8"]}`:  "ten/8",
		`{"data": "a", "data": "b"}`:    `"data" is there twice`,
		`{"issuers": [{"isuer": "x"}]}`: `unknown field "isuer"`,
	} {
		file := filepath.Join(t.TempDir(), "tocsin.json")
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		cmd, err := parse(t, "--config", file)
		if err == nil {
			_, err = cmd.issuers()
		}
		require.ErrorContains(t, err, want, text)
	}
}

// TestConfigFromEnvironment: another command is not troubled by the file of serve.
func TestConfigFromEnvironment(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tocsin.json")
	require.NoError(t, os.WriteFile(file, []byte(`{"data": "from-file"}`), 0o600))
	t.Setenv("TOCSIN_CONFIG", file)
	cmd, err := parse(t)
	require.NoError(t, err)
	require.Equal(t, "from-file", cmd.Data)

	t.Setenv("TOCSIN_CONFIG", file+".missing")
	require.Zero(t, run([]string{"version"}, console{Out: t.Output(), Err: t.Output()}))
}

func TestDevRefusesOtherMachines(t *testing.T) {
	for _, flag := range []string{"--listen", "--desk-listen", "--admin-listen"} {
		data := t.TempDir()
		cmd, err := parse(t, "--dev", "--data", data, flag, "0.0.0.0:0")
		require.NoError(t, err)
		err = cmd.complete(slog.New(slog.DiscardHandler))
		require.ErrorContains(t, err, flag+" 0.0.0.0:0: with --dev, only loopback addresses")
		require.NoDirExists(t, filepath.Join(data, "dev"))
	}
}

// TestDevFolderIsWhole: what a crash left behind is no dev folder, and a whole
// one is left alone.
func TestDevFolderIsWhole(t *testing.T) {
	dev := devMode{filepath.Join(t.TempDir(), "data", "dev")}
	require.NoError(t, os.MkdirAll(filepath.Join(filepath.Dir(dev.dir), "dev-123", "half"), 0o700))
	made, err := dev.prepare()
	require.NoError(t, err)
	require.True(t, made)
	before, err := os.ReadFile(dev.path(devKeyset))
	require.NoError(t, err)
	made, err = dev.prepare()
	require.NoError(t, err)
	require.False(t, made)
	after, err := os.ReadFile(dev.path(devKeyset))
	require.NoError(t, err)
	require.Equal(t, before, after)
}

func TestAudience(t *testing.T) {
	exists := audience([]auth.IssuerConfig{
		{Labels: map[string]string{"tenant": "org", "group": "g"}, Allowed: map[string][]string{"tenant": {"north", "s-*"}}},
		{Labels: map[string]string{"session": "room"}},
	}, func(name string) bool { return name == "breach" })
	for _, yes := range []notice.Label{"tenant:north", "tenant:s-2", "session:any", "subject:x", "cohort:breach"} {
		require.True(t, exists(yes), yes)
	}
	for _, no := range []notice.Label{"tenant:west", "group:staff", "cohort:x", "planet:mars"} {
		require.False(t, exists(no), no)
	}
	believing := audience(nil, func(string) bool { return false })
	require.True(t, believing("tenant:west"), "a desk that knows no issuers believes the author")
	require.False(t, believing("cohort:x"), "but it knows the cohorts")
}

func TestPosture(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	hash := base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("\xab", 32)))
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	p := postureOf(&notice.Posture{
		TokensNotBefore: map[string]notice.DateTime{"a": notice.FormatTime(at)},
		IssuerBlocked:   map[string]notice.Blocked{"b": {Since: notice.FormatTime(at)}},
		TicketEpoch:     3,
		Revoked:         []notice.Revoked{{Hash: sum, Until: notice.FormatTime(at)}},
	})
	require.True(t, p.TokensNotBefore["a"].Equal(at))
	require.True(t, p.IssuerBlocked["b"].Since.Equal(at))
	require.True(t, p.IssuerBlocked["b"].Until.IsZero())
	require.True(t, p.Revoked[hash].Equal(at))
	require.EqualValues(t, 3, p.TicketEpoch)
	require.Equal(t, auth.Posture{}, postureOf(nil))
}

// TestPostureHashIsAuths: what a posture revokes is what auth calls a subject.
func TestPostureHashIsAuths(t *testing.T) {
	pseudonym := auth.NewKeyring().Pseudonym("https://idp.example", "pat-1")
	raw, err := base64.RawURLEncoding.DecodeString(pseudonym)
	require.NoError(t, err)
	require.Len(t, raw, 32)
}
