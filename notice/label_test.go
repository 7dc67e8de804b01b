package notice_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/notice"
)

func TestParseLabel(t *testing.T) {
	for _, s := range []string{"a:b", "tenant:north", "x-1-:!", "url:https://a.example/?b#c", "t::", "subject:ABCabc09-_=",
		strings.Repeat("k", 32) + ":" + strings.Repeat("v", 128)} {
		l, err := notice.ParseLabel(s)
		require.NoError(t, err, s)
		kind, value, _ := strings.Cut(s, ":")
		require.Equal(t, kind, l.Kind())
		require.Equal(t, value, l.Value())
	}
	for _, s := range []string{"", ":", "a", "a:", ":b", "A:b", "-a:b", "1a:b", "a_b:c", "a:b c", "a:b\n", "a:\x7f", "a:é", `a:"`, `a:\`,
		strings.Repeat("k", 33) + ":v", "k:" + strings.Repeat("v", 129)} {
		_, err := notice.ParseLabel(s)
		requireRule(t, "label", err)
	}
}

func TestClaimable(t *testing.T) {
	require.True(t, notice.Claimable("surface"))
	require.True(t, notice.Claimable("lang"))
	for _, kind := range []string{"", "group", "tenant", "session", "subject", "cohort", "Surface", "surface:portal", "anything"} {
		require.False(t, notice.Claimable(kind), kind)
	}
}

func TestLabels(t *testing.T) {
	l := notice.NewLabels("tenant:north", "lang:en", "not a label", "tenant:north", "")
	require.Equal(t, []string{"lang:en", "tenant:north"}, l.Slice())
	require.Equal(t, 2, l.Len())
	require.True(t, l.Has("lang:en"))
	require.False(t, l.Has("lang:e"))
	require.False(t, l.Has("not a label"))

	more := l.With("group:staff", "lang:en", "bad")
	require.Equal(t, []string{"group:staff", "lang:en", "tenant:north"}, more.Slice())
	require.Equal(t, 2, l.Len(), "a set does not change")
	require.True(t, more.HasAll(l))
	require.False(t, l.HasAll(more))
	require.True(t, l.Equal(notice.NewLabels("lang:en", "tenant:north")))
	require.False(t, l.Equal(more))

	more.Slice()[0] = "group:other"
	require.True(t, more.Has("group:staff"), "the slice is the caller's own")

	var none notice.Labels
	require.NotNil(t, none.Slice())
	require.Empty(t, none.Slice())
	require.False(t, none.Has(""))
	require.True(t, none.Equal(notice.NewLabels()))
	require.True(t, l.HasAll(none))
}

// FuzzLabel holds the grammar against one written out by hand.
func FuzzLabel(f *testing.F) {
	for _, s := range []string{"tenant:north", "a:b:c", "A:b", "a:é", "a:", `a:"`, "surface:portal\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		l, err := notice.ParseLabel(s)
		require.Equal(t, wellFormed(s), err == nil, "%q", s)
		if err == nil {
			require.Equal(t, s, l.Kind()+":"+l.Value())
			require.True(t, notice.NewLabels(s).Has(l))
		}
	})
}

