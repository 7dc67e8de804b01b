package notice_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/notice"
)

// document is one vector of testdata/documents.json: a payload, and what reading and
// checking it under a policy says.
type document struct {
	Name          string        `json:"name"`
	Payload       string        `json:"payload,omitempty"`
	PayloadBase64 string        `json:"payloadBase64,omitempty"` // where it is not UTF-8
	Policy        notice.Policy `json:"policy"`
	OK            bool          `json:"ok"`
	Rule          string        `json:"rule,omitempty"`
}

// TestDocuments writes down every rule as vectors, and holds Go against them.
func TestDocuments(t *testing.T) {
	vectors := append(ruleVectors(t), textVectors(t)...)
	golden(t, "documents.json", vectors)

	data, err := os.ReadFile("testdata/documents.json")
	require.NoError(t, err)
	vectors = nil
	require.NoError(t, json.Unmarshal(data, &vectors))
	names := map[string]bool{}
	for _, v := range vectors {
		require.False(t, names[v.Name], "two vectors are called %q", v.Name)
		names[v.Name] = true
		t.Run(v.Name, func(t *testing.T) {
			payload := []byte(v.Payload)
			if v.PayloadBase64 != "" {
				payload, err = base64.StdEncoding.DecodeString(v.PayloadBase64)
				require.NoError(t, err)
			}
			n, err := notice.Decode(payload)
			if err == nil {
				err = notice.Check(n, &v.Policy)
			}
			if v.OK {
				require.NoError(t, err)
				requireRoundTrip(t, n)
				return
			}
			requireRule(t, v.Rule, err)
		})
	}
}

// requireRoundTrip holds that what rules accept survives JSON and CAP XML.
func requireRoundTrip(t *testing.T, n *notice.Notice) {
	t.Helper()
	data, err := notice.Encode(n)
	require.NoError(t, err)
	again, err := notice.Decode(data)
	require.NoError(t, err)
	require.Equal(t, n, again)

	xml, err := notice.EncodeCAP(n)
	require.NoError(t, err)
	again, err = notice.ParseCAP(xml)
	require.NoError(t, err)
	require.Equal(t, n, again)
}

// requireRule holds that err is the breaking of that rule.
func requireRule(t *testing.T, rule string, err error) {
	t.Helper()
	var broken *notice.RuleError
	require.ErrorAs(t, err, &broken)
	require.Equal(t, rule, broken.Rule, broken.Detail)
	require.NotEmpty(t, broken.Detail)
}

// alert is a notice that no rule minds, in two languages.
func alert() *notice.Notice {
	block := func(language, event, headline string) notice.Info {
		return notice.Info{
			Language: language, Category: []string{"Infra", "Health"}, Event: event,
			Urgency: "Immediate", Severity: notice.SeveritySevere, Certainty: "Observed",
			Expires: "2026-11-22T18:00:00-00:00", SenderName: "North Clinic", Headline: headline,
		}
	}
	return &notice.Notice{
		Identifier: "019aaa00-0000-7000-8000-000000000001",
		Sender:     "incident@north.example", Sent: "2026-11-22T09:30:00-00:00",
		Status: notice.StatusActual, MsgType: notice.MsgAlert, Scope: notice.ScopePublic,
		Info: []notice.Info{
			block("en", "Calls unavailable", "Video calls are unavailable. Dial 112 in an emergency."),
			block("es", "Llamadas no disponibles", "Las videollamadas no están disponibles. Si es urgente, marque el 112."),
		},
	}
}

// cancel is a Cancel of alert.
func cancel() *notice.Notice {
	n := alert()
	n.References = []string{n.Reference()}
	n.Identifier = "019aaa00-0000-7000-8000-000000000002"
	n.MsgType, n.Note, n.Info = notice.MsgCancel, "Calls work again.", nil
	return n
}

// private is alert for one person.
func private() *notice.Notice {
	n := alert()
	n.Scope, n.Addresses = notice.ScopePrivate, []string{"subject:4f2a"}
	return n
}

var policy = notice.Policy{LinkHosts: []string{"status.north.example", "north.example"}}

