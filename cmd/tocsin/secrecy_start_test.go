package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/auth/authtest"
)

// What is typed, configured or kept in the wrong place is not repeated, neither on
// the terminal nor in what a supervisor keeps of a process that does not start.
func TestMistakesGiveNothingAway(t *testing.T) {
	t.Parallel()
	s := newSecrets(t)
	e := &evidence{secrets: s}
	dir := t.TempDir()
	issuer := authtest.New(t)
	token := s.token("token", issuer.Token(map[string]any{"sub": s.mark("sub")}))
	ticket := s.sealed("ticket", noise(220))
	password := s.mark("password")
	for name, args := range map[string][]string{"root.key": {"key", "new", "root.key", "--owner", "root"}, "ring": {"key", "ring", "ring"}} {
		_, err := command(dir, args...).CombinedOutput()
		require.NoError(t, err, name)
	}
	read := func(name string) string {
		text, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		for line := range strings.Lines(string(text)) {
			if _, last, _ := strings.Cut("  "+strings.TrimSpace(line), " "); len(last) > 40 && !strings.HasPrefix(line, "#") && !strings.Contains(line, "-----") {
				s.text(name, strings.TrimPrefix(strings.TrimPrefix(strings.TrimSpace(last), "pseudonym "), "key "))
			}
		}
		return string(text)
	}
	ring, key := read("ring"), read("root.key")
	file := func(name, text string) string {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
		return name
	}
	user := "u:" + password
	issuers := func(member, value string) string {
		return fmt.Sprintf(`{"issuers":[{"issuer":"https://idp.example","audience":"a","%s":"%s"}]}`, member, value)
	}
	serve := []string{"serve", "--dev", "--listen", freeAddress(), "--desk-listen", freeAddress(), "--admin-listen", freeAddress()}
	with := func(args ...string) []string { return append(serve[:len(serve):len(serve)], args...) }

	for i, args := range [][]string{
		{"tail", token}, {"tail", "--token", token}, {"tail", "--token=" + token}, {token}, {"key", "new", token}, {"tail", "--count", token},
		{"tail", "--token-file", token}, {"tail", "--token-file", strings.Repeat(token, 3)}, {"tail", "--cursor", ticket},
		{"tail", "--trust", ticket}, {"tail", "--label", token},
		{"tail", "--url", "ws://" + user + "@hub.example"}, {"tail", "--url", "wss://hub.example/?token=" + token},
		{"tail", "--url", "ws://127.0.0.1:1/?token=" + token}, {"tail", "--url", "ws://" + user + "@127.0.0.1:1"}, {"tail", "--url", user + "@127.0.0.1:1"},
		{"status", token}, {"status", "--admin", "http://" + user + "@127.0.0.1:1"}, {"status", "--admin", user + "@127.0.0.1:1"},
		{"status", "--admin", "http://127.0.0.1:1/?token=" + token}, {"status", "--admin", "http://%zz" + password},
		{"proposals", "--key", "root.key", "--desk", "http://" + user + "@127.0.0.1:1"},
		{"proposals", "--key", "root.key", "--desk", "https://desk.example/?token=" + token}, {"proposals", "--key", "root.key", "--desk", user + "@127.0.0.1:1"},
		{"proposals", "--key", "root.key", "--desk", "https://%zz" + password},
		{"proposals", "--key", key}, {"proposals", "--key", file("cut.key", key[:len(key)/2])}, {"approve", token, "--key", "ring"}, {"proposals", "--key", "ring"},
		{"key", "show", "ring"}, {"keyset", "show", "root.key"}, {"publish", file("notice.json", key), "--key", "root.key"},
		{"broker", "init", "--timeout", "1s", "--nats", "nats://" + user + "@127.0.0.1:1"}, {"broker", "init", "--nats", "u:" + password + "/x@127.0.0.1:1"},
		{"broker", "init", "--nats", "nats://u:x/" + password + "@127.0.0.1:1"}, {"broker", "init", "--nats", "nats://u:" + password + "%zz@127.0.0.1:1"},
		{"broker", "init", "--nats", "nats://u:" + password + "," + password + "@127.0.0.1:1"}, {"broker", "init", "--nats", user},
		with(token), with("--data", file("taken", "")+"/"+token), with("--ticket-keys", ring), with("--ticket-keys", file("bad.ring", strings.Replace(ring, "key", "kez", 1))),
		with("--desk-keys", file("twice.ring", ring+ring)), with("--ticket-keys", "root.key"), with("--seed", user+"@peer.example"), with("--seed", "ftp://"+user+"@peer.example/"),
		with("--issuer", "https://"+user+"@idp.example", "--audience", "a"), with("--issuer", "https://i.example", "--audience", "a", "--jwks-url", "https://"+user+"@idp.example"),
		with("--config", key), with("--config", file("no.json", key)), with("--config", file("ring.json", ring)),
		with("--config", file("comma.json", `{"nats":["nats://u:a,`+password+`@127.0.0.1:1"]}`)),
		with("--config", file("unknown.json", `{"`+token+`":1}`)), with("--config", file("twice.json", `{"`+token+`":1,"`+token+`":2}`)),
		with("--config", file("url.json", issuers("jwks-url", "http://"+user+"@idp.example"))), with("--config", file("file.json", issuers("key-file", ticket))),
		with("--config", file("member.json", issuers(token, "x"))), with("--config", file("list.json", `{"nats":[["`+password+`"]]}`)),
		with("--nats", "nats://127.0.0.1:1", "--nats-creds", key), with("--nats", "nats://127.0.0.1:1", "--nats-ca", file("ca.pem", key)),
		with("--origin", "["+token), with("--desk-origin", "https://"+user+"@desk.example"), with("--trusted-proxy", token), with("--max-sessions", token),
		with("--log-format", token), with("--tls-cert", "root.key", "--tls-key", "root.key"), with("--tls-cert", key, "--tls-key", key),
	} {
		text := brief(command(dir, args...))
		e.add(fmt.Sprintf("mistake %d (%.80q)", i, args[max(0, len(args)-2):]), string(text))
	}
	for flag, text := range map[string]string{
		"TOCSIN_TICKET_KEYS": ring, "TOCSIN_DESK_KEYS": ring, "TOCSIN_NATS": "u:" + password + "/x@h", "TOCSIN_SEED": "x://" + user + "@h",
		"TOCSIN_TLS_KEY": key, "TOCSIN_CONFIG": key, "TOCSIN_LISTEN": token, "TOCSIN_MAX_BYTES": token, "TOCSIN_DRAIN": token, "TOCSIN_ROLES": token,
	} {
		cmd := command(dir, serve...)
		cmd.Env = append(cmd.Env, flag+"="+text)
		if flag == "TOCSIN_LISTEN" || flag == "TOCSIN_ROLES" {
			cmd.Args = []string{"tocsin", "serve", "--dev"}
		}
		e.add(flag, brief(cmd))
	}
	e.clean(t)
}

