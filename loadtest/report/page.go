package report

import (
	_ "embed"
	"html/template"
	"io"
)

//go:embed page.html
var pageText string

var page = template.Must(template.New("page").Funcs(template.FuncMap{
	"number": number,
	"deref":  func(v *float64) float64 { return *v },
	"lines":  func() []int { return []int{0, 1, 2, 3} },
}).Parse(pageText))

// HTML writes the report as one page without script, for screens and paper, light and
// dark.
func (r *Report) HTML(w io.Writer) error { return page.Execute(w, r) }
