package main

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
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
	}
	_ = json.NewEncoder(w).Encode(answer)
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
