package notice_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/notice"
)

const (
	capHead = `<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2"><identifier>i</identifier><sender>s</sender>` +
		`<sent>2026-11-22T09:30:00-00:00</sent><status>Actual</status><msgType>Alert</msgType><scope>Public</scope>`
	capInfo = `<info><category>Met</category><event>e</event><urgency>Past</urgency><severity>Minor</severity><certainty>Likely</certainty>`
	capTail = `</info></alert>`
	dsig    = "http://www.w3.org/2000/09/xmldsig#"
)

// TestParseCAPRefuses holds what is not read, each with words that help.
func TestParseCAPRefuses(t *testing.T) {
	bomb := `<!DOCTYPE alert [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>`
	signed := func(signature string) string { return capHead + signature + "</alert>" }
	for _, c := range []struct{ name, xml, says string }{
		{"nothing", "", "there is no element"},
		{"not XML", "CAP", "text before the first element"},
		{"JSON", "{}", "text before the first element"},
		{"another root", `<feed xmlns="http://www.w3.org/2005/Atom"/>`, "<feed>"},
		{"no namespace", `<alert><identifier>i</identifier></alert>`, `namespace ""`},
		{"CAP 1.1", `<alert xmlns="urn:oasis:names:tc:emergency:cap:1.1"/>`, "cap:1.1"},
		{"prefix that nothing declares", `<cap:alert/>`, `namespace "cap"`},
		{"info as root", `<info xmlns="urn:oasis:names:tc:emergency:cap:1.2"/>`, "<info>"},
		{"cut short", capHead, "unexpected EOF"},
		{"cut short in text", capHead + "<note>x", "unexpected EOF"},
		{"tags crossed", capHead + "<note></alert></note>", "closed by"},
		{"two roots", capHead + "</alert>" + capHead + "</alert>", "behind </alert>"},
		{"text behind", capHead + "</alert>x", "behind </alert>"},
		{"declaration behind", capHead + `</alert><?xml version="1.0"?>`, "not at the beginning"},
		{"space before declaration", ` <?xml version="1.0"?>` + capHead + "</alert>", "not at the beginning"},
		{"unknown element", capHead + "<sirens>2</sirens></alert>", "unknown element <sirens>"},
		{"unknown element in info", capHead + capInfo + "<color/>" + capTail, "unknown element <color>"},
		{"element of another namespace", capHead + `<note xmlns="urn:x">a</note></alert>`, `namespace "urn:x"`},
		{"element of no namespace", capHead + `<note xmlns="">a</note></alert>`, `namespace ""`},
		{"element in the wrong case", capHead + "<Note>a</Note></alert>", "unknown element <Note>"},
		{"info's element in alert", capHead + "<headline>a</headline></alert>", "unknown element <headline>"},
		{"twice", capHead + "<note>a</note><note>b</note></alert>", "<note> a second time"},
		{"twice, apart", capHead + "<note>a</note><incidents>x</incidents><note>b</note></alert>", "out of its order"},
		{"out of order", capHead + "<note>a</note><code>b</code></alert>", "out of its order"},
		{"out of order in info", capHead + capInfo + "<web>a</web><headline>b</headline>" + capTail, "out of its order"},
		{"signature before info", signed(`<Signature xmlns="` + dsig + `"/>` + capInfo + "</info>"), "out of its order"},
		{"text between elements", capHead + "x</alert>", "text directly within <alert>"},
		{"text in info", capHead + capInfo + "x" + capTail, "text directly within <info>"},
		{"no-break space between", capHead + "\u00a0</alert>", "text directly within <alert>"},
		{"element in text", capHead + "<note>a<b>c</b></note></alert>", "<b> within <note>"},
		{"element in a list", capHead + "<addresses>a<b/></addresses></alert>", "<b> within <addresses>"},
		{"attribute", capHead + `<note lang="en">a</note></alert>`, "unknown attribute lang"},
		{"xml:lang", capHead + `<note xml:lang="en">a</note></alert>`, "unknown attribute lang"},
		{"xsi:nil", capHead + `<note xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/></alert>`, "unknown attribute nil"},
		{"attribute of alert", strings.Replace(capHead, "<alert", `<alert a="b"`, 1) + "</alert>", "unknown attribute a"},
		{"namespace twice", `<alert xmlns="urn:x" xmlns="urn:oasis:names:tc:emergency:cap:1.2"/>`, "second time"},
		{"prefix of nothing", strings.Replace(capHead, "<alert", `<alert xmlns:a=""`, 1) + "</alert>", "not allowed"},
		{"document type", `<!DOCTYPE alert>` + capHead + "</alert>", "document type declaration"},
		{"entities", bomb + capHead + "<note>&b;</note></alert>", "document type declaration"},
		{"external entity", `<!DOCTYPE alert [<!ENTITY x SYSTEM "file:///etc/passwd">]>` + capHead + "<note>&x;</note></alert>", "document type declaration"},
		{"undeclared entity", capHead + "<note>&eacute;</note></alert>", "entity"},
		{"control character", capHead + "<note>\x01</note></alert>", "illegal character"},
		{"control character by reference", capHead + "<note>&#1;</note></alert>", "illegal character"},
		{"surrogate by reference", capHead + "<note>&#xD800;</note></alert>", "not a character"},
		{"surrogate by decimal reference", capHead + "<note>&#56320;</note></alert>", "not a character"},
		{"not UTF-8", capHead + "<note>\xe9</note></alert>", "invalid UTF-8"},
		{"another encoding", `<?xml version="1.0" encoding="ISO-8859-1"?>` + capHead + "</alert>", "only UTF-8"},
		{"another encoding, spaced", `<?xml version = "1.0" encoding = 'ISO-8859-1'?>` + capHead + "</alert>", "only UTF-8"},
		{"XML 1.1", `<?xml version="1.1"?>` + capHead + "</alert>", "version"},
		{"UTF-16", "\xff\xfe<\x00a\x00", "invalid UTF-8"},
		{"list: open mark", capHead + `<addresses>a "b c</addresses></alert>`, "nothing closes"},
		{"list: mark within", capHead + `<addresses>a"b</addresses></alert>`, "within an item"},
		{"list: no space behind", capHead + `<addresses>"a"b</addresses></alert>`, "no white space"},
		{"too big", capHead + strings.Repeat(" ", notice.MaxCAP) + "</alert>", "at most"},
		{"deep", capHead + strings.Repeat("<a>", 10_000), "unknown element <a>"},
		{"deep signature", signed(`<Signature xmlns="` + dsig + `">` + strings.Repeat("<a>", 40)), "deeper than"},
		{"signature, cut short", signed(`<Signature xmlns="` + dsig + `">`), "closed by"},
		{"signature, undeclared prefix", signed(`<Signature xmlns="` + dsig + `"><x:a/></Signature>`), `prefix "x"`},
		{"signature, undeclared prefix of attribute", signed(`<Signature xmlns="` + dsig + `" x:a=""/>`), `prefix "x"`},
		{"signature, a name that is none", signed(`<Signature xmlns="` + dsig + `"><:a/></Signature>`), "not a name"},
		{"signature, attribute twice", signed(`<Signature xmlns="` + dsig + `" a="" a=""/>`), "second time"},
		{"signature, attribute twice by prefixes", signed(`<Signature xmlns="` + dsig + `" xmlns:a="u" xmlns:b="u" a:c="" b:c=""/>`), "second time"},
		{"signature, surrogate", signed(`<Signature xmlns="` + dsig + `" a="&#xDC00;"/>`), "not a character"},
		{"signature, document type", signed(`<Signature xmlns="` + dsig + `"><!DOCTYPE x></Signature>`), "document type"},
		{"signature in info", capHead + capInfo + `<Signature xmlns="` + dsig + `"/>` + capTail, "unknown element <Signature>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := notice.ParseCAP([]byte(c.xml))
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, "reading CAP XML: ")
		})
	}
}

