package auth_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/auth/authtest"
)

// failures are all the ways in which a provider's answer is worth nothing.
var failures = map[string]authtest.Behaviour{
	"500":       authtest.Error500,
	"hang":      authtest.Hang,
	"refuse":    authtest.Refuse,
	"empty set": authtest.EmptySet,
	"garbage":   authtest.Garbage,
	"10 MB":     authtest.Huge,
	"many keys": authtest.ManyKeys,
	"elsewhere": authtest.Elsewhere,
}

// A provider that breaks takes nothing away that its keys, once had, can prove,
// nobody waits for it, and it is found again when it is back.
func TestBrokenProvider(t *testing.T) {
	for name, behaviour := range failures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			issuer := authtest.New(t)
			c := oneIssuer(issuer)
			c.Refresh, c.FetchGap = 300*time.Millisecond, 20*time.Millisecond
			a := authtest.Run(t, c, issuer)
			token := issuer.Token(map[string]any{"tenant": "north"})
			h := a.Admit(auth.Credentials{Tokens: []string{token}})

			issuer.Behave(behaviour)
			authtest.Await(t, a, func() bool { return a.Grant(h).Reason == auth.ReasonKeysStale })
			g := a.Grant(h)
			require.Equal(t, auth.Private, g.Tier)
			require.Equal(t, auth.StateDegraded, g.State)

			began := time.Now()
			require.Equal(t, auth.Private, grant(a, token).Tier, "a new session")
			require.Less(t, time.Since(began), time.Second, "nobody waits for a provider")

			issuer.Behave(authtest.Healthy)
			authtest.Await(t, a, func() bool { return a.Grant(h).State == auth.StateOK })
			require.Zero(t, issuer.ElsewhereRequests(), "no redirect to another host is followed")
		})
	}
}

// The same, for a node that starts while the provider is broken: nothing at
// first, everything for the same session once it is back.
func TestProviderBrokenFromTheStart(t *testing.T) {
	for name, behaviour := range failures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			issuer := authtest.New(t)
			issuer.Behave(behaviour)
			c, out := oneIssuer(issuer), &log{}
			c.FetchGap, c.Logger = 20*time.Millisecond, out.Logger()
			a := newAuthority(t, c)
			h := a.Admit(auth.Credentials{Tokens: []string{issuer.Token(nil)}})
			authtest.Start(t, a)
			require.Eventually(t, func() bool { return strings.Contains(out.String(), "keys not fetched") }, 20*time.Second, time.Millisecond)
			g := a.Grant(h)
			require.Equal(t, auth.Public, g.Tier)
			require.Equal(t, auth.ReasonKeysMissing, g.Reason)

			issuer.Behave(authtest.Healthy)
			authtest.Await(t, a, func() bool { return a.Grant(h).Tier == auth.Private })
			require.Zero(t, issuer.ElsewhereRequests())
		})
	}
}

func TestDiscovery(t *testing.T) {
	issuer := authtest.New(t)
	ic := issuer.Config()
	ic.JWKSURL = ""
	a := newAuthority(t, auth.Config{Issuers: []auth.IssuerConfig{ic}})
	wait(t, a, func() { authtest.Start(t, a) })
	require.Equal(t, auth.Private, grant(a, issuer.Token(nil)).Tier)
	require.Equal(t, 2, issuer.Requests())
}

// What a provider says of where its keys are is followed only to its own host.
func TestDiscoveryPointingElsewhere(t *testing.T) {
	good := authtest.New(t)
	asked := make(chan string, 8)
	doc := make(map[string]string)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked <- r.URL.Path
		json.NewEncoder(w).Encode(doc)
	}))
	defer server.Close()
	for name, to := range map[string]map[string]string{
		"another host":      {"issuer": server.URL, "jwks_uri": good.URL + "/jwks.json"},
		"the network":       {"issuer": server.URL, "jwks_uri": "http://169.254.169.254/latest/meta-data"},
		"a file":            {"issuer": server.URL, "jwks_uri": "file:///etc/passwd"},
		"a password":        {"issuer": server.URL, "jwks_uri": strings.Replace(server.URL, "//", "//a:b@", 1)},
		"nowhere":           {"issuer": server.URL},
		"another's issuer":  {"issuer": good.URL, "jwks_uri": server.URL + "/jwks.json"},
		"nobody as issuer":  {"jwks_uri": server.URL + "/jwks.json"},
		"https of the host": {"issuer": server.URL, "jwks_uri": "https://10.0.0.1/jwks.json"},
	} {
		t.Run(name, func(t *testing.T) {
			clear(doc)
			for k, v := range to {
				doc[k] = v
			}
			out := &log{}
			a := newAuthority(t, auth.Config{
				Issuers: []auth.IssuerConfig{{Issuer: server.URL, Audience: "x"}},
				Logger:  out.Logger(),
			})
			authtest.Start(t, a)
			require.Equal(t, "/.well-known/openid-configuration", <-asked)
			require.Eventually(t, func() bool { return strings.Contains(out.String(), "keys not fetched") }, 20*time.Second, time.Millisecond)
			require.Empty(t, asked)
		})
	}
	require.Zero(t, good.Requests())
}

