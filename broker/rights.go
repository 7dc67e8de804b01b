package broker

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats-server/v2/server"
)

// need is something that a hub must be permitted, beside reading.
type need struct{ what, publish, subscribe string }

// needs are those of each role. In deploy/nats no user has all of both: edges and desks live
// in different accounts (docs/adr/0012).
var needs = map[Role][]need{
	RoleEdge: {
		{what: "hear heads", subscribe: SubjectHead},
		{what: "write receipts", publish: receiptsPrefix + ">"},
	},
	RoleDesk: {
		{what: "append to the log", publish: "tocsin.log.>"},
		{what: "keep proposals", publish: deskPrefix + ">"},
		{what: "hand heads on", publish: SubjectHead},
	},
}

// userInfo is what a server says of a connection's user.
type userInfo struct {
	Account     string              `json:"account"`
	Permissions *server.Permissions `json:"permissions"`
}

// user asks the server who this connection is.
func (b *Broker) user(ctx context.Context) (userInfo, error) {
	ctx, done, err := b.link.within(ctx, requestTimeout)
	if err != nil {
		return userInfo{}, err
	}
	defer done()
	msg, err := b.conn.RequestWithContext(ctx, "$SYS.REQ.USER.INFO", nil)
	if err != nil {
		return userInfo{}, fmt.Errorf("asking for the account: %w", err)
	}
	var answer struct {
		Data userInfo `json:"data"`
	}
	if err := json.Unmarshal(msg.Data, &answer); err != nil {
		return userInfo{}, fmt.Errorf("asking for the account: %w", err)
	}
	return answer.Data, nil
}

// Lacks names what a hub of these roles must do and the server does not permit this
// connection's user. It does not see what an account lacks. An error means that the server
// did not say: there is no connection, or the user may not ask.
func (b *Broker) Lacks(ctx context.Context, roles ...Role) ([]string, error) {
	user, err := b.user(ctx)
	if err != nil || user.Permissions == nil {
		return nil, err
	}
	var lacks []string
	for _, role := range roles {
		for _, n := range needs[role] {
			if !permitted(user.Permissions.Publish, n.publish) || !permitted(user.Permissions.Subscribe, n.subscribe) {
				lacks = append(lacks, fmt.Sprintf("%s (%s)", n.what, n.publish+n.subscribe))
			}
		}
	}
	return lacks, nil
}

// permitted tells whether a subject is within what is allowed, and outside of what is denied;
// nothing always is.
func permitted(p *server.SubjectPermission, subject string) bool {
	if p == nil || subject == "" {
		return true
	}
	within := func(pattern string) bool {
		pattern, _, _ = strings.Cut(pattern, " ") // a queue's name may follow
		return server.SubjectMatchesFilter(subject, pattern)
	}
	return (len(p.Allow) == 0 || slices.ContainsFunc(p.Allow, within)) && !slices.ContainsFunc(p.Deny, within)
}

// FollowRights tells each what [Broker.Lacks] says, whenever a connection has come about,
// until ctx ends (then it returns nil) or the Broker is closed ([ErrClosed]). A server that
// ends a connection because rights were changed is asked again that way.
func (b *Broker) FollowRights(ctx context.Context, each func(lacks []string), roles ...Role) error {
	for {
		up, changed := b.link.state()
		if up {
			if lacks, err := b.Lacks(ctx, roles...); err == nil {
				each(lacks)
			}
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil
		case <-b.closed:
			return ErrClosed
		}
	}
}
