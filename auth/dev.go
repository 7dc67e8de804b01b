package auth

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
)

const (
	devName  = "https://issuer.tocsin.invalid/dev"
	devAud   = "tocsin-dev"
	devKeyID = "dev"
	devLife  = time.Hour
)

// devKinds are the labels that a dev token may prove, each by the claim of its name.
var devKinds = []string{"group", "session", "tenant"}

// DevIssuer makes tokens for whoever asks. It exists for trying Tocsin out on
// one machine, and is never part of a hub that anybody else can reach.
type DevIssuer struct {
	key  ed25519.PrivateKey
	keys string // path of its JWK Set
}

// OpenDevIssuer reads the issuer's key from dir, and makes dir and key if they
// are not there.
func OpenDevIssuer(dir string) (*DevIssuer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("opening dev issuer: %w", err)
	}
	d := &DevIssuer{keys: filepath.Join(dir, "issuer.jwks")}
	path := filepath.Join(dir, "issuer.key")
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		err = d.make(path)
	case err == nil:
		err = d.parse(text)
	}
	if err == nil {
		err = d.publish()
	}
	if err != nil {
		return nil, fmt.Errorf("opening dev issuer: %w", err)
	}
	return d, nil
}

func (d *DevIssuer) make(path string) (err error) {
	if _, d.key, err = ed25519.GenerateKey(rand.Reader); err != nil {
		return err
	}
	der, err := x509.MarshalPKCS8PrivateKey(d.key)
	if err != nil {
		return err
	}
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600)
}

func (d *DevIssuer) parse(text []byte) error {
	block, _ := pem.Decode(text)
	if block == nil {
		return errors.New("issuer.key is not PEM")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return err
	}
	var ok bool
	if d.key, ok = key.(ed25519.PrivateKey); !ok {
		return errors.New("issuer.key is not an Ed25519 key")
	}
	return nil
}

// publish writes the JWK Set, so that a DevIssuer needs no server to be believed.
func (d *DevIssuer) publish() error {
	k, err := jwkset.NewJWKFromKey(d.key.Public(), jwkset.JWKOptions{
		Metadata: jwkset.JWKMetadataOptions{KID: devKeyID, USE: jwkset.UseSig},
	})
	if err != nil {
		return err
	}
	set, err := json.Marshal(jwkset.JWKSMarshal{Keys: []jwkset.JWKMarshal{k.Marshal()}})
	if err != nil {
		return err
	}
	return os.WriteFile(d.keys, set, 0o644)
}

// IssuerConfig is what an Authority needs to believe this issuer.
func (d *DevIssuer) IssuerConfig() IssuerConfig {
	c := IssuerConfig{Issuer: devName, Audience: devAud, KeyFile: d.keys, Labels: map[string]string{}}
	for _, kind := range devKinds {
		c.Labels[kind] = kind
	}
	return c
}

// Token makes a token that is good for life (0: an hour, at most 24 h). labels
// are claims: kind → values.
func (d *DevIssuer) Token(sub string, labels map[string][]string, life time.Duration) (string, error) {
	if life <= 0 || life > tokenLife {
		life = devLife
	}
	now := time.Now()
	claims := jwt.MapClaims{
		"iss": devName, "aud": devAud, "sub": sub,
		"iat": now.Unix(), "exp": now.Add(life).Unix(),
	}
	for _, kind := range devKinds {
		if values := labels[kind]; len(values) > 0 {
			claims[kind] = values
		}
	}
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	t.Header["kid"] = devKeyID
	return t.SignedString(d.key)
}

// Handler serves GET /dev/token?sub=…&tenant=…&group=…&session=…&life=10m: a
// token as plain text. All but sub may be left out; tenant, group and session
// may be repeated.
func (d *DevIssuer) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /dev/token", d.serveToken)
	return mux
}

func (d *DevIssuer) serveToken(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	known := append([]string{"sub", "life"}, devKinds...)
	for name := range q {
		if !slices.Contains(known, name) {
			http.Error(w, fmt.Sprintf("unknown parameter %q", name), http.StatusBadRequest)
			return
		}
	}
	var life time.Duration
	if s := q.Get("life"); s != "" {
		var err error
		if life, err = time.ParseDuration(s); err != nil || life <= 0 || life > tokenLife {
			http.Error(w, "life: want a duration up to 24h", http.StatusBadRequest)
			return
		}
	}
	sub := q.Get("sub")
	if sub == "" || len(sub) > maxSubject {
		http.Error(w, "sub: want the subject's id", http.StatusBadRequest)
		return
	}
	token, err := d.Token(sub, q, life)
	if err != nil {
		http.Error(w, "signing failed", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	io.WriteString(w, token+"\n")
}
