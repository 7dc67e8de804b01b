package notice_test

import (
	"bytes"
	"strings"

	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// attacks are what someone with the broker's password but without staff keys, or a
// single staff member with one, puts into the log. Each stands between two good
// notices: it shows nothing, and stops nothing.
var attacks = []logTest{
	{"unsigned", func(c *logCase) {
		c.rejects("unsigned", c.Unsigned(c.Alert()).Marshal())
	}},
	{"wrong key", func(c *logCase) {
		c.rejects("unsigned", c.Sign(c.Alert(), c.Stranger))
		c.rejects("threshold", c.Sign(c.Alert(), c.Publisher, c.Stranger))
		c.rejects("unsigned", c.Sign(c.Alert(), c.Root, c.Contacts, c.Operator, c.Beacon))
	}},
	{"another's keyid", func(c *logCase) {
		e := c.Envelope(c.Alert(), c.Publisher, c.Stranger)
		e.Signatures[1].KeyID = c.Approver.KeyID()
		c.rejects("threshold", e.Marshal())
	}},
	{"a removed key", func(c *logCase) {
		c.accepts(c.KeysetBody(2, c.With(c.Removed, notice.RolePublisher, notice.RoleContacts)))
		alert := c.Alert()
		c.accepts(c.Sign(alert, c.Removed, c.Approver), c.KeysetBody(3)) // was shown, and is no more
		c.rejects("threshold", c.Sign(c.Alert(), c.Removed, c.Approver))
		c.rejects("threshold", c.Sign(alert, c.Removed, c.Approver))
		c.rejects("reference.alert", c.Sign(c.Cancel(alert, nil)))
		c.rejects("threshold", c.ContactsBody(1, c.Contacts, c.Removed))
	}},
	{"too few signatures", func(c *logCase) {
		c.rejects("threshold", c.Sign(c.Alert(), c.Publisher))
		c.rejects("publisher", c.Sign(c.Alert(), c.Approver, c.Approver2))
	}},
	{"two keys of one owner", func(c *logCase) {
		c.rejects("threshold", c.Sign(c.Alert(), c.Publisher, c.PublisherSpare))
	}},
	{"one key twice", func(c *logCase) {
		e := c.Envelope(c.Alert(), c.Publisher)
		e.Signatures = append(e.Signatures, e.Signatures[0])
		c.rejects("envelope.signatures", e.Marshal())
	}},
	{"a changed byte", func(c *logCase) {
		e := c.Envelope(c.Alert())
		i := bytes.Index(e.Payload, []byte("Please"))
		e.Payload[i] = 'p'
		c.rejects("unsigned", e.Marshal())
	}},
	{"a changed signature", func(c *logCase) {
		e := c.Envelope(c.Alert())
		e.Signatures[0].Sig[0] ^= 1
		c.rejects("publisher", c.Sign(c.Alert(), c.Approver, c.Approver2))
		c.rejects("threshold", e.Marshal())
	}},
	{"a signature above the group order", func(c *logCase) {
		e := c.Envelope(c.Alert())
		e.Signatures[0].Sig = addGroupOrder(e.Signatures[0].Sig)
		c.rejects("threshold", e.Marshal())
	}},
	{"another payload type", func(c *logCase) {
		e := noticetest.SignBytes(notice.TypeContacts, []byte(`{"version":1,"sent":"2026-11-22T09:30:00-00:00"}`),
			c.Contacts, c.Contacts2, c.Operator, c.Operator2)
		e.PayloadType = notice.TypePosture
		c.rejects("unsigned", e.Marshal())
		c.skips(bytes.Replace(c.Sign(c.Alert()), []byte(notice.TypeNotice), []byte(notice.TypeHead), 1))
	}},
	{"contacts keys sign a notice", func(c *logCase) {
		c.rejects("threshold", c.Sign(c.Alert(), c.Publisher, c.Contacts, c.Operator))
		c.rejects("unsigned", c.ContactsBody(1, c.Publisher, c.Approver))
	}},
	{"a signature outside the key's validity", func(c *logCase) {
		ks := c.Keyset(2)
		ks.Key(c.Approver.KeyID()).NotAfter = notice.FormatTime(logEpoch)
		c.accepts(c.SignKeyset(ks, c.Root))
		c.rejects("threshold", c.Sign(c.Alert(noticetest.Sent(logEpoch.Add(1e9)))))
		c.accepts(c.Sign(c.Alert(noticetest.Identifier("last-moment"))))
		last, _ := c.board.Thread("last-moment")
		c.showsAlert(last.Alert.Notice)
	}},
	{"an older keyset", func(c *logCase) {
		first := []byte(c.vector.Entries[0].Body)
		c.accepts(c.KeysetBody(3))
		c.rejects("keyset.version", first)
		c.rejects("keyset.version", c.KeysetBody(2, c.With(c.Stranger, notice.RolePublisher)))
		c.rejects("keyset.version", c.KeysetBody(3, c.With(c.Stranger, notice.RolePublisher)))
	}},
	{"a keyset by others than the roots", func(c *logCase) {
		c.rejects("unsigned", c.SignKeyset(c.Keyset(2), c.Publisher, c.Approver))
		c.rejects("threshold", c.SignKeyset(c.Keyset(2, noticetest.Roots(1, c.NewRoot)), c.NewRoot))
		c.rejects("threshold", c.SignKeyset(c.Keyset(2, noticetest.Roots(1, c.NewRoot)), c.Root))
	}},
	{"a developer's keyset", func(c *logCase) {
		c.Dev = true
		c.rejects("keyset.dev", c.KeysetBody(2))
		c.Dev = false
	}},
	{"older contacts", func(c *logCase) {
		c.accepts(c.ContactsBody(1), c.ContactsBody(2))
		c.rejects("contacts.version", c.ContactsBody(1))
		c.rejects("contacts.version", c.ContactsBody(2))
		again := c.Cards(2)
		again.Cards[0].Telephone = "+1 555 0199"
		c.rejects("contacts.version", c.SignContacts(again))
	}},
	{"an Update that lowers severity", func(c *logCase) {
		c.accepts(c.KeysetBody(2, noticetest.Thresholds(notice.Thresholds{BySeverity: map[notice.Severity]int{"Minor": 1}})))
		alert := c.Alert()
		c.accepts(c.Sign(alert))
		milder := c.Update(alert, nil, noticetest.Severity(notice.SeverityMinor))
		c.rejects("threshold", c.Sign(milder, c.Publisher))
		c.accepts(c.Sign(milder, c.Publisher, c.Approver))
		// What was once grave stays dear.
		c.rejects("threshold", c.Sign(c.Update(alert, []*notice.Notice{milder}, noticetest.Severity(notice.SeverityMinor)), c.Publisher))
		c.shows(2, alert, milder, milder)
	}},
	{"an Update that lowers status or scope", func(c *logCase) {
		alert := c.Alert(noticetest.Private("tenant:north", "group:nurses"))
		c.accepts(c.Sign(alert))
		staff := []noticetest.Edit{noticetest.Addressed("tenant:north", "group:staff")}
		c.rejects("thread.addresses", c.Sign(c.Update(alert, nil, staff...)))
		c.rejects("thread.scope", c.Sign(c.Update(alert, nil, noticetest.Restricted("tenant:north", "group:nurses"))))
		c.rejects("thread.status", c.Sign(c.Update(alert, nil, noticetest.Status(notice.StatusTest))))
		c.rejects("thread.addresses", c.Sign(c.Cancel(alert, nil, staff...)))
		restricted := c.Alert(noticetest.Restricted("tenant:north"))
		c.accepts(c.Sign(restricted))
		c.rejects("thread.restriction", c.Sign(c.Update(restricted, nil, func(n *notice.Notice) { n.Restriction = "staff" })))
		c.showsAlert(alert)
		c.showsAlert(restricted)
	}},
	{"a Cancel of what it does not reference", func(c *logCase) {
		alert, other := c.Alert(), c.Alert()
		c.accepts(c.Sign(alert))
		c.rejects("reference.alert", c.Sign(c.Cancel(other, nil)))
		forged := *alert
		forged.Sent = "2026-11-22T09:30:01-00:00"
		c.rejects("reference.alert", c.Sign(c.Cancel(&forged, nil)))
		forged = *alert
		forged.Sender = "crisis@other.example"
		c.rejects("reference.alert", c.Sign(c.Cancel(&forged, nil)))
		c.rejects("reference.alert", c.Sign(c.Cancel(other, []*notice.Notice{alert})))
		c.rejects("references.required", c.Sign(c.Cancel(alert, nil, func(n *notice.Notice) { n.References = nil })))
		c.showsAlert(alert)
	}},
	{"an Update before its Alert", func(c *logCase) {
		alert := c.Alert()
		update := c.Update(alert, nil)
		c.rejects("reference.alert", c.Sign(update))
		c.accepts(c.Sign(alert))
		c.showsAlert(alert) // refused once, refused for good
	}},
	{"duplicate JSON names", func(c *logCase) {
		payload := c.Unsigned(c.Alert()).Payload
		double := bytes.Replace(payload, []byte(`"status":`), []byte(`"status":"Exercise","status":`), 1)
		c.rejects("json.duplicate", noticetest.SignBytes(notice.TypeNotice, double, c.Publisher, c.Approver).Marshal())
		body := bytes.Replace(c.Sign(c.Alert()), []byte(`"payloadType":`), []byte(`"payloadType":"x","payloadType":`), 1)
		c.rejects("json.duplicate", body)
	}},
	{"Severity in the wrong case", func(c *logCase) {
		payload := c.Unsigned(c.Alert()).Payload
		wrong := bytes.Replace(payload, []byte(`"severity":`), []byte(`"Severity":`), 1)
		c.rejects("json.unknown", noticetest.SignBytes(notice.TypeNotice, wrong, c.Publisher, c.Approver).Marshal())
		both := bytes.Replace(payload, []byte(`"severity":`), []byte(`"Severity":"Minor","severity":`), 1)
		c.rejects("json.unknown", noticetest.SignBytes(notice.TypeNotice, both, c.Publisher, c.Approver).Marshal())
		c.rejects("info.severity", c.Sign(c.Alert(noticetest.Severity("severe"))))
	}},
	{"a time with Z", func(c *logCase) {
		c.rejects("sent", c.Sign(c.Alert(func(n *notice.Notice) { n.Sent = "2026-11-22T09:30:00Z" })))
	}},
	{"a 200 KiB body", func(c *logCase) {
		c.fold(entryVector{Body: string(c.Sign(c.Alert())), PadTo: 200 << 10, Verdict: "rejected", Rule: "envelope.size"})
		c.fold(entryVector{Body: string(c.Sign(c.Alert())), PadTo: notice.MaxBody + 1, Verdict: "rejected", Rule: "envelope.size"})
		payload := append(c.Unsigned(c.Alert()).Payload, strings.Repeat(" ", notice.MaxPayload)...)
		c.rejects("envelope.payload", noticetest.SignBytes(notice.TypeNotice, payload, c.Publisher, c.Approver).Marshal())
	}},
	{"an unknown type", func(c *logCase) {
		c.skips(noticetest.SignBytes("application/vnd.tocsin.hologram+json", []byte(`{}`), c.Publisher, c.Approver).Marshal())
		session := &notice.Session{Origin: "https://desk.clinic.example", Nonce: "n", Expires: notice.FormatTime(logEpoch)}
		c.skips(c.SessionBody(session, c.Publisher))
	}},
	{"not an envelope", func(c *logCase) {
		c.rejects("json.syntax", nil)
		c.rejects("json.syntax", []byte("tocsin"))
		c.rejects("json.type", []byte(`[]`))
		c.rejects("json.syntax", append(c.Sign(c.Alert()), '{', '}'))
		c.rejects("envelope.payload", noticetest.RawEnvelope(notice.TypeNotice, nil, "[]"))
	}},
	{"a duplicate", func(c *logCase) {
		alert := c.Alert()
		c.accepts(c.Sign(alert))
		c.rejects("duplicate", c.Sign(alert))
		c.rejects("duplicate", c.Sign(alert, c.Publisher2, c.Approver2))
		c.rejects("identifier.taken", c.Sign(c.Alert(noticetest.Identifier(alert.Identifier), noticetest.Headline("Other"))))
		c.rejects("identifier.taken", c.Sign(c.Update(alert, nil, noticetest.Identifier(alert.Identifier))))
		c.showsAlert(alert)
	}},
	{"a break-glass key without a note", func(c *logCase) {
		c.rejects("unsigned", c.Sign(c.Alert(), c.BreakGlass))
		c.rejects("unsigned", c.Sign(c.Alert(noticetest.Note(" ")), c.BreakGlass))
		c.rejects("threshold", c.Sign(c.Alert(), c.Publisher, c.BreakGlass))
	}},
	{"a link to a host that the policy does not name", func(c *logCase) {
		c.rejects("info.linkHosts", c.Sign(c.Alert(func(n *notice.Notice) { n.Info[0].Web = "https://clinic.example.evil/" })))
	}},
}

// addGroupOrder adds the order of the group to a signature's S: the same equation
// holds, and RFC 8032 (section 5.1.7) refuses it.
func addGroupOrder(sig []byte) []byte {
	order := [32]byte{
		0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
	}
	sum, carry := bytes.Clone(sig), 0
	for i := range order {
		carry += int(sum[32+i]) + int(order[i])
		sum[32+i], carry = byte(carry), carry>>8
	}
	return sum
}
