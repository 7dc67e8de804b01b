package main

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"tocsin/auth"
	"tocsin/notice"
)

// devMode is the folder DATA/dev: all that a first try needs, and nothing that
// could be trusted, since every key lies in it.
type devMode struct{ dir string }

// Files of dev mode.
const (
	devRoot      = "root.key"
	devPublisher = "publisher.key"
	devApprover  = "approver.key"
	devBeacon    = "beacon.key" // signs heads
	devTrust     = "trust.pem"
	devKeyset    = "keyset.json"
	devTickets   = "ticket.keys"
	devDesk      = "desk.keys"
	devIssuer    = "issuer.key"       // signs the demo tokens
	devJWKS      = "issuer.jwks.json" // its public half, for edges
)

// devYears is how long the dev keys and keyset last: longer than anyone keeps a
// folder of a first try, so that no demonstration ends in an expired key.
const devYears = 10

func (d devMode) path(name string) string { return filepath.Join(d.dir, name) }

// prepare makes the folder if it is not there. It appears whole or not at all,
// also when the process is killed meanwhile.
func (d devMode) prepare() (made bool, err error) {
	if _, err := os.Stat(d.dir); !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	if err := os.MkdirAll(filepath.Dir(d.dir), 0o700); err != nil {
		return false, err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(d.dir), "dev-*")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(tmp)
	if err := (devMode{tmp}).fill(); err != nil {
		return false, fmt.Errorf("making the files of dev mode: %w", err)
	}
	return true, os.Rename(tmp, d.dir)
}

func (d devMode) fill() error {
	root, err := newKey(d.path(devRoot), "dev-root")
	if err != nil {
		return err
	}
	trust := notice.Trust{Roots: []notice.RootKey{notice.NewRootKey(root.Public())}, Threshold: 1}
	if err := writeNew(d.path(devTrust), trust.Marshal(), 0o644); err != nil {
		return err
	}
	return errors.Join(
		d.writeKeyset(root, trust.Roots),
		newRing(d.path(devTickets)),
		newRing(d.path(devDesk)),
		d.writeIssuer(),
	)
}

// newRing writes a keyring of one random key.
func newRing(path string) error {
	_, err := auth.NewKeyringFile(path)
	return err
}

// writeKeyset makes the two staff keys, the desk's, and the keyset that lets them count.
// Two owners, because two must sign what reaches a patient, here as everywhere.
func (d devMode) writeKeyset(root *notice.PrivateKey, roots []notice.RootKey) error {
	publisher, err := newKey(d.path(devPublisher), "dev-publisher")
	if err != nil {
		return err
	}
	approver, err := newKey(d.path(devApprover), "dev-approver")
	if err != nil {
		return err
	}
	beacon, err := newKey(d.path(devBeacon), "dev-desk")
	if err != nil {
		return err
	}
	from, until := now().AddDate(0, 0, -1), now().AddDate(devYears, 0, 0)
	staff := func(k *notice.PrivateKey, first notice.Role) notice.Key {
		return notice.NewKeysetKey(k.Public(), k.Owner, from, until, first, notice.RoleContacts, notice.RoleOperator)
	}
	envelope, err := sealKeyset(&notice.Keyset{
		Version: 1, Expires: notice.FormatTime(until), Dev: true,
		Roots: roots, RootThreshold: 1,
		Keys: []notice.Key{
			staff(publisher, notice.RolePublisher), staff(approver, notice.RoleApprover),
			notice.NewKeysetKey(beacon.Public(), beacon.Owner, from, until, notice.RoleBeacon),
		},
		Policy: notice.Policy{LinkHosts: []string{"clinic.example", "localhost"}},
	})
	if err != nil {
		return err
	}
	envelope.Sign(root)
	return writeNew(d.path(devKeyset), append(envelope.Marshal(), '\n'), 0o644)
}

// The demo issuer's name and the audience of its tokens.
const (
	devIssuerName = "https://issuer.dev.invalid"
	devAudience   = "tocsin-dev"
)

func (d devMode) writeIssuer() error {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return err
	}
	jwks, err := json.Marshal(map[string]any{"keys": []any{map[string]string{
		"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig",
		"kid": devKeyID(public), "x": base64.RawURLEncoding.EncodeToString(public),
	}}})
	if err != nil {
		return err
	}
	seed := base64.StdEncoding.EncodeToString(private.Seed()) + "\n"
	return errors.Join(
		writeNew(d.path(devIssuer), []byte(seed), 0o600),
		writeNew(d.path(devJWKS), append(jwks, '\n'), 0o644),
	)
}

func devKeyID(public ed25519.PublicKey) string { return notice.KeyID(public)[:16] }

// issuer reads the demo issuer's key.
func (d devMode) issuer() (devTokens, error) {
	data, err := readSecret(d.path(devIssuer))
	if err != nil {
		return devTokens{}, fmt.Errorf("reading the demo issuer's key: %w", err)
	}
	seed, err := base64.StdEncoding.DecodeString(string(data[:max(0, len(data)-1)]))
	if err != nil || len(seed) != ed25519.SeedSize {
		return devTokens{}, fmt.Errorf("reading the demo issuer's key: %s is not what dev mode writes; remove %s to begin anew",
			d.path(devIssuer), d.dir)
	}
	return devTokens{key: ed25519.NewKeyFromSeed(seed), now: time.Now}, nil
}

// issuerConfig is what edges are told of the demo issuer.
func (d devMode) issuerConfig() auth.IssuerConfig {
	return auth.IssuerConfig{
		Issuer: devIssuerName, Audience: devAudience, KeyFile: d.path(devJWKS), Labels: devLabels,
	}
}
