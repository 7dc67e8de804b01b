package auth

import (
	"bufio"
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"time"
)

// ErrSeal is what Open returns for whatever it can't open: cut, extended,
// changed, sealed for another purpose or by a key that the ring does not hold.
// One error for all, so that a caller can't tell an attacker more.
var ErrSeal = errors.New("auth: not sealed by this keyring for this purpose")

const (
	sealVersion = 1
	sealKeyID   = 4 // bytes of the key's id in a blob
	sealHeader  = 1 + sealKeyID
	maxBlob     = 16 << 10 // encoded; a ticket is some 300 bytes

	ringKeySize = 32      // AES-256
	maxRingKeys = 16      // rotation needs two or three
	maxRingFile = 8 << 10 // far above maxRingKeys lines

	ringPoll = time.Second // how often Watch reads the file: whoever rotates waits for it
)

// Keyring holds the secret keys that nodes share: AES-256-GCM keys, of which
// the first seals and all open, and the key of pseudonyms.
//
// Its file is text, one key a line, "#" starts a comment:
//
//	pseudonym <32 bytes, base64url>
//	key <32 bytes, base64url>
//	key <…>
//
// To rotate without a gap: append the new key everywhere (Add), then move it to the
// top everywhere (Promote), then delete the old one once all it sealed is over (30
// days for tickets). Reload takes up each step. The pseudonym key never changes:
// subject addresses and cohorts are made with it.
//
// Nonces are random; a key should seal no more than 2³² blobs (NIST SP 800-38D,
// 8.3), some years of a million tickets a day.
type Keyring struct {
	path string
	ring atomic.Pointer[ring]
}

// ring is one immutable reading of the file.
type ring struct {
	pseudonym []byte
	keys      []ringKey
}

// keyID names a key of a ring in what it sealed.
type keyID [sealKeyID]byte

type ringKey struct {
	id     keyID
	secret []byte
	aead   cipher.AEAD
}

// NewKeyring makes a ring of one random key that lives in memory only.
func NewKeyring() *Keyring {
	r := &ring{pseudonym: randomKey(), keys: []ringKey{newRingKey(randomKey())}}
	k := &Keyring{}
	k.ring.Store(r)
	return k
}

// NewKeyringFile makes a ring of one random key and writes it to a new file
// that only its owner can read. An existing file is an error (fs.ErrExist).
func NewKeyringFile(path string) (*Keyring, error) {
	k := NewKeyring()
	k.path = path
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("making keyring: %w", err)
	}
	_, err = f.Write(k.ring.Load().text())
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, fmt.Errorf("making keyring %s: %w", path, err)
	}
	return k, nil
}

// LoadKeyring reads a ring from its file, which must not be [Exposed].
func LoadKeyring(path string) (*Keyring, error) {
	r, err := readRing(path)
	if err != nil {
		return nil, err
	}
	k := &Keyring{path: path}
	k.ring.Store(r)
	return k, nil
}

// Reload reads the file again and reports whether the ring has changed. On an
// error the ring stays as it was. A ring that has no file never changes.
func (k *Keyring) Reload() (bool, error) {
	if k.path == "" {
		return false, nil
	}
	next, err := readRing(k.path)
	if err != nil {
		return false, err
	}
	now := k.ring.Load()
	if next.equal(now) {
		return false, nil
	}
	if subtle.ConstantTimeCompare(next.pseudonym, now.pseudonym) != 1 {
		return false, fmt.Errorf("reloading keyring %s: the pseudonym key has changed, which cuts every subject address and cohort off from its people", k.path)
	}
	k.ring.Store(next)
	return true, nil
}

// Watch reloads the ring every second until ctx ends, and calls changed, if there is
// one, after each change. A file that can't be used is logged once, and the old ring
// goes on.
func (k *Keyring) Watch(ctx context.Context, log *slog.Logger, changed func()) {
	if k.path == "" { // nothing will ever change
		<-ctx.Done()
		return
	}
	tick := time.NewTicker(ringPoll)
	defer tick.Stop()
	said := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		took, err := k.Reload()
		switch {
		case err == nil:
			said = ""
		case err.Error() != said:
			said = err.Error()
			log.Error("keyring not reloaded; going on with the old one", "err", err)
		}
		if took {
			log.Info("keyring reloaded", "file", k.path)
			if changed != nil {
				changed()
			}
		}
	}
}

