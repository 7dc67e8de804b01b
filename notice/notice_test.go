package notice_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/notice"
)

// TestEncodeRefuses holds that Encode makes nothing that Decode would refuse.
func TestEncodeRefuses(t *testing.T) {
	for rule, text := range map[string]string{
		"json.size": strings.Repeat("x", notice.MaxPayload),
		"json.text": "\uffff",
	} {
		n := alert()
		n.Note = text
		_, err := notice.Encode(n)
		requireRule(t, rule, err)
	}
	n := alert()
	n.Note = "\xff"
	_, err := notice.Encode(n)
	requireRule(t, "json.text", err)
}

// TestCheckWithoutDecode holds that text is checked also in what came from elsewhere.
func TestCheckWithoutDecode(t *testing.T) {
	for _, text := range []string{"\xff", "\ufdd0", "\U0010ffff"} {
		n := alert()
		n.Info[1].Area = []notice.Area{{AreaDesc: "x", Polygon: []string{text}}}
		err := notice.Check(n, nil)
		requireRule(t, "text.unicode", err)
		require.ErrorContains(t, err, "info[1].area[0].polygon[0]")
	}
}

// FuzzNotice holds Decode against encoding/json, which is laxer in all, and rules and
// codecs against each other.
func FuzzNotice(f *testing.F) {
	for _, v := range append(ruleVectors(f), textVectors(f)...) {
		f.Add([]byte(v.Payload))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		n, err := notice.Decode(data)
		if err != nil {
			var broken *notice.RuleError
			require.ErrorAs(t, err, &broken)
			require.True(t, strings.HasPrefix(broken.Rule, "json."), broken.Rule)
			return
		}
		lax, d := new(notice.Notice), json.NewDecoder(bytes.NewReader(data))
		d.DisallowUnknownFields()
		require.NoError(t, d.Decode(lax))
		require.Equal(t, lax, n)
		if payload, err := notice.Encode(n); err == nil {
			again, err := notice.Decode(payload)
			require.NoError(t, err)
			dropEmpty(n)
			dropEmpty(again)
			require.Equal(t, n, again)
		}
		if err := notice.Check(n, &policy); err != nil {
			var broken *notice.RuleError
			require.ErrorAs(t, err, &broken)
			return
		}
		dropEmpty(n)
		requireRoundTrip(t, n)
	})
}
