package notice

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strconv"
)

// RootKey is one of the offline keys that sign keysets.
type RootKey struct {
	KeyID     string `json:"keyid"`
	PublicKey Base64 `json:"publicKey"`
}

// NewRootKey is the root of a public key.
func NewRootKey(pub ed25519.PublicKey) RootKey {
	return RootKey{KeyID: KeyID(pub), PublicKey: Base64(pub)}
}

// Trust is what servers and clients pin: the roots of the first keyset that they
// accept, and how many of them must sign it.
type Trust struct {
	Roots     []RootKey
	Threshold int
}

const pemThreshold = "Threshold"

// ParseTrust reads PEM blocks "PUBLIC KEY" (SubjectPublicKeyInfo, Ed25519). The
// header Threshold on the first says how many must sign; without it, all.
// Errors are *RuleError "trust".
func ParseTrust(data []byte) (Trust, error) {
	var t Trust
	for {
		block, rest := pem.Decode(data)
		if block == nil {
			break
		}
		if len(t.Roots) == 0 && block.Headers[pemThreshold] != "" {
			n, err := strconv.Atoi(block.Headers[pemThreshold])
			if err != nil || n < 1 {
				return Trust{}, broken("trust", "header %s is not a number from 1", pemThreshold)
			}
			t.Threshold = n
		}
		root, err := parseRoot(block)
		if err != nil {
			return Trust{}, err
		}
		t.Roots, data = append(t.Roots, root), rest
	}
	if len(bytes.TrimSpace(data)) != 0 {
		return Trust{}, broken("trust", "something that is not PEM behind %d keys", len(t.Roots))
	}
	if t.Threshold == 0 {
		t.Threshold = len(t.Roots)
	}
	if err := t.validate(); err != nil {
		return Trust{}, err
	}
	return t, nil
}

func parseRoot(block *pem.Block) (RootKey, error) {
	if block.Type != pemPublic {
		return RootKey{}, broken("trust", "a PEM block of type %.40q, not %s", block.Type, pemPublic)
	}
	parsed, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return RootKey{}, broken("trust", "not a public key: %v", err)
	}
	pub, ok := parsed.(ed25519.PublicKey)
	if !ok {
		return RootKey{}, broken("trust", "%T is not an Ed25519 key", parsed)
	}
	return NewRootKey(pub), nil
}

// Marshal writes what ParseTrust reads.
func (t Trust) Marshal() []byte {
	var b bytes.Buffer
	for i, root := range t.Roots {
		der, err := x509.MarshalPKIXPublicKey(ed25519.PublicKey(root.PublicKey))
		if err != nil { // not for a key of a known kind
			panic(err)
		}
		block := &pem.Block{Type: pemPublic, Bytes: der}
		if i == 0 {
			block.Headers = map[string]string{pemThreshold: strconv.Itoa(t.Threshold)}
		}
		_ = pem.Encode(&b, block) // a Buffer takes everything
	}
	return b.Bytes()
}

// validate reports the first rule that the roots break.
func (t Trust) validate() error {
	if len(t.Roots) < 1 || len(t.Roots) > MaxSignatures {
		return broken("trust", "%d roots are not within 1 to %d", len(t.Roots), MaxSignatures)
	}
	for i, root := range t.Roots {
		if err := checkPublicKey(root.PublicKey); err != nil {
			return broken("trust", "root %d: %v", i+1, err)
		}
		if root.KeyID != KeyID(ed25519.PublicKey(root.PublicKey)) {
			return broken("trust", "root %d: keyid is not that of its key", i+1)
		}
		if slices.ContainsFunc(t.Roots[:i], func(r RootKey) bool { return r.KeyID == root.KeyID }) {
			return broken("trust", "root %s occurs twice", root.KeyID)
		}
	}
	if t.Threshold < 1 || t.Threshold > min(len(t.Roots), maxRootThreshold) {
		return broken("trust", "threshold %d is not within 1 to %d", t.Threshold, min(len(t.Roots), maxRootThreshold))
	}
	return nil
}

// maxRootThreshold lets a change of roots, which the old and the new sign, fit in
// one envelope.
const maxRootThreshold = MaxSignatures / 2

// equal tells whether t and u ask for the same signatures; order does not matter.
func (t Trust) equal(u Trust) bool {
	if t.Threshold != u.Threshold || len(t.Roots) != len(u.Roots) {
		return false
	}
	for _, root := range t.Roots {
		if !slices.ContainsFunc(u.Roots, func(r RootKey) bool { return r.KeyID == root.KeyID }) {
			return false
		}
	}
	return true
}
