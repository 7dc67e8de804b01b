//go:build unix

package natstest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/broker"
	"tocsin/broker/natstest"
)

// A server that lost its volume gets all back from the others; folders and addresses are
// those that the caller wants.
func TestCluster(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	asked := make(map[string]bool)
	c := natstest.Start(t, natstest.Config{
		Dir: func(server int) string { return filepath.Join(dir, fmt.Sprint(server)) },
		Client: func(server int, address string) string {
			asked[fmt.Sprint(server)] = true
			return address
		},
		Route: func(from, to int, address string) string {
			asked[fmt.Sprint(from, " to ", to)] = true
			return address
		},
	})
	require.Len(t, asked, 3+6)
	b, err := broker.Open(t.Context(), c.Broker("desk-1"))
	require.NoError(t, err)
	defer b.Close()

	lost := c.Servers[0]
	require.Error(t, lost.Wipe(), "it runs")
	require.NoError(t, lost.Pause())
	require.NoError(t, lost.Resume())
	lost.Kill()
	require.Zero(t, lost.PID())
	require.Error(t, lost.Pause())
	require.NoError(t, lost.Wipe())
	left, err := os.ReadDir(filepath.Join(dir, "0"))
	require.NoError(t, err)
	require.Empty(t, left)
	require.NoError(t, lost.Start())
	require.NoError(t, c.Await(t.Context()))
	require.NoError(t, b.Available(t.Context()))
	for _, s := range c.Servers {
		s.Stop()
	}
	require.Error(t, b.Available(t.Context()))
}
