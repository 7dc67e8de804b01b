package desk

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"tocsin/notice"
)

const (
	// maxPseudonyms bounds one request: a posture holds some 290 revocations.
	maxPseudonyms = 100
	// maxID is how long an issuer's name, and its sub or sid, may be, in bytes.
	maxID = 256
)

// pseudonymsBody is what POST /v1/pseudonyms takes.
type pseudonymsBody struct {
	Issuer string
	Kind   string // "person" (sub) or "login" (sid)
	IDs    []string
}

var errNoPseudonyms = errors.New("not an issuer, a kind and ids")

// postPseudonyms makes the pseudonyms by which a posture revokes people, for a console
// that has no ticket keys. Only operators may ask, who can revoke anyone: to others it
// would tell whom a posture names. The ids are kept nowhere.
func (d *Desk) postPseudonyms(w http.ResponseWriter, r *http.Request, who staff) error {
	if !slices.Contains(who.roles, notice.RoleOperator) {
		return errForbidden.with("pseudonyms are made for operators")
	}
	text, err := d.readBody(w, r)
	if err != nil {
		return err
	}
	body, err := parsePseudonyms(text)
	if err != nil {
		return errBadRequest.with(err.Error()) // names no id
	}
	if !d.mayBelieve(body.Issuer) {
		return errBadRequest.with("edges believe no issuer of this name, so it would revoke nobody")
	}
	pseudonym := d.config.Pseudonyms.Pseudonym
	if body.Kind == "login" {
		pseudonym = d.config.Pseudonyms.LoginPseudonym
	}
	hashes := make([]string, 0, len(body.IDs))
	for _, id := range body.IDs {
		sum, err := base64.RawURLEncoding.DecodeString(pseudonym(body.Issuer, id))
		if err != nil {
			return fmt.Errorf("making a pseudonym: %w", err)
		}
		hashes = append(hashes, hex.EncodeToString(sum))
	}
	d.log.Info("pseudonyms made", "owner", who.owner, "issuer", body.Issuer, "count", len(hashes))
	return writeJSON(w, http.StatusOK, struct {
		Pseudonyms []string `json:"pseudonyms"`
	}{hashes})
}

// parsePseudonyms reads a body. Errors name places, never ids.
func parsePseudonyms(text []byte) (body pseudonymsBody, err error) {
	dec := json.NewDecoder(bytes.NewReader(text))
	var members map[string]json.RawMessage // whose names differ in case: a struct would take any
	if err := dec.Decode(&members); err != nil {
		return body, errNoPseudonyms
	}
	for name, value := range map[string]any{"issuer": &body.Issuer, "kind": &body.Kind, "ids": &body.IDs} {
		if err := json.Unmarshal(members[name], value); err != nil {
			return body, errNoPseudonyms
		}
	}
	if len(members) != 3 || body.Issuer == "" || len(body.Issuer) > maxID {
		return body, errNoPseudonyms
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return body, errors.New("something stands behind the list")
	}
	if body.Kind != "person" && body.Kind != "login" {
		return body, errors.New("kind is person or login")
	}
	if len(body.IDs) < 1 || len(body.IDs) > maxPseudonyms {
		return body, fmt.Errorf("%d ids are not within 1 to %d", len(body.IDs), maxPseudonyms)
	}
	for i, id := range body.IDs {
		if id == "" || len(id) > maxID {
			return body, fmt.Errorf("id %d is empty, or longer than %d bytes", i+1, maxID)
		}
	}
	return body, nil
}
