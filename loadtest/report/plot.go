package report

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strings"
)

// Plot is lines over two axes, both linear and from zero.
type Plot struct {
	Title string `json:"title"`
	X     string `json:"x"`
	Y     string `json:"y"`
	Lines []Line `json:"lines"`
}

// Line is one of them.
type Line struct {
	Name   string       `json:"name"`
	Points [][2]float64 `json:"points"`
	// Dots marks each point: for few, where what lies between is a guess.
	Dots bool `json:"dots,omitempty"`
}

// The picture, in units of its view box.
const (
	plotWidth, plotHeight         = 720.0, 300.0
	marginLeft, marginRight       = 64.0, 16.0
	marginTop, marginBottom       = 12.0, 44.0
	ticks                         = 5
	innerWidth, innerHeight       = plotWidth - marginLeft - marginRight, plotHeight - marginTop - marginBottom
	legendLine, legendX, legendDY = 18.0, marginLeft + 12, 16.0
)

// SVG draws the plot. Its colours are the page's.
func (p Plot) SVG() template.HTML {
	maxX, maxY := p.extent()
	stepX, stepY := step(maxX), step(maxY)
	maxX, maxY = stepX*math.Ceil(maxX/stepX), stepY*math.Ceil(maxY/stepY)
	x := func(v float64) float64 { return marginLeft + v/maxX*innerWidth }
	y := func(v float64) float64 { return marginTop + innerHeight - v/maxY*innerHeight }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %.0f %.0f" role="img" aria-label="%s">`, plotWidth, plotHeight, html.EscapeString(p.Title))
	for v := 0.0; v <= maxX*1.0001; v += stepX {
		fmt.Fprintf(&b, `<path class="grid" d="M%.1f %.1fV%.1f"/><text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`,
			x(v), marginTop, marginTop+innerHeight, x(v), marginTop+innerHeight+16, tick(v))
	}
	for v := 0.0; v <= maxY*1.0001; v += stepY {
		fmt.Fprintf(&b, `<path class="grid" d="M%.1f %.1fH%.1f"/><text x="%.1f" y="%.1f" text-anchor="end">%s</text>`,
			marginLeft, y(v), marginLeft+innerWidth, marginLeft-6, y(v)+4, tick(v))
	}
	fmt.Fprintf(&b, `<text x="%.1f" y="%.1f" text-anchor="middle">%s</text>`, marginLeft+innerWidth/2, plotHeight-6, html.EscapeString(p.X))
	fmt.Fprintf(&b, `<text transform="translate(14 %.1f) rotate(-90)" text-anchor="middle">%s</text>`, marginTop+innerHeight/2, html.EscapeString(p.Y))
	for i, l := range p.Lines {
		l.draw(&b, i, x, y)
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) // every text in it is escaped above
}

func (l Line) draw(b *strings.Builder, i int, x, y func(float64) float64) {
	var d strings.Builder
	for j, point := range l.Points {
		op := 'L'
		if j == 0 {
			op = 'M'
		}
		fmt.Fprintf(&d, "%c%.1f %.1f", op, x(point[0]), y(point[1]))
		if l.Dots {
			fmt.Fprintf(b, `<circle class="line%d" cx="%.1f" cy="%.1f" r="3"/>`, i, x(point[0]), y(point[1]))
		}
	}
	fmt.Fprintf(b, `<path class="line%d" d="%s"/>`, i, d.String())
	at := marginTop + 10 + float64(i)*legendDY
	fmt.Fprintf(b, `<path class="line%d" d="M%.1f %.1fh%.1f"/><text x="%.1f" y="%.1f">%s</text>`,
		i, legendX, at, legendLine, legendX+legendLine+6, at+4, html.EscapeString(l.Name))
}

func (p Plot) extent() (x, y float64) {
	for _, l := range p.Lines {
		for _, point := range l.Points {
			x, y = max(x, point[0]), max(y, point[1])
		}
	}
	if x <= 0 {
		x = 1
	}
	if y <= 0 {
		y = 1
	}
	return x, y
}

// step is a round distance of ticks.
func step(extent float64) float64 {
	raw := extent / ticks
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range []float64{1, 2, 5} {
		if raw <= m*power {
			return m * power
		}
	}
	return 10 * power
}

func tick(v float64) string {
	return strings.TrimSuffix(strings.TrimRight(fmt.Sprintf("%.3f", v), "0"), ".")
}
