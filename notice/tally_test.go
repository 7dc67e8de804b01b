package notice_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/notice"
	"tocsin/notice/noticetest"
)

func TestTallySaysWhoMayComplete(t *testing.T) {
	s := noticetest.NewStaff(t)
	b := s.Board()
	publishers := []string{"ana-ruiz", "dan-okafor"}
	noted := noticetest.Note("Nobody else can be reached.")
	for name, c := range map[string]struct {
		notice     *notice.Notice
		signed     []*notice.PrivateKey
		rule       string // "" if met
		signers    []string
		candidates []string
	}{
		"nobody yet":               {s.Alert(), nil, "unsigned", nil, []string{"ana-ruiz", "ben-holt", "cara-lind", "dan-okafor"}},
		"nobody yet, with a note":  {s.Alert(noted), nil, "unsigned", nil, []string{"ana-ruiz", "ben-holt", "cara-lind", "dan-okafor", "safe-deposit"}},
		"one publisher":            {s.Alert(), keys(s.Publisher), "threshold", []string{"ana-ruiz"}, []string{"ben-holt", "cara-lind", "dan-okafor"}},
		"one approver":             {s.Alert(), keys(s.Approver), "threshold", []string{"ben-holt"}, publishers},
		"approvers only":           {s.Alert(), keys(s.Approver, s.Approver2), "publisher", []string{"ben-holt", "cara-lind"}, publishers},
		"publisher and approver":   {s.Alert(), keys(s.Approver, s.Publisher), "", []string{"ben-holt", "ana-ruiz"}, nil},
		"two publishers":           {s.Alert(), keys(s.Publisher, s.Publisher2), "", []string{"ana-ruiz", "dan-okafor"}, nil},
		"strangers do not count":   {s.Alert(), keys(s.Stranger, s.Root, s.Publisher), "threshold", []string{"ana-ruiz"}, []string{"ben-holt", "cara-lind", "dan-okafor"}},
		"one owner counts once":    {s.Alert(), keys(s.Publisher, s.PublisherSpare), "threshold", []string{"ana-ruiz"}, []string{"ben-holt", "cara-lind", "dan-okafor"}},
		"break-glass, no note":     {s.Alert(), keys(s.BreakGlass), "unsigned", nil, []string{"ana-ruiz", "ben-holt", "cara-lind", "dan-okafor"}},
		"break-glass":              {s.Alert(noted), keys(s.BreakGlass), "", []string{"safe-deposit"}, nil},
		"break-glass among others": {s.Alert(noted), keys(s.Approver, s.BreakGlass), "", []string{"ben-holt", "safe-deposit"}, nil},
		"staff only needs one":     {s.Alert(noticetest.Addressed("group:staff")), keys(s.Publisher), "", []string{"ana-ruiz"}, nil},
		"staff only, by an approver": {s.Alert(noticetest.Addressed("group:staff")), keys(s.Approver), "publisher", []string{"ben-holt"},
			publishers},
	} {
		t.Run(name, func(t *testing.T) {
			e := noticetest.SignBytes(notice.TypeNotice, s.Unsigned(c.notice).Payload, c.signed...)
			tally, err := b.Tally(e)
			require.NoError(t, err)
			alone, err := notice.Count(e, b.Keyset(), 0)
			require.NoError(t, err)
			require.Equal(t, tally, alone)
			var signers []string
			for _, signer := range tally.Signers {
				signers = append(signers, signer.Owner)
			}
			require.Equal(t, c.signers, signers)
			require.Equal(t, c.candidates, tally.Candidates)
			require.Equal(t, c.rule == "", tally.Met)
			if err := tally.Err(); c.rule == "" {
				require.NoError(t, err)
			} else {
				require.Equal(t, c.rule, ruleOf(t, err))
			}
			// Whoever is named as a candidate does help.
			for _, k := range keys(s.Publisher, s.PublisherSpare, s.Publisher2, s.Approver, s.Approver2, s.BreakGlass, s.Contacts) {
				more := *e
				more.Sign(k)
				after, err := b.Tally(&more)
				require.NoError(t, err)
				if !tally.Met {
					require.Equal(t, slices.Contains(tally.Candidates, k.Owner), distance(after) < distance(tally), k.Owner)
				}
			}
		})
	}
}

func keys(list ...*notice.PrivateKey) []*notice.PrivateKey { return list }

// distance is how many signatures are missing at least.
func distance(t notice.Tally) int {
	switch {
	case t.Met:
		return 0
	case t.HasLead():
		return t.Need - len(t.Signers)
	}
	return max(1, t.Need-len(t.Signers))
}

func TestTallyOfOneOwnersKeys(t *testing.T) {
	s := noticetest.NewStaff(t)
	ks := s.Keyset(1, func(ks *notice.Keyset) {
		approver := ks.Key(s.PublisherSpare.KeyID())
		approver.Roles = []notice.Role{notice.RoleApprover}
		glass := ks.Key(s.BreakGlass.KeyID())
		glass.Owner = s.Publisher.Owner
	})
	e := s.Envelope(s.Alert(noticetest.Note("why")), s.PublisherSpare, s.Publisher)
	tally, err := notice.Count(e, ks, 0)
	require.NoError(t, err)
	require.Equal(t, []notice.Signer{{Owner: "ana-ruiz", KeyID: s.Publisher.KeyID(), Role: notice.RolePublisher}}, tally.Signers,
		"the publisher's key stands for the owner")
	require.False(t, tally.Met)
	e.Sign(s.BreakGlass)
	tally, err = notice.Count(e, ks, 0)
	require.NoError(t, err)
	require.Len(t, tally.Signers, 1)
	require.True(t, tally.BreakGlass(), "does not hide behind the owner's other key")
	require.True(t, tally.Met)
}