// A redirect within the host is the provider's own business.
func TestRedirectOnTheSameHost(t *testing.T) {
	issuer := authtest.NewOffline(t)
	hops := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/end" {
			w.Write(issuer.JWKS())
			return
		}
		if r.URL.Path == "/loop" {
			hops++
			http.Redirect(w, r, "/loop", http.StatusFound)
			return
		}
		http.Redirect(w, r, "/end", http.StatusFound)
	}))
	defer server.Close()
	a := newAuthority(t, auth.Config{Issuers: []auth.IssuerConfig{
		{Issuer: issuer.URL, Audience: authtest.Audience, JWKSURL: server.URL + "/begin"},
	}})
	wait(t, a, func() { authtest.Start(t, a) })
	require.Equal(t, auth.Private, grant(a, issuer.Token(nil)).Tier)

	out := &log{}
	b := newAuthority(t, auth.Config{Logger: out.Logger(), Issuers: []auth.IssuerConfig{
		{Issuer: issuer.URL, Audience: authtest.Audience, JWKSURL: server.URL + "/loop"},
	}})
	authtest.Start(t, b)
	require.Eventually(t, func() bool { return strings.Contains(out.String(), "keys not fetched") }, 20*time.Second, time.Millisecond)
	require.Less(t, hops, 6)
}

func TestLastGoodKeysSurviveARestart(t *testing.T) {
	issuer, now := authtest.New(t), newClock()
	issuer.SetNow(now.Now)
	dir := filepath.Join(t.TempDir(), "keys")
	c := oneIssuer(issuer)
	c.Now, c.CacheDir = now.Now, dir
	authtest.Run(t, c, issuer)
	var files []string
	require.Eventually(t, func() bool {
		files, _ = filepath.Glob(dir + "/*.json")
		return len(files) == 1
	}, 20*time.Second, time.Millisecond, "they are kept once they count")
	kept, err := os.ReadFile(files[0])
	require.NoError(t, err)
	info, err := os.Stat(files[0])
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())
	info, err = os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700|os.ModeDir), info.Mode())

	issuer.Behave(authtest.Refuse)
	for age, want := range map[time.Duration]auth.Reason{
		time.Minute:              "",
		10 * time.Minute:         auth.ReasonKeysStale,
		24*time.Hour - time.Hour: auth.ReasonKeysStale,
		24 * time.Hour:           auth.ReasonKeysClosed,
		-time.Hour:               auth.ReasonKeysMissing, // from the future: not believed
	} {
		later := *newClock()
		later.now = now.Now().Add(age)
		c.Now = later.Now
		issuer.SetNow(later.Now)
		a := newAuthority(t, c)
		g := grant(a, issuer.Token(nil))
		require.Equal(t, want, g.Reason, age)
		require.Equal(t, want == "" || want == auth.ReasonKeysStale, g.Tier == auth.Private, age)
	}

	// Another URL, another issuer's file, garbage: as if nothing were there.
	c.Now = now.Now
	issuer.SetNow(now.Now)
	for name, spoil := range map[string]func(*auth.Config){
		"another URL": func(c *auth.Config) { c.Issuers[0].JWKSURL += "?v=2" },
		"garbage": func(*auth.Config) {
			require.NoError(t, os.WriteFile(files[0], []byte(`{"issuer":`), 0o600))
		},
		"no keys in it": func(*auth.Config) {
			b, err := json.Marshal(map[string]any{"issuer": issuer.URL, "origin": issuer.URL + "/jwks.json", "fetchedAt": now.Now(), "keys": []byte(`{"keys":[]}`)})
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(files[0], b, 0o600))
		},
	} {
		require.NoError(t, os.WriteFile(files[0], kept, 0o600))
		other := oneIssuer(issuer)
		other.Now, other.CacheDir = c.Now, dir
		spoil(&other)
		require.Equal(t, auth.ReasonKeysMissing, grant(newAuthority(t, other), issuer.Token(nil)).Reason, name)
	}
}

