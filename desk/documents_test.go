package desk_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/notice"
	"tocsin/notice/noticetest"
)

func TestKeysetSaysWhatItWouldVoid(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	kept, voided := o.staff.Alert(), o.staff.Alert()
	require.Equal(t, http.StatusCreated, o.publish(kept, o.staff.Publisher2, o.staff.Approver).Status)
	require.Equal(t, http.StatusCreated, o.publish(voided, o.staff.Publisher, o.staff.Approver).Status)
	next := o.staff.KeysetBody(2, noticetest.Without(o.staff.Publisher))

	a := o.post("/v1/keyset?check=true", next)
	require.Equal(t, http.StatusOK, a.Status, a.Text)
	require.Equal(t, "checked", a.Body["status"])
	require.Equal(t, []any{voided.Identifier}, a.Body["voids"])
	require.EqualValues(t, 3, o.head(), "nothing is kept")
	require.Empty(t, records(t, o.dir)[4:])

	// Nobody learns identifiers by posting keysets of their own.
	unsigned := o.staff.SignKeyset(o.staff.Keyset(2, noticetest.Without(o.staff.Publisher)), o.staff.Stranger)
	require.Equal(t, "unauthenticated", o.post("/v1/keyset?check=true", unsigned).problem())
	r := o.request(http.MethodPost, "/v1/keyset?check=true", unsigned)
	r.Header.Set("Authorization", "Bearer "+o.token(o.staff.Operator))
	require.Equal(t, []any{voided.Identifier}, o.do(r).Body["voids"])
	require.Equal(t, "unsigned", o.post("/v1/keyset", unsigned).rule())

	a = o.post("/v1/keyset", next)
	require.Equal(t, http.StatusCreated, a.Status, a.Text)
	require.Equal(t, "keyset-2", a.Body["identifier"])
	require.Equal(t, []any{voided.Identifier}, a.Body["voids"])
	require.Equal(t, http.StatusNotFound, o.as(o.staff.Operator, http.MethodGet, "/v1/notices/"+voided.Identifier).Status)

	// The same bytes can be signed again by somebody else.
	a = o.publish(voided, o.staff.Publisher2, o.staff.Approver)
	require.Equal(t, http.StatusCreated, a.Status, a.Text)

	require.Equal(t, "already-published", o.post("/v1/keyset", next).problem())
	a = o.post("/v1/keyset", o.staff.KeysetBody(1, noticetest.Without(o.staff.Approver)))
	require.Equal(t, "superseded", a.problem(), a.Text)
}

func TestKeysetWaitsForRoots(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	two := o.staff.Keyset(2, noticetest.Roots(2, o.staff.Root, o.staff.Root2))

	a := o.post("/v1/keyset", o.staff.SignKeyset(two, o.staff.Root))
	require.Equal(t, http.StatusAccepted, a.Status, a.Text)
	require.Equal(t, []any{o.staff.Root2.KeyID()}, a.Body["candidates"])
	require.NotContains(t, a.Body["hint"], "approve", "roots have no login")

	other := o.staff.Keyset(2, noticetest.Roots(1, o.staff.Root2))
	a = o.post("/v1/keyset", o.staff.SignKeyset(other, o.staff.Root))
	require.Equal(t, "conflict", a.problem(), a.Text)

	a = o.as(o.staff.Publisher, http.MethodDelete, "/v1/proposals/keyset-2")
	require.Equal(t, http.StatusForbidden, a.Status)
	require.Equal(t, http.StatusNoContent, o.as(o.staff.Operator, http.MethodDelete, "/v1/proposals/keyset-2").Status)

	require.Equal(t, http.StatusAccepted, o.post("/v1/keyset", o.staff.SignKeyset(two, o.staff.Root)).Status)
	a = o.post("/v1/keyset", o.staff.SignKeyset(two, o.staff.Root2))
	require.Equal(t, http.StatusCreated, a.Status, a.Text)
}

func TestKeysetOfAStranger(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	for version := range int64(3) { // names roots of its own, and is well signed by them
		ks := o.staff.Keyset(version+2, noticetest.Roots(1, o.staff.Stranger))
		a := o.post("/v1/keyset", o.staff.SignKeyset(ks, o.staff.Stranger))
		require.Equal(t, http.StatusUnprocessableEntity, a.Status, a.Text)
		require.Equal(t, "root", a.Body["rule"])
	}
	two := o.staff.Keyset(2, noticetest.Roots(2, o.staff.Root, o.staff.Root2))
	a := o.post("/v1/keyset", o.staff.SignKeyset(two, o.staff.Root))
	require.Equal(t, http.StatusAccepted, a.Status, a.Text)
	a = o.post("/v1/keyset", o.staff.SignKeyset(two, o.staff.Root2)) // a new root adds to it
	require.Equal(t, http.StatusCreated, a.Status, a.Text)
}

