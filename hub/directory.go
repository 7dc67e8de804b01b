package hub

import "tocsin/notice"

// directory finds the sessions in a shard's wheel by their labels, so that an entry for
// few touches few. It belongs to its shard.
type directory map[notice.Label]*page

// page are the sessions that have one label.
type page struct{ members []member }

// member is a session in a page, and which of its filings that is.
type member struct {
	session *session
	filing  int
}

// filing is where a session stands in a page.
type filing struct {
	label notice.Label
	page  *page
	at    int
}

// add files a session under all its labels.
func (d directory) add(s *session) {
	a := s.access.Load()
	s.filed = make([]filing, 0, a.labels.Len())
	for label := range a.labels.With(a.grant.Private...).All() {
		p := d[label]
		if p == nil {
			p = &page{}
			d[label] = p
		}
		s.filed = append(s.filed, filing{label, p, len(p.members)})
		p.members = append(p.members, member{s, len(s.filed) - 1})
	}
}

// remove takes a session out of all pages.
func (d directory) remove(s *session) {
	for _, f := range s.filed {
		last := len(f.page.members) - 1
		moved := f.page.members[last]
		f.page.members[f.at] = moved
		moved.session.filed[moved.filing].at = f.at
		f.page.members[last] = member{}
		if f.page.members = f.page.members[:last]; last == 0 {
			delete(d, f.label)
		}
	}
	s.filed = nil
}

// find appends the sessions that may see an entry to list, some perhaps that may not, and
// none that may see it is left out. ok is false if there are more than most, or if it is
// for no labels.
func (d directory) find(list []*session, n *notice.Notice, most int) (found []*session, ok bool) {
	kind, few := "", most+1
	for _, address := range n.Addresses {
		if k := notice.Label(address).Kind(); k != kind {
			if count := d.count(n, k); count < few {
				kind, few = k, count
			}
		}
	}
	if few > most {
		return list, false
	}
	for _, address := range n.Addresses {
		if label := notice.Label(address); label.Kind() == kind {
			if p := d[label]; p != nil {
				for _, m := range p.members {
					list = append(list, m.session)
				}
			}
		}
	}
	return list, true
}

// count is how many sessions have a value of a kind that an entry is for; one that has two
// counts twice.
func (d directory) count(n *notice.Notice, kind string) (sessions int) {
	for _, address := range n.Addresses {
		if label := notice.Label(address); label.Kind() == kind {
			if p := d[label]; p != nil {
				sessions += len(p.members)
			}
		}
	}
	return sessions
}
