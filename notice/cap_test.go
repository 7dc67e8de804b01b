package notice_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/notice"
)

// TestCAPLossless holds that XML → JSON → XML keeps the information, seen in two
// ways: the model, and element by element in the files themselves.
func TestCAPLossless(t *testing.T) {
	for _, name := range []string{"amber-alert.xml", "rich.xml"} {
		t.Run(name, func(t *testing.T) {
			original, err := os.ReadFile(filepath.Join("testdata/cap", name))
			require.NoError(t, err)
			first, err := notice.ParseCAP(original)
			require.NoError(t, err)

			payload, err := notice.Encode(first)
			require.NoError(t, err)
			n, err := notice.Decode(payload)
			require.NoError(t, err)
			written, err := notice.EncodeCAP(n)
			require.NoError(t, err)

			second, err := notice.ParseCAP(written)
			require.NoError(t, err)
			require.Equal(t, first, second)
			require.Equal(t, infoset(t, original), infoset(t, written))
			requireSchemaValid(t, original, written)

			rewritten, err := notice.EncodeCAP(second)
			require.NoError(t, err)
			require.Equal(t, string(written), string(rewritten), "one form, however often")
		})
	}
}

// TestCAPEveryElement holds that the rich file has all that the schema knows, so
// that TestCAPLossless is about all of it.
func TestCAPEveryElement(t *testing.T) {
	schema, err := os.ReadFile("testdata/cap/CAP-v1.2.xsd")
	require.NoError(t, err)
	rich, err := os.ReadFile("testdata/cap/rich.xml")
	require.NoError(t, err)
	names := 0
	for d := xml.NewDecoder(bytes.NewReader(schema)); ; {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "element" {
			for _, a := range start.Attr {
				if a.Name.Local == "name" {
					names++
					require.Contains(t, string(rich), "<cap:"+a.Value)
				}
			}
		}
	}
	require.Equal(t, 50, names, "elements that the schema declares")
}

// TestCAPModel holds single values of the rich file, which a codec that is wrong in
// both directions would get wrong here.
func TestCAPModel(t *testing.T) {
	rich, err := os.ReadFile("testdata/cap/rich.xml")
	require.NoError(t, err)
	n, err := notice.ParseCAP(rich)
	require.NoError(t, err)
	require.Equal(t, notice.MsgUpdate, n.MsgType)
	require.Equal(t, `desk <one> & desk "two"`, n.Source)
	require.Equal(t, []string{"group:staff", "ward 7, north", "tenant:north", "  two  spaces "}, n.Addresses)
	require.Equal(t, []string{"profile:1", " kept white space "}, n.Code)
	require.Equal(t, "first line\nsecond line\r\nthird line", n.Note)
	require.Equal(t, []string{"incident@north.example,north-2026-0000,2026-11-22T09:00:00-00:00",
		"other@north.example,x-1,2026-11-22T09:10:00+01:00"}, n.References)
	require.Equal(t, []string{"outage-7", "the long outage"}, n.Incidents)
	require.Len(t, n.Info, 2)
	info := n.Info[0]
	require.Equal(t, "Été 😀 — e\u0301té", info.Headline)
	require.Equal(t, `5 < 6 && "x" ]]> <b>not markup</b> &amp; not an entity and &lt; text`, info.Description)
	require.Equal(t, "\tleading tab, trailing space ", info.Instruction)
	require.Equal(t, "https://status.north.example/?a=1&b=2#now", info.Web)
	require.Equal(t, notice.ValuePair{ValueName: "empty"}, info.Parameter[1])
	require.Equal(t, "+0300.0", info.Area[0].Ceiling)
	require.Len(t, info.Area[0].Polygon, 2)
	require.Equal(t, "iVBORw0KGgo=", info.Resource[0].DerefURI)
	require.Empty(t, n.Info[1].Language)
	require.Len(t, n.Signature, 2)
	require.True(t, strings.HasPrefix(n.Signature[0], `<ds:Signature xmlns="" xmlns:cap="urn:oasis:names:tc:emergency:cap:1.2"`+
		` xmlns:ds="http://www.w3.org/2000/09/xmldsig#" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" Id="s1">`), n.Signature[0])
	require.Contains(t, n.Signature[0], "<!-- kept as well -->")
	require.Contains(t, n.Signature[0], `<plain a="&#10;"><![CDATA[x]]></plain>`)
}

