package main

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"tocsin/auth/authtest"
	"tocsin/wire"
)

// hunt is a hub as it runs in production, but for dev mode, which lets the identity
// provider be on this machine, and all that one can do to it with a credential.
type hunt struct {
	*evidence
	t                   *testing.T
	dir                 string
	edge, desk          string    // addresses
	logs                []*output // the edge's first
	admins              []string
	good, ill, stranger *authtest.Issuer
	tokens, tickets     []string
	client              *http.Client
}

// No token, ticket, nonce or login shows up in what a hub says to anyone but its
// owner: logs, metrics, states, answers, close reasons, frames, questions to the
// identity provider. One process does all, or two share an external NATS.
func TestProcessGivesNothingAway(t *testing.T) {
	t.Run("one process", func(t *testing.T) {
		t.Parallel()
		h := newHunt(t)
		h.serveAll()
		h.all()
	})
	t.Run("edge and desk", func(t *testing.T) {
		t.Parallel()
		h := newHunt(t)
		h.serveApart()
		h.all()
	})
}

func newHunt(t *testing.T) *hunt {
	h := &hunt{
		evidence: &evidence{secrets: newSecrets(t)}, t: t, dir: t.TempDir(),
		edge: freeAddress(), desk: freeAddress(),
		good: authtest.New(t), ill: authtest.New(t), stranger: authtest.New(t),
		client: &http.Client{
			Transport:     &http.Transport{DisableKeepAlives: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	h.stranger.Rotate() // its kids are unknown: they are asked for
	h.writeIssuers()
	return h
}

// writeIssuers configures a provider that works, and one for each way of not
// working. What they are asked is evidence.
func (h *hunt) writeIssuers() {
	var list []map[string]any
	add := func(i *authtest.Issuer, b authtest.Behaviour) {
		i.Behave(b)
		c := i.Config()
		list = append(list, map[string]any{
			"issuer": c.Issuer, "audience": c.Audience, "jwks-url": h.listening(i) + "/jwks.json", "labels": c.Labels,
		})
	}
	add(h.good, authtest.Healthy)
	add(h.ill, authtest.Hang)
	for _, b := range []authtest.Behaviour{authtest.Error500, authtest.Refuse, authtest.Garbage, authtest.Elsewhere} {
		add(authtest.New(h.t), b)
	}
	text, err := json.Marshal(map[string]any{"issuers": list})
	require.NoError(h.t, err)
	require.NoError(h.t, os.WriteFile(filepath.Join(h.dir, "config.json"), text, 0o600))
}

// listening is a proxy before a provider that keeps what it is asked.
func (h *hunt) listening(i *authtest.Issuer) string {
	target, err := url.Parse(i.URL)
	require.NoError(h.t, err)
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.Transport = &http.Transport{DisableKeepAlives: true}
	proxy.ErrorHandler = func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) }
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked, _ := httputil.DumpRequest(r, true)
		h.add("a question to the provider", string(asked))
		proxy.ServeHTTP(w, r)
	}))
	h.t.Cleanup(server.Close)
	return server.URL
}

func (h *hunt) serveAll() {
	admin := freeAddress()
	h.admins = []string{admin}
	h.serving("hub", "--dev", "--config", "config.json", "--cache", "cache.json", "--log-format", "json",
		"--listen", h.edge, "--desk-listen", h.desk, "--admin-listen", admin)
	h.ready()
}

// serveApart runs an edge and a desk over a NATS that wants a password.
func (h *hunt) serveApart() {
	password := h.secrets.mark("NATS password")
	broker := natsWith(h.t, h.dir, "tocsin", password)
	broker = strings.Replace(broker, "://", "://tocsin:"+password+"@", 1)
	status, out := h.running(h.t, command(h.dir, "broker", "init", "--replicas", "1", "--nats", broker))
	require.Zero(h.t, status, out)
	h.admins = []string{freeAddress(), freeAddress()}
	common := []string{"--dev", "--config", "config.json", "--nats", broker}
	h.serving("edge", append(common, "--roles", "edge", "--listen", h.edge, "--admin-listen", h.admins[0])...)
	soon(h.t, func() bool { return strings.Contains(h.logs[0].String(), "DEV MODE") }, "dev folder made")
	h.serving("desk", append(common, "--roles", "desk", "--desk-listen", h.desk, "--admin-listen", h.admins[1])...)
	h.ready()
}

