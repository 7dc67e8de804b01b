package notice

import (
	"cmp"
	"crypto/ed25519"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Signer is an owner whose signature counts.
type Signer struct {
	Owner string // empty for a root
	KeyID string
	Role  Role // the role by which it counts; empty for a root
	// BreakGlass: the key is meant for the worst hour; its use is shown and alarmed.
	BreakGlass bool
}

// Tally says who has signed an envelope, and whether that is enough.
type Tally struct {
	// Need is the number of owners (for a keyset: of root keys) asked for.
	Need int
	// Signers are those who count, once for each owner, in the envelope's order.
	Signers []Signer
	// Met: the document has the signatures that it needs.
	Met bool
	// Lead is the role that one signer must have (publisher for a notice); empty for
	// a keyset.
	Lead Role
	// Invalid are the keyids, known to the keyset, whose signature does not fit the
	// bytes: the document was changed, or the signer made a mistake.
	Invalid []string
	// Candidates are the owners (for a keyset: the keyids of roots) any of whom could
	// give the next signature; sorted, empty when Met.
	Candidates []string

	bypass  bool // a break-glass key of the lead role has signed
	upstart bool // a keyset that is signed by none of the roots in force
}

// HasLead tells whether a signer of the lead role is among those who count; of a
// keyset, whether a root in force is: anybody can sign with roots that it names itself.
func (t *Tally) HasLead() bool {
	return !t.upstart && (t.Lead == "" || slices.ContainsFunc(t.Signers, func(s Signer) bool { return s.Role == t.Lead }))
}

// BreakGlass tells whether a break-glass key is among those who count.
func (t *Tally) BreakGlass() bool {
	return slices.ContainsFunc(t.Signers, func(s Signer) bool { return s.BreakGlass })
}

// Err is nil if the tally is met, otherwise the *RuleError that a refusal gives:
// "unsigned" if no signature counts, "threshold" if too few do, "publisher" if only
// the lead role is missing.
func (t *Tally) Err() error {
	var who []string
	for _, s := range t.Signers {
		who = append(who, cmp.Or(s.Owner, s.KeyID))
	}
	switch {
	case t.Met:
		return nil
	case len(t.Signers) == 0:
		return broken("unsigned", "no signature that counts, of %d", t.Need)
	case len(t.Signers) < t.Need:
		return broken("threshold", "%d of %d signatures: %s", len(t.Signers), t.Need, strings.Join(who, ", "))
	default:
		return broken("publisher", "no %s among the signers: %s", t.Lead, strings.Join(who, ", "))
	}
}

// demand is what a document asks of its signatures.
type demand struct {
	need       int
	roles      []Role // those that count, the lead first
	sent       time.Time
	breakGlass bool // there is a note, so break-glass keys count, and one suffices
}

// demandOf reads the demand of a decoded document of the log other than a keyset.
func demandOf(doc any, p *Policy) (demand, error) {
	t := p.Thresholds
	var d demand
	var sent DateTime
	switch doc := doc.(type) {
	case *Notice:
		d = demand{need: t.ForNotice(doc), roles: []Role{RolePublisher, RoleApprover}, breakGlass: hasNote(doc.Note)}
		sent = doc.Sent
	case *Contacts:
		d = demand{need: cmp.Or(t.Contacts, 2), roles: []Role{RoleContacts}}
		sent = doc.Sent
	case *Posture:
		d = demand{need: cmp.Or(t.Posture, 2), roles: []Role{RoleOperator}, breakGlass: hasNote(doc.Note)}
		sent = doc.Sent
	case *Redaction:
		d = demand{need: cmp.Or(t.Redaction, 2), roles: []Role{RoleOperator}}
		sent = doc.Sent
	default:
		return d, fmt.Errorf("no threshold for %T", doc)
	}
	var err error
	d.sent, err = sent.Time()
	return d, err
}

func hasNote(s string) bool { return strings.TrimSpace(s) != "" }

// decodeLogged reads the payload of a document that belongs in the log, by its
// type. A notice has passed no rules yet. An unknown type gives nil.
func decodeLogged(e *Envelope) (any, error) {
	switch e.PayloadType {
	case TypeNotice:
		return Decode(e.Payload)
	case TypeKeyset:
		return DecodeKeyset(e.Payload)
	case TypeContacts:
		return DecodeContacts(e.Payload)
	case TypePosture:
		return DecodePosture(e.Payload)
	case TypeRedaction:
		return DecodeRedaction(e.Payload)
	}
	return nil, nil
}

// Count counts the signatures of a notice, contacts, posture or redaction under
// ks. An Update's thread may ask for more signatures than the document does by
// itself: floor, or 0. [Board.Tally] knows it, and counts keysets too.
// An error says that the payload does not decode.
func Count(e *Envelope, ks *Keyset, floor int) (Tally, error) {
	doc, err := decodeLogged(e)
	if err != nil {
		return Tally{}, err
	}
	d, err := demandOf(doc, &ks.Policy)
	if err != nil {
		return Tally{}, err
	}
	d.need = max(d.need, floor)
	return newVerifier(e).tally(ks, d), nil
}

// verifier holds an envelope's signatures with what is known about them. A keyid
// is the hash of its key, so a signature once verified stays verified, under every
// keyset: refolding costs no Ed25519.
type verifier struct {
	envelope *Envelope
	known    []verdict // in the order of the signatures
}

type verdict uint8

const (
	untried verdict = iota
	valid
	invalid
)

func newVerifier(e *Envelope) *verifier {
	return &verifier{envelope: e, known: make([]verdict, len(e.Signatures))}
}

// valid tells whether signature i was made by pub, whose keyid is the signature's.
func (v *verifier) valid(i int, pub []byte) bool {
	if v.known[i] == untried {
		v.known[i] = invalid
		if ed25519.Verify(pub, v.envelope.PAE(), v.envelope.Signatures[i].Sig) {
			v.known[i] = valid
		}
	}
	return v.known[i] == valid
}

// tally counts the signatures that d asks for under ks.
func (v *verifier) tally(ks *Keyset, d demand) Tally {
	t := Tally{Need: d.need, Lead: d.roles[0]}
	for i, s := range v.envelope.Signatures {
		key := ks.Key(s.KeyID)
		role := d.roleOf(key)
		if role == "" {
			continue
		}
		if !v.valid(i, key.PublicKey) {
			t.Invalid = append(t.Invalid, s.KeyID)
			continue
		}
		t.add(Signer{Owner: key.Owner, KeyID: s.KeyID, Role: role, BreakGlass: key.BreakGlass})
		t.bypass = t.bypass || key.BreakGlass && role == t.Lead
	}
	t.Met = t.bypass || len(t.Signers) >= t.Need && t.HasLead()
	if !t.Met {
		t.Candidates = t.candidates(ks, d)
	}
	return t
}

// tallyRoots counts the roots that signed a keyset: enough of those in force, and,
// if it changes them, enough of its own.
func (v *verifier) tallyRoots(inForce, named Trust) Tally {
	t := Tally{upstart: true}
	counted := make(map[string]bool)
	for i, s := range v.envelope.Signatures {
		root := findRoot(s.KeyID, inForce, named)
		if root == nil {
			continue
		}
		if !v.valid(i, root.PublicKey) {
			t.Invalid = append(t.Invalid, s.KeyID)
			continue
		}
		counted[s.KeyID] = true
		t.Signers = append(t.Signers, Signer{KeyID: s.KeyID})
		t.upstart = t.upstart && findRoot(s.KeyID, inForce) == nil
	}
	missing, open := inForce.missing(counted)
	if !inForce.equal(named) {
		moreMissing, moreOpen := named.missing(counted)
		both := slices.DeleteFunc(slices.Clone(open), func(id string) bool { return !slices.Contains(moreOpen, id) })
		var next []string // a root that is asked for nothing helps nobody
		if missing > 0 {
			next = open
		}
		if moreMissing > 0 {
			next = append(slices.Clip(next), moreOpen...)
		}
		open = next
		missing += moreMissing - min(missing, moreMissing, len(both))
	}
	t.Need, t.Met = len(t.Signers)+missing, missing == 0
	if !t.Met {
		slices.Sort(open)
		t.Candidates = slices.Compact(open)
	}
	return t
}

// missing tells how many of t's roots must still sign, and which could.
func (t Trust) missing(signed map[string]bool) (number int, open []string) {
	number = max(t.Threshold, 1) // no roots were pinned: then nobody can sign
	for _, root := range t.Roots {
		if signed[root.KeyID] {
			number--
		} else {
			open = append(open, root.KeyID)
		}
	}
	return max(number, 0), open
}

func findRoot(keyID string, sets ...Trust) *RootKey {
	for _, set := range sets {
		for i := range set.Roots {
			if set.Roots[i].KeyID == keyID {
				return &set.Roots[i]
			}
		}
	}
	return nil
}

// roleOf is the role by which a signature of key counts; empty if it does not.
func (d *demand) roleOf(key *Key) Role {
	if key == nil || !key.ValidAt(d.sent) || key.BreakGlass && !d.breakGlass {
		return ""
	}
	for _, r := range d.roles {
		if key.Has(r) {
			return r
		}
	}
	return ""
}

// add counts a signer, once for each owner: the key of the lead role stands for
// an owner with several, and a break-glass key does not hide behind another.
func (t *Tally) add(s Signer) {
	i := slices.IndexFunc(t.Signers, func(have Signer) bool { return have.Owner == s.Owner })
	if i < 0 {
		t.Signers = append(t.Signers, s)
		return
	}
	s.BreakGlass = s.BreakGlass || t.Signers[i].BreakGlass
	if s.Role != t.Lead || t.Signers[i].Role == t.Lead {
		s.KeyID, s.Role = t.Signers[i].KeyID, t.Signers[i].Role
	}
	t.Signers[i] = s
}

// candidates are the owners whose next signature would help.
func (t *Tally) candidates(ks *Keyset, d demand) []string {
	// When one signature is missing and none is the lead's, only the lead's will do.
	leadOnly := !t.HasLead() && len(t.Signers)+1 >= t.Need
	var owners []string
	for i := range ks.Keys {
		key := &ks.Keys[i]
		role := d.roleOf(key)
		signed := slices.ContainsFunc(t.Signers, func(s Signer) bool { return s.Owner == key.Owner })
		helps := !signed && !leadOnly || role == t.Lead && !t.HasLead()
		if role != "" && helps {
			owners = append(owners, key.Owner)
		}
	}
	slices.Sort(owners)
	return slices.Compact(owners)
}
