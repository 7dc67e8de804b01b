package wire

import (
	"strings"
	"unicode/utf8"
)

// quickHello reads a hello as clients write it: its type first, no member twice or unknown,
// no spaces, no escapes. ok is false for everything else, well-formed or not, which the
// strict decoder reads. In a storm every client says hello.
func quickHello(frame []byte) (h Hello, ok bool) {
	const begin = `{"type":"hello"`
	if len(frame) > MaxClientFrame || !utf8.Valid(frame) {
		return h, false
	}
	rest, ok := strings.CutPrefix(string(frame), begin)
	if !ok {
		return h, false
	}
	var tokens, ticket, cursor, labels bool
	for {
		switch {
		case rest == "}":
			return h, true
		case !tokens && cut(&rest, `,"tokens":`):
			tokens = true
			h.Tokens, ok = quickStrings(&rest, MaxTokens)
		case !ticket && cut(&rest, `,"ticket":`):
			ticket = true
			h.Ticket, ok = quickString(&rest)
		case !cursor && cut(&rest, `,"cursor":`):
			cursor = true
			h.Cursor, ok = quickString(&rest)
		case !labels && cut(&rest, `,"labels":`):
			labels = true
			h.Labels, ok = quickStrings(&rest, MaxLabels)
			for i, l := range h.Labels {
				h.Labels[i] = strings.Clone(l) // kept as long as the session; the frame is not
			}
		default:
			return h, false
		}
		if !ok {
			return h, false
		}
	}
}

// cut takes prefix off the front of s, if it is there.
func cut(s *string, prefix string) (ok bool) {
	*s, ok = strings.CutPrefix(*s, prefix)
	return ok
}

// quickString takes a string without escapes off the front of s.
func quickString(s *string) (value string, ok bool) {
	if !cut(s, `"`) {
		return "", false
	}
	end := strings.IndexByte(*s, '"')
	if end < 0 {
		return "", false
	}
	value, *s = (*s)[:end], (*s)[end+1:]
	for i := range len(value) {
		if c := value[i]; c < ' ' || c == '\\' {
			return "", false
		}
	}
	return value, true
}

// quickStrings takes an array of at most limit such strings off the front of s.
func quickStrings(s *string, limit int) (list []string, ok bool) {
	if list = []string{}; !cut(s, "[") {
		return nil, false
	}
	if cut(s, "]") {
		return list, true
	}
	for len(list) < limit {
		value, ok := quickString(s)
		if !ok {
			return nil, false
		}
		list = append(list, value)
		if cut(s, "]") {
			return list, true
		}
		if !cut(s, ",") {
			return nil, false
		}
	}
	return nil, false
}
