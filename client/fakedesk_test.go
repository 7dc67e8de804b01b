package client_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/client"
	"tocsin/notice"
	"tocsin/notice/noticetest"
)

// fakeDesk answers as the test says, over real HTTP. What a desk that works answers
// is tested with a real one (real_test.go).
type fakeDesk struct {
	*noticetest.Staff
	t       *testing.T
	mux     *http.ServeMux
	http    *http.Client
	origin  string
	skew    time.Duration // of the desk's clock
	logins  int
	expired bool // no bearer is good any more

	mu    sync.Mutex
	calls []call
}

type call struct{ method, path, contentType, accept, bearer, body string }

func newFakeDesk(t *testing.T) *fakeDesk {
	d := &fakeDesk{Staff: noticetest.NewStaff(t), t: t, mux: http.NewServeMux(), origin: "http://localhost:8081"}
	d.http = serveInMemory(t, d)
	d.mux.HandleFunc("GET /v1/challenge", func(w http.ResponseWriter, _ *http.Request) {
		d.answer(w, 200, map[string]any{"nonce": "n1", "serverTime": time.Now().Add(d.skew)})
	})
	d.mux.HandleFunc("POST /v1/session", d.session)
	return d
}

func (d *fakeDesk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(strings.NewReader(string(body)))
	bearer, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	d.mu.Lock()
	d.calls = append(d.calls, call{r.Method, r.URL.String(), r.Header.Get("Content-Type"), r.Header.Get("Accept"), bearer, string(body)})
	d.mu.Unlock()
	if bearer != "" && d.expired {
		d.expired = false
		d.refuse(w, 401, "unauthenticated", nil)
		return
	}
	d.mux.ServeHTTP(w, r)
}

func (d *fakeDesk) session(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	env, err := notice.ParseEnvelope(body)
	if err == nil {
		_, _, err = notice.VerifySession(env, d.Board().Keyset(), d.origin, time.Now().Add(d.skew))
	}
	if err != nil {
		d.refuse(w, 401, "login-refused", nil)
		return
	}
	d.logins++
	d.answer(w, 200, map[string]any{"token": "bearer" + strings.Repeat("!", d.logins), "expires": time.Now().Add(d.skew + 15*time.Minute),
		"owner": "ana-ruiz", "roles": []string{"publisher"}})
}

func (d *fakeDesk) answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (d *fakeDesk) refuse(w http.ResponseWriter, status int, name string, more map[string]any) {
	p := map[string]any{"type": "urn:tocsin:problem:" + name, "title": "Title of " + name, "status": status}
	for k, v := range more {
		p[k] = v
	}
	w.Header().Set("Content-Type", "application/problem+json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(p)
}

// script answers a path with each of steps in turn, and then with the last.
func (d *fakeDesk) script(pattern string, steps ...http.HandlerFunc) {
	d.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		step := steps[0]
		if len(steps) > 1 {
			steps = steps[1:]
		}
		step(w, r)
	})
}

// take returns the requests so far.
func (d *fakeDesk) take() []call {
	d.mu.Lock()
	defer d.mu.Unlock()
	calls := d.calls
	d.calls = nil
	return calls
}

func (d *fakeDesk) open(key *notice.PrivateKey) *client.Desk {
	desk, err := client.NewDesk(client.DeskConfig{URL: d.origin, Key: key, HTTPClient: d.http})
	require.NoError(d.t, err)
	return desk
}

func (d *fakeDesk) published(w http.ResponseWriter, _ *http.Request) {
	d.answer(w, 201, map[string]any{"status": "published", "identifier": "i", "seq": 7})
}

func (d *fakeDesk) unconfirmed(w http.ResponseWriter, _ *http.Request) {
	d.refuse(w, 504, "unconfirmed", nil)
}

func (d *fakeDesk) already(w http.ResponseWriter, _ *http.Request) {
	d.refuse(w, 409, "already-published", map[string]any{"identifier": "i", "seq": 7})
}

// broken ends the connection instead of an answer.
func (d *fakeDesk) broken(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }
