package desk_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"tocsin/broker"
	"tocsin/desk"
	"tocsin/notice"
	"tocsin/notice/noticetest"
)

func TestProposalLapses(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	// A tool whose clock is four minutes ahead: sent outlives the proposal.
	alert := o.staff.Alert(noticetest.Sent(o.now().Add(4*time.Minute)), noticetest.Expires(o.now().Add(48*time.Hour)))
	require.Equal(t, http.StatusAccepted, o.publish(alert, o.staff.Publisher).Status)
	o.advance(24 * time.Hour)
	clear(o.tokens)
	require.Empty(t, o.get("/v1/proposals").Body["proposals"])
	require.Equal(t, http.StatusNotFound, o.get("/v1/proposals/"+alert.Identifier).Status)
	require.Equal(t, http.StatusNotFound, o.approve(alert, o.staff.Approver).Status)

	// Proposed again, by an approver's signature alone, it has lost the publisher's.
	require.Equal(t, "publisher", o.publish(alert, o.staff.Approver).rule())
	require.Equal(t, http.StatusAccepted, o.publish(alert, o.staff.Publisher).Status)
}

func TestWithdraw(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	alert := o.staff.Alert()
	path := "/v1/proposals/" + alert.Identifier
	require.Equal(t, http.StatusAccepted, o.publish(alert, o.staff.Publisher).Status)
	require.Equal(t, http.StatusUnauthorized, o.do(o.request(http.MethodDelete, path, nil)).Status)
	require.Equal(t, "forbidden", o.as(o.staff.Approver, http.MethodDelete, path).problem())
	require.Equal(t, http.StatusNoContent, o.as(o.staff.PublisherSpare, http.MethodDelete, path).Status, "the owner counts, not the key")
	require.Equal(t, http.StatusNotFound, o.as(o.staff.Publisher, http.MethodDelete, path).Status)
	require.Equal(t, http.StatusNotFound, o.approve(alert, o.staff.Approver).Status)

	last := records(t, o.dir)[3]
	require.Equal(t, "withdraw done", phases(records(t, o.dir))[3])
	require.Equal(t, []string{"ana-ruiz"}, last.Owners)
	require.Equal(t, http.StatusAccepted, o.publish(alert, o.staff.Publisher).Status, "it may be proposed again")
}

// Who has opened a notice to approve it never finds other words under its identifier,
// at any desk, for as long as it could have waited.
func TestNoOtherWordsUnderAWithdrawnIdentifier(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	o, elsewhere := s.open(), s.open()
	alert := o.staff.Alert()
	other := o.staff.Alert(noticetest.Identifier(alert.Identifier), noticetest.Headline("Pay here"))
	path := "/v1/proposals/" + alert.Identifier
	withdraw := func() {
		require.Equal(t, http.StatusNoContent, o.as(o.staff.Publisher, http.MethodDelete, path).Status)
	}
	require.Equal(t, http.StatusAccepted, o.publish(alert, o.staff.Publisher).Status)
	withdraw()
	for _, desk := range []*office{o, elsewhere} {
		for _, key := range []*notice.PrivateKey{o.staff.Publisher, o.staff.Publisher2} {
			a := desk.publish(other, key)
			require.Equal(t, http.StatusConflict, a.Status, a.Text)
			require.Equal(t, "withdrawn", a.problem())
			require.Contains(t, a.Body["detail"], "new identifier")
		}
		require.Equal(t, http.StatusNotFound, desk.get(path).Status)
		require.Empty(t, desk.get("/v1/proposals").Body["proposals"])
		require.Equal(t, http.StatusNotFound, desk.approve(other, o.staff.Approver).Status)
		require.Equal(t, http.StatusNotFound, desk.as(o.staff.Publisher, http.MethodDelete, path).Status)
	}
	require.Equal(t, http.StatusAccepted, o.publish(alert, o.staff.Publisher).Status, "the same words may come again")
	withdraw()
	require.Equal(t, "withdrawn", o.publish(other, o.staff.Publisher).problem())
	require.Equal(t, http.StatusCreated, o.publish(alert).Status, "and be published")
	require.Equal(t, "already-published", o.approve(alert, o.staff.Approver).problem())

	// A version has to be proposed again as it should have been.
	posture := func(note string) answer {
		return o.post("/v1/posture", o.staff.PostureBody(&notice.Posture{Version: 1, Note: note}, o.staff.Operator))
	}
	require.Equal(t, http.StatusAccepted, posture("a slip").Status)
	require.Equal(t, http.StatusNoContent, o.as(o.staff.Operator, http.MethodDelete, "/v1/proposals/posture-1").Status)
	require.Equal(t, http.StatusAccepted, posture("as it was meant").Status)
}

