package main

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/client"
)

// An edge that starts without the broker knows the cohorts that it knew: who comes back
// with a ticket and is on the list gets the notice, nobody else. What a cohort became
// meanwhile counts as soon as the broker is reached.
func TestCohortsWithoutBroker(t *testing.T) {
	t.Parallel()
	f := newFleetApart(t)
	start := func() *member { return f.serve("edge", "--roles", "edge", "--cache", f.path("state")).ready(t) }
	edge := start()
	listed, other := f.connect(edge, f.token("listed")), f.connect(edge, f.token("other"))
	f.putCohort("breach-7", "listed")
	n := f.toCohort("breach-7")
	listed.await("the notice", showing(n))
	listed.stop()
	other.stop()
	edge.stop()
	f.stopNATS()

	edge = start()
	again := f.connect(edge, ticketOf(listed))
	require.True(t, again.has(n))
	require.False(t, again.Freshness().Live)
	require.False(t, f.connect(edge, ticketOf(other)).has(n))
	again.stop()
	edge.stop()

	f.startNATS()
	require.NoError(t, f.as(f.Publisher).RemoveCohort(t.Context(), "breach-7"))
	f.stopNATS()
	edge = start()
	again = f.connect(edge, ticketOf(listed))
	require.True(t, again.has(n), "it can't know yet")
	f.startNATS()
	again.await("the end of the cohort", labelled("cohort:breach-7", false))
	require.False(t, f.connect(edge, ticketOf(listed)).has(n))
	require.Len(t, edge.out.lines("cohort removed"), 1)
	again.stop()
	edge.stop()
	f.stopNATS()

	edge = start()
	require.False(t, f.connect(edge, ticketOf(listed)).has(n), "nor does it come back")
}

// What lies on the disk names nobody, and is its owner's alone. What is damaged, or of
// another name, is not used, said once, and replaced when the broker answers.
func TestCohortCacheFiles(t *testing.T) {
	t.Parallel()
	f := newFleetApart(t)
	start := func() *member { return f.serve("edge", "--roles", "edge", "--cache", f.path("state")).ready(t) }
	edge := start()
	listed := f.connect(edge, f.token("listed"))
	names := []string{"cut", "good", "swapped"}
	for _, name := range names {
		f.putCohort(name, "listed")
	}
	listed.await("all three", func(e client.Event) bool {
		return !slices.ContainsFunc(names, func(name string) bool { return !labelled("cohort:"+name, true)(e) })
	})
	listed.stop()
	edge.stop()
	f.stopNATS()

	dir := f.path("state.cohorts")
	info, err := os.Stat(dir)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	ring, err := auth.LoadKeyring(f.path("ticket.keys"))
	require.NoError(t, err)
	same, err := ring.NewCohort(f.issuer.URL, []string{"listed"})
	require.NoError(t, err)
	for _, name := range names {
		file := filepath.Join(dir, name)
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
		sealed, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Len(t, sealed, len(ring.SealCohort(name, same)))
		_, err = ring.OpenCohort(name, sealed)
		require.NoError(t, err, "sealed, not as it is")
	}
	require.NoError(t, os.Truncate(filepath.Join(dir, "cut"), 20))
	require.NoError(t, os.Rename(filepath.Join(dir, "good"), filepath.Join(dir, "good~")))
	require.NoError(t, copyFile(filepath.Join(dir, "good~"), filepath.Join(dir, "good")))
	require.NoError(t, copyFile(filepath.Join(dir, "good"), filepath.Join(dir, "swapped")))

	edge = start()
	again := f.connect(edge, ticketOf(listed))
	require.Equal(t, []string{"cohort:good", "tenant:north"}, again.labels())
	for _, name := range []string{"cut", "swapped"} {
		lines := edge.out.lines("cohort=" + name)
		require.Len(t, lines, 1)
		require.Contains(t, lines[0], "cached cohort not used")
	}
	f.startNATS()
	again.await("what the broker has", labelled("cohort:swapped", true))
	again.stop()
	edge.stop()
	f.stopNATS()
	edge = start()
	require.Equal(t, []string{"cohort:cut", "cohort:good", "cohort:swapped", "tenant:north"}, f.connect(edge, ticketOf(listed)).labels())
	require.Empty(t, edge.out.lines("cached cohort not used"))
}
