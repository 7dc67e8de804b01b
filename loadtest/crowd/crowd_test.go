//go:build linux

package crowd_test

import (
	"bytes"
	"compress/flate"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"tocsin/loadtest/bare"
	"tocsin/loadtest/crowd"
	"tocsin/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const size = 40

// answer is what every hello gets: a replay from entry 5.
func answer() []byte {
	w := wire.Welcome{
		Session: "s", Tier: wire.TierPublic, Auth: wire.AuthState{State: wire.AuthNone}, Ticket: "a-ticket",
		Resume: wire.ResumeReplay, HeartbeatMs: 15_000, Source: wire.Source{State: wire.SourceLive},
	}
	s := wire.Synced{Cursor: wire.Cursor{Epoch: "00c0ffee", Seq: 5, Hash: "0badcafe"}}
	return append(bare.Frame(w.AppendTo(nil), false), bare.Frame(s.AppendTo(nil), false)...)
}

func entry(seq uint64, text string) []byte {
	return bare.Frame(wire.EncodeEntry(seq, fmt.Appendf(nil, `{"payload":%q}`, text)), false)
}

// gather connects a crowd to a bare server.
func gather(t *testing.T, readers int) (*crowd.Crowd, *bare.Server) {
	t.Helper()
	server, err := bare.Listen(answer())
	require.NoError(t, err)
	t.Cleanup(server.Close)
	c := newCrowd(t, crowd.Options{Address: server.Address(), Size: size, Readers: readers})
	connect(t, c, crowd.Plan{To: size})
	return c, server
}

func newCrowd(t *testing.T, o crowd.Options) *crowd.Crowd {
	t.Helper()
	c, err := crowd.New(o)
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func connect(t *testing.T, c *crowd.Crowd, p crowd.Plan) crowd.Outcome {
	t.Helper()
	out, err := c.Connect(t.Context(), p)
	require.NoError(t, err)
	require.Zero(t, out.Failed, "%v", c.State().Complaints)
	require.Len(t, out.Synced, p.To-p.From)
	return out
}

func await(t *testing.T, c *crowd.Crowd, seqs ...uint64) crowd.Arrival {
	t.Helper()
	a, err := c.Await(t.Context(), crowd.Wait{Seqs: seqs, Each: size, Patience: 10 * time.Second})
	require.NoError(t, err)
	return a
}

func round(t *testing.T, s *bare.Server, p []byte) {
	t.Helper()
	writes, err := s.Round(p)
	require.NoError(t, err)
	require.Equal(t, size, writes)
}

func TestArrivals(t *testing.T) {
	for _, readers := range []int{1, 2} {
		c, server := gather(t, readers)
		before := crowd.Now()
		round(t, server, entry(6, "one"))
		round(t, server, append(entry(7, "two"), entry(8, "three")...))
		a := await(t, c, 6, 7, 8)
		require.Zero(t, a.Missing)
		require.Len(t, a.At, size)
		require.Len(t, a.Entries, 3)
		require.Contains(t, string(a.Entries[1]), "two")
		require.Less(t, before, a.First)
		require.LessOrEqual(t, a.First, a.Last)
		s := c.State()
		require.EqualValues(t, size, s.Here)
		require.Zero(t, s.Doubled+s.Disorder+s.Altered+s.Lost+s.Missed, "%+v", s)
	}
}

// A compressed frame is inflated once for all clients, and says the same as the plain one.
func TestDeflate(t *testing.T) {
	server, err := bare.Listen(answer())
	require.NoError(t, err)
	t.Cleanup(server.Close)
	c := newCrowd(t, crowd.Options{Address: server.Address(), Size: size, Deflate: true})
	connect(t, c, crowd.Plan{To: size})
	plain := wire.EncodeEntry(6, []byte(`{"payload":"one"}`))
	round(t, server, bare.Frame(deflated(t, plain), true))
	a := await(t, c, 6)
	require.Zero(t, a.Missing)
	require.True(t, a.Packed)
	require.Equal(t, plain, a.Entries[0])
	require.EqualValues(t, 1, c.State().Inflated)
	round(t, server, bare.Frame(plain, false))
	require.Eventually(t, func() bool { return c.State().Doubled == size }, 10*time.Second, time.Millisecond)
	require.Zero(t, c.State().Altered+c.State().Lost)
}

// Compression that was not negotiated ends the session.
func TestDeflateUnasked(t *testing.T) {
	c, server := gather(t, 1)
	round(t, server, bare.Frame(deflated(t, wire.EncodeEntry(6, []byte(`{}`))), true))
	require.Eventually(t, func() bool { return c.State().Lost == size }, 10*time.Second, time.Millisecond)
}

func deflated(t *testing.T, p []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	require.NoError(t, err)
	_, err = w.Write(p)
	require.NoError(t, err)
	require.NoError(t, w.Flush())
	return bytes.TrimSuffix(b.Bytes(), []byte{0, 0, 0xff, 0xff})
}

// What can go wrong is seen, for each client.
func TestFaultsAreSeen(t *testing.T) {
	c, server := gather(t, 1)
	round(t, server, entry(6, "one"))
	round(t, server, entry(8, "three"))
	round(t, server, entry(8, "three")) // twice
	round(t, server, entry(7, "two"))   // late
	round(t, server, entry(9, "four"))
	require.Zero(t, await(t, c, 9).Missing)
	s := c.State()
	require.EqualValues(t, size, s.Doubled)
	require.EqualValues(t, size, s.Disorder)

	round(t, server, entry(9, "another four"))
	round(t, server, entry(10, "five"))
	require.Zero(t, await(t, c, 10).Missing)
	require.EqualValues(t, size, c.State().Altered)

	a, err := c.Await(t.Context(), crowd.Wait{Seqs: []uint64{11}, Each: size, Patience: 50 * time.Millisecond})
	require.NoError(t, err)
	require.Equal(t, size, a.Missing)
	require.EqualValues(t, size, c.State().Missed)

	round(t, server, []byte{0x88, 2, 0x03, 0xe9}) // close, 1001
	require.Eventually(t, func() bool { return c.State().Lost == size }, 10*time.Second, time.Millisecond)
	require.Zero(t, c.State().Here)
}

// Whoever was dropped comes back with what a client keeps, and is checked from there.
func TestReconnect(t *testing.T) {
	c, server := gather(t, 2)
	round(t, server, entry(6, "one"))
	require.Zero(t, await(t, c, 6).Missing)
	c.Drop(0, size, true)
	require.Eventually(t, func() bool { return server.Open() == 0 }, 10*time.Second, time.Millisecond)
	connect(t, c, crowd.Plan{To: size, Ticket: true, Cursor: true, Group: 1, Over: 20 * time.Millisecond})
	round(t, server, entry(6, "one")) // after the cursor, so not doubled
	round(t, server, entry(5, "zero"))
	a, err := c.Await(t.Context(), crowd.Wait{Seqs: []uint64{6}, Group: 1, Each: size})
	require.NoError(t, err)
	require.Zero(t, a.Missing)
	require.Eventually(t, func() bool { return c.State().Disorder == size }, 10*time.Second, time.Millisecond, "5 is before the cursor")
	require.Zero(t, c.State().Doubled)
}

// Who is refused comes again when the server says.
func TestRefused(t *testing.T) {
	var requests atomic.Int64
	gate := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if requests.Add(1) <= 3 {
			w.Header().Set("Retry-After", "0")
			http.Error(w, "full", http.StatusServiceUnavailable)
			return
		}
		hj, _, _ := http.NewResponseController(w).Hijack()
		_ = hj.Close()
	}))
	defer gate.Close()
	address := netip.MustParseAddrPort(gate.Listener.Addr().(*net.TCPAddr).String())
	c := newCrowd(t, crowd.Options{Address: address, Size: 1})
	out, err := c.Connect(t.Context(), crowd.Plan{To: 1, Patience: time.Second})
	require.NoError(t, err)
	require.Equal(t, 1, out.Failed)
	require.Equal(t, 3, out.Refused)
	require.Positive(t, out.Broken)
	require.Equal(t, 3, c.State().Complaints["refused: HTTP 503"])
}

