package notice

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// ParseCAP reads a CAP 1.2 message from XML, at most [MaxCAP] bytes of UTF-8. It
// loses nothing but comments, processing instructions and white space between
// elements: text stays exactly as it is, and what the model has no place for is an
// error, never dropped. It refuses document type declarations, and with them
// entities of the file's own. Elements are in the schema's order; that required
// ones are there, and what values they have, is for [Check]. An empty optional
// element says the same as none. xmldsig signatures are carried as they are.
//
// Errors name the line, for the author of the file.
func ParseCAP(data []byte) (*Notice, error) {
	if len(data) > MaxCAP {
		return nil, fmt.Errorf("reading CAP XML: %d bytes, where at most %d are allowed", len(data), MaxCAP)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	r := &capReader{data: data, xml: xml.NewDecoder(bytes.NewReader(data))}
	// checkDeclaration decides about encodings, in all the ways of writing them.
	r.xml.CharsetReader = func(_ string, in io.Reader) (io.Reader, error) { return in, nil }
	n := new(Notice)
	if err := r.document(n); err != nil {
		return nil, fmt.Errorf("reading CAP XML: %w", err)
	}
	return n, nil
}

// capReader reads CAP's elements from tokens.
type capReader struct {
	data    []byte
	xml     *xml.Decoder
	at      int64            // where the newest token begins in data
	start   xml.StartElement // the newest start tag
	scope   namespaces       // what <alert> declares
	carried int              // bytes of signatures
}

// document reads the whole file.
func (r *capReader) document(n *Notice) error {
	if err := r.root(); err != nil {
		return err
	}
	if err := readMembers(r, "alert", capAlert, n); err != nil {
		return err
	}
	for {
		switch token, err := r.next(); {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		default:
			if text, ok := token.(xml.CharData); !ok || !isSpace(text) {
				return r.errorf("something behind </alert>")
			}
		}
	}
}

// root reads up to <alert> and its start tag.
func (r *capReader) root() error {
	for {
		token, err := r.next()
		if err == io.EOF {
			return errors.New("there is no element")
		}
		if err != nil {
			return err
		}
		switch t := token.(type) {
		case xml.CharData:
			if !isSpace(t) {
				return r.errorf("text before the first element")
			}
		case xml.StartElement:
			if t.Name != (xml.Name{Space: capNamespace, Local: "alert"}) {
				return r.errorf("the first element is <%s> of namespace %q, not <alert> of %q",
					t.Name.Local, t.Name.Space, capNamespace)
			}
			r.scope = declared(t.Attr)
			return r.checkAttributes()
		}
	}
}

// readMembers reads the children of an element whose start tag was read, through its
// end tag.
func readMembers[T any](r *capReader, parent string, members []element[T], into *T) error {
	place := 0 // members before it may not come any more
	for {
		token, err := r.next()
		if err != nil {
			return unexpectedEOF(err)
		}
		switch t := token.(type) {
		case xml.EndElement:
			return nil
		case xml.CharData:
			if !isSpace(t) {
				return r.errorf("text directly within <%s>", parent)
			}
		case xml.StartElement:
			i, err := findMember(r, parent, members, t.Name)
			if err != nil {
				return err
			}
			if i < place {
				return r.errorf("<%s> a second time, or out of its order in <%s>", t.Name.Local, parent)
			}
			if place = i; !members[i].many {
				place++
			}
			if t.Name.Space == capNamespace {
				if err := r.checkAttributes(); err != nil {
					return err
				}
			}
			if err := members[i].read(r, into); err != nil {
				return err
			}
		}
	}
}

// findMember finds the member of that name.
func findMember[T any](r *capReader, parent string, members []element[T], name xml.Name) (int, error) {
	for i, m := range members {
		if m.space == name.Space && (m.name == "" || m.name == name.Local) {
			return i, nil
		}
	}
	return 0, r.errorf("unknown element <%s> of namespace %q in <%s>", name.Local, name.Space, parent)
}

// text reads the text of an element whose start tag was read, through its end tag.
func (r *capReader) text(name string) (string, error) {
	var b strings.Builder
	for {
		token, err := r.next()
		if err != nil {
			return "", unexpectedEOF(err)
		}
		switch t := token.(type) {
		case xml.EndElement:
			return b.String(), nil
		case xml.CharData:
			b.Write(t)
		case xml.StartElement:
			return "", r.errorf("<%s> within <%s>, which has only text", t.Name.Local, name)
		}
	}
}

// next reads a token, passing over comments and processing instructions. io.EOF
// stands for the regular end only.
func (r *capReader) next() (xml.Token, error) {
	for {
		r.at = r.xml.InputOffset()
		token, err := r.xml.Token()
		if err == io.EOF {
			return nil, err
		}
		if err != nil {
			return nil, r.located(err)
		}
		switch t := token.(type) {
		case xml.StartElement:
			r.start = t
			return t, nil
		case xml.EndElement:
			return t, nil
		case xml.CharData:
			return t, r.checkReferences()
		case xml.Directive:
			return nil, r.errorf("a document type declaration, which is not allowed")
		case xml.ProcInst:
			if err := r.checkDeclaration(t); err != nil {
				return nil, err
			}
		}
	}
}

var encodingName = regexp.MustCompile(`encoding\s*=\s*["']([^"']*)["']`)

// checkDeclaration checks an XML declaration: at the beginning, and of UTF-8.
func (r *capReader) checkDeclaration(p xml.ProcInst) error {
	if !strings.EqualFold(p.Target, "xml") {
		return nil
	}
	if r.at != 0 || p.Target != "xml" {
		return r.errorf("an XML declaration that is not at the beginning")
	}
	if m := encodingName.FindSubmatch(p.Inst); m != nil &&
		!strings.EqualFold(string(m[1]), "utf-8") && !strings.EqualFold(string(m[1]), "us-ascii") {
		return r.errorf("encoding %q, where only UTF-8 is read", m[1])
	}
	return nil
}

var characterReference = regexp.MustCompile(`&#(x[0-9A-Fa-f]+|[0-9]+);`)

// checkReferences refuses references to surrogates in the text just read:
// encoding/xml would put U+FFFD in their place, and so change what was written.
func (r *capReader) checkReferences() error {
	raw := r.data[r.at:r.xml.InputOffset()]
	if bytes.HasPrefix(raw, []byte("<![CDATA[")) || !bytes.Contains(raw, []byte("&#")) {
		return nil
	}
	return r.located(checkCharacters(raw))
}

func checkCharacters(raw []byte) error {
	for _, m := range characterReference.FindAllSubmatch(raw, -1) {
		digits, base := string(m[1]), 10
		if hex, ok := strings.CutPrefix(digits, "x"); ok {
			digits, base = hex, 16
		}
		if c, err := strconv.ParseUint(digits, base, 32); err == nil && 0xD800 <= c && c <= 0xDFFF {
			return fmt.Errorf("%s is not a character", m[0])
		}
	}
	return nil
}

// checkAttributes checks the newest start tag, of an element of CAP: the schema
// knows no attributes. Hints for a validator say nothing about the message.
func (r *capReader) checkAttributes() error {
	seen := map[xml.Name]bool{}
	for _, a := range r.start.Attr {
		hint := a.Name.Space == schemaInstance &&
			(a.Name.Local == "schemaLocation" || a.Name.Local == "noNamespaceSchemaLocation")
		if _, declares := declaredPrefix(a.Name); !declares && !hint {
			return r.errorf("unknown attribute %s of <%s>", a.Name.Local, r.start.Name.Local)
		}
		if seen[a.Name] {
			return r.errorf("attribute %s of <%s> a second time", a.Name.Local, r.start.Name.Local)
		}
		seen[a.Name] = true
	}
	return r.located(declared(r.start.Attr).check())
}

// errorf makes an error that names the line.
func (r *capReader) errorf(format string, args ...any) error {
	return r.located(fmt.Errorf(format, args...))
}

// located adds the line to an error, if there is one and it has none.
func (r *capReader) located(err error) error {
	var syntax *xml.SyntaxError
	if err == nil || errors.As(err, &syntax) {
		return err
	}
	line, _ := r.xml.InputPos()
	return fmt.Errorf("line %d: %w", line, err)
}

func unexpectedEOF(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// isSpace reports whether text is white space of XML alone.
func isSpace(text []byte) bool { return len(bytes.Trim(text, " \t\r\n")) == 0 }