func (h *hunt) serving(name string, args ...string) {
	h.logs = append(h.logs, serving(h.t, h.dir, name, args...))
}

func (h *hunt) ready() {
	for _, admin := range h.admins {
		status, out := h.running(h.t, command(h.dir, "status", "--ready", "--wait", "20s", "--admin", "http://"+admin))
		require.Zero(h.t, status, out)
	}
}

// all does everything, and looks at what there is to see of it.
func (h *hunt) all() {
	h.collectTokens()
	h.collectTickets()
	h.sessions()
	h.badFrames()
	h.requests()
	h.logins()
	h.tails()
	soon(h.t, func() bool { return strings.Count(h.logs[0].String(), "keys not fetched") >= 5 }, "the providers were asked")
	for _, admin := range h.admins {
		for _, path := range []string{"/metrics", "/status", "/readyz", "/healthz"} {
			h.get("http://" + admin + path)
		}
	}
	for _, log := range h.logs {
		require.Contains(h.t, log.String(), "serving")
		h.add("the log", log.String())
	}
	h.clean(h.t)
}

// collectTokens makes tokens good and bad, with marks in them.
func (h *hunt) collectTokens() {
	claims := func(more ...any) map[string]any {
		c := map[string]any{
			"sub": h.secrets.mark("sub"), "sid": h.secrets.mark("sid"), "jti": h.secrets.mark("jti"), "tenant": "north",
		}
		for i := 0; i < len(more); i += 2 {
			c[more[i].(string)] = more[i+1]
		}
		return c
	}
	hour := time.Hour
	good := h.good.Token(claims())
	parts := strings.Split(good, ".")
	h.tokens = append(h.tokens, h.secrets.token("good token", good)) // the first: short enough to be a nonce
	for name, token := range map[string]string{
		"RS256 token":         h.good.TokenAlg("RS256", claims()),
		"expired token":       h.good.Token(claims("exp", time.Now().Add(-hour).Unix())),
		"future token":        h.good.Token(claims("iat", time.Now().Add(hour).Unix())),
		"foreign token":       h.stranger.Token(claims()),
		"unknown key's token": h.stranger.Token(claims("iss", h.good.URL)),
		"ill issuer's token":  h.ill.Token(claims()),
		"token, no audience":  h.good.Token(claims("aud", nil)),
		"token, odd claims":   h.good.Token(claims("tenant", 7, "exp", h.secrets.mark("exp"))),
		"big token":           h.good.Token(claims("more", h.secrets.text("padding", noise(6_000)))),
		"tampered token":      parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString([]byte(noise(48))),
		"token of alg none":   base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + "." + parts[1] + ".",
		"cut token":           good[:len(good)-9],
		"extended token":      good + "AAAA",
		"garbage":             noise(90),
		"opaque token":        rand.Text(),
	} {
		h.tokens = append(h.tokens, h.secrets.token(name, strings.TrimSuffix(token, ".")))
	}
	h.tokens = append(h.tokens, parts[0]+"."+parts[1]+".")
}

// noise is random text of base64url.
func noise(n int) string {
	raw := make([]byte, n)
	_, _ = rand.Read(raw)
	return base64.RawURLEncoding.EncodeToString(raw)[:n]
}

// collectTickets gets a ticket, and makes bad ones of it.
func (h *hunt) collectTickets() {
	token := h.secrets.token("mother", h.good.Token(map[string]any{"sub": h.secrets.mark("sub"), "tenant": "south"}))
	var ticket string
	soon(h.t, func() bool { // until the keys are there
		c := h.dial()
		defer c.CloseNow()
		h.send(c, wire.Hello{Tokens: []string{token}}.AppendTo(nil))
		ticket, _ = h.listen(c)
		return ticket != ""
	}, "a ticket")
	for _, t := range []string{
		ticket, ticket[:len(ticket)-1], ticket[:len(ticket)/2], ticket + "AAAA", ticket + ticket,
		ticket[:40] + string(ticket[40]^1) + ticket[41:], noise(200), h.secrets.sealed("big ticket", noise(9_000)),
	} {
		h.tickets = append(h.tickets, h.secrets.sealed("ticket", t))
	}
}

