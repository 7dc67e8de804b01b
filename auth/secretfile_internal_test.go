package auth

import (
	"io/fs"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// TestExposed: a group may read what root gives, and nothing else is lent to anybody.
func TestExposed(t *testing.T) {
	for _, c := range []struct {
		mode         fs.FileMode
		given, owned bool // exposed, if root gives it, and if it is the process's own
	}{
		{0o400, false, false}, {0o600, false, false}, {0o700, false, false},
		{0o440, false, true}, {0o640, false, true},
		{0o660, true, true}, {0o620, true, true}, {0o650, true, true},
		{0o604, true, true}, {0o644, true, true}, {0o602, true, true}, {0o601, true, true}, {0o777, true, true},
	} {
		file := fstest.MapFS{"ring": {Mode: c.mode}}
		info, err := file.Stat("ring")
		require.NoError(t, err)
		require.Equal(t, c.given, exposed(info, true), "%o, root's", c.mode)
		require.Equal(t, c.owned, exposed(info, false), "%o, its own", c.mode)
		require.False(t, rootGives(info), "who the owner is, is not known")
	}
}
