package auth_test

import (
	"bytes"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"tocsin/auth"
	"tocsin/auth/authtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is a clock that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Now().Truncate(time.Second)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Step(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// log is a slog handler's sink that may be read while it is written.
type log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *log) Logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// newAuthority makes one that believes the given issuers, without running it.
func newAuthority(t testing.TB, c auth.Config) *auth.Authority {
	t.Helper()
	c.Dev = true
	a, err := auth.New(c)
	require.NoError(t, err)
	return a
}

// wait does something and waits until Changed says that grants may differ.
func wait(t testing.TB, a *auth.Authority, do func()) {
	t.Helper()
	changed := a.Changed()
	do()
	select {
	case <-changed:
	case <-time.After(20 * time.Second):
		require.Fail(t, "Changed did not fire")
	}
}

// grant admits tokens and asks once.
func grant(a *auth.Authority, tokens ...string) auth.Grant {
	return a.Grant(a.Admit(auth.Credentials{Tokens: tokens}))
}

// byTicket admits a ticket and asks once.
func byTicket(a *auth.Authority, ticket string) auth.Grant {
	return a.Grant(a.Admit(auth.Credentials{Ticket: ticket}))
}

// oneIssuer is the configuration that most tests use.
func oneIssuer(issuer *authtest.Issuer) auth.Config {
	return auth.Config{Issuers: []auth.IssuerConfig{issuer.Config()}}
}
