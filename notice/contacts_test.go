package notice_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/notice"
)

// contactsVector is one case of testdata/contacts.json: a payload, and the rule that it
// breaks, if it is bad.
type contactsVector struct {
	Name    string `json:"name"`
	Payload string `json:"payload"`
	Rule    string `json:"rule,omitempty"`
}

func TestContactsDocument(t *testing.T) {
	card := notice.Card{Language: "es-US", Audience: "pacientes", Name: "Recepción", Telephone: "+1 (555) 01-00/2.#*", Email: "hola+1@clinic.example", Hours: "8–20"}
	whole := notice.Contacts{Version: 1, Sent: "2026-11-22T09:30:00-00:00", Cards: []notice.Card{card}}
	payload, err := notice.EncodeContacts(&whole)
	require.NoError(t, err)
	good := string(payload)
	replace := func(old, new string) string {
		require.Contains(t, good, old)
		return strings.Replace(good, old, new, 1)
	}
	cards := func(n int) string {
		const one = `{"language":"en","name":"x","email":"a@b"}`
		return `{"version":1,"sent":"2026-11-22T09:30:00-00:00","cards":[` + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + `]}`
	}
	const version, cardRule = "contacts.version", "contacts.cards"
	vectors := []contactsVector{
		{Name: "good", Payload: good},
		{Name: "the greatest version", Payload: replace(`"version":1,`, `"version":2147483647,`)},
		{Name: "no cards", Payload: `{"version":1,"sent":"2026-11-22T09:30:00-00:00"}`},
		{Name: "as many cards as may be", Payload: cards(200)},
		{Name: "a telephone alone", Payload: replace(`"hola+1@clinic.example"`, `""`)},
		{Name: "for nobody in particular", Payload: replace(`"pacientes"`, `""`)},

		{Name: "version 0", Rule: version, Payload: replace(`"version":1,`, `"version":0,`)},
		{Name: "version 2^31", Rule: version, Payload: replace(`"version":1,`, `"version":2147483648,`)},
		{Name: "no sent", Rule: "contacts.sent", Payload: replace(`"sent":"2026-11-22T09:30:00-00:00",`, "")},
		{Name: "sent with Z", Rule: "contacts.sent", Payload: replace("00-00:00", "00Z")},
		{Name: "many cards", Rule: cardRule, Payload: cards(201)},
		{Name: "no language", Rule: cardRule, Payload: replace("es-US", "")},
		{Name: "a bad language", Rule: cardRule, Payload: replace("es-US", "en us")},
		{Name: "no name", Rule: cardRule, Payload: replace("Recepción", "")},
		{Name: "a name of two lines", Rule: cardRule, Payload: replace("Recepción", `a\nb`)},
		{Name: "a control character", Rule: cardRule, Payload: replace("8–20", `\u001b[2J`)},
		{Name: "nothing to reach", Rule: cardRule, Payload: `{"version":1,"sent":"2026-11-22T09:30:00-00:00","cards":[{"language":"en","name":"x"}]}`},
		{Name: "a link for a number", Rule: cardRule, Payload: replace("+1 (555) 01-00/2.#*", "javascript:alert(1)")},
		{Name: "a number of 41 characters", Rule: cardRule, Payload: replace("+1 (555) 01-00/2.#*", strings.Repeat("1", 41))},
		{Name: "mail with a subject", Rule: cardRule, Payload: replace("clinic.example", "clinic.example?body=x")},
		{Name: "mail to two", Rule: cardRule, Payload: replace("clinic.example", "clinic.example,b@clinic.example")},
		{Name: "mail without a host", Rule: cardRule, Payload: replace("@clinic.example", "@")},
		{Name: "mail without an at", Rule: cardRule, Payload: replace("hola+1@", "")},
		{Name: "a member too many", Rule: "json.unknown", Payload: replace(`"version":1,`, `"version":1,"note":"x",`)},
	}
	for _, v := range vectors {
		_, err := notice.DecodeContacts([]byte(v.Payload))
		if v.Rule == "" {
			require.NoError(t, err, v.Name)
			continue
		}
		require.Equal(t, v.Rule, ruleOf(t, err), v.Name)
	}
	again, err := notice.DecodeContacts(payload)
	require.NoError(t, err)
	require.Equal(t, &whole, again)
	golden(t, "contacts.json", vectors)
}
