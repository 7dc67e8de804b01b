package notice

import (
	"cmp"
	"slices"
)

// Policy is what the root keys' holders decide about publishing. It is part of
// the keyset, so that it is signed and the same for everyone.
type Policy struct {
	Thresholds Thresholds `json:"thresholds"`
	// LinkHosts are the hosts that a notice's web may name: lower-case DNS names,
	// exact, at most 64. Empty: no links at all.
	LinkHosts []string `json:"linkHosts,omitzero"`
}

// Thresholds are the numbers of owners whose signatures a document needs. Zero
// means the default, which each accessor names; the greatest is MaxSignatures.
type Thresholds struct {
	// Patient is for Alerts and Updates that can reach a patient; default 2.
	Patient int `json:"patient,omitzero"`
	// Staff is for those addressed to group:staff only; default 1.
	Staff int `json:"staff,omitzero"`
	// Cancel is for a Cancel that says nothing but its note; default 1. One that has
	// info blocks puts text before patients, and needs what an Update does.
	Cancel    int `json:"cancel,omitzero"`
	Contacts  int `json:"contacts,omitzero"`  // default 2
	Posture   int `json:"posture,omitzero"`   // default 2
	Redaction int `json:"redaction,omitzero"` // default 2
	// BySeverity replaces Patient for the severities that it names; no zeros.
	BySeverity map[Severity]int `json:"bySeverity,omitzero"`
}

// ForNotice is the threshold that n has by itself. In a thread an Update may
// need more: see [Board.Tally].
func (t Thresholds) ForNotice(n *Notice) int {
	switch {
	case n.MsgType == MsgCancel && len(n.Info) == 0: // one with text is as an Update
		return cmp.Or(t.Cancel, 1)
	case reachesStaffOnly(n.Addresses):
		return cmp.Or(t.Staff, 1)
	case len(n.Info) == 0:
		return cmp.Or(t.Patient, 2)
	}
	// Check has all info blocks agree; the greatest holds should that ever change.
	need := 0
	for _, info := range n.Info {
		need = max(need, t.forSeverity(info.Severity))
	}
	return need
}

func (t Thresholds) forSeverity(s Severity) int {
	if need, ok := t.BySeverity[s]; ok {
		return need
	}
	return cmp.Or(t.Patient, 2)
}

// reachesStaffOnly tells whether the addresses of kind group are exactly
// group:staff. Addresses of other kinds only narrow who that is.
func reachesStaffOnly(addresses []string) bool {
	staff := false
	for _, a := range addresses {
		if Label(a) == LabelStaff {
			staff = true
		} else if Label(a).Kind() == KindGroup {
			return false
		}
	}
	return staff
}

// validate reports the first rule that the policy breaks.
func (p *Policy) validate() error {
	t := p.Thresholds
	for _, n := range []int{t.Patient, t.Staff, t.Cancel, t.Contacts, t.Posture, t.Redaction} {
		if n < 0 || n > MaxSignatures {
			return broken("keyset.policy", "threshold %d is not within 1 to %d", n, MaxSignatures)
		}
	}
	severities := []Severity{SeverityExtreme, SeveritySevere, SeverityModerate, SeverityMinor, SeverityUnknown}
	for s, n := range t.BySeverity {
		if !slices.Contains(severities, s) {
			return broken("keyset.policy", "bySeverity names %q, which CAP does not know", s)
		}
		if n < 1 || n > MaxSignatures {
			return broken("keyset.policy", "threshold %d is not within 1 to %d", n, MaxSignatures)
		}
	}
	return p.validateHosts()
}

func (p *Policy) validateHosts() error {
	if len(p.LinkHosts) > 64 {
		return broken("keyset.policy", "%d link hosts are more than 64", len(p.LinkHosts))
	}
	for i, h := range p.LinkHosts {
		if !isHost(h) {
			return broken("keyset.policy", "%q is not a lower-case DNS name", h)
		}
		if slices.Contains(p.LinkHosts[:i], h) {
			return broken("keyset.policy", "link host %q occurs twice", h)
		}
	}
	return nil
}

// isHost tells whether h is a DNS name in lower case, without a trailing dot.
func isHost(h string) bool {
	if len(h) == 0 || len(h) > 253 {
		return false
	}
	label := 0
	for i := range len(h) {
		switch c := h[i]; {
		case c == '.':
			if label == 0 || h[i-1] == '-' {
				return false
			}
			label = 0
			continue
		case c == '-':
			if label == 0 {
				return false
			}
		case c < '0' || c > 'z' || (c > '9' && c < 'a'):
			return false
		}
		if label++; label > 63 {
			return false
		}
	}
	return label > 0 && h[len(h)-1] != '-'
}
