package main

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tocsin/auth"
	"tocsin/notice"
)

// revokeFlags void single people's credentials, or believe them again.
type revokeFlags struct {
	Revoke        []string `sep:"none" placeholder:"ISS=SUB" help:"One person's credentials are void (repeat for more)."`
	RevokeLogin   []string `sep:"none" placeholder:"ISS=SID" help:"Those of one login of theirs (repeat for more)."`
	Until         moment   `default:"31d" placeholder:"WHEN" help:"Until when a revocation holds: 7d from now, or a date and time (default 31d: longer than any ticket)."`
	Unrevoke      []string `sep:"none" placeholder:"ISS=SUB" help:"Believe this person again; or a pseudonym, as posture show prints it (repeat for more)."`
	UnrevokeLogin []string `sep:"none" placeholder:"ISS=SID" help:"Believe this login again (repeat for more)."`
	TicketKeys    string   `placeholder:"FILE" help:"The edges' ticket keys: they make the pseudonyms of who is revoked."`
}

func (f revokeFlags) given() bool {
	return len(f.Revoke)+len(f.RevokeLogin)+len(f.Unrevoke)+len(f.UnrevokeLogin) > 0
}

// issuers are those of the people who are to be revoked. A name that is believed again
// is looked for in the posture in force instead.
func (f revokeFlags) issuers() []string {
	var list []string
	for _, v := range slices.Concat(f.Revoke, f.RevokeLogin) {
		if issuer, _, ok := strings.Cut(v, "="); ok {
			list = append(list, issuer)
		}
	}
	return list
}

// change applies the flags: who is believed again first, so that there is room.
func (f revokeFlags) change(p *notice.Posture) error {
	if err := f.unrevoke(p); err != nil {
		return err
	}
	if len(f.Revoke)+len(f.RevokeLogin) > 0 {
		if err := f.claim(p); err != nil {
			return err
		}
	}
	until := f.Until.from(now())
	for _, set := range []struct {
		flag   string
		values []string
		login  bool
	}{{"--revoke", f.Revoke, false}, {"--revoke-login", f.RevokeLogin, true}} {
		hashes, err := pseudonyms(set.flag, set.values, f.TicketKeys, set.login)
		if err != nil {
			return err
		}
		for _, h := range hashes {
			revoke(p, h, until)
		}
	}
	return nil
}

// claim writes down which ring makes the pseudonyms. A posture holds those of one alone.
func (f revokeFlags) claim(p *notice.Posture) error {
	ring, err := ticketRing(f.TicketKeys)
	if err != nil {
		return err
	}
	id := ring.PseudonymID()
	if len(p.Revoked) > 0 && p.Pseudonyms != "" && p.Pseudonyms != id {
		return fmt.Errorf("--ticket-keys %s: the revocations in force were made with another ring (%s, not %s); is this the edges' own?",
			f.TicketKeys, p.Pseudonyms, id)
	}
	p.Pseudonyms = id
	return nil
}

func (f revokeFlags) unrevoke(p *notice.Posture) error {
	for _, set := range []struct {
		flag   string
		values []string
		login  bool
	}{{"--unrevoke", f.Unrevoke, false}, {"--unrevoke-login", f.UnrevokeLogin, true}} {
		for _, v := range set.values {
			at, err := find(p, set.flag, v, f.TicketKeys, set.login)
			if err != nil {
				return err
			}
			p.Revoked = slices.Delete(p.Revoked, at, at+1)
		}
	}
	return nil
}

// shortest is how many digits of a pseudonym name it: what posture show prints.
const shortest = 16

