package notice_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/notice"
)

var reissue = notice.ReissueOptions{
	Identifier: "019aaa00-0000-7000-8000-000000000009", Sent: "2026-11-22T09:30:00-00:00",
	Sender: "incident@north.example", Expires: "2026-11-22T11:30:00-00:00",
}

// TestReissueAmberAlert re-issues an alert that nobody here wrote: it is publishable,
// and says what it was.
func TestReissueAmberAlert(t *testing.T) {
	data, err := os.ReadFile("testdata/cap/amber-alert.xml")
	require.NoError(t, err)
	original, err := notice.ParseCAP(data)
	require.NoError(t, err)
	requireRule(t, "expires.required", notice.Check(original, nil))

	n, err := notice.Reissue(original, reissue)
	require.NoError(t, err)
	require.NoError(t, notice.Check(n, nil))
	requireRoundTrip(t, n)
	require.Equal(t, "incident@north.example,019aaa00-0000-7000-8000-000000000009,2026-11-22T09:30:00-00:00", n.Reference())
	require.Len(t, n.Info, 2)
	for i, info := range n.Info {
		require.Equal(t, []notice.ValuePair{
			{ValueName: "originalIdentifier", Value: "KAR0-0306112239-SW"},
			{ValueName: "originalSender", Value: "KARO@CLETS.DOJ.CA.GOV"},
			{ValueName: "originalSent", Value: "2003-06-11T22:39:00-07:00"},
		}, info.Parameter)
		info.Parameter, info.Expires = nil, ""
		require.Equal(t, original.Info[i], info, "all else is as it was")
	}
	require.Equal(t, "Abducción de Niño", n.Info[1].Event)
	require.Empty(t, original.Info[0].Parameter, "the original is not changed")
	require.Empty(t, original.Info[0].Expires)
}

func TestReissueOptions(t *testing.T) {
	n := alert()
	n.Signature = []string{`<Signature xmlns="` + dsig + `"/>`}
	n.Info[0].Parameter = make([]notice.ValuePair, 1, 8)
	n.Info[0].Parameter[0] = notice.ValuePair{ValueName: "directive", Value: "pause-booking"}
	o := notice.ReissueOptions{Identifier: "i", Sent: "2026-11-22T09:30:00-00:00"}

	first, err := notice.Reissue(n, o)
	require.NoError(t, err)
	require.Empty(t, first.Signature)
	require.Len(t, n.Signature, 1)
	require.Equal(t, n.Sender, first.Sender)
	require.Equal(t, n.Info[0].Expires, first.Info[0].Expires)
	require.Len(t, first.Info[0].Parameter, 4)
	require.Equal(t, n.Info[0].Parameter[0], first.Info[0].Parameter[0])
	require.Empty(t, n.Info[0].Parameter[:2][1], "no room behind the original's list is written to")

	o.Identifier = "j"
	second, err := notice.Reissue(first, o)
	require.NoError(t, err)
	require.Equal(t, first.Info[0].Parameter, second.Info[0].Parameter, "the first original stays")

	update := alert()
	update.MsgType, update.References = notice.MsgUpdate, []string{"foreign,1,2026-11-22T09:30:00-00:00"}
	_, err = notice.Reissue(update, o)
	requireRule(t, "references.required", err)
	o.References = []string{alert().Reference()}
	third, err := notice.Reissue(update, o)
	require.NoError(t, err)
	require.Equal(t, o.References, third.References)

	_, err = notice.Reissue(alert(), notice.ReissueOptions{Sent: o.Sent})
	requireRule(t, "identifier", err)
	_, err = notice.Reissue(alert(), notice.ReissueOptions{Identifier: "i", Sent: "now"})
	requireRule(t, "sent", err)
}
