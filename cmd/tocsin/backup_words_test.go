package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What a copy holds reads well for one entry, for many, and where places are empty.
func TestCopyInWords(t *testing.T) {
	for want, w := range map[string]copyWords{
		"epoch 0a1b2c3d, 0 entries\n":                          {},
		"epoch 0a1b2c3d, 1 entry\n":                            {Entries: 1, Last: 1},
		"epoch 0a1b2c3d, 12 entries\n":                         {Entries: 12, Last: 12},
		"epoch 0a1b2c3d, 9 entries in 12 places, 3 redacted\n": {Entries: 9, Last: 12, Redacted: 3},
		"verified  keyset version 2, 1 notice active\n":        {Verified: true, Keyset: 2, Active: 1},
	} {
		w.Epoch = "0a1b2c3d"
		var out strings.Builder
		require.NoError(t, w.say(&out))
		require.Contains(t, out.String(), want)
	}
}
