package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"tocsin/broker"
)

// brokerRoles are the process's, as the broker calls them.
func (cmd *serveCmd) brokerRoles() (roles []broker.Role) {
	for _, r := range cmd.Roles {
		roles = append(roles, broker.Role(r))
	}
	return roles
}

// errBothRoles: on a cluster edges and desks are different users of NATS.
const errBothRoles = `--roles %s: NATS does not permit this user (%s) to %s.
On a cluster, edges and desks are users of different accounts, so that who breaks into an edge has
no desk's rights. Run a process of each role, with --data, --nats-creds and --nats-inbox of its own:

    tocsin serve --roles edge --nats-creds edge-1.nk --nats-inbox _INBOX_edge-1 …
    tocsin serve --roles desk --nats-creds desk-1.nk --nats-inbox _INBOX_desk-1 …`

// checkRights refuses a process of both roles whose user of NATS has the rights of one: it
// would look whole, and hear no heads, or publish nothing. While NATS is away nobody can
// tell: then it is said once NATS answers, see followRights.
func (p *process) checkRights(ctx context.Context) error {
	if len(p.cmd.NATS) == 0 || !p.cmd.has("edge") || !p.cmd.has("desk") {
		return nil
	}
	lacks, err := p.broker.Lacks(ctx, p.cmd.brokerRoles()...)
	if err != nil || len(lacks) == 0 {
		return nil
	}
	return fmt.Errorf(errBothRoles, strings.Join(p.cmd.Roles, ","), cmp.Or(p.cmd.NATSCreds, "of no --nats-creds"), strings.Join(lacks, ", nor to "))
}

// followRights says what NATS does not permit this process, and its roles need. It serves
// on: an edge has its cache, and may be given its rights back.
func (p *process) followRights(ctx context.Context) error {
	return p.broker.FollowRights(ctx, func(lacks []string) {
		p.lacks.Store(&lacks)
		if len(lacks) > 0 {
			p.log.Error("NATS does not permit this user what its role needs; are --nats-creds those of another role?",
				"roles", p.cmd.Roles, "creds", p.cmd.NATSCreds, "lacks", lacks)
		}
	}, p.cmd.brokerRoles()...)
}
