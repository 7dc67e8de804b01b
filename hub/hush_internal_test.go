package hub

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// The first line comes at once, then at most one a second, which says how many more
// there were.
func TestHush(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		l := slog.New(slog.NewTextHandler(&out, nil))
		var q hush
		lines := func() int { return strings.Count(out.String(), "msg=refused") }
		for range 100 {
			q.log(l, slog.LevelWarn, "refused")
		}
		require.Equal(t, 1, lines())
		require.NotContains(t, out.String(), "omitted")
		time.Sleep(hushTime)
		for range 100 {
			q.log(l, slog.LevelWarn, "refused")
		}
		require.Equal(t, 2, lines())
		require.Contains(t, out.String(), "omitted=99")
		time.Sleep(time.Hour)
		q.log(l, slog.LevelWarn, "refused", slog.Int("seq", 7))
		require.Contains(t, out.String(), "msg=refused seq=7 omitted=99")
	})
}
