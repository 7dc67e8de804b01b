package desk_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/desk"
	"tocsin/notice"
)

// lists is a store of cohorts in memory, for what the desk makes of a request. The real
// one is tested with the whole program.
type lists struct {
	mu     sync.Mutex
	info   map[string]desk.CohortInfo
	sealed map[string][]byte
	err    error // of every write
}

func (l *lists) List(context.Context) ([]desk.CohortInfo, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Collect(maps.Values(l.info)), nil
}

func (l *lists) Put(_ context.Context, info desk.CohortInfo, sealed []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.err == nil {
		l.info[info.Name], l.sealed[info.Name] = info, sealed
	}
	return l.err
}

func (l *lists) Delete(_ context.Context, name string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, ok := l.info[name]; !ok && l.err == nil {
		return desk.ErrNotFound
	}
	if l.err == nil {
		delete(l.info, name)
	}
	return l.err
}

func (l *lists) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.err = err
}

const idp = "https://idp.clinic.example"

// withCohorts opens a desk that can make cohorts.
func withCohorts(t testing.TB) (*office, *lists, *auth.Keyring, *lines) {
	store := &lists{info: map[string]desk.CohortInfo{}, sealed: map[string][]byte{}}
	ring, out := auth.NewKeyring(), &lines{}
	o := newSite(t).open(func(c *desk.Config) {
		c.Cohorts, c.Pseudonyms, c.Logger = store, ring, out.logger()
	})
	return o, store, ring, out
}

