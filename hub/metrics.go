package hub

import (
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tocsin/notice"
)

// metrics of the hub. All labels are bounded sets.
type metrics struct {
	sessions  prometheus.Gauge
	lanes     prometheus.Gauge
	audience  *prometheus.GaugeVec   // tier
	welcomed  *prometheus.CounterVec // tier, state
	resumed   *prometheus.CounterVec // how: replay, snapshot
	refused   *prometheus.CounterVec // reason
	closed    *prometheus.CounterVec // code
	entries   *prometheus.CounterVec // verdict
	heads     *prometheus.CounterVec // outcome
	acks      *prometheus.CounterVec // state
	delivered prometheus.Counter
	stalls    prometheus.Counter
	slow      prometheus.Counter
	regrants  prometheus.Counter
	fanOut    prometheus.Histogram
	live      prometheus.Gauge
	window    *prometheus.GaugeVec   // what: entries, bytes
	cache     *prometheus.CounterVec // result: saved, failed
	receipts  prometheus.Counter
}

func newMetrics(h *Hub, r prometheus.Registerer) (*metrics, error) {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Name: "tocsin_hub_" + name, Help: help})
	}
	counters := func(name, help, label string, more ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: "tocsin_hub_" + name, Help: help}, append([]string{label}, more...))
	}
	gauge := func(name, help string) prometheus.Gauge {
		return prometheus.NewGauge(prometheus.GaugeOpts{Name: "tocsin_hub_" + name, Help: help})
	}
	m := &metrics{
		sessions:  gauge("sessions", "Open sessions, those that have not said hello included."),
		lanes:     gauge("lanes", "Sessions in a lane of their own: greeted, slow, changing, or over TLS."),
		audience:  prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "tocsin_hub_audience", Help: "Open sessions that have said hello, by tier."}, []string{"tier"}),
		welcomed:  counters("welcomed_total", "Sessions welcomed, by tier and state of their credentials.", "tier", "state"),
		resumed:   counters("resumed_total", "Sessions begun, by how: replay or snapshot.", "how"),
		refused:   counters("refused_total", "Connections refused, by reason.", "reason"),
		closed:    counters("closed_total", "Sessions that the node closed, by close code.", "code"),
		entries:   counters("entries_total", "Entries of the log, by verdict.", "verdict"),
		heads:     counters("heads_total", "Heads that desks published, by outcome: advances (passed on), repeats, behind, refused, other, early, flood.", "outcome"),
		acks:      counters("acks_total", "Acknowledgements, by state; ignored ones were repeated or of what the session can't see.", "state"),
		delivered: counter("delivered_total", "Entries written to sessions by shards."),
		stalls:    counter("stalls_total", "Sockets that would have blocked."),
		slow:      counter("slow_total", "Sessions ended because their socket took nothing."),
		regrants:  counter("regrants_total", "Sessions that were told of a changed grant."),
		fanOut: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "tocsin_hub_fanout_seconds", Help: "Time in which one shard wrote a batch to all its sessions.",
			Buckets: prometheus.ExponentialBuckets(0.0001, 4, 9),
		}),
		live:     gauge("source_live", "1 if what is served is the log, up to its end."),
		window:   prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "tocsin_hub_window", Help: "Entries and bytes in the window."}, []string{"what"}),
		cache:    counters("cache_saves_total", "Saves of the cache file, by result.", "result"),
		receipts: counter("receipt_errors_total", "Attempts to hand receipts over that failed; they are made again."),
	}
	// An alert on an increase sees the first one only if there was a zero before.
	for _, v := range []notice.Verdict{notice.VerdictAccepted, notice.VerdictRejected, notice.VerdictSkipped} {
		m.entries.WithLabelValues(string(v))
	}
	m.cache.WithLabelValues("failed")
	if r == nil {
		return m, nil
	}
	staleFor := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tocsin_hub_source_stale_seconds", Help: "For how long the source has not been live; 0 while it is.",
	}, func() float64 { return float64(h.status.Load().wire(time.Now()).SinceMs) / 1000 })
	limit := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tocsin_hub_sessions_limit", Help: "How many sessions there may be in all.",
	}, func() float64 { return float64(h.config.MaxSessions) })
	headAge := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tocsin_hub_head_age_seconds",
		Help: "How long ago a desk's signed head was passed on; 0 if the keyset names no beacon. Alarm at 45: clients are not live then.",
	}, func() float64 { age, _ := h.headAge(time.Now()); return age.Seconds() })
	shared := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tocsin_hub_beacons_shared", Help: "Beacons' keys with which more than one desk signs heads.",
	}, func() float64 { return float64(len(h.sharedBeacons())) })
	for _, c := range []prometheus.Collector{
		m.sessions, m.lanes, m.audience, m.welcomed, m.resumed, m.refused, m.closed, m.entries, m.acks, m.delivered,
		m.stalls, m.slow, m.regrants, m.fanOut, m.live, m.window, m.cache, m.receipts, m.heads, staleFor, limit, headAge, shared,
	} {
		if err := r.Register(c); err != nil {
			return nil, fmt.Errorf("registering metrics: %w", err)
		}
	}
	return m, nil
}

func (m *metrics) setLive(live bool) {
	if live {
		m.live.Set(1)
		return
	}
	m.live.Set(0)
}

func (m *metrics) setWindow(w *window) {
	m.window.WithLabelValues("entries").Set(float64(len(w.items)))
	m.window.WithLabelValues("bytes").Set(float64(w.bytes))
}
