package noticetest

import (
	"time"

	"tocsin/notice"
)

// Edit changes a notice that a builder has made.
type Edit = func(*notice.Notice)

// Alert is a public notice of severity Severe, in English, that ends in two hours.
func (s *Staff) Alert(edits ...Edit) *notice.Notice {
	now := s.Clock()
	n := &notice.Notice{
		Identifier: s.NewID(), Sender: "crisis@clinic.example", Sent: notice.FormatTime(now),
		Status: notice.StatusActual, MsgType: notice.MsgAlert, Scope: notice.ScopePublic,
		Info: []notice.Info{{
			Language: "en-US", Category: []string{"Health"}, Event: "Service outage",
			Urgency: "Immediate", Severity: notice.SeveritySevere, Certainty: "Observed",
			Expires:  notice.FormatTime(now.Add(2 * time.Hour)),
			Headline: "Video visits are down", Description: "Please call the clinic instead.",
		}},
	}
	return apply(n, edits)
}

// Update is the next message of the thread that begins with alert and went on with
// earlier: it references them all, and keeps what a thread keeps.
func (s *Staff) Update(alert *notice.Notice, earlier []*notice.Notice, edits ...Edit) *notice.Notice {
	n := s.follow(notice.MsgUpdate, alert, earlier)
	for i := range n.Info {
		n.Info[i].Headline = "Video visits are coming back"
	}
	return apply(n, edits)
}

// Cancel withdraws the thread that begins with alert and went on with earlier.
func (s *Staff) Cancel(alert *notice.Notice, earlier []*notice.Notice, edits ...Edit) *notice.Notice {
	n := s.follow(notice.MsgCancel, alert, earlier)
	n.Info, n.Note = nil, "Video visits work again."
	return apply(n, edits)
}

func (s *Staff) follow(msgType notice.MsgType, alert *notice.Notice, earlier []*notice.Notice) *notice.Notice {
	n := s.Alert()
	n.MsgType, n.Sender, n.Status, n.Scope = msgType, alert.Sender, alert.Status, alert.Scope
	n.Restriction, n.Addresses = alert.Restriction, append([]string(nil), alert.Addresses...)
	n.Info = append([]notice.Info(nil), alert.Info...)
	n.References = []string{alert.Reference()}
	for _, e := range earlier {
		n.References = append(n.References, e.Reference())
	}
	return n
}

func apply(n *notice.Notice, edits []Edit) *notice.Notice {
	for _, edit := range edits {
		edit(n)
	}
	return n
}

// Restricted makes a notice restricted to addresses.
func Restricted(addresses ...string) Edit {
	return func(n *notice.Notice) {
		n.Scope, n.Restriction, n.Addresses = notice.ScopeRestricted, "for those concerned", addresses
	}
}

// Private makes a notice private, to addresses.
func Private(addresses ...string) Edit {
	return func(n *notice.Notice) { n.Scope, n.Restriction, n.Addresses = notice.ScopePrivate, "", addresses }
}

// Addressed sets the addresses and nothing else.
func Addressed(addresses ...string) Edit { return func(n *notice.Notice) { n.Addresses = addresses } }

// Identifier sets the identifier.
func Identifier(id string) Edit { return func(n *notice.Notice) { n.Identifier = id } }

// Status sets the status.
func Status(status notice.Status) Edit { return func(n *notice.Notice) { n.Status = status } }

// Note sets the note.
func Note(note string) Edit { return func(n *notice.Notice) { n.Note = note } }

// Sent sets the time of sending.
func Sent(t time.Time) Edit { return func(n *notice.Notice) { n.Sent = notice.FormatTime(t) } }

// Expires sets the end, in every language.
func Expires(t time.Time) Edit {
	return eachInfo(func(i *notice.Info) { i.Expires = notice.FormatTime(t) })
}

// Severity sets the severity, in every language.
func Severity(severity notice.Severity) Edit {
	return eachInfo(func(i *notice.Info) { i.Severity = severity })
}

// Headline sets the headline, in every language.
func Headline(text string) Edit { return eachInfo(func(i *notice.Info) { i.Headline = text }) }

// Languages gives a copy of the first info to each language.
func Languages(languages ...string) Edit {
	return func(n *notice.Notice) {
		first := n.Info[0]
		n.Info = nil
		for _, language := range languages {
			first.Language = language
			n.Info = append(n.Info, first)
		}
	}
}

func eachInfo(edit func(*notice.Info)) Edit {
	return func(n *notice.Notice) {
		for i := range n.Info {
			edit(&n.Info[i])
		}
	}
}
