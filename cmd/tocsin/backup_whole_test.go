package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// A file is there whole or not at all, and never in the place of another by accident.
func TestWriteWhole(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "log.backup")
	text := func(s string) func(io.Writer) error {
		return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
	}
	full := func(w io.Writer) error {
		return errors.Join(text("half")(w), syscall.ENOSPC)
	}
	require.ErrorIs(t, writeWhole(path, false, full), syscall.ENOSPC)
	requireFiles(t, dir)

	require.NoError(t, writeWhole(path, false, text("one")))
	require.ErrorContains(t, writeWhole(path, false, text("two")), "is not overwritten")
	require.ErrorIs(t, writeWhole(path, true, full), syscall.ENOSPC)
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "one", string(content))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode())

	require.NoError(t, writeWhole(path, true, text("two")))
	content, err = os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "two", string(content))
	requireFiles(t, dir, "log.backup")
	require.Error(t, writeWhole(filepath.Join(dir, "no", "log.backup"), false, text("x")))
}

func requireFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	require.Equal(t, want, names)
}
