package broker_test

import (
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"

	"tocsin/broker"
)

// An edge's rights are enough for a backup, and for nothing of a restore.
func TestBackupWithAnEdgesRights(t *testing.T) {
	t.Parallel()
	a := newArchive(t)
	whole := a.backup()
	a.server.stop()
	a.server.opts.Users = []*server.User{
		{Username: "admin", Password: "a"},
		{Username: "edge", Password: "e", Permissions: &server.Permissions{
			Publish: &server.SubjectPermission{Allow: []string{
				"$JS.API.STREAM.INFO.TOCSIN_LOG", "$JS.API.STREAM.MSG.GET.TOCSIN_LOG",
			}},
			Subscribe: &server.SubjectPermission{Allow: []string{"_INBOX_edge.>", "tocsin.grown.>"}},
		}},
	}
	a.server.opts.NoAuthUser = "admin" // for what was connected before
	a.server.start()
	config := a.config
	config.URLs = []string{"nats://edge:e@" + a.server.url()[len("nats://"):]}
	config.InboxPrefix = "_INBOX_edge"
	edge := open(t, config)
	c, review, err := edge.Backup(testContext(t), nil)
	require.NoError(t, err)
	require.NoError(t, review.Check())
	require.Equal(t, bodies(whole), bodies(c))

	_, err = edge.Restore(testContext(t), c, broker.RestoreConfig{})
	require.ErrorIs(t, err, broker.ErrNotEmpty)
	awaitCopy(t, a.broker, whole)
}
