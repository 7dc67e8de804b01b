package main

import (
	"cmp"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"tocsin/notice"
)

// page writes a notice in words, for a terminal: what a client would show
// (reader), or all that an approver signs for (whole). Text of a notice always
// passes through [printable].
type page struct {
	strings.Builder
	colour bool
	width  int // columns; 0 to leave lines as they are
	whole  bool
}

// Colours of a terminal.
const (
	bold  = "1"
	red   = "1;31"
	amber = "33"
	green = "32"
	faint = "2"
)

// paint colours text, which is the program's own or already printable.
func (p *page) paint(colour, text string) string {
	if !p.colour || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

func (p *page) line(format string, args ...any) {
	fmt.Fprintf(p, format+"\n", args...)
}

// notice writes n: what kind it is, for whom and until when, and every language.
func (p *page) notice(n *notice.Notice) {
	p.line("%s", p.heading(n))
	p.field("from", n.Sender)
	p.field("sent", clock(n.Sent))
	p.field("until", ending(n))
	p.field("for", reach(n))
	p.field("note", n.Note)
	if p.whole {
		p.field("code", strings.Join(n.Code, ", "))
		p.field("source", n.Source)
		p.field("incidents", strings.Join(n.Incidents, ", "))
		for _, ref := range n.References {
			p.field("follows", ref)
		}
	}
	p.field("id", n.Identifier)
	for i := range n.Info {
		p.info(&n.Info[i])
	}
}

// heading names type, status and gravity; an Exercise and a Test say so first.
func (p *page) heading(n *notice.Notice) string {
	words := []string{strings.ToUpper(string(n.MsgType))}
	colour := bold
	if n.Status != notice.StatusActual {
		words = append([]string{"** " + strings.ToUpper(string(n.Status)) + " **"}, words...)
		colour = amber
	}
	if len(n.Info) > 0 {
		i := n.Info[0]
		words = append(words, string(i.Severity), i.Urgency, i.Certainty)
		if colour == bold && (i.Severity == notice.SeverityExtreme || i.Severity == notice.SeveritySevere) {
			colour = red
		}
	}
	return p.paint(colour, oneLine(strings.Join(words, " · ")))
}

// field writes one labelled line, if there is something to say.
func (p *page) field(name, value string) {
	if value != "" {
		p.line("  %s %s", p.paint(faint, fmt.Sprintf("%-9s", name)), oneLine(value))
	}
}

// info writes the notice in one language.
func (p *page) info(i *notice.Info) {
	p.line("")
	p.line("  [%s] %s", oneLine(languageOf(i)), p.paint(bold, oneLine(cmp.Or(i.Headline, i.Event))))
	for _, text := range []string{i.Description, i.Instruction} {
		p.paragraph(text)
	}
	for _, text := range []string{i.Contact, i.Web} {
		if text != "" {
			p.line("    → %s", oneLine(text))
		}
	}
	if p.whole {
		p.rest(i)
	}
}

// headlines names a notice, in each language.
func (p *page) headlines(n *notice.Notice) {
	for i := range n.Info {
		info := &n.Info[i]
		p.line("  [%s] %s", oneLine(languageOf(info)), oneLine(cmp.Or(info.Headline, info.Event)))
	}
}

// rest writes what readers are not shown in full, but approvers sign.
func (p *page) rest(i *notice.Info) {
	detail := func(name, value string) {
		if value != "" {
			p.line("    %s %s", p.paint(faint, name+":"), oneLine(value))
		}
	}
	detail("event", i.Event)
	detail("institution", i.SenderName)
	detail("category", strings.Join(i.Category, ", "))
	detail("response", strings.Join(i.ResponseType, ", "))
	detail("audience", i.Audience)
	detail("effective", clock(i.Effective))
	detail("onset", clock(i.Onset))
	for _, pair := range i.EventCode {
		detail("eventCode", pair.ValueName+" = "+pair.Value)
	}
	for _, pair := range i.Parameter {
		detail("parameter", pair.ValueName+" = "+pair.Value)
	}
	for _, r := range i.Resource {
		detail("resource", strings.Join([]string{r.ResourceDesc, r.MimeType, r.URI}, " "))
	}
	for _, a := range i.Area {
		detail("area", a.AreaDesc)
	}
}

// paragraph writes text of several lines, indented.
func (p *page) paragraph(text string) {
	text = strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n"))
	if text == "" {
		return
	}
	for line := range strings.SplitSeq(printable(text), "\n") {
		for _, row := range wrap(line, p.width-4) {
			p.line("    %s", row)
		}
	}
}

// wrap breaks a line between words. A word that is longer than a row, as in
// scripts without spaces, is left for the terminal to break.
func wrap(line string, width int) []string {
	if utf8.RuneCountInString(line) <= width || width <= 0 {
		return []string{line}
	}
	var rows []string
	row := ""
	for word := range strings.FieldsSeq(line) {
		if row != "" && utf8.RuneCountInString(row)+1+utf8.RuneCountInString(word) > width {
			rows, row = append(rows, row), ""
		}
		if row != "" {
			row += " "
		}
		row += word
	}
	return append(rows, row)
}

// oneLine is text that can't break out of its line.
func oneLine(text string) string {
	return printable(strings.Join(strings.Fields(text), " "))
}

// reach says in words who gets the notice.
func reach(n *notice.Notice) string {
	who := map[notice.Scope]string{
		notice.ScopePublic:     "everyone",
		notice.ScopeRestricted: "restricted",
		notice.ScopePrivate:    "private",
	}[n.Scope]
	who = cmp.Or(who, string(n.Scope))
	if n.Restriction != "" {
		who += " (" + n.Restriction + ")"
	}
	if len(n.Addresses) > 0 {
		who += ": " + strings.Join(n.Addresses, ", ")
	}
	return who
}

// ending is when the notice ends; the blocks agree on it.
func ending(n *notice.Notice) string {
	if len(n.Info) == 0 {
		return ""
	}
	return clock(n.Info[0].Expires)
}

// languageOf is a block's language: CAP's default where it names none.
func languageOf(i *notice.Info) string { return cmp.Or(i.Language, "en-US") }

// clock is a time in the reader's own time zone, and as it was written when it
// can't be read.
func clock(d notice.DateTime) string {
	if d.IsZero() {
		return ""
	}
	t, err := d.Time()
	if err != nil {
		return string(d)
	}
	return t.Local().Format("2006-01-02 15:04:05 -07:00")
}

// ago is a duration in words that fit a status line.
func ago(d time.Duration) string {
	return d.Round(time.Second).String()
}