// ruleVectors are documents that differ from a good one in one thing.
func ruleVectors(t testing.TB) []document {
	var vectors []document
	with := func(n *notice.Notice, change func(*notice.Notice)) *notice.Notice {
		if change != nil {
			change(n)
		}
		return n
	}
	add := func(rule, name string, n *notice.Notice) {
		payload, err := notice.Encode(n)
		require.NoError(t, err, name)
		vectors = append(vectors, document{Name: name, Payload: string(payload), Policy: policy, OK: rule == "", Rule: rule})
	}
	good := func(name string, change func(*notice.Notice)) { add("", name, with(alert(), change)) }
	bad := func(rule, name string, change func(*notice.Notice)) {
		add(rule, rule+": "+name, with(alert(), change))
	}
	headVectors(good, bad)
	addressVectors(good, bad)
	infoVectors(good, bad)
	timeVectors(good, bad)
	linkVectors(good, bad)
	plainTextVectors(good, bad)

	add("", "a Cancel without info", cancel())
	add("", "a Cancel with info that does not expire", with(cancel(), func(n *notice.Notice) {
		n.Info = alert().Info
		n.Info[0].Expires, n.Info[1].Expires = "", ""
	}))
	add("note", "note: a Cancel that does not say why", with(cancel(), func(n *notice.Notice) { n.Note = "" }))
	add("references.required", "references.required: a Cancel of nothing", with(cancel(), func(n *notice.Notice) { n.References = nil }))
	add("expires.order", "expires.order: a Cancel with info that expires before it", with(cancel(), func(n *notice.Notice) {
		n.Info = alert().Info
		n.Info[0].Expires, n.Info[1].Expires = "2026-11-22T09:00:00-00:00", "2026-11-22T09:00:00-00:00"
	}))
	update := func(references ...string) *notice.Notice {
		n := alert()
		n.MsgType, n.References = notice.MsgUpdate, references
		return n
	}
	first := alert().Reference()
	add("", "an Update", update(first))
	add("", "an Update of two messages", update(first, "incident@north.example,019aaa00-0000-7000-8000-000000000003,2026-11-22T10:00:00+01:00"))
	add("references.required", "references.required: an Update of nothing", update())
	add("references.distinct", "references.distinct: twice the same", update(first, first))
	for _, r := range []string{"", "a,b", "a,b,", "a,b,2026-11-22T10:00:00-00:00,", ",b,2026-11-22T10:00:00-00:00",
		"a,,2026-11-22T10:00:00-00:00", "a b,c,2026-11-22T10:00:00-00:00", "a,b c,2026-11-22T10:00:00-00:00",
		" a,b,2026-11-22T10:00:00-00:00", "a,b,2026-11-22T10:00:00Z", "a,b,2026-11-22", "a&,b,2026-11-22T10:00:00-00:00"} {
		add("references.form", fmt.Sprintf("references.form: %q", r), update(r))
	}
	add("", "Private, to one person", private())
	add("", "Private, to one person on two surfaces", with(private(), func(n *notice.Notice) {
		n.Addresses = append(n.Addresses, "surface:portal", "surface:telehealth", "subject:4f2a")
	}))
	add("addresses.single", "addresses.single: two persons", with(private(), func(n *notice.Notice) {
		n.Addresses = append(n.Addresses, "subject:99")
	}))
	add("addresses.required", "addresses.required: Private to nobody", with(private(), func(n *notice.Notice) { n.Addresses = nil }))
	add("addresses.proven", "addresses.proven: Private to whoever claims it", with(private(), func(n *notice.Notice) {
		n.Addresses = []string{"surface:portal", "lang:en"}
	}))
	return vectors
}

type adder func(name string, change func(*notice.Notice))
type breaker func(rule, name string, change func(*notice.Notice))

func headVectors(good adder, bad breaker) {
	good("an Alert", nil)
	good("an Exercise", func(n *notice.Notice) { n.Status = notice.StatusExercise })
	good("a Test", func(n *notice.Notice) { n.Status = notice.StatusTest })
	good("all else of the message", func(n *notice.Notice) {
		n.Source, n.Note, n.Restriction = "desk", "first word", "not needed in scope Public"
		n.Code, n.Incidents = []string{"profile:1", ""}, []string{"outage 7", "outage-8"}
	})
	for _, word := range []string{"", "a b", "a,b", "a<b", "a&b", "a\tb", "a\nb", "a\rb", " a"} {
		bad("identifier", fmt.Sprintf("%q", word), func(n *notice.Notice) { n.Identifier = word })
		bad("sender", fmt.Sprintf("%q", word), func(n *notice.Notice) { n.Sender = word })
	}
	for _, s := range []notice.Status{"", notice.StatusSystem, notice.StatusDraft, "actual", "Actual "} {
		bad("status", fmt.Sprintf("%q", s), func(n *notice.Notice) { n.Status = s })
	}
	for _, m := range []notice.MsgType{"", notice.MsgAck, notice.MsgError, "alert"} {
		bad("msgType", fmt.Sprintf("%q", m), func(n *notice.Notice) { n.MsgType = m })
	}
	for _, s := range []notice.Scope{"", "public", "Secret"} {
		bad("scope", fmt.Sprintf("%q", s), func(n *notice.Notice) { n.Scope = s })
	}
	bad("references.alert", "an Alert with a reference", func(n *notice.Notice) { n.References = []string{n.Reference()} })
	bad("signature", "an XML signature", func(n *notice.Notice) {
		n.Signature = []string{`<Signature xmlns="http://www.w3.org/2000/09/xmldsig#"/>`}
	})
	bad("incidents", "empty", func(n *notice.Notice) { n.Incidents = []string{""} })
	bad("incidents", "quotation mark", func(n *notice.Notice) { n.Incidents = []string{`a"b`} })
}

