//go:build linux

package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"time"
)

// rules is the number of the rules that rows are judged by: raise it when they change, so that
// rows of two kinds are not mixed.
const rules = 4

// row is what a report says of a fault that was played, or left out.
type row struct {
	Rules             int
	Name, About       string
	Skipped, Untested string
	Vain              bool     // untested, and that is no chance
	Cells             []string // of the table
	Notes, Failures   []string
	After             map[string]vitals
	Entries           uint64 // of the log, in the end
	Took              time.Duration
}

// row is the trial's.
func (t *trial) row() row {
	r := row{
		Rules: rules, Name: t.name, About: t.about, Skipped: t.skipped, Untested: t.untested, Vain: t.untested != "" && t.expect.met,
		Notes: t.notes, Failures: t.failures,
		After: t.seen.vitals, Entries: t.seen.entries, Took: t.took,
	}
	if t.skipped != "" {
		r.Cells = slices.Concat([]string{t.name}, make([]string, len(columns)-2), []string{"left out: " + t.skipped})
		return r
	}
	v, verdict := &t.seen, "as it should be"
	if len(t.failures) > 0 {
		verdict = fmt.Sprintf("**not as it should be** (%d)", len(t.failures))
	} else if t.untested != "" {
		verdict = "not tested: " + t.untested
	}
	r.Cells = []string{
		t.name,
		fmt.Sprint(v.counts[fatePublished]),
		fmt.Sprintf("%d / %d / %d", v.codes[503], v.codes[504], v.codes[0]),
		unconfirmedWords(v),
		fmt.Sprintf("%d / %d / %d", v.missed, v.doubled+v.rejected, v.disorder+v.altered+v.misplaced+v.phantom),
		seconds(v.longestWait) + " / " + seconds(v.silent),
		orDash(v.away > 0, fmt.Sprintf("%s / %s (%d)", seconds(v.away), seconds(v.delayed), v.moved)),
		orDash(v.stale > 0, staleWords(v)),
		fmt.Sprintf("%s / %s", seconds(v.recovered), seconds(v.everybody)),
		verdict,
	}
	return r
}

// readRows reads what earlier runs have seen, a row a line.
func readRows(file string) (rows []row, err error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil || len(r.Cells) != len(columns) {
			return nil, misusef("--seen %s is no file of this program's", file)
		}
		if r.Rules != rules {
			return nil, misusef("--seen %s is of a version that judged otherwise: begin a new one", file)
		}
		rows = append(rows, r)
	}
	return rows, lines.Err()
}

// appendRow adds a row to such a file.
func appendRow(file string, r row) error {
	line, err := json.Marshal(r)
	if err != nil {
		return err
	}
	f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}