// The identifier is free once the first proposal would have lapsed, and nothing is kept.
func TestWithdrawnIsForgotten(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	alert := o.staff.Alert()
	require.Equal(t, http.StatusAccepted, o.publish(alert, o.staff.Publisher).Status)
	require.Equal(t, http.StatusNoContent, o.as(o.staff.Publisher, http.MethodDelete, "/v1/proposals/"+alert.Identifier).Status)
	store := deskStore{o.broker.Store(broker.StreamDesk)}
	item, err := store.Get(testContext(t), alert.Identifier)
	require.NoError(t, err)
	require.NotContains(t, string(item.Body), "envelope", "its text is not kept")
	o.advance(24 * time.Hour)
	later := o.staff.Alert(noticetest.Identifier(alert.Identifier))
	require.Equal(t, http.StatusAccepted, o.publish(later, o.staff.Publisher).Status)
}

// To propose and withdraw in a loop fills nothing, either.
func TestThousandWithdrawnOfOneOwner(t *testing.T) {
	t.Parallel()
	store := &remembering{}
	o := newSite(t).open(func(c *desk.Config) {
		store.Proposals = c.Proposals
		c.Proposals = store
	})
	for range 1000 {
		body, err := json.Marshal(map[string]any{
			"proposer": "ana-ruiz", "created": o.now(), "withdrawn": map[string]any{"sha256": "", "time": o.now()},
		})
		require.NoError(t, err)
		store.more = append(store.more, desk.Item{Key: o.staff.NewID(), Body: body, Revision: 1})
	}
	a := o.publish(o.staff.Alert(), o.staff.Publisher)
	require.Equal(t, "too-many", a.problem(), a.Text)
	require.Equal(t, http.StatusAccepted, o.publish(o.staff.Alert(), o.staff.Publisher2).Status)
	require.Equal(t, http.StatusCreated, o.publish(o.staff.Alert()).Status)
}

// remembering is a store with more in it than was put there.
type remembering struct {
	desk.Proposals
	more []desk.Item
}

func (r *remembering) List(ctx context.Context) ([]desk.Item, error) {
	list, err := r.Proposals.List(ctx)
	return append(list, r.more...), err
}

// What enough have signed may be on its way into the log: to say that it is withdrawn
// could be untrue a moment later.
func TestWithdrawOfWhatIsComplete(t *testing.T) {
	t.Parallel()
	log := &faultyLog{}
	o := newSite(t).open(faulty(log))
	alert := o.staff.Alert()
	require.Equal(t, http.StatusAccepted, o.publish(alert, o.staff.Publisher).Status)
	log.setDown(desk.ErrUnavailable)
	require.Equal(t, http.StatusServiceUnavailable, o.approve(alert, o.staff.Approver).Status)
	a := o.as(o.staff.Publisher, http.MethodDelete, "/v1/proposals/"+alert.Identifier)
	require.Equal(t, "conflict", a.problem(), a.Text)
}

func TestAnotherPayloadUnderTheSameIdentifier(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	alert := o.staff.Alert()
	other := o.staff.Alert(noticetest.Identifier(alert.Identifier), noticetest.Headline("Another"))
	require.Equal(t, http.StatusAccepted, o.publish(alert, o.staff.Publisher).Status)
	a := o.publish(other, o.staff.Publisher2)
	require.Equal(t, http.StatusConflict, a.Status)
	require.Equal(t, "conflict", a.problem())
	require.Equal(t, alert.Identifier, a.Body["identifier"])
	require.Regexp(t, "^it is signed by ana-ruiz, waits since 2.* and lapses at 2", a.Body["detail"])
	// A signature for one is none for the other.
	a = o.post("/v1/proposals/"+alert.Identifier+"/signatures", signatureBody(o.staff.Envelope(other, o.staff.Approver)))
	require.Equal(t, "signature.invalid", a.rule())
}

