package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf16"

	"tocsin/notice"
)

// console is what a command may touch of the terminal. Results go to Out,
// everything else to Err.
type console struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
	// program is what to type to run this program again.
	program string
}

// printJSON writes v as one line, for programs.
func (c console) printJSON(v any) error { return c.print(v, "") }

// printFile writes v as it is good to edit.
func (c console) printFile(v any) error { return c.print(v, "  ") }

// print writes v as JSON. What [notice.Deceptive] finds, and C1 controls, are written as
// JSON's escapes: to a program they are the same, and a terminal does not obey them.
func (c console) print(v any, indent string) error {
	var text strings.Builder
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", indent)
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := io.WriteString(c.Out, escape(text.String(), func(r rune) string {
		var b strings.Builder
		for _, unit := range utf16.AppendRune(nil, r) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
		return b.String()
	}))
	return err
}

// say writes one line of a diagnosis.
func (c console) say(format string, args ...any) {
	fmt.Fprintf(c.Err, format+"\n", args...)
}

var errNotDone = errors.New("nothing was signed")

// confirm asks a yes-or-no question on the terminal, unless --yes has answered it;
// anything but yes is no. Without a terminal there is nobody to ask, and
// silence is no consent: over ssh without -t there is one who has read nothing yet.
func (c console) confirm(yes bool, question string, no error) error {
	if yes {
		return nil
	}
	if !isTerminal(c.In) {
		return misusef("%w: stdin is no terminal, so nobody can be asked %q. ssh -t gives one; --yes says that it is read and meant",
			no, question)
	}
	fmt.Fprintf(c.Err, "%s [y/N] ", question)
	line, _ := bufio.NewReader(c.In).ReadString('\n')
	if answer := strings.ToLower(strings.TrimSpace(line)); answer != "y" && answer != "yes" {
		return no
	}
	return nil
}

// isTerminal reports whether f is a terminal. A character device such as
// /dev/null is none: it has no window.
func isTerminal(f any) bool { return columns(f) > 0 }

// columns is the width of the terminal f, 0 if it is none.
func columns(f any) int {
	if file, ok := f.(*os.File); ok {
		width, _ := window(file.Fd())
		return width
	}
	return 0
}

// newPage is an empty page for w: wrapped and in colour on a terminal (unless
// NO_COLOR is set), plain otherwise.
func newPage(w io.Writer) *page {
	width := columns(w)
	plain := width == 0 || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb"
	return &page{colour: !plain, width: min(width, maxColumns)}
}

// maxColumns is as long as lines may be to be read with ease.
const maxColumns = 100

// printable makes text safe to show on a terminal: control characters, which could move
// the cursor or recolour the screen, and what [notice.Deceptive] finds, which could make an
// approver read what is not there, are shown as escapes. Newline and tab stay, and so
// do marks where a script needs them.
func printable(text string) string {
	return escape(strings.ToValidUTF8(text, "\ufffd"), func(r rune) string { return fmt.Sprintf("<%04X>", r) })
}

// escape writes as escapes what a terminal could obey, or hide.
func escape(text string, as func(rune) string) string {
	hidden := make(map[int]bool)
	for at := range notice.Deceptive(text) {
		hidden[at] = true
	}
	var b strings.Builder
	for at, r := range text {
		if hidden[at] || unicode.IsControl(r) && r != '\n' && r != '\t' {
			b.WriteString(as(r))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
