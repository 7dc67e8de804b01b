//go:build unix

package broker_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/broker"
	"tocsin/broker/natstest"
)

// requireRedacts is that the administrator, and no hub, deletes from a log of 22 numbered
// entries what operators have signed for.
func requireRedacts(t testing.TB, c *natstest.Cluster, desk *broker.Broker, r *recorder) {
	t.Helper()
	staff, trusting := staffTrust(t)
	as := func(user string) *broker.Broker {
		config := c.Broker(user)
		config.Trust = trusting.Trust
		return open(t, config)
	}
	put := func(subject string, body []byte, after uint64) {
		awaitAvailable(t, desk)
		_, err := desk.Append(testContext(t), subject, body, after)
		require.NoError(t, err)
	}
	put("tocsin.log.keyset", staff.KeysetBody(1), 22)
	put("tocsin.log.redaction", staff.RedactionBody(22, []byte("entry 22")), 23)
	r.awaitLive(t, 24)

	admin := as("admin")
	found, err := admin.Redactions(testContext(t), nil)
	require.NoError(t, err)
	require.Len(t, found.Due, 1)
	require.Eventually(t, func() bool { // servers that were started anew may be away yet
		err := admin.Redact(testContext(t), found.Due)
		return err == nil || !errors.Is(err, broker.ErrAway) && !errors.Is(err, broker.ErrUnavailable)
	}, patience, 100*time.Millisecond)
	found, err = admin.Redactions(testContext(t), nil)
	require.NoError(t, err)
	require.Equal(t, &broker.Redactions{Done: 1, Due: []broker.Due{}}, found)

	appendToCluster(t, desk, 24, "entry 25")
	require.Len(t, r.awaitLive(t, 25).begins, 1)
	later := newRecorder()
	follow(t, as("edge-1"), later)
	require.NotContains(t, later.awaitLive(t, 24).seqs, uint64(22))
}
