package main

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tocsin/auth"
	"tocsin/notice"
)

type postureLoginDownCmd struct{ postureFlags }

func (postureLoginDownCmd) Help() string {
	return `Tokens and tickets go on counting as they do without it: tokens until they expire,
tickets for 30 days. Hubs put off work that does not serve the crisis.`
}

// Run declares an incident.
func (cmd postureLoginDownCmd) Run(ctx context.Context, c console) error {
	return cmd.publish(ctx, c, func(p *notice.Posture) error {
		p.Incident = true
		return nil
	})
}

type postureStolenCmd struct {
	Issuer string `required:"" placeholder:"ISS" help:"The issuer, as its tokens name it (iss)."`
	Since  past   `placeholder:"T" help:"Since when its keys may be in wrong hands: a date and time, or so long ago (2h). Default: now, or as is."`
	postureFlags
}

func (postureStolenCmd) Help() string {
	return `None of the issuer's tokens counts until it is unblocked (posture set --unblock), after it
has new keys. Who earned a ticket before --since keeps it and sees restricted notices; later
tickets may be a thief's and are void. When in doubt, choose an earlier time.`
}

// Run blocks the issuer.
func (cmd postureStolenCmd) Run(ctx context.Context, c console) error {
	return cmd.publish(ctx, c, func(p *notice.Posture) error {
		since := notice.FormatTime(now())
		if b, blocked := p.IssuerBlocked[cmd.Issuer]; blocked {
			since = b.Since
		}
		if cmd.Since.given() {
			since = cmd.Since.before(now())
		}
		p.Incident = true
		return block(p, cmd.Issuer, since)
	})
}

type postureResetCmd struct {
	Issuer string `required:"" placeholder:"ISS" help:"The issuer, as its tokens name it (iss)."`
	At     past   `placeholder:"T" help:"When everyone was logged out: a date and time, or so long ago (10m). Default: now."`
	postureFlags
}

func (postureResetCmd) Help() string {
	return `Tokens issued before that time are void; whoever logs in anew has a good one at once.
Tickets stay: they prove who somebody was before.`
}

// Run voids the issuer's older tokens.
func (cmd postureResetCmd) Run(ctx context.Context, c console) error {
	return cmd.publish(ctx, c, func(p *notice.Posture) error {
		return notBefore(p, cmd.Issuer, cmd.At.before(now()))
	})
}

type postureClearCmd struct{ postureFlags }

func (postureClearCmd) Help() string {
	return `All is lifted but the ticket epoch: tickets of an earlier epoch may be a thief's, and
stay void (posture set --ticket-epoch 0 would open the door to them again).`
}

// Run lifts what holds.
func (cmd postureClearCmd) Run(ctx context.Context, c console) error {
	return cmd.publish(ctx, c, func(p *notice.Posture) error {
		p.Incident, p.TokensNotBefore, p.IssuerBlocked, p.Revoked = false, nil, nil, nil
		return nil
	})
}

type postureSetCmd struct {
	TokensNotBefore []string `sep:"none" placeholder:"ISS=T" help:"Tokens of this issuer issued before T are void (repeat for more)."`
	Block           []string `sep:"none" placeholder:"ISS=T" help:"No token of this issuer counts, nor tickets earned since T (repeat for more)."`
	Unblock         []string `sep:"none" placeholder:"ISS" help:"Believe this issuer again: it has new keys (repeat for more)."`
	TicketEpoch     string   `placeholder:"N" help:"Tickets of earlier epochs are void; +1 is the next one."`
	Revoke          []string `sep:"none" placeholder:"ISS=SUB" help:"One person's credentials are void (repeat for more)."`
	RevokeLogin     []string `sep:"none" placeholder:"ISS=SID" help:"Those of one login of theirs (repeat for more)."`
	Until           moment   `default:"31d" placeholder:"T" help:"Until when a revocation holds (default 31d: longer than any ticket)."`
	TicketKeys      string   `placeholder:"FILE" help:"The edges' ticket keys: they make the pseudonyms of who is revoked."`
	Incident        *bool    `negatable:"" help:"An incident is declared, or over: hubs put off work that does not serve the crisis."`
	postureFlags
}

func (postureSetCmd) Help() string {
	return `T is a date and time (2026-03-01T06:00:00Z), or so long ago (2h), or "now".

    tocsin posture set --ticket-epoch +1 --note "an edge was broken into" --key ana.key
    tocsin posture set --revoke https://idp.example=pat-7 --ticket-keys ticket.keys --note "stolen tablet" --key ana.key
    tocsin posture set --unblock https://idp.example --tokens-not-before https://idp.example=now --note "new keys" --key ana.key`
}

// Run changes what the flags name.
func (cmd postureSetCmd) Run(ctx context.Context, c console) error {
	if len(cmd.TokensNotBefore)+len(cmd.Block)+len(cmd.Unblock)+len(cmd.Revoke)+len(cmd.RevokeLogin) == 0 &&
		cmd.TicketEpoch == "" && cmd.Incident == nil {
		return misusef("nothing to set; see tocsin posture set --help")
	}
	return cmd.publish(ctx, c, cmd.change)
}