func TestKeyFile(t *testing.T) {
	issuer := authtest.NewOffline(t)
	file := filepath.Join(t.TempDir(), "keys")
	ic := issuer.Config()
	ic.JWKSURL, ic.KeyFile = "", file
	c := auth.Config{Issuers: []auth.IssuerConfig{ic}, Refresh: 100 * time.Millisecond, FetchGap: 10 * time.Millisecond}

	for _, bad := range []string{"", "{}", "-----BEGIN", `{"keys":[]}`, string(issuer.JWKS()) + strings.Repeat(" ", 1<<20)} {
		require.NoError(t, os.WriteFile(file, []byte(bad), 0o600))
		_, err := auth.New(c)
		require.Error(t, err, "%.20q", bad)
	}

	t.Run("JWK Set", func(t *testing.T) {
		require.NoError(t, os.WriteFile(file, issuer.JWKS(), 0o600))
		a := newAuthority(t, c)
		require.Equal(t, auth.Private, grant(a, issuer.Token(nil)).Tier, "without Run")
		old := a.Admit(auth.Credentials{Tokens: []string{issuer.Token(nil)}})
		issuer.Rotate()
		pending := a.Admit(auth.Credentials{Tokens: []string{issuer.Token(nil)}})
		require.Equal(t, auth.ReasonKeyUnknown, a.Grant(pending).Reason)
		next := file + ".next"
		require.NoError(t, os.WriteFile(next, issuer.JWKS(), 0o600))
		require.NoError(t, os.Rename(next, file))
		wait(t, a, func() { authtest.Start(t, a) })
		require.Equal(t, auth.Private, a.Grant(pending).Tier)
		require.Equal(t, auth.ReasonKeyWithdrawn, a.Grant(old).Reason)
	})

	t.Run("PEM", func(t *testing.T) {
		kid, key := issuer.PublicKey("ES256")
		der, err := x509.MarshalPKIXPublicKey(key)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), 0o600))
		a := newAuthority(t, c)
		require.Equal(t, auth.Private, grant(a, issuer.TokenAlg("ES256", nil)).Tier, "whatever kid %s is: the file has none", kid)
		require.Equal(t, auth.Public, grant(a, issuer.Token(nil)).Tier)
	})

	t.Run("private PEM", func(t *testing.T) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
		der, err := x509.MarshalPKCS8PrivateKey(key)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600))
		_, err = auth.New(c)
		require.ErrorContains(t, err, "not a public key")
	})
}

