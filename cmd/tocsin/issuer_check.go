package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tocsin/client"
)

// checkIssuers refuses issuers that the desk does not know, unless anyway: a name with a
// slip in it would be published, and do nothing. A desk that knows none can't tell.
func (s *signIn) checkIssuers(ctx context.Context, c console, issuers []string, anyway bool) error {
	if anyway || len(issuers) == 0 {
		return nil
	}
	known, err := s.knownIssuers(ctx)
	if err != nil {
		return err
	}
	if len(known) == 0 {
		c.say("Note: the desk at %s knows no issuers, so the spelling of %s is not checked.", s.flags.Desk,
			printable(strings.Join(slices.Compact(slices.Sorted(slices.Values(issuers))), ", ")))
		return nil
	}
	for _, issuer := range issuers {
		if !slices.Contains(known, issuer) {
			return fmt.Errorf("the desk knows no issuer %q; it would change nothing. It knows:\n  %s\n"+
				"If the name is right nevertheless, say --any-issuer", issuer, strings.Join(known, "\n  "))
		}
	}
	return nil
}

// knownIssuers are those that the desk is configured with.
func (s *signIn) knownIssuers(ctx context.Context) ([]string, error) {
	known, err := s.desk.Issuers(ctx)
	if errors.Is(err, client.ErrNotFound) { // an older desk
		return nil, nil
	}
	if err != nil {
		return nil, deskFailure(s.flags.Desk, "asking which issuers it knows", err)
	}
	return known, nil
}
