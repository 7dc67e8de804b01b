//go:build linux

package bare_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"tocsin/loadtest/bare"
	"tocsin/loadtest/crowd"
	"tocsin/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is what both have.
type server interface {
	Address() netip.AddrPort
	Open() int
	Close()
}

// Both greet a crowd, and notice when it goes.
func TestGreeting(t *testing.T) {
	answer := bare.Frame(wire.Synced{Cursor: wire.StartOf("00c0ffee")}.AppendTo(nil), false)
	raw, err := bare.Listen(answer)
	require.NoError(t, err)
	plain, err := bare.ListenPlain(answer)
	require.NoError(t, err)
	for _, s := range []server{raw, plain} {
		const size = 50
		c, err := crowd.New(crowd.Options{Address: s.Address(), Size: size})
		require.NoError(t, err)
		out, err := c.Connect(t.Context(), crowd.Plan{To: size, Labels: []string{"surface:seat-{i}", "lang:en"}})
		require.NoError(t, err)
		require.Zero(t, out.Failed, "%v", c.State().Complaints)
		require.Equal(t, size, s.Open())
		c.Drop(0, size/2, true)
		require.Eventually(t, func() bool { return s.Open() == size-size/2 }, 10*time.Second, time.Millisecond)
		s.Close()
		require.Eventually(t, func() bool { return c.State().Here == 0 }, 10*time.Second, time.Millisecond)
		c.Close()
	}
}

func TestFrame(t *testing.T) {
	require.Equal(t, "\x81\x02ab", string(bare.Frame([]byte("ab"), false)))
	require.Equal(t, "\xc1\x7e\x01\x00", string(bare.Frame(make([]byte, 256), true)[:4]))
	require.Equal(t, "\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00", string(bare.Frame(make([]byte, 1<<16), false)[:10]))
}
