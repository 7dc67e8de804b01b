package auth

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

const (
	maxLabels = 64 // proven by one token
	maxClaims = 16 // claimed by a client (docs/protocol.md)
)

// claimable are the kinds that a client may claim by itself.
var claimable = []string{"surface", "lang"}

// unprovable are the kinds that no issuer may prove: subject: is made here, by
// keyed hash, cohort: comes from a list of pseudonyms, and the claimable ones
// are the client's own.
var unprovable = append([]string{"subject", "cohort"}, claimable...)

// claimed keeps the labels that a client may claim and drops all others, in silence.
func claimed(labels []string, ok func(string) bool) []string {
	out := make([]string, 0, min(len(labels), maxClaims))
	for _, l := range labels {
		if kind, _, _ := strings.Cut(l, ":"); slices.Contains(claimable, kind) && ok(l) && len(out) < maxClaims {
			out = append(out, strings.Clone(l))
		}
	}
	return out
}

// mapping makes labels of one kind from a claim.
type mapping struct {
	kind     string
	claim    string
	patterns []string // nil: every value
}

// mappings compiles the Labels and Allowed of an issuer, in a stable order.
func (c IssuerConfig) mappings() ([]mapping, error) {
	var out []mapping
	for kind, claim := range c.Labels {
		patterns, allowed := c.Allowed[kind]
		switch {
		case !isKind(kind):
			return nil, fmt.Errorf("label kind %q: want [a-z][a-z0-9-]{0,31}", kind)
		case slices.Contains(unprovable, kind):
			return nil, fmt.Errorf("label kind %q can't be proven by an issuer", kind)
		case claim == "":
			return nil, fmt.Errorf("label kind %q: no claim", kind)
		case c.Allowed != nil && !allowed:
			return nil, fmt.Errorf("label kind %q is mapped from a claim but not allowed", kind)
		}
		for _, p := range patterns {
			if _, err := path.Match(p, ""); err != nil || p == "" {
				return nil, fmt.Errorf("label kind %q: bad pattern %q", kind, p)
			}
		}
		if c.Allowed != nil && len(patterns) == 0 {
			return nil, fmt.Errorf("label kind %q is allowed without a pattern", kind)
		}
		out = append(out, mapping{kind, claim, slices.Clone(patterns)})
	}
	for kind := range c.Allowed {
		if _, mapped := c.Labels[kind]; !mapped {
			return nil, fmt.Errorf("label kind %q is allowed but no claim proves it", kind)
		}
	}
	slices.SortFunc(out, func(x, y mapping) int { return strings.Compare(x.kind, y.kind) })
	return out, nil
}

func (m mapping) allows(value string) bool {
	if m.patterns == nil {
		return true
	}
	return slices.ContainsFunc(m.patterns, func(p string) bool {
		ok, _ := path.Match(p, value) // patterns were checked by mappings
		return ok
	})
}

// labelsOf maps claims to labels: those that configuration allows, sorted.
func (is *issuer) labelsOf(claims map[string]any) []string {
	var out []string
	for _, m := range is.mappings {
		for _, value := range claimValues(claims, m.claim) {
			if l := m.kind + ":" + value; m.allows(value) && is.labelOK(l) && len(out) < maxLabels {
				out = append(out, l)
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// still keeps the labels of a ticket that configuration lets the issuer prove
// today: what it took back, no ticket keeps alive.
func (is *issuer) still(labels []string) []string {
	return slices.DeleteFunc(labels, func(l string) bool {
		kind, value, _ := strings.Cut(l, ":")
		if slices.Contains(unticketed, kind) || !is.labelOK(l) {
			return true
		}
		return !slices.ContainsFunc(is.mappings, func(m mapping) bool { return m.kind == kind && m.allows(value) })
	})
}

// claimValues reads a claim that is a string or an array of strings. The name
// is that of a claim as it stands ("https://clinic.example/tenant"), or else a
// path into nested objects ("realm_access.roles").
func claimValues(claims map[string]any, name string) []string {
	v, ok := claims[name]
	if !ok {
		v = nested(claims, name)
	}
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		out := make([]string, 0, len(v))
		for _, e := range v {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
		return out
	}
	return nil
}

func nested(in map[string]any, path string) any {
	for {
		head, tail, more := strings.Cut(path, ".")
		if !more {
			return in[head]
		}
		next, ok := in[head].(map[string]any)
		if !ok {
			return nil
		}
		in, path = next, tail
	}
}

// labelOK is docs/protocol.md's grammar of labels.
func labelOK(l string) bool {
	kind, value, ok := strings.Cut(l, ":")
	if !ok || !isKind(kind) || value == "" || len(value) > 128 {
		return false
	}
	for i := range len(value) {
		if c := value[i]; c <= ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

func isKind(s string) bool {
	if s == "" || len(s) > 32 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}
