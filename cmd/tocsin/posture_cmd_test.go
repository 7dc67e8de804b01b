package main

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/notice"
)

func inHours(n int) notice.DateTime {
	return notice.FormatTime(now().Add(time.Duration(n) * time.Hour))
}

// revocations are n of them, until a time.
func revocations(n int, until notice.DateTime) []notice.Revoked {
	p := &notice.Posture{}
	for i := range n {
		sum := sha256.Sum256([]byte{byte(i), byte(i >> 8)})
		revoke(p, hex.EncodeToString(sum[:]), until)
	}
	return p.Revoked
}

// A new posture begins with what holds, one version up, without what has lapsed, and
// leaves the one in force alone.
func TestNextPosture(t *testing.T) {
	doc := &notice.Posture{
		Version: 7, Sent: inHours(-5), Note: "before", Incident: true, TicketEpoch: 2,
		IssuerBlocked: map[string]notice.Blocked{"https://idp.example": {Since: inHours(-6)}},
		Revoked:       append(revocations(2, inHours(-1)), revocations(1, inHours(1))...),
	}
	p := inForce{doc: doc}.next()
	require.EqualValues(t, 8, p.Version)
	require.Empty(t, p.Note)
	require.Len(t, p.Revoked, 1)
	require.True(t, p.Incident)
	require.EqualValues(t, 2, p.TicketEpoch)
	require.NoError(t, block(p, "https://other.example", inHours(-1)))
	require.Len(t, doc.IssuerBlocked, 1)
	require.Len(t, doc.Revoked, 3)
	require.EqualValues(t, 1, inForce{}.next().Version)
}

// A block that is lifted keeps what was earned meanwhile out, for as long as that could
// live; a second one forgets nothing of the first.
func TestUnblock(t *testing.T) {
	const issuer = "https://idp.example"
	since := inHours(-6)
	p := &notice.Posture{}
	require.Error(t, unblock(p, issuer))
	require.NoError(t, block(p, issuer, since))
	require.NoError(t, unblock(p, issuer))
	lifted := p.IssuerBlocked[issuer]
	require.Equal(t, since, lifted.Since)
	require.WithinDuration(t, time.Now(), timeOf(lifted.Until), time.Minute)
	require.Error(t, unblock(p, issuer), "it is lifted")
	require.NoError(t, unblockAll(p))
	require.Equal(t, lifted, p.IssuerBlocked[issuer])
	require.NoError(t, block(p, issuer, inHours(0)))
	require.Equal(t, notice.Blocked{Since: since}, p.IssuerBlocked[issuer])

	end := timeOf(lifted.Until)
	blocks := map[string]notice.Blocked{issuer: lifted, "https://b.example": {Since: since}}
	require.Len(t, withoutSpent(blocks, end.Add(auth.TicketLife)), 2)
	require.NotContains(t, withoutSpent(blocks, end.Add(auth.TicketLife+time.Second)), issuer)
	require.Len(t, blocks, 2)
}

// The end of a crisis gives no thief anything back; only who says so believes the revoked.
func TestPostureClear(t *testing.T) {
	const issuer = "https://idp.example"
	doc := &notice.Posture{
		Version: 7, Incident: true, TicketEpoch: 2, Revoked: revocations(2, inHours(1)),
		IssuerBlocked:   map[string]notice.Blocked{issuer: {Since: inHours(-6)}},
		TokensNotBefore: map[string]notice.DateTime{issuer: inHours(-3)},
	}
	p := inForce{doc: doc}.next()
	require.NoError(t, postureClearCmd{}.change(p))
	require.False(t, p.Incident)
	require.False(t, p.IssuerBlocked[issuer].Until.IsZero())
	require.Equal(t, doc.TokensNotBefore, p.TokensNotBefore)
	require.Equal(t, doc.Revoked, p.Revoked)
	require.EqualValues(t, 2, p.TicketEpoch)
	p = inForce{doc: doc}.next()
	require.NoError(t, postureClearCmd{UnrevokeAll: true}.change(p))
	require.Empty(t, p.Revoked)
	require.Equal(t, doc.TokensNotBefore, p.TokensNotBefore)
	require.True(t, doc.Incident)
}

