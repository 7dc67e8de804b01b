package hub_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"tocsin/hub"
	"tocsin/wire"
)

// roll is an Audiences in memory, which refuses as often as it is told to.
type roll struct {
	mu      sync.Mutex
	refuse  int
	puts    int
	last    hub.Audience
	removed bool
}

func (r *roll) Put(_ context.Context, a hub.Audience) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refuse > 0 {
		r.refuse--
		return errors.New("not now")
	}
	r.last = a
	r.puts++
	return nil
}

func (r *roll) Remove(context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.removed = true
	return nil
}

func (r *roll) get() hub.Audience {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.last
}

// Sessions are counted while they last, by what they may see now; nothing that names a
// person or a call is.
func TestAudience(t *testing.T) {
	w := newWorld(t)
	r := &roll{refuse: 2}
	n := w.follow(func(c *hub.Config) { c.Audiences, c.AudienceInterval = r, 5*time.Millisecond })
	becomes := func(what string, public, private int, surfaces, labels map[string]int) {
		t.Helper()
		want := hub.Audience{
			Sessions: public + private, ByTier: map[string]int{"public": public, "restricted": 0, "private": private},
			BySurface: surfaces, ByLabel: labels,
		}
		eventually(t, func() bool { return assert.ObjectsAreEqual(want, r.get()) }, what)
	}
	none := map[string]int{}
	silent := n.dial() // has not said hello
	becomes("nobody", 0, 0, none, none)

	one := n.hello(wire.Hello{Labels: []string{"surface:portal", "lang:en"}})
	one.begin()
	two := n.hello(wire.Hello{
		Tokens: []string{w.token("north", "session", "call-1")}, Labels: []string{"surface:call", "lang:en"},
	})
	two.begin()
	becomes("two", 1, 1, map[string]int{"portal": 1, "call": 1}, map[string]int{"lang:en": 2, "tenant:north": 1})

	one.send(wire.Tokens{Tokens: []string{w.token("north")}}) // login
	becomes("login", 0, 2, map[string]int{"portal": 1, "call": 1}, map[string]int{"lang:en": 2, "tenant:north": 2})
	one.send(wire.Tokens{}) // sign-out
	becomes("sign-out", 1, 1, map[string]int{"portal": 1, "call": 1}, map[string]int{"lang:en": 2, "tenant:north": 1})

	require.NoError(t, two.ws.CloseNow())
	becomes("one left", 1, 0, map[string]int{"portal": 1}, map[string]int{"lang:en": 1})
	require.NoError(t, one.ws.CloseNow())
	require.NoError(t, silent.ws.CloseNow())
	becomes("all left", 0, 0, none, none)
}

// What does not change is repeated, more seldom, and taken back at the end.
func TestAudienceRepeatsAndEnds(t *testing.T) {
	w := newWorld(t)
	r := &roll{}
	n := w.make(func(c *hub.Config) { c.Audiences, c.AudienceInterval = r, 2*time.Millisecond })
	stop := w.serve(n, plain)
	eventually(t, func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return r.puts > 3
	}, "repeated")
	stop()
	require.True(t, r.removed)
}

// However many labels are claimed, what is handed over has bounds, and the largest
// counts are in it.
func TestAudienceBounds(t *testing.T) {
	w := newWorld(t)
	r := &roll{}
	n := w.follow(func(c *hub.Config) { c.Audiences, c.AudienceInterval = r, 5*time.Millisecond })
	const sessions = 60
	for i := range sessions {
		labels := []string{"surface:portal", "lang:de"}
		for j := range 7 {
			labels = append(labels, fmt.Sprintf("surface:%03d-%d-%s", i, j, strings.Repeat("<", 100)),
				fmt.Sprintf("lang:%03d-%d-%s", i, j, strings.Repeat("x", 100)))
		}
		n.hello(wire.Hello{Labels: labels}).begin()
	}
	eventually(t, func() bool { return r.get().Sessions == sessions }, "all counted")
	a := r.get()
	body, err := json.Marshal(a)
	require.NoError(t, err)
	require.LessOrEqual(t, len(body), 32<<10)
	require.Greater(t, len(body), 16<<10)
	require.Equal(t, sessions, a.BySurface["portal"])
	require.LessOrEqual(t, len(a.BySurface), 100)
}

func TestSumAudiences(t *testing.T) {
	zero := hub.SumAudiences(nil)
	require.Equal(t, map[string]int{"public": 0, "restricted": 0, "private": 0}, zero.ByTier)
	require.NotNil(t, zero.BySurface)
	require.NotNil(t, zero.ByLabel)
	const most = 100_000_000
	big := hub.Audience{ByLabel: make(map[string]int)}
	for i := range 3_000 {
		big.ByLabel[fmt.Sprintf("tenant:%04d", i)] = i
	}
	sum := hub.SumAudiences([]hub.Audience{
		{Sessions: 3, ByTier: map[string]int{"public": 2, "private": 1}, BySurface: map[string]int{"portal": 3}, ByLabel: map[string]int{"lang:en": 1, "tenant:2999": 1}},
		{Sessions: 4, ByTier: map[string]int{"public": 4}, BySurface: map[string]int{"portal": 1, "call": 2}},
		big,
		// Forged:
		{
			Sessions: -1 << 62, ByTier: map[string]int{"public": -5, "\x1b[2J\u202e": 9},
			BySurface: map[string]int{"\x1b[2J": 1, "call": -7, "portal": most + 1},
			ByLabel: map[string]int{
				"tenant:a\u202e": 1 << 20, "tenant:b": -1, "no label": 1 << 20, "lang:en": most + 1, "tenant:2999": math.MaxInt,
				"subject:patient-1": 1 << 20, "session:call-1": 1 << 20, "surface:portal": 1 << 20,
			},
		},
		{Sessions: most + 1, ByTier: map[string]int{"public": most + 1, "private": math.MaxInt}},
	})
	require.Equal(t, 7, sum.Sessions)
	require.Equal(t, map[string]int{"public": 6, "restricted": 0, "private": 1}, sum.ByTier)
	require.Equal(t, map[string]int{"portal": 4, "call": 2}, sum.BySurface)
	require.Len(t, sum.ByLabel, 1_000)
	require.Equal(t, 3_000, sum.ByLabel["tenant:2999"])
	require.NotContains(t, sum.ByLabel, "tenant:0000")
	for _, forged := range []string{"tenant:a\u202e", "tenant:b", "no label", "lang:en", "subject:patient-1", "session:call-1", "surface:portal"} {
		require.NotContains(t, sum.ByLabel, forged)
	}
	require.Equal(t, most, hub.SumAudiences([]hub.Audience{{Sessions: most}}).Sessions)
}
