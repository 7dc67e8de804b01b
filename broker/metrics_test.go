package broker_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"tocsin/broker"
)

// gather returns the values of counters and gauges by name, labels appended.
func gather(t testing.TB, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	require.NoError(t, err)
	values := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			name := family.GetName()
			for _, label := range m.GetLabel() {
				name += " " + label.GetValue()
			}
			values[name] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
	}
	return values
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewPedanticRegistry()
	b := open(t, broker.Config{Dir: t.TempDir(), Registerer: registry})
	problems, err := testutil.GatherAndLint(registry)
	require.NoError(t, err)
	require.Empty(t, problems)

	r := newRecorder()
	stop := follow(t, b, r)
	appendAll(t, b, 0, "a", "b")
	_, err = b.Append(testContext(t), subjectA, []byte("x"), 0)
	require.ErrorIs(t, err, broker.ErrConflict)
	_, err = b.Append(testContext(t), "elsewhere", []byte("x"), 0)
	require.Error(t, err)
	_, err = b.Append(testContext(t), subjectA, make([]byte, broker.MaxBody+1), 0)
	require.ErrorIs(t, err, broker.ErrTooLarge)
	r.awaitLive(t, 2)
	values := gather(t, registry)
	for name, want := range map[string]float64{
		"tocsin_broker_connected":                 1,
		"tocsin_broker_appends_total ok":          2,
		"tocsin_broker_appends_total conflict":    1,
		"tocsin_broker_appends_total invalid":     1,
		"tocsin_broker_appends_total too_large":   1,
		"tocsin_broker_appends_total full":        0,
		"tocsin_broker_appends_total unavailable": 0,
		"tocsin_broker_appends_total unconfirmed": 0,
		"tocsin_broker_followers":                 1,
		"tocsin_broker_followers_live":            1,
		"tocsin_broker_followers_stuck":           0,
		"tocsin_broker_entries_total":             2,
		"tocsin_broker_log_replicas wanted":       1,
		"tocsin_broker_log_replicas online":       1,
	} {
		value, ok := values[name]
		require.True(t, ok, name)
		require.Equal(t, want, value, name)
	}
	require.Positive(t, values["tocsin_broker_log_bytes used"])
	require.Greater(t, values["tocsin_broker_log_bytes limit"], values["tocsin_broker_log_bytes used"])
	require.NoError(t, stop())
	values = gather(t, registry)
	require.Zero(t, values["tocsin_broker_followers"])
	require.Zero(t, values["tocsin_broker_followers_live"])

	b.Close()
	require.Empty(t, gather(t, registry), "closed, it takes its metrics away")
}

func TestMetricsRegisteredTwice(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	open(t, broker.Config{Dir: t.TempDir(), Registerer: registry})
	_, err := broker.Open(testContext(t), withDefaults(broker.Config{Dir: t.TempDir(), Registerer: registry}))
	require.ErrorContains(t, err, "metrics")
	require.NotEmpty(t, gather(t, registry), "the first one's stay")
}
