package main

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A desk that can't do it now is no mistake of whoever asks.
func TestUnavailableDesk(t *testing.T) {
	desk := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/problem+json")
		w.Header().Set("Retry-After", "2")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, `{"type":"urn:tocsin:problem:unavailable","title":"Nothing was tried: the log can't take it now"}`)
	}))
	defer desk.Close()
	key := filepath.Join(t.TempDir(), "ben.key")
	require.Zero(t, run([]string{"key", "new", key, "--owner", "ben"}, console{Out: io.Discard, Err: t.Output()}))
	for _, args := range [][]string{
		{"approve", "0198c1f2-0000-7000-8000-000000000000", "--yes"},
		{"publish", "--headline", "x", "--expires", "1h"},
		{"proposals"},
	} {
		var diagnosis bytes.Buffer
		args = append(args, "--key", key, "--desk", desk.URL)
		require.Equal(t, 1, run(args, console{In: &bytes.Buffer{}, Out: io.Discard, Err: &diagnosis}), args)
		require.Contains(t, diagnosis.String(), "the log can't take it now. Try again in a moment")
		require.NotContains(t, diagnosis.String(), "--help")
	}
}
