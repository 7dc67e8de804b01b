package broker_test

import (
	"bytes"
	"crypto/rand"
	"slices"
	"sync"
	"testing"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
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

// A value that is replaced while it is read loses its messages. Who reads gets the one or
// the other, whole.
func TestObjectReplacedWhileRead(t *testing.T) {
	t.Parallel()
	ctx, objects := testContext(t), openExternal(t, startNATS(t), broker.Config{}).Cohorts()
	values := [2][]byte{bytes.Repeat([]byte("first "), 100_000), bytes.Repeat([]byte("second "), 100_000)}
	require.NoError(t, objects.Put(ctx, "breach", values[0], nil))
	read := make(chan struct{})
	var writing sync.WaitGroup
	writing.Go(func() {
		for i := 1; ; i++ {
			select {
			case <-read:
				return
			default:
				assert.NoError(t, objects.Put(ctx, "breach", values[i%2], nil))
			}
		}
	})
	defer writing.Wait()
	defer close(read)
	for range 10 {
		value, err := objects.Get(ctx, "breach")
		require.NoError(t, err)
		require.True(t, bytes.Equal(value, values[0]) || bytes.Equal(value, values[1]))
	}
}

// A value of which messages are lost is an error at once; nobody waits for them.
func TestDamagedObject(t *testing.T) {
	t.Parallel()
	ctx, s := testContext(t), startNATS(t)
	objects := openExternal(t, s, broker.Config{}).Cohorts()
	require.NoError(t, objects.Put(ctx, "breach", []byte("first"), nil))
	_, js := s.admin()
	stream, err := js.Stream(ctx, "OBJ_"+broker.BucketCohorts)
	require.NoError(t, err)
	require.NoError(t, stream.Purge(ctx, jetstream.WithPurgeSubject("$O."+broker.BucketCohorts+".C.>")))
	_, err = objects.Get(ctx, "breach")
	require.ErrorIs(t, err, broker.ErrUnavailable)
	require.ErrorIs(t, err, broker.ErrDamaged)
	require.NoError(t, objects.Put(ctx, "breach", []byte("second"), nil))
	value, err := objects.Get(ctx, "breach")
	require.NoError(t, err)
	require.Equal(t, "second", string(value))

	require.Equal(t, []string{"breach"}, names(t, objects))
	require.NoError(t, stream.Purge(ctx, jetstream.WithPurgeSubject("$O."+broker.BucketCohorts+".M.>")))
	require.Empty(t, names(t, objects), "what was purged")
}

func names(t testing.TB, objects *broker.Objects) (all []string) {
	t.Helper()
	list, err := objects.List(testContext(t))
	require.NoError(t, err)
	for _, o := range list {
		all = append(all, o.Name)
	}
	slices.Sort(all)
	return all
}
