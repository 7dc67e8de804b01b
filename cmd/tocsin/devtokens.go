package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// devTokens is the demo issuer: it gives a patient's token to whoever asks. It
// exists in dev mode only, where all listeners are on loopback.
type devTokens struct {
	key ed25519.PrivateKey
	now func() time.Time
}

// devTokenLife is short enough to see a token end in an afternoon's trying, and the
// most that ttl= may ask for.
const devTokenLife = time.Hour

// edgeLeeway is how much longer than exp edges believe a token (docs/protocol.md says
// so of clocks). ttl= means the time until they stop, so exp is earlier.
const edgeLeeway = 120 * time.Second

// ServeHTTP answers GET /dev/token?sub=…&tenant=…&group=…&session=… with a JWT in
// plain text. Only sub is required; ttl=5s (1s to 1h) makes it end while one looks.
func (d devTokens) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	if query.Get("sub") == "" {
		http.Error(w, "say who: /dev/token?sub=pat-1&tenant=north (also group=, session=)", http.StatusBadRequest)
		return
	}
	life, err := tokenLife(query.Get("ttl"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	fmt.Fprintln(w, d.sign(d.claims(query, life)))
}

// tokenLife is how long after now a token's exp is.
func tokenLife(ttl string) (time.Duration, error) {
	if ttl == "" {
		return devTokenLife, nil
	}
	life, err := time.ParseDuration(ttl)
	if err != nil || life < time.Second || life > devTokenLife {
		return 0, errors.New("ttl: how long edges are to believe the token, from 1s to 1h")
	}
	return life - edgeLeeway, nil
}

func (d devTokens) claims(query url.Values, life time.Duration) map[string]any {
	at := d.now()
	claims := map[string]any{
		"iss": devIssuerName, "aud": devAudience, "sub": query.Get("sub"),
		"iat": at.Unix(), "exp": at.Add(life).Unix(),
	}
	for claim := range devLabels {
		if values := query[claim]; len(values) > 0 {
			claims[claim] = values
		}
	}
	return claims
}

// sign makes the JWT (RFC 7519, EdDSA of RFC 8037). It is done by hand because
// a library of tokens belongs to package auth, which only reads them.
func (d devTokens) sign(claims map[string]any) string {
	header := map[string]any{"alg": "EdDSA", "typ": "JWT", "kid": devKeyID(d.key.Public().(ed25519.PublicKey))}
	signed := segment(header) + "." + segment(claims)
	return signed + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(d.key, []byte(signed)))
}

func segment(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and numbers always encode
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

// devLabels says which claim of a demo token proves which kind of label.
var devLabels = map[string]string{"tenant": "tenant", "group": "group", "session": "session"}