func addressVectors(good adder, bad breaker) {
	restricted := func(addresses ...string) func(*notice.Notice) {
		return func(n *notice.Notice) {
			n.Scope, n.Restriction, n.Addresses = notice.ScopeRestricted, "patients of North", addresses
		}
	}
	good("Public, to a surface", func(n *notice.Notice) { n.Addresses = []string{"surface:portal", "lang:es"} })
	good("Public, to staff", func(n *notice.Notice) { n.Addresses = []string{"group:staff"} })
	good("Restricted, to tenants", restricted("tenant:north", "tenant:south", "surface:portal"))
	good("Restricted, to one call", restricted("session:room-17"))
	good("Restricted, to the same call twice", restricted("session:room-17", "session:room-17"))
	good("the longest label", restricted("a"+strings.Repeat("-", 31)+":"+strings.Repeat("~", 128)))
	bad("restriction", "Restricted without words", func(n *notice.Notice) {
		restricted("tenant:north")(n)
		n.Restriction = ""
	})
	bad("addresses.required", "Restricted to nobody", restricted())
	bad("addresses.proven", "Restricted to whoever claims it", restricted("surface:portal"))
	bad("addresses.subject", "a person in scope Restricted", restricted("subject:4f2a"))
	bad("addresses.subject", "a person in scope Public", func(n *notice.Notice) { n.Addresses = []string{"subject:4f2a"} })
	bad("addresses.single", "two calls", restricted("session:room-17", "session:room-18"))
	for _, label := range []string{"", "tenant", "tenant:", ":north", "Tenant:north", "1tenant:north", "ten_ant:north",
		"tenant:no rth", "tenant:nört", "tenant:a\"b", `tenant:a\b`, "tenant:north\n", " tenant:north",
		"a" + strings.Repeat("b", 32) + ":c", "tenant:" + strings.Repeat("x", 129)} {
		bad("addresses.label", fmt.Sprintf("%.20q (%d)", label, len(label)), restricted("tenant:north", label))
	}
}

