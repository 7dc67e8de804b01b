package wire_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/wire"
)

func TestParseCursorVectors(t *testing.T) {
	type vector struct {
		Cursor, Epoch, Hash, Error string
		Seq                        uint64
	}
	for _, v := range readVectors[vector](t, "cursors.json") {
		cursor, err := wire.ParseCursor(v.Cursor)
		if v.Error != "" {
			require.ErrorIs(t, err, wire.ErrCursor, v.Cursor)
			require.True(t, cursor.IsZero())
			continue
		}
		require.NoError(t, err, v.Cursor)
		require.Equal(t, wire.Cursor{Epoch: v.Epoch, Seq: v.Seq, Hash: v.Hash}, cursor)
		require.Equal(t, v.Cursor, cursor.String())
	}
}

func TestEntryHashVectors(t *testing.T) {
	type vector struct{ Body, Hash string }
	for _, v := range readVectors[vector](t, "entry-hashes.json") {
		require.Equal(t, v.Hash, wire.EntryHash([]byte(v.Body)))
	}
}

func TestStartOf(t *testing.T) {
	start := wire.StartOf("0a1b2c3d")
	require.Equal(t, "0a1b2c3d:0:00000000", start.String())
	parsed, err := wire.ParseCursor(start.String())
	require.NoError(t, err)
	require.Equal(t, start, parsed)
}

func TestZeroCursor(t *testing.T) {
	require.True(t, wire.Cursor{}.IsZero())
	require.Empty(t, wire.Cursor{}.String())
	require.False(t, wire.StartOf("0a1b2c3d").IsZero())
}

func FuzzParseCursor(f *testing.F) {
	f.Add("0a1b2c3d:41:89abcdef")
	f.Add("0a1b2c3d:0:00000000")
	f.Fuzz(func(t *testing.T, s string) {
		cursor, err := wire.ParseCursor(s)
		if err != nil {
			require.ErrorIs(t, err, wire.ErrCursor)
			return
		}
		require.Equal(t, s, cursor.String())
	})
}