func TestContactsPostureRedaction(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	require.Equal(t, "not-found", o.do(o.request(http.MethodGet, "/v1/contacts", nil)).problem())

	cards := o.staff.Cards(1) // once: both must sign the same bytes
	a := o.post("/v1/contacts", o.staff.SignContacts(cards, o.staff.Contacts))
	require.Equal(t, http.StatusAccepted, a.Status, a.Text)
	require.Equal(t, "contacts-1", a.Body["identifier"])
	a = o.post("/v1/contacts", o.staff.SignContacts(cards, o.staff.Contacts2))
	require.Equal(t, http.StatusCreated, a.Status, a.Text)
	require.Equal(t, "superseded", o.post("/v1/contacts", o.staff.SignContacts(&notice.Contacts{
		Version: 1, Sent: notice.FormatTime(o.now()),
	})).problem())
	a = o.do(o.request(http.MethodGet, "/v1/contacts", nil))
	require.EqualValues(t, 2, a.seq())

	a = o.post("/v1/contacts", o.staff.SignContacts(&notice.Contacts{
		Version: 2, Sent: notice.FormatTime(o.now().Add(-25 * time.Hour)),
	}))
	require.Equal(t, "admission.sent", a.rule())
	a = o.post("/v1/contacts", o.staff.SignContacts(&notice.Contacts{
		Version: 3, Sent: notice.FormatTime(o.now()),
	}, o.staff.Publisher, o.staff.Approver))
	require.Equal(t, "unsigned", a.rule(), "other roles don't count")

	a = o.post("/v1/posture", o.staff.PostureBody(&notice.Posture{Version: 1, Incident: true}))
	require.Equal(t, http.StatusCreated, a.Status, a.Text)
	require.Equal(t, http.StatusUnauthorized, o.do(o.request(http.MethodGet, "/v1/posture", nil)).Status)
	require.EqualValues(t, 3, o.as(o.staff.Approver, http.MethodGet, "/v1/posture").seq())

	alert := o.staff.Alert()
	require.Equal(t, http.StatusCreated, o.publish(alert).Status)
	a = o.post("/v1/redaction", o.staff.RedactionBody(4, o.staff.Sign(alert)))
	require.Equal(t, http.StatusCreated, a.Status, a.Text)
	require.Equal(t, "redaction-4", a.Body["identifier"])
	require.Equal(t, http.StatusNotFound, o.get("/v1/notices/"+alert.Identifier).Status)

	a = o.do(o.request(http.MethodGet, "/v1/keyset", nil))
	require.EqualValues(t, 1, a.seq())
	require.Equal(t, notice.TypeKeyset, a.Body["envelope"].(map[string]any)["payloadType"])
}

// What no reader sees is in no text that readers get, of whatever document.
func TestTextsThatDeceive(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	cards := o.staff.Cards(1)
	cards.Cards[0].Name = "Crisis line \u202e2410 010 555 1+"
	for name, a := range map[string]answer{
		"cards[0].name":    o.post("/v1/contacts", o.staff.SignContacts(cards)),
		"note":             o.post("/v1/posture", o.staff.PostureBody(&notice.Posture{Version: 1, Note: "Lift\u2066 it\u2069"})),
		"info[0].headline": o.publish(o.staff.Alert(noticetest.Headline("Call 555\u200b0142")), o.staff.Publisher),
	} {
		require.Equal(t, "admission.text", a.rule(), "%s: %s", name, a.Text)
		require.Contains(t, a.Body["detail"], name+": ")
		require.Contains(t, a.Body["detail"], "U+20")
	}
	require.EqualValues(t, 1, o.head())
	require.Empty(t, o.get("/v1/proposals").Body["proposals"])
}

// A document that was built on a lie about what holds can't use up the versions.
func TestVersionsRiseBySteps(t *testing.T) {
	t.Parallel()
	o := newSite(t).open()
	require.Equal(t, "admission.version", o.post("/v1/contacts", o.staff.ContactsBody(notice.MaxVersion)).rule())
	require.Equal(t, "admission.version", o.post("/v1/posture", o.staff.PostureBody(&notice.Posture{Version: 1001})).rule())
	require.Equal(t, http.StatusCreated, o.post("/v1/contacts", o.staff.ContactsBody(1000)).Status)
	require.Equal(t, "admission.version", o.post("/v1/contacts", o.staff.ContactsBody(2001)).rule())
	require.Equal(t, http.StatusCreated, o.post("/v1/contacts", o.staff.ContactsBody(1001)).Status)
}
