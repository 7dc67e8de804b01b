package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/notice"
)

func TestPrintable(t *testing.T) {
	for text, want := range map[string]string{
		"plain\n\ttext":                  "plain\n\ttext",
		"Abducción de Niño — 児童":         "Abducción de Niño — 児童",
		"red \x1b[31m":                   "red <001B>[31m",
		"back\rover":                     "back<000D>over",
		"\u202egpj.exe":                  "<202E>gpj.exe",
		"\u2067isolate\u2069":            "<2067>isolate<2069>",
		"C1 \u009b2J":                    "C1 <009B>2J",
		"mark \u200fin Latin":            "mark <200F>in Latin",
		"\u200f\u05d8\u05d5\u05d1, mark": "\u200f\u05d8\u05d5\u05d1, mark",
		"555\u200b0142":                  "555<200B>0142",
		"tag \U000E0041":                 "tag <E0041>",
		"क्\u200dष joiner stays":         "क्\u200dष joiner stays",
		"\x07bell\x00":                   "<0007>bell<0000>",
		"broken \xff UTF-8 \x9b2J":       "broken \ufffd UTF-8 \ufffd2J",
	} {
		require.Equal(t, want, printable(text))
	}
}

// To a program nothing is changed, and a terminal has nothing to obey.
func TestJSONIsSafe(t *testing.T) {
	const bad = "a \u202eb\u009b2J <\U000E0041> \u0645\u06cc\u200c\u062e"
	var out strings.Builder
	require.NoError(t, console{Out: &out}.printJSON(map[string]string{"x": bad}))
	require.Equal(t, `{"x":"a \u202eb\u009b2J <\udb40\udc41> `+"\u0645\u06cc\u200c\u062e\"}\n", out.String())
	var back map[string]string
	require.NoError(t, json.Unmarshal([]byte(out.String()), &back))
	require.Equal(t, bad, back["x"])
}

func TestOneLineCannotBeLeft(t *testing.T) {
	require.Equal(t, "a b c", oneLine("a\n\tb \u2028c"))
}

// TestPageIsSafe puts bad text into every field that a page shows.
func TestPageIsSafe(t *testing.T) {
	const bad = "x\x1b[2J\u202e\r\ny"
	n := &notice.Notice{
		Identifier: bad, Sender: bad, Sent: bad, Status: bad, MsgType: bad, Source: bad, Scope: bad,
		Restriction: bad, Addresses: []string{bad}, Code: []string{bad}, Note: bad,
		References: []string{bad}, Incidents: []string{bad},
		Info: []notice.Info{{
			Language: bad, Category: []string{bad}, Event: bad, ResponseType: []string{bad}, Urgency: bad,
			Severity: bad, Certainty: bad, Audience: bad, EventCode: []notice.ValuePair{{ValueName: bad, Value: bad}},
			Effective: bad, Onset: bad, Expires: bad, SenderName: bad, Headline: bad, Description: bad,
			Instruction: bad, Web: bad, Contact: bad, Parameter: []notice.ValuePair{{ValueName: bad, Value: bad}},
			Resource: []notice.Resource{{ResourceDesc: bad, MimeType: bad, URI: bad}},
			Area:     []notice.Area{{AreaDesc: bad}},
		}},
	}
	p := page{whole: true, width: 40}
	p.notice(n)
	p.headlines(n)
	require.NotContains(t, p.String(), "\x1b")
	require.NotContains(t, p.String(), "\u202e")
	require.NotContains(t, p.String(), "\r")
	for line := range strings.SplitSeq(p.String(), "\n") {
		if strings.HasPrefix(line, "y") {
			t.Errorf("text has left its field: %q", line)
		}
	}
}

func TestWrap(t *testing.T) {
	require.Equal(t, []string{"one two", "three"}, wrap("one two three", 8))
	require.Equal(t, []string{"as  it  was"}, wrap("as  it  was", 0))
	require.Equal(t, []string{"児童誘拐事件発生"}, wrap("児童誘拐事件発生", 4))
	require.Equal(t, []string{"Niño", "Niño"}, wrap("Niño Niño", 4))
}

func TestMoment(t *testing.T) {
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for text, want := range map[string]notice.DateTime{
		"2h":                        "2026-03-01T14:00:00-00:00",
		"3d":                        "2026-03-04T12:00:00-00:00",
		"1h30m":                     "2026-03-01T13:30:00-00:00",
		"2026-05-01T18:00:00+02:00": "2026-05-01T18:00:00+02:00",
	} {
		var m moment
		require.NoError(t, m.UnmarshalText([]byte(text)))
		require.True(t, m.given())
		require.Equal(t, want, m.from(start), text)
	}
	for _, text := range []string{"", "0", "-2h", "0d", "d", "2 hours", "99999d", "tomorrow", "2026-05-01"} {
		require.Error(t, new(moment).UnmarshalText([]byte(text)), text)
	}
}

func TestExitStatus(t *testing.T) {
	t.Chdir(t.TempDir())
	for want, lines := range [][]string{
		0: {"version", "key new a.key --owner a", "key show a.key"},
		1: {"key show missing", "key new a.key --owner a", "status --admin http://127.0.0.1:1", "approve x --key missing"},
		2: {
			"sreve", "key new", "serve", "publish", "publish --headline x --key a.key", "tail --url ws://hub.example",
			"tail --cursor x --trust a.key", "status --admin x", "publish --headline x --expires soon", "serve --dev --listen :1",
		},
	} {
		for _, line := range lines {
			require.Equal(t, want, run(strings.Fields(line), console{Out: t.Output(), Err: t.Output()}), line)
		}
	}
}
