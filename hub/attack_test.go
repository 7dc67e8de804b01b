package hub_test

import (
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/auth/authtest"
	"tocsin/hub"
	"tocsin/notice"
	"tocsin/notice/noticetest"
	"tocsin/wire"
)

// A ticket that is not, bit for bit, what a node gave opens nothing, closes nothing,
// and stands in the way of nothing that comes after it.
func TestBadTickets(t *testing.T) {
	w := newWorld(t)
	_, before := w.alert(noticetest.Restricted("tenant:north"))
	n := w.follow()
	token := w.token("north")
	ticket := w.ticket(token)
	middle := len(ticket) / 2
	swapped := byte('A')
	if ticket[middle] == swapped {
		swapped = 'B'
	}
	bad := map[string]string{
		"tampered":     ticket[:middle] + string(swapped) + ticket[middle+1:],
		"cut":          ticket[:len(ticket)-1],
		"cut in front": ticket[1:],
		"halved":       ticket[:middle],
		"extended":     ticket + "A",
		"padded":       ticket + "=",
		"doubled":      ticket + ticket,
		"white space":  ticket + "\n",
		"all of hello": ticket + strings.Repeat("A", 15<<10-len(ticket)),
		"a token":      token,
		"not base64":   "../../ticket.keys\x00",
	}
	bad["another key's"] = func() string { other := newWorld(t); return other.ticket(other.token("north")) }()
	good := n.hello(wire.Hello{Ticket: ticket})
	_, seqs, _ := good.begin()
	require.Equal(t, []uint64{1, before.Seq}, seqs)
	opened := map[string]*client{}
	for name, blob := range bad {
		c := n.hello(wire.Hello{Ticket: blob, Labels: []string{"tenant:north", "group:staff", "lang:en"}})
		welcome, seqs, _ := c.begin()
		require.Equal(t, wire.TierPublic, welcome.Tier, name)
		require.Equal(t, []string{"lang:en"}, welcome.Labels, name)
		require.Equal(t, wire.AuthState{State: wire.AuthNone, Reason: string(auth.ReasonTicketInvalid)}, welcome.Auth, name)
		require.Empty(t, welcome.Ticket, name)
		require.Equal(t, []uint64{1}, seqs, name)
		opened[name] = c
	}
	_, secret := w.alert(noticetest.Restricted("tenant:north"))
	_, open := w.alert()
	n.Entry(secret)
	n.Entry(open)
	require.Equal(t, []uint64{secret.Seq, open.Seq}, good.entries(2))
	for name, c := range opened {
		require.Equal(t, []uint64{open.Seq}, c.entries(1), name)
		c.send(wire.Tokens{Tokens: []string{"no token"}}) // the ticket speaks beside it: it says nothing still
		said := expect[wire.Auth](c)
		require.Equal(t, wire.TierPublic, said.Tier, name)
		require.Equal(t, string(auth.ReasonMalformed), said.Auth.Reason, name)
		c.send(wire.Tokens{Tokens: []string{token}})
		require.Equal(t, wire.TierPrivate, expect[wire.Auth](c).Tier, name)
		require.Equal(t, []uint64{before.Seq, secret.Seq}, c.entries(2), name)
	}
}

// two is a world with an issuer of patients, who have tenants, and one of clinicians,
// who have groups.
func two(t testing.TB) (w *world, clinicians *authtest.Issuer) {
	w, clinicians = newWorld(t), authtest.New(t)
	pc, cc := w.issuer.Config(), clinicians.Config()
	pc.Labels, cc.Labels = map[string]string{"tenant": "tenant"}, map[string]string{"group": "group"}
	w.authority = authtest.Run(t, auth.Config{Issuers: []auth.IssuerConfig{pc, cc}}, w.issuer, clinicians)
	return w, clinicians
}

// subject is the label that a token gives to its bearer alone.
func (w *world) subject(token string) string {
	for _, l := range w.authority.Grant(w.authority.Admit(auth.Credentials{Tokens: []string{token}})).Labels {
		if strings.HasPrefix(l, "subject:") {
			return l
		}
	}
	w.t.Fatal("no subject")
	return ""
}

