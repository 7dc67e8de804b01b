package main

import (
	"encoding/base64"
	"encoding/hex"
	"time"

	"tocsin/auth"
	"tocsin/notice"
)

// postureOf says what a signed posture means to auth, which knows no documents.
// No posture voids nothing. The document has been checked, so its times parse.
func postureOf(p *notice.Posture) auth.Posture {
	if p == nil {
		return auth.Posture{}
	}
	out := auth.Posture{
		TokensNotBefore: make(map[string]time.Time),
		IssuerBlocked:   make(map[string]auth.Blocked),
		TicketEpoch:     p.TicketEpoch,
		Revoked:         make(map[string]time.Time),
	}
	for issuer, t := range p.TokensNotBefore {
		out.TokensNotBefore[issuer] = timeOf(t)
	}
	for issuer, b := range p.IssuerBlocked {
		out.IssuerBlocked[issuer] = auth.Blocked{Since: timeOf(b.Since), Until: timeOf(b.Until)}
	}
	for _, r := range p.Revoked {
		// Documents write hashes in hex, pseudonyms are base64url.
		if sum, err := hex.DecodeString(r.Hash); err == nil {
			out.Revoked[base64.RawURLEncoding.EncodeToString(sum)] = timeOf(r.Until)
		}
	}
	return out
}

// timeOf is the zero time for a time that is absent.
func timeOf(d notice.DateTime) time.Time {
	t, _ := d.Time()
	return t
}