func infoVectors(good adder, bad breaker) {
	blocks := func(languages ...string) func(*notice.Notice) {
		return func(n *notice.Notice) {
			block := n.Info[0]
			n.Info = nil
			for _, l := range languages {
				block.Language = l
				n.Info = append(n.Info, block)
			}
		}
	}
	numbered := func(count int) []string {
		var languages []string
		for i := range count {
			languages = append(languages, fmt.Sprintf("en-%03d", i))
		}
		return languages
	}
	good("24 languages", blocks(numbered(24)...))
	bad("info.count", "25 languages", blocks(numbered(25)...))
	bad("info.count", "none", blocks())
	good("no language, which is en-US, beside en", blocks("", "en"))
	bad("info.languages", "the same twice", blocks("en", "es", "en"))
	bad("info.languages", "in another case", blocks("pt-BR", "pt-br"))
	bad("info.languages", "none twice", blocks("", ""))
	bad("info.languages", "none, and what it means", blocks("", "EN-us"))
	for _, l := range []string{"en", "en-US", "zh-Hant-TW", "es-419", "zh-cmn-Hans-CN", "sl-rozaj-biske-1994", "de-CH-1901",
		"en-u-co-phonebk", "en-a-myext-b-another-x-private", "qaa-Qaaa-QM-x-southern", "abcdefgh"} {
		good("language "+l, blocks(l))
	}
	for _, l := range []string{"e", "en_US", "en-", "-en", "en--US", " en", "en ", "123", "en-u", "en-x", "abcdefghi",
		"x-private", "en-US-US", "en-Latn-Latn", "i-klingon", "español", "en\u017f", "en-a-b"} {
		bad("info.language", fmt.Sprintf("%q", l), blocks(l))
	}
	second := func(change func(*notice.Info)) func(*notice.Notice) {
		return func(n *notice.Notice) { change(&n.Info[1]) }
	}
	bad("info.agree", "urgency", second(func(i *notice.Info) { i.Urgency = "Expected" }))
	bad("info.agree", "severity", second(func(i *notice.Info) { i.Severity = notice.SeverityMinor }))
	bad("info.agree", "certainty", second(func(i *notice.Info) { i.Certainty = "Likely" }))
	bad("info.agree", "expires", second(func(i *notice.Info) { i.Expires = "2026-11-22T18:00:01-00:00" }))
	bad("info.agree", "the same expires in other words", second(func(i *notice.Info) { i.Expires = "2026-11-22T18:00:00+00:00" }))
	bad("info.agree", "expires in one only", second(func(i *notice.Info) { i.Expires = "" }))
	good("all else of info", second(func(i *notice.Info) {
		i.ResponseType, i.Audience = []string{"Prepare", "None"}, "patients with a call today"
		i.EventCode = []notice.ValuePair{{ValueName: "north", Value: "outage"}}
		i.Description, i.Instruction, i.Contact = "One.\r\n\tTwo. <b>&amp;</b> 😀 مرحبا", "Dial 112.", "+1 555 0100"
		i.Parameter = []notice.ValuePair{{ValueName: "directive", Value: "pause-booking"},
			{ValueName: "nextUpdateBy", Value: "2026-11-22T11:00:00+01:00"}, {ValueName: "unknown", Value: "kept"}}
		i.Resource = []notice.Resource{{ResourceDesc: "map", MimeType: "image/png", Size: "1024", URI: "https://elsewhere.example/m.png"}}
		i.Area = []notice.Area{{AreaDesc: "North", Polygon: []string{"1,1 1,2 2,2 1,1"}, Circle: []string{"1,1 5"},
			Geocode: []notice.ValuePair{{ValueName: "SAME", Value: "006037"}}, Altitude: "-12.5", Ceiling: "300"}}
	}))
	bad("info.category", "none", second(func(i *notice.Info) { i.Category = nil }))
	bad("info.category", "unknown", second(func(i *notice.Info) { i.Category = []string{"Infra", "infra"} }))
	bad("info.event", "none", second(func(i *notice.Info) { i.Event = "" }))
	bad("info.responseType", "unknown", second(func(i *notice.Info) { i.ResponseType = []string{"Shelter", "Run"} }))
	bad("info.urgency", "none", second(func(i *notice.Info) { i.Urgency = "" }))
	bad("info.urgency", "unknown", second(func(i *notice.Info) { i.Urgency = "immediate" }))
	bad("info.severity", "none", second(func(i *notice.Info) { i.Severity = "" }))
	bad("info.severity", "unknown", second(func(i *notice.Info) { i.Severity = "Catastrophic" }))
	bad("info.certainty", "none", second(func(i *notice.Info) { i.Certainty = "" }))
	bad("info.certainty", "of CAP 1.0", second(func(i *notice.Info) { i.Certainty = "Very Likely" }))
	bad("info.eventCode", "without value", second(func(i *notice.Info) { i.EventCode = []notice.ValuePair{{ValueName: "x"}} }))
	bad("info.parameter", "without name", second(func(i *notice.Info) { i.Parameter = []notice.ValuePair{{Value: "x"}} }))
	bad("info.parameter", "without value, behind a good nextUpdateBy", second(func(i *notice.Info) {
		i.Parameter = []notice.ValuePair{{ValueName: "nextUpdateBy", Value: "2026-11-22T11:00:00-00:00"}, {ValueName: "x"}}
	}))
	bad("parameter.nextUpdateBy", "not a time", second(func(i *notice.Info) {
		i.Parameter = []notice.ValuePair{{ValueName: "nextUpdateBy", Value: "soon"}}
	}))
	resource := func(r notice.Resource) func(*notice.Notice) {
		return second(func(i *notice.Info) { i.Resource = []notice.Resource{r} })
	}
	bad("info.resource", "no mimeType", resource(notice.Resource{ResourceDesc: "x"}))
	bad("info.resource", "no resourceDesc", resource(notice.Resource{MimeType: "image/png"}))
	bad("info.resource", "size", resource(notice.Resource{ResourceDesc: "x", MimeType: "image/png", Size: "1kB"}))
	area := func(a notice.Area) func(*notice.Notice) {
		return second(func(i *notice.Info) { i.Area = []notice.Area{a} })
	}
	bad("info.area", "no areaDesc", area(notice.Area{Circle: []string{"1,1 5"}}))
	bad("info.area", "geocode without value", area(notice.Area{AreaDesc: "x", Geocode: []notice.ValuePair{{ValueName: "SAME"}}}))
	bad("info.area", "altitude", area(notice.Area{AreaDesc: "x", Altitude: "1e3"}))
	bad("info.area", "ceiling", area(notice.Area{AreaDesc: "x", Ceiling: ".5"}))
}