// A patient's ticket in a clinician's hands adds what it proves of its own issuer, as
// several tokens would: both kinds are matched each by its own. Nothing Private comes by
// it, whatever tier the clinician's own token gives, and it goes with the sign-out.
func TestTicketOfAnotherIssuer(t *testing.T) {
	w, clinicians := two(t)
	n := w.follow()
	ana := w.token("north", "sub", "42", "group", "admin") // not hers to prove
	clinician := clinicians.Token(map[string]any{"sub": "42", "group": "ward", "tenant": "south"})
	mine, hers := w.subject(clinician), w.subject(ana)
	require.NotEqual(t, hers, mine)
	ticket := w.ticket(ana)

	both := n.hello(wire.Hello{Tokens: []string{clinician}, Ticket: ticket})
	welcome, _, _ := both.begin()
	require.ElementsMatch(t, []string{"group:ward", "tenant:north", mine}, welcome.Labels)
	alone := n.hello(wire.Hello{Ticket: ticket})
	welcome, _, _ = alone.begin()
	require.Equal(t, []string{"tenant:north"}, welcome.Labels)
	token := n.hello(wire.Hello{Tokens: []string{clinician}})
	token.begin()

	publish := func(edits ...noticetest.Edit) uint64 {
		_, e := w.alert(edits...)
		n.Entry(e)
		return e.Seq
	}
	together := publish(noticetest.Restricted("tenant:north", "group:ward"))
	north := publish(noticetest.Restricted("tenant:north"))
	ward := publish(noticetest.Restricted("group:ward"))
	publish(noticetest.Restricted("tenant:south", "group:ward"))
	publish(noticetest.Restricted("tenant:north", "group:admin"))
	publish(noticetest.Private(hers))
	publish(noticetest.Private(hers, "tenant:north"))
	publish(noticetest.Private("tenant:north"))
	publish(noticetest.Private("tenant:north", "group:ward"))
	wardOnly := publish(noticetest.Private("group:ward"))
	own := publish(noticetest.Private(mine))
	end := publish()
	require.Equal(t, []uint64{together, north, ward, wardOnly, own, end}, both.entries(6))
	require.Equal(t, []uint64{north, end}, alone.entries(2))
	require.Equal(t, []uint64{ward, wardOnly, own, end}, token.entries(4))

	both.send(wire.Tokens{})
	said := expect[wire.Auth](both)
	require.Equal(t, wire.TierPublic, said.Tier)
	both.send(wire.Tokens{Tokens: []string{clinician}}) // the ticket was left behind
	said = expect[wire.Auth](both)
	require.ElementsMatch(t, []string{"group:ward", mine}, said.Labels)
}

// Who logs in where another patient of the same issuer left a ticket inherits nothing
// of it: not now, not when their own token ends, not by the ticket that they get.
func TestTicketOfAnotherPatient(t *testing.T) {
	w := newWorld(t)
	n := w.follow()
	ana, bob := w.token("north", "sub", "ana", "group", "trial"), w.token("south", "sub", "bob")
	_, north := w.alert(noticetest.Restricted("tenant:north"))
	n.Entry(north)

	atOnce := n.hello(wire.Hello{Tokens: []string{bob}, Ticket: w.ticket(ana)})
	welcome, seqs, _ := atOnce.begin()
	require.ElementsMatch(t, []string{"tenant:south", w.subject(bob)}, welcome.Labels)
	require.Equal(t, []uint64{1}, seqs)
	later := n.hello(wire.Hello{Ticket: w.ticket(ana)})
	_, seqs, _ = later.begin()
	require.Equal(t, []uint64{1, north.Seq}, seqs)
	later.send(wire.Tokens{Tokens: []string{bob}})
	said := expect[wire.Auth](later)
	require.Equal(t, welcome.Labels, said.Labels)
	returned := n.hello(wire.Hello{Ticket: said.Ticket})
	returned.begin()
	for _, c := range []*client{atOnce, later} { // bob's token is no longer there: his ticket speaks
		c.send(wire.Tokens{Tokens: []string{"no token"}})
		said := expect[wire.Auth](c)
		require.Equal(t, wire.TierRestricted, said.Tier)
		require.Equal(t, []string{"tenant:south"}, said.Labels)
	}

	for _, edit := range []noticetest.Edit{
		noticetest.Restricted("tenant:north"), noticetest.Restricted("group:trial"),
		noticetest.Restricted("tenant:south", "group:trial"), noticetest.Private(w.subject(ana)),
		noticetest.Private(w.subject(bob)), // nor by a ticket of his own
	} {
		_, e := w.alert(edit)
		n.Entry(e)
	}
	_, south := w.alert(noticetest.Restricted("tenant:south"))
	n.Entry(south)
	for _, c := range []*client{atOnce, later, returned} {
		require.Equal(t, []uint64{south.Seq}, c.entries(1))
	}
}

// counting is a node whose counts are in the book once end was called, with the number
// of acks that it must have heard by then.
func (w *world) counting(edits ...func(*hub.Config)) (n *node, b *book, end func(acks float64)) {
	w.t.Helper()
	b = &book{}
	registry := prometheus.NewRegistry()
	n = w.make(append(edits, func(c *hub.Config) {
		c.Receipts, c.ReceiptInterval, c.Registerer = b, time.Hour, registry
	})...)
	stop := w.serve(n, plain)
	w.t.Cleanup(stop)
	w.t.Cleanup(n.hangUp)
	n.read(w.log)
	return n, b, func(acks float64) {
		w.t.Helper()
		eventually(w.t, func() bool { return metric(w.t, registry, "tocsin_hub_acks_total") >= acks }, "acks heard")
		n.hangUp()
		stop()
	}
}

