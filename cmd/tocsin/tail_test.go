package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReadTokens(t *testing.T) {
	for content, want := range map[string]struct {
		tokens []string
		other  int
	}{
		"":                               {},
		"a.b-1.c_2\r\n\nd.e.f":           {tokens: []string{"a.b-1.c_2", "d.e.f"}},
		"\ufeffa.b.c\n":                  {tokens: []string{"a.b.c"}},
		"a.b.c\n# note\na.b\na.b.c.d\n":  {tokens: []string{"a.b.c"}, other: 4},
		"\xff\xfea\x00.\x00b\x00.\x00c":  {other: 1},
		strings.Repeat("\x01 ..", 1000):  {other: 1001},
		"{\"access_token\":\"a.b.c\"}\n": {other: 1},
	} {
		file := filepath.Join(t.TempDir(), "token")
		require.NoError(t, os.WriteFile(file, []byte(content), 0o600))
		tokens, other, err := readTokens(file)
		require.NoError(t, err)
		require.Equal(t, want.tokens, tokens, content)
		require.Equal(t, want.other, other, content)
	}
	_, _, err := readTokens(filepath.Join(t.TempDir(), "none"))
	require.ErrorContains(t, err, "reading the tokens")
}

func TestWhyInWords(t *testing.T) {
	require.Equal(t, "the connection was lost", why(fmt.Errorf("reading: %w", io.EOF)))
	require.Equal(t, "the node is silent", why(errors.New("the node is silent")))
}
