package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/client"
	"tocsin/notice"
)

// TestUnconfirmedIsLeft: when a notice's fate can't be learned, its signed bytes
// stay on the device, so that asking again makes no second notice.
func TestUnconfirmedIsLeft(t *testing.T) {
	desk := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusGatewayTimeout)
		_, _ = w.Write([]byte(`{"type":"urn:tocsin:problem:unconfirmed","title":"Not known","status":504}`))
	}))
	defer desk.Close()
	t.Chdir(t.TempDir())
	_, err := newKey("ana.key", "ana")
	require.NoError(t, err)
	s, err := deskFlags{Desk: desk.URL}.signIn("ana.key")
	require.NoError(t, err)
	n := composeFlags{Headline: "x"}.notice()
	n.Identifier = "0198c1f2-0000-7000-8000-000000000000"
	signed, err := s.sign(n)
	require.NoError(t, err)

	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	err = s.submit(ctx, console{Out: t.Output(), Err: t.Output(), program: "tocsin"}, signed, false)
	require.ErrorIs(t, err, client.ErrUnconfirmed)
	file := n.Identifier + ".envelope.json"
	require.ErrorContains(t, err, "tocsin publish --envelope "+file+" --desk "+desk.URL)

	kept, err := os.ReadFile(filepath.Clean(file))
	require.NoError(t, err)
	again, err := notice.ParseEnvelope(kept[:len(kept)-1])
	require.NoError(t, err)
	require.Equal(t, signed, again)
}
