package auth_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
)

func TestDevIssuer(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "dev")
	dev, err := auth.OpenDevIssuer(dir)
	require.NoError(t, err)
	info, err := os.Stat(filepath.Join(dir, "issuer.key"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())
	a := newAuthority(t, auth.Config{Issuers: []auth.IssuerConfig{dev.IssuerConfig()}})

	server := httptest.NewServer(dev.Handler())
	defer server.Close()
	get := func(query string) (int, string) {
		resp, err := http.Get(server.URL + "/dev/token?" + query)
		require.NoError(t, err)
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		require.NoError(t, err)
		return resp.StatusCode, strings.TrimSpace(string(body))
	}
	status, token := get("sub=ana&tenant=north&group=staff&group=night&session=call-9&life=10m")
	require.Equal(t, http.StatusOK, status)
	g := grant(a, token)
	require.Equal(t, auth.Private, g.Tier)
	require.Subset(t, g.Labels, []string{"tenant:north", "group:staff", "group:night", "session:call-9"})

	for _, bad := range []string{"", "sub=", "sub=a&life=0s", "sub=a&life=25h", "sub=a&life=x", "sub=a&tennant=north", "sub=" + strings.Repeat("x", 257)} {
		status, _ := get(bad)
		require.Equal(t, http.StatusBadRequest, status, bad)
	}

	// The key stays over a restart.
	again, err := auth.OpenDevIssuer(dir)
	require.NoError(t, err)
	require.Equal(t, dev.IssuerConfig(), again.IssuerConfig())
	token, err = again.Token("bob", nil, 0)
	require.NoError(t, err)
	require.Equal(t, auth.Private, grant(a, token).Tier)

	require.NoError(t, os.WriteFile(filepath.Join(dir, "issuer.key"), []byte("garbage"), 0o600))
	_, err = auth.OpenDevIssuer(dir)
	require.Error(t, err)
}
