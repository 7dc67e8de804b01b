package desk_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/desk"
)

// hall is an Audiences in memory.
type hall struct {
	mu   sync.Mutex
	asks int
	now  desk.Audience
	err  error
}

func (h *hall) Audience(context.Context) (desk.Audience, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.asks++
	return h.now, h.err
}

func (h *hall) set(a desk.Audience, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.now, h.err = a, err
}

func TestAudience(t *testing.T) {
	s := newSite(t)
	h := &hall{now: desk.Audience{
		Nodes: 2, Sessions: 3, ByTier: map[string]int{"public": 2, "restricted": 0, "private": 1},
		BySurface: map[string]int{"portal": 3}, ByLabel: map[string]int{"tenant:north": 1},
	}}
	o := s.open(func(c *desk.Config) { c.Audiences = h })
	require.Equal(t, http.StatusUnauthorized, o.do(o.request("GET", "/v1/audience", nil)).Status, "for staff alone")
	require.Zero(t, h.asks)

	a := o.get("/v1/audience")
	require.Equal(t, http.StatusOK, a.Status)
	require.NotEmpty(t, a.Body["updated"])
	delete(a.Body, "updated")
	require.Equal(t, map[string]any{
		"nodes": 2.0, "sessions": 3.0, "byTier": map[string]any{"public": 2.0, "restricted": 0.0, "private": 1.0},
		"bySurface": map[string]any{"portal": 3.0}, "byLabel": map[string]any{"tenant:north": 1.0},
	}, a.Body)

	h.set(desk.Audience{Nodes: 1}, nil)
	require.Equal(t, 2.0, o.get("/v1/audience").Body["nodes"], "many ask, the broker is asked once")
	require.Equal(t, 1, h.asks)
	s.advance(3 * time.Second)
	require.Equal(t, 1.0, o.get("/v1/audience").Body["nodes"])

	h.set(desk.Audience{}, errors.New("no answer"))
	s.advance(3 * time.Second)
	require.Equal(t, "unavailable", o.get("/v1/audience").problem())
	asked := h.asks
	require.Equal(t, "unavailable", o.get("/v1/audience").problem())
	require.Equal(t, asked, h.asks, "a broker that is down is asked as rarely")
	h.set(desk.Audience{Nodes: 3}, nil)
	s.advance(3 * time.Second)
	require.Equal(t, 3.0, o.get("/v1/audience").Body["nodes"])
}

// One who asks and goes does not take the answer along.
func TestAudienceOfOneWhoLeaves(t *testing.T) {
	s := newSite(t)
	h := &slowHall{asked: make(chan struct{}), answer: make(chan struct{})}
	o := s.open(func(c *desk.Config) { c.Audiences = h })
	bearer := "Bearer " + o.token(s.staff.Publisher)
	ctx, leave := context.WithCancel(t.Context())
	first := make(chan int)
	go func() {
		r := httptest.NewRequestWithContext(ctx, "GET", "http://127.0.0.1/v1/audience", nil)
		r.Header.Set("Authorization", bearer)
		w := httptest.NewRecorder()
		o.desk.Handler().ServeHTTP(w, r)
		first <- w.Code
	}()
	<-h.asked
	leave()
	close(h.answer)
	require.Equal(t, http.StatusOK, <-first)
	require.Equal(t, http.StatusOK, o.get("/v1/audience").Status)
}

// slowHall answers once, when it is told to, and only who still wants to know.
type slowHall struct{ asked, answer chan struct{} }

func (h *slowHall) Audience(ctx context.Context) (desk.Audience, error) {
	close(h.asked)
	<-h.answer
	return desk.Audience{}, ctx.Err()
}

// The pinned roots and the console are for anybody who reaches the desk; the console
// says itself what a browser may do, and never stands for the API.
func TestTrustAndConsole(t *testing.T) {
	s := newSite(t)
	o := s.open(func(c *desk.Config) {
		c.Console = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Security-Policy", "script-src 'self'")
			_, _ = w.Write([]byte("the console at " + r.URL.Path))
		})
	})
	for _, path := range []string{"/", "/assets/app.js"} {
		a := o.do(o.request("GET", path, nil))
		require.Equal(t, http.StatusOK, a.Status)
		require.Equal(t, "the console at "+path, a.Text)
		require.Equal(t, "script-src 'self'", a.Header.Get("Content-Security-Policy"))
		require.Equal(t, "nosniff", a.Header.Get("X-Content-Type-Options"))
	}
	require.Equal(t, "not-found", o.get("/v1/nothing").problem())
	require.Equal(t, "not-found", o.get("/v1/audience").problem(), "nobody counts")
	foreign := o.request("GET", "/", nil)
	foreign.Host = "evil.example"
	require.Equal(t, "misdirected", o.do(foreign).problem())

	a := o.do(o.request("GET", "/v1/trust", nil))
	require.Equal(t, http.StatusOK, a.Status)
	require.Equal(t, string(s.staff.Trust().Marshal()), a.Text)
	require.Equal(t, "application/x-pem-file", a.Header.Get("Content-Type"))
	require.Equal(t, "default-src 'none'; frame-ancestors 'none'", a.Header.Get("Content-Security-Policy"))
}
