package noticetest

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"

	"tocsin/notice"
)

// Sign is the log entry of a notice, signed by keys; by Publisher and Approver if
// none is given. The notice's rules are not checked.
func (s *Staff) Sign(n *notice.Notice, keys ...*notice.PrivateKey) []byte {
	return s.Envelope(n, keys...).Marshal()
}

// Envelope is what Sign marshals.
func (s *Staff) Envelope(n *notice.Notice, keys ...*notice.PrivateKey) *notice.Envelope {
	if len(keys) == 0 {
		keys = []*notice.PrivateKey{s.Publisher, s.Approver}
	}
	payload := must(s, func() ([]byte, error) { return notice.Encode(n) })
	return SignBytes(notice.TypeNotice, payload, keys...)
}

// Unsigned is the envelope of a notice without any signature.
func (s *Staff) Unsigned(n *notice.Notice) *notice.Envelope {
	payload := must(s, func() ([]byte, error) { return notice.Encode(n) })
	return SignBytes(notice.TypeNotice, payload)
}

// SignBytes is the envelope of any payload, good or bad, signed by keys.
func SignBytes(payloadType string, payload []byte, keys ...*notice.PrivateKey) *notice.Envelope {
	e := &notice.Envelope{PayloadType: payloadType, Payload: payload}
	for _, k := range keys {
		e.Sign(k)
	}
	return e
}

func (s *Staff) seal(payloadType string, payload []byte, keys []*notice.PrivateKey) []byte {
	return SignBytes(payloadType, payload, keys...).Marshal()
}

// Cards are contact cards in English and Spanish.
func (s *Staff) Cards(version int64) *notice.Contacts {
	return &notice.Contacts{Version: version, Sent: notice.FormatTime(s.Clock()), Cards: []notice.Card{
		{Language: "en-US", Audience: "patients", Name: "Front desk", Telephone: "+1 555 0100", Hours: "always"},
		{Language: "es-US", Audience: "patients", Name: "Recepción", Telephone: "+1 555 0101", Email: "hola@clinic.example"},
	}}
}

// ContactsBody is the log entry of Cards, signed by keys; by Contacts and
// Contacts2 if none is given.
func (s *Staff) ContactsBody(version int64, keys ...*notice.PrivateKey) []byte {
	return s.SignContacts(s.Cards(version), keys...)
}

// SignContacts is the log entry of contacts, signed like ContactsBody.
func (s *Staff) SignContacts(c *notice.Contacts, keys ...*notice.PrivateKey) []byte {
	if len(keys) == 0 {
		keys = []*notice.PrivateKey{s.Contacts, s.Contacts2}
	}
	return s.seal(notice.TypeContacts, must(s, func() ([]byte, error) { return notice.EncodeContacts(c) }), keys)
}

// PostureBody is the log entry of a posture, signed by keys; by Operator and
// Operator2 if none is given. An absent Sent is now.
func (s *Staff) PostureBody(p *notice.Posture, keys ...*notice.PrivateKey) []byte {
	if p.Sent.IsZero() {
		p.Sent = notice.FormatTime(s.Clock())
	}
	payload := must(s, func() ([]byte, error) { return notice.EncodePosture(p) })
	return s.seal(notice.TypePosture, payload, s.operators(keys))
}

// RedactionBody is the log entry of the redaction of the entry at seq, whose body
// was given; signed like PostureBody.
func (s *Staff) RedactionBody(seq uint64, body []byte, keys ...*notice.PrivateKey) []byte {
	sum := sha256.Sum256(body)
	if e, err := notice.ParseEnvelope(body); err == nil {
		sum = e.Hash()
	}
	r := &notice.Redaction{Seq: seq, SHA256: hex.EncodeToString(sum[:]), Sent: notice.FormatTime(s.Clock()), Reason: "named a patient"}
	payload := must(s, func() ([]byte, error) { return notice.EncodeRedaction(r) })
	return s.seal(notice.TypeRedaction, payload, s.operators(keys))
}

func (s *Staff) operators(keys []*notice.PrivateKey) []*notice.PrivateKey {
	if len(keys) == 0 {
		return []*notice.PrivateKey{s.Operator, s.Operator2}
	}
	return keys
}

// SessionBody is a staff login.
func (s *Staff) SessionBody(session *notice.Session, key *notice.PrivateKey) []byte {
	payload := must(s, func() ([]byte, error) { return notice.EncodeSession(session) })
	return s.seal(notice.TypeSession, payload, []*notice.PrivateKey{key})
}

// RawEnvelope is an envelope in JSON whose parts are taken as they are, to make bad ones.
func RawEnvelope(payloadType string, payload []byte, signatures string) []byte {
	return fmt.Appendf(nil, `{"payloadType":%q,"payload":%q,"signatures":%s}`,
		payloadType, base64.StdEncoding.EncodeToString(payload), signatures)
}
