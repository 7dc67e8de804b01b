package hub

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The largest counts are those of all of them in order.
func TestLargest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		counts := rapid.MapOf(rapid.StringMatching(`[a-e]{0,3}`), rapid.IntRange(1, 4)).Draw(t, "counts")
		most := rapid.IntRange(1, 10).Draw(t, "most")
		names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
			return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
		})
		want := map[string]int{}
		for _, name := range names[:min(most, len(names))] {
			want[name] = counts[name]
		}
		room := math.MaxInt
		require.Equal(t, want, largest(counts, most, &room))
	})
}