func TestDeafClientsDoNotRead(t *testing.T) {
	c, server := gather(t, 1)
	c.Drop(0, 1, false)
	require.Eventually(t, func() bool { return server.Open() == size-1 }, 10*time.Second, time.Millisecond)
	connect(t, c, crowd.Plan{From: 0, To: 1, Deaf: true, Group: 2})
	round(t, server, entry(6, "one"))
	a, err := c.Await(t.Context(), crowd.Wait{Seqs: []uint64{6}, Each: size - 1})
	require.NoError(t, err)
	require.Zero(t, a.Missing)
	a, err = c.Await(t.Context(), crowd.Wait{Seqs: []uint64{6}, Group: 2, Each: 1, Patience: 50 * time.Millisecond})
	require.NoError(t, err)
	require.Equal(t, 1, a.Missing)
}

func TestTooManyForThisProcess(t *testing.T) {
	_, err := crowd.New(crowd.Options{Size: 1000, Files: 1000})
	require.ErrorIs(t, err, crowd.ErrFiles)
}

func TestConnectEndsWithItsContext(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // nobody accepts
	require.NoError(t, err)
	defer l.Close()
	c := newCrowd(t, crowd.Options{Address: netip.MustParseAddrPort(l.Addr().String()), Size: 3})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, err = c.Connect(ctx, crowd.Plan{To: 3})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}
