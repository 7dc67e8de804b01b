package main

import (
	"fmt"
	"maps"
	"time"

	"tocsin/auth"
	"tocsin/notice"
)

// block blocks an issuer since a time. What an earlier block keeps out stays out.
func block(p *notice.Posture, issuer string, since notice.DateTime) error {
	if p.IssuerBlocked == nil {
		p.IssuerBlocked = make(map[string]notice.Blocked)
	}
	if b, ok := p.IssuerBlocked[issuer]; ok && !b.Until.IsZero() && timeOf(b.Since).Before(timeOf(since)) {
		since = b.Since
	}
	p.IssuerBlocked[issuer] = notice.Blocked{Since: since}
	return nil
}

// unblock gives an issuer's block an end.
func unblock(p *notice.Posture, issuer string) error {
	b, ok := p.IssuerBlocked[issuer]
	if !ok || !b.Until.IsZero() {
		return fmt.Errorf("--unblock %s: it is not blocked; \"tocsin posture show\" names who is", issuer)
	}
	until := now()
	if least := timeOf(b.Since).Add(time.Second); until.Before(least) {
		until = least
	}
	b.Until = notice.FormatTime(until)
	p.IssuerBlocked[issuer] = b
	return nil
}

// unblockAll gives every block an end.
func unblockAll(p *notice.Posture) error {
	for issuer, b := range p.IssuerBlocked {
		if b.Until.IsZero() {
			if err := unblock(p, issuer); err != nil {
				return err
			}
		}
	}
	return nil
}

// withoutSpent copies blocks, but for those that no ticket can be held against any more.
func withoutSpent(blocks map[string]notice.Blocked, at time.Time) map[string]notice.Blocked {
	blocks = maps.Clone(blocks)
	maps.DeleteFunc(blocks, func(_ string, b notice.Blocked) bool {
		return !b.Until.IsZero() && timeOf(b.Until).Add(auth.TicketLife).Before(at)
	})
	return blocks
}

// blockedWords says what a block does.
func blockedWords(issuer string, b notice.Blocked) string {
	if !b.Until.IsZero() {
		return fmt.Sprintf("%s is believed again since %s. Tokens issued before that are void, and tickets earned from %s on until then.",
			issuer, clock(b.Until), clock(b.Since))
	}
	return fmt.Sprintf("%s is blocked: none of its tokens counts, so those who log in there see no private notices. "+
		"With a ticket earned before %s they still see restricted ones; later tickets are void.", issuer, clock(b.Since))
}
