package main

import (
	"errors"
	"fmt"
	"io/fs"

	"tocsin/auth"
)

type keyRingCmd struct {
	File   string `arg:"" help:"The ring (0600). Without a flag it is made, and never overwritten."`
	Rotate bool   `xor:"act" help:"Make a new key that seals from now on: for a server alone."`
	Add    bool   `xor:"act" help:"Make a new key that opens, and does not seal yet: the first step for several servers."`
	First  string `xor:"act" placeholder:"ID" help:"Let this key of the ring seal: the second step."`
	List   bool   `xor:"act" help:"Print the ids of its keys, and change nothing."`
	Older  int    `default:"2" placeholder:"N" help:"With --rotate or --first: how many older keys go on opening (default 2). 0 voids all that they sealed."`
	JSON   bool   `help:"Print the ids, the first of which seals, as one list, for programs."`
}

func (keyRingCmd) Help() string {
	return `Several servers that share a ring can read each other's tickets, or staff sessions: give
one to all edges (desks make cohorts with it, too), another to all desks. A server alone
makes its own. Running servers take up a changed file within seconds.

    tocsin key ring ticket.keys
    tocsin key ring desk.keys

A server alone rotates in one step; run it as the user that the server runs as:

    tocsin key ring .tocsin/ticket.keys --rotate

Several servers in two, so that none seals what another can't open yet:

    tocsin key ring ticket.keys --add              prints the new key's id
    (copy ticket.keys to every server; wait until tocsin status there lists the id)
    tocsin key ring ticket.keys --first ID
    (copy it to every server again)

Tickets live up to 30 days: two older keys are enough for whoever rotates every other week.
If a ring is stolen, drop the old keys at once and void what they sealed:

    tocsin key ring ticket.keys --rotate --older 0
    tocsin posture set --ticket-epoch +1 --note "the ticket keys are stolen" --key ana.key

The ring's pseudonym key never changes: cohorts and revocations are made with it.`
}

// Run makes the ring, or changes it.
func (cmd keyRingCmd) Run(c console) error {
	if cmd.Older < 0 {
		return misusef("--older %d: 0 or more", cmd.Older)
	}
	if !cmd.Rotate && !cmd.Add && cmd.First == "" && !cmd.List {
		return cmd.make(c)
	}
	if _, err := readSecret(cmd.File); err != nil { // with what to do about it
		return fmt.Errorf("reading the ring: %w", err)
	}
	ring, err := auth.LoadKeyring(cmd.File)
	if err != nil {
		return err
	}
	if cmd.List {
		return cmd.print(c, ring)
	}
	if err := cmd.change(ring); err != nil {
		return err
	}
	if err := replace(cmd.File, ring.Text(), 0o600); err != nil {
		return fmt.Errorf("writing the ring: %w", err)
	}
	return cmd.print(c, ring)
}

func (cmd keyRingCmd) make(c console) error {
	if err := newRing(cmd.File); errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists, and is not overwritten; --rotate gives it a new key", cmd.File)
	} else if err != nil {
		return err
	}
	ring, err := auth.LoadKeyring(cmd.File)
	if err != nil {
		return err
	}
	return cmd.print(c, ring)
}

// change applies what the flags say.
func (cmd keyRingCmd) change(ring *auth.Keyring) error {
	id := cmd.First
	if id == "" {
		added, err := ring.Add()
		if err != nil {
			return fmt.Errorf("%s: %w; --first %s --older 1 drops old ones", cmd.File, err, ring.KeyIDs()[0])
		}
		if cmd.Add {
			return nil
		}
		id = added
	}
	if err := ring.Promote(id, cmd.Older); err != nil {
		return fmt.Errorf("%s: %w; tocsin key ring %s --list names those that it has", cmd.File, err, cmd.File)
	}
	return nil
}

func (cmd keyRingCmd) print(c console, ring *auth.Keyring) error {
	ids := ring.KeyIDs()
	if cmd.JSON {
		return c.printJSON(ids)
	}
	for i, id := range ids {
		does := "opens"
		if i == 0 {
			does = "seals and opens"
		}
		if _, err := fmt.Fprintf(c.Out, "%s  %s\n", id, does); err != nil {
			return err
		}
	}
	return nil
}
