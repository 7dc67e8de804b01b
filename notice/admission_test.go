package notice_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// admissible is a board with an Alert and its Update, at logEpoch.
func admissible(t *testing.T) (s *noticetest.Staff, b *notice.Board, alert, update *notice.Notice) {
	s = noticetest.NewStaff(t)
	s.Clock = func() time.Time { return logEpoch }
	b, alert = s.Board(), s.Alert()
	update = s.Update(alert, nil)
	for _, body := range [][]byte{s.Sign(alert), s.Sign(update)} {
		require.NoError(t, b.Fold(notice.Entry{Seq: b.Seq() + 1, Body: body}).Err)
	}
	return s, b, alert, update
}

func TestAdmit(t *testing.T) {
	s, b, alert, update := admissible(t)
	at := func(d time.Duration) noticetest.Edit { return noticetest.Sent(logEpoch.Add(d)) }
	tenants := func(l notice.Label) bool {
		require.NotEqual(t, "surface", l.Kind(), "nobody need prove a surface")
		return l == "tenant:north"
	}
	for name, c := range map[string]struct {
		notice *notice.Notice
		rule   string
	}{
		"an Alert":                           {s.Alert(), ""},
		"a day old":                          {s.Alert(at(-24 * time.Hour)), ""},
		"older":                              {s.Alert(at(-24*time.Hour - time.Second)), "admission.sent"},
		"5 min ahead":                        {s.Alert(at(5 * time.Minute)), ""},
		"further ahead":                      {s.Alert(at(5*time.Minute + time.Second)), "admission.sent"},
		"ended":                              {s.Alert(at(-time.Hour), noticetest.Expires(logEpoch)), "admission.expires"},
		"UUID of another version":            {s.Alert(noticetest.Identifier("6ba7b810-9dad-41d1-80b4-00c04fd430c8")), "admission.identifier"},
		"UUIDv7 in upper case":               {s.Alert(noticetest.Identifier("019AB000-0000-7000-8000-000000000001")), "admission.identifier"},
		"no UUID":                            {s.Alert(noticetest.Identifier("flood-1")), "admission.identifier"},
		"a known audience":                   {s.Alert(noticetest.Restricted("tenant:north", "surface:portal")), ""},
		"an unknown audience":                {s.Alert(noticetest.Restricted("tenant:nroth")), "admission.audience"},
		"one unknown among them":             {s.Alert(noticetest.Restricted("tenant:north", "tenant:nroth")), "admission.audience"},
		"an Update":                          {s.Update(alert, []*notice.Notice{update}), ""},
		"an Update unaware":                  {s.Update(alert, nil), "superseded"},
		"a Cancel":                           {s.Cancel(alert, []*notice.Notice{update}), ""},
		"a Cancel unaware":                   {s.Cancel(alert, nil), "superseded"},
		"a fold rule":                        {s.Alert(noticetest.Severity("Grave")), "info.severity"},
		"an Update of nothing":               {s.Update(s.Alert(), nil), "reference.alert"},
		"an override":                        {s.Alert(noticetest.Headline("Pay at \u202e2410 010 555 1+")), "admission.text"},
		"a hidden note":                      {s.Cancel(alert, []*notice.Notice{update}, noticetest.Note("in error\u200b")), "admission.text"},
		"Public, as it is said not to be":    {s.Alert(restriction("Staff only")), "admission.restriction"},
		"a directive in the second language": {s.Alert(noticetest.Languages("en-US", "es-US"), acting("pause-booking")), "admission.parameters"},
		"published already":                  {alert, "duplicate"},
		"an Update that goes wider":          {s.Update(alert, []*notice.Notice{update}, noticetest.Restricted("tenant:north")), "thread.scope"},
	} {
		t.Run(name, func(t *testing.T) {
			// Unsigned: whether enough have signed is not for admission to say.
			err := notice.Admit(c.notice, s.Unsigned(c.notice), b, notice.AdmissionContext{Now: logEpoch, AudienceExists: tenants})
			if c.rule == "" {
				require.NoError(t, err)
				return
			}
			require.Equal(t, c.rule, ruleOf(t, err), "%v", err)
			if c.rule == "superseded" {
				require.ErrorIs(t, err, notice.ErrSuperseded)
			}
		})
	}
	anyone := s.Alert(noticetest.Restricted("tenant:nroth"))
	require.NoError(t, notice.Admit(anyone, s.Unsigned(anyone), b, notice.AdmissionContext{Now: logEpoch}))
}