// A posture holds some 290 revocations; then it is full, and says so.
func TestPostureIsFull(t *testing.T) {
	p := inForce{}.next()
	p.Note = "a stolen list"
	p.Revoked = revocations(285, inHours(24))
	envelope, err := sealPosture(p)
	require.NoError(t, err)
	require.LessOrEqual(t, len(envelope.Payload), notice.MaxPayload)
	p.Revoked = revocations(300, inHours(24))
	_, err = sealPosture(p)
	require.ErrorContains(t, err, "the posture is full")
	require.ErrorContains(t, err, "300 revocations")
	require.ErrorContains(t, err, "posture set --ticket-epoch +1")
	p.Revoked = revocations(notice.MaxRevoked+1, inHours(24))
	_, err = sealPosture(p)
	require.ErrorContains(t, err, "the posture is full")

	// Tomorrow there is room again.
	p.Revoked = append(revocations(249, inHours(-1)), revocations(10, inHours(1))...)
	require.Len(t, inForce{doc: p}.next().Revoked, 10)
}

// As many as posture show says that there is room for do fit.
func TestRoomForRevocations(t *testing.T) {
	p := inForce{}.next()
	p.Note = "a stolen list"
	for have := range 3 {
		p.Revoked = revocations(have*100, inHours(24))
		envelope, err := sealPosture(p)
		require.NoError(t, err)
		room := roomFor(len(envelope.Payload), have*100)
		p.Revoked = revocations(have*100+room, inHours(24))
		_, err = sealPosture(p)
		require.NoError(t, err)
		p.Revoked = revocations(have*100+room+3, inHours(24))
		_, err = sealPosture(p)
		require.Error(t, err, "%d", room)
	}
	require.Equal(t, 1, roomFor(0, notice.MaxRevoked-1))
	require.Zero(t, roomFor(notice.MaxPayload, 3))
}

// One person is believed again, by name or as posture show prints them; nobody else is.
func TestUnrevoke(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ticket.keys")
	_, err := auth.NewKeyringFile(file)
	require.NoError(t, err)
	flags := revokeFlags{
		Revoke: []string{"https://a.example=one", "https://a.example=two"}, RevokeLogin: []string{"https://a.example=one"},
		TicketKeys: file, Until: moment{after: time.Hour},
	}
	p := &notice.Posture{}
	require.NoError(t, flags.change(p))
	one, two, login := p.Revoked[0], p.Revoked[1], p.Revoked[2]
	for name, c := range map[string]struct {
		flags revokeFlags
		left  []notice.Revoked
	}{
		"a person":    {revokeFlags{Unrevoke: []string{"https://a.example=one"}, TicketKeys: file}, []notice.Revoked{two, login}},
		"a login":     {revokeFlags{UnrevokeLogin: []string{"https://a.example=one"}, TicketKeys: file}, []notice.Revoked{one, two}},
		"as shown":    {revokeFlags{Unrevoke: []string{two.Hash[:shortest] + "…"}}, []notice.Revoked{one, login}},
		"both, whole": {revokeFlags{Unrevoke: []string{one.Hash}, UnrevokeLogin: []string{login.Hash}}, []notice.Revoked{two}},
	} {
		after := &notice.Posture{Revoked: slices.Clone(p.Revoked)}
		require.NoError(t, c.flags.change(after), name)
		require.Equal(t, c.left, after.Revoked, name)
	}
	for flag, want := range map[string]string{
		"https://a.example=six": "is not revoked", "0123456789abcdef": "is not revoked",
		one.Hash[:8]: "want ISSUER=ID", "patient seven": "want ISSUER=ID", "": "want ISSUER=ID",
	} {
		err := revokeFlags{Unrevoke: []string{flag}, TicketKeys: file}.change(p)
		require.ErrorContains(t, err, want, flag)
		require.NotContains(t, err.Error(), "six")
		require.NotContains(t, err.Error(), "seven")
		require.Len(t, p.Revoked, 3)
	}
}

