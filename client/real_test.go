package client_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/client"
	"tocsin/notice"
	"tocsin/notice/noticetest"
	"tocsin/wire"
)

// The way of a notice, from two staff keys to a client and back as a receipt.
func TestWayOfANotice(t *testing.T) {
	s := newSite(t)
	_, address := s.openNode("127.0.0.1:0")
	w := s.follow(address)
	w.await(t, "live", isLive)
	publisher, approver := s.desk(s.Publisher), s.desk(s.Approver)

	alert := s.Alert()
	answer, err := publisher.Publish(t.Context(), s.Envelope(alert, s.Publisher))
	require.NoError(t, err)
	require.Equal(t, "waiting", answer.Status)
	require.Equal(t, alert.Identifier, answer.Identifier)
	require.Equal(t, 2, answer.Need)
	require.Equal(t, "ana-ruiz", answer.Signers[0].Owner)
	require.Contains(t, answer.Candidates, "ben-holt")
	require.WithinDuration(t, time.Now().Add(24*time.Hour), answer.Expires, time.Minute)

	list, err := approver.Proposals(t.Context())
	require.NoError(t, err)
	require.Len(t, list.Proposals, 1)
	require.Equal(t, wire.SourceLive, list.Source.State)
	proposal, err := approver.Proposal(t.Context(), alert.Identifier)
	require.NoError(t, err)
	shown, err := proposal.Envelope.Notice()
	require.NoError(t, err)
	require.Equal(t, alert, shown)
	require.Empty(t, w.Threads())

	answer, err = approver.Approve(t.Context(), proposal)
	require.NoError(t, err)
	require.True(t, answer.Published())
	require.EqualValues(t, 2, answer.Seq)
	changed := of[client.NoticeChanged](w.await(t, "the notice", about(alert)))[0]
	require.Equal(t, client.ChangeNew, changed.Change)
	require.Len(t, changed.Message.Signers, 2)

	_, err = publisher.Publish(t.Context(), s.Envelope(alert, s.Publisher))
	require.ErrorIs(t, err, client.ErrAlreadyPublished)
	_, err = approver.Proposal(t.Context(), alert.Identifier)
	require.True(t, errors.Is(err, client.ErrAlreadyPublished) || errors.Is(err, client.ErrNotFound), "it waits no more: %v", err)
	_, err = approver.Proposal(t.Context(), "no-such")
	require.ErrorIs(t, err, client.ErrNotFound)
	_, err = publisher.Publish(t.Context(), s.Envelope(s.Alert(noticetest.Languages("en", "EN"))))
	require.ErrorIs(t, err, client.ErrRule)

	w.Displayed(changed.Message)
	ctx, done := context.WithTimeout(t.Context(), patience)
	err = publisher.FollowReceipts(ctx, alert.Identifier, func(r client.Receipts) {
		if len(r.Revisions) == 1 && r.Revisions[0] == (client.Counts{Sent: 1, Received: 1, Displayed: 1}) {
			done()
		}
	})
	require.ErrorIs(t, err, context.Canceled, "the receipts did not come")

	cancel := s.Cancel(alert, nil)
	s.publish(cancel, s.Publisher)
	w.await(t, "the cancel", about(cancel))
	require.Equal(t, notice.Withdrawn, w.Threads()[0].Phase(w.Now()))
	thread, err := publisher.Notice(t.Context(), alert.Identifier)
	require.NoError(t, err)
	require.Equal(t, "withdrawn", thread.Phase)
	require.Len(t, thread.Messages, 2)
	threads, err := publisher.Notices(t.Context(), "withdrawn")
	require.NoError(t, err)
	require.Len(t, threads.Notices, 1)
	xml, err := publisher.NoticeCAP(t.Context(), cancel.Identifier)
	require.NoError(t, err)
	parsed, err := notice.ParseCAP(xml)
	require.NoError(t, err)
	require.Equal(t, cancel.Identifier, parsed.Identifier)
}

func TestDeskDocuments(t *testing.T) {
	s := newSite(t)
	root := s.desk(nil)
	doc, err := root.Keyset(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, doc.Seq)
	_, err = root.Contacts(t.Context())
	require.ErrorIs(t, err, client.ErrNotFound)
	answer, err := root.PublishContacts(t.Context(), envelope(t, s.ContactsBody(1, s.Contacts)))
	require.NoError(t, err)
	require.Equal(t, "contacts-1", answer.Identifier)
	proposal, err := s.desk(s.Contacts2).Proposal(t.Context(), answer.Identifier)
	require.NoError(t, err)
	answer, err = s.desk(s.Contacts2).Approve(t.Context(), proposal)
	require.NoError(t, err)
	require.True(t, answer.Published())
	_, err = root.PublishPosture(t.Context(), envelope(t, s.PostureBody(&notice.Posture{Version: 1})))
	require.NoError(t, err)
	_, err = s.desk(s.Operator).Posture(t.Context())
	require.NoError(t, err)

	alert := s.Alert()
	s.publish(alert)
	without := envelope(t, s.KeysetBody(2, noticetest.Without(s.Approver)))
	answer, err = root.CheckKeyset(t.Context(), without)
	require.NoError(t, err)
	require.Equal(t, "checked", answer.Status)
	require.Equal(t, []string{alert.Identifier}, answer.Voids)
	answer, err = root.PublishKeyset(t.Context(), without)
	require.NoError(t, err)
	require.True(t, answer.Published())
	_, err = root.PublishKeyset(t.Context(), envelope(t, s.KeysetBody(2)))
	require.ErrorIs(t, err, client.ErrSuperseded)

	other := s.Alert()
	_, err = root.Publish(t.Context(), s.Envelope(other, s.Publisher))
	require.NoError(t, err)
	require.Error(t, s.desk(s.Publisher2).Withdraw(t.Context(), other.Identifier))
	require.NoError(t, s.desk(s.Publisher).Withdraw(t.Context(), other.Identifier))
}