func restriction(words string) noticetest.Edit {
	return func(n *notice.Notice) { n.Restriction = words }
}

// acting puts a directive into the last block, and nowhere else.
func acting(directive string) noticetest.Edit {
	return func(n *notice.Notice) {
		last := &n.Info[len(n.Info)-1]
		last.Parameter = append(slices.Clone(last.Parameter), notice.ValuePair{ValueName: "directive", Value: directive})
	}
}

// What was published when there was no rule about it can be withdrawn: a Cancel has to
// repeat the thread's own words.
func TestAdmitWithdrawalOfWhatDeceives(t *testing.T) {
	s := noticetest.NewStaff(t)
	s.Clock = func() time.Time { return logEpoch }
	for _, alert := range []*notice.Notice{
		s.Alert(noticetest.Restricted("tenant:north"), restriction("\u202eThose concerned")),
		s.Alert(restriction("Staff only")),
		s.Alert(func(n *notice.Notice) { n.Sender = "crisis\u200b@clinic.example" }),
	} {
		b := s.Board()
		require.NoError(t, b.Fold(notice.Entry{Seq: b.Seq() + 1, Body: s.Sign(alert)}).Err, "no fold rule")
		cancel := s.Cancel(alert, nil, noticetest.Note("in error"), func(n *notice.Notice) { n.Sender = "crisis@clinic.example" })
		require.NoError(t, notice.Admit(cancel, s.Unsigned(cancel), b, notice.AdmissionContext{Now: logEpoch}))
	}
}

func TestAdmitToAThreadThatEnded(t *testing.T) {
	s, b, alert, update := admissible(t)
	later := logEpoch.Add(2 * time.Hour) // when the Update expires
	s.Clock = func() time.Time { return later }
	next := s.Update(alert, []*notice.Notice{update}, noticetest.Expires(later.Add(time.Hour)))
	admit := func(n *notice.Notice, now time.Time) error {
		return notice.Admit(n, s.Unsigned(n), b, notice.AdmissionContext{Now: now})
	}
	require.NoError(t, admit(next, later.Add(-time.Second)))
	require.Equal(t, "admission.over", ruleOf(t, admit(next, later)))

	cancel := s.Cancel(alert, []*notice.Notice{update})
	require.NoError(t, b.Fold(notice.Entry{Seq: 9, Body: s.Sign(cancel)}).Err)
	after := s.Update(alert, []*notice.Notice{update, cancel}, noticetest.Expires(later.Add(time.Hour)))
	require.Equal(t, "admission.cancelled", ruleOf(t, admit(after, later)))
}

func TestAdmitWantsKeysValidNow(t *testing.T) {
	s, b, _, _ := admissible(t)
	ks := s.Keyset(2)
	ks.Key(s.Approver.KeyID()).NotAfter = notice.FormatTime(logEpoch)
	require.NoError(t, b.Fold(notice.Entry{Seq: 9, Body: s.SignKeyset(ks, s.Root)}).Err)
	n := s.Alert(noticetest.Sent(logEpoch.Add(-time.Minute)))
	e := s.Envelope(n, s.Publisher, s.Approver)
	require.NoError(t, notice.Admit(n, e, b, notice.AdmissionContext{Now: logEpoch}))
	late := notice.AdmissionContext{Now: logEpoch.Add(time.Second)}
	require.Equal(t, "admission.key", ruleOf(t, notice.Admit(n, e, b, late)))
	require.NoError(t, notice.Admit(n, s.Envelope(n, s.Publisher, s.Approver2), b, late))
	tally, err := b.Tally(e)
	require.NoError(t, err)
	require.True(t, tally.Met, "the fold reads no clock")
}

