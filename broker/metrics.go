package broker

import (
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the package's own. Their labels are bounded: a result is one of the
// names in resultOf.
type metrics struct {
	registerer prometheus.Registerer
	registered []prometheus.Collector

	connected     prometheus.Gauge
	appends       *prometheus.CounterVec
	appendSeconds prometheus.Histogram
	followers     prometheus.Gauge
	live          prometheus.Gauge
	stuck         prometheus.Gauge
	alarms        prometheus.Counter
	replaced      prometheus.Counter
	entries       prometheus.Counter
	restarts      prometheus.Counter
	logBytes      *prometheus.GaugeVec // of: used, limit
	replicas      *prometheus.GaugeVec // of: wanted, online
}

func newMetrics(registerer prometheus.Registerer) (*metrics, error) {
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "tocsin", Subsystem: "broker", Name: name, Help: help})
	}
	gauges := func(name, help string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Namespace: "tocsin", Subsystem: "broker", Name: name, Help: help}, []string{"of"})
	}
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "tocsin", Subsystem: "broker", Name: name, Help: help})
	}
	m := &metrics{
		registerer: registerer,
		connected:  gauge("connected", "1 while the broker is connected."),
		appends: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "tocsin", Subsystem: "broker", Name: "appends_total",
			Help: "Attempts to append to the log, by result.",
		}, []string{"result"}),
		appendSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "tocsin", Subsystem: "broker", Name: "append_seconds",
			Help:    "Time that confirmed appends took, the check before them included.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5},
		}),
		followers: gauge("followers", "Followers of the log in this process."),
		live:      gauge("followers_live", "Followers whose source is live; fewer than followers means stale data."),
		stuck:     gauge("followers_stuck", "Followers that stand before a hole that no redaction explains. Alarm at 1."),
		alarms:    counter("holes_total", "Holes found in the log that no redaction explained."),
		replaced:  counter("log_replaced_total", "Times that a follower found another log in place of the one it knew."),
		entries:   counter("entries_total", "Entries handed to followers."),
		restarts:  counter("store_restarts_total", "Restarts of the embedded server after a store error."),
		logBytes:  gauges("log_bytes", "Bytes of the log that are used, and its limit, as its leader said last."),
		replicas:  gauges("log_replicas", "Copies of the log that are wanted, and online, as its leader said last."),
	}
	for _, result := range results {
		m.appends.WithLabelValues(result)
	}
	if registerer == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{
		m.connected, m.appends, m.appendSeconds, m.followers, m.live, m.stuck,
		m.alarms, m.replaced, m.entries, m.restarts, m.logBytes, m.replicas,
	} {
		if err := registerer.Register(c); err != nil {
			m.unregister()
			return nil, fmt.Errorf("registering the broker's metrics: %w", err)
		}
		m.registered = append(m.registered, c)
	}
	return m, nil
}

func (m *metrics) unregister() {
	for _, c := range m.registered {
		m.registerer.Unregister(c)
	}
	m.registered = nil
}

func (m *metrics) setConnected(up bool) {
	if up {
		m.connected.Set(1)
		return
	}
	m.connected.Set(0)
}

// said takes what the log's leader says of it.
func (m *metrics) said(info *jetstream.StreamInfo) {
	m.logBytes.WithLabelValues("used").Set(float64(info.State.Bytes))
	m.logBytes.WithLabelValues("limit").Set(float64(info.Config.MaxBytes))
	m.replicas.WithLabelValues("wanted").Set(float64(info.Config.Replicas))
	m.replicas.WithLabelValues("online").Set(float64(online(info.Cluster)))
}

func (m *metrics) appended(err error, took time.Duration) {
	m.appends.WithLabelValues(resultOf(err)).Inc()
	if err == nil {
		m.appendSeconds.Observe(took.Seconds())
	}
}

var results = []string{"ok", "conflict", "unavailable", "unconfirmed", "full", "too_large", "invalid"}

func resultOf(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, ErrConflict):
		return "conflict"
	case errors.Is(err, ErrUnavailable):
		return "unavailable"
	case errors.Is(err, ErrUnconfirmed):
		return "unconfirmed"
	case errors.Is(err, ErrFull):
		return "full"
	case errors.Is(err, ErrTooLarge):
		return "too_large"
	}
	return "invalid"
}
