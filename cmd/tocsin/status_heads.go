package main

import (
	"fmt"
	"time"

	"tocsin/desk"
	"tocsin/notice"
)

// headsState is whether desks sign heads, as an edge sees it.
type headsState struct {
	Beacon bool      `json:"beacon"` // the keyset names one that is valid now
	Came   time.Time `json:"came,omitzero"`
	AgeMs  int64     `json:"ageMs"` // since then, or since heads are awaited
	// Shared are keys by which more heads come than one desk signs.
	Shared []string `json:"shared,omitempty"`
}

func (h headsState) words() string {
	age := time.Duration(h.AgeMs) * time.Millisecond
	switch {
	case !h.Beacon:
		return "none: the keyset names no beacon, so clients rest on the nodes' word"
	case age >= notice.HeadLag:
		return fmt.Sprintf("MISSING for %s: clients do not call themselves live", ago(age))
	case h.Came.IsZero():
		return fmt.Sprintf("awaited for %s", ago(age))
	}
	return fmt.Sprintf("signed %s ago", ago(age))
}

// signingState is whether a desk signs heads, as it sees itself.
type signingState struct {
	Beacon string    `json:"beacon,omitempty"` // the keyid; "" without --beacon-key
	Listed bool      `json:"listed"`           // as a beacon that is valid now, in the keyset
	Last   time.Time `json:"last,omitzero"`
}

func signingStateOf(s desk.Signing) *signingState {
	return &signingState{Beacon: s.KeyID, Listed: s.Listed, Last: s.Last}
}

// words tells it where there is a keyset, or none yet.
func (s *signingState) words(keyset bool) string {
	age := time.Since(s.Last)
	switch {
	case s.Beacon == "":
		return "no heads: this desk has no --beacon-key"
	case !keyset:
		return "no heads yet: there is no keyset"
	case !s.Listed:
		return fmt.Sprintf("NO HEADS: the keyset does not name the --beacon-key as a beacon that is valid now, so nobody would believe them:\n"+
			"          %s\n          tocsin keyset add keyset.json beacon.pub --role beacon; then sign and publish it", s.Beacon)
	case s.Last.IsZero():
		return "no heads yet, by " + s.Beacon
	case age >= notice.HeadLag:
		return fmt.Sprintf("NO HEADS for %s: this desk does not stand at the log's end, or the broker takes none", ago(age))
	}
	return fmt.Sprintf("heads, the last %s ago, by %s", ago(age), s.Beacon)
}
