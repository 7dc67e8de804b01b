package hub

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"tocsin/auth"
	"tocsin/notice"
)

// Whoever may see an entry is found, once or more, whatever sessions came and went; and
// the pages are empty when all have gone.
func TestDirectoryFindsWhoMaySee(t *testing.T) {
	labels := rapid.SliceOfDistinct(rapid.SampledFrom([]string{
		"surface:portal", "surface:call", "lang:en", "lang:es", "tenant:north", "tenant:south", "group:staff", "cohort:a", "subject:x", "subject:y",
	}), rapid.ID)
	rapid.Check(t, func(t *rapid.T) {
		d := make(directory)
		var here []*session
		for range rapid.IntRange(0, 60).Draw(t, "steps") {
			switch {
			case len(here) > 0 && rapid.IntRange(0, 2).Draw(t, "leave") == 0:
				i := rapid.IntRange(0, len(here)-1).Draw(t, "who")
				d.remove(here[i])
				here = slices.Delete(here, i, i+1)
			default:
				s := &session{}
				g := auth.Grant{Tier: auth.Tier(rapid.IntRange(int(auth.Public), int(auth.Private)).Draw(t, "tier")), Labels: labels.Draw(t, "labels")}
				if g.Tier == auth.Private {
					g.Private = labels.Draw(t, "private")
				}
				s.access.Store(newAccess(g))
				d.add(s)
				here = append(here, s)
			}
			n := &notice.Notice{
				Scope:     rapid.SampledFrom([]notice.Scope{notice.ScopePublic, notice.ScopeRestricted, notice.ScopePrivate}).Draw(t, "scope"),
				Addresses: labels.Draw(t, "addresses"),
			}
			most := rapid.IntRange(0, 40).Draw(t, "most")
			found, ok := d.find(nil, n, most)
			if !ok {
				continue
			}
			require.NotEmpty(t, n.Addresses)
			require.LessOrEqual(t, len(found), most)
			for _, s := range here {
				if s.access.Load().seesNotice(n) {
					require.Contains(t, found, s)
				}
			}
			for _, s := range found {
				require.Contains(t, here, s)
			}
		}
		for _, s := range here {
			d.remove(s)
		}
		require.Empty(t, d)
	})
}
