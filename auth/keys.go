package auth

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strconv"

	"github.com/MicahParks/jwkset"
)

const (
	maxKeySet  = 1 << 20 // bytes
	maxKeys    = 100
	minRSABits = 2048 // RFC 7518, 3.3
	maxRSABits = 8192 // a larger modulus makes each token cost milliseconds
)

// algorithms is the allow-list. Every one is asymmetric: nothing that verifies
// could also sign.
var algorithms = []string{"RS256", "PS256", "ES256", "EdDSA"}

var (
	errNoKeys      = errors.New("no key that can verify a token")
	errTooManyKeys = fmt.Errorf("more than %d keys", maxKeys)
)

// keySet is an immutable set of the keys of one issuer that can verify tokens.
type keySet struct {
	store  jwkset.Storage
	all    []jwkset.JWK
	digest [sha256.Size]byte // of what the keys are, whatever their order
}

// parseKeys reads a JWK Set (RFC 7517) or PEM public keys. Keys that can't
// verify a token are left out, as RFC 7517, section 5 has it: other types and
// curves, small RSA, other uses, private or symmetric ones. A set that has none
// left is an error: a provider that answers with an empty set is broken, and
// has not taken back all its keys.
func parseKeys(text []byte) (*keySet, error) {
	var keys []jwkset.JWK
	var err error
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("-----BEGIN")) {
		keys, err = parsePEM(text)
	} else {
		keys, err = parseJWKS(text)
	}
	if err != nil {
		return nil, err
	}
	return newKeySet(keys)
}

func parseJWKS(text []byte) ([]jwkset.JWK, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil {
		return nil, errors.New("not a JWK Set") // without the text
	}
	if len(set.Keys) > maxKeys {
		return nil, errTooManyKeys
	}
	var keys []jwkset.JWK
	for _, raw := range set.Keys {
		var m jwkset.JWKMarshal
		if err := json.Unmarshal(raw, &m); err != nil {
			continue
		}
		if k, ok := newKey(m); ok {
			keys = append(keys, k)
		}
	}
	return keys, nil
}

// newKey makes a key of what a set says. Certificates are not looked at, and
// nothing that a key points to is fetched.
func newKey(m jwkset.JWKMarshal) (k jwkset.JWK, ok bool) {
	m.X5U, m.X5C, m.X5T, m.X5TS256 = "", nil, "", ""
	if m.D != "" || m.K != "" || len(m.E) > 8 { // private; or an exponent that jwkset would cut
		return k, false
	}
	if m.USE != "" && m.USE != jwkset.UseSig {
		return k, false
	}
	if len(m.KEYOPS) > 0 && !slices.Contains(m.KEYOPS, jwkset.KeyOpsVerify) {
		return k, false
	}
	// jwkset's own validation panics on a coordinate that is too long for its
	// curve (v0.5.19); usable does what is needed.
	k, err := jwkset.NewJWKFromMarshal(m, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{SkipAll: true})
	return k, err == nil && usable(k.Key())
}

// usable reports whether a key is of a type and size that algorithms allows.
func usable(key any) bool {
	switch key := key.(type) {
	case *rsa.PublicKey:
		bits := key.N.BitLen()
		return bits >= minRSABits && bits <= maxRSABits && key.E >= 3 && key.E&1 == 1 && key.E < 1<<31
	case *ecdsa.PublicKey:
		_, err := key.ECDH() // fails off the curve
		return err == nil && key.Curve == elliptic.P256()
	case ed25519.PublicKey:
		return len(key) == ed25519.PublicKeySize
	}
	return false
}

func parsePEM(text []byte) ([]jwkset.JWK, error) {
	var keys []jwkset.JWK
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return keys, nil
		}
		if len(keys) == maxKeys {
			return nil, errTooManyKeys
		}
		if block.Type != "PUBLIC KEY" && block.Type != "RSA PUBLIC KEY" {
			return nil, fmt.Errorf("PEM block %d is not a public key", len(keys)+1)
		}
		key, err := jwkset.LoadX509KeyInfer(block)
		if err != nil || !usable(key) {
			return nil, fmt.Errorf("PEM block %d: not an RSA (at least %d bits), P-256 or Ed25519 key", len(keys)+1, minRSABits)
		}
		k, err := jwkset.NewJWKFromKey(key, jwkset.JWKOptions{})
		if err != nil {
			return nil, fmt.Errorf("PEM block %d: %w", len(keys)+1, err)
		}
		keys = append(keys, k)
	}
}

func newKeySet(keys []jwkset.JWK) (*keySet, error) {
	s := &keySet{store: jwkset.NewMemoryStorage()}
	var prints [][]byte
	for _, k := range keys {
		m := k.Marshal()
		if m.KID != "" {
			if _, err := s.store.KeyRead(context.Background(), m.KID); err == nil {
				continue // the first of a kid counts; jwkset would keep the last
			}
			if err := s.store.KeyWrite(context.Background(), k); err != nil {
				return nil, err
			}
		}
		der, err := x509.MarshalPKIXPublicKey(k.Key())
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(append(der, strconv.Quote(m.KID)+string(m.ALG)...))
		prints = append(prints, sum[:])
		s.all = append(s.all, k)
	}
	if len(s.all) == 0 {
		return nil, errNoKeys
	}
	slices.SortFunc(prints, bytes.Compare)
	s.digest = sha256.Sum256(bytes.Join(prints, nil))
	return s, nil
}

// choose finds the key for a token's kid and alg: the key of that kid, or, for
// keys or tokens that have none, the only key that fits the algorithm.
func (s *keySet) choose(kid, alg string) (crypto.PublicKey, Reason) {
	if kid != "" {
		if k, err := s.store.KeyRead(context.Background(), kid); err == nil {
			if !fits(k, alg) {
				return nil, ReasonAlgorithm
			}
			return k.Key(), ""
		}
	}
	var found crypto.PublicKey
	for _, k := range s.all {
		if (kid != "" && k.Marshal().KID != "") || !fits(k, alg) {
			continue
		}
		if found != nil {
			return nil, ReasonKeyUnknown
		}
		found = k.Key()
	}
	if found == nil {
		return nil, ReasonKeyUnknown
	}
	return found, ""
}

// holds reports whether the set would choose this same key again.
func (s *keySet) holds(kid, alg string, key crypto.PublicKey) bool {
	now, reason := s.choose(kid, alg)
	if reason != "" {
		return false
	}
	k, ok := now.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(key)
}

// fits reports whether a token of this algorithm may be verified with k: the
// type of the key must be the algorithm's, and so must the algorithm that the
// set names for it.
func fits(k jwkset.JWK, alg string) bool {
	if named := k.Marshal().ALG; named != "" && string(named) != alg {
		return false
	}
	switch k.Key().(type) {
	case *rsa.PublicKey:
		return alg == "RS256" || alg == "PS256"
	case *ecdsa.PublicKey:
		return alg == "ES256"
	case ed25519.PublicKey:
		return alg == "EdDSA"
	}
	return false
}
