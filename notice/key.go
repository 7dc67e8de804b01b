package notice

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
)

// KeyID names a public key: the lower-case hex SHA-256 of its 32 bytes.
func KeyID(pub ed25519.PublicKey) string {
	sum := sha256.Sum256(pub)
	return hex.EncodeToString(sum[:])
}

// PrivateKey is a staff member's or a root's Ed25519 key (RFC 8032). It never
// leaves the signer's device. Safe for concurrent use.
type PrivateKey struct {
	// Owner is who holds it, [a-z0-9-]{1,64}. It is a note to the holder; who the
	// owner is to others is said by the keyset.
	Owner   string
	private ed25519.PrivateKey
	keyID   string
}

// NewKey makes a key from the system's random source. An error is a *RuleError
// about the owner.
func NewKey(owner string) (*PrivateKey, error) {
	seed := make([]byte, ed25519.SeedSize)
	rand.Read(seed) // never fails: it ends the process instead
	return KeyFromSeed(owner, seed)
}

// KeyFromSeed makes the key of a 32-byte seed (RFC 8032, section 5.1.5), for
// tests and golden vectors, which need the same key each time.
func KeyFromSeed(owner string, seed []byte) (*PrivateKey, error) {
	if !isOwner(owner) {
		return nil, broken("key.owner", "%.80q is not 1 to 64 of a-z, 0-9 and -", owner)
	}
	if len(seed) != ed25519.SeedSize {
		return nil, broken("key.seed", "%d bytes, not %d", len(seed), ed25519.SeedSize)
	}
	return newPrivateKey(owner, ed25519.NewKeyFromSeed(seed)), nil
}

func newPrivateKey(owner string, private ed25519.PrivateKey) *PrivateKey {
	return &PrivateKey{Owner: owner, private: private, keyID: KeyID(private.Public().(ed25519.PublicKey))}
}

// KeyID is the name of the public key.
func (k *PrivateKey) KeyID() string { return k.keyID }

// String names the key without its secret.
func (k *PrivateKey) String() string { return k.Owner + " " + k.keyID }

// GoString is String, so that no way to print a key prints the secret.
func (k *PrivateKey) GoString() string { return k.String() }

// Public is the public key.
func (k *PrivateKey) Public() ed25519.PublicKey { return k.private.Public().(ed25519.PublicKey) }

func (k *PrivateKey) sign(message []byte) []byte { return ed25519.Sign(k.private, message) }

const (
	pemPrivate = "PRIVATE KEY"
	pemPublic  = "PUBLIC KEY"
	pemOwner   = "Owner"
)

// Marshal writes the key as PEM: a PKCS #8 "PRIVATE KEY" block with the header Owner.
func (k *PrivateKey) Marshal() []byte {
	der, err := x509.MarshalPKCS8PrivateKey(k.private)
	if err != nil { // not for a key of a known kind
		panic(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: pemPrivate, Headers: map[string]string{pemOwner: k.Owner}, Bytes: der})
}

// ParsePrivateKey reads what Marshal wrote: one PEM block and nothing else. Errors
// are *RuleError "key.file", and never quote the file.
func ParsePrivateKey(data []byte) (*PrivateKey, error) {
	block, rest := pem.Decode(data)
	if block == nil || block.Type != pemPrivate || len(bytes.TrimSpace(rest)) != 0 {
		return nil, broken("key.file", "not one PEM block of type %s", pemPrivate)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, broken("key.file", "not a PKCS #8 key")
	}
	private, ok := parsed.(ed25519.PrivateKey)
	if !ok {
		return nil, broken("key.file", "%T is not an Ed25519 key", parsed)
	}
	owner := block.Headers[pemOwner]
	if !isOwner(owner) {
		return nil, broken("key.file", "header %s is not 1 to 64 of a-z, 0-9 and -", pemOwner)
	}
	return newPrivateKey(owner, private), nil
}

func isOwner(s string) bool {
	return len(s) >= 1 && len(s) <= 64 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// checkPublicKey refuses what is not the canonical encoding of a point of the
// curve, and points of small order, for which there are signatures that fit every
// message. Implementations differ on them; nobody makes such a key by accident.
func checkPublicKey(pub []byte) error {
	if len(pub) != ed25519.PublicKeySize {
		return fmt.Errorf("a public key of %d bytes, not %d", len(pub), ed25519.PublicKeySize)
	}
	little := bytes.Clone(pub)
	little[31] &= 0x7f // the sign of x (RFC 8032, section 5.1.2)
	for i, j := 0, 31; i < j; i, j = i+1, j-1 {
		little[i], little[j] = little[j], little[i]
	}
	y := new(big.Int).SetBytes(little)
	if y.Cmp(fieldPrime) >= 0 {
		return fmt.Errorf("a public key that is not canonical")
	}
	// -x² + y² = 1 + dx²y², so x² = (y²-1) / (dy²+1), which must be a square.
	yy := new(big.Int).Mul(y, y)
	numerator := new(big.Int).Sub(yy, big.NewInt(1))
	denominator := yy.Mul(yy, curveD).Add(yy, big.NewInt(1))
	xx := denominator.ModInverse(denominator.Mod(denominator, fieldPrime), fieldPrime) // d is no square: never 0
	xx.Mul(xx, numerator).Mod(xx, fieldPrime)
	if big.Jacobi(xx, fieldPrime) < 0 {
		return fmt.Errorf("a public key that is no point of the curve")
	}
	for _, small := range smallOrderY {
		if y.Cmp(small) == 0 {
			return fmt.Errorf("a public key of small order")
		}
	}
	return nil
}

// Constants of edwards25519 (RFC 8032, section 5.1).
var (
	fieldPrime = new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	curveD, _  = new(big.Int).SetString("52036cee2b6ffe738cc740797779e89800700a4d4141d8ab75eb4dca135978a3", 16)
	// The y of the points of order 1, 4, 2, and (twice) 8.
	smallOrderY = func() []*big.Int {
		eight, _ := new(big.Int).SetString("7a03ac9277fdc74ec6cc392cfa53202a0f67100d760b3cba4fd84d3d706a17c7", 16)
		return []*big.Int{
			big.NewInt(1), new(big.Int), new(big.Int).Sub(fieldPrime, big.NewInt(1)),
			eight, new(big.Int).Sub(fieldPrime, eight),
		}
	}()
)
