//go:build unix

package broker_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/broker"
)

// On three servers, the one that leads dies in the middle.
func TestRestoreOnACluster(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	copied := a.backup()
	c := startCluster(t)
	config := a.config
	config.URLs = c.urls()
	b := open(t, config)
	require.Eventually(t, func() bool { // servers without a leader yet do not answer
		ctx, cancel := context.WithTimeout(testContext(t), 3*time.Second)
		defer cancel()
		return b.Init(ctx, 3) == nil
	}, patience, 50*time.Millisecond)
	killed := false
	_, err := b.Restore(testContext(t), copied, broker.RestoreConfig{Progress: func(done, _ uint64) {
		if done == 3 && !killed {
			killed = true
			leader, _ := c.leader(t)
			leader.kill()
		}
	}})
	require.NoError(t, err)
	require.True(t, killed)
	awaitCopy(t, b, copied)
}
