//go:build linux

package main

import (
	_ "embed"
	"fmt"
	"maps"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"text/template"
	"time"

	"golang.org/x/sys/unix"
)

//go:embed report.md
var pageText string

var page = template.Must(template.New("report").Funcs(template.FuncMap{"seconds": seconds}).Parse(pageText))

// report is docs/reliability.md.
func (p *player) report(c *cli, took time.Duration) string {
	var b strings.Builder
	err := page.Execute(&b, map[string]any{
		"Date": p.began.UTC().Format(time.DateOnly), "Took": took.Round(time.Minute), "Machine": machine(),
		"NATS": natsVersion(p.bins.nats), "Clients": c.Clients, "Pace": c.Pace, "Witnesses": (c.Clients + witnesses - 1) / witnesses,
		"Rows": p.rows, "Table": strings.TrimSpace(p.table()),
		"MoreGoroutines": moreGoroutines, "MoreMemory": mebibytes(moreMemory), "TimesMemory": timesMemory,
		"Life": p.life(),
	})
	if err != nil {
		panic(err) // our own template
	}
	return b.String()
}

// Name, About, Notes, Failures and Skipped are for the page.
func (t *trial) Name() string       { return t.name }
func (t *trial) About() string      { return t.about }
func (t *trial) Notes() []string    { return t.notes }
func (t *trial) Failures() []string { return t.failures }
func (t *trial) Skipped() string    { return t.skipped }

// machine says on what it ran, without a name.
func machine() string {
	var info unix.Sysinfo_t
	memory := ""
	if unix.Sysinfo(&info) == nil {
		memory = fmt.Sprintf(", %d GiB of memory", info.Totalram*uint64(info.Unit)>>30)
	}
	return fmt.Sprintf("a virtual machine with %d cores%s, Linux, %s", runtime.NumCPU(), memory, runtime.Version())
}

// natsVersion asks a nats-server what it is.
func natsVersion(binary string) string {
	out, err := exec.Command(binary, "--version").Output()
	if err != nil {
		return "nats-server of unknown version"
	}
	return strings.ReplaceAll(strings.TrimSpace(string(out)), ":", "")
}

// row is a trial's line of the table.
func (t *trial) row() []string {
	if t.skipped != "" {
		return []string{t.name, "", "", "", "", "", "", "", "left out: " + t.skipped}
	}
	v := &t.seen
	verdict := "as it should be"
	if len(t.failures) > 0 {
		verdict = fmt.Sprintf("**not as it should be** (%d)", len(t.failures))
	}
	return []string{
		t.name,
		fmt.Sprint(v.counts[fatePublished]),
		fmt.Sprintf("%d / %d / %d", v.codes[503], v.codes[504], v.codes[0]),
		unconfirmedWords(v),
		fmt.Sprintf("%d / %d / %d", v.missed, v.doubled, v.disorder+v.altered+v.phantom),
		seconds(v.longestWait) + " / " + seconds(v.silent),
		orDash(v.away > 0, fmt.Sprintf("%s (%d)", seconds(v.away), v.moved)),
		orDash(v.stale > 0, staleWords(v)),
		fmt.Sprintf("%s / %s", seconds(v.recovered), seconds(v.everybody)),
		verdict,
	}
}

// unconfirmedWords says what became of what was answered 504.
func unconfirmedWords(v *seen) string {
	if v.unconfirmed == 0 {
		return "–"
	}
	return fmt.Sprintf("%d / %d, known after %s", v.lateDone, v.lateAbsent, seconds(v.latest))
}

func staleWords(v *seen) string {
	if v.clientsStale == 0 {
		return seconds(v.stale)
	}
	return seconds(v.stale) + " / " + seconds(v.clientsStale)
}

func orDash(ok bool, text string) string {
	if !ok {
		return "–"
	}
	return text
}

var columns = []string{
	"fault", "published", "503 / 504 / no answer", "of the 504: there / not there", "missed / doubled / wrong",
	"waited / unaware", "away", "said stale", "well / everybody", "verdict",
}

// table is the table of faults, in Markdown.
func (p *player) table() string {
	var b strings.Builder
	line := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	line(columns)
	line(slices.Repeat([]string{"---"}, len(columns)))
	for _, t := range p.rows {
		row := t.row()
		for len(row) < len(columns) {
			row = slices.Insert(row, len(row)-1, "")
		}
		line(row)
	}
	return b.String()
}

// life is what the processes had at the beginning and at the end of each stage.
func (p *player) life() (lines []string) {
	for i, t := range p.rows {
		if t.before == nil || i > 0 && p.rows[i-1].alone == t.alone && p.rows[i-1].before != nil {
			continue
		}
		last := t
		for _, u := range p.rows[i:] {
			if u.alone == t.alone && len(u.seen.vitals) > 0 {
				last = u
			}
		}
		for _, name := range slices.Sorted(maps.Keys(t.before)) {
			a, b := t.before[name], last.seen.vitals[name]
			line := fmt.Sprintf("| %s | %s | %s |", name, mebibytes(a.memory), mebibytes(b.memory))
			if a.goroutines > 0 {
				line += fmt.Sprintf(" %d | %d |", a.goroutines, b.goroutines)
			} else {
				line += " | |"
			}
			lines = append(lines, line)
		}
	}
	return lines
}
