package broker_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/broker"
	"tocsin/notice"
)

// followHeads collects heads until the test ends.
func followHeads(t *testing.T, b *broker.Broker) (heads <-chan string, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(testContext(t))
	got, ended := make(chan string, 100), make(chan error, 1)
	go func() { ended <- b.FollowHeads(ctx, func(head []byte) { got <- string(head) }) }()
	stop = func() error {
		cancel()
		return <-ended
	}
	t.Cleanup(func() { cancel() })
	return got, stop
}

// arrives publishes from until to has it: a subscription takes a moment to be there.
func arrives(t *testing.T, from *broker.Broker, head string, to <-chan string) {
	t.Helper()
	for end := time.Now().Add(patience); ; {
		_ = from.PublishHead([]byte(head))
		select {
		case got := <-to:
			if got == head {
				return
			}
		case <-time.After(20 * time.Millisecond):
			require.True(t, time.Now().Before(end), "%q did not come", head)
		}
	}
}

func TestHeadsReachWhoFollows(t *testing.T) {
	t.Parallel()
	s := startNATS(t)
	one, two := open(t, broker.Config{URLs: []string{s.url()}}), open(t, broker.Config{URLs: []string{s.url()}})
	first, stop := followHeads(t, one)
	second, _ := followHeads(t, two)
	arrives(t, one, "a", first)
	arrives(t, one, "b", second)
	require.ErrorIs(t, one.PublishHead(bytes.Repeat([]byte("x"), notice.MaxHead+1)), broker.ErrTooLarge)
	s.stop()
	require.Eventually(t, func() bool { return one.PublishHead([]byte("c")) != nil }, patience, 10*time.Millisecond)
	require.ErrorIs(t, one.PublishHead([]byte("c")), broker.ErrUnavailable)
	s.start()
	arrives(t, two, "d", first)
	arrives(t, one, "e", second)
	require.NoError(t, stop())
}

func TestHeadsOfAnEmbeddedStore(t *testing.T) {
	t.Parallel()
	b := openEmbedded(t)
	heads, _ := followHeads(t, b)
	arrives(t, b, "a", heads)
	ended := make(chan error, 1)
	go func() { ended <- b.FollowHeads(testContext(t), func([]byte) {}) }()
	b.Close()
	require.ErrorIs(t, <-ended, broker.ErrClosed)
	require.ErrorIs(t, b.PublishHead([]byte("a")), broker.ErrUnavailable)
}
