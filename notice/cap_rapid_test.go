package notice_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/notice"
)

// xmlRunes are characters that codecs stumble over, beside plain ones.
var xmlRunes = []rune("ab <>&'\"\t\r\n];é\u0301😀\u00a0\u0085\u2028\u007f\ufeff\ufffd\U0010fffd&#xD;")

// anyText is text that XML and JSON can hold; with nothing, sometimes.
var anyText = rapid.OneOf(
	rapid.StringOf(rapid.SampledFrom(xmlRunes)),
	rapid.SampledFrom([]string{"", "]]>", "<![CDATA[x]]>", "<!-- x -->", "&amp;amp;", "</note>", " ", "\r\n", "plain"}),
)

func texts(min int) *rapid.Generator[[]string] { return rapid.SliceOfN(anyText, min, 3) }

// items are what CAP's lists can hold.
var items = rapid.SliceOfN(rapid.Map(anyText, func(s string) string { return strings.ReplaceAll(s, `"`, "") }), 0, 4)

var pairs = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) notice.ValuePair {
	return notice.ValuePair{ValueName: anyText.Draw(t, "valueName"), Value: anyText.Draw(t, "value")}
}), 0, 3)

// anyNotice is whatever the model can say and CAP XML can write, by no rules.
var anyNotice = rapid.Custom(func(t *rapid.T) *notice.Notice {
	text := func() string { return anyText.Draw(t, "text") }
	return &notice.Notice{
		Identifier: text(), Sender: text(), Sent: notice.DateTime(text()), Status: notice.Status(text()),
		MsgType: notice.MsgType(text()), Source: text(), Scope: notice.Scope(text()), Restriction: text(),
		Addresses: items.Draw(t, "addresses"), Code: texts(0).Draw(t, "code"), Note: text(),
		References: items.Draw(t, "references"), Incidents: items.Draw(t, "incidents"),
		Info: rapid.SliceOfN(anyInfo, 0, 3).Draw(t, "info"),
		Signature: rapid.SliceOfN(rapid.SampledFrom([]string{
			`<Signature xmlns="` + dsig + `"/>`,
			`<ds:Object xmlns="" xmlns:ds="` + dsig + `" Id='1'>` + "\r\n" + `<a b="&#10;"/>é<![CDATA[<]]><!-- x --></ds:Object>`,
		}), 0, 2).Draw(t, "signature"),
	}
})

var anyInfo = rapid.Custom(func(t *rapid.T) notice.Info {
	text := func() string { return anyText.Draw(t, "text") }
	return notice.Info{
		Language: text(), Category: texts(1).Draw(t, "category"), Event: text(),
		ResponseType: texts(0).Draw(t, "responseType"), Urgency: text(), Severity: notice.Severity(text()),
		Certainty: text(), Audience: text(), EventCode: pairs.Draw(t, "eventCode"),
		Effective: notice.DateTime(text()), Onset: notice.DateTime(text()), Expires: notice.DateTime(text()),
		SenderName: text(), Headline: text(), Description: text(), Instruction: text(), Web: text(), Contact: text(),
		Parameter: pairs.Draw(t, "parameter"),
		Resource: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) notice.Resource {
			return notice.Resource{ResourceDesc: anyText.Draw(t, "resourceDesc"), MimeType: anyText.Draw(t, "mimeType"),
				Size: anyText.Draw(t, "size"), URI: anyText.Draw(t, "uri"), DerefURI: anyText.Draw(t, "derefUri"),
				Digest: anyText.Draw(t, "digest")}
		}), 0, 2).Draw(t, "resource"),
		Area: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) notice.Area {
			return notice.Area{AreaDesc: anyText.Draw(t, "areaDesc"), Polygon: texts(0).Draw(t, "polygon"),
				Circle: texts(0).Draw(t, "circle"), Geocode: pairs.Draw(t, "geocode"),
				Altitude: anyText.Draw(t, "altitude"), Ceiling: anyText.Draw(t, "ceiling")}
		}), 0, 2).Draw(t, "area"),
	}
})

// TestCAPAnyNotice holds that model → XML → model and model → JSON → model change
// nothing, whatever the model says.
func TestCAPAnyNotice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := anyNotice.Draw(t, "notice")
		data, err := notice.EncodeCAP(n)
		require.NoError(t, err)
		again, err := notice.ParseCAP(data)
		require.NoError(t, err, "%s", data)
		dropEmpty(n)
		require.Equal(t, n, again, "%s", data)

		payload, err := notice.Encode(n)
		require.NoError(t, err)
		again, err = notice.Decode(payload)
		require.NoError(t, err)
		require.Equal(t, n, again)
	})
}

// dropEmpty makes empty lists nil, which say the same.
func dropEmpty(n *notice.Notice) {
	none(&n.Addresses, &n.Code, &n.References, &n.Incidents, &n.Signature)
	none(&n.Info)
	for i := range n.Info {
		info := &n.Info[i]
		none(&info.Category, &info.ResponseType)
		none(&info.EventCode, &info.Parameter)
		none(&info.Resource)
		none(&info.Area)
		for j := range info.Area {
			none(&info.Area[j].Polygon, &info.Area[j].Circle)
			none(&info.Area[j].Geocode)
		}
	}
}

func none[T any](lists ...*[]T) {
	for _, list := range lists {
		if len(*list) == 0 {
			*list = nil
		}
	}
}

// FuzzParseCAP holds that what is read at all is written and read again alike, and
// that nothing panics.
func FuzzParseCAP(f *testing.F) {
	for _, name := range []string{"amber-alert.xml", "rich.xml"} {
		data, err := os.ReadFile(filepath.Join("testdata/cap", name))
		require.NoError(f, err)
		f.Add(data)
	}
	for _, xml := range []string{
		capHead + capInfo + capTail,
		capHead + `<addresses>a "b c"</addresses><references>"" d</references></alert>`,
		capHead + `<d:Signature xmlns:d="` + dsig + `" a="&#10;"><x/><!-- --></d:Signature></alert>`,
		strings.Replace(capHead, "<alert", `<alert xmlns:d="`+dsig+`" xmlns:e="u"`, 1) + `<d:Object e:a=""/></alert>`,
	} {
		f.Add([]byte(xml))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := notice.ParseCAP(data)
		if err != nil {
			require.Nil(t, first)
			return
		}
		written, err := notice.EncodeCAP(first)
		require.NoError(t, err)
		again, err := notice.ParseCAP(written)
		require.NoError(t, err, "%s", written)
		require.Equal(t, first, again)
		require.Equal(t, textsOf(t, data), textsOf(t, written), "%s", written)
		_ = notice.Check(first, nil)
	})
}

// textsOf lists the elements that have text. Elements without say what absent ones do.
func textsOf(t *testing.T, data []byte) []string {
	return slices.DeleteFunc(infoset(t, data), func(line string) bool {
		return !strings.Contains(line, " = ") || strings.HasSuffix(line, ` = ""`)
	})
}