// Seal encrypts plaintext so that Open with the same purpose, on a ring that
// holds the first key of this one, gives it back. The blob is opaque base64url.
// The purpose is bound to it: a ticket does not open as anything else.
func (k *Keyring) Seal(purpose string, plaintext []byte) string {
	return k.ring.Load().seal(purpose, plaintext)
}

func (r *ring) seal(purpose string, plaintext []byte) string {
	key := &r.keys[0]
	blob := make([]byte, 0, sealHeader+len(plaintext)+key.aead.Overhead())
	blob = append(blob, sealVersion)
	blob = append(blob, key.id[:]...)
	blob = key.aead.Seal(blob, nil, plaintext, sealData(blob, purpose))
	return base64.RawURLEncoding.EncodeToString(blob)
}

// Open decrypts what Seal made, or returns ErrSeal.
func (k *Keyring) Open(purpose, blob string) ([]byte, error) {
	plaintext, _, err := k.ring.Load().open(purpose, blob)
	return plaintext, err
}

// open is Open, and names the key that sealed it.
func (r *ring) open(purpose, blob string) ([]byte, keyID, error) {
	raw, id, ok := unwrap(blob)
	if !ok {
		return nil, keyID{}, ErrSeal
	}
	for i := range r.keys {
		if r.keys[i].id != id {
			continue
		}
		plaintext, err := r.keys[i].aead.Open(nil, nil, raw[sealHeader:], sealData(raw[:sealHeader], purpose))
		if err == nil {
			return plaintext, id, nil
		}
	}
	return nil, keyID{}, ErrSeal
}

// unwrap decodes a blob, and reads the id of the key that is said to have sealed it.
func unwrap(blob string) (raw []byte, id keyID, ok bool) {
	if len(blob) > maxBlob || strings.ContainsAny(blob, "\r\n") { // which encoding/base64 skips
		return nil, keyID{}, false
	}
	raw, err := strictBase64.DecodeString(blob)
	if err != nil || len(raw) < sealHeader || raw[0] != sealVersion {
		return nil, keyID{}, false
	}
	copy(id[:], raw[1:sealHeader])
	return raw, id, true
}

// Pseudonym is the keyed hash by which a subject is known outside of its
// issuer: base64url(HMAC-SHA-256(pseudonym key, issuer NUL sub)), 43 characters.
// It is the value of a subject: label and the member of a cohort.
func (k *Keyring) Pseudonym(issuer, sub string) string {
	h := k.ring.Load().pseudonymOf(issuer, sub)
	return h.String()
}

// LoginPseudonym is Pseudonym for one login of a subject: the issuer's session
// id (sid). A posture revokes by either.
func (k *Keyring) LoginPseudonym(issuer, sid string) string {
	h := k.ring.Load().sessionOf(issuer, sid)
	return h.String()
}

// PseudonymID names the key of pseudonyms, and is no secret: pseudonyms of rings with
// different ones can't be compared.
func (k *Keyring) PseudonymID() string {
	sum := sha256.Sum256(append([]byte("tocsin pseudonym id\x00"), k.ring.Load().pseudonym...))
	return hex.EncodeToString(sum[:sealKeyID])
}

// strictBase64 refuses what differs from an encoding only in unused bits.
var strictBase64 = base64.RawURLEncoding.Strict()

func sealData(header []byte, purpose string) []byte {
	data := make([]byte, 0, 64)
	data = append(data, header...)
	return append(data, purpose...)
}

// hash is a keyed hash of a subject or of an issuer's session id.
type hash [sha256.Size]byte

func (h hash) String() string { return base64.RawURLEncoding.EncodeToString(h[:]) }

func (r *ring) pseudonymOf(issuer, sub string) hash { return r.hmac(issuer, sub) }

// sessionOf can't collide with pseudonymOf: no issuer is called "sid".
func (r *ring) sessionOf(issuer, sid string) hash { return r.hmac("sid", issuer, sid) }

