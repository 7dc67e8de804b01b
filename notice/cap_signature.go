package notice

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// maxSignatureDepth is how deep elements nest in an XML signature.
const maxSignatureDepth = 32

// namespaces maps prefixes ("" for the default) to the namespaces they stand for.
type namespaces map[string]string

// declaredPrefix tells which prefix an attribute declares, if it declares one.
func declaredPrefix(attribute xml.Name) (prefix string, ok bool) {
	switch {
	case attribute.Space == "xmlns":
		return attribute.Local, true
	case attribute.Space == "" && attribute.Local == "xmlns":
		return "", true
	}
	return "", false
}

// declared collects what a start tag declares.
func declared(attributes []xml.Attr) namespaces {
	scope := namespaces{}
	for _, a := range attributes {
		if prefix, ok := declaredPrefix(a.Name); ok {
			scope[prefix] = a.Value
		}
	}
	return scope
}

// check refuses declarations that Namespaces in XML 1.0 does not allow.
func (n namespaces) check() error {
	for prefix, space := range n {
		if prefix == "xml" || prefix == "xmlns" || (prefix != "" && space == "") {
			return fmt.Errorf("a declaration of prefix %q that is not allowed", prefix)
		}
	}
	return nil
}

// signature is any element of xmldsig at the end of <alert>, carried verbatim.
func signature(field func(*Notice) *[]string) element[Notice] {
	return element[Notice]{
		space: signatureNamespace, many: true,
		read: func(r *capReader, into *Notice) error {
			begin := r.at
			if err := r.skip(); err != nil {
				return err
			}
			raw, err := selfContained(string(r.data[begin:r.xml.InputOffset()]), r.scope)
			if err != nil {
				return r.errorf("signature: %w", err)
			}
			// Inherited declarations are repeated in each: a small file must not grow.
			if r.carried += len(raw); r.carried > MaxCAP {
				return r.errorf("signatures of more than %d bytes", MaxCAP)
			}
			*field(into) = append(*field(into), raw)
			return nil
		},
		write: func(w *capWriter, from *Notice) {
			for _, raw := range *field(from) {
				raw, err := selfContained(raw, nil)
				w.fail("signature", err)
				w.indent()
				w.buf.WriteString(raw + "\n")
			}
		},
	}
}

// skip passes over the element whose start tag was read.
func (r *capReader) skip() error {
	for depth := 1; depth > 0; {
		token, err := r.next()
		if err != nil {
			return unexpectedEOF(err)
		}
		switch token.(type) {
		case xml.StartElement:
			depth++
		case xml.EndElement:
			depth--
		}
		if depth > maxSignatureDepth {
			return r.errorf("a signature nested deeper than %d", maxSignatureDepth)
		}
	}
	return nil
}

// selfContained checks that raw is one well-formed element of xmldsig and gives it
// the declarations that it inherits, so that it means the same wherever it stands.
// One that has its own default namespace and all prefixes stays as it is.
func selfContained(raw string, inherited namespaces) (string, error) {
	root, err := checkForeign(raw, inherited)
	if err != nil {
		return "", err
	}
	missing := namespaces{"": ""}
	maps.Copy(missing, inherited)
	for prefix := range declared(root.Attr) {
		delete(missing, prefix)
	}
	var b strings.Builder
	tag := "<" + rawName(root.Name)
	b.WriteString(tag)
	for _, prefix := range slices.Sorted(maps.Keys(missing)) {
		name := "xmlns"
		if prefix != "" {
			name += ":" + prefix
		}
		b.WriteString(" " + name + `="` + escapeXML.Replace(missing[prefix]) + `"`)
	}
	b.WriteString(raw[len(tag):])
	return b.String(), nil
}

func rawName(n xml.Name) string {
	if n.Space == "" {
		return n.Local
	}
	return n.Space + ":" + n.Local
}

// scope is the namespaces that hold within an element. A chain, not a copy for each
// element: a file could make copies cost more than it is worth.
type scope struct {
	own   namespaces
	outer *scope
}

// resolve finds what a raw name means.
func (s *scope) resolve(n xml.Name) (xml.Name, error) {
	if strings.Contains(n.Local, ":") {
		return n, fmt.Errorf("%q is not a name", n.Local)
	}
	if n.Space == "xml" || n.Space == "xmlns" {
		return n, nil
	}
	for ; s != nil; s = s.outer {
		if space, ok := s.own[n.Space]; ok {
			return xml.Name{Space: space, Local: n.Local}, nil
		}
	}
	if n.Space != "" {
		return n, fmt.Errorf("prefix %q stands for nothing", n.Space)
	}
	return n, nil
}

// checkForeign checks that raw is one element of xmldsig, well-formed with its
// namespaces, nothing before or behind it, and returns its start tag with raw names.
// encoding/xml alone would let duplicate attributes and undeclared prefixes pass,
// and a string with two elements would break out of its place in the file.
func checkForeign(raw string, inherited namespaces) (root xml.StartElement, err error) {
	if err := checkCharacters([]byte(raw)); err != nil {
		return root, err
	}
	type open struct {
		name   xml.Name
		within *scope
	}
	stack := []open{{within: &scope{own: inherited}}}
	d := xml.NewDecoder(strings.NewReader(raw))
	for closed := false; ; {
		token, err := d.RawToken()
		if err == io.EOF && closed {
			return root, nil
		}
		if err != nil {
			return root, unexpectedEOF(err)
		}
		if _, begins := token.(xml.StartElement); closed || (len(stack) == 1 && !begins) {
			return root, errors.New("something beside the one element")
		}
		switch t := token.(type) {
		case xml.StartElement:
			name, within, err := checkTag(t, stack[len(stack)-1].within)
			if err != nil {
				return root, err
			}
			if len(stack) == 1 {
				if root = t.Copy(); name.Space != signatureNamespace {
					return root, errors.New("not an element of xmldsig")
				}
			}
			if stack = append(stack, open{t.Name, within}); len(stack) > maxSignatureDepth+1 {
				return root, fmt.Errorf("nested deeper than %d", maxSignatureDepth)
			}
		case xml.EndElement:
			if t.Name != stack[len(stack)-1].name {
				return root, fmt.Errorf("</%s> closes another element", rawName(t.Name))
			}
			stack = stack[:len(stack)-1]
			closed = len(stack) == 1
		case xml.Directive:
			return root, errors.New("a document type declaration")
		case xml.ProcInst:
			if strings.EqualFold(t.Target, "xml") {
				return root, errors.New("an XML declaration")
			}
		}
	}
}

// checkTag checks a start tag with raw names against Namespaces in XML 1.0. It
// returns what the name means, and the scope within the element.
func checkTag(t xml.StartElement, outer *scope) (xml.Name, *scope, error) {
	within := &scope{own: declared(t.Attr), outer: outer}
	if err := within.own.check(); err != nil {
		return t.Name, nil, err
	}
	name, err := within.resolve(t.Name)
	if err != nil {
		return t.Name, nil, err
	}
	seen := map[xml.Name]bool{}
	for _, a := range t.Attr {
		attribute := a.Name // without a prefix, it is in no namespace
		if attribute.Space != "" || strings.Contains(attribute.Local, ":") {
			if attribute, err = within.resolve(a.Name); err != nil {
				return t.Name, nil, err
			}
		}
		if seen[attribute] {
			return t.Name, nil, fmt.Errorf("attribute %s a second time", rawName(a.Name))
		}
		seen[attribute] = true
	}
	return name, within, nil
}
