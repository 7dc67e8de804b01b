package broker

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nkeys"
)

const (
	authorityLife   = 10 * 365 * 24 * time.Hour
	certificateLife = 397 * 24 * time.Hour // what is made by hand is renewed once a year
)

// Users are those that deploy/nats/accounts.conf knows. The inbox prefix of each is
// [InboxOf] its name.
var Users = []string{"admin", "sys", "edge-1", "edge-2", "desk-1", "desk-2"}

// InboxOf is the inbox prefix that deploy/nats/accounts.conf gives to a user.
func InboxOf(user string) string { return "_INBOX_" + user }

// MakeKeys makes what a first cluster with deploy/nats needs, in dir, which is made if
// it is missing: an authority (ca.pem, ca.key), for each server a certificate
// (NAME.pem, NAME.key), for each of [Users] a key (NAME.nk), and nats.env, variables
// that all servers share. servers gives for each server's name the host names and
// addresses by which it is called. Nothing is overwritten.
func MakeKeys(dir string, servers map[string][]string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("making keys: %w", err)
	}
	ca, err := newAuthority(dir)
	if err != nil {
		return fmt.Errorf("making the authority: %w", err)
	}
	for name, hosts := range servers {
		if err := ca.issue(dir, name, hosts); err != nil {
			return fmt.Errorf("making the certificate of %s: %w", name, err)
		}
	}
	var env strings.Builder
	for _, user := range Users {
		public, err := newUser(filepath.Join(dir, user+".nk"))
		if err != nil {
			return fmt.Errorf("making the key of %s: %w", user, err)
		}
		fmt.Fprintf(&env, "NATS_%s=%s\n", strings.ToUpper(strings.ReplaceAll(user, "-", "_")), public)
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	// It begins with a letter: the server takes what begins with a digit for a number.
	fmt.Fprintf(&env, "NATS_STORE_KEY=k%s\n", hex.EncodeToString(secret))
	return writeNew(filepath.Join(dir, "nats.env"), []byte(env.String()))
}

// newUser writes a new seed and returns its public key.
func newUser(path string) (public string, err error) {
	pair, err := nkeys.CreateUser()
	if err != nil {
		return "", err
	}
	defer pair.Wipe()
	seed, err := pair.Seed()
	if err != nil {
		return "", err
	}
	if public, err = pair.PublicKey(); err != nil {
		return "", err
	}
	return public, writeNew(path, append(seed, '\n'))
}

// authority signs the certificates of servers.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(dir string) (authority, error) {
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "Tocsin: NATS servers"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(authorityLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return authority{}, err
	}
	a := authority{certificate: template, key: key}
	return a, a.write(dir, "ca", template, key)
}

func (a authority) issue(dir, name string, hosts []string) error {
	if len(hosts) == 0 {
		return errors.New("no host is named")
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLife),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}, // a route is both
	}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, host)
		}
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	return a.write(dir, name, template, key)
}

// write signs a certificate, and writes it and its key.
func (a authority) write(dir, name string, template *x509.Certificate, key *ecdsa.PrivateKey) error {
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	return errors.Join(
		writeNew(filepath.Join(dir, name+".key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})),
		writeNew(filepath.Join(dir, name+".pem"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
	)
}

func serial() *big.Int {
	n, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120)) // never fails
	return n
}

// writeNew writes a file for its owner alone, and replaces none.
func writeNew(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
