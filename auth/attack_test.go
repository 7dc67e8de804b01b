package auth_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"maps"
	"math/big"
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
