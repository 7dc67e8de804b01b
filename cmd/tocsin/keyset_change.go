package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tocsin/notice"
)

// keysetChange says what changes from the keyset in force (nil: none) to another: what
// begins (+), what ends (-) and what stays (=). Keys are named by the whole of their
// keyid, for comparing with "tocsin key show".
func keysetChange(from *notice.Keyset, verified bool, to *notice.Keyset) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Keyset version %d, to be renewed by %s\n", to.Version, clock(to.Expires))
	switch {
	case from == nil:
		b.WriteString("It is the first, says the desk.\n")
		from = &notice.Keyset{}
	case verified:
		fmt.Fprintf(&b, "It follows version %d: verified.\n", from.Version)
	default:
		fmt.Fprintf(&b, "It follows version %d, says the desk; --trust FILE would verify it.\n", from.Version)
	}
	if to.Dev {
		b.WriteString("DEV: only servers in dev mode accept it\n")
	}
	b.WriteString("\n")
	before, after := keysetFacts(from), keysetFacts(to)
	had := func(list []string) func(string) bool {
		return func(s string) bool { return slices.Contains(list, s) }
	}
	begins := slices.DeleteFunc(slices.Clone(after), had(before))
	ends := slices.DeleteFunc(slices.Clone(before), had(after))
	listed(&b, "+", begins)
	listed(&b, "- no longer:", ends)
	if n := len(after) - len(begins); n > 0 {
		fmt.Fprintf(&b, "  = %d further keys and rules stay as they are\n", n)
	}
	if len(begins)+len(ends) == 0 {
		b.WriteString("  Nothing changes but the date.\n")
	}
	b.WriteString("\n")
	return b.String()
}

// keysetFacts are the keys and rules of a keyset, a sentence for each, in a fixed order,
// so that two keysets can be compared by them.
func keysetFacts(k *notice.Keyset) []string {
	var list []string
	fact := func(format string, args ...any) { list = append(list, fmt.Sprintf(format, args...)) }
	if k.Version == 0 {
		return nil
	}
	fact("%d of %d root keys must sign a keyset", k.RootThreshold, len(k.Roots))
	for _, r := range k.Roots {
		fact("root key %s", r.KeyID)
	}
	for _, key := range k.Keys {
		fact("key of %s (%s) from %s to %s: %s", key.Owner, roles(key), clock(key.NotBefore), clock(key.NotAfter), key.KeyID)
	}
	t := k.Policy.Thresholds
	for _, rule := range []struct {
		what    string
		n, none int
	}{
		{"a notice that can reach patients", t.Patient, 2}, {"a notice to staff only", t.Staff, 1}, {"a Cancel", t.Cancel, 1},
		{"contact cards", t.Contacts, 2}, {"a posture", t.Posture, 2}, {"a redaction", t.Redaction, 2},
	} {
		fact("%s needs %s", rule.what, people(cmp.Or(rule.n, rule.none)))
	}
	for _, severity := range sortedKeys(t.BySeverity) {
		fact("a notice that can reach patients, when %s, needs %s", severity, people(t.BySeverity[severity]))
	}
	for _, host := range k.Policy.LinkHosts {
		fact("notices may link to %s", host)
	}
	return list
}

func people(n int) string { return many(n, "person", "people") }

// many is a number of things, in words.
func many(n int, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}
