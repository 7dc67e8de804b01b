package auth_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"tocsin/auth"
	"tocsin/auth/authtest"
)

// No token, ticket, subject or label shows up in a log line, an error, a metric
// or a Reason, whatever happens: every kind of failure is made to happen, with
// text in it that would be recognised.
func TestNothingIsGivenAway(t *testing.T) { synctest.Test(t, testNothingIsGivenAway) }

func testNothingIsGivenAway(t *testing.T) {
	issuer, stranger := authtest.NewOffline(t), authtest.NewOffline(t)
	stranger.Rotate()
	registry, out := prometheus.NewRegistry(), &log{}
	c := oneIssuer(issuer)
	c.Transport, c.Logger, c.Registerer, c.CacheDir = issuer.Transport(), out.Logger(), registry, t.TempDir()
	a := newAuthority(t, c)
	authtest.Start(t, a)
	synctest.Wait()

	const mark = "MARKED"
	claims := map[string]any{"sub": mark + "sub", "tenant": mark + "tenant", "sid": mark + "sid"}
	ticket := grant(a, issuer.Token(claims)).Ticket
	secrets := []string{mark, ticket, ticket[:20]}
	reasons := &strings.Builder{}
	for _, behaviour := range []authtest.Behaviour{authtest.Healthy, authtest.Error500, authtest.Garbage, authtest.Refuse, authtest.Hang, authtest.Elsewhere, authtest.Healthy} {
		issuer.Behave(behaviour)
		for _, token := range markedTokens(issuer, stranger, mark) {
			secrets = append(secrets, strings.FieldsFunc(token, func(r rune) bool { return r == '.' })...)
			g := a.Grant(a.Admit(auth.Credentials{Tokens: []string{token}, Ticket: token, Claims: []string{"tenant:" + mark}}))
			fmt.Fprintln(reasons, g.State, g.Reason)
			g = byTicket(a, ticket)
			fmt.Fprintln(reasons, g.State, g.Reason)
		}
		time.Sleep(13 * time.Hour)
	}
	a.SetPosture(auth.Posture{TicketEpoch: 1})
	fmt.Fprintln(reasons, byTicket(a, ticket).Reason)

	families, err := registry.Gather()
	require.NoError(t, err)
	require.NotEmpty(t, families)
	metrics := &strings.Builder{}
	for _, f := range families {
		fmt.Fprintln(metrics, f)
	}
	require.Contains(t, out.String(), "key source is closed", "something was logged")
	for _, reason := range []string{"signature", "key-unknown", "malformed", "algorithm", "audience", "claims", "issuer-unknown", "ticket-invalid"} {
		require.Contains(t, metrics.String(), reason, "it happened")
	}
	for where, text := range map[string]string{"logs": out.String(), "metrics": metrics.String(), "reasons": reasons.String()} {
		for _, secret := range secrets {
			require.NotContains(t, text, secret, where)
		}
		require.NotContains(t, text, "MARKED", where)
	}
}

// markedTokens are good and bad in every way, with a mark wherever it fits.
func markedTokens(issuer, stranger *authtest.Issuer, mark string) []string {
	good := issuer.Token(map[string]any{"sub": mark + "sub", "tenant": mark + "tenant", "sid": mark + "sid"})
	parts := strings.Split(good, ".")
	return []string{
		good, good + "x", good[:len(good)-9], mark, mark + "." + mark + "." + mark,
		parts[0] + "." + parts[1] + "." + segment(strings.Repeat(mark, 11)[:64]),
		stranger.Token(map[string]any{"iss": issuer.URL, "sub": mark}),
		issuer.TokenAlg("RS256", map[string]any{"sub": mark, "aud": mark}),
		issuer.Token(map[string]any{"sub": mark, "iss": "https://" + mark}),
		issuer.Token(map[string]any{"sub": mark, "exp": mark}),
		segment(`{"alg":"`+mark+`","kid":"`+mark+`"}`) + "." + parts[1] + "." + segment(mark),
		segment(`{"alg":"EdDSA","kid":"`+mark+`"}`) + "." + parts[1] + "." + segment(mark),
		issuer.Token(map[string]any{"sub": mark, "padding": strings.Repeat(mark, 4000)}),
	}
}

func TestMetrics(t *testing.T) {
	issuer := authtest.New(t)
	registry := prometheus.NewRegistry()
	a := authtest.Run(t, auth.Config{Registerer: registry}, issuer)
	before := gather(t, registry)
	grant(a, issuer.Token(nil))
	grant(a, "garbage")
	byTicket(a, "garbage")
	got := gather(t, registry)
	require.Equal(t, 1.0, got["tocsin_auth_key_fetches_total ok"])
	require.Contains(t, got, "tocsin_auth_keys_state")
	require.Less(t, got["tocsin_auth_keys_age_seconds"], 300.0)
	for _, name := range []string{
		"tocsin_auth_tokens_total ok",
		"tocsin_auth_tokens_total malformed",
		"tocsin_auth_tickets_total sealed",
		"tocsin_auth_tickets_total ticket-invalid",
	} {
		require.Equal(t, 1.0, got[name]-before[name], name)
	}
	_, err := auth.New(auth.Config{Registerer: registry})
	require.Error(t, err, "registered twice")
}

// gather returns counters and gauges by name and, if they have one, result.
func gather(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	require.NoError(t, err)
	got := map[string]float64{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			name := f.GetName()
			for _, l := range m.GetLabel() {
				if l.GetName() == "result" {
					name += " " + l.GetValue()
				}
			}
			got[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
		}
	}
	return got
}
