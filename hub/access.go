package hub

import (
	"slices"

	"tocsin/auth"
	"tocsin/notice"
	"tocsin/wire"
)

// access is what a session may see: a grant, ready for matching. It is immutable.
type access struct {
	grant  auth.Grant
	scope  notice.Scope
	labels notice.Labels
	sure   notice.Labels // for what is Private
}

func newAccess(g auth.Grant) *access {
	a := &access{grant: g, scope: notice.ScopePublic, labels: notice.NewLabels(g.Labels...), sure: notice.NewLabels(g.Private...)}
	switch g.Tier {
	case auth.Restricted:
		a.scope = notice.ScopeRestricted
	case auth.Private:
		a.scope = notice.ScopePrivate
	}
	return a
}

// sees tells whether the session may be sent an item that has a frame.
func (a *access) sees(it *item) bool { return it.open || a.seesNotice(it.notice) }

func (a *access) seesNotice(n *notice.Notice) bool {
	if n.Scope == notice.ScopePrivate {
		return n.VisibleTo(a.scope, a.sure)
	}
	return n.VisibleTo(a.scope, a.labels)
}

// same tells whether a client would notice no difference.
func (a *access) same(g auth.Grant) bool {
	return a.grant.Tier == g.Tier && a.grant.State == g.State && a.grant.Reason == g.Reason &&
		a.grant.Ticket == g.Ticket && slices.Equal(a.grant.Labels, g.Labels) && slices.Equal(a.grant.Private, g.Private)
}

// frame is the access as the members that welcome and auth share.
func (a *access) frame() wire.Auth {
	return wire.Auth{
		Tier:          wire.Tier(a.grant.Tier.String()),
		Labels:        a.grant.Labels,
		Auth:          wire.AuthState{State: wire.Grade(a.grant.State), Reason: string(a.grant.Reason)},
		Ticket:        a.grant.Ticket,
		TicketExpires: a.grant.TicketExpires,
	}
}
