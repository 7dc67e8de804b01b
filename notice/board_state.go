package notice

import "slices"

// state is what holds of the accepted entries under one keyset. Nothing void is in
// it, so that a client which folds a snapshot, and never saw what is void, comes
// to the same.
type state struct {
	accepted    []*Accepted            // in the log's order
	live        map[[32]byte]*Accepted // the same, by payload
	identifiers map[string]struct{}    // of the notices
	threads     map[string]*thread     // by the Alert's identifier
	order       []*thread
	contacts    *document
	posture     *document
}

// thread is a Thread that may still grow.
type thread struct {
	Thread
	need int // the highest threshold of the Alert and the Updates
}

func newState() *state {
	return &state{
		live: make(map[[32]byte]*Accepted), identifiers: make(map[string]struct{}),
		threads: make(map[string]*thread),
	}
}

// foldKept folds what was accepted once under another keyset. It is linear in
// what is kept, and verifies no signature that was verified before.
func foldKept(kept []*document, ks *Keyset) *state {
	s := newState()
	for _, d := range kept {
		if t, err := s.tally(d, ks); err == nil && t.Met {
			s.apply(d, d.accepted(t), ks)
		}
	}
	return s
}

// missing lists what holds in s and not in other.
func (s *state) missing(other *state) []*Accepted {
	var list []*Accepted
	for _, a := range s.accepted {
		if _, ok := other.live[a.Hash]; !ok {
			list = append(list, a)
		}
	}
	return list
}

// changed lists what holds in s and is not the same in before: contacts, posture,
// and threads, each whole. The same document by another entry is a change: readers
// may hold the one whose signatures no longer count.
func (s *state) changed(before *state) []*Accepted {
	var list []*Accepted
	for _, pair := range [][2]*document{{s.contacts, before.contacts}, {s.posture, before.posture}} {
		if now, then := pair[0], pair[1]; now != nil && now != then {
			list = append(list, s.live[now.hash])
		}
	}
	for _, t := range s.order {
		if then, ok := before.threads[t.Alert.Notice.Identifier]; !ok || !sameMessages(t, then) {
			list = append(list, t.Messages...)
		}
	}
	return list
}

func sameMessages(t, u *thread) bool {
	return slices.EqualFunc(t.Messages, u.Messages, func(a, b *Accepted) bool { return a.Seq == b.Seq })
}

// tally applies the rules to d, standing behind what holds, but for the one that
// its signatures suffice.
func (s *state) tally(d *document, ks *Keyset) (Tally, error) {
	floor, err := s.judge(d, ks)
	if err != nil {
		return Tally{}, err
	}
	demand, err := demandOf(d.doc, &ks.Policy)
	if err != nil {
		return Tally{}, err
	}
	demand.need = max(demand.need, floor)
	return d.verifier.tally(ks, demand), nil
}

// judge applies the rules that have nothing to do with signatures, and returns the
// threshold that what holds asks of d, or 0.
func (s *state) judge(d *document, ks *Keyset) (floor int, err error) {
	switch doc := d.doc.(type) {
	case *Notice:
		if _, ok := s.live[d.hash]; ok {
			return 0, broken("duplicate", "the board holds this notice")
		}
		if err := d.check(doc, &ks.Policy); err != nil {
			return 0, err
		}
		return s.checkThread(doc)
	case *Contacts:
		if s.contacts != nil && doc.Version <= s.contacts.doc.(*Contacts).Version {
			return 0, broken("contacts.version", "%d does not rise", doc.Version)
		}
	case *Posture:
		if s.posture != nil && doc.Version <= s.posture.doc.(*Posture).Version {
			return 0, broken("posture.version", "%d does not rise", doc.Version)
		}
	}
	return 0, nil
}

// check applies the rules on the document. All but those on links depend on the
// document alone, so a refold need not apply them again.
func (d *document) check(n *Notice, p *Policy) error {
	if d.checked {
		return checkLinks(n, p)
	}
	err := Check(n, p)
	d.checked = err == nil
	return err
}

