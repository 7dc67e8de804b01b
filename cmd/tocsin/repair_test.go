package main

import (
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	natsclient "github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"tocsin/broker"
	"tocsin/client"
	"tocsin/notice/noticetest"
)

// tocsin runs the program in this process, and returns its exit status and output.
func tocsin(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	status := run(args, console{In: strings.NewReader(""), Out: &out, Err: t.Output(), program: "tocsin"})
	t.Logf("tocsin %s: %d\n%s", strings.Join(args, " "), status, out.String())
	return status, out.String()
}

// deleteEntries deletes entries of the log, as damage or a thief would.
func (f *fleet) deleteEntries(seqs ...uint64) {
	f.t.Helper()
	conn, err := natsclient.Connect(f.url)
	require.NoError(f.t, err)
	defer conn.Close()
	js, err := jetstream.New(conn)
	require.NoError(f.t, err)
	stream, err := js.Stream(f.t.Context(), broker.StreamLog)
	require.NoError(f.t, err)
	for _, seq := range seqs {
		require.NoError(f.t, stream.DeleteMsg(f.t.Context(), seq))
	}
}

// An entry is lost after the backup and one before it. The log is mended from a backup and
// a node's cache, with desk, edges and clients running: all go on by themselves, and no
// client is shown anything twice.
func TestRepairUnderClients(t *testing.T) {
	t.Parallel()
	f := newFleetApart(t)
	one := f.serve("one", "--roles", "edge", "--cache", f.path("one.cache")).ready(t)
	p := f.connect(one, f.token("a"))
	for range 2 {
		p.await("a notice", showing(f.publish(f.Alert())))
	}
	private := f.publish(f.Alert(noticetest.Private("tenant:north")))
	p.await("the private one", showing(private))
	where := []string{"--nats", f.url, "--trust", f.path("trust.pem")}
	status, _ := tocsin(t, append([]string{"backup", f.path("log.backup")}, where...)...)
	require.Zero(t, status)
	p.await("a later one", showing(f.publish(f.Alert())))
	require.Eventually(t, func() bool {
		saved, err := readCache(f.path("one.cache"))
		return err == nil && len(saved.Entries) == 4 && saved.Last == 5 // the keyset, and three that are public
	}, patience, 20*time.Millisecond)
	// The first edge goes on with what it has; another stops before the hole.
	f.deleteEntries(2, 5)
	two := f.serve("two", "--roles", "edge")
	require.Eventually(t, func() bool {
		return strings.Contains(two.state().Source.Reason, "missing")
	}, patience, 20*time.Millisecond)

	repair := append([]string{"broker", "repair", "--backup", f.path("log.backup"), "--save", f.dir}, where...)
	status, out := tocsin(t, repair...)
	require.Equal(t, 1, status)
	require.Contains(t, out, "FILL      2 from")
	require.Contains(t, out, "LOST      5")
	repair = append(repair, "--cache", f.path("one.cache"))
	status, out = tocsin(t, repair...)
	require.Equal(t, 1, status, "nothing is done without --yes")
	require.Contains(t, out, "FILL      5 from")
	status, out = tocsin(t, append(repair, "--yes")...)
	require.Zero(t, status)
	require.Contains(t, out, "Repaired: 5 entries")

	live := func(m *member) func() bool {
		return func() bool { s := m.state().Source; return s.Live && s.Read == 5 }
	}
	for _, m := range []*member{f.office, one, two} {
		require.Eventually(t, live(m), patience, 20*time.Millisecond)
	}
	late := f.connect(two, f.token("b"))
	require.True(t, late.has(private))
	last := f.publish(f.Alert())
	p.awaitWithout("the last one", showing(last), func(e client.Event) bool {
		_, changed := e.(client.NoticeChanged)
		return changed && !showing(last)(e)
	})
	require.Len(t, p.Threads(), 5)
	late.await("it here", showing(last))
	status, out = tocsin(t, repair...)
	require.Zero(t, status)
	require.Contains(t, out, "Nothing is missing")
	kept, err := os.ReadDir(f.dir)
	require.NoError(t, err)
	names := ""
	for _, e := range kept {
		names += e.Name() + "\n"
	}
	require.Contains(t, names, "-damaged.backup")
	require.Contains(t, names, "-mended.backup")
}
