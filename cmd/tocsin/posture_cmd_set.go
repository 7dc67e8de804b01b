package main

import (
	"context"
	"strconv"
	"strings"

	"tocsin/notice"
)

type postureSetCmd struct {
	TokensNotBefore []string `sep:"none" placeholder:"ISS=T" help:"Tokens of this issuer issued before T are void (repeat for more)."`
	Block           []string `sep:"none" placeholder:"ISS=T" help:"No token of this issuer counts, nor tickets earned since T (repeat for more)."`
	Unblock         []string `sep:"none" placeholder:"ISS" help:"Believe this issuer again: it has new keys (repeat for more)."`
	TicketEpoch     string   `placeholder:"N" help:"Tickets of earlier epochs are void; +1 is the next one."`
	Incident        *bool    `negatable:"" help:"An incident is declared, or over: hubs put off work that does not serve the crisis."`
	revokeFlags
	postureFlags
}

func (postureSetCmd) Help() string {
	return `T is a date and time (2026-03-01T06:00:00Z), or so long ago (2h), or "now".

    tocsin posture set --ticket-epoch +1 --note "an edge was broken into" --key ana.key
    tocsin posture set --revoke https://idp.example=pat-7 --ticket-keys ticket.keys --note "stolen tablet" --key ana.key
    tocsin posture set --unrevoke https://idp.example=pat-7 --ticket-keys ticket.keys --note "found" --key ana.key
    tocsin posture set --unrevoke 1f3a5c7e9b2d4f60 --note "as posture show calls them" --key ana.key
    tocsin posture set --unblock https://idp.example --tokens-not-before https://idp.example=now --note "new keys" --key ana.key`
}

// Run changes what the flags name.
func (cmd postureSetCmd) Run(ctx context.Context, c console) error {
	if len(cmd.TokensNotBefore)+len(cmd.Block)+len(cmd.Unblock) == 0 && !cmd.revokeFlags.given() &&
		cmd.TicketEpoch == "" && cmd.Incident == nil {
		return misusef("nothing to set; see tocsin posture set --help")
	}
	return cmd.publish(ctx, c, cmd.issuers(), cmd.change)
}

// issuers are those that the flags name, and of which tokens are judged by that name.
// An issuer that is unblocked is looked for in the posture in force instead.
func (cmd postureSetCmd) issuers() []string {
	var list []string
	for _, values := range [][]string{cmd.TokensNotBefore, cmd.Block} {
		for _, v := range values {
			if i := strings.LastIndex(v, "="); i > 0 {
				list = append(list, v[:i])
			}
		}
	}
	return append(list, cmd.revokeFlags.issuers()...)
}

func (cmd postureSetCmd) change(p *notice.Posture) error {
	for _, issuer := range cmd.Unblock {
		if err := unblock(p, issuer); err != nil {
			return err
		}
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
	return cmd.revokeFlags.change(p)
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