func (h *hunt) dial() *websocket.Conn {
	ctx, cancel := context.WithTimeout(h.t.Context(), 20*time.Second)
	defer cancel()
	ws, resp, err := websocket.Dial(ctx, "ws://"+h.edge+"/v1/connect", &websocket.DialOptions{
		Subprotocols: []string{wire.Subprotocol}, HTTPClient: h.client,
	})
	require.NoError(h.t, err)
	h.add("a handshake", fmt.Sprint(resp.Header))
	ws.SetReadLimit(wire.MaxServerFrame)
	return ws
}

func (h *hunt) send(c *websocket.Conn, frame []byte) {
	_ = c.Write(h.t.Context(), websocket.MessageText, frame) // the node may have closed
}

// listen reads until an auth frame, synced, or the end. Frames are evidence but for
// the tickets in them; so is the reason of a close.
func (h *hunt) listen(c *websocket.Conn) (ticket string, open bool) {
	ctx, cancel := context.WithTimeout(h.t.Context(), 20*time.Second)
	defer cancel()
	for {
		_, text, err := c.Read(ctx)
		if err != nil {
			h.add("a close reason", err.Error())
			require.False(h.t, errors.Is(err, context.DeadlineExceeded))
			return ticket, false
		}
		frame, err := wire.DecodeServer(text)
		require.NoError(h.t, err)
		given := ""
		switch f := frame.(type) {
		case wire.Welcome:
			given = f.Ticket
		case wire.Auth:
			given = f.Ticket
		}
		if given != "" {
			ticket = h.secrets.sealed("ticket", given)
		}
		h.add("a frame", strings.ReplaceAll(string(text), `"`+given+`"`, `""`))
		switch frame.(type) {
		case wire.Synced, wire.Auth:
			return ticket, true
		}
	}
}

// sessions says hello with each credential, and with each pair of a token and a
// ticket, and gives each token to a session that is open.
func (h *hunt) sessions() {
	hello := func(tokens []string, ticket string) *websocket.Conn {
		c := h.dial()
		h.send(c, wire.Hello{Tokens: tokens, Ticket: ticket}.AppendTo(nil))
		h.listen(c)
		return c
	}
	open := hello(nil, "")
	for _, token := range h.tokens {
		hello([]string{token}, "").CloseNow()
		h.send(open, wire.Tokens{Tokens: []string{token}}.AppendTo(nil))
	}
	for i, ticket := range h.tickets {
		hello(nil, ticket).CloseNow()
		hello([]string{h.tokens[i]}, ticket).CloseNow()
	}
	hello([]string{h.secrets.text("oversized", noise(40_000))}, "").CloseNow()
	h.send(open, wire.Tokens{Tokens: []string{h.good.Token(map[string]any{"tenant": "west"})}}.AppendTo(nil))
	h.listen(open)
	open.CloseNow()
}

// badFrames puts credentials where they do not belong. A line of each must get into
// the log, which lets one a second through.
func (h *hunt) badFrames() {
	for i, form := range []string{
		`%s`, `"%s"`, `{"type":"%s"}`, `{"type":"hello","ticket":{"%[1]s":1,"%[1]s":2}}`, `{"type":"hello","%s":[01]}`,
		`{"%s":nul,"type":"hello"}`, `{"type":"hello","tokens":["%s",]}`, `{"type":"ack","identifier":"%s","revision":-1,"state":"received"}`,
		`{"type":"ack","identifier":"a","revision":0,"state":"%s"}`,
	} {
		frame := fmt.Appendf(nil, form, []string{h.tokens[0], h.tickets[0]}[i%2])
		lines := strings.Count(h.logs[0].String(), "session refused")
		soon(h.t, func() bool {
			c := h.dial()
			defer c.CloseNow()
			h.send(c, frame)
			h.listen(c)
			return strings.Count(h.logs[0].String(), "session refused") > lines
		}, "logged")
	}
}
