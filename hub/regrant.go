package hub

import "context"

// watchGrants tells the shards when grants may differ.
func (h *Hub) watchGrants(ctx context.Context) {
	for {
		changed := h.config.Authority.Changed() // before they are asked for
		h.grants.Add(1)
		h.wakeShards()
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

// regrant takes up a changed grant: it tells the client, and sends what the
// session can see now and could not before. What came meanwhile goes first, as far
// as both grants allow it, so that nothing comes twice. Called by a lane.
func (s *session) regrant() error {
	g, same := s.grantNow()
	if same {
		return nil
	}
	before, after := s.access.Load(), newAccess(g)
	s.access.Store(after)
	s.enrol(after)
	s.hub.metrics.regrants.Inc()
	said := s.link.appendJSON(s.head, after.frame().AppendTo(nil))
	s.head = nil
	if err := s.link.write(said); err != nil {
		return err
	}
	if !after.grewFrom(before) {
		return nil
	}
	if s.held != nil {
		s.held.grown = true
		return nil
	}
	s.told.state = "" // the heartbeat behind the last of them says that it was the last
	snap := s.hub.snapshot()
	meanwhile, ok := s.due(snap.view)
	if !ok {
		s.at, s.owed = snap.view.place(), snap.items // all of it, then
		return nil
	}
	s.at, s.owed = snap.view.place(), nil
	rest, err := s.sendItems(meanwhile, func(it *item) bool { return before.sees(it) && after.sees(it) }, nil, true)
	if rest == nil && err == nil {
		rest, err = s.sendItems(snap.items, func(it *item) bool { return after.sees(it) && !before.sees(it) }, nil, true)
	}
	if rest != nil {
		// The grant changed once more, and what was sent is between two states. Clients
		// know what they have by its hash, so all that holds now does as well.
		s.owed = snap.items
	}
	return err
}

// grewFrom tells whether a may see something that before may not.
func (a *access) grewFrom(before *access) bool {
	return a.grant.Tier > before.grant.Tier || !before.labels.HasAll(a.labels) || !before.sure.HasAll(a.sure)
}
