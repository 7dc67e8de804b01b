package broker

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"
)

// A server that reads its configuration again takes a right, and gives it back, while the
// connection stays. The first is told; after the second heads are heard again.
func TestRightsChangeUnderAConnection(t *testing.T) {
	t.Parallel()
	denying := func(subjects ...string) *server.Options {
		return &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true, Users: []*server.User{
			{Username: "desk", Password: "x"},
			{Username: "edge", Password: "x", Permissions: &server.Permissions{
				Subscribe: &server.SubjectPermission{Deny: append(subjects, "tocsin.none")},
			}},
		}}
	}
	srv, err := server.NewServer(denying())
	require.NoError(t, err)
	defer srv.WaitForShutdown()
	defer srv.Shutdown()
	srv.Start()
	const patience = 30 * time.Second
	require.True(t, srv.ReadyForConnections(patience))
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	as := func(user string) *Broker {
		b, err := Open(ctx, Config{
			URLs: []string{"nats://" + user + ":x@" + srv.Addr().(*net.TCPAddr).String()}, Logger: slog.New(slog.DiscardHandler),
		})
		require.NoError(t, err)
		require.NoError(t, b.Reachable(ctx))
		return b
	}
	desk, edge := as("desk"), as("edge")
	defer desk.Close()
	defer edge.Close()

	heads := make(chan []byte, 1)
	told := make(chan []string, 10)
	f := &rightsFollower{
		b: edge, every: 10 * time.Millisecond, retry: minRightsPause, each: func(lacks []string) { told <- lacks },
		ask: func(ctx context.Context) ([]string, error) { return edge.Lacks(ctx, RoleEdge) },
	}
	ended := make(chan error, 2)
	go func() { ended <- f.run(ctx) }()
	go func() {
		ended <- edge.FollowHeads(ctx, func(head []byte) {
			select {
			case heads <- head:
			default:
			}
		})
	}()
	requireHeard := func() {
		t.Helper()
		require.Eventually(t, func() bool {
			_ = desk.PublishHead([]byte("head"))
			return len(heads) > 0
		}, patience, 5*time.Millisecond)
	}
	require.Empty(t, <-told)
	requireHeard()
	require.NoError(t, srv.ReloadOptions(denying(SubjectHead)))
	require.Equal(t, []string{"hear heads (tocsin.head)"}, <-told)
	for len(heads) > 0 {
		<-heads
	}
	require.NoError(t, srv.ReloadOptions(denying()))
	require.Empty(t, <-told)
	requireHeard()
	cancel()
	require.NoError(t, <-ended)
	require.NoError(t, <-ended)
}

// Who gets no answer asks again soon, and ever more seldom; who got one, each minute; all anew
// when there is another connection. The same answer is told once.
func TestRightsAreAskedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, err := newMetrics(nil)
		require.NoError(t, err)
		b := &Broker{link: newLink(m), closed: make(chan struct{})}
		b.link.set(true)
		began := time.Now()
		var asked []time.Duration
		var told [][]string
		f := &rightsFollower{b: b, every: rightsEvery, retry: minRightsPause}
		f.each = func(lacks []string) { told = append(told, lacks) }
		f.ask = func(context.Context) ([]string, error) {
			asked = append(asked, time.Since(began))
			if n := len(asked); n <= 3 || n == 6 {
				return nil, errors.New("no answer")
			}
			return []string{"hear heads"}, nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Second)
		defer cancel()
		go func() {
			time.Sleep(2 * time.Second) // before the third question
			b.link.set(false)
			time.Sleep(8 * time.Second)
			b.link.set(true)
		}()
		require.NoError(t, f.run(ctx))
		s := time.Second
		require.Equal(t, []time.Duration{0, s, 10 * s, 11 * s, 71 * s, 131 * s, 132 * s}, asked)
		require.Equal(t, [][]string{{"hear heads"}}, told)

		close(b.closed)
		require.ErrorIs(t, f.run(t.Context()), ErrClosed)
	})
}