func (o *office) putCohort(key *notice.PrivateKey, name, body string) answer {
	o.t.Helper()
	r := o.request(http.MethodPut, "/v1/cohorts/"+name, []byte(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+o.token(key))
	return o.do(r)
}

func listOf(issuer string, subjects ...string) string {
	body, err := json.Marshal(map[string]any{"issuer": issuer, "subjects": subjects})
	if err != nil {
		panic(err)
	}
	return string(body)
}

// A list is made, listed, replaced and dropped. What is kept is sealed, and who is on
// it stands in no answer, log or journal.
func TestCohorts(t *testing.T) {
	o, store, ring, out := withCohorts(t)
	a := o.putCohort(o.staff.Publisher, "breach-7", listOf(idp, "MARKED-1", "MARKED-2", "MARKED-1"))
	require.Equal(t, http.StatusOK, a.Status, a.Text)
	require.Equal(t, 2.0, a.Body["members"])
	sealed := store.sealed["breach-7"]
	sum := sha256.Sum256(sealed)
	require.Equal(t, hex.EncodeToString(sum[:]), store.info["breach-7"].SHA256)
	made, err := ring.OpenCohort("breach-7", sealed)
	require.NoError(t, err)
	want, err := ring.NewCohort(idp, []string{"MARKED-2", "MARKED-1"})
	require.NoError(t, err)
	require.Equal(t, want, made)

	list := o.as(o.staff.Operator, http.MethodGet, "/v1/cohorts") // any staff may look
	require.Len(t, list.Body["cohorts"], 1)

	require.Equal(t, http.StatusOK, o.putCohort(o.staff.Approver, "breach-7", listOf(idp, "MARKED-3")).Status)
	require.Equal(t, 1, store.info["breach-7"].Members)
	require.Equal(t, http.StatusNoContent, o.as(o.staff.Publisher, http.MethodDelete, "/v1/cohorts/breach-7").Status)
	require.Equal(t, "not-found", o.as(o.staff.Publisher, http.MethodDelete, "/v1/cohorts/breach-7").problem())

	var acts []string
	for _, r := range records(t, o.dir) {
		if r.Identifier == "breach-7" {
			acts = append(acts, string(r.Act)+" "+string(r.Phase))
		}
	}
	require.Equal(t, []string{
		"cohort intended", "cohort done", "cohort intended", "cohort done",
		"cohort-removed intended", "cohort-removed done", "cohort-removed intended", "cohort-removed refused",
	}, acts)
	journal, err := json.Marshal(records(t, o.dir))
	require.NoError(t, err)
	for where, text := range map[string]string{
		"answer": a.Text, "list": list.Text, "log": out.String(), "journal": string(journal), "store": string(sealed),
	} {
		require.NotContains(t, text, "MARKED", where)
		require.NotContains(t, text, ring.Pseudonym(idp, "MARKED-1"), where)
	}
}

// Who may not, and what is no list, changes nothing, and the answer names nobody.
func TestCohortsRefused(t *testing.T) {
	o, store, _, out := withCohorts(t)
	good := listOf(idp, "MARKED")
	for name, a := range map[string]answer{
		"unauthenticated":       o.do(o.request(http.MethodPut, "/v1/cohorts/x", []byte(good))),
		"unauthenticated list":  o.do(o.request(http.MethodGet, "/v1/cohorts", nil)),
		"forbidden operator":    o.putCohort(o.staff.Operator, "x", good),
		"forbidden contacts":    o.putCohort(o.staff.Contacts, "x", good),
		"forbidden removal":     o.as(o.staff.Operator, http.MethodDelete, "/v1/cohorts/x"),
		"bad-request name":      o.putCohort(o.staff.Publisher, "Breach", good),
		"bad-request path":      o.putCohort(o.staff.Publisher, "..%2Fx", good),
		"bad-request long":      o.putCohort(o.staff.Publisher, strings.Repeat("x", 65), good),
		"bad-request no issuer": o.putCohort(o.staff.Publisher, "x", `{"subjects":["MARKED"]}`),
		"bad-request nobody":    o.putCohort(o.staff.Publisher, "x", listOf(idp)),
		"bad-request empty":     o.putCohort(o.staff.Publisher, "x", listOf(idp, "MARKED", "")),
		"bad-request member":    o.putCohort(o.staff.Publisher, "x", `{"issuer":"i","subjects":["MARKED"],"subs":[]}`),
		"bad-request cut":       o.putCohort(o.staff.Publisher, "x", good[:len(good)-1]),
		"bad-request twice":     o.putCohort(o.staff.Publisher, "x", good+good),
		"bad-request text":      o.putCohort(o.staff.Publisher, "x", `"MARKED"`),
		"bad-request too long":  o.putCohort(o.staff.Publisher, "x", listOf(idp, strings.Repeat("MARKED", 50))),
		"media-type":            o.as(o.staff.Publisher, http.MethodPut, "/v1/cohorts/x"),
	} {
		problem, _, _ := strings.Cut(name, " ")
		require.Equal(t, problem, a.problem(), "%s: %s", name, a.Text)
		require.NotContains(t, a.Text, "MARKED", name)
	}
	require.Empty(t, store.info)
	require.NotContains(t, out.String(), "MARKED")

	tooBig := o.putCohort(o.staff.Publisher, "x", string(bytes.Repeat([]byte(" "), 48<<20+1)))
	require.Equal(t, "too-big", tooBig.problem())
}

// A slip in the issuer's name would make a list with nobody on it, and say nothing. Whoever
// knows better than the desk can say so.
func TestCohortsOfNobody(t *testing.T) {
	store := &lists{info: map[string]desk.CohortInfo{}, sealed: map[string][]byte{}}
	o := newSite(t).open(func(c *desk.Config) {
		c.Cohorts, c.Pseudonyms, c.Issuers = store, auth.NewKeyring(), []string{idp}
	})
	a := o.putCohort(o.staff.Publisher, "x", listOf(idp+"/", "MARKED"))
	require.Equal(t, "bad-request", a.problem())
	require.Contains(t, a.Body["detail"], "edges believe no issuer of this name")
	require.NotContains(t, a.Text, "MARKED")
	for _, query := range []string{"?any-issuer", "?any-issuer=false", "?Any-Issuer=true"} {
		require.Equal(t, "bad-request", o.putCohort(o.staff.Publisher, "x"+query, listOf(idp+"/", "a")).problem(), query)
	}
	require.Empty(t, store.info)
	require.Equal(t, http.StatusOK, o.putCohort(o.staff.Publisher, "x", listOf(idp, "a")).Status)
	require.Equal(t, http.StatusOK, o.putCohort(o.staff.Publisher, "y?any-issuer=true", listOf(idp+"/", "a")).Status)
}

// There are 64 at most, since every edge looks through all of them: one that is there
// can still be replaced.
func TestCohortsAreBounded(t *testing.T) {
	o, store, _, _ := withCohorts(t)
	for i := range 64 {
		name := fmt.Sprintf("c-%d", i)
		store.info[name] = desk.CohortInfo{Name: name}
	}
	require.Equal(t, "too-many", o.putCohort(o.staff.Publisher, "one-more", listOf(idp, "a")).problem())
	require.Equal(t, http.StatusOK, o.putCohort(o.staff.Publisher, "c-7", listOf(idp, "a")).Status)
}

// What is not known to be kept is said to be so.
func TestCohortsWithoutStore(t *testing.T) {
	o, store, _, _ := withCohorts(t)
	for err, problem := range map[error]string{
		desk.ErrUnavailable: "unavailable", context.DeadlineExceeded: "unconfirmed",
	} {
		store.fail(err)
		require.Equal(t, problem, o.putCohort(o.staff.Publisher, "x", listOf(idp, "a")).problem())
		require.Equal(t, problem, o.as(o.staff.Publisher, http.MethodDelete, "/v1/cohorts/x").problem())
	}
}
