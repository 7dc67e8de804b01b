package desk_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/desk"
	"tocsin/notice"
	"tocsin/notice/noticetest"
)

func FuzzSignature(f *testing.F) {
	s := noticetest.NewStaff(f)
	f.Add(signatureBody(s.Envelope(s.Alert(), s.Publisher)))
	f.Add([]byte(`{"keyid":"","sig":""}`))
	f.Add([]byte(`{"keyid":"` + s.Publisher.KeyID() + `","sig":"AAAA"} 1`))
	f.Fuzz(func(t *testing.T, body []byte) {
		sig, err := desk.DecodeSignature(body)
		if err != nil {
			return
		}
		require.Len(t, sig.Sig, 64)
		env := notice.Envelope{PayloadType: "x", Payload: []byte("x"), Signatures: []notice.Signature{sig}}
		_, err = notice.ParseEnvelope(env.Marshal())
		require.NoError(t, err, "what is taken fits an envelope")
	})
}

func FuzzProposal(f *testing.F) {
	s := noticetest.NewStaff(f)
	alert := s.Alert()
	body, err := json.Marshal(map[string]any{
		"proposer": "ana-ruiz", "created": time.Unix(0, 0), "envelope": json.RawMessage(s.Sign(alert)),
	})
	require.NoError(f, err)
	f.Add(alert.Identifier, body)
	f.Add("keyset-2", []byte(`{"envelope":{}}`))
	f.Fuzz(func(t *testing.T, key string, body []byte) {
		identifier, signatures, err := desk.CheckProposal(key, body)
		if err == nil {
			require.Equal(t, key, identifier)
			require.LessOrEqual(t, signatures, notice.MaxSignatures)
		}
	})
}

func FuzzOrigin(f *testing.F) {
	for _, s := range []string{"https://desk.example", "http://127.0.0.1:8081", "https://[::1]:443", "null", "https://a@b", "https://a/", "https://desk.example:443"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := desk.CheckOrigin(s)
		if err != nil {
			return
		}
		again, err := desk.CheckOrigin(got)
		require.NoError(t, err)
		require.Equal(t, got, again)
		require.False(t, strings.ContainsAny(strings.TrimPrefix(strings.TrimPrefix(got, "https://"), "http://"), "/@?#"))
	})
}

func TestOffer(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]string{
		"":                                    "application/json",
		"*/*":                                 "application/json",
		"application/*":                       "application/json",
		"application/cap+xml":                 "application/cap+xml",
		"application/cap+xml, */*;q=0.1":      "application/cap+xml",
		"application/json;q=0.5, */*":         "application/cap+xml",
		"*/*;q=0.9, application/json;q=0":     "application/cap+xml",
		"text/html":                           "",
		"application/json;q=0":                "",
		"application/json;q=2, text/html;q=x": "",
		";;;,,,":                              "",
	} {
		require.Equal(t, want, desk.Offer(accept, "application/json", "application/cap+xml"), "%q", accept)
	}
}
