package notice_test

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"tocsin/notice"
)

// badTimes are not of the one form of a time.
var badTimes = []notice.DateTime{
	"2026-11-22T09:30:00Z", "2026-11-22T09:30:00", "2026-11-22T09:30:00.5-00:00", "2026-11-22 09:30:00-00:00",
	"2026-11-22t09:30:00-00:00", "2026-11-22T09:30-00:00", "2026-11-22T09:30:00-0000", "2026-11-22T09:30:00−00:00",
	"2026-13-22T09:30:00-00:00", "2026-00-22T09:30:00-00:00", "2026-11-00T09:30:00-00:00", "2026-11-31T09:30:00-00:00",
	"2026-02-29T09:30:00-00:00", "2026-11-22T24:00:00-00:00", "2026-11-22T09:60:00-00:00", "2026-11-22T09:30:60-00:00",
	"2026-11-22T09:30:00+14:01", "2026-11-22T09:30:00-15:00", "2026-11-22T09:30:00+01:60", "0000-11-22T09:30:00-00:00",
	"2026-11-22T09:30:00,00:00", "+026-11-22T09:30:00-00:00", " 2026-11-22T09:30:00-00:00", "2026-11-22T09:30:00-00:00 ",
	"2026-1-022T09:30:00-00:00", "2026-11-22T09:30:00-0:000", "2026-11-22T09:30:00- 1:00", "２026-11-22T09:30:00-00:0",
}

// lasting makes a notice that begins and ends then.
func lasting(sent, expires notice.DateTime) func(*notice.Notice) {
	return func(n *notice.Notice) {
		n.Sent = sent
		for i := range n.Info {
			n.Info[i].Expires = expires
		}
	}
}

func timeVectors(good adder, bad breaker) {
	good("times in other zones", lasting("2026-11-22T23:30:00+14:00", "2026-11-22T00:00:01-14:00"))
	good("the 29th of February", lasting("2024-02-29T00:00:00-00:00", "2024-02-29T00:00:01-00:00"))
	good("400 days", lasting("2026-11-22T09:30:00-00:00", "2027-12-27T09:30:00-00:00"))
	good("400 days in another zone", lasting("2026-11-22T09:30:00-00:00", "2027-12-27T10:30:00+01:00"))
	bad("expires.limit", "400 days and a second", lasting("2026-11-22T09:30:00-00:00", "2027-12-27T09:30:01-00:00"))
	bad("expires.limit", "forever", lasting("2026-11-22T09:30:00-00:00", "9999-12-31T23:59:59-14:00"))
	bad("expires.order", "at sent", lasting("2026-11-22T09:30:00-00:00", "2026-11-22T09:30:00+00:00"))
	bad("expires.order", "at sent, later on the clock", lasting("2026-11-22T09:30:00-00:00", "2026-11-22T10:30:00+01:00"))
	bad("expires.required", "none", lasting("2026-11-22T09:30:00-00:00", ""))
	bad("sent", "none", lasting("", "2026-11-22T18:00:00-00:00"))
	for _, d := range badTimes {
		bad("sent", fmt.Sprintf("%q", d), lasting(d, "2026-11-22T18:00:00-00:00"))
		bad("info.expires", fmt.Sprintf("%q", d), lasting("2026-11-22T09:30:00-00:00", d))
	}
	bad("info.effective", "Z", func(n *notice.Notice) { n.Info[1].Effective = "2026-11-22T09:30:00Z" })
	bad("info.onset", "Z", func(n *notice.Notice) { n.Info[1].Onset = "2026-11-22T09:30:00Z" })
	good("effective and onset", func(n *notice.Notice) {
		n.Info[1].Effective, n.Info[1].Onset = "2026-11-22T09:30:00+00:00", "2026-11-22T11:00:00+05:45"
	})
}

