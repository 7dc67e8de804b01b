package notice

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// decodeStrict reads a signed document's payload into v, a pointer to a struct, as
// docs/protocol.md, "Signed documents", says: I-JSON (RFC 7493) of at most
// MaxPayload bytes. Two readers that differ on a document's meaning would differ on
// what was signed, so whatever readers are known to differ on is refused: duplicate
// names, another case, unknown members, null, broken Unicode, numbers that a
// float64 would round, anything behind the value. Every error is a *RuleError whose
// rule begins with "json.".
func decodeStrict(data []byte, v any) error {
	return decodeStrictMax(data, MaxPayload, v)
}

// decodeStrictMax is decodeStrict with another bound on the size in bytes.
func decodeStrictMax(data []byte, limit int, v any) error {
	if err := checkIJSON(data, limit); err != nil {
		return err
	}
	err := json.Unmarshal(data, v, json.RejectUnknownMembers(true))
	if err == nil {
		return nil
	}
	where := ""
	if semantic, ok := errors.AsType[*json.SemanticError](err); ok {
		where = " at " + strconv.Quote(string(semantic.JSONPointer))
	}
	if errors.Is(err, json.ErrUnknownName) {
		return broken("json.unknown", "a member that this kind of document does not have%s", where)
	}
	return broken("json.type", "a value of the wrong type%s", where)
}

// encodeStrict writes v as JSON that decodeStrict takes.
func encodeStrict(v any) ([]byte, error) {
	data, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return nil, broken("json.text", "%v", err)
	}
	if err := checkIJSON(data, MaxPayload); err != nil {
		return nil, err
	}
	return data, nil
}

// checkIJSON checks what does not depend on the kind of document.
func checkIJSON(data []byte, limit int) error {
	if len(data) > limit {
		return broken("json.size", "%d bytes, where at most %d are allowed", len(data), limit)
	}
	d := jsontext.NewDecoder(bytes.NewReader(data))
	for done := false; ; {
		token, err := d.ReadToken()
		if done && err == io.EOF {
			return nil
		}
		if err != nil {
			return syntaxError(data, err)
		}
		if done {
			return broken("json.syntax", "something behind the value")
		}
		if err := checkToken(token, d.StackDepth(), d.StackPointer()); err != nil {
			return err
		}
		done = d.StackDepth() == 0
	}
}

// integer is the one form of a number in a signed document.
var integer = regexp.MustCompile(`^(0|-?[1-9][0-9]{0,15})$`)

// maxInteger is the largest integer that every I-JSON reader holds exactly.
const maxInteger = 1<<53 - 1

// checkToken checks one token, read at the given depth.
func checkToken(token jsontext.Token, depth int, at jsontext.Pointer) error {
	switch token.Kind() {
	case jsontext.KindBeginObject, jsontext.KindBeginArray:
		if depth > MaxDepth {
			return broken("json.depth", "nested deeper than %d", MaxDepth)
		}
	case jsontext.KindNull:
		return broken("json.null", "null at %q", at)
	case jsontext.KindString:
		if strings.ContainsFunc(token.String(), isNonCharacter) {
			return broken("json.text", "a noncharacter of Unicode at %q", at)
		}
	case jsontext.KindNumber:
		// The form bounds the length, so that the conversion can't fail.
		text := token.String()
		if !integer.MatchString(text) {
			return broken("json.number", "not an integer at %q", at)
		}
		if n, _ := strconv.ParseInt(text, 10, 64); n > maxInteger || n < -maxInteger {
			return broken("json.number", "beyond ±(2^53−1) at %q", at)
		}
	}
	return nil
}

// syntaxError names the rule that data breaks, which reading it as JSON has shown.
func syntaxError(data []byte, err error) error {
	lax := []jsontext.Options{jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)}
	switch {
	case errors.Is(err, jsontext.ErrDuplicateName):
		return broken("json.duplicate", "two members of one name: %v", err)
	case jsontext.Value(data).IsValid(lax...):
		return broken("json.text", "not valid UTF-8, or half of a surrogate pair: %v", err)
	case err == io.EOF:
		return broken("json.syntax", "empty")
	}
	return broken("json.syntax", "%v", err)
}

// isNonCharacter reports what RFC 7493, section 2.1, keeps out of strings.
func isNonCharacter(r rune) bool {
	return r&0xFFFE == 0xFFFE || 0xFDD0 <= r && r <= 0xFDEF
}
