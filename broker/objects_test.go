package broker_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
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

// A value that is replaced while it is read loses its messages, and the client library
// waits for them. The reader gets the new one instead, as soon as it is there; what is
// deleted is not found; what is damaged for good is an error; and a caller who has had
// enough is let go.
func TestObjectReplacedWhileRead(t *testing.T) {
	t.Parallel()
	const prompt = 5 * time.Second // a quarter of what a whole read may take
	ctx, s := testContext(t), startNATS(t)
	objects := openExternal(t, s, broker.Config{}).Cohorts()
	_, js := s.admin()
	stream, err := js.Stream(ctx, "OBJ_"+broker.BucketCohorts)
	require.NoError(t, err)
	type answer struct {
		value []byte
		err   error
	}
	// reading begins a read in the middle of the replacement.
	reading := func(ctx context.Context) <-chan answer {
		require.NoError(t, objects.Put(ctx, "breach", []byte("first"), nil))
		require.NoError(t, stream.Purge(ctx, jetstream.WithPurgeSubject("$O."+broker.BucketCohorts+".C.>")))
		answers := make(chan answer, 1)
		go func() {
			value, err := objects.Get(ctx, "breach")
			answers <- answer{value, err}
		}()
		require.Eventually(t, func() bool { // the reader waits
			info, err := stream.Info(ctx)
			return err == nil && info.State.Consumers == 1
		}, patience, 5*time.Millisecond)
		return answers
	}

	// during acts in the middle of a read. Where it takes long, on a busy machine, the value
	// is rightly held to be damaged: then once more.
	during := func(act func() error) (got answer) {
		for range 5 {
			answers, acted := reading(ctx), time.Now()
			require.NoError(t, act())
			got = <-answers
			require.Less(t, time.Since(acted), prompt)
			if !errors.Is(got.err, broker.ErrUnavailable) {
				break
			}
		}
		return got
	}

	got := during(func() error { return objects.Put(ctx, "breach", []byte("second"), nil) })
	require.NoError(t, got.err)
	require.Equal(t, "second", string(got.value))

	got = during(func() error { return objects.Delete(ctx, "breach") })
	require.ErrorIs(t, got.err, broker.ErrNotFound)

	answers, started := reading(ctx), time.Now()
	require.ErrorIs(t, (<-answers).err, broker.ErrUnavailable)
	require.Less(t, time.Since(started), prompt)

	leaving, leave := context.WithCancel(ctx)
	answers, started = reading(leaving), time.Now()
	leave()
	require.ErrorIs(t, (<-answers).err, broker.ErrUnavailable)
	require.Less(t, time.Since(started), prompt)
}
