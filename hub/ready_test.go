package hub_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/hub"
)

// begun makes a node that has a cache of two notices and serves nobody yet, in virtual time.
func begun(t *testing.T, then func(w *world, n *node)) {
	t.Helper()
	w := newWorld(t)
	w.alert()
	w.alert()
	file := w.cached()
	synctest.Test(t, func(t *testing.T) {
		n := w.make(withCache(file))
		require.ErrorIs(t, n.Ready(), hub.ErrReading)
		then(w, n)
	})
}

func TestReadyAfterReading(t *testing.T) {
	begun(t, func(w *world, n *node) {
		time.Sleep(2 * time.Second)
		n.Begin(w.log.epoch)
		for _, e := range w.log.entries { // slowly
			require.ErrorIs(t, n.Ready(), hub.ErrReading)
			time.Sleep(4900 * time.Millisecond)
			n.Entry(e)
		}
		require.ErrorIs(t, n.Ready(), hub.ErrReading)
		n.live(w.log)
		require.NoError(t, n.Ready())
	})
}

// A node that can't read the log serves its cache, and no longer waits with that than it
// takes to see that nothing comes.
func TestReadyWithoutBroker(t *testing.T) {
	begun(t, func(w *world, n *node) {
		time.Sleep(2999 * time.Millisecond)
		require.ErrorIs(t, n.Ready(), hub.ErrReading)
		time.Sleep(time.Millisecond)
		require.NoError(t, n.Ready())
		// All nodes find the broker at once when it comes back: none may go for that.
		n.Begin(w.log.epoch)
		n.Entry(w.log.entries[0])
		require.NoError(t, n.Ready())
	})
}

func TestReadyWhenReadingStops(t *testing.T) {
	begun(t, func(w *world, n *node) {
		n.Begin(w.log.epoch)
		time.Sleep(time.Second)
		n.Entry(w.log.entries[0])
		time.Sleep(4999 * time.Millisecond)
		require.ErrorIs(t, n.Ready(), hub.ErrReading)
		time.Sleep(time.Millisecond)
		require.NoError(t, n.Ready())
	})
}

// Nor does a log without an end keep a node back.
func TestReadyWhileReadingForLong(t *testing.T) {
	begun(t, func(w *world, n *node) {
		n.Begin(w.log.epoch)
		for range 19 {
			time.Sleep(time.Second)
			n.Begin(w.log.epoch) // anew: it moves, and comes to nothing
			require.ErrorIs(t, n.Ready(), hub.ErrReading)
		}
		time.Sleep(time.Second)
		require.NoError(t, n.Ready())
	})
}
