package broker

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"
)

const rightsPatience = 30 * time.Second

// denying is a server whose user "edge" may not publish or subscribe to what is named.
func denying(publish, subscribe string) *server.Options {
	deny := func(subject string) *server.SubjectPermission {
		return &server.SubjectPermission{Deny: append(strings.Fields(subject), "tocsin.none")}
	}
	return &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true, Users: []*server.User{
		{Username: "desk", Password: "x"},
		{Username: "edge", Password: "x", Permissions: &server.Permissions{Publish: deny(publish), Subscribe: deny(subscribe)}},
	}}
}

func startServer(t testing.TB, options *server.Options) *server.Server {
	t.Helper()
	srv, err := server.NewServer(options)
	require.NoError(t, err)
	t.Cleanup(srv.WaitForShutdown)
	t.Cleanup(srv.Shutdown)
	srv.Start()
	require.True(t, srv.ReadyForConnections(rightsPatience))
	return srv
}

func openAs(t testing.TB, ctx context.Context, user string, servers ...*server.Server) *Broker {
	t.Helper()
	config := Config{Logger: slog.New(slog.DiscardHandler)}
	for _, s := range servers {
		config.URLs = append(config.URLs, "nats://"+user+":x@"+s.Addr().(*net.TCPAddr).String())
	}
	b, err := Open(ctx, config)
	require.NoError(t, err)
	t.Cleanup(b.Close)
	require.NoError(t, b.Reachable(ctx))
	return b
}

// newFollower is a rightsFollower in a hurry, and what it tells.
func newFollower(b *Broker) (*rightsFollower, <-chan []string) {
	told := make(chan []string, 10)
	return &rightsFollower{
		link: b.link, every: 10 * time.Millisecond, least: 10 * time.Millisecond, roles: []Role{RoleEdge},
		each: func(lacks []string) { told <- lacks },
		ask: func(ctx context.Context) (userInfo, error) {
			ctx, cancel := context.WithTimeout(ctx, 100*time.Millisecond)
			defer cancel()
			return b.user(ctx)
		},
		anew: func() { _ = b.conn.ForceReconnect() },
	}, told
}

// A server that reads its configuration again takes rights, and gives them back, while the
// connection stays. Then heads are heard again, and questions answered, also where nobody
// could tell that they were taken: without the right to ask, or to hear answers.
func TestRightsChangeUnderAConnection(t *testing.T) {
	t.Parallel()
	heads := []string{"hear heads (tocsin.head)"}
	for name, taken := range map[string]struct {
		publish, subscribe string
		lacks              []string // as told while they are taken
	}{
		"heads":                       {"", SubjectHead, heads},
		"heads, and the right to ask": {"$SYS.REQ.USER.INFO", SubjectHead, nil},
		"the inbox":                   {"", "_INBOX.>", nil},
		"heads and the inbox":         {"", SubjectHead + " _INBOX.>", nil},
		"what no role names":          {"", subjectGrown, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), rightsPatience)
			defer cancel()
			srv := startServer(t, denying("", ""))
			desk, edge := openAs(t, ctx, "desk", srv), openAs(t, ctx, "edge", srv)
			f, told := newFollower(edge)
			var asking sync.Mutex // a server that reads its configuration while it answers races with itself
			ask := f.ask
			f.ask = func(ctx context.Context) (userInfo, error) {
				asking.Lock()
				defer asking.Unlock()
				return ask(ctx)
			}
			reload := func(publish, subscribe string) {
				asking.Lock()
				defer asking.Unlock()
				_ = edge.conn.FlushTimeout(time.Second) // behind questions that get no answer
				require.NoError(t, srv.ReloadOptions(denying(publish, subscribe)))
			}
			ended := make(chan error, 2)
			go func() { ended <- f.run(ctx, edge.closed) }()
			heard := make(chan struct{}, 1)
			go func() {
				ended <- edge.FollowHeads(ctx, func([]byte) {
					select {
					case heard <- struct{}{}:
					default:
					}
				})
			}()
			grown, deafen, err := edge.watchGrowth()
			require.NoError(t, err)
			defer deafen()
			requireHeard := func(subject string, on <-chan struct{}) {
				t.Helper()
				require.Eventually(t, func() bool {
					_ = desk.conn.Publish(subject, nil)
					return len(on) > 0
				}, rightsPatience, 5*time.Millisecond)
			}
			require.Empty(t, <-told)
			requireHeard(SubjectHead, heard)

			reload(taken.publish, taken.subscribe)
			if taken.lacks != nil {
				require.Equal(t, taken.lacks, <-told)
			}
			require.Eventually(t, func() bool { return len(edge.link.refusals()) > 0 }, rightsPatience, time.Millisecond)
			for len(heard) > 0 {
				<-heard
			}
			reload("", "")
			if taken.lacks != nil {
				require.Empty(t, <-told)
			}
			requireHeard(SubjectHead, heard)
			requireHeard("tocsin.grown.sample", grown.hints)
			require.Eventually(t, func() bool {
				ctx, cancel := context.WithTimeout(ctx, time.Second)
				defer cancel()
				_, err := edge.user(ctx)
				return err == nil
			}, rightsPatience, 5*time.Millisecond)
			require.Empty(t, edge.link.refusals())
			require.Empty(t, told)
			cancel()
			require.NoError(t, <-ended)
			require.NoError(t, <-ended)
		})
	}
}

