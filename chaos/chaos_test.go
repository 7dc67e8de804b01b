//go:build linux

package main

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// play plays faults with a few clients, holds each as long as is said, and requires that
// all end as they should.
func play(t *testing.T, holds map[string]time.Duration) *player {
	t.Helper()
	p := &player{
		options: options{clients: 20, pace: 200 * time.Millisecond, say: t.Logf},
		bins:    programs(t), began: time.Now(),
	}
	t.Cleanup(p.leave)
	faults, err := chosen(slices.Collect(maps.Keys(holds)))
	require.NoError(t, err)
	for _, f := range faults {
		f.hold, f.expect = holds[f.name], patient(f.expect)
		require.NoError(t, p.play(t.Context(), f))
	}
	for _, r := range p.rows {
		require.Empty(t, r.Failures, r.Name)
	}
	return p
}

// patient is what is expected on a machine that runs other tests besides: that nothing is
// lost, doubled or wrong, and in the end all is well. Times are for make chaos.
func patient(e expectations) expectations {
	e.goesOn = false // in the little time that a fault lasts here
	e.stay, e.ready = false, nil
	e.recover = max(e.recover, recoverLimit)
	for _, limit := range []*time.Duration{&e.wait, &e.away, &e.delayed, &e.refused, &e.recover} {
		*limit *= 5
	}
	return e
}

// The short form: a server that leads dies, so does an edge, and two servers hang for so
// long that publications are in doubt.
func TestCluster(t *testing.T) {
	if testing.Short() {
		t.Skip("most of a minute")
	}
	t.Setenv("TMPDIR", t.TempDir())
	p := play(t, map[string]time.Duration{
		"kill edge-1": 2 * time.Second, "kill the leader": 2 * time.Second,
		"hang two servers": 11 * time.Second, // longer than a desk tries
	})
	for _, r := range p.rows {
		require.NotEqual(t, "0", r.Cells[1], "%s: published", r.Name)
		require.Equal(t, r.Name == "kill the leader", strings.Contains(strings.Join(r.Notes, " "), "led the log"), r.Name)
	}
	require.NotEqual(t, "–", p.rows[len(p.rows)-1].Cells[3], "nobody was in doubt")
	require.Contains(t, p.table(), "| kill the leader | ")
	p.leave()
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestChosen(t *testing.T) {
	all, err := chosen(nil)
	require.NoError(t, err)
	names := make(map[string]bool)
	for _, f := range all {
		require.False(t, names[f.name], "two faults are called %s", f.name)
		require.NotEmpty(t, f.about, f.name)
		require.NotNil(t, f.inject, f.name)
		names[f.name] = true
	}
	some, err := chosen([]string{"kill edge", "kill edge-1", "flipped bit"})
	require.NoError(t, err)
	var chosenNames []string
	for _, f := range some {
		chosenNames = append(chosenNames, f.name)
	}
	require.Equal(t, []string{"kill edge-1", "kill edge-2", "flipped bit", "flipped bit, running"}, chosenNames)
}

func TestMisuse(t *testing.T) {
	require.Zero(t, run([]string{"--list"}))
	for _, args := range [][]string{{"--only", "no such fault"}, {"--clients", "0"}, {"--pace", "1ms"}, {"--no-such-flag"}} {
		require.Equal(t, 2, run(args), "%v", args)
	}
	t.Setenv("TMPDIR", t.TempDir())
	require.Equal(t, 2, run([]string{"--only", "kill", "--only", "flipped bit, walking"}), "a comma is part of a name")
	require.Equal(t, 1, run([]string{"--tocsin", "/bin/false", "--nats-server", "/bin/false", "--only", "alone: kill"}))
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	require.Empty(t, left)
}

// A sync that is delayed is a sync all the same.
func TestSlowDisk(t *testing.T) {
	d := new(slowDisk)
	d.delay.Store(int64(100 * time.Millisecond))
	file := filepath.Join(t.TempDir(), "file")
	p := &program{
		name: "dd", bin: "/bin/dd", args: []string{"if=/dev/zero", "of=" + file, "bs=1k", "count=1", "conv=fsync"},
		log: filepath.Join(t.TempDir(), "log"), launch: d.launch,
	}
	began := time.Now()
	require.NoError(t, p.start())
	_, exited, ok := p.running()
	require.True(t, ok)
	<-exited
	require.GreaterOrEqual(t, time.Since(began), 100*time.Millisecond)
	d.close()
	require.EqualValues(t, 1, d.syncs.Load(), "%s", p.lastWords(5))
	info, err := os.Stat(file)
	require.NoError(t, err)
	require.EqualValues(t, 1<<10, info.Size())
}
