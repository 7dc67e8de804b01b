package broker

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/nats-io/nats-server/v2/server"

	"tocsin/notice"
)

// need is something that a hub must be permitted, beside reading: every subject of publish
// and subscribe. Those are samples of what hubs use, and no patterns, since rights may be
// given in parts.
type need struct {
	what, where        string // where is for people
	publish, subscribe []string
}

// needs are those of each role. In deploy/nats no user has all of both: edges and desks live
// in different accounts (docs/adr/0012).
var needs = map[Role][]need{
	RoleEdge: {
		{what: "hear heads", where: SubjectHead, subscribe: []string{SubjectHead}},
		{what: "write receipts", where: receiptsPrefix + ">", publish: []string{receiptsPrefix + "notice.edge"}},
	},
	RoleDesk: {
		{what: "append to the log", where: logSubjects, publish: []string{
			notice.SubjectNotice + "sample", notice.SubjectKeyset, notice.SubjectContacts,
			notice.SubjectPosture, notice.SubjectRedaction,
		}},
		{what: "keep proposals", where: deskPrefix + ">", publish: []string{deskPrefix + "sample"}},
		{what: "hand heads on", where: SubjectHead, publish: []string{SubjectHead}},
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
	if err != nil {
		return nil, err
	}
	return user.lacks(roles...), nil
}

func (u userInfo) lacks(roles ...Role) (lacks []string) {
	for _, role := range roles {
		for _, n := range needs[role] {
			if !u.mayPublish(n.publish...) || !u.maySubscribe(n.subscribe...) {
				lacks = append(lacks, fmt.Sprintf("%s (%s)", n.what, n.where))
			}
		}
	}
	return lacks
}

func (u userInfo) mayPublish(subjects ...string) bool {
	return u.Permissions == nil || permitted(u.Permissions.Publish, subjects)
}

func (u userInfo) maySubscribe(subjects ...string) bool {
	return u.Permissions == nil || permitted(u.Permissions.Subscribe, subjects)
}

// permitted tells whether all subjects are within what is allowed, and outside of what is
// denied.
func permitted(p *server.SubjectPermission, subjects []string) bool {
	if p == nil {
		return true
	}
	for _, subject := range subjects {
		within := func(pattern string) bool {
			pattern, _, _ = strings.Cut(pattern, " ") // a queue's name may follow
			return server.SubjectMatchesFilter(subject, pattern)
		}
		if len(p.Allow) > 0 && !slices.ContainsFunc(p.Allow, within) || slices.ContainsFunc(p.Deny, within) {
			return false
		}
	}
	return true
}