func (r *ring) hmac(parts ...string) (h hash) {
	m := hmac.New(sha256.New, r.pseudonym)
	io.WriteString(m, strings.Join(parts, "\x00"))
	m.Sum(h[:0])
	return h
}

func (r *ring) text() []byte {
	var b bytes.Buffer
	fmt.Fprintln(&b, "# Tocsin keyring: secret. The first key seals, every key opens.")
	fmt.Fprintln(&b, "pseudonym", base64.RawURLEncoding.EncodeToString(r.pseudonym))
	for _, k := range r.keys {
		fmt.Fprintln(&b, "key", base64.RawURLEncoding.EncodeToString(k.secret))
	}
	return b.Bytes()
}

// holds reports whether what that key sealed opens.
func (r *ring) holds(id keyID) bool {
	return slices.ContainsFunc(r.keys, func(k ringKey) bool { return k.id == id })
}

func (r *ring) equal(o *ring) bool {
	return subtle.ConstantTimeCompare(r.text(), o.text()) == 1
}

func randomKey() []byte {
	key := make([]byte, ringKeySize)
	rand.Read(key) // never fails (crypto/rand, Go 1.24)
	return key
}

func newRingKey(secret []byte) ringKey {
	block, err := aes.NewCipher(secret)
	if err != nil {
		panic(err) // the only error is a wrong length, which callers rule out
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err)
	}
	k := ringKey{secret: secret, aead: aead}
	sum := sha256.Sum256(append([]byte("tocsin keyring id\x00"), secret...))
	copy(k.id[:], sum[:])
	return k
}

func readRing(path string) (*ring, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("reading keyring: %w", err)
	}
	defer f.Close()
	info, err := f.Stat() // of the open file: what was checked is what is read
	if err != nil {
		return nil, fmt.Errorf("reading keyring: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("reading keyring %s: not a regular file", path)
	}
	if Exposed(info) && runtime.GOOS != "windows" { // where modes say nothing
		return nil, fmt.Errorf("reading keyring %s: mode %04o lets others use it; make it 0600 (chmod 600)", path, info.Mode().Perm())
	}
	text, err := io.ReadAll(io.LimitReader(f, maxRingFile+1))
	if err != nil {
		return nil, fmt.Errorf("reading keyring %s: %w", path, err)
	}
	if len(text) > maxRingFile {
		return nil, fmt.Errorf("reading keyring %s: more than %d bytes", path, maxRingFile)
	}
	r, err := parseRing(text)
	if err != nil {
		return nil, fmt.Errorf("reading keyring %s: %w", path, err)
	}
	return r, nil
}

// parseRing never quotes the text in an error: it is secret.
func parseRing(text []byte) (*ring, error) {
	r := &ring{}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		word := strings.Fields(lines.Text())
		if len(word) == 0 || strings.HasPrefix(word[0], "#") {
			continue
		}
		if len(word) != 2 {
			return nil, fmt.Errorf("line %d: want a word and a key", n)
		}
		secret, err := strictBase64.DecodeString(word[1])
		if err != nil || len(secret) != ringKeySize {
			return nil, fmt.Errorf("line %d: want %d bytes in base64url", n, ringKeySize)
		}
		if err := r.add(word[0], secret); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if r.pseudonym == nil {
		return nil, errors.New("no pseudonym key")
	}
	if len(r.keys) == 0 {
		return nil, errors.New("no key")
	}
	return r, nil
}

func (r *ring) add(word string, secret []byte) error {
	if bytes.Equal(secret, r.pseudonym) {
		return errors.New("a key given twice")
	}
	for _, k := range r.keys {
		if bytes.Equal(k.secret, secret) {
			return errors.New("a key given twice")
		}
	}
	switch {
	case word == "pseudonym" && r.pseudonym == nil:
		r.pseudonym = secret
	case word == "pseudonym":
		return errors.New("a second pseudonym key")
	case word != "key":
		return errors.New(`want "pseudonym" or "key"`)
	case len(r.keys) == maxRingKeys:
		return fmt.Errorf("more than %d keys", maxRingKeys)
	default:
		r.keys = append(r.keys, newRingKey(secret))
	}
	return nil
}