// Who comes to a server that permits more than the one before stays there.
func TestRightsOfAnotherServer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), rightsPatience)
	defer cancel()
	strict, other := startServer(t, denying("", SubjectHead)), startServer(t, denying("", SubjectHead))
	edge := openAs(t, ctx, "edge", strict, other)
	if strings.HasSuffix(edge.conn.ConnectedUrl(), other.Addr().String()) {
		strict, other = other, strict
	}
	f, told := newFollower(edge)
	var asked atomic.Int64
	ask := f.ask
	f.ask = func(ctx context.Context) (userInfo, error) {
		asked.Add(1)
		return ask(ctx)
	}
	ended := make(chan error, 2)
	go func() { ended <- edge.FollowHeads(ctx, func([]byte) {}) }()
	require.Eventually(t, func() bool { return len(edge.link.refusals()) > 0 }, rightsPatience, time.Millisecond)
	go func() { ended <- f.run(ctx, edge.closed) }()
	require.NotEmpty(t, <-told)
	require.NoError(t, other.ReloadOptions(denying("", "")))
	strict.Shutdown()
	require.Empty(t, <-told)
	before := asked.Load()
	require.Eventually(t, func() bool { return asked.Load() > before+5 }, rightsPatience, 5*time.Millisecond)
	require.EqualValues(t, 1, edge.conn.Stats().Reconnects)
	cancel()
	require.NoError(t, <-ended)
	require.NoError(t, <-ended)
}

// Who gets no answer asks again soon, and ever more seldom; who got one, each minute; and at
// once, and soon again, when there is another connection. The same answer is told once.
func TestRightsAreAskedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		m, err := newMetrics(nil)
		require.NoError(t, err)
		link := newLink(m)
		link.set(true)
		began := time.Now()
		var asked []time.Duration
		var told [][]string
		f := &rightsFollower{link: link, every: rightsEvery, least: minRightsPause, roles: []Role{RoleEdge}}
		f.each = func(lacks []string) { told = append(told, lacks) }
		f.ask = func(context.Context) (userInfo, error) {
			asked = append(asked, time.Since(began))
			if n := len(asked); n <= 3 || n == 6 {
				return userInfo{}, errors.New("no answer")
			}
			return userInfo{Permissions: denying("", SubjectHead).Users[1].Permissions}, nil
		}
		ctx, cancel := context.WithTimeout(t.Context(), 150*time.Second)
		defer cancel()
		go func() {
			time.Sleep(2 * time.Second) // before the third question
			link.set(false)
			time.Sleep(8 * time.Second)
			link.set(true)
		}()
		require.NoError(t, f.run(ctx, nil))
		s := time.Second
		require.Equal(t, []time.Duration{0, s, 10 * s, 11 * s, 71 * s, 131 * s, 132 * s}, asked)
		require.Equal(t, [][]string{{"hear heads (tocsin.head)"}}, told)

		closed := make(chan struct{})
		close(closed)
		require.ErrorIs(t, f.run(t.Context(), closed), ErrClosed)
	})
}

// While something is refused and no answer comes, there is another connection ever more
// seldom; also where the server says that it permits what it refuses. Where it says that it
// does not, or nothing was refused, there is none. A connection that came about otherwise is
// asked twice as well, and the pauses begin anew with it.
func TestConnectionsForRefusals(t *testing.T) {
	t.Parallel()
	noAnswer := errors.New("no answer")
	permits := func(deny string) userInfo { return userInfo{Permissions: denying("", deny).Users[1].Permissions} }
	rising := []time.Duration{1, 3, 7, 15, 31, 63, 127, 255, 511, 811, 1111}
	for name, c := range map[string]struct {
		refused string
		user    userInfo
		err     error
		lost    time.Duration   // when the connection ends by itself; seconds
		anew    []time.Duration // seconds
	}{
		"no answer":                  {SubjectHead, userInfo{}, noAnswer, 0, rising},
		"permitted, and refused":     {SubjectHead, permits(""), nil, 0, rising},
		"all permitted, and refused": {SubjectHead, userInfo{}, nil, 0, rising},
		"refused, and not permitted": {SubjectHead, permits(SubjectHead), nil, 0, nil},
		"no answer, nothing refused": {"", userInfo{}, noAnswer, 0, nil},
		"another connection": {
			SubjectHead, userInfo{}, noAnswer, 600,
			[]time.Duration{1, 3, 7, 15, 31, 63, 127, 255, 511, 601, 603, 607, 615, 631, 663, 727, 855, 1111},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				m, err := newMetrics(nil)
				require.NoError(t, err)
				link, began := newLink(m), time.Now()
				var anew []time.Duration
				connect := func() {
					link.set(true)
					if c.refused != "" {
						link.refuse(c.refused)
					}
				}
				f := &rightsFollower{
					link: link, every: rightsEvery, least: minRightsPause,
					ask:  func(context.Context) (userInfo, error) { return c.user, c.err },
					each: func([]string) {},
					anew: func() {
						anew = append(anew, time.Since(began)/time.Second)
						link.set(false)
						connect()
					},
				}
				connect()
				ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
				defer cancel()
				if c.lost > 0 {
					time.AfterFunc(c.lost*time.Second, func() {
						link.set(false)
						connect()
					})
				}
				require.NoError(t, f.run(ctx, nil))
				require.Equal(t, c.anew, anew)
			})
		})
	}
}
