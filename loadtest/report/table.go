package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Table writes the figures for people: the median, the least and the most of the runs.
func (r *Report) Table(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", r.Title)
	rows := [][]string{{"median", "least", "most", "bar", ""}}
	for _, f := range r.Figures {
		rows = append(rows, f.row())
	}
	var width [4]int
	for _, row := range rows {
		for i := range width {
			width[i] = max(width[i], utf8.RuneCountInString(row[i]))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i := range width {
			fmt.Fprintf(&line, "%s%s  ", strings.Repeat(" ", width[i]-utf8.RuneCountInString(row[i])), row[i])
		}
		b.WriteString(strings.TrimRight(line.String()+row[4], " ") + "\n")
	}
	if len(r.Notes) > 0 {
		b.WriteByte('\n')
	}
	for _, note := range r.Notes {
		fmt.Fprintf(&b, "* %s\n", note)
	}
	b.WriteByte('\n')
	for _, fact := range r.Facts {
		fmt.Fprintf(&b, "%s: %s\n", fact.Name, fact.Value)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// row is median, least, most, bar and name.
func (f Figure) row() []string {
	if len(f.Runs) == 0 {
		return []string{"", "", "", "", f.Name}
	}
	least, most, bar := "", "", ""
	if len(f.Runs) > 1 {
		least, most = number(slices.Min(f.Runs)), number(slices.Max(f.Runs))
	}
	if f.Bar != nil {
		bar = "≤ " + number(*f.Bar)
	}
	name := f.Name
	if f.Unit != "" {
		name += ", " + f.Unit
	}
	if f.Verdict() == "over" {
		name += "   OVER"
	}
	return []string{number(f.Median), least, most, bar, name}
}