func TestHundredProposalsOfOneOwner(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	store := deskStore{o.broker.Store(broker.StreamDesk)}
	for range 99 { // put there as a desk does, but without its syncs
		alert := o.staff.Alert()
		body, err := json.Marshal(map[string]any{
			"proposer": "ana-ruiz", "created": o.now(), "envelope": json.RawMessage(o.staff.Sign(alert, o.staff.Publisher)),
		})
		require.NoError(t, err)
		_, err = store.Put(testContext(t), alert.Identifier, body, 0)
		require.NoError(t, err)
	}
	require.Equal(t, http.StatusAccepted, o.publish(o.staff.Alert(), o.staff.Publisher).Status)
	a := o.publish(o.staff.Alert(), o.staff.Publisher)
	require.Equal(t, http.StatusTooManyRequests, a.Status)
	require.NotEmpty(t, a.Header.Get("Retry-After"))
	require.Equal(t, http.StatusTooManyRequests, o.publish(o.staff.Alert(), o.staff.PublisherSpare).Status, "owners count, not keys")
	require.Equal(t, http.StatusAccepted, o.publish(o.staff.Alert(), o.staff.Publisher2).Status)
	require.Equal(t, http.StatusCreated, o.publish(o.staff.Alert()).Status, "publishing is not proposing")
}

// unlisted is a store that answers everything but the question for all.
type unlisted struct{ desk.Proposals }

func (unlisted) List(context.Context) ([]desk.Item, error) { return nil, desk.ErrUnavailable }

func TestStoreThatCanNotBeListed(t *testing.T) {
	t.Parallel()
	o := newSite(t).open(func(c *desk.Config) { c.Proposals = unlisted{c.Proposals} })
	alert := o.staff.Alert()
	require.Equal(t, http.StatusAccepted, o.publish(alert, o.staff.Publisher).Status)
	require.Equal(t, "unavailable", o.get("/v1/proposals").problem())
	require.Equal(t, http.StatusCreated, o.approve(alert, o.staff.Approver).Status)
}

// Two people sign at once, at two desks: no signature is lost, and it is published once.
func TestSignaturesAtTwoDesks(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.append(s.staff.KeysetBody(2, noticetest.Thresholds(notice.Thresholds{Patient: 3})))
	one, two := s.open(), s.open()
	for range 4 {
		alert := s.staff.Alert()
		require.Equal(t, http.StatusAccepted, one.publish(alert, s.staff.Publisher).Status)
		answers := make(chan answer, 2)
		go func() { answers <- one.approve(alert, s.staff.Approver) }()
		go func() { answers <- two.approve(alert, s.staff.Approver2) }()
		a, b := <-answers, <-answers
		require.ElementsMatch(t, []int{http.StatusAccepted, http.StatusCreated}, []int{a.Status, b.Status}, "%s %s", a.Text, b.Text)
		require.Equal(t, 1, s.onLog(s.staff.Envelope(alert)))
	}
}

func TestSweep(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	o := newSite(t).open(func(c *desk.Config) { c.Registerer = registry })
	store := deskStore{o.broker.Store(broker.StreamDesk)}
	lapsed, published := o.staff.Alert(), o.staff.Alert()
	require.Equal(t, http.StatusAccepted, o.publish(lapsed, o.staff.Publisher).Status)
	require.Equal(t, http.StatusAccepted, o.publish(published, o.staff.Publisher).Status)
	require.Equal(t, http.StatusCreated, o.publish(published).Status, "without a look at the proposal")
	o.advance(23 * time.Hour)
	waiting := o.staff.Alert()
	require.Equal(t, http.StatusAccepted, o.publish(waiting, o.staff.Publisher).Status)
	o.advance(2 * time.Hour)
	list := o.get("/v1/proposals").Body["proposals"].([]any)
	require.Len(t, list, 1, "what lapsed or is published does not wait, though it is still kept")

	desk.Sweep(testContext(t), o.desk)
	items, err := store.List(testContext(t))
	require.NoError(t, err)
	require.Len(t, items, 1)
	require.Equal(t, waiting.Identifier, items[0].Key)
	require.Equal(t, []string{"lapse intended", "lapse done"}, phases(records(t, o.dir))[8:])
	require.Equal(t, lapsed.Identifier, last(t, o).Identifier)
	made := o.now().Add(-2 * time.Hour).Unix()
	require.EqualValues(t, 1, value(t, registry, "tocsin_desk_proposals"))
	require.InDelta(t, made, value(t, registry, "tocsin_desk_oldest_proposal_timestamp_seconds"), 60)
	o.advance(23 * time.Hour)
	desk.Sweep(testContext(t), o.desk)
	require.Zero(t, value(t, registry, "tocsin_desk_proposals"))
	require.Zero(t, value(t, registry, "tocsin_desk_oldest_proposal_timestamp_seconds"))
}

// value is that of a gauge.
func value(t *testing.T, g prometheus.Gatherer, name string) float64 {
	families, err := g.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	require.FailNow(t, "no "+name)
	return 0
}

