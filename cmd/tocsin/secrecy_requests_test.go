package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/notice"
)

// requests puts credentials wherever a request has room for them.
func (h *hunt) requests() {
	for _, secret := range append(h.tokens[:len(h.tokens):len(h.tokens)], h.tickets...) {
		if len(secret) > 3_000 { // more than headers take
			continue
		}
		for _, address := range []string{h.edge, h.desk, h.admins[0]} {
			h.misplaced(address, secret)
		}
		h.events(secret)
	}
}

func (h *hunt) misplaced(address, secret string) {
	for _, path := range []string{
		"/v1/events?ticket=", "/v1/connect?access_token=", "/v1/snapshot?token=", "/emergency?token=", "/v1/notices?token=",
		"/metrics?token=", "//v1/events?token=", "/v1/./snapshot?token=", "/v1/", "/v1/notices/", "/v1/proposals/", "/",
	} {
		h.get("http://" + address + path + secret)
	}
	for _, header := range []string{
		"Cookie: session=%s", "Sec-WebSocket-Protocol: tocsin.v2, %s", "Origin: https://%s", "Authorization: Basic %s",
		"X-Forwarded-For: %s", "If-None-Match: %s", "Accept: %s", "Content-Type: %s", "Bad Header: %s", "Host: %s",
	} {
		h.raw(address, "GET /v1/connect HTTP/1.1\r\nHost: "+address+"\r\n"+fmt.Sprintf(header, secret)+"\r\nConnection: close\r\n\r\n")
	}
	h.raw(address, "POST /v1/snapshot HTTP/1.1\r\nHost: "+address+"\r\nContent-Type: application/json\r\nConnection: close\r\n"+
		fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(secret), secret))
	h.raw(address, secret+" / HTTP/1.1\r\n\r\n")
	h.raw(address, "GET /v1/events HTTP/"+secret+"\r\n\r\n")
}

// raw sends a request as it is written. The answer is evidence.
func (h *hunt) raw(address, request string) {
	conn, err := net.Dial("tcp", address)
	require.NoError(h.t, err)
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	_, _ = io.WriteString(conn, request)
	answer, _ := io.ReadAll(conn)
	h.add("an answer", string(answer))
}

// get fetches a resource, the beginning of it if it has no end.
func (h *hunt) get(resource string, header ...string) string {
	return h.do(http.MethodGet, resource, nil, header...)
}

func (h *hunt) do(method, resource string, body io.Reader, header ...string) string {
	ctx, cancel := context.WithTimeout(h.t.Context(), 10*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, resource, body)
	require.NoError(h.t, err)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := h.client.Do(req)
	require.NoError(h.t, err)
	if resp.Header.Get("Content-Type") == "text/event-stream" {
		first := make([]byte, 8)
		_, _ = io.ReadFull(resp.Body, first)
		cancel() // what follows is the frames that listen has looked at
	}
	return h.response(method+" "+req.URL.Path[:min(20, len(req.URL.Path))], resp)
}

// events shows a credential where it belongs.
func (h *hunt) events(secret string) {
	h.get("http://"+h.edge+"/v1/events", "Authorization", "Bearer "+secret)
	h.get("http://"+h.edge+"/v1/events", "Tocsin-Ticket", secret, "Last-Event-ID", secret)
	h.get("http://"+h.edge+"/v1/snapshot", "Authorization", "Bearer "+secret, "Tocsin-Ticket", secret)
	for _, path := range []string{"/v1/notices", "/v1/proposals", "/v1/keyset", "/v1/posture", "/v1/cohorts"} {
		h.get("http://"+h.desk+path, "Authorization", "Bearer "+secret)
	}
}