// checkThread applies the rules on n's place among what holds, and returns the
// threshold that the thread asks of it.
func (s *state) checkThread(n *Notice) (floor int, err error) {
	if _, taken := s.identifiers[n.Identifier]; taken {
		return 0, broken("identifier.taken", "another notice on the board has this identifier")
	}
	if n.MsgType == MsgAlert {
		return 0, nil
	}
	id, err := n.ThreadID()
	if err != nil {
		return 0, err
	}
	t, ok := s.threads[id]
	if !ok || t.Alert.Notice.Reference() != n.References[0] {
		return 0, broken("reference.alert", "the board holds no Alert %q", n.References[0])
	}
	if err := t.checkSame(n); err != nil {
		return 0, err
	}
	if n.MsgType == MsgCancel && len(n.Info) == 0 {
		return 0, nil
	}
	return t.need, nil
}

// checkSame holds n against its thread: nothing that decides who gets a notice, or
// how many must sign it, changes under way.
func (t *thread) checkSame(n *Notice) error {
	alert := t.Alert.Notice
	switch {
	case n.Status != alert.Status:
		return broken("thread.status", "%s, where the Alert's is %s", n.Status, alert.Status)
	case n.Scope != alert.Scope:
		return broken("thread.scope", "%s, where the Alert's is %s", n.Scope, alert.Scope)
	case n.Restriction != alert.Restriction:
		return broken("thread.restriction", "not the Alert's")
	case !NewLabels(n.Addresses...).Equal(NewLabels(alert.Addresses...)):
		return broken("thread.addresses", "not the Alert's")
	}
	return nil
}

// apply adds what the rules have passed.
func (s *state) apply(d *document, a *Accepted, ks *Keyset) {
	s.accepted = append(s.accepted, a)
	s.live[a.Hash] = a
	switch doc := d.doc.(type) {
	case *Contacts:
		s.contacts = d
	case *Posture:
		s.posture = d
	case *Notice:
		s.identifiers[doc.Identifier] = struct{}{}
		s.applyNotice(doc, a, ks.Policy.Thresholds.ForNotice(doc))
	}
}

func (s *state) applyNotice(n *Notice, a *Accepted, need int) {
	if n.MsgType == MsgAlert {
		t := &thread{Thread: Thread{Alert: a, Current: a, Content: a, Messages: []*Accepted{a}}, need: need}
		s.threads[n.Identifier] = t
		s.order = append(s.order, t)
		return
	}
	id, _ := n.ThreadID() // checkThread has seen that it has one
	t := s.threads[id]
	t.Messages = append(t.Messages, a)
	if n.MsgType == MsgUpdate {
		t.need = max(t.need, need)
	}
	t.Thread.choose(a, n.MsgType == MsgCancel)
}

// choose lets a new message be current, or not. Which message wins does not depend
// on the order in which they came: a node and a client may see a message that was
// void and holds again at different places. So what follows a Cancel is accepted,
// and changes nothing; that nobody publishes it is for the desk to see to.
func (t *Thread) choose(a *Accepted, cancel bool) {
	if cancel {
		if !t.Cancelled || a.supersedes(t.Current) {
			t.Cancelled, t.Current = true, a
		}
		return
	}
	if a.supersedes(t.Content) {
		t.Content = a
	}
	if !t.Cancelled {
		t.Current = t.Content
	}
}

// supersedes tells whether a wins over b, both of one thread and one kind.
func (a *Accepted) supersedes(b *Accepted) bool {
	if a.Revision != b.Revision {
		return a.Revision > b.Revision
	}
	return slices.Compare(a.Hash[:], b.Hash[:]) < 0
}

// copy is what the board hands out; a later append to Messages leaves it alone.
func (t *thread) copy() Thread {
	c := t.Thread
	c.Messages = slices.Clip(c.Messages)
	return c
}