// The signature of one who has left since counts no more, and does not stand in the way.
func TestRemovedSignerOfProposal(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	alert := o.staff.Alert()
	require.Equal(t, http.StatusAccepted, o.publish(alert, o.staff.Publisher).Status)
	require.Equal(t, http.StatusCreated, o.post("/v1/keyset", o.staff.KeysetBody(2, noticetest.Without(o.staff.Publisher))).Status)
	a := o.as(o.staff.Approver, http.MethodGet, "/v1/proposals/"+alert.Identifier)
	require.Empty(t, a.Body["signers"])
	require.Equal(t, "publisher", o.approve(alert, o.staff.Approver).rule())
	a = o.approve(alert, o.staff.Publisher2)
	require.Equal(t, http.StatusAccepted, a.Status, a.Text)
	require.Equal(t, http.StatusCreated, o.approve(alert, o.staff.Approver).Status)
}

func TestBlockedProposal(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	alert := o.staff.Alert()
	require.Equal(t, http.StatusCreated, o.publish(alert).Status)
	update := o.staff.Update(alert, nil)
	require.Equal(t, http.StatusAccepted, o.publish(update, o.staff.Publisher).Status)
	require.Equal(t, http.StatusCreated, o.publish(o.staff.Cancel(alert, nil), o.staff.Publisher).Status)
	a := o.get("/v1/proposals/" + update.Identifier)
	require.Equal(t, "admission.cancelled", a.Body["blocked"], a.Text)
	require.Equal(t, true, a.Body["superseded"])
	require.Equal(t, "superseded", o.approve(update, o.staff.Approver).problem())
	path := "/v1/proposals/" + update.Identifier
	require.Equal(t, http.StatusUnauthorized, o.do(o.request(http.MethodDelete, path, nil)).Status)
	require.Equal(t, http.StatusNoContent, o.as(o.staff.Approver, http.MethodDelete, path).Status, "it is in everyone's way")
}

// Whoever has the broker's password may write into the store of proposals. It gains
// nothing: signatures decide, and what is no proposal stops nobody.
func TestStoreThatSomebodyElseWroteTo(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	store := deskStore{o.broker.Store(broker.StreamDesk)}
	alert, other := o.staff.Alert(), o.staff.Alert()
	put := func(key string, env *notice.Envelope) {
		body, err := json.Marshal(map[string]any{"proposer": "ana-ruiz", "created": o.now(), "envelope": json.RawMessage(env.Marshal())})
		require.NoError(t, err)
		_, err = store.Put(testContext(t), key, body, 0)
		require.NoError(t, err)
	}
	put(alert.Identifier, o.staff.Envelope(other, o.staff.Publisher)) // another's
	_, err := store.Put(testContext(t), "junk", []byte("{"), 0)
	require.NoError(t, err)
	forged := o.staff.Envelope(other, o.staff.Publisher, o.staff.Approver)
	forged.Signatures[0].Sig = bytes.Repeat([]byte{7}, 64)
	put(other.Identifier, forged)

	list := o.get("/v1/proposals").Body["proposals"].([]any)
	require.Len(t, list, 1)
	signers := list[0].(map[string]any)["signers"].([]any)
	require.Len(t, signers, 1)
	require.Equal(t, "ben-holt", signers[0].(map[string]any)["owner"])
	require.Equal(t, "publisher", o.approve(other, o.staff.Approver2).rule())
	require.Equal(t, http.StatusAccepted, o.publish(alert, o.staff.Publisher).Status, "junk is written over")
	require.Equal(t, http.StatusNotFound, o.get("/v1/proposals/junk").Status)
	require.Equal(t, http.StatusNotFound, o.get("/v1/proposals/tocsin.%3E").Status)

	// A false signature under a true key's name does not keep the true one out.
	require.Equal(t, http.StatusCreated, o.post("/v1/keyset", o.staff.KeysetBody(2, noticetest.Thresholds(notice.Thresholds{Patient: 3}))).Status)
	third := o.staff.Alert()
	forgedToo := o.staff.Envelope(third, o.staff.Publisher, o.staff.Approver)
	forgedToo.Signatures[1].Sig = bytes.Repeat([]byte{7}, 64)
	put(third.Identifier, forgedToo)
	a := o.approve(third, o.staff.Approver)
	require.Equal(t, http.StatusAccepted, a.Status, a.Text)
	require.Len(t, o.get("/v1/proposals/" + third.Identifier).Body["signers"], 2)
}
