package report_test

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/loadtest/report"
)

var update = flag.Bool("update", false, "write the golden files in testdata anew")

// sample has something of everything, and texts that must be escaped.
func sample() *report.Report {
	r := &report.Report{
		Title: "Fan-out <of> a notice", Command: `loadtest fanout --url "ws://x"`, Took: "12s",
		At:    time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC),
		Facts: []report.Fact{{Name: "processor", Value: "two <cores>"}, {Name: "go", Value: "go1"}},
		Plots: []report.Plot{
			{Title: "Curve & all", X: "ms", Y: "%", Lines: []report.Line{
				{Name: "a<b", Points: [][2]float64{{0, 0}, {1.5, 40}, {3, 100}}},
				{Name: "floor", Points: [][2]float64{{0, 0}, {2.5, 100}}, Dots: true},
			}},
			{Title: "Nothing came"},
		},
	}
	for _, run := range []float64{1.21, 1.09, 1.10} {
		r.Add("ratio", "", run)
	}
	r.Add("time", "ms", 123.456)
	r.Add("memory", "KiB", 9.5)
	r.Add("missed", "", 0)
	r.Bar("ratio", 1.15)
	r.Bar("memory", 9)
	r.Bar("missed", 0)
	r.Bar("absent", 1)
	r.Note("Read this %s.", "first")
	r.Note("Read this first.")
	return r
}

func TestGolden(t *testing.T) {
	for name, write := range map[string]func(io.Writer) error{
		"report.txt": sample().Table, "report.json": sample().JSON, "report.html": sample().HTML,
	} {
		var got bytes.Buffer
		require.NoError(t, write(&got))
		path := filepath.Join("testdata", name)
		if *update {
			require.NoError(t, os.WriteFile(path, got.Bytes(), 0o644))
		}
		want, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, string(want), got.String(), "differs from %s; -update writes it", path)
	}
}

func TestMedian(t *testing.T) {
	require.Equal(t, 2.0, report.Median([]float64{3, 1, 2}))
	require.Equal(t, 2.5, report.Median([]float64{4, 1, 2, 3}))
	require.Zero(t, report.Median(nil))
}

func TestVerdict(t *testing.T) {
	bar := 1.5
	require.Empty(t, report.Figure{Median: 9}.Verdict())
	require.Equal(t, "ok", report.Figure{Median: 1.5, Bar: &bar}.Verdict())
	require.Equal(t, "over", report.Figure{Median: 1.51, Bar: &bar}.Verdict())
}
