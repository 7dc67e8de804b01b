package wire_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// frameVector is an element of testdata/*-frames.json (testdata/README.md).
type frameVector struct {
	Name        string          `json:"name"`
	Frame       string          `json:"frame"`
	FrameBase64 string          `json:"frameBase64"`
	Decoded     json.RawMessage `json:"decoded"`
	Envelope    string          `json:"envelope"`
	Error       string          `json:"error"`
}

func (v frameVector) bytes(t testing.TB) []byte {
	if v.FrameBase64 == "" {
		return []byte(v.Frame)
	}
	frame, err := base64.StdEncoding.DecodeString(v.FrameBase64)
	require.NoError(t, err)
	return frame
}

// readVectors reads a file of testdata, which must not be empty.
func readVectors[V any](t testing.TB, name string) []V {
	text, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	var vectors []V
	require.NoError(t, json.Unmarshal(text, &vectors))
	require.NotEmpty(t, vectors)
	return vectors
}
