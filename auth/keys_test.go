package auth_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/auth/authtest"
)

func TestKeysThatMustNotCount(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Setenv("GODEBUG", "rsa1024min=0")
		small, err = rsa.GenerateKey(rand.Reader, 1024)
	}
	require.NoError(t, err)
	almost, err := rsa.GenerateKey(rand.Reader, 2047)
	require.NoError(t, err)
	large, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	b64 := base64.RawURLEncoding.EncodeToString
	rsaJWK := func(k *rsa.PrivateKey, more map[string]any) map[string]any {
		m := map[string]any{"kty": "RSA", "kid": "k", "n": b64(k.N.Bytes()), "e": "AQAB"}
		maps.Copy(m, more)
		return m
	}
	okp := func(more map[string]any) map[string]any {
		m := map[string]any{"kty": "OKP", "kid": "k", "crv": "Ed25519", "x": b64(ed[32:])}
		maps.Copy(m, more)
		return m
	}
	spare := okp(map[string]any{"kid": "spare"})

	for name, tt := range map[string]struct {
		jwk    map[string]any
		method jwt.SigningMethod
		key    any
		tier   auth.Tier
	}{
		"RSA 1024":                 {rsaJWK(small, nil), jwt.SigningMethodRS256, small, auth.Public},
		"RSA 2047":                 {rsaJWK(almost, nil), jwt.SigningMethodRS256, almost, auth.Public},
		"RSA 2048":                 {rsaJWK(large, nil), jwt.SigningMethodRS256, large, auth.Private},
		"RSA 2048, padded":         {rsaJWK(large, map[string]any{"e": "AQAB=="}), jwt.SigningMethodRS256, large, auth.Private},
		"RSA for encryption":       {rsaJWK(large, map[string]any{"use": "enc"}), jwt.SigningMethodRS256, large, auth.Public},
		"RSA for signing only":     {rsaJWK(large, map[string]any{"key_ops": []string{"sign"}}), jwt.SigningMethodRS256, large, auth.Public},
		"RSA for another alg":      {rsaJWK(large, map[string]any{"alg": "PS256"}), jwt.SigningMethodRS256, large, auth.Public},
		"RSA with e 1":             {rsaJWK(large, map[string]any{"e": "AQ"}), jwt.SigningMethodRS256, large, auth.Public},
		"RSA with e 2⁶⁴ too big":   {rsaJWK(large, map[string]any{"e": "AQAAAAAAAQAB"}), jwt.SigningMethodRS256, large, auth.Public},
		"RSA, private published":   {rsaJWK(large, map[string]any{"d": b64(large.D.Bytes())}), jwt.SigningMethodRS256, large, auth.Public},
		"RSA, broken x5c":          {rsaJWK(large, map[string]any{"x5c": []string{"!"}, "x5u": "http://169.254.169.254/"}), jwt.SigningMethodRS256, large, auth.Private},
		"P-384 as ES384":           {map[string]any{"kty": "EC", "kid": "k", "crv": "P-384", "x": b64(p384.X.Bytes()), "y": b64(p384.Y.Bytes())}, jwt.SigningMethodES384, p384, auth.Public},
		"EC off the curve":         {map[string]any{"kty": "EC", "kid": "k", "crv": "P-256", "x": "AQ", "y": "AQ"}, jwt.SigningMethodEdDSA, ed, auth.Public},
		"EC with x of 1,000 bytes": {map[string]any{"kty": "EC", "kid": "k", "crv": "P-256", "x": b64(make([]byte, 1000)), "y": b64(slices.Repeat([]byte{9}, 1000))}, jwt.SigningMethodEdDSA, ed, auth.Public},
		"symmetric":                {map[string]any{"kty": "oct", "kid": "k", "k": b64([]byte("secret"))}, jwt.SigningMethodHS256, []byte("secret"), auth.Public},
		"X25519":                   {map[string]any{"kty": "OKP", "kid": "k", "crv": "X25519", "x": b64(ed[32:])}, jwt.SigningMethodEdDSA, ed, auth.Public},
		"Ed25519":                  {okp(nil), jwt.SigningMethodEdDSA, ed, auth.Private},
		"Ed25519 cut":              {okp(map[string]any{"x": b64(ed[32:60])}), jwt.SigningMethodEdDSA, ed, auth.Public},
		"members of wrong types":   {map[string]any{"kty": 7, "kid": []int{1}}, jwt.SigningMethodEdDSA, ed, auth.Public},
	} {
		t.Run(name, func(t *testing.T) {
			set, err := json.Marshal(map[string]any{"keys": []any{tt.jwk, spare}})
			require.NoError(t, err)
			file := filepath.Join(t.TempDir(), "keys.json")
			require.NoError(t, os.WriteFile(file, set, 0o600))
			const name = "https://issuer.example"
			a := newAuthority(t, auth.Config{Issuers: []auth.IssuerConfig{{Issuer: name, Audience: authtest.Audience, KeyFile: file}}})
			require.Equal(t, tt.tier, grant(a, forge(t, name, tt.method, tt.key, map[string]any{"kid": "k"}, nil)).Tier)
			require.Equal(t, auth.Private, grant(a, forge(t, name, jwt.SigningMethodEdDSA, ed, map[string]any{"kid": "spare"}, nil)).Tier,
				"a bad key does not spoil the set")
		})
	}
}

