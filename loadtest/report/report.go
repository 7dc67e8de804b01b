// Package report is what a measurement found: figures, each with its runs, and plots. It
// writes them as a table, as JSON, and as a page that needs nothing else.
package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"time"
)

// Report is the result of one command.
type Report struct {
	Title   string    `json:"title"`
	Command string    `json:"command"`
	At      time.Time `json:"at"`
	Took    string    `json:"took"`
	// Facts say on what and of what it was measured, in order.
	Facts   []Fact   `json:"facts"`
	Figures []Figure `json:"figures"`
	Plots   []Plot   `json:"plots"`
	// Notes say what a reader must know to believe the figures.
	Notes []string `json:"notes"`
}

// Fact is a property of the machine or of a program.
type Fact struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Figure is something measured, once for each run.
type Figure struct {
	Name string    `json:"name"`
	Unit string    `json:"unit"` // "" for ratios and counts
	Runs []float64 `json:"runs"`
	// Median is that of Runs.
	Median float64 `json:"median"`
	// Bar is what the median must not exceed; absent if nothing is asked of it.
	Bar *float64 `json:"bar,omitempty"`
}

// Verdict is "" without a bar, "ok" or "over".
func (f Figure) Verdict() string {
	switch {
	case f.Bar == nil:
		return ""
	case f.Median <= *f.Bar:
		return "ok"
	}
	return "over"
}

// Add adds a run to the figure of that name, and makes it if there is none. Names stay
// in the order in which they first came.
func (r *Report) Add(name, unit string, run float64) {
	i := slices.IndexFunc(r.Figures, func(f Figure) bool { return f.Name == name })
	if i < 0 {
		r.Figures = append(r.Figures, Figure{Name: name, Unit: unit})
		i = len(r.Figures) - 1
	}
	f := &r.Figures[i]
	f.Runs = append(f.Runs, run)
	f.Median = Median(f.Runs)
}

// Bar says what the median of a figure must not exceed. A figure that is not there has
// none.
func (r *Report) Bar(name string, bar float64) {
	for i := range r.Figures {
		if r.Figures[i].Name == name {
			r.Figures[i].Bar = &bar
		}
	}
}

// Note adds a note, once.
func (r *Report) Note(format string, args ...any) {
	if note := fmt.Sprintf(format, args...); !slices.Contains(r.Notes, note) {
		r.Notes = append(r.Notes, note)
	}
}

// Of is the median of a figure.
func (r *Report) Of(name string) (float64, bool) {
	for _, f := range r.Figures {
		if f.Name == name {
			return f.Median, true
		}
	}
	return 0, false
}

// Median of an even number of runs is the mean of the two in the middle. Of none it is 0.
func Median(runs []float64) float64 {
	sorted := slices.Sorted(slices.Values(runs))
	n := len(sorted)
	switch {
	case n == 0:
		return 0
	case n%2 == 1:
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}

// JSON writes the report for programs.
func (r *Report) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(r)
}

// number writes v with as many digits as one can believe.
func number(v float64) string {
	switch a := math.Abs(v); {
	case v == math.Trunc(v) && a < 1e7:
		return fmt.Sprintf("%.0f", v)
	case a >= 100:
		return fmt.Sprintf("%.0f", v)
	case a >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}
