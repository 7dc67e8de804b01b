package auth_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"math/big"
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

// forge signs claims that would be good, with whatever header, method and key.
func forge(t *testing.T, issuer string, method jwt.SigningMethod, key any, header, claims map[string]any) string {
	t.Helper()
	now := time.Now()
	all := jwt.MapClaims{
		"iss": issuer, "aud": authtest.Audience, "sub": "mallory",
		"iat": now.Unix(), "exp": now.Add(time.Hour).Unix(),
	}
	maps.Copy(all, claims)
	token := jwt.NewWithClaims(method, all)
	maps.Copy(token.Header, header)
	signed, err := token.SignedString(key)
	require.NoError(t, err)
	return signed
}

func segment(v string) string { return base64.RawURLEncoding.EncodeToString([]byte(v)) }

func TestForgedTokensGiveNothing(t *testing.T) {
	issuer, other := authtest.New(t), authtest.New(t)
	c := auth.Config{Issuers: []auth.IssuerConfig{issuer.Config(), other.Config()}}
	a := authtest.Run(t, c, issuer, other)

	rsaKid, rsaPublic := issuer.PublicKey("RS256")
	ecKid, _ := issuer.PublicKey("ES256")
	edKid, edPublic := issuer.PublicKey("EdDSA")
	der, err := x509.MarshalPKIXPublicKey(rsaPublic)
	require.NoError(t, err)
	publicPEM := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	_, mine, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	mineEC, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	mineRSA, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	good := issuer.Token(nil)
	parts := strings.Split(good, ".")

	kid := func(k string) map[string]any { return map[string]any{"kid": k} }
	for name, tt := range map[string]struct {
		token  string
		reason auth.Reason
	}{
		"alg none":                              {forge(t, issuer.URL, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, kid(edKid), nil), auth.ReasonAlgorithm},
		"alg NoNe":                              {segment(`{"alg":"NoNe","kid":"`+edKid+`"}`) + "." + parts[1] + ".", auth.ReasonAlgorithm},
		"no alg":                                {segment(`{"kid":"`+edKid+`"}`) + "." + parts[1] + "." + parts[2], auth.ReasonAlgorithm},
		"HS256 with the RSA public key, PEM":    {forge(t, issuer.URL, jwt.SigningMethodHS256, publicPEM, kid(rsaKid), nil), auth.ReasonAlgorithm},
		"HS256 with the RSA public key, DER":    {forge(t, issuer.URL, jwt.SigningMethodHS256, der, kid(rsaKid), nil), auth.ReasonAlgorithm},
		"HS256 with the Ed25519 public key":     {forge(t, issuer.URL, jwt.SigningMethodHS256, []byte(edPublic.(ed25519.PublicKey)), kid(edKid), nil), auth.ReasonAlgorithm},
		"RS384, not on the list":                {forge(t, issuer.URL, jwt.SigningMethodRS384, mineRSA, kid(rsaKid), nil), auth.ReasonAlgorithm},
		"ES384, not on the list":                {forge(t, issuer.URL, jwt.SigningMethodES384, mineEC, kid(ecKid), nil), auth.ReasonAlgorithm},
		"EdDSA with the kid of the RSA key":     {forge(t, issuer.URL, jwt.SigningMethodEdDSA, mine, kid(rsaKid), nil), auth.ReasonAlgorithm},
		"RS256 with the kid of the Ed25519 key": {forge(t, issuer.URL, jwt.SigningMethodRS256, mineRSA, kid(edKid), nil), auth.ReasonAlgorithm},
		"another's key":                         {forge(t, issuer.URL, jwt.SigningMethodEdDSA, mine, kid(edKid), nil), auth.ReasonSignature},
		"another's key, without kid":            {forge(t, issuer.URL, jwt.SigningMethodEdDSA, mine, nil, nil), auth.ReasonSignature},
		"key in the header": {forge(t, issuer.URL, jwt.SigningMethodEdDSA, mine, map[string]any{
			"kid": edKid,
			"jwk": map[string]string{"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(mine[32:])},
		}, nil), auth.ReasonSignature},
		"jku, x5u": {forge(t, issuer.URL, jwt.SigningMethodEdDSA, mine, map[string]any{
			"kid": edKid, "jku": "http://127.0.0.1:1/jwks.json", "x5u": "http://127.0.0.1:1/x5u",
		}, nil), auth.ReasonSignature},
		"crit":                           {issuerSigned(t, issuer, `{"alg":"EdDSA","kid":"`+edKid+`","crit":["b64"],"b64":false}`, parts[1]), auth.ReasonMalformed},
		"kid a path":                     {forge(t, issuer.URL, jwt.SigningMethodEdDSA, mine, kid("../../../../etc/passwd"), nil), auth.ReasonKeyUnknown},
		"kid a file":                     {forge(t, issuer.URL, jwt.SigningMethodHS256, []byte(""), kid("/dev/null"), nil), auth.ReasonAlgorithm},
		"kid SQL":                        {forge(t, issuer.URL, jwt.SigningMethodEdDSA, mine, kid("' OR 1=1 --"), nil), auth.ReasonKeyUnknown},
		"kid not text":                   {forge(t, issuer.URL, jwt.SigningMethodEdDSA, mine, map[string]any{"kid": []string{edKid}}, nil), auth.ReasonMalformed},
		"signature of another token":     {parts[0] + "." + segment(`{"iss":"`+issuer.URL+`"}`) + "." + parts[2], auth.ReasonAudience},
		"signature cut":                  {good[:len(good)-2], auth.ReasonSignature},
		"signature empty":                {parts[0] + "." + parts[1] + ".", auth.ReasonSignature},
		"signature doubled":              {good + parts[2], auth.ReasonSignature},
		"padding bits":                   {parts[0] + "." + parts[1] + "." + padBits(parts[2]), auth.ReasonMalformed},
		"issuer not configured":          {forge(t, "https://evil.example", jwt.SigningMethodEdDSA, mine, kid(edKid), nil), auth.ReasonIssuerUnknown},
		"our issuer, other issuer's key": {other.Token(map[string]any{"iss": issuer.URL}), auth.ReasonSignature},
		"iss twice":                      {forgeRaw(t, mine, edKid, `{"iss":"`+issuer.URL+`","iss":"https://evil.example","aud":"`+authtest.Audience+`","sub":"x","iat":1,"exp":99999999999}`), auth.ReasonIssuerUnknown},
		"five segments (JWE)":            {"a.b.c.d.e", auth.ReasonMalformed},
		"two segments":                   {parts[0] + "." + parts[1], auth.ReasonMalformed},
		"empty":                          {"", auth.ReasonMalformed},
		"dots":                           {"..", auth.ReasonMalformed},
		"header null":                    {segment("null") + "." + parts[1] + "." + parts[2], auth.ReasonAlgorithm},
		"claims null":                    {parts[0] + "." + segment("null") + "." + parts[2], auth.ReasonIssuerUnknown},
		"claims a list":                  {parts[0] + "." + segment("[]") + "." + parts[2], auth.ReasonMalformed},
		"1 MB":                           {issuer.Token(map[string]any{"padding": strings.Repeat("x", 1<<20)}), auth.ReasonMalformed},
		"just over 16 KiB":               {issuer.Token(map[string]any{"padding": strings.Repeat("x", 16<<10)}), auth.ReasonMalformed},
		"deeply nested":                  {parts[0] + "." + segment(strings.Repeat("[", 12000)) + "." + parts[2], auth.ReasonMalformed},
	} {
		t.Run(name, func(t *testing.T) {
			g := grant(a, tt.token)
			require.Equal(t, auth.Public, g.Tier)
			require.Equal(t, auth.StateNone, g.State)
			require.Equal(t, tt.reason, g.Reason)
			require.Empty(t, g.Labels)
			require.Empty(t, g.Ticket)
		})
	}
	require.Equal(t, auth.Private, grant(a, good).Tier, "and the good one still is")
}

// issuerSigned is a token with a header of the attacker's that the issuer's own
// key has signed, so that only the header can be what is refused.
func issuerSigned(t *testing.T, issuer *authtest.Issuer, header, claims string) string {
	t.Helper()
	signed := segment(header) + "." + claims
	return signed + "." + base64.RawURLEncoding.EncodeToString(issuer.Sign([]byte(signed)))
}

func forgeRaw(t *testing.T, key ed25519.PrivateKey, kid, claims string) string {
	t.Helper()
	signed := segment(`{"alg":"EdDSA","kid":"`+kid+`"}`) + "." + segment(claims)
	return signed + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(key, []byte(signed)))
}

