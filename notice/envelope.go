package notice

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
)

// Payload types of signed documents. The type is part of what is signed, so a
// document of one kind never passes for another.
const (
	TypeNotice    = "application/vnd.tocsin.notice+json"
	TypeKeyset    = "application/vnd.tocsin.keyset+json"
	TypeContacts  = "application/vnd.tocsin.contacts+json"
	TypePosture   = "application/vnd.tocsin.posture+json"
	TypeRedaction = "application/vnd.tocsin.redaction+json"
	TypeHead      = "application/vnd.tocsin.head+json"    // never in the log
	TypeSession   = "application/vnd.tocsin.session+json" // never in the log
)

// MaxSignatures is how many signatures an envelope holds.
const MaxSignatures = 16

const (
	keyIDLen     = 2 * sha256.Size // hex
	signatureLen = 64              // RFC 8032, section 5.1.6
)

// Envelope is a DSSE v1 envelope (secure-systems-lab). Its bytes travel verbatim
// from the signer to everyone who verifies it.
type Envelope struct {
	PayloadType string
	Payload     []byte
	Signatures  []Signature
}

// Signature is one Ed25519 signature over the envelope's PAE. Nothing is known
// about its validity until it is counted ([Count]).
type Signature struct {
	KeyID string // see [KeyID]
	Sig   []byte // 64 bytes
}

// Base64 is binary data that is standard base64 in JSON: padded, canonical,
// without line breaks (RFC 4648, sections 3.3 and 3.5). Go's own decoders are
// laxer, and what two parsers read differently must not be signed.
type Base64 []byte

// MarshalText implements [encoding.TextMarshaler].
func (b Base64) MarshalText() ([]byte, error) {
	return base64.StdEncoding.AppendEncode(nil, b), nil
}

// UnmarshalText implements [encoding.TextUnmarshaler].
func (b *Base64) UnmarshalText(text []byte) error {
	if i := bytes.IndexAny(text, "\r\n"); i >= 0 {
		return fmt.Errorf("base64: line break at %d", i)
	}
	data, err := base64.StdEncoding.Strict().AppendDecode(nil, text)
	*b = data
	return err
}

// wireEnvelope is the envelope's JSON form. Pointers and nil tell absent members.
type wireEnvelope struct {
	PayloadType string          `json:"payloadType"`
	Payload     Base64          `json:"payload"`
	Signatures  []wireSignature `json:"signatures"`
}

type wireSignature struct {
	KeyID string `json:"keyid"`
	Sig   Base64 `json:"sig"`
}

// ParseEnvelope reads an envelope strictly: at most MaxBody bytes of I-JSON, the
// three members and no others, a payload of 1 to MaxPayload bytes, at most
// MaxSignatures signatures of distinct keys. It verifies no signature. Errors are
// *RuleError. The result does not share memory with body.
func ParseEnvelope(body []byte) (*Envelope, error) {
	if len(body) > MaxBody {
		return nil, broken("envelope.size", "%d bytes are more than %d", len(body), MaxBody)
	}
	var w wireEnvelope
	if err := decodeStrictMax(body, MaxBody, &w); err != nil {
		return nil, err
	}
	if !isPayloadType(w.PayloadType) {
		return nil, broken("envelope.payloadType", "%q is not 1 to 128 visible ASCII characters", w.PayloadType)
	}
	if len(w.Payload) == 0 || len(w.Payload) > MaxPayload {
		return nil, broken("envelope.payload", "%d bytes are not within 1 to %d", len(w.Payload), MaxPayload)
	}
	e := &Envelope{PayloadType: w.PayloadType, Payload: w.Payload}
	if w.Signatures == nil || len(w.Signatures) > MaxSignatures {
		return nil, broken("envelope.signatures", "absent, or more than %d", MaxSignatures)
	}
	for _, s := range w.Signatures {
		if !isKeyID(s.KeyID) || len(s.Sig) != signatureLen {
			return nil, broken("envelope.signatures", "not a keyid and an Ed25519 signature: %.80q", s.KeyID)
		}
		if e.has(s.KeyID) {
			return nil, broken("envelope.signatures", "key %s occurs twice", s.KeyID)
		}
		e.Signatures = append(e.Signatures, Signature{KeyID: s.KeyID, Sig: s.Sig})
	}
	return e, nil
}

// Marshal returns the envelope's JSON form.
func (e *Envelope) Marshal() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `{"payloadType":%q,"payload":"%s","signatures":[`, e.PayloadType, base64.StdEncoding.EncodeToString(e.Payload))
	for i, s := range e.Signatures {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"keyid":%q,"sig":"%s"}`, s.KeyID, base64.StdEncoding.EncodeToString(s.Sig))
	}
	b.WriteString("]}")
	return b.Bytes()
}

// PAE is DSSE's pre-authentication encoding: the bytes that are signed.
func (e *Envelope) PAE() []byte { return dsse.PAE(e.PayloadType, e.Payload) }

// Hash is the SHA-256 of the payload, by which everybody knows the document.
func (e *Envelope) Hash() [32]byte { return sha256.Sum256(e.Payload) }

// Sign adds k's signature, or replaces the one that k made before.
func (e *Envelope) Sign(k *PrivateKey) {
	sig := Signature{KeyID: k.KeyID(), Sig: k.sign(e.PAE())}
	for i := range e.Signatures {
		if e.Signatures[i].KeyID == sig.KeyID {
			e.Signatures[i] = sig
			return
		}
	}
	e.Signatures = append(slices.Clip(e.Signatures), sig)
}

func (e *Envelope) has(keyID string) bool {
	return slices.ContainsFunc(e.Signatures, func(s Signature) bool { return s.KeyID == keyID })
}

// isPayloadType keeps types to characters that need no escaping, so that the
// length that PAE counts is the same in every language.
func isPayloadType(s string) bool {
	return len(s) >= 1 && len(s) <= 128 && strings.IndexFunc(s, func(r rune) bool {
		return r <= ' ' || r > '~' || r == '"' || r == '\\'
	}) < 0
}

func isKeyID(s string) bool {
	return len(s) == keyIDLen && strings.Trim(s, "0123456789abcdef") == ""
}
