package notice_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/notice"
)

// What no reader sees and what moves what they see; and what scripts are written with.
func TestDeceptive(t *testing.T) {
	for name, text := range map[string]string{
		"an override":                     "Pay at \u202e2410 010 555 1+",
		"the end of one":                  "x\u202c",
		"an embedding":                    "x\u202a",
		"an isolate":                      "Pay at \u20672410 010 555\u2069",
		"a first-strong isolate":          "\u2068x",
		"a right-to-left mark in Latin":   "+1 555 \u200f0142\u200f 010",
		"a left-to-right mark in Latin":   "a\u200eb",
		"an Arabic letter mark in Latin":  "+1 555 \u061c0142 010",
		"a zero-width space in a number":  "+1 555\u200b0142",
		"a non-joiner in a Latin word":    "pass\u200cword",
		"a joiner in a number":            "555\u200d0142",
		"a joiner in Arabic digits":       "\u0627 \u0661\u200d\u0662",
		"joiners that pile up":            "\u0645\u06cc\u200c\u200c\u062e",
		"a joiner at the beginning":       "\u200dx",
		"a joiner behind the last symbol": "\U0001F469\u200d",
		"a word joiner":                   "555\u20600142",
		"a byte order mark":               "\ufeffHello",
		"a soft hyphen in a number":       "555\u00ad0142",
		"an invisible plus":               "1\u20641",
		"a deprecated control":            "x\u206e1",
		"a tag":                           "x\U000E0041",
		"a Hangul filler":                 "\u3164",
		"a combining joiner":              "a\u034fb",
		"a line separator":                "a\u2028b",
		"an annotation":                   "a\ufff9b",
		"variation selectors that pile":   "\u2764\ufe0f\ufe01",
		"a variation of nothing":          "a \U000E0101",
	} {
		n := 0
		for range notice.Deceptive(text) {
			n++
		}
		require.NotZero(t, n, name)
	}
	for name, text := range map[string]string{
		"plain":                 "Video visits are down.\nCall 555-0100\tnow.",
		"Persian":               "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
		"Hindi, joined":         "\u0915\u094d\u200d\u0937",
		"Malayalam, not joined": "\u0d28\u0d4d\u200c",
		"Sinhala":               "\u0dc1\u0dca\u200d\u0dbb\u0dd3",
		"Arabic with a number":  "\u0627\u062a\u0635\u0644 \u200e+1 555 0100\u200e",
		"Hebrew with a mark":    "C++\u200f \u05d8\u05d5\u05d1",
		"Urdu with a mark":      "\u0633\u061c 24",
		"Arabic number sign":    "\u0600\u0661",
		"Khmer":                 "\u1780\u1780\u17d2\u1780\u200b\u1780",
		"Mongolian":             "\u182a\u180e\u1820",
		"emoji":                 "\u2764\ufe0f\u200d\U0001F525 \U0001F469\U0001F3FD\u200d\u2695\ufe0f \U0001F468\u200d\U0001F469\u200d\U0001F467 1\ufe0f\u20e3",
		"hyphenation":           "Donau\u00addampf",
		"accents, decomposed":   "nin\u0303o",
		"Han, varied":           "\u845b\U000E0100",
		"other spaces":          "10\u202f000\u00a0m\u3000",
	} {
		for at, r := range notice.Deceptive(text) {
			t.Errorf("%s: %U at %d", name, r, at)
		}
	}
}

func TestAdmitText(t *testing.T) {
	err := notice.AdmitText(&notice.Contacts{Version: 1, Cards: []notice.Card{{Name: "a"}, {Name: "b", Hours: "9\u202e5"}}})
	require.Equal(t, "admission.text", ruleOf(t, err))
	require.ErrorContains(t, err, "cards[1].hours: ")
	require.ErrorContains(t, err, "U+202E")
	err = notice.AdmitText(&notice.Posture{Note: "a", IssuerBlocked: map[string]notice.Blocked{"https://\u200bidp.example": {}}})
	require.ErrorContains(t, err, "issuerBlocked")
	require.ErrorContains(t, err, "U+200B")
	require.NoError(t, notice.AdmitText(&notice.Redaction{Seq: 1, Reason: "\u0645\u06cc\u200c\u062e"}))
}
