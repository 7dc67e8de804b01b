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
func (c console) printJSON(v any) error {
	enc := json.NewEncoder(c.Out)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// printFile writes v as it is good to edit.
func (c console) printFile(v any) error {
	enc := json.NewEncoder(c.Out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
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

// printable makes text safe to show on a terminal: control characters, which
// could move the cursor or recolour the screen, and overrides of the writing
// direction, which could make an approver read what is not there, are shown as
// escapes. Newline and tab stay, and so do marks that scripts need.
func printable(text string) string {
	text = strings.ToValidUTF8(text, "\ufffd")
	if strings.IndexFunc(text, deceptive) < 0 {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if deceptive(r) {
			fmt.Fprintf(&b, "<%04X>", r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

func deceptive(r rune) bool {
	switch {
	case r == '\n', r == '\t':
		return false
	case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069: // bidi embeddings, overrides, isolates
		return true
	}
	return unicode.IsControl(r)
}
