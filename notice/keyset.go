package notice

import (
	"crypto/ed25519"
	"slices"
	"time"
)

// Role is what a key may sign.
type Role string

// The roles. A notice needs a publisher among its signers; approvers add to the
// number. A beacon signs heads and nothing else, since its key lies on a server.
const (
	RolePublisher Role = "publisher"
	RoleApprover  Role = "approver"
	RoleContacts  Role = "contacts"
	RoleOperator  Role = "operator"
	RoleBeacon    Role = "beacon"
)

const (
	// MaxVersion is the greatest version of a keyset, contacts or posture.
	MaxVersion = 1<<31 - 1
	// maxBreakGlass is how long a break-glass key may live: a leap year.
	maxBreakGlass = 366 * 24 * time.Hour
)

// Key is one staff key.
type Key struct {
	KeyID     string   `json:"keyid"`
	PublicKey Base64   `json:"publicKey"`
	Owner     string   `json:"owner"` // [a-z0-9-]{1,64}; owners count, keys don't
	Roles     []Role   `json:"roles"`
	NotBefore DateTime `json:"notBefore"`
	NotAfter  DateTime `json:"notAfter"` // included
	// BreakGlass lets the key meet the threshold of a notice or posture alone, if
	// there is a note. Such a key counts only where there is one.
	BreakGlass bool `json:"breakGlass"`
}

// NewKeysetKey is the keyset's entry for a public key.
func NewKeysetKey(pub ed25519.PublicKey, owner string, notBefore, notAfter time.Time, roles ...Role) Key {
	return Key{
		KeyID: KeyID(pub), PublicKey: Base64(pub), Owner: owner, Roles: roles,
		NotBefore: FormatTime(notBefore), NotAfter: FormatTime(notAfter),
	}
}

// Has tells whether the key has a role.
func (k *Key) Has(r Role) bool { return slices.Contains(k.Roles, r) }

// ValidAt tells whether notBefore ≤ t ≤ notAfter.
func (k *Key) ValidAt(t time.Time) bool {
	from, err1 := k.NotBefore.Time()
	to, err2 := k.NotAfter.Time()
	return err1 == nil && err2 == nil && !t.Before(from) && !t.After(to)
}

// Keyset says whose signatures count, and for what. Signed by root keys.
type Keyset struct {
	Version int64 `json:"version"` // 1 to MaxVersion; only rises
	// Expires is soft: notices still show afterwards, marked.
	Expires DateTime `json:"expires"`
	// Dev marks the keyset of a developer's machine, whose keys all lie in one folder.
	Dev           bool      `json:"dev"`
	Roots         []RootKey `json:"roots"`
	RootThreshold int       `json:"rootThreshold"`
	Keys          []Key     `json:"keys"`
	Policy        Policy    `json:"policy"`
}

// DecodeKeyset reads a keyset and checks what can be checked on the document
// alone. Errors are *RuleError.
func DecodeKeyset(payload []byte) (*Keyset, error) {
	var ks Keyset
	if err := decodeStrict(payload, &ks); err != nil {
		return nil, err
	}
	if err := ks.validate(); err != nil {
		return nil, err
	}
	return &ks, nil
}

// EncodeKeyset writes a keyset as DecodeKeyset reads it, having checked it.
func EncodeKeyset(ks *Keyset) ([]byte, error) {
	if err := ks.validate(); err != nil {
		return nil, err
	}
	return encodeStrict(ks)
}

// Key returns the key of that id, or nil.
func (ks *Keyset) Key(keyID string) *Key {
	for i := range ks.Keys {
		if ks.Keys[i].KeyID == keyID {
			return &ks.Keys[i]
		}
	}
	return nil
}

// Trust is what the next keyset must satisfy.
func (ks *Keyset) Trust() Trust { return Trust{Roots: ks.Roots, Threshold: ks.RootThreshold} }

func (ks *Keyset) validate() error {
	if ks.Version < 1 || ks.Version > MaxVersion {
		return broken("keyset.version", "%d is not within 1 to %d", ks.Version, MaxVersion)
	}
	if _, err := ks.Expires.Time(); err != nil {
		return broken("keyset.expires", "%v", err)
	}
	if err := ks.Trust().validate(); err != nil {
		return broken("keyset.roots", "%v", err)
	}
	seen := make(map[string]bool, len(ks.Roots)+len(ks.Keys))
	for _, root := range ks.Roots {
		seen[root.KeyID] = true
	}
	for i := range ks.Keys {
		k := &ks.Keys[i]
		if err := k.validate(); err != nil {
			return err
		}
		if seen[k.KeyID] {
			return broken("keyset.duplicate", "key %s occurs twice, or is a root too", k.KeyID)
		}
		seen[k.KeyID] = true
	}
	return ks.Policy.validate()
}

func (k *Key) validate() error {
	if err := checkPublicKey(k.PublicKey); err != nil {
		return broken("keyset.publicKey", "key %.64q: %v", k.KeyID, err)
	}
	if k.KeyID != KeyID(ed25519.PublicKey(k.PublicKey)) {
		return broken("keyset.keyid", "%.64q is not the id of its key", k.KeyID)
	}
	if !isOwner(k.Owner) {
		return broken("keyset.owner", "%.80q is not 1 to 64 of a-z, 0-9 and -", k.Owner)
	}
	if err := k.validateRoles(); err != nil {
		return err
	}
	from, err := k.NotBefore.Time()
	if err != nil {
		return broken("keyset.validity", "notBefore of %s: %v", k.KeyID, err)
	}
	to, err := k.NotAfter.Time()
	if err != nil {
		return broken("keyset.validity", "notAfter of %s: %v", k.KeyID, err)
	}
	if !from.Before(to) {
		return broken("keyset.validity", "key %s ends before it begins", k.KeyID)
	}
	if k.BreakGlass && to.Sub(from) > maxBreakGlass {
		return broken("keyset.breakGlass", "key %s lives longer than 366 days", k.KeyID)
	}
	return nil
}

func (k *Key) validateRoles() error {
	known := []Role{RolePublisher, RoleApprover, RoleContacts, RoleOperator, RoleBeacon}
	if len(k.Roles) == 0 {
		return broken("keyset.roles", "key %s has none", k.KeyID)
	}
	for i, r := range k.Roles {
		if !slices.Contains(known, r) {
			return broken("keyset.roles", "%.40q is not a role", r)
		}
		if slices.Contains(k.Roles[:i], r) {
			return broken("keyset.roles", "%s occurs twice for key %s", r, k.KeyID)
		}
	}
	if k.Has(RoleBeacon) && len(k.Roles) > 1 {
		return broken("keyset.roles", "key %s is a beacon and more", k.KeyID)
	}
	return nil
}
