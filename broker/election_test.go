//go:build unix

package broker_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"tocsin/broker"
)

// oneDown is how long a follower may lack an entry while one server of three is down. It is two
// seconds at most, and a little (docs/adr/0017); here for a machine that does much else.
const oneDown = 5 * time.Second

// TestElection: what the next leader confirms, everybody has soon, however long it took to
// elect it, and although what was asked for meanwhile is lost. So it is while a server hangs.
func TestElection(t *testing.T) {
	t.Parallel()
	c := startCluster(t)
	all := open(t, broker.Config{URLs: c.urls()})
	require.Eventually(t, func() bool { return all.Init(testContext(t), 3) == nil }, patience, 50*time.Millisecond)
	var followers []*recorder
	for range 6 { // on each server some, by chance
		r := newRecorder()
		follow(t, open(t, broker.Config{URLs: c.urls()}), r)
		followers = append(followers, r)
	}
	done := uint64(0)
	publish := func(n uint64) {
		t.Helper()
		for range n {
			appendToCluster(t, all, done, "entry")
			confirmed := time.Now()
			done++
			for _, r := range followers {
				r.await(t, "the entry", func(v view) bool { return len(v.bodies) == int(done) })
			}
			require.Less(t, time.Since(confirmed), oneDown)
			t.Logf("entry %d: everybody has it after %v", done, time.Since(confirmed))
		}
	}
	live := func() {
		t.Helper()
		for _, r := range followers {
			r.awaitLive(t, int(done))
		}
	}
	publish(1)
	live()

	_, others := c.leader(t)
	others[0].signal(unix.SIGSTOP)
	publish(3)
	others[0].signal(unix.SIGCONT)
	live()

	leader, _ := c.leader(t)
	leader.signal(unix.SIGSTOP)
	publish(3)
	leader.signal(unix.SIGCONT)
	live()

	leader, _ = c.leader(t)
	leader.kill()
	publish(3)
}
