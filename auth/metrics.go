package auth

import (
	"math"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are labelled by configured issuers and by Reasons: bounded sets.
type metrics struct {
	tokens  *prometheus.CounterVec
	tickets *prometheus.CounterVec
	fetches *prometheus.CounterVec
}

func newMetrics() *metrics {
	return &metrics{
		tokens: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tocsin_auth_tokens_total",
			Help: "Tokens presented, by what came of them at first sight (ok or why not).",
		}, []string{"result"}),
		tickets: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tocsin_auth_tickets_total",
			Help: "Tickets sealed (minted), opened (ok), or refused and why.",
		}, []string{"result"}),
		fetches: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "tocsin_auth_key_fetches_total",
			Help: "Attempts to get an issuer's keys.",
		}, []string{"issuer", "result"}),
	}
}

// register announces the metrics; a nil r is none.
func (a *Authority) register(r prometheus.Registerer) error {
	if r == nil {
		return nil
	}
	all := []prometheus.Collector{a.metrics.tokens, a.metrics.tickets, a.metrics.fetches}
	for _, is := range a.order {
		labels := prometheus.Labels{"issuer": is.name}
		all = append(all, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "tocsin_auth_keys_age_seconds",
			Help:        "Time since an issuer's keys were last fetched; +Inf if never.",
			ConstLabels: labels,
		}, is.source.ageSeconds))
		all = append(all, prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "tocsin_auth_keys_state",
			Help:        "0 fresh, 1 stale (sessions degraded), 2 closed (tokens give nothing).",
			ConstLabels: labels,
		}, func() float64 { return float64(is.source.state(a.now())) }))
	}
	for _, c := range all {
		if err := r.Register(c); err != nil {
			return err
		}
	}
	return nil
}

func (s *source) ageSeconds() float64 {
	k := s.keys.Load()
	if k == nil {
		return math.Inf(1)
	}
	return s.now().Sub(k.at).Seconds()
}

func result(r Reason) string {
	if r == "" {
		return "ok"
	}
	return string(r)
}
