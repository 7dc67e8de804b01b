package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"tocsin/notice"
)

type postureLoginDownCmd struct{ postureFlags }

func (postureLoginDownCmd) Help() string {
	return `Tokens and tickets go on counting as they do without it: tokens until they expire,
tickets for 30 days. Hubs put off work that does not serve the crisis.`
}

// Run declares an incident.
func (cmd postureLoginDownCmd) Run(ctx context.Context, c console) error {
	return cmd.publish(ctx, c, nil, func(p *notice.Posture) error {
		p.Incident = true
		return nil
	})
}

type postureStolenCmd struct {
	Issuer string `required:"" placeholder:"ISS" help:"The issuer, as its tokens name it (iss)."`
	Since  past   `placeholder:"T" help:"Since when its keys may be in wrong hands: 2026-03-01T06:00:00Z, or so long ago (2h). Default: now, or as is."`
	postureFlags
}

func (postureStolenCmd) Help() string {
	return `None of the issuer's tokens counts until it is unblocked (posture set --unblock), after it
has new keys; those issued earlier stay void. Who earned a ticket before --since keeps it and sees restricted notices; later
tickets may be a thief's and are void. When in doubt, choose an earlier time.`
}

// Run blocks the issuer.
func (cmd postureStolenCmd) Run(ctx context.Context, c console) error {
	return cmd.publish(ctx, c, []string{cmd.Issuer}, func(p *notice.Posture) error {
		since := notice.FormatTime(now())
		if b, ok := p.IssuerBlocked[cmd.Issuer]; ok && b.Until.IsZero() {
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
	At     past   `placeholder:"T" help:"When everyone was logged out: 2026-03-01T06:00:00Z, or so long ago (10m). Default: now."`
	postureFlags
}

func (postureResetCmd) Help() string {
	return `Tokens issued before that time are void; whoever logs in anew has a good one at once.
Tickets stay: they prove who somebody was before.`
}

// Run voids the issuer's older tokens.
func (cmd postureResetCmd) Run(ctx context.Context, c console) error {
	return cmd.publish(ctx, c, []string{cmd.Issuer}, func(p *notice.Posture) error {
		return notBefore(p, cmd.Issuer, cmd.At.before(now()))
	})
}

type postureClearCmd struct {
	UnrevokeAll bool `help:"Believe everyone who was revoked again, whoever holds their devices by now."`
	postureFlags
}

func (postureClearCmd) Help() string {
	return `The incident is over, and blocked issuers are believed again. What a thief may hold stays
void: tickets of an earlier epoch, tokens of before everyone-reset, what was made while an
issuer's keys were in wrong hands, and who is revoked, until that lapses. The honest log in
anew. One who has the stolen tablet back: posture set --unrevoke; all of them: --unrevoke-all.

    tocsin posture clear --note "all is well" --key ana.key`
}

// Run ends the crisis, and gives no thief back what he holds.
func (cmd postureClearCmd) Run(ctx context.Context, c console) error {
	return cmd.publish(ctx, c, nil, cmd.change)
}

func (cmd postureClearCmd) change(p *notice.Posture) error {
	p.Incident = false
	if cmd.UnrevokeAll {
		p.Revoked = nil
	}
	return unblockAll(p)
}

// notBefore voids an issuer's tokens of before a time.
func notBefore(p *notice.Posture, issuer string, at notice.DateTime) error {
	if p.TokensNotBefore == nil {
		p.TokensNotBefore = make(map[string]notice.DateTime)
	}
	p.TokensNotBefore[issuer] = at
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
	if err := incompleteTime(s); err != nil {
		return err
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