// padBits changes the bits of the last character that decode to nothing: 64
// bytes leave four of them.
func padBits(s string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(alphabet, s[len(s)-1])
	return s[:len(s)-1] + string(alphabet[last^1])
}

// A header that names keys is ignored, not held against a good token.
func TestForeignKeyHeadersAreIgnored(t *testing.T) {
	issuer := authtest.New(t)
	a := authtest.Run(t, auth.Config{}, issuer)
	kid, _ := issuer.PublicKey("EdDSA")
	claims := strings.Split(issuer.Token(nil), ".")[1]
	before := issuer.Requests()
	token := issuerSigned(t, issuer, `{"alg":"EdDSA","kid":"`+kid+`","jku":"`+issuer.URL+`/evil","x5u":"`+issuer.URL+`/evil","jwk":{},"x5c":["!"]}`, claims)
	require.Equal(t, auth.Private, grant(a, token).Tier)
	require.Equal(t, before, issuer.Requests(), "nothing was fetched")
}

func TestClinicianAndPatientWithTheSameSub(t *testing.T) {
	patients, clinicians := authtest.New(t), authtest.New(t)
	pc, cc := patients.Config(), clinicians.Config()
	pc.Labels, cc.Labels = map[string]string{"tenant": "tenant"}, map[string]string{"group": "group"}
	a := authtest.Run(t, auth.Config{Issuers: []auth.IssuerConfig{pc, cc}}, patients, clinicians)
	claims := map[string]any{"sub": "42", "tenant": "north", "group": "staff"}
	p, c := grant(a, patients.Token(claims)), grant(a, clinicians.Token(claims))
	require.Len(t, p.Labels, 2)
	require.Len(t, c.Labels, 2)
	require.Contains(t, p.Labels, "tenant:north", "patients' issuer may not prove group:")
	require.Contains(t, c.Labels, "group:staff", "clinicians' issuer may not prove tenant:")
	for _, l := range p.Labels {
		require.NotContains(t, c.Labels, l, "above all not subject:")
	}
}

