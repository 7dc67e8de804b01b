package desk_test

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"tocsin/desk"
)

// listed counts how often the store is listed.
type listed struct {
	desk.Proposals
	times atomic.Int64
}

func (l *listed) List(ctx context.Context) ([]desk.Item, error) {
	l.times.Add(1)
	return l.Proposals.List(ctx)
}

// A publisher, or who has stolen their key, can't fill the store, however many
// proposals come at a time; others still get theirs in.
func TestProposalsOfOneOwner(t *testing.T) {
	t.Parallel()
	store := new(listed)
	o := newSite(t).open(func(c *desk.Config) {
		store.Proposals = c.Proposals
		c.Proposals = store
	})
	const posts = 120
	bodies := make(chan []byte, posts)
	for range posts {
		bodies <- o.staff.Sign(o.staff.Alert(), o.staff.Publisher)
	}
	close(bodies)
	listedBefore := store.times.Load()
	var all sync.WaitGroup
	var kept, refused atomic.Int64
	for range 4 {
		all.Go(func() {
			for body := range bodies {
				switch a := o.post("/v1/notices", body); {
				case a.Status == http.StatusAccepted:
					kept.Add(1)
				case a.problem() == "too-many" && a.Header.Get("Retry-After") != "":
					refused.Add(1)
				default:
					t.Errorf("%d: %s", a.Status, a.Text)
				}
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 100, kept.Load())
	require.EqualValues(t, posts-100, refused.Load())
	waiting := o.get("/v1/proposals").Body["proposals"].([]any)
	require.Len(t, waiting, 100)
	require.Less(t, store.times.Load()-listedBefore, int64(70), "the store is not read for each")

	other := o.staff.Alert()
	require.Equal(t, http.StatusAccepted, o.publish(other, o.staff.Publisher2).Status)
	require.Equal(t, http.StatusCreated, o.publish(o.staff.Alert()).Status, "what is complete does not wait")

	// Room that is made is there at once.
	gone := waiting[0].(map[string]any)["identifier"].(string)
	require.Equal(t, http.StatusNoContent, o.as(o.staff.Publisher, http.MethodDelete, "/v1/proposals/"+gone).Status)
	require.Equal(t, http.StatusAccepted, o.publish(o.staff.Alert(), o.staff.Publisher).Status)
	require.Equal(t, http.StatusTooManyRequests, o.publish(o.staff.Alert(), o.staff.Publisher).Status)
}
