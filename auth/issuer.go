package auth

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// IssuerConfig names an issuer of tokens, where its keys are, and what it may
// prove. Without JWKSURL and KeyFile, the keys are found by OpenID discovery
// below Issuer.
type IssuerConfig struct {
	// Issuer is the iss of its tokens, exactly. Required.
	Issuer string
	// Audience must be among a token's aud. Required.
	Audience string
	// JWKSURL is where its JWK Set is (https).
	JWKSURL string
	// KeyFile holds a JWK Set, or public keys in PEM. It is read again at
	// every refresh.
	KeyFile string
	// Labels says which claim proves which kind of label: kind → claim. The
	// claim is a string or an array of strings; its name may be a path into
	// nested objects ("realm_access.roles").
	Labels map[string]string
	// Allowed limits the values of each kind: kind → patterns of path.Match,
	// of which one must match. Nil: every value of the kinds in Labels. If it
	// is not nil, it must name each of those kinds.
	Allowed map[string][]string
	// SessionClaim is the claim that names one login, for revoking it;
	// default "sid".
	SessionClaim string
	// Refresh and FetchGap are those of Config, for this issuer; 0: Config's.
	Refresh, FetchGap time.Duration
	// StaleLimit is how long its last good keys count while fetching fails; 0: 24 h,
	// which is also the most.
	StaleLimit time.Duration
}

// issuer is an IssuerConfig made ready; immutable but for its source.
type issuer struct {
	name         string
	audience     string
	sessionClaim string
	mappings     []mapping
	labelOK      func(string) bool
	source       *source
}

func (a *Authority) newIssuer(c Config, ic IssuerConfig) (*issuer, error) {
	if ic.Issuer == "" || ic.Issuer == "sid" || ic.Issuer == "cohort" || len(ic.Issuer) > 512 || strings.ContainsRune(ic.Issuer, 0) {
		return nil, errors.New("want the iss of its tokens")
	}
	if ic.Audience == "" {
		return nil, errors.New("no audience: any token of the issuer would count")
	}
	if ic.Refresh < 0 || ic.FetchGap < 0 || ic.StaleLimit < 0 {
		return nil, errors.New("a negative time")
	}
	maps, err := ic.mappings()
	if err != nil {
		return nil, err
	}
	is := &issuer{
		name:         ic.Issuer,
		audience:     ic.Audience,
		sessionClaim: cmp.Or(ic.SessionClaim, "sid"),
		mappings:     maps,
		labelOK:      a.labelOK,
	}
	is.source, err = a.newSource(c, ic)
	return is, err
}

// newSource decides where an issuer's keys come from, and loads those that
// are at hand.
func (a *Authority) newSource(c Config, ic IssuerConfig) (*source, error) {
	s := &source{
		issuer:  ic.Issuer,
		refresh: cmp.Or(ic.Refresh, c.Refresh),
		limit:   min(cmp.Or(ic.StaleLimit, staleLimit), staleLimit),
		gap:     cmp.Or(ic.FetchGap, c.FetchGap),
		now:     a.now,
		changed: a.touch,
		log:     a.log.With("issuer", ic.Issuer),
		fetches: a.metrics.fetches,
		kick:    make(chan struct{}, 1),
	}
	s.refresh = min(s.refresh, s.limit)
	if ic.KeyFile != "" {
		if ic.JWKSURL != "" {
			return nil, errors.New("both a JWKS URL and a key file")
		}
		s.origin = ic.KeyFile
		s.load = func(context.Context) ([]byte, error) { return readKeyFile(ic.KeyFile) }
		return s, s.attempt(context.Background())
	}
	r, err := newRemote(c, ic)
	if err != nil {
		return nil, err
	}
	s.origin, s.load = r.String(), r.fetch
	if c.CacheDir != "" {
		if err := os.MkdirAll(c.CacheDir, 0o700); err != nil {
			return nil, fmt.Errorf("making the folder of last good keys: %w", err)
		}
		name := sha256.Sum256([]byte(ic.Issuer))
		s.cache = filepath.Join(c.CacheDir, "keys-"+hex.EncodeToString(name[:8])+".json")
		s.restore()
	}
	return s, nil
}

func newRemote(c Config, ic IssuerConfig) (*remote, error) {
	r := &remote{issuer: ic.Issuer, dev: c.Dev, client: newClient(c.Transport)}
	var err error
	if ic.JWKSURL != "" {
		r.jwks, err = r.parse(ic.JWKSURL)
	} else {
		r.discovery, err = r.parse(strings.TrimSuffix(ic.Issuer, "/") + "/.well-known/openid-configuration")
	}
	return r, err
}

// parse accepts https URLs, and in dev mode http ones of this machine.
func (r *remote) parse(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || u.Host == "" || u.User != nil {
		return nil, errors.New("keys: want an https URL without credentials, or a key file")
	}
	if u.Scheme == "https" || (u.Scheme == "http" && r.dev && isLoopback(u.Hostname())) {
		return u, nil
	}
	return nil, errors.New("keys: want https (http only in dev mode, to a loopback address)")
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

func newClient(t http.RoundTripper) *http.Client {
	if t == nil {
		t = &http.Transport{
			DisableKeepAlives:      true, // a fetch every few minutes is not worth a connection
			DisableCompression:     true, // maxKeySet counts what is sent
			MaxResponseHeaderBytes: 32 << 10,
		}
	}
	return &http.Client{Transport: t, CheckRedirect: sameHost}
}

func readKeyFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readBounded(f)
}

func readBounded(r io.Reader) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxKeySet+1))
	if err == nil && len(text) > maxKeySet {
		err = errTooLarge
	}
	return text, err
}