// infoset lists a CAP file element by element: path with namespace, attributes, text.
// What carries no information is evened out: white space between elements, the way
// that lists are spaced and quoted, hints for validators.
func infoset(t *testing.T, data []byte) []string {
	t.Helper()
	type open struct {
		path, text string
		children   bool
	}
	var out []string
	stack := []*open{{}}
	for d := xml.NewDecoder(bytes.NewReader(data)); ; {
		token, err := d.Token()
		if err == io.EOF {
			return out
		}
		require.NoError(t, err)
		top := stack[len(stack)-1]
		switch token := token.(type) {
		case xml.StartElement:
			top.children = true
			path := top.path + "/{" + token.Name.Space + "}" + token.Name.Local
			for _, a := range token.Attr {
				if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" && a.Name.Local != "schemaLocation" {
					path += fmt.Sprintf("[%s %s=%q]", a.Name.Space, a.Name.Local, a.Value)
				}
			}
			stack = append(stack, &open{path: path})
			out = append(out, path)
		case xml.CharData:
			top.text += string(token)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
			switch token.Name.Local {
			case "addresses", "references", "incidents":
				var items []string
				for i, part := range strings.Split(top.text, `"`) {
					if i%2 == 1 { // between quotation marks
						items = append(items, part)
					} else {
						items = append(items, strings.FieldsFunc(part, func(r rune) bool { return strings.ContainsRune(" \t\r\n", r) })...)
					}
				}
				top.text = strings.Join(items, "\x00")
			}
			if !top.children || strings.TrimSpace(top.text) != "" {
				out = append(out, top.path+" = "+fmt.Sprintf("%q", top.text))
			}
		}
	}
}

// requireSchemaValid holds files against OASIS's schema, with xmllint.
func requireSchemaValid(t *testing.T, files ...[]byte) {
	t.Helper()
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint (libxml2-utils) is not here: the rest of this test is not run")
	}
	args := []string{"--noout", "--nonet", "--schema", "testdata/cap/CAP-v1.2.xsd"}
	for i, data := range files {
		name := filepath.Join(t.TempDir(), fmt.Sprintf("%d.xml", i))
		require.NoError(t, os.WriteFile(name, data, 0o600))
		args = append(args, name)
	}
	out, err := exec.Command(xmllint, args...).CombinedOutput()
	require.NoError(t, err, "%s", out)
	require.Equal(t, len(files), strings.Count(string(out), "validates"), "%s", out)
}

// TestSchemaCheckCanFail holds that requireSchemaValid's tool is one that refuses.
func TestSchemaCheckCanFail(t *testing.T) {
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint (libxml2-utils) is not here")
	}
	n := alert()
	n.Status = "actual"
	data, err := notice.EncodeCAP(n)
	require.NoError(t, err)
	name := filepath.Join(t.TempDir(), "bad.xml")
	require.NoError(t, os.WriteFile(name, data, 0o600))
	out, err := exec.Command(xmllint, "--noout", "--nonet", "--schema", "testdata/cap/CAP-v1.2.xsd", name).CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "fails to validate")
}

// TestCheckedIsSchemaValid holds that the export of whatever rules accept is CAP.
func TestCheckedIsSchemaValid(t *testing.T) {
	var files [][]byte
	vectors := append(ruleVectors(t), textVectors(t)...)
	for _, v := range vectors {
		if !v.OK {
			continue
		}
		n, err := notice.Decode([]byte(v.Payload))
		require.NoError(t, err)
		data, err := notice.EncodeCAP(n)
		require.NoError(t, err)
		files = append(files, data)
	}
	require.Greater(t, len(files), 30)
	requireSchemaValid(t, files...)
}
