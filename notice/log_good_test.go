package notice_test

import (
	"bytes"
	"time"

	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// goodLogs show what holds when staff do as they may, and when keys come and go.
var goodLogs = []logTest{
	{"Alert, Update, Cancel", func(c *logCase) {
		alert := c.Alert(noticetest.Languages("en-US", "es-US"))
		first := c.Update(alert, nil)
		second := c.Update(alert, []*notice.Notice{first})
		c.accepts(c.Sign(alert), c.Sign(first), c.Sign(second))
		cancel := c.Cancel(alert, []*notice.Notice{first, second})
		c.accepts(c.Sign(cancel, c.Publisher2))
		c.shows(4, alert, cancel, second)
	}},
	{"a Cancel with text needs what an Update does", func(c *logCase) {
		alert := c.Alert()
		c.accepts(c.Sign(alert))
		text := c.Cancel(alert, nil, func(n *notice.Notice) { n.Info = alert.Info })
		c.rejects("threshold", c.Sign(text, c.Publisher))
		c.accepts(c.Sign(text))
		c.shows(2, alert, text, alert)
	}},
	{"nothing follows a Cancel", func(c *logCase) {
		alert := c.Alert()
		cancel := c.Cancel(alert, nil)
		late := c.Update(alert, []*notice.Notice{cancel})
		c.accepts(c.Sign(alert), c.Sign(cancel), c.Sign(late))
		c.shows(3, alert, cancel, late)
	}},
	{"of two Cancels the higher revision is current", func(c *logCase) {
		alert := c.Alert()
		update := c.Update(alert, nil)
		higher, lower := c.Cancel(alert, []*notice.Notice{update}), c.Cancel(alert, nil)
		c.accepts(c.Sign(alert), c.Sign(update), c.Sign(higher), c.Sign(lower))
		c.shows(4, alert, higher, update)
	}},
	{"a Cancel of a lower revision is final", func(c *logCase) {
		alert := c.Alert()
		update := c.Update(alert, []*notice.Notice{c.Alert(), c.Alert()})
		cancel := c.Cancel(alert, nil)
		c.accepts(c.Sign(alert), c.Sign(update), c.Sign(cancel))
		c.shows(3, alert, cancel, update)
	}},
	{"the highest revision wins, whatever the order", func(c *logCase) {
		alert := c.Alert()
		first := c.Update(alert, nil)
		second := c.Update(alert, []*notice.Notice{first})
		c.accepts(c.Sign(alert), c.Sign(second), c.Sign(first))
		c.shows(3, alert, second, second)
	}},
	{"a tie goes to the smaller hash", func(c *logCase) {
		for range 2 { // once in either order
			alert := c.Alert()
			smaller, greater := c.Update(alert, nil), c.Update(alert, nil)
			hash := func(n *notice.Notice) []byte { h := c.Unsigned(n).Hash(); return h[:] }
			if bytes.Compare(hash(smaller), hash(greater)) > 0 {
				smaller, greater = greater, smaller
			}
			if len(c.threads) == 1 {
				c.accepts(c.Sign(alert), c.Sign(smaller), c.Sign(greater))
			} else {
				c.accepts(c.Sign(alert), c.Sign(greater), c.Sign(smaller))
			}
			c.shows(3, alert, smaller, smaller)
		}
	}},
	{"thresholds by audience and severity", func(c *logCase) {
		staff := c.Alert(noticetest.Addressed("group:staff"))
		both := c.Alert(noticetest.Addressed("group:staff", "group:nurses"))
		narrow := c.Alert(noticetest.Addressed("tenant:north"))
		c.accepts(c.Sign(staff, c.Publisher))
		c.rejects("threshold", c.Sign(both, c.Publisher))
		c.rejects("threshold", c.Sign(narrow, c.Publisher))
		c.accepts(c.KeysetBody(2, noticetest.Thresholds(notice.Thresholds{
			Patient: 3, BySeverity: map[notice.Severity]int{"Minor": 1, "Moderate": 2},
		})))
		minor := c.Alert(noticetest.Severity("Minor"))
		c.accepts(c.Sign(minor, c.Publisher))
		c.rejects("threshold", c.Sign(c.Alert(noticetest.Severity("Moderate")), c.Publisher))
		c.rejects("threshold", c.Sign(c.Alert(), c.Publisher, c.Approver))
		grave := c.Alert()
		c.accepts(c.Sign(grave, c.Publisher, c.Approver, c.Approver2))
		c.threads = nil // the first notice lacks a signature since the thresholds rose
		c.showsAlert(staff)
		c.showsAlert(minor)
		c.showsAlert(grave)
	}},
	{"break-glass", func(c *logCase) {
		alert := c.Alert(noticetest.Note("Nobody else can be reached."))
		c.accepts(c.Sign(alert, c.BreakGlass))
		c.accepts(c.Sign(c.Cancel(alert, nil), c.BreakGlass))
		cancel, _ := c.board.Thread(alert.Identifier)
		c.shows(2, alert, cancel.Current.Notice, alert)
	}},
	{"a removed key voids what it signed, its return revives it", func(c *logCase) {
		c.accepts(c.KeysetBody(2, c.With(c.Removed, notice.RolePublisher)))
		alert, other := c.Alert(), c.Alert()
		update := c.Update(alert, nil)
		c.accepts(c.Sign(alert), c.Sign(update, c.Removed, c.Approver), c.Sign(other, c.Removed, c.Approver))
		follow := c.Update(other, nil)
		c.accepts(c.Sign(follow)) // a good Update of an Alert that goes void
		c.accepts(c.KeysetBody(3))
		c.voided(update, other, follow)
		c.rejects("threshold", c.Sign(c.Alert(), c.Removed, c.Approver))
		c.rejects("threshold", c.Sign(other, c.Removed, c.Approver))
		c.rejects("reference.alert", c.Sign(follow))
		c.accepts(c.KeysetBody(4, c.With(c.Removed, notice.RolePublisher)))
		c.revived(update, other, follow)
		c.moved(c.last.Resend, []*notice.Notice{alert, update, other, follow})
		c.shows(2, alert, update, update)
		c.shows(2, other, follow, follow)
	}},
	{"a removed key stays removed", func(c *logCase) {
		c.accepts(c.KeysetBody(2, c.With(c.Removed, notice.RolePublisher)))
		alert := c.Alert()
		c.accepts(c.Sign(alert), c.Sign(c.Cancel(alert, nil), c.Removed)) // a stolen key withdraws a notice
		c.accepts(c.KeysetBody(3))
		c.showsAlert(alert)
	}},
	{"what is void is signed again", func(c *logCase) {
		c.accepts(c.KeysetBody(2, c.With(c.Removed, notice.RolePublisher)))
		alert := c.Alert()
		update := c.Update(alert, nil)
		c.accepts(c.Sign(alert, c.Removed, c.Approver), c.Sign(update), c.KeysetBody(3))
		c.voided(alert, update)
		c.accepts(c.Sign(alert), c.Sign(update))
		c.accepts(c.KeysetBody(4, c.With(c.Removed, notice.RolePublisher)))
		c.shows(2, alert, update, update)
	}},
	{"a document stands by whichever signatures hold", func(c *logCase) {
		with := c.With(c.Removed, notice.RolePublisher)
		alert := c.Alert()
		c.accepts(c.Sign(alert, c.Publisher2, c.Approver))
		c.accepts(c.KeysetBody(2, noticetest.Without(c.Publisher2), with))
		c.voided(alert)
		c.accepts(c.Sign(alert, c.Removed, c.Approver))
		c.accepts(c.KeysetBody(3)) // the first entry holds again, the second no longer
		c.voided()
		c.revived()
		c.moved(c.last.Resend, []*notice.Notice{alert}) // who came between has the second only
		c.showsAlert(alert)
	}},
	{"a new policy voids", func(c *logCase) {
		linked := c.Alert(func(n *notice.Notice) { n.Info[0].Web = "https://clinic.example/outage" })
		c.accepts(c.Sign(linked))
		c.accepts(c.KeysetBody(2, func(ks *notice.Keyset) { ks.Policy.LinkHosts = nil }))
		c.voided(linked)
		c.rejects("info.linkHosts", c.Sign(linked))
	}},
	{"contacts fall back when their keys go", func(c *logCase) {
		c.accepts(c.KeysetBody(2, c.With(c.Removed, notice.RoleContacts)))
		c.accepts(c.ContactsBody(1), c.ContactsBody(4, c.Contacts, c.Removed))
		c.accepts(c.KeysetBody(3))
		c.accepts(c.ContactsBody(2))
	}},
	{"posture", func(c *logCase) {
		c.vector.NodeOnly = true
		c.accepts(c.PostureBody(&notice.Posture{Version: 1, Incident: true}))
		c.rejects("posture.version", c.PostureBody(&notice.Posture{Version: 1, TicketEpoch: 2}))
		c.rejects("threshold", c.PostureBody(&notice.Posture{Version: 2}, c.Operator))
		c.rejects("unsigned", c.PostureBody(&notice.Posture{Version: 2}, c.BreakGlass))
		c.accepts(c.PostureBody(&notice.Posture{Version: 3, Note: "Keys of the provider were stolen.",
			IssuerBlocked: map[string]notice.Blocked{"https://id.example": {Since: notice.FormatTime(logEpoch)}}}, c.BreakGlass))
	}},
	{"redaction", func(c *logCase) {
		c.vector.NodeOnly = true
		alert, other := c.Alert(), c.Alert()
		c.accepts(c.Sign(alert), c.Sign(c.Update(alert, nil)), c.ContactsBody(1), c.Sign(other)) // 3, 4, 5, 6
		c.rejects("redaction.sha256", c.RedactionBody(3, c.Sign(other)))
		c.rejects("redaction.kind", c.RedactionBody(1, []byte(c.vector.Entries[0].Body)))
		c.rejects("redaction.kind", c.RedactionBody(5, c.ContactsBody(1)))
		c.rejects("redaction.seq", c.RedactionBody(99, c.Sign(alert)))
		c.rejects("threshold", c.RedactionBody(3, c.Sign(alert), c.Operator))
		c.accepts(c.RedactionBody(3, c.Sign(alert)))
		c.rejects("duplicate", c.RedactionBody(3, c.Sign(alert)))
		c.rejects("redacted", c.Sign(alert))                          // the same bytes again,
		c.rejects("redacted", c.Sign(alert, c.Approver, c.Publisher)) // or signed anew
		c.accepts(c.KeysetBody(2, noticetest.Without(c.Operator)))    // the explanation stays
		c.showsAlert(other)
	}},
	{"root rotation", func(c *logCase) {
		c.accepts(c.SignKeyset(c.Keyset(2, noticetest.Roots(2, c.Root2, c.NewRoot)), c.Root, c.Root2, c.NewRoot))
		c.rejects("threshold", c.KeysetBody(3))
		c.rejects("threshold", c.SignKeyset(c.Keyset(3, noticetest.Roots(2, c.Root2, c.NewRoot)), c.Root2))
		c.rejects("threshold", c.SignKeyset(c.Keyset(3, noticetest.Roots(1, c.Root2, c.NewRoot)), c.NewRoot))
		c.accepts(c.SignKeyset(c.Keyset(4, noticetest.Roots(1, c.Root2, c.NewRoot)), c.Root2, c.NewRoot))
		c.accepts(c.SignKeyset(c.Keyset(5, noticetest.Roots(1, c.Root2, c.NewRoot)), c.NewRoot))
		c.rejects("threshold", c.SignKeyset(c.Keyset(6, noticetest.Roots(2, c.Root2, c.NewRoot)), c.NewRoot))
		c.accepts(c.SignKeyset(c.Keyset(7, noticetest.Roots(2, c.NewRoot, c.Root2)), c.NewRoot, c.Root2))
	}},
}

// freshLogs begin without a keyset.
var freshLogs = []logTest{
	{"nothing counts before a keyset", func(c *logCase) {
		alert := c.Alert()
		c.rejects("keyset.none", c.Sign(alert))
		c.rejects("keyset.none", c.ContactsBody(1))
		c.accepts(c.KeysetBody(1))
	}},
	{"the first keyset is signed by enough of the pinned roots", func(c *logCase) {
		roots := []notice.RootKey{notice.NewRootKey(c.Root.Public()), notice.NewRootKey(c.Root2.Public())}
		c.pin(notice.Trust{Roots: roots, Threshold: 2}, false)
		ks := c.Keyset(1, noticetest.Roots(2, c.Root, c.Root2))
		c.rejects("threshold", c.SignKeyset(ks, c.Root))
		c.rejects("unsigned", c.SignKeyset(c.Keyset(1, noticetest.Roots(1, c.NewRoot)), c.Stranger))
		c.rejects("threshold", c.SignKeyset(c.Keyset(1, noticetest.Roots(1, c.NewRoot)), c.NewRoot))
		c.accepts(c.SignKeyset(ks, c.Root2, c.Root))
	}},
	{"one pinned long ago walks the chain", func(c *logCase) {
		c.accepts(c.SignKeyset(c.Keyset(3, noticetest.Roots(1, c.Root2)), c.Root, c.Root2))
		c.accepts(c.SignKeyset(c.Keyset(7, noticetest.Roots(1, c.NewRoot)), c.Root2, c.NewRoot))
		c.accepts(c.SignKeyset(c.Keyset(9, noticetest.Roots(1, c.NewRoot)), c.NewRoot))
		alert := c.Alert()
		c.accepts(c.Sign(alert))
		c.showsAlert(alert)
	}},
	{"one pinned later joins the chain", func(c *logCase) {
		c.pin(notice.Trust{Roots: []notice.RootKey{notice.NewRootKey(c.Root2.Public())}, Threshold: 1}, false)
		c.rejects("threshold", c.KeysetBody(1))
		c.accepts(c.SignKeyset(c.Keyset(3, noticetest.Roots(1, c.Root2)), c.Root, c.Root2))
		c.accepts(c.SignKeyset(c.Keyset(7, noticetest.Roots(1, c.NewRoot)), c.Root2, c.NewRoot))
	}},
	{"a developer's log", func(c *logCase) {
		c.pin(c.Trust(), true)
		c.Dev = true
		c.accepts(c.KeysetBody(1))
		alert := c.Alert(noticetest.Expires(logEpoch.Add(time.Minute)))
		c.accepts(c.Sign(alert))
		c.showsAlert(alert)
	}},
}
