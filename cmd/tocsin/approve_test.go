package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/client"
	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// liar is a desk in wrong hands: it answers what a test tells it to, and notes
// whether anyone signed something for it.
type liar struct {
	proposal client.Proposal
	thread   [][]byte // what the proposal follows
	keyset   []byte
	signed   bool
}

func (l *liar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	at := time.Now().UTC()
	answer := map[string]any{
		"nonce": "n", "serverTime": at, "expires": at.Add(time.Minute), // a challenge
		"token": "t", "status": "waiting", "seq": 1, "envelope": json.RawMessage(l.keyset),
	}
	switch {
	case strings.HasSuffix(r.URL.Path, "/signatures"):
		l.signed = true
	case strings.HasPrefix(r.URL.Path, "/v1/proposals/"):
		_ = json.NewEncoder(w).Encode(l.proposal)
		return
	case strings.HasPrefix(r.URL.Path, "/v1/notices/"):
		answer["identifier"] = filepath.Base(r.URL.Path)
		answer["messages"] = l.messages()
	}
	_ = json.NewEncoder(w).Encode(answer)
}

func (l *liar) messages() (list []client.Message) {
	for i, body := range l.thread {
		list = append(list, client.Message{Seq: uint64(i + 2), Envelope: body})
	}
	return list
}

// approve runs the command as the staff's approver, at a desk that lies.
func approve(t *testing.T, staff *noticetest.Staff, l *liar) (shown string, err error) {
	t.Helper()
	server := httptest.NewServer(l)
	defer server.Close()
	dir := t.TempDir()
	key, trust := filepath.Join(dir, "ben.key"), filepath.Join(dir, "trust.pem")
	require.NoError(t, os.WriteFile(key, staff.Approver.Marshal(), 0o600))
	require.NoError(t, os.WriteFile(trust, staff.Trust().Marshal(), 0o600))
	var out, diagnostics strings.Builder
	cmd := approveCmd{
		ID: l.proposal.Identifier, Key: key, Yes: true,
		trustFlags: trustFlags{Trust: trust}, deskFlags: deskFlags{Desk: server.URL},
	}
	err = cmd.Run(context.Background(), console{In: strings.NewReader(""), Out: &out, Err: &diagnostics, program: "tocsin"})
	return diagnostics.String(), err
}

func proposalOf(e *notice.Envelope, identifier string) client.Proposal {
	return client.Proposal{
		Identifier: identifier, PayloadType: e.PayloadType, Envelope: e.Marshal(), Need: 2,
		Signers: []client.Signer{{Owner: "the-director"}},
	}
}

// TestApproveVerifiesSigners: who has signed is found out, not believed.
func TestApproveVerifiesSigners(t *testing.T) {
	staff := noticetest.NewStaff(t)
	alert := staff.Alert()
	l := &liar{
		keyset:   staff.KeysetBody(1),
		proposal: proposalOf(staff.Envelope(alert, staff.Stranger, staff.Publisher), alert.Identifier),
	}
	shown, err := approve(t, staff, l)
	require.NoError(t, err)
	require.True(t, l.signed)
	require.Contains(t, shown, "Signed by ana-ruiz (publisher): verified.")
	require.NotContains(t, shown, "the-director")

	l.proposal = proposalOf(staff.Envelope(alert, staff.Stranger), alert.Identifier)
	shown, err = approve(t, staff, l)
	require.NoError(t, err)
	require.Contains(t, shown, "No signature on it counts.")
}

