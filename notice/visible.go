package notice

// reach orders the scopes from the widest; 0 is not a scope.
func (s Scope) reach() int {
	switch s {
	case ScopePublic:
		return 1
	case ScopeRestricted:
		return 2
	case ScopePrivate:
		return 3
	}
	return 0
}

// VisibleTo is the one function that decides whether a reader gets a notice
// (docs/protocol.md, "Tiers"). tier is the highest scope that the reader may see.
// The notice's scope lies within it; for every kind that the addresses name, one of
// its values is among the reader's labels; a Test needs group:staff as well.
// An address that is not a label matches nobody. Safe for concurrent use.
func (n *Notice) VisibleTo(tier Scope, labels Labels) bool {
	scope := n.Scope.reach()
	if scope == 0 || scope > tier.reach() {
		return false
	}
	if n.Status == StatusTest && !labels.Has(LabelStaff) {
		return false
	}
	// Kinds are few: a short list, on the stack, serves better than a map.
	type named struct {
		kind    string
		matched bool
	}
	kinds := make([]named, 0, 8)
next:
	for _, address := range n.Addresses {
		label := Label(address)
		kind, matched := label.Kind(), labels.Has(label)
		for i := range kinds {
			if kinds[i].kind == kind {
				kinds[i].matched = kinds[i].matched || matched
				continue next
			}
		}
		kinds = append(kinds, named{kind, matched})
	}
	for _, k := range kinds {
		if !k.matched {
			return false
		}
	}
	return true
}

// NamesProven reports whether an address is of a kind that readers can't claim for
// themselves. A Public notice without one may be shown to anyone unasked.
func (n *Notice) NamesProven() bool {
	for _, address := range n.Addresses {
		if !Claimable(Label(address).Kind()) {
			return true
		}
	}
	return false
}