func TestAdmitBeforeAnyKeyset(t *testing.T) {
	s := noticetest.NewStaff(t)
	n := s.Alert()
	err := notice.Admit(n, s.Envelope(n), notice.NewBoard(s.Trust(), false), notice.AdmissionContext{Now: time.Now()})
	require.Equal(t, "keyset.none", ruleOf(t, err))
}

func TestVerifySession(t *testing.T) {
	s := noticetest.NewStaff(t)
	s.Clock = func() time.Time { return logEpoch }
	const desk = "https://desk.clinic.example"
	ks := s.Keyset(1)
	ks.Key(s.Approver2.KeyID()).NotAfter = notice.FormatTime(logEpoch.Add(-time.Second))
	good := notice.Session{Origin: desk, Nonce: "n0nce", Expires: notice.FormatTime(logEpoch.Add(time.Minute))}
	verify := func(body []byte, now time.Time) (*notice.Session, *notice.Key, error) {
		e, err := notice.ParseEnvelope(body)
		require.NoError(t, err)
		return notice.VerifySession(e, ks, desk, now)
	}
	session, key, err := verify(s.SessionBody(&good, s.Approver), logEpoch)
	require.NoError(t, err)
	require.Equal(t, &good, session)
	require.Equal(t, "ben-holt", key.Owner)

	elsewhere, long := good, good
	elsewhere.Origin = "https://desk.other.example"
	long.Expires = notice.FormatTime(logEpoch.Add(181 * time.Second))
	e, err := notice.ParseEnvelope(s.SessionBody(&good, s.Approver))
	require.NoError(t, err)
	changed := *e
	changed.Payload = append([]byte(" "), e.Payload...)
	two := *e
	two.Sign(s.Publisher)
	retyped := *e
	retyped.PayloadType = notice.TypeContacts
	borrowed := noticetest.SignBytes(notice.TypeSession, e.Payload, s.Stranger)
	borrowed.Signatures[0].KeyID = s.Publisher.KeyID()
	unsigned := noticetest.SignBytes(notice.TypeSession, e.Payload)
	for name, c := range map[string]struct {
		rule string
		body []byte
		now  time.Time
	}{
		"another desk":     {"session.origin", s.SessionBody(&elsewhere, s.Approver), logEpoch},
		"past":             {"session.expires", s.SessionBody(&good, s.Approver), logEpoch.Add(time.Minute)},
		"too long":         {"session.expires", s.SessionBody(&long, s.Approver), logEpoch},
		"a stranger":       {"session.key", s.SessionBody(&good, s.Stranger), logEpoch},
		"a root":           {"session.key", s.SessionBody(&good, s.Root), logEpoch},
		"a beacon":         {"session.key", s.SessionBody(&good, s.Beacon), logEpoch},
		"a key that ended": {"session.key", s.SessionBody(&good, s.Approver2), logEpoch},
		"changed":          {"session.signature", changed.Marshal(), logEpoch},
		"another's keyid":  {"session.signature", borrowed.Marshal(), logEpoch},
		"two signatures":   {"session.envelope", two.Marshal(), logEpoch},
		"no signature":     {"session.envelope", unsigned.Marshal(), logEpoch},
		"another type":     {"session.envelope", retyped.Marshal(), logEpoch},
		"no document":      {"json.syntax", noticetest.SignBytes(notice.TypeSession, []byte("{"), s.Approver).Marshal(), logEpoch},
	} {
		_, _, err := verify(c.body, c.now)
		require.Equal(t, c.rule, ruleOf(t, err), name)
	}
}