func (cmd postureSetCmd) change(p *notice.Posture) error {
	for _, issuer := range cmd.Unblock {
		if _, blocked := p.IssuerBlocked[issuer]; !blocked {
			return fmt.Errorf("--unblock %s: it is not blocked; \"tocsin posture show\" names who is", issuer)
		}
		delete(p.IssuerBlocked, issuer)
	}
	for _, set := range []struct {
		flag   string
		values []string
		apply  func(*notice.Posture, string, notice.DateTime) error
	}{{"--tokens-not-before", cmd.TokensNotBefore, notBefore}, {"--block", cmd.Block, block}} {
		for _, v := range set.values {
			issuer, at, err := issuerTime(set.flag, v)
			if err == nil {
				err = set.apply(p, issuer, at)
			}
			if err != nil {
				return err
			}
		}
	}
	if cmd.Incident != nil {
		p.Incident = *cmd.Incident
	}
	if err := cmd.epoch(p); err != nil {
		return err
	}
	return cmd.revoke(p)
}

// epoch sets or raises the ticket epoch.
func (cmd postureSetCmd) epoch(p *notice.Posture) error {
	if cmd.TicketEpoch == "" {
		return nil
	}
	n, err := strconv.ParseInt(cmd.TicketEpoch, 10, 32)
	if err != nil || n < 0 {
		return misusef("--ticket-epoch %s: a number from 0 on, or +1", cmd.TicketEpoch)
	}
	if strings.HasPrefix(cmd.TicketEpoch, "+") {
		n += p.TicketEpoch
	}
	p.TicketEpoch = n
	return nil
}

// revoke adds the pseudonyms of those who are named; their names stay here.
func (cmd postureSetCmd) revoke(p *notice.Posture) error {
	if len(cmd.Revoke)+len(cmd.RevokeLogin) == 0 {
		return nil
	}
	if cmd.TicketKeys == "" {
		return misusef("--ticket-keys FILE: revocations are pseudonyms, which the edges' ticket keys make")
	}
	ring, err := auth.LoadKeyring(cmd.TicketKeys)
	if err != nil {
		return fmt.Errorf("--ticket-keys: %w", err)
	}
	until := cmd.Until.from(now())
	for _, set := range []struct {
		flag      string
		values    []string
		pseudonym func(issuer, id string) string
	}{{"--revoke", cmd.Revoke, ring.Pseudonym}, {"--revoke-login", cmd.RevokeLogin, ring.LoginPseudonym}} {
		for _, v := range set.values {
			issuer, id, ok := strings.Cut(v, "=")
			if !ok || issuer == "" || id == "" {
				return misusef("%s: want ISSUER=ID", set.flag) // the value may name a patient
			}
			if err := revoke(p, set.pseudonym(issuer, id), until); err != nil {
				return err
			}
		}
	}
	return nil
}

// revoke adds one pseudonym, or changes until when it holds.
func revoke(p *notice.Posture, pseudonym string, until notice.DateTime) error {
	sum, err := base64.RawURLEncoding.DecodeString(pseudonym)
	if err != nil {
		return fmt.Errorf("making a pseudonym: %w", err)
	}
	r := notice.Revoked{Hash: hex.EncodeToString(sum), Until: until}
	if i := slices.IndexFunc(p.Revoked, func(have notice.Revoked) bool { return have.Hash == r.Hash }); i >= 0 {
		p.Revoked[i] = r
		return nil
	}
	p.Revoked = append(p.Revoked, r)
	return nil
}

// notBefore voids an issuer's tokens of before a time.
func notBefore(p *notice.Posture, issuer string, at notice.DateTime) error {
	if p.TokensNotBefore == nil {
		p.TokensNotBefore = make(map[string]notice.DateTime)
	}
	p.TokensNotBefore[issuer] = at
	return nil
}

// block blocks an issuer since a time.
func block(p *notice.Posture, issuer string, since notice.DateTime) error {
	if p.IssuerBlocked == nil {
		p.IssuerBlocked = make(map[string]notice.Blocked)
	}
	p.IssuerBlocked[issuer] = notice.Blocked{Since: since}
	return nil
}

// issuerTime reads ISSUER=TIME; no time has a "=" in it.
func issuerTime(flag, value string) (string, notice.DateTime, error) {
	i := strings.LastIndex(value, "=")
	if i <= 0 {
		return "", "", misusef("%s %s: want ISSUER=TIME", flag, value)
	}
	var at past
	if err := at.UnmarshalText([]byte(value[i+1:])); err != nil {
		return "", "", misusef("%s %s: %w", flag, value, err)
	}
	return value[:i], at.before(now()), nil
}

// past is a flag that says since when: a date and time with an offset, so long ago
// ("2h", "3d"), or "now". A time to come is refused: it would void what is made anew.
type past struct {
	set bool
	ago time.Duration
	at  time.Time
}

// pastLeeway lets a time be a little ahead of this device's clock.
const pastLeeway = 2 * time.Minute

// UnmarshalText parses any of the forms.
func (p *past) UnmarshalText(text []byte) error {
	s := string(text)
	if s == "now" {
		*p = past{set: true}
		return nil
	}
	if at, err := time.Parse(time.RFC3339, s); err == nil {
		if at.After(time.Now().Add(pastLeeway)) {
			return fmt.Errorf("%q lies ahead; what is issued until then would be void too", s)
		}
		*p = past{set: true, at: at}
		return nil
	}
	span, err := parseSpan(s)
	if err != nil {
		return fmt.Errorf("%q is neither so long ago (30m, 2h, 3d), nor a date and time (2026-03-01T18:00:00+01:00), nor now", s)
	}
	*p = past{set: true, ago: span}
	return nil
}

// given reports whether the flag was there.
func (p past) given() bool { return p.set }

// before is the time, for a reader whose clock says from.
func (p past) before(from time.Time) notice.DateTime {
	if p.at.IsZero() {
		return notice.FormatTime(from.Add(-p.ago))
	}
	return notice.FormatTime(p.at)
}
