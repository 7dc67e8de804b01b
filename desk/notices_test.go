package desk_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/desk"
	"tocsin/notice"
	"tocsin/notice/noticetest"
)

func TestSecondSignaturePublishes(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	alert := o.staff.Alert(noticetest.Languages("en", "es"))

	a := o.publish(alert, o.staff.Publisher)
	require.Equal(t, http.StatusAccepted, a.Status, a.Text)
	require.Equal(t, "waiting", a.Body["status"])
	require.EqualValues(t, 2, a.Body["need"])
	require.Equal(t, "ana-ruiz", a.Body["signers"].([]any)[0].(map[string]any)["owner"])
	require.Equal(t, []any{"ben-holt", "cara-lind", "dan-okafor"}, a.Body["candidates"])
	require.Equal(t, "tocsin approve "+alert.Identifier+" --key FILE", a.Body["hint"])
	expires, err := time.Parse(time.RFC3339Nano, a.Body["expires"].(string))
	require.NoError(t, err)
	require.WithinDuration(t, o.now().Add(24*time.Hour), expires, time.Minute)
	require.EqualValues(t, 1, o.head(), "nothing is in the log but the keyset")
	require.Empty(t, o.get("/v1/notices").Body["notices"])

	waiting := o.get("/v1/proposals").Body["proposals"].([]any)
	require.Len(t, waiting, 1)
	require.Equal(t, alert.Identifier, waiting[0].(map[string]any)["identifier"])
	require.Equal(t, http.StatusOK, o.get("/v1/proposals/"+alert.Identifier).Status)

	a = o.approve(alert, o.staff.Approver)
	require.Equal(t, http.StatusCreated, a.Status, a.Text)
	require.Equal(t, "published", a.Body["status"])
	require.EqualValues(t, 2, a.seq())
	require.Len(t, a.Body["signers"], 2)
	require.Empty(t, o.get("/v1/proposals").Body["proposals"])

	list := o.get("/v1/notices").Body["notices"].([]any)
	require.Len(t, list, 1)
	require.Equal(t, "active", list[0].(map[string]any)["phase"])
	require.Equal(t, "live", o.get("/v1/notices").Body["source"].(map[string]any)["state"])

	require.Equal(t, []string{
		"propose intended", "propose done", "sign intended", "sign done", "publish intended", "publish done",
	}, phases(records(t, o.dir)))
	last := records(t, o.dir)[5]
	require.EqualValues(t, 2, last.Seq)
	require.Equal(t, []string{"ana-ruiz", "ben-holt"}, last.Owners)
}

func TestBothSignaturesAtOnce(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	alert := o.staff.Alert()
	a := o.publish(alert)
	require.Equal(t, http.StatusCreated, a.Status, a.Text)

	again := o.publish(alert)
	require.Equal(t, http.StatusConflict, again.Status)
	require.Equal(t, "already-published", again.problem())
	require.Equal(t, a.seq(), again.seq())
	late := o.approve(alert, o.staff.Approver2)
	require.Equal(t, "already-published", late.problem(), late.Text)
	require.EqualValues(t, 2, o.head())
}

func TestSamePayloadMergesSignatures(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	alert := o.staff.Alert(noticetest.Severity(notice.SeverityExtreme))
	o.publish(alert, o.staff.Publisher)
	require.Equal(t, http.StatusAccepted, o.publish(alert, o.staff.Publisher).Status, "a retry is harmless")
	a := o.publish(alert, o.staff.Approver) // not enough by itself, and no publisher's
	require.Equal(t, http.StatusCreated, a.Status, a.Text)
	require.Len(t, a.Body["signers"], 2)
}

func TestOneOwnerCountsOnce(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	alert := o.staff.Alert()
	a := o.publish(alert, o.staff.Publisher, o.staff.PublisherSpare)
	require.Equal(t, http.StatusAccepted, a.Status, a.Text)
	require.Len(t, a.Body["signers"], 1)

	other := o.staff.Alert()
	require.Equal(t, http.StatusAccepted, o.publish(other, o.staff.Publisher).Status)
	a = o.approve(other, o.staff.PublisherSpare)
	require.Equal(t, http.StatusUnprocessableEntity, a.Status)
	require.Equal(t, "signature.owner", a.rule())
	require.Equal(t, http.StatusAccepted, o.approve(other, o.staff.Publisher).Status, "the same again is a retry")
	require.EqualValues(t, 1, o.head())
}