// logins logs in at the desk as a staff client does, and does it wrong.
func (h *hunt) logins() {
	key, err := readKey(filepath.Join(h.dir, ".tocsin", "dev", devPublisher))
	require.NoError(h.t, err)
	desk := "http://" + h.desk
	var challenge struct{ Nonce string }
	h.own(desk+"/v1/challenge", http.MethodGet, nil, &challenge)
	for part := range strings.SplitSeq(challenge.Nonce, ".") {
		h.secrets.sealed("nonce", part)
	}
	envelope := func(nonce string) string {
		payload, err := notice.EncodeSession(&notice.Session{
			Origin: desk, Nonce: nonce, Expires: notice.FormatTime(time.Now().Add(50 * time.Second)),
		})
		require.NoError(h.t, err)
		e := &notice.Envelope{PayloadType: notice.TypeSession, Payload: payload}
		e.Sign(key)
		h.secrets.text("session signature", string(e.Signatures[0].Sig))
		return string(e.Marshal())
	}
	login := envelope(challenge.Nonce)
	var session struct{ Token string }
	h.own(desk+"/v1/session", http.MethodPost, strings.NewReader(login), &session)
	token := h.secrets.sealed("staff token", session.Token)
	json := []string{"Content-Type", "application/json"}
	for _, body := range []string{ // a replay, a nonce that was tampered with, no login at all
		login, envelope("x" + challenge.Nonce), envelope(challenge.Nonce + "x"), envelope(h.tokens[0]), token, `{"token":"` + token + `"}`, login[:len(login)-9],
	} {
		for _, path := range []string{"/v1/session", "/v1/notices", "/v1/posture", "/v1/keyset", "/v1/proposals/" + token + "/signatures"} {
			h.do(http.MethodPost, desk+path, strings.NewReader(body), json...)
		}
	}
	require.Contains(h.t, h.get(desk+"/v1/notices", "Authorization", "Bearer "+token), `"notices"`, "it is good")
	for _, bad := range []string{token, token[:len(token)-1], token + "A", "x" + token} {
		h.misplaced(h.desk, bad)
		h.events(bad)
		as := []string{"Authorization", "Bearer " + bad, "Content-Type", "application/json"}
		h.do(http.MethodDelete, desk+"/v1/proposals/"+bad, nil, as...)
		h.do(http.MethodPut, desk+"/v1/cohorts/"+bad, strings.NewReader(bad), as...)
		h.do(http.MethodDelete, desk+"/v1/cohorts/"+bad, nil, as...)
		h.get(desk+"/v1/notices/"+bad+"/receipts", as...)
		h.get(desk+"/v1/notices/"+bad, as...)
	}
}

// own reads an answer that holds the asker's own secret, and is no evidence.
func (h *hunt) own(resource, method string, body io.Reader, v any) {
	req, err := http.NewRequest(method, resource, body)
	require.NoError(h.t, err)
	req.Header.Set("Content-Type", "application/json")
	resp, err := h.client.Do(req)
	require.NoError(h.t, err)
	defer resp.Body.Close()
	require.Equal(h.t, http.StatusOK, resp.StatusCode)
	require.NoError(h.t, json.NewDecoder(resp.Body).Decode(v))
}

// tails runs the client of the command line with credentials, and the staff's.
func (h *hunt) tails() {
	file := func(name, text string) string {
		path := filepath.Join(h.dir, name)
		require.NoError(h.t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	for i, token := range []string{h.tokens[0], h.tokens[1], h.tokens[2] + "\n" + h.tokens[3], noise(20_000)} {
		ticket := h.tickets[i]
		store := file("ticket", fmt.Sprintf(`{"ticket":%q,"expires":"2099-01-01T00:00:00Z"}`, ticket))
		args := []string{"tail", "--once", "--timeout", "20s", "--url", "ws://" + h.edge, "--token-file", file("token", token), "--ticket-file", store}
		status, out := h.running(h.t, command(h.dir, args...))
		require.Zero(h.t, status, out)
		file("ticket", ticket) // not as it was written
		h.running(h.t, command(h.dir, append(args, "--json")...))
	}
	key := filepath.Join(h.dir, ".tocsin", "dev", devPublisher)
	for _, args := range [][]string{
		{"publish", "--headline", "x", "--expires", "1h", "--key", key}, {"proposals", "--key", key}, {"cohort", "list", "--key", key},
	} {
		status, out := h.running(h.t, command(h.dir, append(args, "--desk", "http://"+h.desk)...))
		require.Zero(h.t, status, out)
	}
	for _, admin := range h.admins {
		h.running(h.t, command(h.dir, "status", "--admin", "http://"+admin))
	}
}
