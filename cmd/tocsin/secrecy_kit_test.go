package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/stretchr/testify/require"
)

// trace is how much of a secret in a row is too much of it.
const trace = 16

// secrets are what must not show up. No part of trace characters may, of the
// secret itself or of a form of it that a log or a URL could have made.
type secrets struct {
	t      testing.TB
	mu     sync.Mutex
	traces map[[trace]byte]string // → whose
}

func newSecrets(t testing.TB) *secrets {
	return &secrets{t: t, traces: make(map[[trace]byte]string)}
}

// token keeps a JWT, but for its header, which is the same for all of an issuer, and
// what is in the claims that the test has marked.
func (s *secrets) token(name, token string) string {
	parts := strings.Split(token, ".")
	for _, part := range parts[min(1, len(parts)-1):] {
		s.sealed(name, part)
	}
	return token
}

// sealed keeps text in base64url: as it is, and what it stands for.
func (s *secrets) sealed(name, text string) string {
	s.text(name, text)
	if raw, err := base64.RawURLEncoding.DecodeString(text); err == nil && !bytes.HasPrefix(raw, []byte("{")) {
		s.text(name+", decoded", string(raw))
	}
	return text
}

// text keeps a secret as it is, and its forms.
func (s *secrets) text(name, secret string) string {
	require.GreaterOrEqual(s.t, len(secret), trace, name)
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, form := range forms(secret) {
		for i := 0; i+trace <= len(form); i++ {
			s.traces[[trace]byte([]byte(form[i:i+trace]))] = name
		}
	}
	return secret
}

// forms are the ways in which a secret may be written. Base64 of what the secret
// stands within depends on its place there: there are three.
func forms(secret string) []string {
	hexed := hex.EncodeToString([]byte(secret))
	all := []string{secret, hexed, strings.ToUpper(hexed), url.QueryEscape(secret), url.PathEscape(secret)}
	quoted := fmt.Sprintf("%q", secret)
	all = append(all, quoted[1:len(quoted)-1])
	for shift := range 3 {
		padded := strings.Repeat("\x00", shift) + secret
		for _, enc := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
			text := enc.EncodeToString([]byte(padded))
			all = append(all, text[min(4, 4*shift):len(text)-len(text)%4])
		}
	}
	return all
}

// in finds the first trace of a secret in a text.
func (s *secrets) in(text string) (whose, where string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := 0; i+trace <= len(text); i++ {
		if whose, ok := s.traces[[trace]byte([]byte(text[i:i+trace]))]; ok {
			return whose, text[max(0, i-120):min(len(text), i+60)]
		}
	}
	return "", ""
}

// mark is a value that would be recognised anywhere.
func (s *secrets) mark(name string) string { return s.text(name, rand.Text()) }

// evidence is all that anybody but the owner of a secret gets to see.
type evidence struct {
	secrets *secrets
	mu      sync.Mutex
	parts   []exhibit
}

type exhibit struct{ from, text string }

func (e *evidence) add(from, text string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.parts = append(e.parts, exhibit{from, text})
}

// clean fails the test for each part with a trace in it.
func (e *evidence) clean(t *testing.T) {
	t.Helper()
	e.mu.Lock()
	defer e.mu.Unlock()
	require.NotEmpty(t, e.parts)
	told := make(map[string]bool) // once for each place: a leak is rarely alone
	for _, part := range e.parts {
		if whose, where := e.secrets.in(part.text); whose != "" && !told[part.from] {
			told[part.from] = true
			t.Errorf("%s gives away %s: …%q…", part.from, whose, where)
		}
	}
}

// response keeps an answer, headers and all, and returns its body.
func (e *evidence) response(from string, resp *http.Response) string {
	body, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	text := &strings.Builder{}
	_ = resp.Header.Write(text)
	e.add(from, fmt.Sprintf("%s\n%s\n%s", resp.Status, text, body))
	return string(body)
}

// output is what a process has written so far.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// command is the real binary, as TestScripts runs it.
func command(dir string, args ...string) *exec.Cmd {
	if err := unwatch(); err != nil {
		panic(err)
	}
	cmd := exec.Command("tocsin", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GORACE=atexit_sleep_ms=0", "TOCSIN_DRAIN=100ms")
	return cmd
}

// serving starts a server, which ends with the test.
func serving(t *testing.T, dir, name string, args ...string) *output {
	t.Helper()
	cmd, out := command(dir, append([]string{"serve"}, args...)...), &output{}
	cmd.Stdout, cmd.Stderr = out, out
	require.NoError(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(name + ":\n" + out.String())
		}
	})
	return out
}

// running runs a command to its end. Its output is evidence.
func (e *evidence) running(t *testing.T, cmd *exec.Cmd) (status int, out string) {
	t.Helper()
	text, _ := cmd.CombinedOutput()
	e.add("tocsin "+cmd.Args[1], string(text))
	return cmd.ProcessState.ExitCode(), string(text)
}

func soon(t *testing.T, ok func() bool, what string) {
	t.Helper()
	require.Eventually(t, ok, 20*time.Second, 20*time.Millisecond, what)
}

// The search finds each form of a secret, wherever it stands, and nothing else.
func TestSecretsAreFound(t *testing.T) {
	s := newSecrets(t)
	raw := make([]byte, 60)
	_, _ = rand.Read(raw)
	secret := base64.RawURLEncoding.EncodeToString(raw)
	s.token("the token", "eyJhbGciOiJFZERTQSJ9."+secret)
	password := s.text("the password", "a/b c%d@e:f,g&h?i=jklm"+rand.Text())
	for name, text := range map[string]string{
		"whole": secret, "a part": secret[20 : 20+trace], "hex": hex.EncodeToString([]byte(secret[9:40])),
		"decoded, hex": hex.EncodeToString(raw[5:30]), "decoded": string(raw[30:50]),
		"decoded, std": base64.StdEncoding.EncodeToString(raw),
		"in base64":    base64.StdEncoding.EncodeToString([]byte("x" + secret)),
		"in base64url": base64.URLEncoding.EncodeToString([]byte("xy" + secret)),
		"escaped":      url.QueryEscape(password), "in a path": url.PathEscape(password), "quoted": fmt.Sprintf("%q", password),
	} {
		whose, _ := s.in("before " + text + " after")
		require.NotEmpty(t, whose, name)
	}
	for _, text := range []string{"", "level=INFO msg=serving", "eyJhbGciOiJFZERTQSJ9", secret[:trace-1], strings.Repeat("A", 99)} {
		whose, _ := s.in(text)
		require.Empty(t, whose, text)
	}
}

// natsWith starts a NATS server that wants a password, and returns its URL.
func natsWith(t *testing.T, dir, user, password string) string {
	t.Helper()
	s, err := startNATS(filepath.Join(dir, "nats"), func(o *natsserver.Options) { o.Username, o.Password = user, password })
	require.NoError(t, err)
	t.Cleanup(func() {
		s.Shutdown()
		s.WaitForShutdown()
	})
	return s.ClientURL()
}
