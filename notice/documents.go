package notice

import (
	"fmt"
	"strings"
	"unicode"
)

// MaxRevoked is how many revocations a posture may list. MaxPayload ends sooner, at
// some 290 of them (docs/adr/0006).
const MaxRevoked = 1000

// Contacts are the cards that tell whom to call when all else is down. They are
// signed by keys of role contacts, and change without any redeploy.
type Contacts struct {
	Version int64    `json:"version"` // 1 to MaxVersion; only rises
	Sent    DateTime `json:"sent"`    // signing keys must be valid then
	Cards   []Card   `json:"cards"`   // at most 200
}

// Card is one way to reach people: for one audience, in one language.
type Card struct {
	Language  string `json:"language"` // BCP 47
	Audience  string `json:"audience,omitzero"`
	Name      string `json:"name"`
	Telephone string `json:"telephone,omitzero"` // digits, + * # ( ) . - / and space
	Email     string `json:"email,omitzero"`     // local@host, ASCII
	Hours     string `json:"hours,omitzero"`
}

// Posture says what is compromised (design, "Auth"); signed by operators, in the
// log, never sent to clients. Issuers are named by their URL.
type Posture struct {
	Version int64    `json:"version"` // 1 to MaxVersion; only rises
	Sent    DateTime `json:"sent"`    // signing keys must be valid then
	// Note says why; a break-glass key counts only if there is one.
	Note string `json:"note,omitzero"`
	// TokensNotBefore voids an issuer's tokens that were issued earlier.
	TokensNotBefore map[string]DateTime `json:"tokensNotBefore,omitzero"`
	// IssuerBlocked voids an issuer's tokens, and tickets proven meanwhile.
	IssuerBlocked map[string]Blocked `json:"issuerBlocked,omitzero"`
	// TicketEpoch voids tickets of earlier epochs; 0 voids none.
	TicketEpoch int64 `json:"ticketEpoch,omitzero"`
	// Revoked names single subjects and sessions, at most MaxRevoked.
	Revoked []Revoked `json:"revoked,omitzero"`
	// Pseudonyms is the id (8 hex digits) of the key that made Revoked's hashes: to an
	// edge with another one they say nothing, and it must not keep that to itself.
	Pseudonyms string `json:"pseudonyms,omitzero"`
	// Incident is declared: work that does not serve the crisis is shed.
	Incident bool `json:"incident,omitzero"`
}

// Blocked is an issuer whose signing keys were in wrong hands: tickets proven within
// [Since, Until) are void, and so are all of its tokens, or, once there is an Until,
// those that were issued before it.
type Blocked struct {
	Since DateTime `json:"since"`
	// Until is when it had new keys; absent while the block lasts. The entry stays for
	// as long as a ticket proven before Until may live (30 days), or a thief's would
	// speak again.
	Until DateTime `json:"until,omitzero"`
}

// validate checks the times, and their order.
func (b Blocked) validate() error {
	since, err := b.Since.Time()
	if err != nil || b.Until.IsZero() {
		return err
	}
	until, err := b.Until.Time()
	if err == nil && !until.After(since) {
		err = fmt.Errorf("until %s is not after since", b.Until)
	}
	return err
}

// Revoked is one subject or session whose credentials are void until a time.
type Revoked struct {
	Hash  string   `json:"hash"` // keyed hash of sub or sid, 32 bytes in lower-case hex
	Until DateTime `json:"until"`
}

// Redaction explains why an entry of the log is missing; signed by operators. What
// the board accepted can be redacted only if it is a notice, which it forgets
// and never takes again: whoever kept the bytes could append them once more. It holds
// for good, also when its signers' keys are removed: what was deleted stays
// deleted, and a node that starts afterwards must get past the hole.
type Redaction struct {
	Seq    uint64   `json:"seq"`    // of the entry, before the redaction's own
	SHA256 string   `json:"sha256"` // of the entry's payload, lower-case hex
	Sent   DateTime `json:"sent"`   // signing keys must be valid then
	Reason string   `json:"reason"`
}

// Session is what a staff member signs to log in at a desk.
type Session struct {
	Origin  string   `json:"origin"` // the desk's, as "https://desk.clinic.example"
	Nonce   string   `json:"nonce"`  // from the desk; 1 to 1,024 visible ASCII characters
	Expires DateTime `json:"expires"`
}

// DecodeContacts reads contact cards strictly. Errors are *RuleError.
func DecodeContacts(payload []byte) (*Contacts, error) { return decodeDocument[Contacts](payload) }

// DecodePosture reads a posture strictly. Errors are *RuleError.
func DecodePosture(payload []byte) (*Posture, error) { return decodeDocument[Posture](payload) }

// DecodeRedaction reads a redaction strictly. Errors are *RuleError.
func DecodeRedaction(payload []byte) (*Redaction, error) { return decodeDocument[Redaction](payload) }

// DecodeSession reads a session document strictly. Errors are *RuleError.
func DecodeSession(payload []byte) (*Session, error) { return decodeDocument[Session](payload) }

// EncodeContacts writes what DecodeContacts reads.
func EncodeContacts(c *Contacts) ([]byte, error) { return encodeDocument(c) }

// EncodePosture writes what DecodePosture reads.
func EncodePosture(p *Posture) ([]byte, error) { return encodeDocument(p) }

// EncodeRedaction writes what DecodeRedaction reads.
func EncodeRedaction(r *Redaction) ([]byte, error) { return encodeDocument(r) }

