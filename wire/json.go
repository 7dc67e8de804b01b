package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// reader walks the members of a frame. The first error sticks; after it every
// method does nothing and gives a zero value.
type reader struct {
	frame []byte
	dec   *jsontext.Decoder
	path  string // the member being read, for errors
	err   error
}

// errStop ends a walk early, with success.
var errStop = errors.New("stop")

// frameType finds the member "type" of an object.
func frameType(frame []byte) (kind string, err error) {
	r := newReader(frame)
	r.object(func(r *reader, name string) {
		if name != "type" {
			r.skip()
			return
		}
		if kind = r.string(); r.err == nil {
			r.err = errStop
		}
	})
	if errors.Is(r.err, errStop) {
		return kind, nil
	}
	r.check(false, "no type")
	return "", r.err
}

// readFrame calls member for each member of the one object that frame is. It is
// an error if one of required does not occur.
func readFrame(frame []byte, member func(r *reader, name string), required ...string) error {
	r := newReader(frame)
	missing := slices.Clone(required)
	r.object(func(r *reader, name string) {
		if i := slices.Index(missing, name); i >= 0 {
			missing = slices.Delete(missing, i, i+1)
		}
		member(r, name)
	})
	if r.err == nil {
		if _, err := r.dec.ReadToken(); err != io.EOF {
			r.fail("something follows the frame")
		}
	}
	if r.err == nil && len(missing) > 0 {
		r.fail(missing[0] + " is missing")
	}
	return r.err
}

func newReader(frame []byte) *reader {
	return &reader{frame: frame, dec: jsontext.NewDecoder(bytes.NewBuffer(frame))}
}

// object calls member for each member of the object that comes next; member must
// consume exactly its value.
func (r *reader) object(member func(r *reader, name string)) {
	if r.token("an object").Kind() != '{' {
		r.fail("not an object")
		return
	}
	outer := r.path
	for r.err == nil && r.dec.PeekKind() != '}' {
		name := r.token("a name")
		if r.err != nil {
			return
		}
		text := name.String()
		r.path = outer + text
		if outer != "" {
			r.path = outer + "." + text
		}
		member(r, text)
		r.path = outer
	}
	r.token("the object's end")
}

func (r *reader) token(want string) jsontext.Token {
	if r.err != nil {
		return jsontext.Null
	}
	tok, err := r.dec.ReadToken()
	switch {
	case err != nil:
		r.fail("expected " + want + ": " + syntax(err))
	case r.dec.StackDepth() > MaxDepth:
		r.fail("nested too deep")
	default:
		return tok
	}
	return jsontext.Null
}

func (r *reader) string() string {
	tok := r.token("a string")
	if r.err == nil && tok.Kind() != '"' {
		r.fail("not a string")
	}
	if r.err != nil {
		return ""
	}
	return tok.String()
}

// array calls element for each element of the array that comes next; element
// must consume exactly one.
func (r *reader) array(element func()) {
	if r.token("an array").Kind() != '[' {
		r.fail("not an array")
	}
	for r.err == nil && r.dec.PeekKind() != ']' {
		element()
	}
	r.token("the array's end")
}

// strings reads an array of at most limit strings.
func (r *reader) strings(limit int) []string {
	list := []string{}
	r.array(func() {
		r.check(len(list) < limit, "more than "+strconv.Itoa(limit))
		list = append(list, r.string())
	})
	return list
}

// int reads an integer from 0 to MaxInt, written as one.
func (r *reader) int() int64 {
	tok := r.token("a number")
	if r.err == nil && tok.Kind() != '0' {
		r.fail("not a number")
	}
	if r.err != nil {
		return 0
	}
	n, err := strconv.ParseUint(tok.String(), 10, 64)
	r.check(err == nil && n <= MaxInt, "not an integer from 0 to 2^53-1")
	return int64(n)
}

// raw copies the object that comes next, as it is written.
func (r *reader) raw() []byte {
	if r.err != nil {
		return nil
	}
	if r.dec.PeekKind() != '{' {
		r.fail("not an object")
		return nil
	}
	from := r.dec.InputOffset() // behind the name; the colon and space follow
	r.skip()
	if r.err != nil {
		return nil
	}
	return bytes.Clone(bytes.TrimLeft(r.frame[from:r.dec.InputOffset()], ": \t\r\n"))
}

// skip passes over a value, whatever it is, within the bounds of a frame. The name
// of what nobody reads is not quoted in errors: it is whatever was sent, also a token
// in the wrong place.
func (r *reader) skip() {
	r.path = ""
	depth := r.dec.StackDepth()
	for r.err == nil {
		r.token("a value")
		if r.dec.StackDepth() <= depth {
			return
		}
	}
}

func (r *reader) check(ok bool, fault string) {
	if !ok {
		r.fail(fault)
	}
}

func (r *reader) fail(fault string) {
	if r.err != nil {
		return
	}
	if r.path == "" {
		r.err = fmt.Errorf("%w: %s", ErrBadFrame, fault)
		return
	}
	r.err = fmt.Errorf("%w: %.64q: %s", ErrBadFrame, r.path, fault)
}

// syntax describes an error of the JSON decoder without quoting its input, which
// may hold a token.
func syntax(err error) string {
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return "the frame ends too early"
	}
	if errors.Is(err, jsontext.ErrDuplicateName) {
		return "a name occurs twice"
	}
	return "not strict JSON (RFC 7493)"
}

// appendString appends s as JSON; bytes that are not UTF-8 become U+FFFD.
func appendString(dst []byte, s string) []byte {
	dst, _ = jsontext.AppendQuote(dst, s)
	return dst
}

func appendStrings(dst []byte, list []string) []byte {
	dst = append(dst, '[')
	for i, s := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, s)
	}
	return append(dst, ']')
}