// TestParseCAPAccepts holds forms of XML that mean what they always do.
func TestParseCAPAccepts(t *testing.T) {
	for _, c := range []struct{ name, xml, note string }{
		{"byte order mark", "\ufeff" + `<?xml version="1.0"?>` + capHead + "<note>a</note></alert>", "a"},
		{"no declaration", capHead + "<note>a</note></alert>", "a"},
		{"us-ascii", `<?xml version='1.0' encoding='US-ASCII'?>` + capHead + "<note>a</note></alert>", "a"},
		{"white space behind", capHead + "<note>a</note></alert> \r\n\t", "a"},
		{"empty", capHead + "<note></note></alert>", ""},
		{"empty, short", capHead + "<note/></alert>", ""},
		{"nothing but space", capHead + "<note> \n </note></alert>", " \n "},
		{"line ends", capHead + "<note>a\r\nb\rc&#13;&#10;d</note></alert>", "a\nb\nc\r\nd"},
		{"instruction within", capHead + "<note>a<?x y?>b</note></alert>", "ab"},
		{"surrogate's name in CDATA", capHead + "<note><![CDATA[&#xD800;]]></note></alert>", "&#xD800;"},
		{"pair by reference", capHead + "<note>&#x1F600;</note></alert>", "😀"},
		{"prefix of its own", capHead + `<c:note xmlns:c="urn:oasis:names:tc:emergency:cap:1.2">a</c:note></alert>`, "a"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, err := notice.ParseCAP([]byte(c.xml))
			require.NoError(t, err)
			require.Equal(t, c.note, n.Note)
		})
	}
}

