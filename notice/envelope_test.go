package notice_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// envelopeVector is one case of testdata/envelopes.json. A reader parses the body;
// if it is good, it compares the rest, and verifies each signature with its key.
type envelopeVector struct {
	Name        string            `json:"name"`
	Body        string            `json:"body"`
	Rule        string            `json:"rule,omitempty"` // that a bad one breaks
	PayloadType string            `json:"payloadType,omitempty"`
	SHA256      string            `json:"sha256,omitempty"` // of the payload
	PAE         string            `json:"pae,omitempty"`    // in base64
	Signatures  []signatureVector `json:"signatures,omitempty"`
}

type signatureVector struct {
	KeyID     string `json:"keyid"`
	PublicKey string `json:"publicKey"` // in base64
	Valid     bool   `json:"valid"`
}

func TestEnvelopes(t *testing.T) {
	s := noticetest.NewStaff(t)
	payload := []byte(`{"greeting":"héllo!"}`)
	e := noticetest.SignBytes("application/vnd.tocsin.test+json", payload, s.Publisher, s.Approver)
	good := string(e.Marshal())
	changed := func(edit func(e *notice.Envelope)) string {
		c := noticetest.SignBytes(e.PayloadType, e.Payload, s.Publisher, s.Approver)
		edit(c)
		return string(c.Marshal())
	}
	b64 := base64.StdEncoding.EncodeToString(payload)
	sig := base64.StdEncoding.EncodeToString(e.Signatures[0].Sig)
	var many []*notice.PrivateKey
	for i := range 17 {
		k, err := notice.KeyFromSeed("crowd", []byte(fmt.Sprintf("%032d", i)))
		require.NoError(t, err)
		many = append(many, k)
	}
	vectors := []envelopeVector{
		{Name: "two signatures", Body: good},
		{Name: "no signatures", Body: changed(func(e *notice.Envelope) { e.Signatures = nil })},
		{Name: "16 signatures", Body: string(noticetest.SignBytes("t", payload, many[:16]...).Marshal())},
		{Name: "members in another order, spaces, escapes", Body: "\n" + strings.Replace(fmt.Sprintf(
			` { "signatures" : [ ] , "payload" : %q , "payloadType" : %q } `, b64, "application/vnd.x"), "vnd", `\u0076nd`, 1)},
		{Name: "a changed payload", Body: changed(func(e *notice.Envelope) { e.Payload = append([]byte(nil), "x"...) })},
		{Name: "a changed type", Body: changed(func(e *notice.Envelope) { e.PayloadType = notice.TypeNotice })},
		{Name: "S above the group order", Body: changed(func(e *notice.Envelope) { e.Signatures[1].Sig = addGroupOrder(e.Signatures[1].Sig) })},
		{Name: "signatures exchanged", Body: changed(func(e *notice.Envelope) {
			e.Signatures[0].Sig, e.Signatures[1].Sig = e.Signatures[1].Sig, e.Signatures[0].Sig
		})},

		{Name: "17 signatures", Rule: "envelope.signatures", Body: string(noticetest.SignBytes("t", payload, many...).Marshal())},
		{Name: "one key twice", Rule: "envelope.signatures", Body: changed(func(e *notice.Envelope) { e.Signatures[1].KeyID = e.Signatures[0].KeyID })},
		{Name: "a keyid in upper case", Rule: "envelope.signatures", Body: changed(func(e *notice.Envelope) { e.Signatures[0].KeyID = strings.ToUpper(e.Signatures[0].KeyID) })},
		{Name: "a short keyid", Rule: "envelope.signatures", Body: changed(func(e *notice.Envelope) { e.Signatures[0].KeyID = e.Signatures[0].KeyID[1:] })},
		{Name: "a short signature", Rule: "envelope.signatures", Body: changed(func(e *notice.Envelope) { e.Signatures[0].Sig = e.Signatures[0].Sig[1:] })},
		{Name: "no payload", Rule: "envelope.payload", Body: `{"payloadType":"t","signatures":[]}`},
		{Name: "an empty payload", Rule: "envelope.payload", Body: `{"payloadType":"t","payload":"","signatures":[]}`},
		{Name: "no type", Rule: "envelope.payloadType", Body: `{"payload":"` + b64 + `","signatures":[]}`},
		{Name: "a type that is not ASCII", Rule: "envelope.payloadType", Body: `{"payloadType":"é","payload":"` + b64 + `","signatures":[]}`},
		{Name: "signatures absent", Rule: "envelope.signatures", Body: `{"payloadType":"t","payload":"` + b64 + `"}`},
		{Name: "signatures null", Rule: "json.null", Body: `{"payloadType":"t","payload":"` + b64 + `","signatures":null}`},
		{Name: "base64 without padding", Rule: "json.type", Body: strings.Replace(good, b64, strings.TrimRight(b64, "="), 1)},
		{Name: "base64 with bits left over", Rule: "json.type", Body: strings.Replace(good, sig, sig[:len(sig)-3]+"B==", 1)},
		{Name: "base64 with a line break", Rule: "json.type", Body: strings.Replace(good, b64, b64[:4]+`\n`+b64[4:], 1)},
		{Name: "base64 of the URL alphabet", Rule: "json.type", Body: `{"payloadType":"t","payload":"-_-_","signatures":[]}`},
		{Name: "a duplicate name", Rule: "json.duplicate", Body: strings.Replace(good, `"payload":`, `"payload":"","payload":`, 1)},
		{Name: "a duplicate name by escape", Rule: "json.duplicate", Body: strings.Replace(good, `"payload":`, `"p\u0061yload":"","payload":`, 1)},
		{Name: "another case", Rule: "json.unknown", Body: strings.Replace(good, `"payload":`, `"Payload":`, 1)},
		{Name: "an unknown member", Rule: "json.unknown", Body: strings.Replace(good, `"payload":`, `"cert":"","payload":`, 1)},
		{Name: "something behind", Rule: "json.syntax", Body: good + "x"},
		{Name: "not an object", Rule: "json.type", Body: `[` + good + `]`},
		{Name: "not UTF-8", Rule: "json.text", Body: strings.Replace(good, "vnd", "v\xffd", 1)},
	}
	for i := range vectors {
		t.Run(vectors[i].Name, func(t *testing.T) { checkEnvelope(t, &vectors[i], append(many, s.Publisher, s.Approver)) })
	}
	vectors = vectors[:len(vectors)-1] // a JSON file can't hold it
	golden(t, "envelopes.json", vectors)
}