// What does not count must neither be kept nor fill the places of what does.
func TestSignaturesThatDoNotCount(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	alert := o.staff.Alert()
	forged := o.staff.Envelope(alert, o.staff.Publisher, o.staff.Approver)
	forged.Signatures[1].Sig[7] ^= 1
	for name, test := range map[string]struct {
		envelope *notice.Envelope
		rule     string
		detail   string // part of it
	}{
		"unsigned":         {o.staff.Unsigned(alert), "unsigned", "of 2"},
		"stranger":         {o.staff.Envelope(alert, o.staff.Stranger), "unsigned", "of 2: the key " + o.staff.Stranger.KeyID() + " is not in the keyset in force"},
		"forged":           {forged, "signature.invalid", ""},
		"of another role":  {o.staff.Envelope(alert, o.staff.Contacts, o.staff.Beacon), "unsigned", " has no role for this document; "},
		"no publisher":     {o.staff.Envelope(alert, o.staff.Approver), "publisher", ""},
		"approvers only":   {o.staff.Envelope(alert, o.staff.Approver, o.staff.Approver2), "publisher", ""},
		"break-glass mute": {o.staff.Envelope(alert, o.staff.BreakGlass), "unsigned", " needs a note"},
	} {
		a := o.post("/v1/notices", test.envelope.Marshal())
		require.Equal(t, http.StatusUnprocessableEntity, a.Status, name)
		require.Equal(t, test.rule, a.rule(), name)
		require.Contains(t, a.Text, test.detail, name)
	}
	require.Empty(t, o.get("/v1/proposals").Body["proposals"])
	require.Empty(t, records(t, o.dir), "nothing was even intended")

	junk := o.staff.Envelope(alert, o.staff.Publisher, o.staff.Stranger, o.staff.Beacon)
	a := o.post("/v1/notices", junk.Marshal())
	require.Equal(t, http.StatusAccepted, a.Status)
	kept := o.get("/v1/proposals/" + alert.Identifier).Body["envelope"].(map[string]any)
	require.Len(t, kept["signatures"], 1)
	a = o.approve(alert, o.staff.Stranger)
	require.Equal(t, "signature.key", a.rule(), a.Text)
}

// One test for each rule is in package notice; here, that the answer names it.
func TestBrokenRulesAreNamed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	o := s.open(func(c *desk.Config) {
		c.AudienceExists = func(l notice.Label) bool { return l != "tenant:nowhere" }
	})
	now := s.now()
	alert := s.staff.Alert()
	require.Equal(t, http.StatusCreated, o.publish(alert).Status)
	other := s.staff.Alert()
	for rule, n := range map[string]*notice.Notice{
		"admission.identifier": s.staff.Alert(noticetest.Identifier("CAP-1")),
		"admission.sent":       s.staff.Alert(noticetest.Sent(now.Add(-25*time.Hour)), noticetest.Expires(now.Add(time.Hour))),
		"admission.expires":    s.staff.Alert(noticetest.Sent(now.Add(-2*time.Hour)), noticetest.Expires(now.Add(-time.Hour))),
		"admission.audience":   s.staff.Alert(noticetest.Restricted("tenant:nowhere")),
		"identifier.taken":     s.staff.Alert(noticetest.Identifier(alert.Identifier), noticetest.Headline("Another")),
		"status":               s.staff.Alert(noticetest.Status("Draft")),
		"addresses.label":      s.staff.Alert(noticetest.Addressed("everyone")),
		"addresses.required":   s.staff.Alert(noticetest.Private()),
		"info.linkHosts":       s.staff.Alert(func(n *notice.Notice) { n.Info[0].Web = "https://evil.example/" }),
		"reference.alert":      s.staff.Update(other, nil),
		"thread.scope":         s.staff.Update(alert, nil, noticetest.Restricted("tenant:north")),
		"note":                 s.staff.Cancel(alert, nil, noticetest.Note("")),
	} {
		a := o.publish(n)
		require.Equal(t, http.StatusUnprocessableEntity, a.Status, "%s: %s", rule, a.Text)
		require.Equal(t, "rule", a.problem())
		require.Equal(t, rule, a.rule())
		require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"))
	}
	for rule, body := range map[string]string{
		"json.syntax":          `{"payloadType":`,
		"envelope.payloadType": `{"payloadType":"","payload":"AA==","signatures":[]}`,
		"type":                 string(s.staff.KeysetBody(2)),
	} {
		a := o.post("/v1/notices", []byte(body))
		require.Equal(t, rule, a.rule(), a.Text)
	}
	require.EqualValues(t, 2, s.head())
}

