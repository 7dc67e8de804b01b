package main

import (
	"fmt"
	"slices"
	"strings"

	"tocsin/notice"
)

// postureEffects says in sentences what a posture does and to whom, in a fixed order,
// so that two postures can be compared by them. A nil posture does nothing.
func postureEffects(p *notice.Posture) []string {
	if p == nil {
		return nil
	}
	var list []string
	if p.Incident {
		list = append(list, "An incident is declared: hubs put off work that does not serve the crisis. Nobody sees less.")
	}
	for _, issuer := range sortedKeys(p.IssuerBlocked) {
		list = append(list, blockedWords(issuer, p.IssuerBlocked[issuer]))
	}
	for _, issuer := range sortedKeys(p.TokensNotBefore) {
		list = append(list, fmt.Sprintf("Tokens of %s issued before %s are void: their holders see restricted notices by their ticket, "+
			"and private ones once they have logged in anew.", issuer, clock(p.TokensNotBefore[issuer])))
	}
	if p.TicketEpoch > 0 {
		list = append(list, fmt.Sprintf("Tickets of epochs before %d are void: without a valid token their holders see public notices only; "+
			"with one they get a new ticket by themselves.", p.TicketEpoch))
	}
	return list
}

// revokedSentences says the same of single people and logins, a sentence for each.
func revokedSentences(p *notice.Posture) []string {
	if p == nil {
		return nil
	}
	var list []string
	for _, r := range p.Revoked {
		list = append(list, fmt.Sprintf("Revoked until %s: %.*s… (one person or login), who sees public notices only.",
			clock(r.Until), shortest, r.Hash))
	}
	return list
}

// revokedWords lists who is revoked for posture show; names are those that the caller
// knows, by pseudonym.
func (f inForce) revokedWords(names map[string]string) string {
	var b strings.Builder
	if len(f.doc.Revoked) > 0 {
		fmt.Fprintf(&b, "\n  Revoked people and logins, who see public notices only: %d\n", len(f.doc.Revoked))
	}
	at := now()
	for _, r := range f.doc.Revoked {
		line := fmt.Sprintf("    %.*s…  until %s", shortest, r.Hash, clock(r.Until))
		if !timeOf(r.Until).After(at) {
			line += "  (over)"
		}
		if name := names[r.Hash]; name != "" {
			line += "  " + oneLine(name)
		}
		b.WriteString(line + "\n")
	}
	if f.size > 0 {
		fmt.Fprintf(&b, "  There is room for %d more revocations.\n", roomFor(f.size, len(f.doc.Revoked)))
	}
	return b.String()
}

const publicAnyway = "Public notices reach everybody, whatever the posture."

// words describes the posture in force.
func (f inForce) words(names map[string]string) string {
	var b strings.Builder
	if f.doc == nil {
		return "No posture is in force, says the desk: nothing is void.\n" + publicAnyway + "\n"
	}
	fmt.Fprintf(&b, "Posture version %d, sent %s, entry %d of the log\n", f.doc.Version, clock(f.doc.Sent), f.seq)
	fmt.Fprintf(&b, "%s\n", f.provenance())
	if f.doc.Note != "" {
		fmt.Fprintf(&b, "Why: %s\n", oneLine(f.doc.Note))
	}
	b.WriteString("\n")
	effects := postureEffects(f.doc)
	if len(effects)+len(f.doc.Revoked) == 0 {
		b.WriteString("  Nothing is void.\n")
	}
	listed(&b, " ", effects)
	b.WriteString(f.revokedWords(names))
	fmt.Fprintf(&b, "\n%s\n", publicAnyway)
	return b.String()
}

// provenance says who answers for the posture.
func (f inForce) provenance() string {
	if !f.verified {
		return "Not verified: this is the desk's word; --trust FILE would verify it."
	}
	var names []string
	for _, s := range f.signers {
		name := s.Owner
		if s.BreakGlass {
			name += " (BREAK-GLASS)"
		}
		names = append(names, name)
	}
	return "Signed by " + strings.Join(names, ", ") + ": verified."
}

// postureChange says what changes from the posture in force to another: what begins
// (+), what ends (-) and what stays (=).
func postureChange(from inForce, to *notice.Posture) string {
	var b strings.Builder
	before := append(postureEffects(from.doc), revokedSentences(from.doc)...)
	after := append(postureEffects(to), revokedSentences(to)...)
	not := func(list []string) func(string) bool {
		return func(s string) bool { return slices.Contains(list, s) }
	}
	begins := slices.DeleteFunc(slices.Clone(after), not(before))
	ends := slices.DeleteFunc(slices.Clone(before), not(after))
	stays := slices.DeleteFunc(postureEffects(to), not(begins))
	if n := len(after) - len(begins) - len(stays); n > 0 { // hundreds would hide what changes
		stays = append(stays, fmt.Sprintf("Revoked people and logins: %d, as before.", n))
	}
	fmt.Fprintf(&b, "Posture version %d, sent %s\n", to.Version, clock(to.Sent))
	fmt.Fprintf(&b, "Why: %s\n", oneLine(to.Note))
	fmt.Fprintf(&b, "It follows %s\n\n", from.name())
	listed(&b, "+", begins)
	listed(&b, "- no longer:", ends)
	listed(&b, "= still:", stays)
	if len(begins)+len(ends) == 0 {
		b.WriteString("  Nothing changes.\n")
	}
	if len(after) == 0 {
		b.WriteString("  Afterwards nothing is void.\n")
	}
	fmt.Fprintf(&b, "\n%s\n", publicAnyway)
	return b.String()
}

// name is the posture in force, in a few words.
func (f inForce) name() string {
	switch {
	case f.doc == nil:
		return "no posture, says the desk."
	case f.verified:
		return fmt.Sprintf("version %d: verified.", f.doc.Version)
	}
	return fmt.Sprintf("version %d, says the desk; --trust FILE would verify it.", f.doc.Version)
}

func listed(b *strings.Builder, mark string, sentences []string) {
	for _, s := range sentences {
		fmt.Fprintf(b, "  %s %s\n", mark, oneLine(s))
	}
}

// contactsWords lists contact cards.
func contactsWords(doc *notice.Contacts) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Contact cards, version %d, sent %s. They take the place of all earlier ones:\n\n", doc.Version, clock(doc.Sent))
	if len(doc.Cards) == 0 {
		b.WriteString("  No card at all.\n")
	}
	for _, card := range doc.Cards {
		fmt.Fprintf(&b, "  [%s] %s\n", oneLine(card.Language), oneLine(card.Name))
		for _, line := range []struct{ name, value string }{
			{"for", card.Audience}, {"call", card.Telephone}, {"write", card.Email}, {"hours", card.Hours},
		} {
			if line.value != "" {
				fmt.Fprintf(&b, "    %-6s %s\n", line.name, oneLine(line.value))
			}
		}
	}
	return b.String()
}
