package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/notice/noticetest"
)

// TestKeysetInTheWay: where another keyset of the version waits, whoever publishes reads
// whose it is, and how to go on.
func TestKeysetInTheWay(t *testing.T) {
	staff := noticetest.NewStaff(t)
	file := filepath.Join(t.TempDir(), "keyset.json")
	require.NoError(t, os.WriteFile(file, staff.KeysetBody(2), 0o600))
	desk := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("check") == "true" {
			_, _ = w.Write([]byte(`{"status":"checked","identifier":"keyset-2"}`))
			return
		}
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusConflict)
		_, _ = w.Write([]byte(`{"type":"urn:tocsin:problem:conflict","title":"Something else waits","detail":"it is signed by 0f"}`))
	}))
	defer desk.Close()
	err := keysetPublishCmd{File: file, deskFlags: deskFlags{Desk: desk.URL}}.Run(context.Background(), console{Out: t.Output(), Err: t.Output()})
	require.ErrorContains(t, err, "it is signed by 0f")
	require.ErrorContains(t, err, "tocsin proposals --withdraw keyset-2 --key FILE\n        by an operator")
	require.ErrorContains(t, err, "makes the next version")
}
