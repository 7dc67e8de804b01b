package desk_test

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/desk"
	"tocsin/notice"
)

func (o *office) pseudonyms(key *notice.PrivateKey, body any) answer {
	o.t.Helper()
	text, err := json.Marshal(body)
	require.NoError(o.t, err)
	r := o.request(http.MethodPost, "/v1/pseudonyms", text)
	r.Header.Set("Content-Type", "application/json")
	if key != nil {
		r.Header.Set("Authorization", "Bearer "+o.token(key))
	}
	return o.do(r)
}

// An operator learns the pseudonyms by which a posture revokes; nobody else does, and
// the ids are written nowhere.
func TestPseudonyms(t *testing.T) {
	o, _, ring, out := withCohorts(t)
	ask := func(kind string) map[string]any {
		return map[string]any{"issuer": idp, "kind": kind, "ids": []string{"MARKED-1", "MARKED-2"}}
	}
	for kind, pseudonym := range map[string]func(issuer, id string) string{
		"person": ring.Pseudonym, "login": ring.LoginPseudonym,
	} {
		a := o.pseudonyms(o.staff.Operator, ask(kind))
		require.Equal(t, http.StatusOK, a.Status, a.Text)
		require.Equal(t, []any{inHex(t, pseudonym(idp, "MARKED-1")), inHex(t, pseudonym(idp, "MARKED-2"))}, a.Body["pseudonyms"])
	}
	require.Equal(t, "forbidden", o.pseudonyms(o.staff.Publisher, ask("person")).problem())
	require.Equal(t, "unauthenticated", o.pseudonyms(nil, ask("person")).problem())
	journal, err := json.Marshal(records(t, o.dir))
	require.NoError(t, err)
	require.NotContains(t, string(journal)+out.String(), "MARKED")
}

// What is no list of ids is refused, without repeating one.
func TestPseudonymsRefused(t *testing.T) {
	o, _, _, _ := withCohorts(t)
	for name, body := range map[string]any{
		"no issuer":    map[string]any{"kind": "person", "ids": []string{"MARKED"}},
		"no kind":      map[string]any{"issuer": idp, "ids": []string{"MARKED"}},
		"no ids":       map[string]any{"issuer": idp, "kind": "person"},
		"empty id":     map[string]any{"issuer": idp, "kind": "person", "ids": []string{"MARKED", ""}},
		"long id":      map[string]any{"issuer": idp, "kind": "person", "ids": []string{strings.Repeat("MARKED", 50)}},
		"too many":     map[string]any{"issuer": idp, "kind": "person", "ids": strings.Split(strings.Repeat("MARKED,", 100)+"MARKED", ",")},
		"another case": map[string]any{"issuer": idp, "Kind": "person", "ids": []string{"MARKED"}},
		"two cases":    map[string]any{"issuer": idp, "kind": "person", "Kind": "login", "ids": []string{"MARKED"}},
		"long issuer":  map[string]any{"issuer": "https://" + strings.Repeat("MARKED", 50), "kind": "person", "ids": []string{"x"}},
		"no text":      map[string]any{"issuer": idp, "kind": 1, "ids": []string{"MARKED"}},
		"unknown":      map[string]any{"issuer": idp, "kind": "person", "ids": []string{"MARKED"}, "MARKED": 1},
	} {
		a := o.pseudonyms(o.staff.Operator, body)
		require.Equal(t, "bad-request", a.problem(), "%s: %s", name, a.Text)
		require.NotContains(t, a.Text, "MARKED", name)
	}
}

// A slip in the issuer's name would revoke nobody, and say nothing.
func TestPseudonymsOfNobody(t *testing.T) {
	o := newSite(t).open(func(c *desk.Config) {
		c.Cohorts, c.Pseudonyms, c.Issuers = &lists{}, auth.NewKeyring(), []string{idp}
	})
	ask := func(issuer string) answer {
		return o.pseudonyms(o.staff.Operator, map[string]any{"issuer": issuer, "kind": "person", "ids": []string{"x"}})
	}
	require.Equal(t, http.StatusOK, ask(idp).Status)
	require.Equal(t, "bad-request", ask(idp+"/").problem())
}

func inHex(t *testing.T, pseudonym string) string {
	t.Helper()
	sum, err := base64.RawURLEncoding.DecodeString(pseudonym)
	require.NoError(t, err)
	require.Len(t, sum, 32)
	return hex.EncodeToString(sum)
}
