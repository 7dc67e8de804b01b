package notice

import (
	"fmt"
	"strings"
)

// The lists in addresses, references and incidents (CAP 1.2, section 3.2.1): items
// between white space; an item that holds white space stands in quotation marks.
// CAP has no way to write a quotation mark within an item.

// listSpace is XML's white space.
const listSpace = " \t\r\n"

// splitList reads the items of a list. A quotation mark anywhere but around an item
// is an error: guessing could split an address in two.
func splitList(text string) ([]string, error) {
	var items []string
	for rest := strings.TrimLeft(text, listSpace); rest != ""; rest = strings.TrimLeft(rest, listSpace) {
		var item string
		if quoted, ok := strings.CutPrefix(rest, `"`); ok {
			if item, rest, ok = strings.Cut(quoted, `"`); !ok {
				return nil, fmt.Errorf("a quotation mark that nothing closes, in a list")
			}
			if rest != "" && !strings.ContainsAny(rest[:1], listSpace) {
				return nil, fmt.Errorf("no white space behind a quotation mark, in a list")
			}
		} else {
			end := strings.IndexAny(rest, listSpace)
			if end < 0 {
				end = len(rest)
			}
			item, rest = rest[:end], rest[end:]
			if strings.Contains(item, `"`) {
				return nil, fmt.Errorf("a quotation mark within an item of a list")
			}
		}
		items = append(items, item)
	}
	return items, nil
}

// joinList writes items so that splitList reads the same ones.
func joinList(items []string) (string, error) {
	var b strings.Builder
	for i, item := range items {
		if strings.Contains(item, `"`) {
			return "", fmt.Errorf("a list of CAP can't hold the quotation mark in %.80q", item)
		}
		if i > 0 {
			b.WriteByte(' ')
		}
		if item == "" || strings.ContainsAny(item, listSpace) {
			item = `"` + item + `"`
		}
		b.WriteString(item)
	}
	return b.String(), nil
}
