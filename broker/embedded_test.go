package broker_test

import (
	"bufio"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/broker"
)

func TestOpenNeedsOnePlace(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]broker.Config{
		"none":      {},
		"both":      {Dir: t.TempDir(), URLs: []string{"nats://127.0.0.1:1"}},
		"too small": {Dir: t.TempDir(), MaxBytes: broker.MinMaxBytes - 1},
		"negative":  {Dir: t.TempDir(), MaxBytes: -1},
	} {
		_, err := broker.Open(testContext(t), config)
		require.Error(t, err, name)
	}
}

func TestEmbeddedStoreLastsAndKeepsItsEpoch(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "made", "by", "open")
	var epoch string
	for round := range 3 {
		b := open(t, broker.Config{Dir: dir})
		r := newRecorder()
		follow(t, b, r)
		v := r.awaitLive(t, round*10)
		require.Equal(t, numbered(1, round*10), v.bodies)
		if round > 0 {
			require.Equal(t, epoch, v.begins[0])
		}
		epoch = v.begins[0]
		appendAll(t, b, uint64(round*10), numbered(round*10+1, round*10+10)...)
		b.Close()
		b.Close()
	}
	require.DirExists(t, filepath.Join(dir, "jetstream"))
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Zero(t, info.Mode().Perm()&0o077, "private notices are in there")
}

func TestEmbeddedLock(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	c := startChild(t, dir)
	_, err := broker.Open(testContext(t), withDefaults(broker.Config{Dir: dir}))
	require.ErrorIs(t, err, broker.ErrLocked)
	require.ErrorContains(t, err, strconv.Itoa(c.cmd.Process.Pid))
	require.ErrorContains(t, err, dir)
	require.Equal(t, "at 1", c.do("append 0 a"), "the one who has it goes on")

	c.kill()
	b := open(t, broker.Config{Dir: dir}) // a lock does not outlive its process
	_, err = broker.Open(testContext(t), withDefaults(broker.Config{Dir: dir}))
	require.ErrorIs(t, err, broker.ErrLocked, "within one process too")
	require.ErrorContains(t, err, strconv.Itoa(os.Getpid()))
	appendAll(t, b, 1, "b")
	b.Close()
	appendAll(t, open(t, broker.Config{Dir: dir}), 2, "c")
}

// Killed at any moment, without a chance to write anything, it has lost nothing that
// it had acknowledged.
func TestEmbeddedKillLosesNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var acknowledged []string
	for round := range 4 {
		c := startChild(t, dir)
		_, err := fmt.Fprintf(c.stdin, "flood %d\n", len(acknowledged))
		require.NoError(t, err)
		acknowledged = append(acknowledged, readAcks(t, c, 20+round*13)...)

		// One more may have been written and not acknowledged.
		b := open(t, broker.Config{Dir: dir})
		r := newRecorder()
		follow(t, b, r)
		stored := r.await(t, "live", func(v view) bool { return v.source.Live }).bodies
		require.GreaterOrEqual(t, len(stored), len(acknowledged))
		require.LessOrEqual(t, len(stored), len(acknowledged)+1)
		require.Equal(t, acknowledged, stored[:len(acknowledged)])
		acknowledged = stored
		b.Close()
	}
}

// readAcks kills the child after so many acknowledgements, and returns all that it
// had written out by then.
func readAcks(t testing.TB, c *child, enough int) (bodies []string) {
	t.Helper()
	for c.stdout.Scan() {
		words := strings.Fields(c.stdout.Text())
		require.Len(t, words, 3, c.stdout.Text())
		bodies = append(bodies, words[2])
		if len(bodies) == enough {
			require.NoError(t, c.cmd.Process.Kill())
		}
	}
	require.GreaterOrEqual(t, len(bodies), enough)
	return bodies
}

// A write of the store fails, as it does on a full disk (here because the process may
// not write larger files). JetStream then refuses the stream every write, also when
// there is room again, until its server is restarted: which Run does.
func TestEmbeddedRestartsAfterAStoreError(t *testing.T) {
	needsFileLimit(t)
	t.Parallel()
	c := startChild(t, t.TempDir())
	require.Equal(t, "limit <nil>", c.do("limit 100000"))
	var want []string
	body := strings.Repeat("x", 10_000)
	answer := ""
	for len(want) < 20 {
		if answer = c.do("append %d %s", len(want), body); !strings.HasPrefix(answer, "at ") {
			break
		}
		want = append(want, body)
	}
	require.Equal(t, "unconfirmed", answer, "the write that fails is not acknowledged, and not denied")
	require.GreaterOrEqual(t, len(want), 5)

	// While it lasts, a restart does not help, and reading goes on.
	awaitRead(t, c, want)
	require.Contains(t, []string{"unconfirmed", "unavailable"}, c.do("append %d %s", len(want), body))
	awaitRead(t, c, want)

	require.Equal(t, "limit <nil>", c.do("limit %d", uint64(math.MaxInt64)))
	awaitAppend(t, c, len(want))
	awaitRead(t, c, append(want, "again"))
}

