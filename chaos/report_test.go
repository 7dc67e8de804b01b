//go:build linux

package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestReport(t *testing.T) {
	good := &trial{fault: fault{name: "kill it", about: "it is killed"}, notes: []string{"it came back"}, before: map[string]vitals{"edge-1": {Goroutines: 100, Memory: 50 << 20}}}
	good.seen = seen{
		counts: map[fate]int{fatePublished: 12}, codes: map[int]int{503: 3, 504: 1}, unconfirmed: 1, lateDone: 1,
		latest: 40 * time.Second, longestWait: 1200 * time.Millisecond, recovered: 4 * time.Second, everybody: 5 * time.Second,
		entries: 100, vitals: map[string]vitals{"edge-1": {Goroutines: 101, Memory: 55 << 20, Heap: 20 << 20}},
	}
	bad := &trial{fault: fault{name: "wipe it", about: "it is wiped"}, failures: []string{"1 missed"}, before: map[string]vitals{"edge-1": {Goroutines: 100, Memory: 50 << 20}}}
	vain := &trial{fault: fault{name: "kick it", about: "it is kicked", expect: expectations{met: true}}, untested: "nobody met the damage"}
	left := &trial{fault: fault{name: "fill it", about: "it is filled"}, skipped: "for root alone"}
	good.took = 20 * time.Minute
	file := filepath.Join(t.TempDir(), "rows")
	for _, r := range []*trial{good, bad, vain, left} {
		require.NoError(t, appendRow(file, r.row()))
	}
	rows, err := readRows(file)
	require.NoError(t, err)
	p := &player{rows: rows, bins: binaries{nats: "/bin/false"}, began: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	page := p.report(&cli{Clients: 200, Pace: time.Second})
	for _, want := range []string{
		"On 2026-03-01, in 20 minutes of play, on ", "200 clients (160 of them witnesses), a notice\nevery 1s",
		"| kill it | 12 | 3 / 1 / 0 | 1 / 0, known after 40 s | 0 / 0 / 0 | 1.2 s / 0.0 s | – | – | 4.0 s / 5.0 s | as it should be |\n",
		"| wipe it |", "**not as it should be** (1) |\n", "left out: for root alone |\n",
		"**kill it**: it is killed.\nSeen: it came back.\n", "*Not as it should be:* 1 missed.",
		"| edge-1 | 55 MiB | 20 MiB | 101 | 100 | kill it |\n",
		"away for 11 s at most", "| kick it |", "| not tested: nobody met the damage |\n",
	} {
		require.Contains(t, page, want)
	}
	for line := range strings.Lines(p.table()) {
		require.Equal(t, len(columns)+1, strings.Count(line, "|"), line)
	}
	require.NotContains(t, page, "\n\n\n")
	var says strings.Builder
	require.EqualError(t, outcome(rows, &says), "1 of 4 faults did not end as they should")
	require.EqualError(t, outcome([]row{good.row(), vain.row()}, io.Discard), "1 of 2 faults tested nothing, and not by chance")
	require.Equal(t, "NOT TESTED: kick it: nobody met the damage\n", says.String())
	chance := *vain
	chance.expect.met = false
	require.NoError(t, outcome([]row{good.row(), chance.row()}, &says), "nobody can help it")
	require.Equal(t, 2, strings.Count(says.String(), "\n"), "but it is said")
}

func TestRowsOfAnother(t *testing.T) {
	file := filepath.Join(t.TempDir(), "rows")
	rows, err := readRows(file)
	require.NoError(t, err)
	require.Empty(t, rows)
	for _, text := range []string{"text", "{}", `{"Cells":["a"]}`} {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		_, err := readRows(file)
		require.ErrorAs(t, err, new(misuse), text)
	}
}