// checkEnvelope parses the vector's body, and fills in what there is to compare.
func checkEnvelope(t *testing.T, v *envelopeVector, keys []*notice.PrivateKey) {
	e, err := notice.ParseEnvelope([]byte(v.Body))
	if v.Rule != "" {
		require.Equal(t, v.Rule, ruleOf(t, err), "%v", err)
		return
	}
	require.NoError(t, err)
	again, err := notice.ParseEnvelope(e.Marshal())
	require.NoError(t, err)
	require.Equal(t, e, again)
	hash := e.Hash()
	v.PayloadType, v.SHA256, v.PAE = e.PayloadType, hex.EncodeToString(hash[:]), base64.StdEncoding.EncodeToString(e.PAE())
	for _, sig := range e.Signatures {
		for _, k := range keys {
			if k.KeyID() == sig.KeyID {
				v.Signatures = append(v.Signatures, signatureVector{
					KeyID: sig.KeyID, PublicKey: base64.StdEncoding.EncodeToString(k.Public()),
					Valid: ed25519.Verify(k.Public(), e.PAE(), sig.Sig),
				})
			}
		}
	}
	require.Len(t, v.Signatures, len(e.Signatures))
}

// The example of the DSSE specification (protocol.md, "Test Vectors").
func TestPAE(t *testing.T) {
	e := &notice.Envelope{PayloadType: "http://example.com/HelloWorld", Payload: []byte("hello world")}
	require.Equal(t, "DSSEv1 29 http://example.com/HelloWorld 11 hello world", string(e.PAE()))
}

func TestSignReplacesItsOwn(t *testing.T) {
	s := noticetest.NewStaff(t)
	e := noticetest.SignBytes("t", []byte("x"), s.Publisher, s.Approver)
	first := e.Signatures[0]
	before := *e
	e.Sign(s.Publisher)
	require.Len(t, e.Signatures, 2)
	require.Equal(t, first, e.Signatures[0])
	e.Sign(s.Approver2)
	require.Len(t, e.Signatures, 3)
	require.Len(t, before.Signatures, 2)
}

func TestSubject(t *testing.T) {
	s := noticetest.NewStaff(t)
	alert := s.Alert()
	for want, body := range map[string][]byte{
		"tocsin.log.notice." + alert.Identifier: s.Sign(alert),
		"tocsin.log.keyset":                     s.KeysetBody(1),
		"tocsin.log.contacts":                   s.ContactsBody(1),
		"tocsin.log.posture":                    s.PostureBody(&notice.Posture{Version: 1}),
		"tocsin.log.redaction":                  s.RedactionBody(1, nil),
	} {
		e, err := notice.ParseEnvelope(body)
		require.NoError(t, err)
		subject, err := notice.Subject(e)
		require.NoError(t, err)
		require.Equal(t, want, subject)
	}
	update, cancel := s.Update(alert, nil), s.Cancel(alert, nil)
	for _, n := range []*notice.Notice{update, cancel} {
		subject, err := notice.Subject(s.Unsigned(n))
		require.NoError(t, err)
		require.Equal(t, "tocsin.log.notice."+alert.Identifier, subject)
	}
	for rule, e := range map[string]*notice.Envelope{
		"type":        noticetest.SignBytes(notice.TypeHead, []byte("{}")),
		"identifier":  s.Unsigned(s.Alert(noticetest.Identifier("a.b>"))),
		"json.syntax": noticetest.SignBytes(notice.TypeNotice, []byte("{")),
		"references":  s.Unsigned(s.Update(alert, nil, func(n *notice.Notice) { n.References = nil })),
	} {
		_, err := notice.Subject(e)
		require.Equal(t, rule, ruleOf(t, err))
	}
}

func FuzzEnvelope(f *testing.F) {
	s := noticetest.NewStaff(f)
	f.Add(s.Sign(s.Alert()))
	f.Add(s.KeysetBody(1))
	f.Add([]byte(`{"payloadType":"t","payload":"AA==","signatures":[{"keyid":"","sig":""}]}`))
	b := s.Board()
	f.Fuzz(func(t *testing.T, body []byte) {
		if _, err := b.Try(body); err == nil { // never panics
			require.NoError(t, s.Board().Fold(notice.Entry{Seq: 2, Body: body}).Err)
		}
		e, err := notice.ParseEnvelope(body)
		if err != nil {
			ruleOf(t, err)
			return
		}
		require.LessOrEqual(t, len(e.Signatures), notice.MaxSignatures)
		again, err := notice.ParseEnvelope(e.Marshal())
		require.NoError(t, err)
		require.Equal(t, e, again)
		require.Equal(t, e.Marshal(), again.Marshal())
	})
}