// When nothing at all can be written, as on a disk that is full to the last byte, a
// store that exists is opened and read.
func TestEmbeddedOpensWhenNothingCanBeWritten(t *testing.T) {
	needsFileLimit(t)
	t.Parallel()
	dir := t.TempDir()
	b := open(t, broker.Config{Dir: dir})
	appendAll(t, b, 0, "a", "b", "c")
	b.Close()
	c := startLimitedChild(t, dir, "0")
	awaitRead(t, c, []string{"a", "b", "c"})
	require.Contains(t, []string{"unconfirmed", "unavailable"}, c.do("append 3 d"))
	awaitRead(t, c, []string{"a", "b", "c"})
	require.Equal(t, "limit <nil>", c.do("limit %d", uint64(math.MaxInt64)))
	awaitAppend(t, c, 3)
	awaitRead(t, c, []string{"a", "b", "c", "again"})
}

// awaitRead waits until the child's follower is live and has exactly these entries.
func awaitRead(t testing.TB, c *child, want []string) {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		answer := c.do("read")
		if answer == "true 1 "+strings.Join(want, ",") {
			return
		}
		require.True(t, time.Now().Before(deadline), "the follower is not live on all of it: %.200s", answer)
	}
}

// awaitAppend appends until it succeeds.
func awaitAppend(t testing.TB, c *child, after int) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		answer := c.do("append %d again", after)
		if answer == fmt.Sprint("at ", after+1) {
			return
		}
		require.Contains(t, []string{"unavailable", "unconfirmed"}, answer)
		require.True(t, time.Now().Before(deadline), "never appended again")
	}
}

func TestEmbeddedUnusableStore(t *testing.T) {
	t.Parallel()
	filled := func(t *testing.T) string {
		dir := t.TempDir()
		b := open(t, broker.Config{Dir: dir})
		appendAll(t, b, 0, "a", "b")
		b.Close()
		return dir
	}
	streams := filepath.Join("jetstream", "$G", "streams", broker.StreamLog)
	for name, spoil := range map[string]func(t *testing.T, dir string){
		"a file in place of the directory": func(t *testing.T, dir string) {
			require.NoError(t, os.RemoveAll(filepath.Join(dir, "jetstream")))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "jetstream"), nil, 0o600))
		},
		"the stream's description is damaged": func(t *testing.T, dir string) {
			require.NoError(t, os.WriteFile(filepath.Join(dir, streams, "meta.inf"), []byte("{"), 0o600))
		},
		"the stream's description is gone": func(t *testing.T, dir string) {
			require.NoError(t, os.Remove(filepath.Join(dir, streams, "meta.inf")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filled(t)
			spoil(t, dir)
			_, err := broker.Open(testContext(t), withDefaults(broker.Config{Dir: dir}))
			require.ErrorContains(t, err, dir, "the error names the store")
			if _, statErr := os.Stat(filepath.Join(dir, streams, "msgs")); name != "a file in place of the directory" {
				require.NoError(t, statErr, "and what is left of the log is left alone")
			}
		})
	}
}

func TestEmbeddedVolume(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	_, err := broker.Open(testContext(t), broker.Config{Dir: dir, MaxBytes: 1 << 60, Logger: testLog()})
	require.ErrorContains(t, err, dir)
	require.ErrorContains(t, err, "limit")

	// A store that exists is opened whatever the volume has left: reading must go on.
	appendAll(t, open(t, broker.Config{Dir: dir}), 0, "a")
}

func TestEmbeddedLimitChanges(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	head := uint64(0)
	for _, limit := range []int64{16 * mebibyte, broker.MinMaxBytes, 32 * mebibyte} {
		b := open(t, broker.Config{Dir: dir, MaxBytes: limit})
		r := newRecorder()
		follow(t, b, r)
		r.awaitLive(t, int(head))
		head = appendAll(t, b, head, "one more")
		b.Close()
	}
}

func TestEmbeddedListensToNothing(t *testing.T) {
	t.Parallel()
	before := listening(t)
	c := startChild(t, t.TempDir())
	require.Equal(t, "at 1", c.do("append 0 a"))
	inodes := sockets(t, c.cmd.Process.Pid)
	for inode, address := range listening(t) {
		if _, old := before[inode]; !old {
			require.NotContains(t, inodes, inode, "the child listens on %s", address)
		}
	}
}

// listening maps the inodes of listening TCP sockets to their addresses (Linux).
func listening(t testing.TB) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, name := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		file, err := os.Open(name)
		if err != nil {
			t.Skip("no /proc/net here")
		}
		defer file.Close()
		for lines := bufio.NewScanner(file); lines.Scan(); {
			fields := strings.Fields(lines.Text())
			if len(fields) > 9 && fields[3] == "0A" {
				found[fields[9]] = fields[1]
			}
		}
	}
	return found
}

// sockets are the inodes of a process's sockets.
func sockets(t testing.TB, pid int) []string {
	t.Helper()
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	var inodes []string
	for _, entry := range entries {
		target, err := os.Readlink(filepath.Join(dir, entry.Name()))
		if inode, ok := strings.CutPrefix(target, "socket:["); ok && err == nil {
			inodes = append(inodes, strings.TrimSuffix(inode, "]"))
		}
	}
	return inodes
}

func TestRunEndsWithItsContextOrTheBroker(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]broker.Config{
		"embedded": {Dir: t.TempDir()},
		"external": {URLs: []string{newNATS(t).url()}},
	} {
		b := open(t, config)
		ctx, cancel := context.WithCancel(testContext(t))
		results := make(chan error, 2)
		go func() { results <- b.Run(ctx) }()
		cancel()
		require.NoError(t, <-results, name)
		go func() { results <- b.Run(testContext(t)) }()
		b.Close()
		require.NoError(t, <-results, name)
	}
}