func TestBreakGlassNeedsTheLeadsRole(t *testing.T) {
	s := noticetest.NewStaff(t)
	ks := s.Keyset(1, func(ks *notice.Keyset) {
		ks.Key(s.BreakGlass.KeyID()).Roles = []notice.Role{notice.RoleApprover}
	})
	tally, err := notice.Count(s.Envelope(s.Alert(noticetest.Note("why")), s.BreakGlass), ks, 0)
	require.NoError(t, err)
	require.Equal(t, "threshold", ruleOf(t, tally.Err()))
}

func TestCountFloor(t *testing.T) {
	s := noticetest.NewStaff(t)
	e := s.Envelope(s.Alert())
	tally, err := notice.Count(e, s.Keyset(1), 3)
	require.NoError(t, err)
	require.Equal(t, 3, tally.Need)
	require.Equal(t, "threshold", ruleOf(t, tally.Err()))
	e.Signatures[1].Sig[0] ^= 1
	tally, err = notice.Count(e, s.Keyset(1), 0)
	require.NoError(t, err)
	require.Equal(t, []string{s.Approver.KeyID()}, tally.Invalid)
}

func TestTallyOfAnUpdateNeedsTheThreadsHighest(t *testing.T) {
	s := noticetest.NewStaff(t)
	b := s.Board()
	mild := noticetest.Thresholds(notice.Thresholds{BySeverity: map[notice.Severity]int{"Minor": 1, "Extreme": 3}})
	alert := s.Alert(noticetest.Severity("Minor"))
	grave := s.Update(alert, nil, noticetest.Severity("Extreme"))
	for _, body := range [][]byte{s.KeysetBody(2, mild), s.Sign(alert, s.Publisher), s.Sign(grave, s.Publisher, s.Approver, s.Approver2)} {
		require.NoError(t, b.Fold(notice.Entry{Seq: b.Seq() + 1, Body: body}).Err)
	}
	for need, n := range map[int]*notice.Notice{
		3: s.Update(alert, []*notice.Notice{grave}, noticetest.Severity("Minor")),
		1: s.Cancel(alert, []*notice.Notice{grave}),
	} {
		tally, err := b.Tally(s.Envelope(n, s.Publisher))
		require.NoError(t, err)
		require.Equal(t, need, tally.Need)
	}
}

func TestTallyOfKeysets(t *testing.T) {
	s := noticetest.NewStaff(t)
	b := s.Board()
	id := func(keys ...*notice.PrivateKey) []string {
		var ids []string
		for _, k := range keys {
			ids = append(ids, k.KeyID())
		}
		return ids
	}
	rotate := s.Keyset(2, noticetest.Roots(2, s.Root2, s.NewRoot))
	shared := s.Keyset(2, noticetest.Roots(1, s.Root, s.Root2))
	for _, c := range []struct {
		ks         *notice.Keyset
		signed     []*notice.PrivateKey
		need       int
		met        bool
		candidates []string
	}{
		{s.Keyset(2), nil, 1, false, id(s.Root)},
		{s.Keyset(2), keys(s.Root), 1, true, nil},
		{rotate, nil, 3, false, id(s.Root, s.Root2, s.NewRoot)},
		{rotate, keys(s.Root), 3, false, id(s.Root2, s.NewRoot)},
		{rotate, keys(s.Root2, s.NewRoot), 3, false, id(s.Root)},
		{rotate, keys(s.Root, s.Root2, s.NewRoot), 3, true, nil},
		{shared, nil, 1, false, id(s.Root, s.Root2)},
		{shared, keys(s.Root2), 2, false, id(s.Root)},
		{shared, keys(s.Root), 1, true, nil},
	} {
		payload, err := notice.EncodeKeyset(c.ks)
		require.NoError(t, err)
		tally, err := b.Tally(noticetest.SignBytes(notice.TypeKeyset, payload, c.signed...))
		require.NoError(t, err)
		require.Equal(t, c.need, tally.Need)
		require.Equal(t, c.met, tally.Met)
		require.ElementsMatch(t, c.candidates, tally.Candidates)
		require.Len(t, tally.Signers, len(c.signed))
		require.Equal(t, slices.Contains(c.signed, s.Root), tally.HasLead(), "the root in force")
	}
}

func TestTallyErrors(t *testing.T) {
	s := noticetest.NewStaff(t)
	b := s.Board()
	for rule, e := range map[string]*notice.Envelope{
		"type":            noticetest.SignBytes("application/vnd.tocsin.hologram+json", []byte("{}")),
		"json.syntax":     noticetest.SignBytes(notice.TypeNotice, []byte("{")),
		"reference.alert": s.Envelope(s.Update(s.Alert(), nil)),
	} {
		_, err := b.Tally(e)
		require.Equal(t, rule, ruleOf(t, err))
	}
	for _, e := range []*notice.Envelope{
		noticetest.SignBytes("x", []byte("{}")), noticetest.SignBytes(notice.TypeNotice, []byte("{")),
	} {
		_, err := notice.Count(e, b.Keyset(), 0)
		require.Error(t, err)
	}
	_, err := notice.NewBoard(s.Trust(), false).Tally(s.Envelope(s.Alert()))
	require.Equal(t, "keyset.none", ruleOf(t, err))
}