func TestThreads(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	alert := o.staff.Alert()
	update := o.staff.Update(alert, nil)
	require.Equal(t, http.StatusCreated, o.publish(alert).Status)
	require.Equal(t, http.StatusCreated, o.publish(update).Status)

	stale := o.staff.Update(alert, nil, noticetest.Headline("Written without the first"))
	a := o.publish(stale)
	require.Equal(t, http.StatusConflict, a.Status)
	require.Equal(t, "superseded", a.problem())
	require.Equal(t, []any{update.Reference()}, a.Body["missing"])

	cancel := o.staff.Cancel(alert, []*notice.Notice{update})
	a = o.publish(cancel, o.staff.Publisher)
	require.Equal(t, http.StatusCreated, a.Status, "one person can withdraw: %s", a.Text)
	a = o.publish(o.staff.Update(alert, []*notice.Notice{update, cancel}))
	require.Equal(t, "superseded", a.problem(), a.Text)
	require.Equal(t, "admission.cancelled", a.rule())

	for _, identifier := range []string{alert.Identifier, update.Identifier, cancel.Identifier} {
		a = o.get("/v1/notices/" + identifier)
		require.Equal(t, http.StatusOK, a.Status)
		require.Equal(t, alert.Identifier, a.Body["identifier"])
		require.Equal(t, "withdrawn", a.Body["phase"])
		require.Len(t, a.Body["messages"], 3)
		require.EqualValues(t, 2, a.Body["current"].(map[string]any)["revision"])
	}
	require.Empty(t, o.get("/v1/notices?phase=active").Body["notices"])
	require.Len(t, o.get("/v1/notices?phase=withdrawn").Body["notices"], 1)
	require.Equal(t, http.StatusBadRequest, o.get("/v1/notices?phase=none").Status)
	require.Equal(t, http.StatusNotFound, o.get("/v1/notices/"+stale.Identifier).Status)
}

func TestNoticeAsCAP(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	alert := o.staff.Alert(noticetest.Headline("Línea cortada — llámenos"))
	update := o.staff.Update(alert, nil)
	require.Equal(t, http.StatusCreated, o.publish(alert).Status)
	require.Equal(t, http.StatusCreated, o.publish(update).Status)
	for _, n := range []*notice.Notice{alert, update} {
		a := o.as(o.staff.Approver, http.MethodGet, "/v1/notices/"+n.Identifier, func(r *http.Request) {
			r.Header.Set("Accept", "application/cap+xml;q=0.9, text/html")
		})
		require.Equal(t, http.StatusOK, a.Status)
		require.Equal(t, "application/cap+xml", a.Header.Get("Content-Type"))
		got, err := notice.ParseCAP([]byte(a.Text))
		require.NoError(t, err)
		require.Equal(t, n, got)
	}
	a := o.as(o.staff.Approver, http.MethodGet, "/v1/notices/"+alert.Identifier, func(r *http.Request) {
		r.Header.Set("Accept", "image/png")
	})
	require.Equal(t, http.StatusNotAcceptable, a.Status)
}

func TestBreakGlass(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	a := o.publish(o.staff.Alert(noticetest.Note("Nobody else can be reached.")), o.staff.BreakGlass)
	require.Equal(t, http.StatusCreated, a.Status, a.Text)
	require.Equal(t, true, a.Body["breakGlass"])

	// Beside another key it still breaks the glass: nothing of it may get lost.
	a = o.publish(o.staff.Alert(noticetest.Note("With a colleague.")), o.staff.Publisher, o.staff.BreakGlass)
	require.Equal(t, http.StatusCreated, a.Status, a.Text)
	require.Equal(t, true, a.Body["breakGlass"])
}