func TestPostureSet(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ticket.keys")
	ring, err := auth.NewKeyringFile(file)
	require.NoError(t, err)
	yes := true
	cmd := postureSetCmd{
		TokensNotBefore: []string{"https://a.example?x=1=2026-03-01T06:00:00Z"}, Block: []string{"https://b.example=2h"},
		Unblock: []string{"https://c.example"}, TicketEpoch: "+1", Incident: &yes,
		revokeFlags: revokeFlags{
			Revoke: []string{"https://a.example=pat=7", "https://a.example=pat=7"}, RevokeLogin: []string{"https://a.example=s-1"},
			TicketKeys: file, Until: moment{after: time.Hour},
		},
	}
	p := &notice.Posture{TicketEpoch: 4, IssuerBlocked: map[string]notice.Blocked{"https://c.example": {Since: inHours(-1)}}}
	require.NoError(t, cmd.change(p))
	at := timeOf(p.TokensNotBefore["https://a.example?x=1"])
	require.True(t, at.Equal(time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)), "%s", at)
	require.WithinDuration(t, time.Now().Add(-2*time.Hour), timeOf(p.IssuerBlocked["https://b.example"].Since), time.Minute)
	require.WithinDuration(t, time.Now(), timeOf(p.IssuerBlocked["https://c.example"].Until), time.Minute)
	require.EqualValues(t, 5, p.TicketEpoch)
	require.True(t, p.Incident)
	require.Len(t, p.Revoked, 2, "once is enough")
	for i, want := range []string{ring.Pseudonym("https://a.example", "pat=7"), ring.LoginPseudonym("https://a.example", "s-1")} {
		sum, err := hex.DecodeString(p.Revoked[i].Hash)
		require.NoError(t, err)
		require.Equal(t, want, base64.RawURLEncoding.EncodeToString(sum))
	}
	require.Equal(t, ring.PseudonymID(), p.Pseudonyms)
	require.Regexp(t, `^[0-9a-f]{8}$`, p.Pseudonyms)
	// What edges make of it is what auth calls them.
	require.Contains(t, postureOf(p).Revoked, ring.Pseudonym("https://a.example", "pat=7"))
}

// What changes is said from both sides; a deceitful note or issuer stays in its line.
func TestPostureChange(t *testing.T) {
	before := inForce{doc: &notice.Posture{Version: 1, Incident: true, TicketEpoch: 1}, verified: true}
	after := &notice.Posture{Version: 2, Sent: inHours(0), Note: "x\n  Nothing changes.", TicketEpoch: 1,
		IssuerBlocked: map[string]notice.Blocked{"https://a\n- no longer: \u202eb": {Since: inHours(-1)}}}
	text := postureChange(before, after)
	require.Contains(t, text, "  + https://a - no longer: <202E>b is blocked")
	require.Contains(t, text, "  - no longer: An incident is declared")
	require.Contains(t, text, "  = still: Tickets of epochs before 1 are void")
	require.Contains(t, text, "It follows version 1: verified.")
	require.NotContains(t, text, "\n  Nothing changes.")
	require.Contains(t, postureChange(before, &notice.Posture{Version: 2}), "Afterwards nothing is void.")
	require.Contains(t, postureChange(inForce{}, &notice.Posture{Version: 1}), "  Nothing changes.")
}

func TestPast(t *testing.T) {
	for _, bad := range []string{"", "2099-01-01T00:00:00Z", "-2h", "tomorrow", "2026-03-01", "0"} {
		require.Error(t, new(past).UnmarshalText([]byte(bad)), bad)
	}
	for incomplete, want := range map[string]string{"2026-03-01": "UTC is 2026-03-01T00:00:00Z", "2026-03-01T18:00:00": "UTC it is 2026-03-01T18:00:00Z"} {
		require.ErrorContains(t, new(past).UnmarshalText([]byte(incomplete)), want)
		require.ErrorContains(t, new(moment).UnmarshalText([]byte(incomplete)), want)
	}
	from := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"now": from, "2h": from.Add(-2 * time.Hour), "1d": from.AddDate(0, 0, -1),
		"2026-01-02T03:04:05+01:00": time.Date(2026, 1, 2, 2, 4, 5, 0, time.UTC),
	} {
		var p past
		require.NoError(t, p.UnmarshalText([]byte(text)))
		require.True(t, p.given())
		require.True(t, timeOf(p.before(from)).Equal(want), text)
	}
	require.False(t, past{}.given())
}

// Whoever approves contact cards reads them in words.
func TestApproveContacts(t *testing.T) {
	payload, err := notice.EncodeContacts(&notice.Contacts{Version: 3, Sent: inHours(0), Cards: []notice.Card{
		{Language: "es-US", Audience: "patients", Name: "Recepción \u202e", Telephone: "+1 555 0101", Email: "hola@clinic.example"},
	}})
	require.NoError(t, err)
	words, err := approveCmd{}.documentWords(context.Background(), nil, &notice.Envelope{PayloadType: notice.TypeContacts, Payload: payload})
	require.NoError(t, err)
	require.Contains(t, words, "Contact cards, version 3")
	require.Contains(t, words, "[es-US] Recepción <202E>")
	require.Contains(t, words, "call   +1 555 0101")
	require.NotContains(t, words, `"`)
}
