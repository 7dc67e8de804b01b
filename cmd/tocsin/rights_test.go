package main

import (
	"log/slog"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"
)

// A process of both roles with a desk's rights would serve clients without heads, and count
// nobody: it does not start. One of the wrong role says so.
func TestRolesAndRights(t *testing.T) {
	f := newFleet(t)
	s, err := startNATS(f.path("nats"), func(o *natsserver.Options) {
		o.Users = []*natsserver.User{
			{Username: "all", Password: "x"},
			{Username: "desk", Password: "x", Permissions: &natsserver.Permissions{
				Publish:   &natsserver.SubjectPermission{Deny: []string{"tocsin.receipts.>"}},
				Subscribe: &natsserver.SubjectPermission{Deny: []string{"tocsin.head"}},
			}},
		}
	})
	require.NoError(t, err)
	f.nats = s
	t.Cleanup(f.stopNATS)
	as := func(user string) { f.url = "nats://" + user + ":x@" + s.Addr().String() }
	as("all")
	require.NoError(t, f.broker().Init(t.Context(), 1))
	f.serve("both").stop() // of a NATS that permits both, as one without accounts

	as("desk")
	cmd, err := parse(t, "--data", f.path("refused"), "--trust", f.path("trust.pem"), "--nats", f.url,
		"--ticket-keys", f.path("ticket.keys"), "--desk-keys", f.path("desk.keys"),
		"--listen", freeAddress(), "--desk-listen", freeAddress(), "--admin-listen", freeAddress())
	require.NoError(t, err)
	log := slog.New(slog.DiscardHandler)
	require.NoError(t, cmd.complete(log))
	_, err = open(t.Context(), cmd, log)
	require.ErrorContains(t, err, "--roles edge,desk: NATS does not permit this user (of no --nats-creds) to hear heads (tocsin.head), nor to write receipts")
	require.ErrorContains(t, err, "Run a process of each role")

	desk := f.serve("desk", "--roles", "desk")
	edge := f.serve("edge", "--roles", "edge")
	require.Eventually(t, func() bool { return edge.lacks.Load() != nil && desk.lacks.Load() != nil }, patience, 5*time.Millisecond)
	require.Contains(t, edge.state().words(), "NOT PERMITTED by NATS: to hear heads (tocsin.head), nor to write receipts")
	require.Len(t, edge.out.lines("NATS does not permit this user what its role needs"), 1)
	require.NotContains(t, desk.state().words(), "NOT PERMITTED")
	require.Empty(t, desk.out.lines("does not permit"))
}