func linkVectors(good adder, bad breaker) {
	web := func(link string) func(*notice.Notice) {
		return func(n *notice.Notice) { n.Info[1].Web = link }
	}
	for _, link := range []string{
		"https://north.example", "https://north.example/", "https://status.north.example/a/b.html?x=1&y=%20?#top?",
		"https://north.example?x", "https://north.example#x", "https://north.example//evil.example/@x:y",
	} {
		good("link "+link, web(link))
	}
	for _, link := range []string{
		"http://north.example/", "HTTPS://north.example/", "javascript:alert(1)", "//north.example/", "north.example",
		"https:/north.example/", "https:north.example", "https://", "https:///north.example",
		"https://user@north.example/", "https://user:pass@north.example/", "https://north.example@evil.example/",
		"https://north.example:443/", "https://north.example:/", `https://north.example\@evil.example/`,
		`https://evil.example\.north.example/`, "https://north.example/ x", " https://north.example/", "https://north.example/\n",
		"https://North.example/", "https://north.exаmple/", "https://north.example/é", "https://north.example/%", "https://north.example/%zz",
		"https://north.example/a#b#c", "https://north.example/<b>", "https://[::1]/", "https://north%2eexample/", "https://north.example/\t",
	} {
		bad("info.web", fmt.Sprintf("%q", link), web(link))
	}
	for _, link := range []string{
		"https://evil.example/", "https://north.example.evil.example/", "https://xnorth.example/", "https://www.north.example/",
		"https://north.example./", "https://.north.example/", "https://example/", "https://-/",
	} {
		bad("info.linkHosts", fmt.Sprintf("%q", link), web(link))
	}
}

func plainTextVectors(good adder, bad breaker) {
	for _, r := range []rune{0, 7, 8, 0x0B, 0x0C, 0x1B, 0x1F, 0x7F, 0x80, 0x85, 0x9B, 0x9F} {
		bad("text.control", fmt.Sprintf("%U", r), func(n *notice.Notice) { n.Info[1].Headline = "a" + string(r) + "b" })
	}
	bad("text.control", "in sender", func(n *notice.Notice) { n.Sender = "a\x1b[2Jb" })
	bad("text.control", "in a code", func(n *notice.Notice) { n.Code = []string{"x", "\x1b"} })
	bad("text.control", "in a parameter", func(n *notice.Notice) {
		n.Info[1].Parameter = []notice.ValuePair{{ValueName: "x", Value: "\u009b2J"}}
	})
	bad("text.control", "in an area's geocode", func(n *notice.Notice) {
		n.Info[1].Area = []notice.Area{{AreaDesc: "x", Geocode: []notice.ValuePair{{ValueName: "\x00", Value: "x"}}}}
	})
	good("text of all planes", func(n *notice.Notice) {
		n.Info[1].Description = "\t\r\n \u00a0 \u202e \u2028 \ufeff \ufffd \uE000 \U0001F600 \U0010FFFD"
	})
}