// brief is what a command says within the time that a mistake takes to be seen;
// some are seen by nobody but the server that is asked.
func brief(cmd *exec.Cmd) string {
	out := &output{}
	cmd.Stdout, cmd.Stderr = out, out
	if cmd.Start() != nil {
		return ""
	}
	timer := time.AfterFunc(2*time.Second, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	_ = cmd.Wait()
	return out.String()
}

// A broker, a peer and a proxy that do not answer, or do not want us, are named
// without what opens them.
func TestRefusedGivesNothingAway(t *testing.T) {
	t.Parallel()
	s := newSecrets(t)
	e := &evidence{secrets: s}
	right, wrong, odd := s.mark("password"), s.mark("wrong password"), s.mark("seed's password")+"&/+ %"
	s.text("seed's password, with signs", odd)
	dir := t.TempDir()
	brief(command(dir, "key", "ring", "ring"))
	root := brief(command(dir, "key", "new", "root.key", "--owner", "root"))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "root.pub"), []byte(root), 0o600))
	brief(command(dir, "keyset", "new", "keyset.json", "--root", "root.pub", "--trust", "trust.pem"))
	address := strings.TrimPrefix(natsWith(t, dir, "edge", right), "nats://")
	start := func(nats string, until string, more ...string) {
		admin := freeAddress()
		log := serving(t, dir, nats, append([]string{"--trust", "trust.pem", "--data", t.TempDir(), "--listen", freeAddress(), "--desk-listen", freeAddress(),
			"--admin-listen", admin, "--nats", nats, "--ticket-keys", "ring", "--desk-keys", "ring"}, more...)...)
		soon(t, func() bool { return strings.Contains(log.String(), until) }, until)
		for range 2 {
			e.running(t, command(dir, "status", "--admin", "http://"+admin))
			e.running(t, command(dir, "status", "--ready", "--admin", "http://u:"+right+"@"+admin))
		}
		e.add("the log", log.String())
	}
	start("nats://edge:"+wrong+"@"+address, "Authorization Violation")
	start("nats://edge:"+right+"@127.0.0.1:1", "broker unreachable")
	start("nats://"+wrong+"@"+address, "Authorization Violation")
	for _, seed := range []string{"http://u:" + right + "@127.0.0.1:1/v1/snapshot?key=" + wrong, "http://" + freeAddress() + "/" + "?k=" + right} {
		start("nats://edge:"+right+"@127.0.0.1:1", "no state from the peer", "--roles", "edge", "--seed", seed)
	}
	e.clean(t)
}
