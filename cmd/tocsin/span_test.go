package main

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
)

// A length of time below zero looks like a flag to the parser, whose advice would not help.
func TestNegativeSpan(t *testing.T) {
	t.Parallel()
	for span, own := range map[string]bool{"-2h": true, "-1h30m": true, "-1.5h": true, "-2d": true, "-x": false, "-2": false} {
		var out, said bytes.Buffer
		require.Equal(t, 2, run([]string{"publish", "--headline", "x", "--expires", span}, console{Out: &out, Err: &said}), span)
		require.Equal(t, own, bytes.Contains(said.Bytes(), []byte(`--expires: "`+span+`" is no length of time`)), said.String())
	}
}
