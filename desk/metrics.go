package desk

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the package's own. Their labels are bounded: routes, classes of status
// codes, outcomes, acts and the names of rules, all of which the code lists.
type metrics struct {
	requests       *prometheus.CounterVec
	publications   *prometheus.CounterVec
	rules          *prometheus.CounterVec
	acts           *prometheus.CounterVec
	logins         *prometheus.CounterVec
	heads          *prometheus.CounterVec
	publishSeconds prometheus.Histogram
	recordSeconds  prometheus.Histogram
	recordErrors   prometheus.Counter
	breakGlass     prometheus.Counter
	busy           prometheus.Counter
	open           prometheus.Gauge
	proposals      prometheus.Gauge
	oldest         prometheus.Gauge
}

func newMetrics(registerer prometheus.Registerer) (*metrics, error) {
	const namespace, subsystem = "tocsin", "desk"
	counter := func(name, help string) prometheus.CounterOpts {
		return prometheus.CounterOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help}
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Namespace: namespace, Subsystem: subsystem, Name: name, Help: help})
	}
	seconds := func(name, help string) prometheus.Histogram {
		return prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: namespace, Subsystem: subsystem, Name: name, Help: help,
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 15), // 1 ms to 16 s
		})
	}
	m := &metrics{
		requests: prometheus.NewCounterVec(counter("requests_total",
			"Answers, by route and class of status."), []string{"route", "status"}),
		publications: prometheus.NewCounterVec(counter("publications_total",
			"Publications that were tried, by outcome."), []string{"outcome"}),
		rules: prometheus.NewCounterVec(counter("rules_broken_total",
			"Documents refused, by the rule that they break."), []string{"rule"}),
		acts: prometheus.NewCounterVec(counter("proposal_acts_total",
			"Acts on proposals, by how they ended."), []string{"act", "phase"}),
		logins: prometheus.NewCounterVec(counter("logins_total",
			"Staff logins, by outcome."), []string{"outcome"}),
		heads: prometheus.NewCounterVec(counter("heads_total",
			"Heads signed for nodes and clients, by outcome: published, failed, unlisted (the key is no beacon of the keyset)."), []string{"outcome"}),
		publishSeconds: seconds("publish_seconds", "From the decision to publish until the desk's fold has it."),
		recordSeconds:  seconds("record_seconds", "Time to record one act durably."),
		recordErrors: prometheus.NewCounter(counter("record_errors_total",
			"Acts that could not be recorded.")),
		breakGlass: prometheus.NewCounter(counter("break_glass_total",
			"Publications that rest on a break-glass key: alarm on any.")),
		busy: prometheus.NewCounter(counter("busy_total",
			"Requests turned away because too many strangers' requests were being worked on.")),
		open:      gauge("open_acts", "Acts whose fate is not known yet."),
		proposals: gauge("proposals", "Proposals that wait, when last listed: every minute, or when somebody asked."),
		oldest:    gauge("oldest_proposal_timestamp_seconds", "When the oldest of them was made; 0 if none waits."),
	}
	for _, outcome := range []string{"done", "done late", "already", "refused", "unavailable", "unknown"} {
		m.publications.WithLabelValues(outcome) // an increase from nothing is seen by no alert
	}
	if registerer == nil {
		return m, nil
	}
	for _, c := range []prometheus.Collector{
		m.requests, m.publications, m.rules, m.acts, m.logins, m.heads, m.publishSeconds,
		m.recordSeconds, m.recordErrors, m.breakGlass, m.busy, m.open, m.proposals, m.oldest,
	} {
		if err := registerer.Register(c); err != nil {
			return nil, fmt.Errorf("registering metrics: %w", err)
		}
	}
	return m, nil
}

// waiting takes the proposals that wait, the oldest first.
func (m *metrics) waiting(list []*proposal) {
	m.proposals.Set(float64(len(list)))
	m.oldest.Set(0)
	if len(list) > 0 {
		m.oldest.Set(float64(list[0].stored.Created.Unix()))
	}
}
