//go:build linux

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/loadtest/report"
)

// measure runs the command line, and reads what it found.
func measure(t *testing.T, args ...string) report.Report {
	t.Helper()
	if args[0] != "floor" {
		path, err := binary()
		require.NoError(t, err)
		args = append(args, "--tocsin", path)
	}
	out := filepath.Join(t.TempDir(), "out")
	stdout := os.Stdout
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(t, err)
	os.Stdout = null
	defer func() { os.Stdout = stdout }()
	require.Zero(t, run(append(args, "--json", out+".json", "--html", out+".html")))
	data, err := os.ReadFile(out + ".json")
	require.NoError(t, err)
	var r report.Report
	require.NoError(t, json.Unmarshal(data, &r))
	page, err := os.ReadFile(out + ".html")
	require.NoError(t, err)
	require.Contains(t, string(page), "<svg")
	require.NotContains(t, strings.ToLower(string(page)), "<script")
	return r
}

// whole says that nothing was missed, doubled, out of order or altered, and that nobody
// was disconnected.
func whole(t *testing.T, r report.Report) {
	t.Helper()
	for _, name := range []string{"missed", "doubled", "out of order", "altered", "sessions lost"} {
		n, ok := r.Of(name)
		require.True(t, ok, name)
		require.Zero(t, n, name)
	}
}

// How fast it is, is not a matter for CI; that everybody gets everything, once and in
// order, is.
func TestFanout(t *testing.T) {
	r := measure(t, "fanout", "--clients", "200", "--runs", "1", "--repeat", "2", "--burst", "30", "--not-reading", "2")
	whole(t, r)
	for _, name := range []string{figureDelivery, figureWrite, figureDeliveryRatio, figureLast, figureLastRatio, figureGrowth} {
		got, ok := r.Of(name)
		require.True(t, ok, name)
		require.Positive(t, got, name)
	}
	stalled, _ := r.Of("of them stalled before the measurement")
	require.GreaterOrEqual(t, stalled, 4.0)
}

func TestStorm(t *testing.T) {
	r := measure(t, "storm", "--clients", "200", "--connected", "50", "--runs", "1")
	whole(t, r)
	for _, name := range []string{figureTicketRatio, figureTokenRatio, figureStormRatio, figureUpgrade, figureSignature, figureSignedRatio} {
		got, ok := r.Of(name)
		require.True(t, ok, name)
		require.Positive(t, got, name)
	}
	for _, name := range []string{"refused attempts, ticket", "broken attempts, ticket"} {
		got, ok := r.Of(name)
		require.True(t, ok, name)
		require.Zero(t, got, name)
	}
}

func TestSoak(t *testing.T) {
	if testing.Short() {
		t.Skip("some seconds")
	}
	r := measure(t, "soak", "--clients", "100", "--for", "4s", "--every", "200ms")
	whole(t, r)
	notices, _ := r.Of("notices")
	require.Greater(t, notices, 5.0)
	began, ok := r.Of("open files, after the first tenth")
	require.True(t, ok)
	ended, _ := r.Of("open files, at the end")
	require.InDelta(t, began, ended, 3)
}

func TestIdleAndScale(t *testing.T) {
	r := measure(t, "idle", "--clients", "100", "--settle", "100ms")
	whole(t, r)
	_, ok := r.Of(figureIdle)
	require.True(t, ok)
	r = measure(t, "scale", "--sizes", "50,100", "--runs", "1", "--repeat", "1")
	whole(t, r)
	_, ok = r.Of(figureLinear)
	require.True(t, ok)
}

func TestFloor(t *testing.T) {
	r := measure(t, "floor", "--clients", "100", "--runs", "1")
	for _, name := range []string{figureWrite, figureUpgrade} {
		got, ok := r.Of(name)
		require.True(t, ok, name)
		require.Positive(t, got, name)
	}
}

// What can't begin ends with an error, and leaves nothing behind.
func TestBeginningsThatFail(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	url := []string{"--url", "ws://127.0.0.1:1/v1/connect", "--desk", "http://127.0.0.1:1"}
	key := filepath.Join(t.TempDir(), "key")
	require.NoError(t, os.WriteFile(key, []byte("no key"), 0o600))
	for _, args := range [][]string{
		append([]string{"fanout", "--key", key + "-absent"}, url...),
		append([]string{"fanout", "--key", key}, url...),
		append([]string{"fanout", "--key", key, "--pid", "999999999"}, url...),
		{"fanout", "--tocsin", key},
		{"fanout", "--tocsin", "/bin/false"},
	} {
		require.Equal(t, 1, run(append(args, "--clients", "1")), "%v", args)
	}
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestRefusals(t *testing.T) {
	for _, args := range [][]string{
		{"floor", "--clients", "2000000000"},
		{"fanout", "--clients", "0"},
		{"fanout", "--desk", "http://127.0.0.1:1"},
		{"fanout", "--url", "wss://127.0.0.1:1/v1/connect", "--desk", "http://127.0.0.1:1", "--key", "k"},
		{"fanout", "--url", "ws://192.0.2.1:1/v1/connect", "--desk", "http://192.0.2.1:1", "--key", "k"},
		{"fanout", "--no-such-flag"},
	} {
		require.Equal(t, 2, run(args), "%v", args)
	}
}
