package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// CAP recommends 160 characters, not bytes; more are let through with a note.
func TestLongHeadline(t *testing.T) {
	for length, want := range map[int]string{160: "", 161: "has 161 characters"} {
		var said bytes.Buffer
		args := []string{"publish", "--headline", strings.Repeat("ä", length), "--expires", "1h", "--print"}
		require.Zero(t, run(args, console{Out: io.Discard, Err: &said}))
		if want == "" {
			require.Empty(t, said.String())
		}
		require.Contains(t, said.String(), want)
	}
}

func TestTranslationCutOff(t *testing.T) {
	file := filepath.Join(t.TempDir(), "es.json")
	for _, text := range []string{"", `{"language": "es"`} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		_, err := readTranslation(file)
		require.ErrorContains(t, err, "it is cut off: not whole JSON")
	}
}

func TestSpanRefused(t *testing.T) {
	for _, text := range []string{"-2h", "-2d", "0h"} {
		_, err := parseSpan(text)
		require.ErrorContains(t, err, "has to be above zero", text)
	}
	_, err := parseSpan("soon")
	require.ErrorContains(t, err, "nor a date and time")
}
