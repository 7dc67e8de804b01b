package notice

import "strings"

// Subjects of the log (docs/protocol.md, "The log and the cursor").
const (
	SubjectNotice    = "tocsin.log.notice." // + identifier of the thread's Alert
	SubjectKeyset    = "tocsin.log.keyset"
	SubjectContacts  = "tocsin.log.contacts"
	SubjectPosture   = "tocsin.log.posture"
	SubjectRedaction = "tocsin.log.redaction"
)

// Subject is where an envelope belongs in the log. Subjects serve filtering only:
// the fold ignores them, since whoever has the broker's password chooses them. It
// fails for documents that have no place in the log, and for a notice that does
// not decode or whose thread's identifier is not 1 to 128 of [A-Za-z0-9_-].
func Subject(e *Envelope) (string, error) {
	switch e.PayloadType {
	case TypeKeyset:
		return SubjectKeyset, nil
	case TypeContacts:
		return SubjectContacts, nil
	case TypePosture:
		return SubjectPosture, nil
	case TypeRedaction:
		return SubjectRedaction, nil
	case TypeNotice:
	default:
		return "", broken("type", "%q has no place in the log", e.PayloadType)
	}
	n, err := Decode(e.Payload)
	if err != nil {
		return "", err
	}
	id, err := n.ThreadID()
	if err != nil {
		return "", err
	}
	if !isToken(id) {
		return "", broken("identifier", "%q is not 1 to 128 of A-Z, a-z, 0-9, _ and -", id)
	}
	return SubjectNotice + id, nil
}

// ThreadID is the identifier of the Alert that n's thread begins with: its own,
// or the one in its first reference.
func (n *Notice) ThreadID() (string, error) {
	if n.MsgType == MsgAlert {
		return n.Identifier, nil
	}
	if len(n.References) == 0 {
		return "", broken("references", "%s without a reference", n.MsgType)
	}
	parts := strings.Split(n.References[0], ",")
	if len(parts) != 3 {
		return "", broken("references", "%q is not sender,identifier,sent", n.References[0])
	}
	return parts[1], nil
}

// isToken tells whether s is safe as one token of a NATS subject.
func isToken(s string) bool {
	return len(s) >= 1 && len(s) <= 128 && strings.IndexFunc(s, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && r != '_' && r != '-'
	}) < 0
}
