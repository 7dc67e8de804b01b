package desk

import (
	"encoding/json"
	"time"

	"tocsin/notice"
)

// stamp is a time in an answer: RFC 3339 in UTC, with milliseconds.
type stamp time.Time

// MarshalText implements [encoding.TextMarshaler].
func (s stamp) MarshalText() ([]byte, error) {
	return time.Time(s).UTC().AppendFormat(nil, "2006-01-02T15:04:05.000Z"), nil
}

// signer is one owner whose signature counts.
type signer struct {
	Owner      string      `json:"owner"`
	KeyID      string      `json:"keyid"`
	Role       notice.Role `json:"role"`
	BreakGlass bool        `json:"breakGlass"`
}

// published answers 201.
type published struct {
	Status     string   `json:"status"` // "published"
	Identifier string   `json:"identifier"`
	Seq        uint64   `json:"seq"`
	Signers    []signer `json:"signers"`
	BreakGlass bool     `json:"breakGlass"`
	Voids      []string `json:"voids,omitempty"`
}

// waiting answers 202, and ?check=true.
type waiting struct {
	Status     string   `json:"status"` // "waiting" or "checked"
	Identifier string   `json:"identifier"`
	Need       int      `json:"need"`
	Signers    []signer `json:"signers"`
	// Candidates are the owners each of whom could still add a signature that counts.
	Candidates []string `json:"candidates"`
	Expires    *stamp   `json:"expires,omitempty"`
	Voids      []string `json:"voids,omitempty"`
	// Hint is what a candidate types to sign.
	Hint string `json:"hint,omitempty"`
}

// proposalView is one envelope that waits.
type proposalView struct {
	Identifier  string   `json:"identifier"`
	PayloadType string   `json:"payloadType"`
	Created     stamp    `json:"created"`
	Expires     stamp    `json:"expires"`
	Need        int      `json:"need"`
	Signers     []signer `json:"signers"`
	Candidates  []string `json:"candidates"`
	// Blocked names the rule by which it could not be published now, however many sign.
	Blocked string `json:"blocked,omitempty"`
	// Superseded: by something newer, for good. Need, Signers and Candidates are empty.
	Superseded bool            `json:"superseded,omitempty"`
	Envelope   json.RawMessage `json:"envelope"`
}

// message is one entry of a thread.
type message struct {
	Seq        uint64          `json:"seq"`
	Identifier string          `json:"identifier"`
	Revision   int             `json:"revision"`
	Time       stamp           `json:"time"`
	Signers    []signer        `json:"signers"`
	BreakGlass bool            `json:"breakGlass"`
	Envelope   json.RawMessage `json:"envelope"`
}

// thread is an Alert with what followed it.
type thread struct {
	Identifier  string        `json:"identifier"`
	Phase       string        `json:"phase"`
	Current     *message      `json:"current,omitempty"`
	Messages    []message     `json:"messages,omitempty"`
	Unconfirmed []unconfirmed `json:"unconfirmed,omitempty"`
	Source      *sourceView   `json:"source,omitempty"`
}

// unconfirmed is a publication whose fate this desk is still finding out.
type unconfirmed struct {
	Identifier string `json:"identifier"`
	SHA256     string `json:"sha256"`
	Since      stamp  `json:"since"`
	// After is the place in the log: it is decided once the log has gone past it.
	After uint64 `json:"after"`
	// Checked is when this desk last knew the whole log, and the message not in it.
	Checked *stamp `json:"checked,omitempty"`
}

// document answers GET /v1/keyset and its like.
type document struct {
	Seq      uint64          `json:"seq"`
	Envelope json.RawMessage `json:"envelope"`
}

// challenge answers GET /v1/challenge.
type challenge struct {
	Nonce      string `json:"nonce"`
	ServerTime stamp  `json:"serverTime"`
	Expires    stamp  `json:"expires"`
}

// session answers POST /v1/session.
type session struct {
	Token   string        `json:"token"`
	Expires stamp         `json:"expires"`
	Owner   string        `json:"owner"`
	Roles   []notice.Role `json:"roles"`
}

// receipts answers GET /v1/notices/{identifier}/receipts.
type receipts struct {
	Identifier string   `json:"identifier"`
	Updated    stamp    `json:"updated"`
	Revisions  []Counts `json:"revisions"`
}
