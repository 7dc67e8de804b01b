//go:build linux

package main

import (
	_ "embed"
	"fmt"
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
func (p *player) report(c *cli) string {
	var b strings.Builder
	var took time.Duration
	for _, r := range p.rows {
		took += r.Took
	}
	err := page.Execute(&b, map[string]any{
		"Date": p.began.UTC().Format(time.DateOnly), "Took": fmt.Sprintf("%.0f minutes", took.Minutes()), "Machine": machine(),
		"NATS": natsVersion(p.bins.nats), "Clients": c.Clients, "Pace": c.Pace, "Witnesses": c.Clients - (c.Clients+verifiers-1)/verifiers,
		"Rows": p.rows, "Table": strings.TrimSpace(p.table()),
		"MoreGoroutines": moreGoroutines, "MoreMemory": mebibytes(moreMemory), "TimesMemory": timesMemory,
		"Life":    p.life(),
		"OneDown": oneDown, "SaysStale": saysStale, "SaysNo": saysNo, "AloneWait": aloneWait,
		"LateWindow": lateWindow, "Moves": moves, "Drain": drainLimit, "ByeWait": byeWait, "ByeAway": byeWait + oneDown,
		"Recover": recoverLimit, "Silence": silence, "Steered": steered, "AllAway": allAway, "FullRecover": fullRecover,
		"HeapLimit": mebibytes(heapLimit), "HeapPerEntry": heapPerEntry >> 10, "HeapTimes": heapTimes,
	})
	if err != nil {
		panic(err) // our own template
	}
	return b.String()
}

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
	"waited / unaware", "away / delayed", "said stale", "well / everybody", "verdict",
}

// table is the table of faults, in Markdown.
func (p *player) table() string {
	var b strings.Builder
	line := func(cells []string) { fmt.Fprintf(&b, "| %s |\n", strings.Join(cells, " | ")) }
	line(columns)
	line(slices.Repeat([]string{"---"}, len(columns)))
	for _, r := range p.rows {
		line(r.Cells)
	}
	return b.String()
}
