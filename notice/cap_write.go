package notice

import (
	"bytes"
	"fmt"
	"strings"
	"unicode/utf8"
)

// EncodeCAP writes n as CAP 1.2 XML: UTF-8, the schema's order, indented between
// elements, text exactly as it is. [ParseCAP] reads it back to an equal notice
// (empty lists as none). It fails on what XML or CAP's lists can't hold: control
// characters, a quotation mark in an item of addresses, references or incidents,
// a signature that is not one xmldsig element. The result is valid by the schema
// if [Check] accepts n and its links are URIs.
func EncodeCAP(n *Notice) ([]byte, error) {
	w := &capWriter{}
	w.buf.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<alert xmlns=\"" + capNamespace + "\">\n")
	w.depth = 1
	for _, e := range capAlert {
		e.write(w, n)
	}
	w.close("alert")
	if w.err != nil {
		return nil, fmt.Errorf("writing CAP XML: %w", w.err)
	}
	return w.buf.Bytes(), nil
}

// capWriter writes elements. Its first error sticks.
type capWriter struct {
	buf   bytes.Buffer
	depth int
	err   error
}

func (w *capWriter) open(name string) {
	w.indent()
	w.buf.WriteString("<" + name + ">\n")
	w.depth++
}

func (w *capWriter) close(name string) {
	w.depth--
	w.indent()
	w.buf.WriteString("</" + name + ">\n")
}

// text writes an element with text.
func (w *capWriter) text(name, text string) {
	w.fail(name, checkXML(text))
	w.indent()
	w.buf.WriteString("<" + name + ">")
	escapeXML.WriteString(&w.buf, text) // a Buffer takes everything
	w.buf.WriteString("</" + name + ">\n")
}

func (w *capWriter) indent() {
	for range w.depth {
		w.buf.WriteString("  ")
	}
}

// fail notes an error, if it is one, about the element of that name.
func (w *capWriter) fail(name string, err error) {
	if err != nil && w.err == nil {
		w.err = fmt.Errorf("%s: %w", name, err)
	}
}

// escapeXML writes text for element content and for attributes in quotation marks.
// A CR would be read as LF, so it goes as a reference; so do TAB and LF in
// attributes, but namespaces, the only ones written, have none.
var escapeXML = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "\r", "&#xD;")

// checkXML reports what XML 1.0 has no way to write (its section 2.2).
func checkXML(text string) error {
	if !utf8.ValidString(text) {
		return fmt.Errorf("not valid UTF-8")
	}
	for _, r := range text {
		if r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF {
			return fmt.Errorf("XML can't hold the character %U", r)
		}
	}
	return nil
}
