package authtest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tocsin/auth"
)

// Run makes an Authority that believes the issuers, by their Config where c has
// none for them, runs it until the test ends, and returns once it has their keys.
func Run(t testing.TB, c auth.Config, issuers ...*Issuer) *auth.Authority {
	t.Helper()
	c.Dev = true
	for _, i := range issuers {
		if !slices.ContainsFunc(c.Issuers, func(ic auth.IssuerConfig) bool { return ic.Issuer == i.URL }) {
			c.Issuers = append(c.Issuers, i.Config())
		}
	}
	a, err := auth.New(c)
	require.NoError(t, err)
	Start(t, a)
	for _, i := range issuers {
		Await(t, a, func() bool {
			return a.Grant(a.Admit(auth.Credentials{Tokens: []string{i.Token(nil)}})).Tier == auth.Private
		})
	}
	return a
}

// Start runs an Authority until the test ends.
func Start(t testing.TB, a *auth.Authority) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
}

// Await waits until a condition on grants holds, looking at each change.
func Await(t testing.TB, a *auth.Authority, ok func() bool) {
	t.Helper()
	deadline := time.After(30 * time.Second)
	for {
		changed := a.Changed()
		if ok() {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			require.FailNow(t, "authtest: what was awaited did not happen")
		}
	}
}
