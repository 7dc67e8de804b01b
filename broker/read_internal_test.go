package broker

import (
	"context"
	"log/slog"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"
)

// What was too much at once is not asked for once more in the same way.
func TestReadAsksForLess(t *testing.T) {
	t.Parallel()
	b, err := Open(t.Context(), Config{Dir: t.TempDir(), MaxBytes: MinMaxBytes, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer b.Close()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	// A stream that nobody serves: the first question ends the test's patience.
	_, err = b.conn.Subscribe("$JS.API.STREAM.MSG.GET.BUSY", func(*nats.Msg) { cancel() })
	require.NoError(t, err)
	p := &place{b: b, stream: "BUSY", subjects: anySubject, next: 1, ahead: readAhead}
	_, err = p.batch(ctx)
	require.Error(t, err)
	require.Equal(t, readAhead/2, p.ahead)
}
