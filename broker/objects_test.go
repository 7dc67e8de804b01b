package broker_test

import (
	"bytes"
	"crypto/rand"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/broker"
)

func TestObjects(t *testing.T) {
	t.Parallel()
	ctx, objects := testContext(t), openEmbedded(t).Cohorts()
	list, err := objects.List(ctx)
	require.NoError(t, err)
	require.Empty(t, list)
	_, err = objects.Get(ctx, "breach")
	require.ErrorIs(t, err, broker.ErrNotFound)

	large := make([]byte, 1<<20) // several messages
	rand.Read(large)
	require.NoError(t, objects.Put(ctx, "breach", large, map[string]string{"members": "7"}))
	got, err := objects.Get(ctx, "breach")
	require.NoError(t, err)
	require.True(t, bytes.Equal(large, got))
	before, err := objects.List(ctx)
	require.NoError(t, err)
	require.Len(t, before, 1)
	require.Equal(t, "breach", before[0].Name)
	require.Equal(t, "7", before[0].Metadata["members"])
	require.EqualValues(t, len(large), before[0].Size)

	require.NoError(t, objects.Put(ctx, "breach", []byte("shorter"), nil))
	got, err = objects.Get(ctx, "breach")
	require.NoError(t, err)
	require.Equal(t, "shorter", string(got))
	after, err := objects.List(ctx)
	require.NoError(t, err)
	require.Len(t, after, 1)
	require.NotEqual(t, before[0].Digest, after[0].Digest)

	require.NoError(t, objects.Delete(ctx, "breach"))
	list, err = objects.List(ctx)
	require.NoError(t, err)
	require.Empty(t, list)
	require.ErrorIs(t, objects.Delete(ctx, "breach"), broker.ErrNotFound)
}