func envelope(t *testing.T, body []byte) *notice.Envelope {
	env, err := notice.ParseEnvelope(body)
	require.NoError(t, err)
	return env
}

// A client that was away gets what it missed, in order, and nothing else; from
// another node, which has never seen it.
func TestComingBack(t *testing.T) {
	s := newSite(t)
	stop, address := s.openNode("127.0.0.1:0")
	before := s.Alert()
	s.publish(before)
	w := s.follow(address)
	w.await(t, "live", isLive)
	require.Len(t, w.Threads(), 1)

	stop()
	w.await(t, "the end of the node", func(e client.Event) bool { _, ok := e.(client.Disconnected); return ok })
	require.Len(t, w.Threads(), 1, "what it knew stays")
	require.False(t, w.Freshness().Live)
	alert := s.Alert()
	update := s.Update(alert, nil)
	cancel := s.Cancel(alert, []*notice.Notice{update})
	s.publish(alert)
	s.publish(update)
	s.publish(cancel)

	s.openNode(address)
	events := w.await(t, "live again", isLive)
	require.Equal(t, []string{"new " + alert.Identifier, "updated " + update.Identifier, "cancelled " + cancel.Identifier}, changes(events))
	require.Empty(t, of[client.Rejected](events))
	require.Equal(t, wire.ResumeReplay, of[client.Connected](events)[0].Resume)
}

// The same, for a program that kept nothing but the cursor, or all of its state.
func TestComingBackAsAnotherProcess(t *testing.T) {
	s := newSite(t)
	_, address := s.openNode("127.0.0.1:0")
	alert := s.Alert()
	s.publish(alert)
	first := s.follow(address)
	events := first.await(t, "live", isLive)
	cursor := of[client.Synced](events)[0].Cursor
	require.False(t, cursor.IsZero())
	state := roundTrip(t, first.State())
	require.ErrorIs(t, first.stop(), context.Canceled)

	update := s.Update(alert, nil)
	s.publish(update)
	fresh := s.Alert()
	s.publish(fresh)
	s.publish(s.Cancel(fresh, nil))
	for name, edit := range map[string]func(*client.Config){
		"state":  func(c *client.Config) { c.State = &state },
		"cursor": func(c *client.Config) { c.Cursor = cursor },
	} {
		next := s.follow(address, edit)
		events := next.await(t, "live", isLive)
		require.Len(t, changes(events), 3, name)
		require.Equal(t, "updated "+update.Identifier, changes(events)[0], name)
		require.Empty(t, of[client.Rejected](events), name)
		require.Len(t, next.Threads(), 2, name)
	}
}

// Tokens come and go on an open connection; what comes into view follows, and the
// ticket keeps restricted notices in view when login breaks.
func TestTiersWithARealNode(t *testing.T) {
	s := newSite(t)
	stop, address := s.openNode("127.0.0.1:0")
	north, south := s.Alert(noticetest.Restricted("tenant:north")), s.Alert(noticetest.Restricted("tenant:south"))
	private := s.Alert(noticetest.Private("tenant:north"))
	for _, n := range []*notice.Notice{north, south, private} {
		s.publish(n)
	}
	var tokens []string
	w := s.follow(address, func(c *client.Config) {
		c.Tokens = func(context.Context) ([]string, error) { return tokens, nil }
	})
	w.await(t, "live", isLive)
	require.Empty(t, w.Threads())

	tokens = []string{s.issuer.Token(map[string]any{"tenant": "north"})}
	w.TokensChanged()
	w.await(t, "what came into view", about(private))
	require.Len(t, w.Threads(), 2)

	tokens = []string{"broken"}
	stop()
	again, _ := s.openNode(address)
	events := w.await(t, "live again", isLive)
	require.Equal(t, wire.TierRestricted, of[client.Connected](events)[0].Tier, "by ticket")
	more := s.Alert(noticetest.Restricted("tenant:north"))
	s.publish(more)
	w.await(t, "by ticket", about(more))
	require.Len(t, w.Threads(), 3)

	missed := s.Alert(noticetest.Private("tenant:north"))
	s.publish(missed)
	marker := s.Alert()
	s.publish(marker)
	w.await(t, "the cursor is beyond it", about(marker))
	tokens = []string{s.issuer.Token(map[string]any{"tenant": "north"})}
	again()
	s.openNode(address)
	events = w.await(t, "live, in the tier that it had lost", isLive)
	require.Equal(t, []string{"new " + missed.Identifier}, changes(events))

	require.NoError(t, w.SignOut())
	require.Len(t, w.Threads(), 1)
	events = w.await(t, "signed out", isLive)
	require.Equal(t, wire.TierPublic, of[client.Connected](events)[0].Tier)
	w.TokensChanged()
	w.await(t, "signed in again", about(private))
}
