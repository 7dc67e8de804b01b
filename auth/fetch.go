package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// fetchTimeout bounds one fetch, discovery and all, to its last byte.
const fetchTimeout = 5 * time.Second

const maxRedirects = 3

var (
	errTooLarge = fmt.Errorf("more than %d bytes", maxKeySet)
	errRedirect = errors.New("redirected to another host, or too often")
)

// remote is where an issuer publishes its keys.
type remote struct {
	issuer    string
	jwks      *url.URL // nil: found by discovery
	discovery *url.URL
	dev       bool
	client    *http.Client
}

func (r *remote) String() string {
	if r.jwks != nil {
		return r.jwks.String()
	}
	return r.discovery.String()
}

func (r *remote) fetch(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	if r.jwks != nil {
		return r.get(ctx, r.jwks)
	}
	u, err := r.discover(ctx)
	if err != nil {
		return nil, err
	}
	return r.get(ctx, u)
}

// discover asks the issuer where its keys are (OpenID Connect Discovery 1.0,
// section 4). They must be on its own host: whoever controls the answer could
// otherwise have every node call wherever it likes.
func (r *remote) discover(ctx context.Context) (*url.URL, error) {
	text, err := r.get(ctx, r.discovery)
	if err != nil {
		return nil, fmt.Errorf("discovery: %w", err)
	}
	var doc struct {
		Issuer  string `json:"issuer"`
		JWKSURI string `json:"jwks_uri"`
	}
	if json.Unmarshal(text, &doc) != nil {
		return nil, errors.New("discovery: not JSON")
	}
	if doc.Issuer != r.issuer {
		return nil, errors.New("discovery: answers for another issuer")
	}
	u, err := r.parse(doc.JWKSURI)
	if err != nil {
		return nil, fmt.Errorf("discovery: jwks_uri: %w", err)
	}
	if u.Host != r.discovery.Host {
		return nil, errors.New("discovery: jwks_uri is on another host; if that is right, configure it as the JWKS URL")
	}
	return u, nil
}

func (r *remote) get(ctx context.Context, u *url.URL) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/jwk-set+json, application/json")
	resp, err := r.client.Do(req)
	if err != nil {
		var ue *url.Error
		if errors.As(err, &ue) {
			err = ue.Err // without the URL, which a redirect may have written
		}
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", resp.StatusCode)
	}
	return readBounded(resp.Body)
}

// sameHost lets a fetch be redirected within the host that was configured.
func sameHost(req *http.Request, via []*http.Request) error {
	first := via[0].URL
	if len(via) > maxRedirects || req.URL.Host != first.Host || req.URL.Scheme != first.Scheme {
		return errRedirect
	}
	return nil
}