func TestConfigurationThatIsRefused(t *testing.T) {
	good := func() auth.IssuerConfig {
		return auth.IssuerConfig{Issuer: "https://idp.example", Audience: "tocsin", JWKSURL: "https://idp.example/keys", Labels: map[string]string{"tenant": "tenant"}}
	}
	for name, spoil := range map[string]func(*auth.IssuerConfig){
		"no issuer":               func(c *auth.IssuerConfig) { c.Issuer = "" },
		"no audience":             func(c *auth.IssuerConfig) { c.Audience = "" },
		"http":                    func(c *auth.IssuerConfig) { c.JWKSURL = "http://idp.example/keys" },
		"http loopback, not dev":  func(c *auth.IssuerConfig) { c.JWKSURL = "http://127.0.0.1/keys" },
		"a password in the URL":   func(c *auth.IssuerConfig) { c.JWKSURL = "https://a:b@idp.example/keys" },
		"a file URL":              func(c *auth.IssuerConfig) { c.JWKSURL = "file:///etc/keys" },
		"discovery below no URL":  func(c *auth.IssuerConfig) { c.Issuer, c.JWKSURL = "idp", "" },
		"URL and file":            func(c *auth.IssuerConfig) { c.KeyFile = "keys" },
		"no such file":            func(c *auth.IssuerConfig) { c.JWKSURL, c.KeyFile = "", "/nonexistent" },
		"kind subject":            func(c *auth.IssuerConfig) { c.Labels["subject"] = "sub" },
		"kind cohort":             func(c *auth.IssuerConfig) { c.Labels["cohort"] = "cohort" },
		"kind surface":            func(c *auth.IssuerConfig) { c.Labels["surface"] = "x" },
		"kind Tenant":             func(c *auth.IssuerConfig) { c.Labels["Tenant"] = "x" },
		"no claim":                func(c *auth.IssuerConfig) { c.Labels["group"] = "" },
		"mapped, not allowed":     func(c *auth.IssuerConfig) { c.Allowed = map[string][]string{} },
		"allowed without pattern": func(c *auth.IssuerConfig) { c.Allowed = map[string][]string{"tenant": nil} },
		"allowed, not mapped":     func(c *auth.IssuerConfig) { c.Allowed = map[string][]string{"tenant": {"*"}, "group": {"*"}} },
		"bad pattern":             func(c *auth.IssuerConfig) { c.Allowed = map[string][]string{"tenant": {"[a"}} },
		"empty pattern":           func(c *auth.IssuerConfig) { c.Allowed = map[string][]string{"tenant": {""}} },
	} {
		ic := good()
		spoil(&ic)
		_, err := auth.New(auth.Config{Issuers: []auth.IssuerConfig{ic}})
		require.Error(t, err, name)
	}
	_, err := auth.New(auth.Config{Issuers: []auth.IssuerConfig{good()}})
	require.NoError(t, err)
	_, err = auth.New(auth.Config{Issuers: []auth.IssuerConfig{good(), good()}})
	require.ErrorContains(t, err, "twice")
	_, err = auth.New(auth.Config{Refresh: -1})
	require.Error(t, err)
	remote := good()
	remote.JWKSURL = "http://idp.example/keys"
	_, err = auth.New(auth.Config{Issuers: []auth.IssuerConfig{remote}, Dev: true})
	require.ErrorContains(t, err, "https", "dev mode allows http to loopback only")
}

// Without a certificate that is trusted, a provider is no provider; with one it
// may not send us on to plain http.
func TestTLS(t *testing.T) {
	issuer := authtest.NewOffline(t)
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write(issuer.JWKS()) }))
	defer plain.Close()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/downgrade" {
			http.Redirect(w, r, "http://"+r.Host+"/keys", http.StatusFound)
			return
		}
		w.Write(issuer.JWKS())
	}))
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, 0)
	defer server.Close()
	trusting := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs}, DisableKeepAlives: true}
	for name, tt := range map[string]struct {
		path      string
		transport http.RoundTripper
		said      string
	}{
		"trusted":   {"/keys", trusting, "key source is fresh"},
		"untrusted": {"/keys", nil, "certificate"},
		"downgrade": {"/downgrade", trusting, "redirected"},
	} {
		t.Run(name, func(t *testing.T) {
			out := &log{}
			a, err := auth.New(auth.Config{
				Issuers:   []auth.IssuerConfig{{Issuer: issuer.URL, Audience: authtest.Audience, JWKSURL: server.URL + tt.path}},
				Transport: tt.transport, Logger: out.Logger(),
			})
			require.NoError(t, err)
			authtest.Start(t, a)
			require.Eventually(t, func() bool { return strings.Contains(out.String(), tt.said) }, 20*time.Second, time.Millisecond)
			require.Equal(t, name == "trusted", grant(a, issuer.Token(nil)).Tier == auth.Private)
		})
	}
}

// slowly is a transport that takes its time.
type slowly struct {
	http.RoundTripper
	wait time.Duration
}

func (s slowly) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(s.wait)
	return s.RoundTripper.RoundTrip(r)
}

// Keys that lapse while others are on their way leave no session degraded.
func TestKeysLapseDuringFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		issuer := authtest.NewOffline(t)
		c := oneIssuer(issuer)
		c.Transport, c.Refresh, c.FetchGap = slowly{issuer.Transport(), 4 * time.Second}, 10*time.Second, time.Second
		a := authtest.Run(t, c, issuer)
		h := a.Admit(auth.Credentials{Tokens: []string{issuer.Token(nil)}})
		// Each fetch begins 7.5 to 9.5 s after the one before, and takes 4 s.
		for end := time.Now().Add(time.Minute); a.Grant(h).Reason != auth.ReasonKeysStale; time.Sleep(100 * time.Millisecond) {
			require.True(t, time.Now().Before(end), "the keys never lapse")
		}
		time.Sleep(5 * time.Second)
		require.Equal(t, auth.StateOK, a.Grant(h).State)
	})
}