// textVectors are payloads that are not I-JSON, or not a notice's.
func textVectors(t testing.TB) []document {
	payload, err := notice.Encode(alert())
	require.NoError(t, err)
	whole := string(payload)
	var vectors []document
	add := func(rule, name, payload string) {
		v := document{Name: name, Policy: policy, OK: rule == "", Rule: rule}
		if rule != "" {
			v.Name = rule + ": " + name
		}
		if utf8.ValidString(payload) {
			v.Payload = payload
		} else {
			v.PayloadBase64 = base64.StdEncoding.EncodeToString([]byte(payload))
		}
		vectors = append(vectors, v)
	}
	replace := func(old, new string) string {
		require.Contains(t, whole, old)
		return strings.Replace(whole, old, new, 1)
	}
	pad := func(size int) string { return whole + strings.Repeat(" ", size-len(whole)) }

	add("", "white space around and within", " \r\n\t"+replace(`":"`, "\" :\n\"")+"\n")
	add("", "escapes", replace("North Clinic", `\u004eorth\/\ud83d\ude00 Clinic`))
	add("", "an escaped name", replace(`"sender"`, `"\u0073ender"`))
	add("", "as big as can be", pad(notice.MaxPayload))
	add("json.size", "a byte too big", pad(notice.MaxPayload+1))
	add("json.text", "not UTF-8", replace("North", "N\xf6rth"))
	add("json.text", "overlong UTF-8", replace("North", "N\xc0\xafrth"))
	add("json.text", "a surrogate in UTF-8", replace("North", "N\xed\xa0\x80rth"))
	add("json.text", "half a surrogate pair", replace("North", `N\ud800rth`))
	add("json.text", "the other half", replace("North", `N\udc00rth`))
	add("json.text", "the halves the wrong way round", replace("North", `N\udc00\ud800rth`))
	add("json.text", "a noncharacter", replace("North", `N\uffferth`))
	add("json.text", "a noncharacter as it is", replace("North", "N\ufdd0rth"))
	add("json.text", "a noncharacter of plane 16", replace("North", `N\udbff\udfffrth`))
	add("json.duplicate", "a member twice", replace(`"status":"Actual"`, `"status":"Actual","status":"Actual"`))
	add("json.duplicate", "a member twice, once escaped", replace(`"status":"Actual"`, `"status":"Actual","statu\u0073":"Test"`))
	add("json.duplicate", "severity twice in a block", replace(`"severity":"Severe"`, `"severity":"Minor","severity":"Severe"`))
	add("json.unknown", "Severity in the wrong case", replace(`"severity"`, `"Severity"`))
	add("json.unknown", "Severity beside severity", replace(`"severity":"Severe"`, `"severity":"Severe","Severity":"Minor"`))
	add("json.unknown", "a member that CAP has not", replace(`"status"`, `"extra":{"a":[1,"b"]},"status"`))
	add("json.unknown", "an empty name", replace(`"status"`, `"":"","status"`))
	add("json.unknown", "a name of an object's prototype", replace(`"status"`, `"__proto__":{},"status"`))
	add("json.null", "null for an optional member", replace(`"status"`, `"note":null,"status"`))
	add("json.null", "null in a list", replace(`"status"`, `"code":[null],"status"`))
	add("json.null", "null", "null")
	add("json.type", "a number for text", replace(`"status"`, `"note":1,"status"`))
	add("json.type", "text for a list", replace(`"status"`, `"code":"x","status"`))
	add("json.type", "a list for an object", "["+whole+"]")
	add("json.type", "true for text", replace(`"status"`, `"note":true,"status"`))
	add("json.type", "text alone", `"x"`)
	add("json.number", "a fraction", replace(`"status"`, `"note":1.5,"status"`))
	add("json.number", "an exponent", replace(`"status"`, `"note":1e2,"status"`))
	add("json.number", "beyond 2^53", replace(`"status"`, `"note":9007199254740992,"status"`))
	add("json.depth", "nested 9 deep", replace(`"status"`, `"note":`+strings.Repeat("[", 8)+strings.Repeat("]", 8)+`,"status"`))
	add("json.type", "nested 8 deep", replace(`"status"`, `"note":`+strings.Repeat("[", 7)+strings.Repeat("]", 7)+`,"status"`))
	add("json.depth", "nested 10,000 deep", strings.Repeat("[", 10_000)+strings.Repeat("]", 10_000))
	add("json.syntax", "cut short", whole[:len(whole)-1])
	add("json.syntax", "something behind", whole+"{}")
	add("json.syntax", "a brace too many", whole+"}")
	add("json.syntax", "a byte order mark", "\ufeff"+whole)
	add("json.syntax", "a comment", replace(`"status"`, `/* */"status"`))
	add("json.syntax", "a comma too many", whole[:len(whole)-1]+",}")
	add("json.syntax", "single quotation marks", replace(`"Actual"`, `'Actual'`))
	add("json.syntax", "a line end in text", replace("North", "No\nrth"))
	add("json.syntax", "an unknown escape", replace("North", `N\x6frth`))
	add("json.syntax", "another space", replace(`"status":`, "\"status\":\u00a0"))
	add("json.syntax", "NaN", replace(`"status"`, `"note":NaN,"status"`))
	add("identifier", "an empty object", "{}")
	return vectors
}