// TestApproveRefuses: nothing is signed that is not what was asked for, that
// breaks a rule, or that is no document of the log; nor under a keyset that the
// pinned roots did not sign.
func TestApproveRefuses(t *testing.T) {
	staff := noticetest.NewStaff(t)
	alert, other := staff.Alert(), staff.Alert()
	marked := staff.Alert(noticetest.Headline("broken \x1b[2J"))
	login := noticetest.SignBytes(notice.TypeSession, []byte(`{}`), staff.Publisher)
	keyset, err := notice.ParseEnvelope(staff.KeysetBody(1))
	require.NoError(t, err)
	stranger := noticetest.SignBytes(notice.TypeKeyset, keyset.Payload, staff.Stranger)
	for name, c := range map[string]struct {
		liar liar
		want string
	}{
		"another notice": {
			liar{keyset: staff.KeysetBody(1), proposal: proposalOf(staff.Envelope(other, staff.Publisher), alert.Identifier)},
			"the desk answered with " + other.Identifier,
		},
		"a broken rule": {
			liar{keyset: staff.KeysetBody(1), proposal: proposalOf(staff.Envelope(marked, staff.Publisher), marked.Identifier)},
			"would be refused",
		},
		"a login": {
			liar{keyset: staff.KeysetBody(1), proposal: proposalOf(login, "session-1")},
			"does not belong in the log",
		},
		"a stranger's keyset": {
			liar{keyset: stranger.Marshal(), proposal: proposalOf(staff.Envelope(alert, staff.Publisher), alert.Identifier)},
			"not signed by the pinned roots",
		},
	} {
		shown, err := approve(t, staff, &c.liar)
		require.ErrorContains(t, err, c.want, name)
		require.False(t, c.liar.signed, name)
		require.NotContains(t, shown, "\x1b", name)
	}
}

// TestApproveSaysWhatAnUpdateReplaces: an Update that is harmless to read can take a
// warning's place. What that was is folded from the pinned roots, not believed.
func TestApproveSaysWhatAnUpdateReplaces(t *testing.T) {
	staff := noticetest.NewStaff(t)
	alert := staff.Alert(noticetest.Severity(notice.SeverityExtreme), noticetest.Headline("Do not take drug X"),
		noticetest.Languages("en-US", "es-US"))
	parking := func(n *notice.Notice) {
		n.Info = slices.Clone(n.Info[:1])
		n.Info[0].Headline, n.Info[0].Severity = "Parking \u202echanged", notice.SeverityMinor
		n.Info[0].Parameter = []notice.ValuePair{{ValueName: "directive", Value: "pause-booking"}}
	}
	update := staff.Update(alert, nil, parking)
	l := &liar{
		keyset: staff.KeysetBody(1), thread: [][]byte{staff.Sign(alert)},
		proposal: proposalOf(staff.Envelope(update, staff.Publisher), update.Identifier),
	}
	shown, err := approve(t, staff, l)
	require.NoError(t, err)
	for _, want := range []string{
		"against what holds now (verified)", "  - Extreme · Immediate", "  + Minor · Immediate",
		"  - [en-US] Do not take drug X\n", "  + [en-US] Parking <202E>changed\n", "  - [es-US] Do not take drug X\n",
		"  + [en-US] parameter: directive = pause-booking\n",
	} {
		require.Contains(t, shown, want)
	}
	require.NotContains(t, shown, "  - until")
	require.NotContains(t, shown, "- [en-US] event", "what stays is not listed")

	// A desk that shows something milder in the warning's place, or nothing.
	mild := staff.Alert(noticetest.Identifier(alert.Identifier), noticetest.Severity(notice.SeverityMinor))
	for _, thread := range [][][]byte{{staff.Sign(mild, staff.Stranger)}, {staff.Sign(staff.Alert())}, {}} {
		l.thread, l.signed = thread, false
		_, err = approve(t, staff, l)
		require.Error(t, err)
		require.False(t, l.signed)
	}
	// What is not the newest any more is said to be so.
	l.thread = [][]byte{staff.Sign(alert), staff.Sign(staff.Update(alert, nil, noticetest.Headline("Take none of it")))}
	shown, err = approve(t, staff, l)
	require.NoError(t, err)
	require.Contains(t, shown, "CAUTION: it does not follow the newest message")
	require.Contains(t, shown, "  - [en-US] Take none of it\n")

	cancel := staff.Cancel(alert, nil, noticetest.Note("over"))
	l.thread, l.proposal = l.thread[:1], proposalOf(staff.Envelope(cancel, staff.Publisher), cancel.Identifier)
	shown, err = approve(t, staff, l)
	require.NoError(t, err)
	require.Contains(t, shown, "It withdraws for good, verified:\n  Extreme · Immediate · Observed\n  [en-US] Do not take drug X")
}
