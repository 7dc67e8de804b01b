package target

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Key signs notices. It is read from what "tocsin key new" writes.
type Key struct {
	private ed25519.PrivateKey
	id      string
}

// ReadKey reads a key file.
func ReadKey(path string) (*Key, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading a key: %w", err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, fmt.Errorf("reading a key: %s is no PEM file", path)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	private, ok := parsed.(ed25519.PrivateKey)
	if err != nil || !ok {
		return nil, fmt.Errorf("reading a key: %s holds no Ed25519 key", path)
	}
	id := sha256.Sum256(private.Public().(ed25519.PublicKey))
	return &Key{private: private, id: hex.EncodeToString(id[:])}, nil
}

// Text is what a notice is to say and to whom.
type Text struct {
	// Size is about how long the entry's frame is to be, in bytes (default 1,024; at
	// least some 900 for the rest).
	Size int
	// Addresses limit a public notice to those who claim one of these labels.
	Addresses []string
	// Expires is when it is over (default in ten minutes).
	Expires time.Duration
}

const (
	defaultSize    = 1_024
	defaultExpires = 10 * time.Minute
	payloadType    = "application/vnd.tocsin.notice+json"
)

type object = map[string]any

// seal makes a signed notice: an exercise, so that nobody who sees it is alarmed.
func (t Text) seal(keys []*Key, now time.Time) ([]byte, error) {
	n, err := t.notice(now, 0)
	if err != nil {
		return nil, err
	}
	size := t.Size
	if size == 0 {
		size = defaultSize
	}
	envelope, err := sign(keys, n)
	if err != nil {
		return nil, err
	}
	if short := size - len(envelope) - len(`{"type":"entry","seq":1000,"envelope":}`); short > 3 {
		if n, err = t.notice(now, short*3/4); err != nil {
			return nil, err
		}
		return sign(keys, n)
	}
	return envelope, nil
}

func (t Text) notice(now time.Time, more int) ([]byte, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return nil, fmt.Errorf("making an identifier: %w", err)
	}
	expires := t.Expires
	if expires == 0 {
		expires = defaultExpires
	}
	description, err := filler(more)
	if err != nil {
		return nil, err
	}
	n := object{
		"identifier": id.String(), "sender": "loadtest@tocsin.invalid", "sent": stamp(now),
		"status": "Exercise", "msgType": "Alert", "scope": "Public",
		"info": []object{{
			"language": "en-US", "category": []string{"Health"}, "event": "Load test", "urgency": "Immediate",
			"severity": "Severe", "certainty": "Observed", "expires": stamp(now.Add(expires)),
			"headline": "This is a load test", "description": description,
		}},
	}
	if len(t.Addresses) > 0 {
		n["addresses"] = t.Addresses
	}
	return json.Marshal(n)
}

// filler is n bytes of text that compresses about as well as words do: a third of the
// words are random.
func filler(n int) (string, error) {
	const words = "please call the clinic and do not come by car until you hear from us again "
	random := make([]byte, n/4+1)
	if _, err := rand.Read(random); err != nil {
		return "", fmt.Errorf("making text: %w", err)
	}
	var b strings.Builder
	b.WriteString("- ")
	for i := 0; b.Len() < n; i++ {
		if i%2 == 0 {
			b.WriteString(hex.EncodeToString(random[i%len(random):][:min(4, len(random)-i%len(random))]))
			b.WriteByte(' ')
		} else {
			b.WriteString(words[i*7%40:][:12])
		}
	}
	return strings.TrimSpace(b.String()[:max(n, 1)]), nil
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05-07:00") }

// sign makes the envelope (DSSE v1) of a payload.
func sign(keys []*Key, payload []byte) ([]byte, error) {
	if len(keys) == 0 {
		return nil, errors.New("no key to sign with")
	}
	var pae bytes.Buffer
	fmt.Fprintf(&pae, "DSSEv1 %d %s %d %s", len(payloadType), payloadType, len(payload), payload)
	var signatures []object
	for _, k := range keys {
		signatures = append(signatures, object{
			"keyid": k.id, "sig": base64.StdEncoding.EncodeToString(ed25519.Sign(k.private, pae.Bytes())),
		})
	}
	return json.Marshal(object{
		"payloadType": payloadType, "payload": base64.StdEncoding.EncodeToString(payload), "signatures": signatures,
	})
}
