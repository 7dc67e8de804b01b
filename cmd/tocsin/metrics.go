package main

import (
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tocsin/notice"
)

// Metrics of the process as a whole; those of its parts are in their packages. Times are
// Unix seconds, 0 where there is none.
var (
	metricBuild = prometheus.NewDesc("tocsin_build_info", "1; what runs, and as what.",
		[]string{"version", "roles", "dev"}, nil)
	metricReady = prometheus.NewDesc("tocsin_ready", "1 if it is ready, as /readyz has it: it holds verified state, has read the log, or waits for it no longer, and is not shutting down.",
		nil, nil)
	metricLog = prometheus.NewDesc("tocsin_log_sequence", "Where the log ends, as far as this process knows, and how far it has read.",
		[]string{"of"}, nil)
	metricActive = prometheus.NewDesc("tocsin_notices_active", "Threads of notices that are in force.",
		nil, nil)
	metricKeyset = prometheus.NewDesc("tocsin_keyset_version", "Version of the keyset in force; 0 for none.",
		nil, nil)
	metricKeysetEnd = prometheus.NewDesc("tocsin_keyset_expires_timestamp_seconds", "When the keyset is to be renewed.",
		nil, nil)
	metricKeyEnd = prometheus.NewDesc("tocsin_keyset_key_end_timestamp_seconds", "When the next of the keyset's keys that are valid now ends.",
		nil, nil)
	metricRing = prometheus.NewDesc("tocsin_ring_changed_timestamp_seconds", "When the file of a ring of server keys was last written.",
		[]string{"ring"}, nil)
	metricDisk = prometheus.NewDesc("tocsin_data_bytes", "Of the file system that holds --data: what is free for this process, and all.",
		[]string{"of"}, nil)
)

// processMetrics are gathered from a process when they are asked for.
type processMetrics struct{ *process }

// Describe implements [prometheus.Collector].
func (processMetrics) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		metricBuild, metricReady, metricLog, metricActive, metricKeyset, metricKeysetEnd, metricKeyEnd, metricRing, metricDisk,
	} {
		to <- d
	}
}

// Collect implements [prometheus.Collector].
func (p processMetrics) Collect(to chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	s, keyset := p.seen()
	gauge(metricBuild, 1, build().Version, strings.Join(p.cmd.Roles, ","), strconv.FormatBool(p.cmd.Dev))
	gauge(metricReady, truth(p.ready() == nil))
	gauge(metricLog, float64(s.Source.Head), "end")
	gauge(metricLog, float64(s.Source.Read), "read")
	gauge(metricActive, float64(s.Active))
	gauge(metricKeyset, float64(s.Keyset.Version))
	gauge(metricKeysetEnd, unixOf(notice.DateTime(s.Keyset.Expires)))
	gauge(metricKeyEnd, nextKeyEnd(keyset, time.Now()))
	for ring, file := range map[string]string{"tickets": p.cmd.TicketKeys, "desk": p.cmd.DeskKeys} {
		if info, err := os.Stat(file); err == nil {
			gauge(metricRing, float64(info.ModTime().Unix()), ring)
		}
	}
	if free, all, err := diskOf(p.cmd.Data); err == nil {
		gauge(metricDisk, float64(free), "free")
		gauge(metricDisk, float64(all), "all")
	}
}

// nextKeyEnd is when the first of the keys that are valid now is valid no more. Keys that
// have ended, and those that are yet to begin, are nothing to act upon.
func nextKeyEnd(keyset *notice.Keyset, now time.Time) float64 {
	next := 0.0
	if keyset == nil {
		return next
	}
	for i := range keyset.Keys {
		key := &keyset.Keys[i]
		if end := unixOf(key.NotAfter); key.ValidAt(now) && (next == 0 || end < next) {
			next = end
		}
	}
	return next
}

func unixOf(d notice.DateTime) float64 {
	t, err := d.Time()
	if err != nil {
		return 0
	}
	return float64(t.Unix())
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
