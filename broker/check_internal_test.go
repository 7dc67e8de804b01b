package broker

import (
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
)

// The connection that a check makes to each server says nothing of the broker's own.
func TestProbeLeavesTheLinkAlone(t *testing.T) {
	t.Parallel()
	b, err := Open(t.Context(), Config{Dir: t.TempDir(), MaxBytes: MinMaxBytes, Logger: slog.New(slog.DiscardHandler)})
	require.NoError(t, err)
	defer b.Close()
	options, err := b.connectOptions()
	require.NoError(t, err)
	probe := b.conn.Opts
	probe.ConnectedCB, probe.DisconnectedErrCB, probe.ReconnectedCB, probe.ReconnectErrCB = nil, nil, nil, nil
	for _, option := range options {
		require.NoError(t, option(&probe))
	}
	require.Nil(t, probe.ConnectedCB)
	require.Nil(t, probe.DisconnectedErrCB)
	require.Nil(t, probe.ReconnectedCB)
	require.Nil(t, probe.ReconnectErrCB)
}
