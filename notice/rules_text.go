package notice

import (
	"cmp"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// checkText checks every string of the notice, whatever it means: plain text, that a
// terminal or a page shows as it is. A control character could move the cursor,
// hide a line, or answer on a terminal's behalf.
func checkText(n *Notice) error {
	if err := eachString(reflect.ValueOf(*n), "", checkString); err != nil {
		return err // not as a nil *RuleError in an error
	}
	return nil
}

// checkString checks one string; where is its place in the notice.
func checkString(where, s string) *RuleError {
	if !utf8.ValidString(s) || strings.ContainsFunc(s, isNonCharacter) {
		return broken("text.unicode", "%s: not Unicode text", where)
	}
	if i := strings.IndexFunc(s, isControl); i >= 0 {
		r, _ := utf8.DecodeRuneInString(s[i:])
		return broken("text.control", "%s: control character %U", where, r)
	}
	return nil
}

// isControl reports C0, DEL and C1 characters but TAB, LF and CR.
func isControl(r rune) bool {
	switch r {
	case '\t', '\n', '\r':
		return false
	}
	return r < 0x20 || 0x7F <= r && r <= 0x9F
}

// eachString visits every string within v, which is made of structs, slices, maps and
// strings (and numbers, which it passes over); where names it as JSON does. Reflection misses no member that is added
// later.
func eachString(v reflect.Value, where string, visit func(where, s string) *RuleError) *RuleError {
	switch v.Kind() {
	case reflect.String:
		return visit(where, v.String())
	case reflect.Slice:
		for i := range v.Len() {
			if err := eachString(v.Index(i), where+"["+strconv.Itoa(i)+"]", visit); err != nil {
				return err
			}
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			place := where + "[" + strconv.Quote(key.String()) + "]"
			if err := cmp.Or(eachString(key, place, visit), eachString(v.MapIndex(key), place, visit)); err != nil {
				return err
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
			if err := eachString(v.Field(i), strings.TrimPrefix(where+"."+name, "."), visit); err != nil {
				return err
			}
		}
	}
	return nil
}
