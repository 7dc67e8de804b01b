package notice

import (
	"regexp"
	"slices"
	"strings"
)

// Check reports the first fold rule that n breaks by itself, as a *RuleError
// (docs/protocol.md, "Fold rules on the document"); nil if none. p is the policy in
// force; nil allows no links. It reads no clock, and every client applies the same
// rules to the same bytes: what is simple to say in any language is preferred here
// to what is clever.
//
// Rules and their names: text.* (rules_text.go), info.*, expires.*, parameter.*
// (rules_info.go), and those of the message as a whole, below.
func Check(n *Notice, p *Policy) error {
	for _, rule := range []func(*Notice) error{
		checkText, checkHead, checkAddresses, checkReferences, checkInfos,
	} {
		if err := rule(n); err != nil {
			return err
		}
	}
	return checkLinks(n, p)
}

// oneWord is what CAP says of sender and identifier (section 3.2.1): no spaces,
// commas, < or &. Text has no other control characters.
var oneWord = regexp.MustCompile(`^[^ \t\r\n,<&]+$`)

// checkHead checks the members of the message itself.
func checkHead(n *Notice) error {
	if !oneWord.MatchString(n.Identifier) {
		return broken("identifier", "%q is empty, or holds a space, comma, < or &", n.Identifier)
	}
	if !oneWord.MatchString(n.Sender) {
		return broken("sender", "%q is empty, or holds a space, comma, < or &", n.Sender)
	}
	if _, err := n.Sent.Time(); err != nil {
		return broken("sent", "%v", err)
	}
	if err := oneOf("status", n.Status, StatusActual, StatusExercise, StatusTest); err != nil {
		return err
	}
	if err := oneOf("msgType", n.MsgType, MsgAlert, MsgUpdate, MsgCancel); err != nil {
		return err
	}
	if err := oneOf("scope", n.Scope, ScopePublic, ScopeRestricted, ScopePrivate); err != nil {
		return err
	}
	if n.MsgType == MsgCancel && n.Note == "" {
		return broken("note", "a Cancel says why")
	}
	// CAP's lists know no way to write these (section 3.2.1, "incidents").
	if slices.ContainsFunc(n.Incidents, func(s string) bool { return s == "" || strings.Contains(s, `"`) }) {
		return broken("incidents", "empty, or holds a quotation mark")
	}
	if len(n.Signature) > 0 {
		return broken("signature", "the envelope signs, not XML")
	}
	return nil
}

// oneOf checks an enumerated value; the rule is called as the member is.
func oneOf[S ~string](rule string, value S, allowed ...S) *RuleError {
	if slices.Contains(allowed, value) {
		return nil
	}
	return broken(rule, "%q is none of %q", value, allowed)
}

// checkAddresses checks whom the notice is for.
func checkAddresses(n *Notice) error {
	if n.Scope == ScopeRestricted && n.Restriction == "" {
		return broken("restriction", "a Restricted notice says to whom it is limited")
	}
	if n.Scope != ScopePublic && len(n.Addresses) == 0 {
		return broken("addresses.required", "a %s notice has addresses", n.Scope)
	}
	single := map[string]string{}
	for _, address := range n.Addresses {
		label, err := ParseLabel(address)
		if err != nil {
			return broken("addresses.label", "%v", err)
		}
		kind := label.Kind()
		if kind == KindSubject && n.Scope != ScopePrivate {
			return broken("addresses.subject", "subject: in scope %s", n.Scope)
		}
		// The notice's bytes are the same for all who get it: of two values, each
		// reader would learn the other.
		if kind == KindSubject || kind == KindSession {
			if before, ok := single[kind]; ok && before != address {
				return broken("addresses.single", "%s: with two values", kind)
			}
			single[kind] = address
		}
	}
	if n.Scope != ScopePublic && !n.NamesProven() {
		return broken("addresses.proven", "a %s notice names a kind that readers can't claim", n.Scope)
	}
	return nil
}

// checkReferences checks the form of references; what they point at is the board's.
func checkReferences(n *Notice) error {
	if n.MsgType == MsgAlert && len(n.References) > 0 {
		return broken("references.alert", "an Alert begins a thread, and has none")
	}
	if n.MsgType != MsgAlert && len(n.References) == 0 {
		return broken("references.required", "an %s names the messages of its thread", n.MsgType)
	}
	seen := make(map[string]bool, len(n.References))
	for _, r := range n.References {
		parts := strings.Split(r, ",")
		if len(parts) != 3 || !oneWord.MatchString(parts[0]) || !oneWord.MatchString(parts[1]) {
			return broken("references.form", "%q is not sender,identifier,sent", r)
		}
		if _, err := DateTime(parts[2]).Time(); err != nil {
			return broken("references.form", "%q: %v", r, err)
		}
		if seen[r] {
			return broken("references.distinct", "%q occurs twice", r)
		}
		seen[r] = true
	}
	return nil
}

// link is what web may be: a part of RFC 3986 that all URL parsers read alike, with
// the host in its first group. No user, no port, no IP literal; no backslash, space
// or bare non-ASCII, which browsers read as they like.
var link = regexp.MustCompile(`^https://([a-z0-9.-]+)` +
	`(?:/(?:` + urlChar + `)*)?(?:\?(?:` + urlChar + `|\?)*)?(?:#(?:` + urlChar + `|\?)*)?$`)

const urlChar = `[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2}`

// checkLinks checks that web leads only where the policy allows.
func checkLinks(n *Notice, p *Policy) error {
	for i, info := range n.Info {
		if info.Web == "" {
			continue
		}
		parts := link.FindStringSubmatch(info.Web)
		if parts == nil {
			return broken("info.web", "info[%d]: %q is not a plain https link", i, info.Web)
		}
		if p == nil || !slices.Contains(p.LinkHosts, parts[1]) {
			return broken("info.linkHosts", "info[%d]: %q is not a host that the policy names", i, parts[1])
		}
	}
	return nil
}
