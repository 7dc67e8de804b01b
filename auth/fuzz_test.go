package auth_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/auth/authtest"
)

// Whatever a client sends, it is public unless it is a token of the issuer.
func FuzzAdmit(f *testing.F) {
	issuer := authtest.NewOffline(f)
	file := filepath.Join(f.TempDir(), "keys")
	require.NoError(f, os.WriteFile(file, issuer.JWKS(), 0o600))
	ic := issuer.Config()
	ic.JWKSURL, ic.KeyFile = "", file
	a := newAuthority(f, auth.Config{Issuers: []auth.IssuerConfig{ic}})
	good := issuer.Token(map[string]any{"tenant": "north"})
	g := grant(a, good)
	require.Equal(f, auth.Private, g.Tier)
	f.Add("", "", "")
	f.Add(good[:len(good)-1], g.Ticket[1:], "lang:en")
	f.Add(segment(`{"alg":"none"}`)+"."+segment(`{"iss":"`+issuer.URL+`"}`)+".", "AQAA", "tenant:north")
	f.Fuzz(func(t *testing.T, token, ticket, claim string) {
		if token == good || ticket == g.Ticket {
			return
		}
		got := a.Grant(a.Admit(auth.Credentials{Tokens: []string{token}, Ticket: ticket, Claims: []string{claim}}))
		require.Equal(t, auth.Public, got.Tier)
		require.LessOrEqual(t, len(got.Labels), 1)
	})
}

// A ticket has one form: what decodes encodes to the same bytes.
func FuzzTicket(f *testing.F) {
	issuer := authtest.NewOffline(f)
	file := filepath.Join(f.TempDir(), "keys")
	require.NoError(f, os.WriteFile(file, issuer.JWKS(), 0o600))
	ic := issuer.Config()
	ic.JWKSURL, ic.KeyFile = "", file
	ring := auth.NewKeyring()
	a := newAuthority(f, auth.Config{Issuers: []auth.IssuerConfig{ic}, TicketKeys: ring})
	f.Add(auth.OpenTicket(ring, grant(a, issuer.Token(map[string]any{"tenant": "north", "group": []string{"a", "b"}})).Ticket))
	f.Add([]byte{1, 0})
	f.Add([]byte{1, 0x80, 0}) // a number in more bytes than it needs
	f.Fuzz(func(t *testing.T, plaintext []byte) {
		again, err := auth.RecodeTicket(plaintext)
		if err == nil {
			require.True(t, bytes.Equal(plaintext, again))
		}
		byTicket(a, auth.SealTicket(ring, plaintext)) // does not panic
	})
}

func FuzzKeys(f *testing.F) {
	f.Add(authtest.NewOffline(f).JWKS())
	f.Add([]byte(`{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}`))
	f.Add([]byte("-----BEGIN PUBLIC KEY-----\nAA==\n-----END PUBLIC KEY-----\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		n, err := auth.ParseKeys(text)
		require.Equal(t, err == nil, n > 0)
	})
}

func FuzzKeyring(f *testing.F) {
	dir := f.TempDir()
	_, err := auth.NewKeyringFile(filepath.Join(dir, "keys"))
	require.NoError(f, err)
	text, err := os.ReadFile(filepath.Join(dir, "keys"))
	require.NoError(f, err)
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "keys")
		require.NoError(t, os.WriteFile(path, text, 0o600))
		if ring, err := auth.LoadKeyring(path); err == nil {
			_, err = ring.Open("p", ring.Seal("p", text))
			require.NoError(t, err)
		}
	})
}
