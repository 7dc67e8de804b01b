package notice_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/notice"
)

func TestPostureDocument(t *testing.T) {
	const at = notice.DateTime("2026-11-22T09:30:00-00:00")
	hash := strings.Repeat("0f", 32)
	good := notice.Posture{
		Version: 2, Sent: at, Note: "why", TicketEpoch: 3, Incident: true,
		TokensNotBefore: map[string]notice.DateTime{"https://id.example": at},
		IssuerBlocked:   map[string]notice.Blocked{"https://id.example": {Since: at}},
		Revoked:         []notice.Revoked{{Hash: hash, Until: at}},
	}
	payload, err := notice.EncodePosture(&good)
	require.NoError(t, err)
	again, err := notice.DecodePosture(payload)
	require.NoError(t, err)
	require.Equal(t, &good, again)
	for rule, edit := range map[string]func(p *notice.Posture){
		"posture.version":         func(p *notice.Posture) { p.Version = -1 },
		"posture.sent":            func(p *notice.Posture) { p.Sent = "now" },
		"posture.pseudonyms":      func(p *notice.Posture) { p.Pseudonyms = "0A1B2C3D" },
		"posture.ticketEpoch":     func(p *notice.Posture) { p.TicketEpoch = -1 },
		"posture.tokensNotBefore": func(p *notice.Posture) { p.TokensNotBefore = map[string]notice.DateTime{"x": ""} },
		"posture.issuerBlocked":   func(p *notice.Posture) { p.IssuerBlocked = map[string]notice.Blocked{"x": {}} },
	} {
		bad := good
		edit(&bad)
		_, err := notice.EncodePosture(&bad)
		require.Equal(t, rule, ruleOf(t, err))
	}
	for _, until := range []notice.DateTime{at, "2026-11-22T09:29:59-00:00", "soon"} {
		bad := good
		bad.IssuerBlocked = map[string]notice.Blocked{"x": {Since: at, Until: until}}
		_, err := notice.EncodePosture(&bad)
		require.Equal(t, "posture.issuerBlocked", ruleOf(t, err))
	}
	for _, revoked := range [][]notice.Revoked{
		make([]notice.Revoked, 1001), {{Hash: hash}}, {{Hash: hash[:30], Until: at}}, {{Hash: hash + "00", Until: at}}, {{Hash: strings.ToUpper(hash), Until: at}},
	} {
		_, err := notice.EncodePosture(&notice.Posture{Version: 1, Sent: at, Revoked: revoked})
		require.Equal(t, "posture.revoked", ruleOf(t, err))
	}
}

func TestRedactionAndSessionDocuments(t *testing.T) {
	const at = notice.DateTime("2026-11-22T09:30:00-00:00")
	redaction := notice.Redaction{Seq: 7, SHA256: strings.Repeat("0f", 32), Sent: at, Reason: "named a patient"}
	payload, err := notice.EncodeRedaction(&redaction)
	require.NoError(t, err)
	require.Equal(t, fmt.Sprintf(`{"seq":7,"sha256":"%s","sent":"%s","reason":"named a patient"}`, redaction.SHA256, at), string(payload))
	r, err := notice.DecodeRedaction(payload)
	require.NoError(t, err)
	require.Equal(t, &redaction, r)
	for rule, edit := range map[string]func(r *notice.Redaction){
		"redaction.seq":    func(r *notice.Redaction) { r.Seq = 0 },
		"redaction.sha256": func(r *notice.Redaction) { r.SHA256 = "0f" },
		"redaction.sent":   func(r *notice.Redaction) { r.Sent = "" },
		"redaction.reason": func(r *notice.Redaction) { r.Reason = "" },
	} {
		bad := redaction
		edit(&bad)
		_, err := notice.EncodeRedaction(&bad)
		require.Equal(t, rule, ruleOf(t, err))
	}
	session := notice.Session{Origin: "https://desk.clinic.example", Nonce: "n", Expires: at}
	for rule, edit := range map[string]func(s *notice.Session){
		"session.expires": func(s *notice.Session) { s.Expires = "" },
		"session.text":    func(s *notice.Session) { s.Nonce = "" },
	} {
		bad := session
		edit(&bad)
		_, err := notice.EncodeSession(&bad)
		require.Equal(t, rule, ruleOf(t, err))
	}
	for _, origin := range []string{"", "https://desk .example", strings.Repeat("a", 301)} {
		_, err := notice.EncodeSession(&notice.Session{Origin: origin, Nonce: "n", Expires: at})
		require.Equal(t, "session.text", ruleOf(t, err))
	}
	_, err = notice.DecodeSession([]byte(`{"origin":"a","nonce":"b","expires":"2026-11-22T09:30:00-00:00","roles":[]}`))
	require.Equal(t, "json.unknown", ruleOf(t, err))
}