// However often a session acknowledges, whatever it may see meanwhile: it counts once
// at most, for what it may see, and not for what is still to come.
func TestAcksRepeated(t *testing.T) {
	const times = 100
	w := newWorld(t)
	north, _ := w.alert(noticetest.Restricted("tenant:north"))
	secret, _ := w.alert(noticetest.Private("tenant:north"))
	n, b, end := w.counting(func(c *hub.Config) { c.FrameBurst = 1 << 20 })
	acks := 0
	insist := func(c *client, id string, revision int64, state wire.AckState) {
		for range times {
			c.send(wire.Ack{Identifier: id, Revision: revision, State: state})
			acks++
		}
	}
	token := w.token("north")
	c := n.hello(wire.Hello{Tokens: []string{token}})
	welcome, _, _ := c.begin()
	insist(c, north.Identifier, 0, wire.AckReceived)
	insist(c, north.Identifier, 1, wire.AckReceived) // to come
	insist(c, north.Identifier, 1, wire.AckConfirmed)
	insist(c, north.Identifier, 1<<31-1, wire.AckReceived)
	c.send(wire.Tokens{}) // signed out: what it was sent is no longer its to see
	expect[wire.Auth](c)
	insist(c, north.Identifier, 0, wire.AckDisplayed)
	insist(c, secret.Identifier, 0, wire.AckReceived)
	c.send(wire.Tokens{Tokens: []string{token}})
	expect[wire.Auth](c)
	c.entries(2)
	insist(c, north.Identifier, 0, wire.AckReceived)
	insist(c, north.Identifier, 0, wire.AckConfirmed)
	update := w.staff.Update(north, nil)
	n.Entry(w.log.append(w.staff.Sign(update)))
	c.entries(1)
	insist(c, north.Identifier, 1, wire.AckDisplayed)
	insist(c, north.Identifier, 0, wire.AckConfirmed) // of a revision that is over

	// Back with the ticket alone, in another session.
	back := n.hello(wire.Hello{Ticket: welcome.Ticket, Cursor: w.log.cursor().String()})
	_, seqs, _ := back.begin()
	require.Empty(t, seqs)
	insist(back, secret.Identifier, 0, wire.AckReceived)
	insist(back, secret.Identifier, 0, wire.AckConfirmed)
	insist(back, north.Identifier, 1, wire.AckReceived)
	end(float64(acks))
	acked := func(of *notice.Notice, revision int) hub.Counts {
		counts := b.get(of.Identifier, revision)
		require.NotZero(t, counts.Sent)
		counts.Sent = 0 // what a sign-out hid was sent twice
		return counts
	}
	require.Equal(t, hub.Counts{Received: 1, Confirmed: 1}, acked(north, 0))
	require.Zero(t, acked(secret, 0))
	require.Len(t, b.puts[north.Identifier], 2)
	updated := acked(north, 1)
	require.LessOrEqual(t, updated.Received, uint64(1), "of back, though the update came before it")
	updated.Received = 0
	require.Equal(t, hub.Counts{Displayed: 1}, updated, "what was acknowledged too early is not kept")
}

// A flood of acks ends its session with 4429, and nothing else: what was in it up to
// the limit counts once, what came after it not at all, others go on, and the flooder
// may come back.
func TestAckFlood(t *testing.T) {
	w := newWorld(t)
	alert, _ := w.alert()
	n, b, end := w.counting(func(c *hub.Config) { c.FrameRate, c.FrameBurst = 1, 60 })
	ack := func(of *notice.Notice, state wire.AckState) []byte {
		return wire.Ack{Identifier: of.Identifier, State: state}.AppendTo(nil)
	}
	other := n.hello(wire.Hello{})
	other.begin()
	const floods = 3
	for range floods {
		c := n.hello(wire.Hello{})
		c.begin()
		for i := range 500 {
			state := wire.AckReceived
			if i >= 300 { // far beyond the limit
				state = wire.AckDisplayed
			}
			if c.sendText(ack(alert, state)) != nil {
				break // the node has closed
			}
		}
		require.Equal(t, wire.CloseTooMany, c.closed())
	}
	again := n.hello(wire.Hello{})
	again.begin()
	next, e := w.alert()
	n.Entry(e)
	for _, c := range []*client{other, again} {
		require.Equal(t, []uint64{e.Seq}, c.entries(1))
		require.NoError(t, c.sendText(ack(next, wire.AckConfirmed)))
		require.NoError(t, c.sendText(ack(alert, wire.AckConfirmed)))
		c.send(wire.Tokens{Tokens: []string{w.token("north")}})
		expect[wire.Auth](c) // and so has heard the acks
	}
	end(0)
	require.Equal(t, hub.Counts{Sent: floods + 2, Received: floods, Confirmed: 2}, b.get(alert.Identifier, 0))
	require.Equal(t, hub.Counts{Sent: 2, Confirmed: 2}, b.get(next.Identifier, 0))
}
