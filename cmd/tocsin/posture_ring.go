package main

import (
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"tocsin/notice"
)

// foreignRevocations counts the revocations in force that were made with another ring:
// this edge can't tell whom they mean, and lets them in.
type foreignRevocations struct{ atomic.Int64 }

func (f *foreignRevocations) gauge() prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "tocsin_edge_foreign_revocations",
		Help: "Revocations in force that void nothing here, since another ring than this edge's made them. Alarm on any.",
	}, func() float64 { return float64(f.Load()) })
}

// setPosture puts a posture in force, and says so if its revocations can't be. The
// pseudonym key of a running edge never changes, so that is known once and for all.
func (p *process) setPosture(doc *notice.Posture) {
	p.auth.SetPosture(postureOf(doc))
	foreign := 0
	if ours := p.tickets.PseudonymID(); doc != nil && doc.Pseudonyms != "" && doc.Pseudonyms != ours {
		foreign = len(doc.Revoked)
		p.log.Error("the posture revokes by pseudonyms of another ring than --ticket-keys: here they void nothing",
			"version", doc.Version, "revoked", foreign, "theirs", doc.Pseudonyms, "ours", ours)
	}
	p.foreign.Store(int64(foreign))
}
