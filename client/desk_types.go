package client

import (
	"encoding/json"
	"fmt"
	"time"

	"tocsin/notice"
	"tocsin/wire"
)

// Signer is an owner whose signature counts, as the desk has counted.
type Signer struct {
	Owner      string      `json:"owner"`
	KeyID      string      `json:"keyid"`
	Role       notice.Role `json:"role"`
	BreakGlass bool        `json:"breakGlass"`
}

// Answer is what became of a signed document.
type Answer struct {
	Status string `json:"status"` // "published", "waiting" or "checked"
	// Identifier is the notice's; of other documents "keyset-2" and the like.
	Identifier string   `json:"identifier"`
	Signers    []Signer `json:"signers"`
	// Voids are the identifiers of messages that a keyset makes void: they must be
	// signed again.
	Voids []string `json:"voids,omitzero"`

	// Seq is the place in the log, once published.
	Seq        uint64 `json:"seq,omitzero"`
	BreakGlass bool   `json:"breakGlass,omitzero"`

	// Need is how many owners must sign in all; Candidates are those each of whom
	// could sign next. It waits until Expires.
	Need       int       `json:"need,omitzero"`
	Candidates []string  `json:"candidates,omitzero"`
	Expires    time.Time `json:"expires,omitzero"`
	// Hint is a command line that a candidate can type.
	Hint string `json:"hint,omitempty"`
}

// Published tells whether the document is in the log; otherwise it waits for
// signatures.
func (a Answer) Published() bool { return a.Status == "published" }

// Proposal is a document that waits for signatures. The desk says so; nothing in it
// is to be believed but what the caller verifies.
type Proposal struct {
	Identifier  string    `json:"identifier"`
	PayloadType string    `json:"payloadType"`
	Created     time.Time `json:"created"`
	Expires     time.Time `json:"expires"`
	Need        int       `json:"need"`
	Signers     []Signer  `json:"signers"`
	Candidates  []string  `json:"candidates"`
	// Blocked is the name of the rule by which it could not be published now, however
	// many sign; "" if none. Superseded says that it is one that no time mends: Need,
	// Signers and Candidates are empty then.
	Blocked    string `json:"blocked,omitempty"`
	Superseded bool   `json:"superseded,omitempty"`
	Envelope   Signed `json:"envelope"`
}

// Signed is an envelope as it came, verbatim.
type Signed []byte

// UnmarshalJSON keeps the text.
func (s *Signed) UnmarshalJSON(text []byte) error {
	*s = append(Signed(nil), text...)
	return nil
}

// MarshalJSON gives the text.
func (s Signed) MarshalJSON() ([]byte, error) { return json.RawMessage(s).MarshalJSON() }

// Open reads the envelope. Its signatures are not verified.
func (s Signed) Open() (*notice.Envelope, error) { return notice.ParseEnvelope(s) }

// Notice reads the notice in the envelope. Its signatures are not verified.
func (s Signed) Notice() (*notice.Notice, error) {
	env, err := s.Open()
	if err != nil {
		return nil, err
	}
	if env.PayloadType != notice.TypeNotice {
		return nil, fmt.Errorf("%q is not a notice", env.PayloadType)
	}
	return notice.Decode(env.Payload)
}

// Message is a message of a thread, as the desk holds it.
type Message struct {
	Seq        uint64    `json:"seq"`
	Identifier string    `json:"identifier"`
	Revision   int       `json:"revision"`
	Time       time.Time `json:"time"`
	Signers    []Signer  `json:"signers"`
	BreakGlass bool      `json:"breakGlass"`
	Envelope   Signed    `json:"envelope"`
}

// Thread is an Alert with what followed it, as the desk holds it.
type Thread struct {
	Identifier string `json:"identifier"`
	// Phase is "active", "withdrawn", "over", or "unconfirmed" if the desk knows no
	// more than that it tried to publish it.
	Phase    string    `json:"phase"`
	Current  *Message  `json:"current"`  // nil if unconfirmed
	Messages []Message `json:"messages"` // in the log's order; none in lists
	// Unconfirmed are publications whose fate the desk is finding out.
	Unconfirmed []Unconfirmed `json:"unconfirmed"`
}

// Unconfirmed is a publication whose fate is open.
type Unconfirmed struct {
	Identifier string    `json:"identifier"`
	SHA256     string    `json:"sha256"` // of the payload, lower-case hex
	Since      time.Time `json:"since"`
}

// Threads is the desk's list of notices, the newest first.
type Threads struct {
	Notices []Thread    `json:"notices"`
	Source  wire.Source `json:"source"`
}

// Proposals is the desk's list of what waits, the oldest first.
type Proposals struct {
	Proposals []Proposal  `json:"proposals"`
	Source    wire.Source `json:"source"`
}

// Document is the newest keyset, contacts or posture.
type Document struct {
	Seq      uint64 `json:"seq"`
	Envelope Signed `json:"envelope"`
}

// Receipts are the counts of a notice. They say what programs did; nothing proves
// that a person read it.
type Receipts struct {
	Identifier string    `json:"identifier"`
	Updated    time.Time `json:"updated"`
	Revisions  []Counts  `json:"revisions"`
}

// Counts are sessions, of one revision.
type Counts struct {
	Revision  int   `json:"revision"`
	Sent      int64 `json:"sent"`
	Received  int64 `json:"received"`
	Displayed int64 `json:"displayed"`
	Confirmed int64 `json:"confirmed"`
}