func TestKeySetLimits(t *testing.T) {
	set := func(n int) []byte {
		keys := make([]map[string]string, n)
		for i := range keys {
			_, key, err := ed25519.GenerateKey(rand.Reader)
			require.NoError(t, err)
			keys[i] = map[string]string{"kty": "OKP", "crv": "Ed25519", "kid": fmt.Sprint(i), "x": base64.RawURLEncoding.EncodeToString(key[32:])}
		}
		text, err := json.Marshal(map[string]any{"keys": keys})
		require.NoError(t, err)
		return text
	}
	n, err := auth.ParseKeys(set(100))
	require.NoError(t, err)
	require.Equal(t, 100, n)
	_, err = auth.ParseKeys(set(101))
	require.ErrorContains(t, err, "more than 100 keys")
	_, err = auth.ParseKeys([]byte(`{"keys":[` + strings.Repeat(`{},`, 300_000) + `{}]}`))
	require.ErrorContains(t, err, "more than 100 keys")
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	b64 := base64.RawURLEncoding.EncodeToString
	_, err = auth.ParseKeys([]byte(`{"keys":[{"kty":"EC","crv":"P-384","x":"` + b64(p384.X.Bytes()) + `","y":"` + b64(p384.Y.Bytes()) + `"}]}`))
	require.ErrorContains(t, err, "no key", "ES256 is P-256 and nothing else")
	for _, text := range []string{"", "null", "[]", "{}", `{"keys":null}`, `{"keys":{}}`, `{"keys":[]}`, `{"keys":[null]}`, `{"keys":[{}]}`, "<html>"} {
		_, err = auth.ParseKeys([]byte(text))
		require.Error(t, err, text)
	}
}

// Of two keys with one kid the first counts, and neither is guessed at.
func TestKidsThatAreNotUnique(t *testing.T) {
	_, first, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	_, second, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	jwk := func(k ed25519.PrivateKey, kid string) map[string]string {
		return map[string]string{"kty": "OKP", "crv": "Ed25519", "kid": kid, "x": base64.RawURLEncoding.EncodeToString(k[32:])}
	}
	const name = "https://issuer.example"
	for _, tt := range []struct {
		kid    string         // of both keys
		header map[string]any // of the tokens
		first  auth.Tier
		second auth.Tier
	}{
		{"k", map[string]any{"kid": "k"}, auth.Private, auth.Public},
		{"", map[string]any{"kid": "k"}, auth.Public, auth.Public},
		{"", nil, auth.Public, auth.Public},
	} {
		set, err := json.Marshal(map[string]any{"keys": []any{jwk(first, tt.kid), jwk(second, tt.kid)}})
		require.NoError(t, err)
		file := filepath.Join(t.TempDir(), "keys.json")
		require.NoError(t, os.WriteFile(file, set, 0o600))
		a := newAuthority(t, auth.Config{Issuers: []auth.IssuerConfig{{Issuer: name, Audience: authtest.Audience, KeyFile: file}}})
		require.Equal(t, tt.first, grant(a, forge(t, name, jwt.SigningMethodEdDSA, first, tt.header, nil)).Tier)
		require.Equal(t, tt.second, grant(a, forge(t, name, jwt.SigningMethodEdDSA, second, tt.header, nil)).Tier)
	}
}

// A key that is replaced under its old kid is withdrawn like any other.
func TestKeyReplacedUnderItsKid(t *testing.T) {
	_, first, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	_, second, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	const name = "https://issuer.example"
	file := filepath.Join(t.TempDir(), "keys.json")
	publish := func(k ed25519.PrivateKey) {
		set := `{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","x":"` + base64.RawURLEncoding.EncodeToString(k[32:]) + `"}]}`
		require.NoError(t, os.WriteFile(file+".next", []byte(set), 0o600))
		require.NoError(t, os.Rename(file+".next", file))
	}
	publish(first)
	a := newAuthority(t, auth.Config{
		Issuers: []auth.IssuerConfig{{Issuer: name, Audience: authtest.Audience, KeyFile: file}},
		Refresh: 50 * time.Millisecond, FetchGap: 10 * time.Millisecond,
	})
	token := forge(t, name, jwt.SigningMethodEdDSA, first, map[string]any{"kid": "k"}, nil)
	h := a.Admit(auth.Credentials{Tokens: []string{token}})
	require.Equal(t, auth.Private, a.Grant(h).Tier)
	publish(second)
	authtest.Start(t, a)
	authtest.Await(t, a, func() bool { return a.Grant(h).Tier != auth.Private })
	require.Equal(t, auth.ReasonKeyWithdrawn, a.Grant(h).Reason)
	require.Equal(t, auth.ReasonSignature, grant(a, token).Reason)
	publish(first)
	authtest.Await(t, a, func() bool { return a.Grant(h).Tier == auth.Private })
}