// find is the place of a revocation, by ISSUER=ID or by the pseudonym as it is shown.
// Errors do not repeat a name, which may be a patient's.
func find(p *notice.Posture, flag, value, keys string, login bool) (int, error) {
	digits := strings.TrimSuffix(value, "…")
	if !strings.Contains(value, "=") {
		if len(digits) < shortest || strings.Trim(digits, "0123456789abcdef") != "" {
			return 0, misusef("%s: want ISSUER=ID, or the pseudonym as \"tocsin posture show\" prints it", flag)
		}
	} else {
		hashes, err := pseudonyms(flag, []string{value}, keys, login)
		if err != nil {
			return 0, err
		}
		digits = hashes[0]
	}
	at := slices.IndexFunc(p.Revoked, func(r notice.Revoked) bool { return strings.HasPrefix(r.Hash, digits) })
	if at < 0 {
		return 0, fmt.Errorf("%s: %.*s… is not revoked; \"tocsin posture show\" lists who is (a person and one login of theirs "+
			"are not the same; names are compared letter by letter, and need the edges' own ticket keys)", flag, shortest, digits)
	}
	return at, nil
}

// pseudonyms are what the ticket keys make of ISSUER=ID, in hex; the names stay here.
func pseudonyms(flag string, values []string, keys string, login bool) ([]string, error) {
	if len(values) == 0 {
		return nil, nil
	}
	ring, err := ticketRing(keys)
	if err != nil {
		return nil, err
	}
	pseudonym := ring.Pseudonym
	if login {
		pseudonym = ring.LoginPseudonym
	}
	var hashes []string
	for _, v := range values {
		issuer, id, ok := strings.Cut(v, "=")
		if !ok || issuer == "" || id == "" {
			return nil, misusef("%s: want ISSUER=ID", flag) // the value may name a patient
		}
		sum, err := base64.RawURLEncoding.DecodeString(pseudonym(issuer, id))
		if err != nil {
			return nil, fmt.Errorf("making a pseudonym: %w", err)
		}
		hashes = append(hashes, hex.EncodeToString(sum))
	}
	return hashes, nil
}

func ticketRing(file string) (*auth.Keyring, error) {
	if file == "" {
		return nil, misusef("--ticket-keys FILE: revocations are pseudonyms, which the edges' ticket keys make")
	}
	ring, err := auth.LoadKeyring(file)
	if err != nil {
		return nil, fmt.Errorf("--ticket-keys: %w", err)
	}
	return ring, nil
}

// revoke adds one pseudonym, or changes until when it holds.
func revoke(p *notice.Posture, hash string, until notice.DateTime) {
	r := notice.Revoked{Hash: hash, Until: until}
	if i := slices.IndexFunc(p.Revoked, func(have notice.Revoked) bool { return have.Hash == hash }); i >= 0 {
		p.Revoked[i] = r
		return
	}
	p.Revoked = append(p.Revoked, r)
}

// revocationSize is what one more revocation takes in the document.
var revocationSize = len(`{"hash":"","until":"2026-03-01T06:00:00+00:00"},`) + 64

// roomFor is how many more revocations a posture of that size holds, beside those
// that it has; at least (docs/adr/0006).
func roomFor(payload, have int) int {
	return max(0, min((notice.MaxPayload-payload)/revocationSize, notice.MaxRevoked-have))
}

// errPostureFull explains what to do when there is no room.
func errPostureFull(p *notice.Posture, cause error) error {
	return fmt.Errorf(`the posture is full: %d revocations are more than it holds: %w.
Make room:
    tocsin posture set --unrevoke … takes one back; what has lapsed is dropped by itself (--until 2d lapses sooner)
For very many people everyone is meant:
    tocsin posture everyone-reset --issuer ISS …   tokens issued before now are void, whoever logs in anew has a good one
    tocsin posture set --ticket-epoch +1 …         tickets are void, whoever has a token has a new one at once
With both in force the single revocations are needed only for who could still log in`, len(p.Revoked), cause)
}

// full tells whether a posture was refused for its size.
func full(err error) bool {
	var rule *notice.RuleError
	return errors.As(err, &rule) && (rule.Rule == "json.size" || rule.Rule == "posture.revoked")
}
