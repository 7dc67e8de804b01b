package notice_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// RFC 8032, section 7.1, TEST 2.
func TestKeyOfRFC8032(t *testing.T) {
	seed, err := hex.DecodeString("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
	require.NoError(t, err)
	k, err := notice.KeyFromSeed("rfc", seed)
	require.NoError(t, err)
	require.Equal(t, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", hex.EncodeToString(k.Public()))
	require.Equal(t, notice.KeyID(k.Public()), k.KeyID())
	require.Len(t, k.KeyID(), 64)
}

func TestKeyFile(t *testing.T) {
	k, err := notice.NewKey("ana-ruiz")
	require.NoError(t, err)
	file := k.Marshal()
	require.Contains(t, string(file), "Owner: ana-ruiz")
	again, err := notice.ParsePrivateKey(file)
	require.NoError(t, err)
	require.Equal(t, k, again)
	other, err := notice.NewKey("ana-ruiz")
	require.NoError(t, err)
	require.NotEqual(t, k.KeyID(), other.KeyID())

	text := string(file)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.MarshalPKCS8PrivateKey(ec)
	require.NoError(t, err)
	for name, bad := range map[string]string{
		"empty":        "",
		"not PEM":      "hello",
		"two keys":     text + text,
		"another type": strings.ReplaceAll(text, "PRIVATE", "SECRET"),
		"no owner":     strings.Replace(text, "Owner: ana-ruiz", "", 1),
		"bad owner":    strings.Replace(text, "ana-ruiz", "Ana Ruiz", 1),
		"ECDSA":        string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Headers: map[string]string{"Owner": "x"}, Bytes: der})),
		"not PKCS #8":  string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Headers: map[string]string{"Owner": "x"}, Bytes: []byte("x")})),
	} {
		_, err := notice.ParsePrivateKey([]byte(bad))
		require.Equal(t, "key.file", ruleOf(t, err), name)
	}
}

func TestOwners(t *testing.T) {
	for _, owner := range []string{"", "Ana", "ana ruiz", "ana_ruiz", "añá", strings.Repeat("a", 65)} {
		_, err := notice.NewKey(owner)
		require.Equal(t, "key.owner", ruleOf(t, err), owner)
	}
	_, err := notice.KeyFromSeed("ana", []byte("short"))
	require.Equal(t, "key.seed", ruleOf(t, err))
}

// However a key is printed, the secret is not.
func TestKeysDoNotPrint(t *testing.T) {
	k := noticetest.NewStaff(t).Publisher
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		require.Equal(t, "ana-ruiz "+k.KeyID(), fmt.Sprintf(verb, k))
	}
}

func TestTrustFile(t *testing.T) {
	s := noticetest.NewStaff(t)
	roots := []notice.RootKey{notice.NewRootKey(s.Root.Public()), notice.NewRootKey(s.Root2.Public())}
	for _, threshold := range []int{1, 2} {
		trust := notice.Trust{Roots: roots, Threshold: threshold}
		again, err := notice.ParseTrust(trust.Marshal())
		require.NoError(t, err)
		require.Equal(t, trust, again)
	}
	file := string(notice.Trust{Roots: roots, Threshold: 1}.Marshal())
	one := string(s.Trust().Marshal())
	all, err := notice.ParseTrust([]byte("a comment\n" + strings.Replace(file, "Threshold: 1\n\n", "", 1)))
	require.NoError(t, err)
	require.Equal(t, 2, all.Threshold, "without a header, all")

	small := make([]byte, 32)
	der, err := x509.MarshalPKIXPublicKey(s.Root.Public())
	require.NoError(t, err)
	copy(der[len(der)-32:], small)
	for name, bad := range map[string]string{
		"empty":                "",
		"threshold 0":          strings.Replace(file, "Threshold: 1", "Threshold: 0", 1),
		"threshold 3 of 2":     strings.Replace(file, "Threshold: 1", "Threshold: 3", 1),
		"threshold of letters": strings.Replace(file, "Threshold: 1", "Threshold: one", 1),
		"one root twice":       one + one,
		"a private key":        one + string(s.Root.Marshal()),
		"text behind":          one + "tail",
		"small order":          string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})),
		"not a key":            string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: small})),
	} {
		_, err := notice.ParseTrust([]byte(bad))
		require.Equal(t, "trust", ruleOf(t, err), name)
	}
}

// badPoints are encodings that are no keys: of small order (those that libsodium
// refuses, and their like), not canonical, and off the curve.
func badPoints(t *testing.T) map[string]string {
	points := map[string]string{}
	for name, encoded := range map[string]string{
		"order 4":                  "0000000000000000000000000000000000000000000000000000000000000000",
		"order 1":                  "0100000000000000000000000000000000000000000000000000000000000000",
		"order 8":                  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
		"order 8, other sign":      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
		"order 8, negative":        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
		"order 8, negative, other": "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
		"order 2":                  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"order 4, other sign":      "0000000000000000000000000000000000000000000000000000000000000080",
		"order 1, other sign":      "0100000000000000000000000000000000000000000000000000000000000080",
		"not canonical, p":         "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"not canonical, p+1":       "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"not canonical, p+1, sign": "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
		"off the curve":            "0200000000000000000000000000000000000000000000000000000000000000",
		"31 bytes":                 "00000000000000000000000000000000000000000000000000000000000000",
		"33 bytes":                 "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c00",
	} {
		raw, err := hex.DecodeString(encoded)
		require.NoError(t, err)
		points[name] = base64.StdEncoding.EncodeToString(raw)
	}
	return points
}

// Every key that is really made is a point of the curve.
func TestRealKeysAreTaken(t *testing.T) {
	s := noticetest.NewStaff(t)
	for i := range 64 {
		k, err := notice.KeyFromSeed("crowd", []byte(fmt.Sprintf("%032d", i)))
		require.NoError(t, err)
		_, err = notice.EncodeKeyset(s.Keyset(1, s.With(k, notice.RoleApprover)))
		require.NoError(t, err)
	}
}
