package main

import (
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/notice"
)

// An edge knows nothing of what a desk is asked, and a proxy before a desk has limits of its own:
// who of them refused can't be told.
func TestRefusedByAProxy(t *testing.T) {
	t.Parallel()
	key := filepath.Join(t.TempDir(), "ana.key")
	_, err := newKey(key, "ana")
	require.NoError(t, err)
	for _, status := range []int{http.StatusUnauthorized, http.StatusNotFound, http.StatusRequestEntityTooLarge, http.StatusTooManyRequests} {
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		s, err := deskFlags{Desk: proxy.URL}.signIn(key)
		require.NoError(t, err)
		_, err = s.board(t.Context(), notice.Trust{})
		require.ErrorContains(t, err, "Is "+proxy.URL+" an edge's address, or did a proxy before the desk refuse it?", http.StatusText(status))
		proxy.Close()
	}
}