// EncodeSession writes what DecodeSession reads.
func EncodeSession(s *Session) ([]byte, error) { return encodeDocument(s) }

func decodeDocument[T any, P interface {
	*T
	validate() error
}](payload []byte) (*T, error) {
	var doc T
	if err := decodeStrict(payload, &doc); err != nil {
		return nil, err
	}
	if err := P(&doc).validate(); err != nil {
		return nil, err
	}
	return &doc, nil
}

func encodeDocument(doc interface{ validate() error }) ([]byte, error) {
	if err := doc.validate(); err != nil {
		return nil, err
	}
	return encodeStrict(doc)
}

func (c *Contacts) validate() error {
	if err := validateHead("contacts", c.Version, c.Sent); err != nil {
		return err
	}
	if len(c.Cards) > 200 {
		return broken("contacts.cards", "%d are more than 200", len(c.Cards))
	}
	for i := range c.Cards {
		if err := c.Cards[i].validate(); err != nil {
			return broken("contacts.cards", "card %d: %v", i+1, err)
		}
	}
	return nil
}

func (c *Card) validate() error {
	for _, text := range []string{c.Audience, c.Name, c.Hours} {
		if strings.ContainsFunc(text, unicode.IsControl) {
			return broken("contacts.cards", "a control character")
		}
	}
	switch {
	case !isASCII(c.Language, 35, isAlphanumeric, "-"):
		return broken("contacts.cards", "%.40q is not a language", c.Language)
	case c.Name == "":
		return broken("contacts.cards", "no name")
	case c.Telephone == "" && c.Email == "":
		return broken("contacts.cards", "neither telephone nor email")
	// Both become links, so nothing may be in them that a link interprets.
	case c.Telephone != "" && !isASCII(c.Telephone, 40, isDigit, "+*#(). -/"):
		return broken("contacts.cards", "%.60q is not a telephone number", c.Telephone)
	case c.Email != "" && !isEmail(c.Email):
		return broken("contacts.cards", "%.80q is not an e-mail address", c.Email)
	}
	return nil
}

func (p *Posture) validate() error {
	if err := validateHead("posture", p.Version, p.Sent); err != nil {
		return err
	}
	if p.TicketEpoch < 0 {
		return broken("posture.ticketEpoch", "%d is negative", p.TicketEpoch)
	}
	if p.Pseudonyms != "" && (len(p.Pseudonyms) != 8 || strings.Trim(p.Pseudonyms, "0123456789abcdef") != "") {
		return broken("posture.pseudonyms", "%.80q is not 4 bytes in lower-case hex", p.Pseudonyms)
	}
	if len(p.Revoked) > MaxRevoked {
		return broken("posture.revoked", "%d are more than %d", len(p.Revoked), MaxRevoked)
	}
	for issuer, t := range p.TokensNotBefore {
		if _, err := t.Time(); err != nil {
			return broken("posture.tokensNotBefore", "of %.80q: %v", issuer, err)
		}
	}
	for issuer, b := range p.IssuerBlocked {
		if err := b.validate(); err != nil {
			return broken("posture.issuerBlocked", "of %.80q: %v", issuer, err)
		}
	}
	for _, r := range p.Revoked {
		if !isKeyID(r.Hash) { // of the same form
			return broken("posture.revoked", "%.80q is not 32 bytes in lower-case hex", r.Hash)
		}
		if _, err := r.Until.Time(); err != nil {
			return broken("posture.revoked", "%v", err)
		}
	}
	return nil
}

func (r *Redaction) validate() error {
	if _, err := r.Sent.Time(); err != nil {
		return broken("redaction.sent", "%v", err)
	}
	switch {
	case r.Seq < 1:
		return broken("redaction.seq", "no sequence")
	case !isKeyID(r.SHA256): // of the same form
		return broken("redaction.sha256", "%.80q is not a SHA-256 in lower-case hex", r.SHA256)
	case r.Reason == "":
		return broken("redaction.reason", "empty")
	}
	return nil
}

func (s *Session) validate() error {
	if _, err := s.Expires.Time(); err != nil {
		return broken("session.expires", "%v", err)
	}
	visible := func(c byte) bool { return c > ' ' && c <= '~' }
	if !isASCII(s.Origin, 300, visible, "") || !isASCII(s.Nonce, 1024, visible, "") {
		return broken("session.text", "origin and nonce are not visible ASCII of at most 300 and 1,024 characters")
	}
	return nil
}

// validateHead checks what contacts and posture have in common.
func validateHead(kind string, version int64, sent DateTime) error {
	if version < 1 || version > MaxVersion {
		return broken(kind+".version", "%d is not within 1 to %d", version, MaxVersion)
	}
	if _, err := sent.Time(); err != nil {
		return broken(kind+".sent", "%v", err)
	}
	return nil
}

// isASCII tells whether s is 1 to limit bytes, each of class or in others.
func isASCII(s string, limit int, class func(byte) bool, others string) bool {
	if s == "" || len(s) > limit {
		return false
	}
	for i := range len(s) {
		if !class(s[i]) && strings.IndexByte(others, s[i]) < 0 {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isAlphanumeric(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'z' }

func isEmail(s string) bool {
	local, host, ok := strings.Cut(s, "@")
	return ok && isASCII(local, 64, isAlphanumeric, "._+-") && isHost(host)
}
