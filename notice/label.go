package notice

import (
	"iter"
	"slices"
	"strings"
)

// Label is a property of a reader, and an address of a notice: "kind:value", such
// as "tenant:north" or "surface:portal". The kind is [a-z][a-z0-9-]{0,31}, the
// value 1 to 128 visible ASCII characters without quotation mark and backslash.
// Labels compare byte by byte.
type Label string

// Kinds of labels that rules know. Any other kind is proven by an issuer.
const (
	KindSurface = "surface" // which product shows it; readers may claim it
	KindLang    = "lang"    // the reader's language; readers may claim it
	KindGroup   = "group"
	KindCohort  = "cohort"  // people who are named afterwards, by a list
	KindSession = "session" // one telehealth call
	KindSubject = "subject" // one person, by pseudonym
)

// LabelStaff is the label of staff: the only readers of a Test.
const LabelStaff Label = "group:staff"

// ParseLabel checks that s is a label. An error is a *RuleError "label".
func ParseLabel(s string) (Label, error) {
	if !isLabel(s) {
		return "", broken("label", "%.200q is not a label, kind:value", s)
	}
	return Label(s), nil
}

// isLabel is written out, since every session's labels pass through it.
func isLabel(s string) bool {
	kind, value, found := strings.Cut(s, ":")
	if !found || len(kind) < 1 || len(kind) > 32 || len(value) < 1 || len(value) > 128 {
		return false
	}
	for i := range len(kind) {
		c := kind[i]
		if letter := 'a' <= c && c <= 'z'; !letter && (i == 0 || c != '-' && (c < '0' || c > '9')) {
			return false
		}
	}
	for i := range len(value) {
		if c := value[i]; c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// Kind is what stands before the colon.
func (l Label) Kind() string {
	kind, _, _ := strings.Cut(string(l), ":")
	return kind
}

// Value is what stands behind the colon.
func (l Label) Value() string {
	_, value, _ := strings.Cut(string(l), ":")
	return value
}

// Claimable reports whether readers may give themselves labels of this kind. All
// other kinds are proven by a token or a ticket.
func Claimable(kind string) bool { return kind == KindSurface || kind == KindLang }

// Labels is a set of labels, sorted. The zero value is empty. It is immutable, and
// so safe for concurrent use.
type Labels struct{ sorted []Label }

// NewLabels makes a set. What is not a label is left out: a reader who lacks a
// label sees less, never more.
func NewLabels(labels ...string) Labels { return Labels{}.With(labels...) }

// With returns the set with more labels; what is not a label is left out.
func (l Labels) With(labels ...string) Labels {
	sorted := slices.Clone(l.sorted)
	for _, s := range labels {
		if label, err := ParseLabel(s); err == nil {
			sorted = append(sorted, label)
		}
	}
	slices.Sort(sorted)
	return Labels{slices.Compact(sorted)}
}

// All are the labels, in order.
func (l Labels) All() iter.Seq[Label] { return slices.Values(l.sorted) }

// Has reports whether label is in the set.
func (l Labels) Has(label Label) bool {
	_, found := slices.BinarySearch(l.sorted, label)
	return found
}

// HasAll reports whether all of other's labels are in the set.
func (l Labels) HasAll(other Labels) bool {
	return !slices.ContainsFunc(other.sorted, func(label Label) bool { return !l.Has(label) })
}

// Equal reports whether both sets hold the same labels.
func (l Labels) Equal(other Labels) bool { return slices.Equal(l.sorted, other.sorted) }

// Len is the number of labels.
func (l Labels) Len() int { return len(l.sorted) }

// Slice returns the labels in order, as a copy of the caller's own; never nil.
func (l Labels) Slice() []string {
	out := make([]string, 0, len(l.sorted))
	for _, label := range l.sorted {
		out = append(out, string(label))
	}
	return out
}