func TestIssuerProvesOnlyWhatItMay(t *testing.T) {
	issuer := authtest.New(t)
	ic := issuer.Config()
	ic.Labels = map[string]string{"tenant": "tenant", "group": "realm.roles", "session": "https://clinic.example/call.id"}
	ic.Allowed = map[string][]string{"tenant": {"north", "south-*"}, "group": {"patients"}, "session": {"[0-9]*"}}
	a := authtest.Run(t, auth.Config{Issuers: []auth.IssuerConfig{ic}}, issuer)
	g := grant(a, issuer.Token(map[string]any{
		"sub":                            "ana",
		"tenant":                         []any{"north", "south-1", "west", "north-1", "south-1/x", "", "south-\"", "south-a b", 7, nil, map[string]any{}},
		"group":                          "staff", // the claim that counts is another
		"realm":                          map[string]any{"roles": []string{"patients", "staff"}},
		"https://clinic.example/call.id": "9",
		"cohort":                         "breach", "subject": "bob", "surface": "console", "labels": []string{"group:staff"},
	}))
	require.Len(t, g.Labels, 5)
	require.Subset(t, g.Labels, []string{"tenant:north", "tenant:south-1", "group:patients", "session:9"})
	for _, odd := range []map[string]any{
		{"realm": "roles"}, {"realm": []string{"roles"}}, {"realm": map[string]any{"roles": map[string]any{"patients": true}}}, {"realm": nil},
	} {
		require.NotContains(t, grant(a, issuer.Token(odd)).Labels, "group:patients")
	}
}

func TestManyLabelsAreBounded(t *testing.T) {
	issuer := authtest.New(t)
	a := authtest.Run(t, auth.Config{}, issuer)
	tenants := make([]string, 1000)
	for i := range tenants {
		tenants[i] = "t" + big.NewInt(int64(i)).String()
	}
	g := grant(a, issuer.Token(map[string]any{"tenant": tenants}))
	require.Len(t, g.Labels, 65, "64 and subject:")
	long := make([]string, 64)
	for i := range long {
		long[i] = strings.Repeat("x", 120) + big.NewInt(int64(i)).String()
	}
	g = grant(a, issuer.Token(map[string]any{"tenant": long}))
	require.Equal(t, auth.Private, g.Tier)
	require.Less(t, len(g.Ticket), 6<<10, "fits a hello beside a token")
	require.Equal(t, auth.Restricted, byTicket(a, g.Ticket).Tier)
}

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

func TestTokenIsNoTicketAndTicketNoToken(t *testing.T) {
	issuer := authtest.New(t)
	ring := auth.NewKeyring()
	c := oneIssuer(issuer)
	c.TicketKeys = ring
	a := authtest.Run(t, c, issuer)
	token := issuer.Token(map[string]any{"tenant": "north"})
	ticket := grant(a, token).Ticket

	g := byTicket(a, token)
	require.Equal(t, auth.Public, g.Tier)
	require.Equal(t, auth.ReasonTicketInvalid, g.Reason)
	require.Equal(t, auth.Public, grant(a, ticket).Tier)

	// What the same keys sealed for something else is no ticket either, even
	// with a ticket's plaintext inside, and a ticket opens as nothing else.
	for _, purpose := range []string{"", "bearer", "challenge", "tocsin ticket v2"} {
		_, err := ring.Open(purpose, ticket)
		require.ErrorIs(t, err, auth.ErrSeal)
		plaintext := auth.OpenTicket(ring, ticket)
		require.NotEmpty(t, plaintext)
		require.Equal(t, auth.Public, byTicket(a, ring.Seal(purpose, plaintext)).Tier)
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
	_, err = auth.ParseKeys([]byte(`{"keys":[` + strings.Repeat(`{},`, 1_000_000) + `{}]}`))
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