// TestParseCAPSignaturesDoNotGrow holds that repeated declarations can't turn a small
// file into a huge notice.
func TestParseCAPSignaturesDoNotGrow(t *testing.T) {
	var b strings.Builder
	for i := range 4000 {
		fmt.Fprintf(&b, ` xmlns:p%d="urn:%s"`, i, strings.Repeat("x", 50))
	}
	file := strings.Replace(capHead, "<alert", `<alert xmlns:d="`+dsig+`"`+b.String(), 1) +
		strings.Repeat("<d:S/>", 50_000) + "</alert>"
	_, err := notice.ParseCAP([]byte(file))
	require.ErrorContains(t, err, "signatures of more than")
}

// TestEncodeCAPRefuses holds what CAP XML can't say, above all what would break out
// of its place.
func TestEncodeCAPRefuses(t *testing.T) {
	signature := func(s string) func(*notice.Notice) {
		return func(n *notice.Notice) { n.Signature = []string{s} }
	}
	whole := `<Signature xmlns="` + dsig + `"/>`
	for name, change := range map[string]func(*notice.Notice){
		"control character":         func(n *notice.Notice) { n.Note = "\x1b" },
		"not UTF-8":                 func(n *notice.Notice) { n.Info[0].Event = "\xff" },
		"noncharacter":              func(n *notice.Notice) { n.Code = []string{"\uffff"} },
		"quotation mark in address": func(n *notice.Notice) { n.Addresses = []string{`a"b`} },
		"quotation mark in incident": func(n *notice.Notice) {
			n.Incidents = []string{`"a"`}
		},
		"signature: empty":            signature(""),
		"signature: text":             signature("x"),
		"signature: two":              signature(whole + whole),
		"signature: text before":      signature("x" + whole),
		"signature: space behind":     signature(whole + " "),
		"signature: comment before":   signature("<!-- -->" + whole),
		"signature: not xmldsig":      signature("<Signature/>"),
		"signature: a CAP element":    signature(`<note xmlns="urn:oasis:names:tc:emergency:cap:1.2"/>`),
		"signature: breaks out":       signature(`</alert>`),
		"signature: breaks out later": signature(whole + `</alert><alert>`),
		"signature: open":             signature(`<Signature xmlns="` + dsig + `">`),
		"signature: crossed":          signature(`<Signature xmlns="` + dsig + `"><a></Signature></a>`),
		"signature: declaration":      signature(`<?xml version="1.0"?>` + whole),
		"signature: declaration in":   signature(`<Signature xmlns="` + dsig + `"><?xml version="1.0"?></Signature>`),
		"signature: document type":    signature(`<!DOCTYPE x>` + whole),
		"signature: undeclared":       signature(`<ds:Signature/>`),
		"signature: xml redeclared":   signature(`<Signature xmlns="` + dsig + `" xmlns:xml="urn:x"/>`),
		"signature: bad name":         signature(`<a:b:c xmlns="` + dsig + `"/>`),
	} {
		t.Run(name, func(t *testing.T) {
			n := alert()
			change(n)
			_, err := notice.EncodeCAP(n)
			require.ErrorContains(t, err, "writing CAP XML: ")
		})
	}
}

// TestSignatureMeansTheSame holds that a signature's unprefixed elements, which were
// in no namespace, do not come to be CAP's.
func TestSignatureMeansTheSame(t *testing.T) {
	rich, err := os.ReadFile("testdata/cap/rich.xml")
	require.NoError(t, err)
	n, err := notice.ParseCAP(rich)
	require.NoError(t, err)
	data, err := notice.EncodeCAP(n)
	require.NoError(t, err)
	plain := 0
	for _, line := range infoset(t, data) {
		if strings.HasSuffix(line, `/{}plain[ a="\n"]`) {
			plain++
		}
	}
	require.Equal(t, 1, plain)
}
