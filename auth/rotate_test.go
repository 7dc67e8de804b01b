package auth_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
)

// A key that was added opens and does not seal; promoted it seals, and what was sealed
// before opens until its key is dropped. Pseudonyms stay what they are.
func TestEditingARing(t *testing.T) {
	ring := auth.NewKeyring()
	first := ring.KeyIDs()[0]
	old, pseudonym := ring.Seal("p", []byte("old")), ring.Pseudonym("iss", "sub")
	second, err := ring.Add()
	require.NoError(t, err)
	require.Equal(t, []string{first, second}, ring.KeyIDs())

	require.NoError(t, ring.Promote(second, 1))
	require.Equal(t, []string{second, first}, ring.KeyIDs())
	fresh := ring.Seal("p", []byte("new"))
	plaintext, err := ring.Open("p", old)
	require.NoError(t, err)
	require.Equal(t, "old", string(plaintext))

	// What is written is what another server reads.
	path := filepath.Join(t.TempDir(), "keys")
	require.NoError(t, os.WriteFile(path, ring.Text(), 0o600))
	other, err := auth.LoadKeyring(path)
	require.NoError(t, err)
	require.Equal(t, ring.KeyIDs(), other.KeyIDs())
	require.Equal(t, pseudonym, other.Pseudonym("iss", "sub"))

	require.NoError(t, ring.Promote(second, 0))
	_, err = ring.Open("p", old)
	require.ErrorIs(t, err, auth.ErrSeal)
	_, err = ring.Open("p", fresh)
	require.NoError(t, err)
	require.ErrorIs(t, ring.Promote(first, 3), auth.ErrRing, "it is gone")

	for range 15 {
		_, err = ring.Add()
		require.NoError(t, err)
	}
	_, err = ring.Add()
	require.ErrorIs(t, err, auth.ErrRing)
	require.NoError(t, os.WriteFile(path, ring.Text(), 0o600))
	_, err = auth.LoadKeyring(path)
	require.NoError(t, err, "a full ring can be read")
}