func wellFormed(s string) bool {
	i := strings.IndexByte(s, ':')
	if i < 1 || i > 32 || len(s)-i-1 < 1 || len(s)-i-1 > 128 || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for _, c := range []byte(s[:i]) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	for _, c := range []byte(s[i+1:]) {
		if c <= ' ' || c >= 0x7F || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}

// sight is one vector of testdata/visibility.json: whether a reader gets a notice.
type sight struct {
	Name      string        `json:"name"`
	Scope     notice.Scope  `json:"scope"`
	Status    notice.Status `json:"status"`
	Addresses []string      `json:"addresses"`
	Tier      notice.Scope  `json:"tier"`
	Labels    []string      `json:"labels"`
	Visible   bool          `json:"visible"`
}

func TestVisibleTo(t *testing.T) {
	const actual, test = notice.StatusActual, notice.StatusTest
	const public, restricted, private = notice.ScopePublic, notice.ScopeRestricted, notice.ScopePrivate
	l := func(labels ...string) []string { return append([]string{}, labels...) }
	vectors := []sight{
		{"public to anyone", public, actual, l(), public, l(), true},
		{"an exercise to anyone", public, notice.StatusExercise, l(), public, l(), true},
		{"public to a surface", public, actual, l("surface:portal"), public, l("surface:portal"), true},
		{"public to another surface", public, actual, l("surface:portal"), public, l("surface:kiosk"), false},
		{"public to a surface, unclaimed", public, actual, l("surface:portal"), public, l(), false},
		{"one of two values", public, actual, l("surface:portal", "surface:kiosk"), public, l("surface:kiosk"), true},
		{"one of two kinds", restricted, actual, l("tenant:north", "surface:portal"), restricted, l("tenant:north"), false},
		{"both kinds", restricted, actual, l("tenant:north", "surface:portal"), restricted, l("surface:portal", "tenant:north"), true},
		{"kinds mixed", restricted, actual, l("tenant:a", "lang:en", "tenant:b", "lang:es"), restricted, l("lang:es", "tenant:a"), true},
		{"a longer value", restricted, actual, l("tenant:north"), restricted, l("tenant:north2", "tenant:nort"), false},
		{"another case", restricted, actual, l("tenant:north"), restricted, l("tenant:North"), false},
		{"the label, but not the tier", restricted, actual, l("tenant:north"), public, l("tenant:north"), false},
		{"the tier, but not the label", private, actual, l("subject:1"), private, l("subject:2"), false},
		{"private in restricted", private, actual, l("subject:1"), restricted, l("subject:1"), false},
		{"private", private, actual, l("subject:1"), private, l("subject:1"), true},
		{"a test to a patient", public, test, l(), private, l("tenant:north"), false},
		{"a test to another group", public, test, l(), private, l("group:staff2"), false},
		{"a test to staff", public, test, l(), public, l("group:staff"), true},
		{"a test of a tenant to staff elsewhere", restricted, test, l("tenant:north"), private, l("group:staff"), false},
		{"no scope", "", actual, l(), private, l(), false},
		{"an unknown scope", "public", actual, l(), private, l(), false},
		{"no tier", public, actual, l(), "", l(), false},
		{"an unknown tier", public, actual, l(), "Secret", l(), false},
		{"an address that is not a label", public, actual, l("everyone"), private, l("everyone", "group:staff"), false},
		{"an empty address", public, actual, l(""), private, l("", "group:staff"), false},
	}
	golden(t, "visibility.json", vectors)
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			n := &notice.Notice{Scope: v.Scope, Status: v.Status, Addresses: v.Addresses}
			require.Equal(t, v.Visible, n.VisibleTo(v.Tier, notice.NewLabels(v.Labels...)))
		})
	}
}

// TestVisibleToModel holds VisibleTo against the sentence of the protocol, put in sets.
func TestVisibleToModel(t *testing.T) {
	scopes := []notice.Scope{notice.ScopePublic, notice.ScopeRestricted, notice.ScopePrivate}
	labels := rapid.SliceOfN(rapid.Map(rapid.Uint8Range(0, 29), func(n uint8) string {
		kinds := []string{"surface", "lang", "tenant", "group", "session", "subject", "cohort", "a", "b", "c"}
		return kinds[n/3] + ":" + []string{"staff", "2", "3"}[n%3]
	}), 0, 12)
	rapid.Check(t, func(t *rapid.T) {
		n := &notice.Notice{
			Status:    rapid.SampledFrom([]notice.Status{notice.StatusActual, notice.StatusExercise, notice.StatusTest}).Draw(t, "status"),
			Addresses: labels.Draw(t, "addresses"),
		}
		scope, tier := rapid.IntRange(0, 2).Draw(t, "scope"), rapid.IntRange(0, 2).Draw(t, "tier")
		n.Scope = scopes[scope]
		has := labels.Draw(t, "labels")

		held := map[string]bool{}
		for _, l := range has {
			held[l] = true
		}
		matched := map[string]bool{}
		for _, a := range n.Addresses {
			kind, _, _ := strings.Cut(a, ":")
			matched[kind] = matched[kind] || held[a]
		}
		want := scope <= tier && (n.Status != notice.StatusTest || held["group:staff"])
		for _, ok := range matched {
			want = want && ok
		}
		require.Equal(t, want, n.VisibleTo(scopes[tier], notice.NewLabels(has...)))
	})
}

func TestNamesProven(t *testing.T) {
	for addresses, want := range map[string]bool{
		"": false, "surface:portal": false, "surface:portal lang:en": false, "surface:portal tenant:north": true,
		"group:staff": true, "not-a-label": true,
	} {
		require.Equal(t, want, (&notice.Notice{Addresses: strings.Fields(addresses)}).NamesProven(), addresses)
	}
}
